"""The API of accounts: thin faces over accounts.services.accounts, accounts.services.jwt and
registrations.services.account_deletion."""

from typing import ClassVar, cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import Token

from accounts.bodies import user_body
from accounts.filters import UserFilter
from accounts.idempotency.decorator import keyed
from accounts.models import OrganizerProfile, User
from accounts.permissions import require
from accounts.serializers import (
    AccountInput,
    LoginInput,
    ProfileInput,
    ProfileSerializer,
    RefreshInput,
    SignUpInput,
    TokenPairSerializer,
    UserSerializer,
)
from accounts.services import accounts, jwt
from eventhub.api.throttling import CredentialsByAccount, CredentialsByAddress
from eventhub.api.viewsets import ApiViewSet, Operation, PublicViewSet, peek
from eventhub.exceptions import (
    EmailExists,
    Forbidden,
    HasEvents,
    InvalidCredentials,
    LastAdmin,
    ReauthenticationRequired,
    TokenNotValid,
    UserExists,
    UsernameExists,
    UserNotFound,
)
from registrations.services import account_deletion

INACCESSIBLE = Forbidden("Resource inaccessible")


def by_name(username: str | None) -> str | None:
    """An account that somebody tries, for the throttle: names are compared without regard to case."""
    return username and f"name {username.lower()}"


def by_id(user_id: object) -> str | None:
    """The same by its number, which never is another account's name."""
    return None if user_id is None else f"id {user_id}"


class SignUp(PublicViewSet):
    resource = "user"
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    operations: ClassVar = {
        "create": Operation(201, input=SignUpInput, output=UserSerializer, tagged=True, refusals=(UserExists(),)),
    }

    def account_tried(self, request: Request) -> str | None:
        return by_name(peek(SignUpInput(data=request.data), "username"))

    def create(self, request: Request) -> Response:
        """Sign up."""
        body = SignUpInput(data=request.data)
        body.is_valid(raise_exception=True)
        user = accounts.sign_up(**body.validated_data)
        return self.item(user_body(user), user, 201)


class Sessions(PublicViewSet):
    resource = "session"
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    operations: ClassVar = {
        "login": Operation(input=LoginInput, output=TokenPairSerializer, refusals=(InvalidCredentials(),)),
        "refresh": Operation(input=RefreshInput, output=TokenPairSerializer, refusals=(TokenNotValid(),)),
    }

    def account_tried(self, request: Request) -> str | None:
        if self.action == "login":
            return by_name(peek(LoginInput(data=request.data), "username"))
        return by_id(jwt.read_account_id(peek(RefreshInput(data=request.data), "refresh")))

    def login(self, request: Request) -> Response:
        """Sign in with a name, in any case, and a password."""
        body = LoginInput(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(jwt.sign_in(**body.validated_data))

    def refresh(self, request: Request) -> Response:
        """New tokens for a refresh token, which works once."""
        body = RefreshInput(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(jwt.refresh(body.validated_data["refresh"]))


class Users(ApiViewSet):
    resource = "user"
    queryset = User.objects.all()
    filterset_class = UserFilter
    search_fields = ("username", "email")
    orderings: ClassVar = {"username": "username", "created_at": "created_at"}
    default_ordering = "username"
    operations: ClassVar = {
        "list": Operation(many=True, output=UserSerializer, refusals=(Forbidden("You must be an admin to access"),)),
        "me": Operation(output=UserSerializer, tagged=True),
        "logout": Operation(204, input=RefreshInput),
        "retrieve": Operation(output=UserSerializer, tagged=True, refusals=(INACCESSIBLE, UserNotFound())),
        "update": Operation(
            input=AccountInput,
            output=UserSerializer,
            tagged=True,
            refusals=(
                INACCESSIBLE,
                ReauthenticationRequired(),
                UserNotFound(),
                UsernameExists(),
                EmailExists(),
                HasEvents(),
                LastAdmin(),
            ),
        ),
        "destroy": Operation(204, tagged=True, refusals=(INACCESSIBLE, UserNotFound(), HasEvents(), LastAdmin())),
    }

    def account_tried(self, request: Request) -> str | None:
        return by_id(self.user.pk)

    def list(self, request: Request) -> Response:
        """All accounts."""
        return self.paged(User.objects.all())

    def me(self, request: Request) -> Response:
        """Your own account."""
        return self.item(user_body(self.user), self.user)

    @keyed
    def logout(self, request: Request) -> Response:
        """Sign out: the refresh token works no more."""
        body = RefreshInput(data=request.data)
        body.is_valid(raise_exception=True)
        jwt.sign_out(body.validated_data["refresh"], user=self.user)
        return Response(status=204)

    def retrieve(self, request: Request, pk: int) -> Response:
        """An account."""
        account = self._account(pk)
        return self.item(user_body(account), account)

    def update(self, request: Request, pk: int) -> Response:
        """Change an account.

        Absent keys keep their value. A new password ends every token issued before it. A new password or email, and
        making an admin, takes a sign-in under 15 minutes old, or `current_password`.
        """
        account = self._account(pk)
        body = AccountInput(data=request.data, partial=True)
        current_password = peek(body, "current_password")
        if current_password is not None:
            # Guessing it with a stolen token counts like guessing at the login.
            self.check_throttles(request, (CredentialsByAddress(), CredentialsByAccount()))
        accounts.require_reauthentication(
            account=account,
            by=self.user,
            email=peek(body, "email"),
            password=peek(body, "password"),
            role=peek(body, "role"),
            fresh=jwt.is_fresh(cast("Token", request.auth)),
            current_password=current_password,
        )
        body.is_valid(raise_exception=True)
        changes = body.validated_data
        changes.pop("current_password", None)
        account = account_deletion.change_account(
            account=account, by=self.user, changes=changes, condition=self.condition
        )
        return self.item(user_body(account), account)

    def destroy(self, request: Request, pk: int) -> Response:
        """Delete an account.

        Registrations for events to come are cancelled and removed; those of past events stay, without the person.
        """
        account_deletion.delete_account(account_id=self._account(pk).pk, condition=self.condition)
        return Response(status=204)

    def _account(self, pk: int) -> User:
        account = User.objects.find(pk)
        require(self.user, self.resource, self.action, account)
        return account


class OrganizerProfiles(ApiViewSet):
    resource = "organizer"
    operations: ClassVar = {
        "retrieve": Operation(output=ProfileSerializer, tagged=True, refusals=(UserNotFound(),)),
        "update": Operation(
            input=ProfileInput, output=ProfileSerializer, tagged=True, refusals=(INACCESSIBLE, UserNotFound())
        ),
    }

    def retrieve(self, request: Request, pk: int) -> Response:
        """An organizer's public profile."""
        return self._item(self._organizer(pk).public_profile)

    def update(self, request: Request, pk: int) -> Response:
        """Change an organizer's public profile.

        Absent keys keep their value.
        """
        user = self._organizer(pk)
        require(self.user, self.resource, self.action, user)
        body = ProfileInput(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changes = body.validated_data
        return self._item(
            accounts.update_profile(organizer=user, by=self.user, changes=changes, condition=self.condition)
        )

    def _organizer(self, pk: int) -> User:
        user = User.objects.find(pk)
        if not user.is_organizer:
            raise UserNotFound()
        return user

    def _item(self, profile: OrganizerProfile) -> Response:
        return self.item(ProfileSerializer(profile).data, profile)
