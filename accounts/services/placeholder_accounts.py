"""Placeholder accounts for people who have not signed up; a password reset claims them."""

from collections.abc import Collection, Mapping, Sequence
from secrets import token_urlsafe
from typing import NamedTuple

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.email_addresses import normalize_email
from accounts.models import Role, User
from eventhub.db.batches import AT_ONCE, batches
from eventhub.db.json_rows import among, insert_new
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.exceptions import Unavailable

_COLUMNS = {"username": "text", "email": "text", "password": "text"}


class PlaceholderAccount(NamedTuple):
    username: str
    email: str
    password: str


def find_accounts(emails: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in batches(sorted(emails), AT_ONCE):
        accounts = User.objects.filter(email__lower__in=among(some, "text")).values_list("email", "pk")
        found.update((normalize_email(email), pk) for email, pk in accounts)
    return found


def find_or_create_accounts(emails: Collection[str], known: Mapping[str, int] | None = None) -> dict[str, int]:
    """Return account ids by normalized address. `known` is a result of `find_accounts`.

    Missing accounts are created in the order of the addresses, which prevents deadlocks.
    """
    found = dict(find_accounts(emails) if known is None else known)
    for _ in range(ATTEMPTS):
        missing = sorted(set(emails) - found.keys())
        if not missing:
            return found
        for some in batches(missing, AT_ONCE):
            _insert([_build(email) for email in some])
        found |= find_accounts(missing)
    raise Unavailable()


def _build(email: str) -> PlaceholderAccount:
    # Organizers see usernames, so this one says nothing of the address.
    username = f"guest-{get_random_string(20).lower()}"
    # As `make_password(None)`, but faster.
    return PlaceholderAccount(username, email, password=f"{UNUSABLE_PASSWORD_PREFIX}{token_urlsafe(30)}")


@retried
def _insert(accounts: Sequence[PlaceholderAccount]) -> None:
    now = timezone.now()
    same = {"role": Role.USER.value, "is_active": True, "created_at": now, "updated_at": now}
    insert_new(User._meta.db_table, _COLUMNS, accounts, same)
