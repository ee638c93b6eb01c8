"""Who sends a request: the account behind `Authorization: Bearer <token>`."""

from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
from rest_framework_simplejwt.tokens import Token

from accounts.models import User
from accounts.tokens import holder
from eventhub.errors import TokenNotValid


class BearerAuthentication(JWTAuthentication):
    """simplejwt's, with the contract's one answer for every token that is no longer good."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:  # type: ignore[override]
        try:
            return super().authenticate(request)  # type: ignore[return-value]
        except AuthenticationFailed:
            raise TokenNotValid() from None

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        return holder(validated_token)
