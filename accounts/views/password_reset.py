"""Links in mails: a new password, and a verified address."""

from typing import ClassVar

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import signed_links
from accounts.idempotency.decorator import idempotent
from accounts.serializers import LinkInput, NewPasswordInput, ResetInput
from accounts.services import password_reset
from accounts.services.accounts import send_verification_link
from accounts.throttle_subjects import by_email, by_id
from eventhub.api.throttling import CredentialsByAccount, CredentialsByAddress
from eventhub.api.viewsets import ApiViewSet, PublicViewSet
from eventhub.exceptions import TokenNotValid


class PasswordResetViewSet(PublicViewSet):
    resource = "password"
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    input_serializers: ClassVar = {"reset": ResetInput, "confirm": NewPasswordInput}
    success_status: ClassVar = {"reset": 204, "confirm": 204}
    error_responses: ClassVar = {"confirm": (TokenNotValid(),)}

    def account_tried(self, request: Request) -> str | None:
        body = self.get_body()
        if self.action == "reset":
            return by_email(body.validated_field("email"))
        return by_id(signed_links.read_account_id(body.validated_field("token"), signed_links.RESET))

    @action(detail=False, methods=["post"])
    def reset(self, request: Request) -> Response:
        """Request a link to reset a password, by email.

        The answer is the same whether or not an account has the address.
        """
        password_reset.request_reset(**self.get_valid_body())
        return Response(status=204)

    @action(detail=False, methods=["post"], url_path="reset/confirm")
    def confirm(self, request: Request) -> Response:
        """Set a new password with the token of the link.

        The link works once, within an hour. All sign-ins end.
        """
        password_reset.reset_password(**self.get_valid_body())
        return Response(status=204)


class EmailVerificationViewSet(PublicViewSet):
    resource = "email"
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    input_serializers: ClassVar = {"verify": LinkInput}
    success_status: ClassVar = {"verify": 204}
    error_responses: ClassVar = {"verify": (TokenNotValid(),)}

    def account_tried(self, request: Request) -> str | None:
        token = self.get_body().validated_field("token")
        return by_id(signed_links.read_account_id(token, signed_links.VERIFICATION))

    @action(detail=False, methods=["post"])
    def verify(self, request: Request) -> Response:
        """Verify your address with the token of the link.

        The link works for three days, and only for the address that it was sent to.
        """
        password_reset.verify_email(**self.get_valid_body())
        return Response(status=204)


class OwnEmailViewSet(ApiViewSet):
    resource = "user"
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    success_status: ClassVar = {"send_verification": 204}

    def account_tried(self, request: Request) -> str | None:
        return by_id(self.user.pk)

    @action(detail=False, methods=["post"], url_path="verification")
    @idempotent
    def send_verification(self, request: Request) -> Response:
        """Request a new link to verify your address.

        Nothing is sent if the address is verified already, or if verification is off.
        """
        send_verification_link(self.user)
        return Response(status=204)
