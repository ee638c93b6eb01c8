"""Keys of the credential throttle for accounts, shared by API and forms."""

from accounts.email_addresses import normalize_email
from accounts.models import User


def by_name(username: str | None) -> str | None:
    return username and f"name {username.lower()}"


def by_login(login: str | None) -> str | None:
    """Return the same key for an account's username and address. Unknown names cost the same query."""
    if not login:
        return None
    account = User.objects.find_by_login(login)
    return by_name(account.username if account else normalize_email(login))


def by_id(user_id: object) -> str | None:
    return None if user_id is None else f"id {user_id}"


def by_email(address: str | None) -> str | None:
    return address and f"email {address}"
