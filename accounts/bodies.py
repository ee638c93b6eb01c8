"""The bodies of accounts and of service tokens, written out from rows."""

from datetime import datetime
from typing import Any, NamedTuple

from accounts.models import ServiceToken, User


class UserRow(NamedTuple):
    """What the body says, under the names that a queryset knows it by."""

    pk: int
    username: str
    email: str
    role: str
    email_verified: bool | None
    created_at: datetime
    updated_at: datetime

    def body(self) -> dict[str, Any]:
        """The contract's object; times are datetimes in UTC."""
        fields = dict(zip(self._fields[1:], self[1:], strict=True))
        return {"user_id": self.pk, **fields, "email_verified": bool(self.email_verified)}


def user_body(user: User) -> dict[str, Any]:
    """The body of an account that is at hand."""
    return UserRow(*(getattr(user, name) for name in UserRow._fields)).body()


class TokenRow(NamedTuple):
    """As `UserRow`, of a service token."""

    pk: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: ServiceToken) -> "TokenRow":
        return cls(*(getattr(token, name) for name in cls._fields))

    def body(self) -> dict[str, Any]:
        return {"token_id": self.pk, **dict(zip(self._fields[1:], self[1:], strict=True))}
