from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from eventhub.api.filters import MAX_SEARCH_LENGTH, found_in
from eventhub.text_fields import search_words
from registrations.models import TEXTS

ACCOUNT_FIELDS = ("email", "username")
# With more accounts than this, each registration looks up its account instead of the list of ids.
MAX_ACCOUNTS = 1000


def search(rows: QuerySet[Any], text: str, *, by: User) -> QuerySet[Any]:
    """Keep registrations with every word of `text` in the name, contact details or phone, ignoring case and marks.

    For admins also in the account's address or username, which an organizer's search must not confirm.
    """
    return rows.filter(*(_has(word, by) for word in search_words(text[:MAX_SEARCH_LENGTH])))


def _has(word: str, by: User) -> Q:
    found = found_in(word, TEXTS)
    return found | _of_account(word) if by.is_admin else found


def _of_account(word: str) -> Q:
    """Match by account id: a condition on the account's columns would rule out every index."""
    accounts = User.objects.filter(found_in(word, ACCOUNT_FIELDS)).order_by()
    ids = list(accounts.values_list("pk", flat=True)[: MAX_ACCOUNTS + 1])
    return Q(user__in=ids) if len(ids) <= MAX_ACCOUNTS else Q(Exists(accounts.filter(pk=OuterRef("user"))))
