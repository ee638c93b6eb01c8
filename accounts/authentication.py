from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from rest_framework import exceptions as drf
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
from rest_framework_simplejwt.tokens import Token

from accounts.models import ServiceToken, User
from accounts.services import api_tokens
from accounts.services.jwt import get_account
from eventhub.exceptions import TokenNotValid


def _by_service_token(secret: str) -> tuple[User, ServiceToken]:
    token = api_tokens.authenticate_token(secret)
    api_tokens.record_use(token)
    return token.user, token


class BearerAuthentication(JWTAuthentication):
    """Accept a JWT, or a service token, which its prefix tells apart. Every bad token gets the same 401."""

    by_prefix: ClassVar[Mapping[str, Callable[[str], tuple[User, Any]]]] = {api_tokens.PREFIX: _by_service_token}

    def authenticate(self, request: Request) -> tuple[User, Any] | None:  # type: ignore[override]
        try:
            header = self.get_header(request)
            raw = None if header is None else self.get_raw_token(header)
            if raw is None:
                return None
            # Whatever is no ASCII becomes what no token holds.
            secret = raw.decode("ascii", "replace")
            for prefix, authenticate in self.by_prefix.items():
                if secret.startswith(prefix):
                    return authenticate(secret)
            token = self.get_validated_token(raw)
            return self.get_user(token), token
        except (AuthenticationFailed, TokenNotValid):  # of a kind that DRF expects here
            raise drf.AuthenticationFailed(TokenNotValid.msg, TokenNotValid.code) from None

    def get_header(self, request: Request) -> bytes | None:  # type: ignore[override]
        """Return the header with the scheme as we spell it: its case does not matter (RFC 9110, section 11.1)."""
        header: bytes | None = super().get_header(request)
        if header is not None and header[:7].lower() == b"bearer ":
            return b"Bearer" + header[6:]
        return header

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        return get_account(validated_token)
