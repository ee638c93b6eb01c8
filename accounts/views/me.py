"""One's own service tokens, and the export of one's own data."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import FileResponse
from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework_simplejwt.tokens import Token

from accounts.models import ServiceToken
from accounts.serializers import ExportSerializer, NewTokenSerializer, TokenInput, TokenSerializer
from accounts.services import accounts, api_tokens, jwt
from accounts.services.api_tokens import NewToken
from accounts.throttle_subjects import by_id
from eventhub.api.serializers import Body
from eventhub.api.throttling import CredentialsByAccount, CredentialsByAddress, GeneralThrottle
from eventhub.api.viewsets import ApiViewSet, CreateMixin, DestroyMixin, ListMixin
from eventhub.exceptions import ReauthenticationRequired, ServiceTokenNotFound, TooManyTokens
from registrations.selectors import personal_data

SIGN_IN_AGAIN = "Sign in again to export this"


class FreshSignInMixin(ApiViewSet):
    """Actions that need a recent sign-in, or the password again."""

    def account_tried(self, request: Request) -> str | None:
        return by_id(self.user.pk)

    @property
    def is_fresh(self) -> bool:
        return jwt.is_fresh(cast("Token", self.request.auth))

    def check_body(self, body: Body) -> dict[str, Any]:
        current_password = body.validated_field("current_password")
        if current_password is not None:
            # Guessing it with a stolen token counts like guessing at the login.
            self.check_throttles(self.request, (CredentialsByAddress(), CredentialsByAccount()))
        accounts.require_fresh_sign_in(by=self.user, fresh=self.is_fresh, current_password=current_password)
        return {}


class ServiceTokenViewSet(FreshSignInMixin, ListMixin, CreateMixin, DestroyMixin):
    resource = "token"
    queryset = ServiceToken.objects.all()
    ordering_fields = ("created_at",)
    ordering = "-created_at"
    input_serializers: ClassVar = {"create": TokenInput}
    error_responses: ClassVar = {
        "create": (ReauthenticationRequired(), TooManyTokens()),
        "destroy": (ServiceTokenNotFound(),),
    }
    descriptions: ClassVar = {
        "list": "Your service tokens, the newest first.",
        "create": """Create a service token, with which an integration acts in your name.

        Only this answer contains the token. Creating one needs a sign-in less than 15 minutes old, or
        `current_password`. The token can do what its scopes and your role allow, until `expires_at` (by default in 90
        days, at most in 365), until you revoke it, or until your sign-ins end: with a new password, when you end them
        all, or when the account is deactivated.
        """,
        "destroy": "Revoke a service token: it stops working.",
    }

    def get_queryset(self) -> QuerySet[ServiceToken]:
        return TokenSerializer.read(api_tokens.list_tokens(self.user))

    def get_serializer_class(self) -> type[TokenSerializer]:
        return NewTokenSerializer if self.action == "create" else TokenSerializer

    def find_object(self, pk: int) -> ServiceToken:
        token = ServiceToken.objects.filter(user=self.user, pk=pk).first()
        if token is None:
            raise ServiceTokenNotFound()
        return token

    def perform_create(self, body: Body) -> NewToken:
        wanted = body.validated_data
        wanted.pop("current_password", None)
        return api_tokens.create_token(owner=self.user, **wanted)

    def perform_destroy(self, token: ServiceToken) -> None:
        api_tokens.revoke_token(token=token, by=self.user)


class ExportViewSet(FreshSignInMixin):
    resource = "user"
    serializer_class = ExportSerializer
    # It reads whole tables: as often as one may try a password, and no more.
    throttle_classes = (GeneralThrottle, CredentialsByAccount)
    error_responses: ClassVar = {"export": (ReauthenticationRequired(SIGN_IN_AGAIN),)}

    @action(detail=False, url_path="me/export")
    def export(self, request: Request) -> HttpResponseBase:
        """Everything that is stored about you, as one JSON document.

        Your account and profile, your registrations and events with their history, your changes of other registrations
        and in the back office, and your service tokens, sign-ins and second factor, without their secrets. Data about
        other people is left out: of the registrations for your events, it has the ids of those that you changed. It
        needs a sign-in less than 15 minutes old.
        """
        accounts.require_fresh_sign_in(by=self.user, fresh=self.is_fresh, current_password=None, msg=SIGN_IN_AGAIN)
        file, name = personal_data.write_export(account=self.user), f"eventhub-account-{self.user.pk}.json"
        return FileResponse(file, as_attachment=True, filename=name, content_type="application/json")
