"""To whom a message goes. It is found by the functions of the lists of registrations.

An audience is `{"status": [...], "search": "...", "checked_in": true}`; what is absent does not narrow it.
"""

from collections.abc import Collection
from typing import Any, TypedDict

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from eventhub.api.filters import containing
from eventhub.audit import Channel
from notifications.models import Message
from notifications.services import preferences
from registrations.models import LIVE, TEXTS, Registration, RegistrationQuerySet, RegistrationStatus
from registrations.selectors.search import search


class Audience(TypedDict, total=False):
    status: list[str]
    search: str
    checked_in: bool


def statuses_of(audience: Audience) -> Collection[str]:
    """Return the wanted statuses. Who has cancelled gets a message only if it says so."""
    wanted = set(audience.get("status") or LIVE)
    if "checked_in" not in audience:
        return wanted
    here = {RegistrationStatus.ATTENDED.value}
    return wanted & here if audience["checked_in"] else wanted - here


def is_trusted(author: User | None) -> bool:
    return author is not None and (author.is_admin or author.is_trusted_to_write)


def people_of(message: Message) -> RegistrationQuerySet:
    """Return the registrations of a message's people; those without an account are not among them.

    Whoever was added by address gets messages from trusted authors alone: they may never have asked for anything. It
    must not depend on whether they have signed in, which organizers must not learn.
    """
    people: RegistrationQuerySet = Registration.objects.filter(
        ~Q(user=None), event=message.event_id, status__in=statuses_of(message.audience)
    )
    if not is_trusted(message.by):
        people = people.filter(added_by_address=False)
    text = message.audience.get("search", "")
    found: Any = people
    if text and message.by is not None:
        is_admin_page = message.through == Channel.ADMIN
        found = search(people, text, by=message.by) if is_admin_page else containing(people, TEXTS, text)
    # Whoever cancelled and registered again has several registrations.
    return found.exclude(Exists(found.filter(user=OuterRef("user"), pk__gt=OuterRef("pk"))))  # type: ignore[no-any-return]


def count_recipients(message: Message) -> int:
    """Return how many people it goes to, without those who want no messages.

    Of people who were added by address all count, because organizers must not learn who had an account before.
    """
    people = people_of(message)
    unwilling = preferences.opted_out(people.order_by().values("user"), message.event)
    accounts = people.values_list("user_id", "added_by_address")
    return sum(hidden or user_id not in unwilling for user_id, hidden in accounts.iterator())
