"""Finding a registration by what is known of its person: what the back office's search boxes ask."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from eventhub.api.filters import MAX_SEARCH_LENGTH, found_in
from registrations.models import TEXTS

ACCOUNT_FIELDS = ("email", "username")
# More accounts than this are no list to hand over: they are looked at from each registration then.
MAX_ACCOUNTS = 1000


def search(rows: QuerySet[Any], text: str, *, by: User) -> QuerySet[Any]:
    """The registrations in which every word of `text` stands somewhere, in any case: in the name or the contact
    details; for an admin also in the account's address or username, which an organizer's search must not confirm.

    A word that is too short for an index of trigrams stands at the beginning of a word. What is longer than
    MAX_SEARCH_LENGTH is cut off.
    """
    return rows.filter(*(_has(word, by) for word in text[:MAX_SEARCH_LENGTH].split()))


def _has(word: str, by: User) -> Q:
    found = found_in(word, TEXTS)
    return found | _of_account(word) if by.is_admin else found


def _of_account(word: str) -> Q:
    """By the ids of the accounts: a condition on their columns would keep the database from using any index here."""
    accounts = User.objects.filter(found_in(word, ACCOUNT_FIELDS)).order_by()
    ids = list(accounts.values_list("pk", flat=True)[: MAX_ACCOUNTS + 1])
    return Q(user__in=ids) if len(ids) <= MAX_ACCOUNTS else Q(Exists(accounts.filter(pk=OuterRef("user"))))
