"""Accounts that are made for people who have not signed up. They claim them by resetting the password."""

from collections.abc import Collection, Mapping
from secrets import token_urlsafe

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string

from accounts.models import User, normalize_email
from eventhub.batches import batches
from eventhub.errors import Unavailable
from eventhub.transactions import ATTEMPTS


def find_accounts(emails: Collection[str]) -> dict[str, int]:
    """The id of the account of each of these normalized addresses that has one, active or not."""
    found: dict[str, int] = {}
    for some in batches(sorted(emails)):
        accounts = User.objects.filter(email__lower__in=some).values_list("email", "pk")
        found.update((normalize_email(email), pk) for email, pk in accounts)
    return found


def find_or_make_accounts(emails: Collection[str], known: Mapping[str, int] | None = None) -> dict[str, int]:
    """The id of an account of each of these normalized addresses, made where there is none. `known` is what
    `find_accounts` has said of them, where it was asked.

    One that somebody else has made since is taken as it is. They are made in the order of the addresses, so that two
    who make the same ones wait for each other and never in a circle.
    """
    found = dict(find_accounts(emails) if known is None else known)
    for attempt in range(ATTEMPTS):
        missing = sorted(set(emails) - found.keys())
        if not missing:
            return found
        for some in batches(missing):
            new = [_unclaimed(email, is_taken=attempt > 0) for email in some]
            User.objects.bulk_create(new, ignore_conflicts=True)
        found |= find_accounts(missing)
    raise Unavailable()


def _unclaimed(email: str, *, is_taken: bool) -> User:
    """An account that nobody can sign in to. Its username is the address, unless it is none or `is_taken`."""
    username = email
    try:
        User._meta.get_field("username").run_validators(username)
    except ValidationError:
        is_taken = True
    if is_taken:
        username = f"guest-{get_random_string(20).lower()}"
    # As `make_password(None)`, which asks the system for each of its 40 characters.
    return User(username=username, email=email, password=f"{UNUSABLE_PASSWORD_PREFIX}{token_urlsafe(30)}")
