"""The API of links in mails: a new password, and a verified address."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import signed_links
from accounts.idempotency.decorator import keyed
from accounts.serializers import LinkInput, NewPasswordInput, ResetInput
from accounts.services import password_reset
from accounts.services.accounts import send_verification_link
from accounts.views.users import by_id
from eventhub.api.throttling import CredentialsByAccount, CredentialsByAddress
from eventhub.api.viewsets import ApiViewSet, Operation, PublicViewSet, peek
from eventhub.exceptions import TokenNotValid


def by_email(address: str | None) -> str | None:
    """An account that somebody tries by its address, for the throttle; in the form in which addresses are kept."""
    return address and f"email {address}"


class PasswordReset(PublicViewSet):
    resource = "password"
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    operations: ClassVar = {
        "reset": Operation(204, input=ResetInput),
        "confirm": Operation(204, input=NewPasswordInput, refusals=(TokenNotValid(),)),
    }

    def account_tried(self, request: Request) -> str | None:
        if self.action == "reset":
            return by_email(peek(ResetInput(data=request.data), "email"))
        return by_id(signed_links.read_account_id(peek(LinkInput(data=request.data), "token"), signed_links.RESET))

    def reset(self, request: Request) -> Response:
        """Ask for a link for a new password, by mail.

        The answer is the same whether or not the address has an account.
        """
        body = ResetInput(data=request.data)
        body.is_valid(raise_exception=True)
        password_reset.request_reset(**body.validated_data)
        return Response(status=204)

    def confirm(self, request: Request) -> Response:
        """Set a new password with the token of the link.

        The link works once, within an hour. All sign-ins end.
        """
        body = NewPasswordInput(data=request.data)
        body.is_valid(raise_exception=True)
        password_reset.reset_password(**body.validated_data)
        return Response(status=204)


class EmailVerification(PublicViewSet):
    resource = "email"
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    operations: ClassVar = {"verify": Operation(204, input=LinkInput, refusals=(TokenNotValid(),))}

    def account_tried(self, request: Request) -> str | None:
        return by_id(
            signed_links.read_account_id(peek(LinkInput(data=request.data), "token"), signed_links.VERIFICATION)
        )

    def verify(self, request: Request) -> Response:
        """Show with the token of the link that the address is yours.

        The link works for three days, and only for the address that it was sent to.
        """
        body = LinkInput(data=request.data)
        body.is_valid(raise_exception=True)
        password_reset.verify_email(**body.validated_data)
        return Response(status=204)


class OwnEmail(ApiViewSet):
    resource = "user"
    throttle_classes = (CredentialsByAddress, CredentialsByAccount)
    operations: ClassVar = {"send_verification": Operation(204)}

    def account_tried(self, request: Request) -> str | None:
        return by_id(self.user.pk)

    @keyed
    def send_verification(self, request: Request) -> Response:
        """Have the link for verifying your address sent again.

        Nothing is sent where it is verified already, or where the service does not ask for it.
        """
        send_verification_link(self.user)
        return Response(status=204)
