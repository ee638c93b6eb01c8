"""The API of accounts. Rules: accounts/services/accounts.py and registrations/services/account_deletion.py."""

from typing import Any, ClassVar, cast

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import Token

from accounts.filters import UserFilter
from accounts.idempotency.decorator import idempotent
from accounts.models import User
from accounts.serializers import AccountInput, RefreshInput, UserSerializer
from accounts.services import accounts, jwt
from accounts.throttle_subjects import by_id
from eventhub.api.serializers import Body
from eventhub.api.throttling import CredentialsByAccount, CredentialsByAddress
from eventhub.api.viewsets import DestroyMixin, ListMixin, RetrieveMixin, UpdateMixin
from eventhub.exceptions import (
    EmailExists,
    Forbidden,
    HasEvents,
    LastAdmin,
    ReauthenticationRequired,
    UsernameExists,
    UserNotFound,
)
from registrations.services import account_deletion

INACCESSIBLE = Forbidden("Resource inaccessible")


class UserViewSet(ListMixin, RetrieveMixin, UpdateMixin, DestroyMixin):
    resource = "user"
    queryset = UserSerializer.read(User.objects.all())
    serializer_class = UserSerializer
    filterset_class = UserFilter
    search_fields = ("username", "email")
    ordering_fields = ("username", "created_at")
    ordering = "username"
    input_serializers: ClassVar = {"update": AccountInput, "logout": RefreshInput}
    success_status: ClassVar = {"logout": 204, "destroy": 204}
    etag_actions = ("me", "retrieve", "update", "destroy")
    error_responses: ClassVar = {
        "list": (Forbidden("You must be an admin to access"),),
        "retrieve": (INACCESSIBLE, UserNotFound()),
        "update": (
            INACCESSIBLE,
            ReauthenticationRequired(),
            UserNotFound(),
            UsernameExists(),
            EmailExists(),
            HasEvents(),
            LastAdmin(),
        ),
        "destroy": (INACCESSIBLE, UserNotFound(), HasEvents(), LastAdmin()),
    }
    descriptions: ClassVar = {
        "list": "All accounts.",
        "retrieve": "An account.",
        "update": """Change an account.

        Absent keys keep their value. A new password ends every token issued before it. A new password or email, and
        making an admin, need a sign-in less than 15 minutes old, or `current_password`.
        """,
        "destroy": """Delete an account.

        Registrations for future events are cancelled and removed; those for past events stay, without the person.
        """,
    }

    def account_tried(self, request: Request) -> str | None:
        return by_id(self.user.pk)

    @action(detail=False)
    def me(self, request: Request) -> Response:
        """Your own account."""
        return self.item_response(self.user)

    @action(detail=False, methods=["post"])
    @idempotent
    def logout(self, request: Request) -> Response:
        """Sign out: the refresh token stops working."""
        jwt.sign_out(self.get_valid_body()["refresh"], user=self.user)
        return Response(status=204)

    def find_object(self, pk: int) -> User:
        return User.objects.find(pk)

    def check_body(self, body: Body) -> dict[str, Any]:
        current_password = body.validated_field("current_password")
        if current_password is not None:
            # Guessing it with a stolen token counts like guessing at the login.
            self.check_throttles(self.request, (CredentialsByAddress(), CredentialsByAccount()))
        accounts.require_reauthentication(
            account=cast("User", body.instance),
            by=self.user,
            email=body.validated_field("email"),
            password=body.validated_field("password"),
            role=body.validated_field("role"),
            fresh=jwt.is_fresh(cast("Token", self.request.auth)),
            current_password=current_password,
        )
        return {}

    def perform_update(self, body: Body) -> User:
        changes = body.validated_data
        changes.pop("current_password", None)
        return account_deletion.change_account(
            account=cast("User", body.instance), by=self.user, changes=changes, condition=self.precondition
        )

    def perform_destroy(self, account: User) -> None:
        account_deletion.delete_account(account_id=account.pk, condition=self.precondition)
