"""The API of what is under one's own account: thin faces over accounts.services.api_tokens and
registrations.selectors.personal_data."""

from typing import ClassVar, cast

from django.http import FileResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import Token

from accounts.bodies import TokenRow
from accounts.models import ServiceToken
from accounts.serializers import ExportSerializer, NewTokenSerializer, TokenInput, TokenSerializer
from accounts.services import accounts, api_tokens, jwt
from accounts.views.users import by_id
from eventhub.api.throttling import CredentialsByAccount, CredentialsByAddress, GeneralThrottle
from eventhub.api.viewsets import ApiViewSet, Operation, peek
from eventhub.exceptions import ReauthenticationRequired, ServiceTokenNotFound, TooManyTokens
from registrations.selectors import personal_data

SIGN_IN_AGAIN = "Sign in again to export this"


class OwnViewSet(ApiViewSet):
    """What only somebody may do who shows that it is still they."""

    def account_tried(self, request: Request) -> str | None:
        return by_id(self.user.pk)

    def require_fresh(self, request: Request, current_password: str | None) -> None:
        """As `rules.require_fresh`. Guessing with a stolen token counts like guessing at the login."""
        if current_password is not None:
            self.check_throttles(request, (CredentialsByAddress(), CredentialsByAccount()))
        fresh = jwt.is_fresh(cast("Token", request.auth))
        accounts.require_fresh_sign_in(by=self.user, fresh=fresh, current_password=current_password)


class ServiceTokens(OwnViewSet):
    resource = "token"
    queryset = ServiceToken.objects.all()
    orderings: ClassVar = {"created_at": "created_at"}
    default_ordering = "-created_at"
    operations: ClassVar = {
        "list": Operation(many=True, output=TokenSerializer),
        "create": Operation(
            201,
            input=TokenInput,
            output=NewTokenSerializer,
            refusals=(ReauthenticationRequired(), TooManyTokens()),
        ),
        "destroy": Operation(204, refusals=(ServiceTokenNotFound(),)),
    }

    def list(self, request: Request) -> Response:
        """Your service tokens, the newest first."""
        return self.paged(api_tokens.list_tokens(self.user))

    def create(self, request: Request) -> Response:
        """Make a service token, with which an integration acts in your name.

        Its text is in this answer and nowhere else. It takes a sign-in under 15 minutes old, or `current_password`. The
        token does what its scopes name, as far as your role allows it at that moment, until `expires_at` (90 days from
        now unless you say so, at most 365), until you revoke it, or until your sign-ins end: by a new password, by
        ending them all, or because the account is deactivated.
        """
        body = TokenInput(data=request.data)
        self.require_fresh(request, peek(body, "current_password"))
        body.is_valid(raise_exception=True)
        wanted = body.validated_data
        wanted.pop("current_password", None)
        made = api_tokens.create_token(owner=self.user, **wanted)
        return Response({**TokenRow.of(made.token).body(), "token": made.secret}, status=201)

    def destroy(self, request: Request, pk: int) -> Response:
        """Revoke a service token: it works no more."""
        token = ServiceToken.objects.filter(user=self.user, pk=pk).first()
        if token is None:
            raise ServiceTokenNotFound()
        api_tokens.revoke_token(token=token, by=self.user)
        return Response(status=204)


class Export(OwnViewSet):
    resource = "user"
    # It reads whole tables: as often as one may try a password, and no more.
    throttle_classes = (GeneralThrottle, CredentialsByAccount)
    operations: ClassVar = {
        "export": Operation(output=ExportSerializer, refusals=(ReauthenticationRequired(SIGN_IN_AGAIN),)),
    }

    def export(self, request: Request) -> HttpResponseBase:
        """Everything that is held about you, as one JSON document.

        Your account, profile, registrations with what happened to each, events with their history, what you did to
        registrations and in the back office, your service tokens, sign-ins and second factor, without their secrets.
        What is other people's is not in it: of those who registered for your events, the numbers of the registrations
        that you changed. It takes a sign-in under 15 minutes old.
        """
        fresh = jwt.is_fresh(cast("Token", request.auth))
        accounts.require_fresh_sign_in(by=self.user, fresh=fresh, current_password=None, msg=SIGN_IN_AGAIN)
        file, name = personal_data.write_export(account=self.user), f"eventhub-account-{self.user.pk}.json"
        return FileResponse(file, as_attachment=True, filename=name, content_type="application/json")
