"""Which mails people do not want.

A person can turn off what organizers write to many (messages and summaries), in one of three scopes, and reminders.
Nobody can turn off what must be told: a seat, a place on the waiting list, a cancellation, a change of the event, and
links to the account.
"""

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from events.models import Event
from notifications import tokens
from notifications.models import OptOut, OptOutScope


def opted_out(user_ids: Collection[int] | QuerySet[Any, Any], event: Event | None = None) -> set[int]:
    """Return which of these people want no messages about the event, or no summaries where it is None."""
    unwanted = Q(scope=OptOutScope.EVERYTHING)
    if event is not None:
        unwanted |= Q(organizer=event.organizer_id) | Q(event=event)
    return set(OptOut.objects.filter(unwanted, user__in=user_ids).values_list("user_id", flat=True))


def wants_reminders(user_id: int) -> bool:
    return not OptOut.objects.filter(user=user_id, scope=OptOutScope.REMINDERS).exists()


def opt_out(user_id: int, scope: str, *, organizer_id: int | None = None, event_id: int | None = None) -> None:
    """Turn off mails of that scope, which names an organizer, an event or neither. Again changes nothing."""
    row = OptOut(user_id=user_id, scope=scope, **_named(scope, organizer_id, event_id))
    OptOut.objects.bulk_create([row], ignore_conflicts=True)


def opt_in(user_id: int, scope: str, *, organizer_id: int | None = None, event_id: int | None = None) -> None:
    OptOut.objects.filter(user=user_id, scope=scope, **_named(scope, organizer_id, event_id)).delete()


def scopes_off(user_id: int, *, organizer_id: int | None, event_id: int | None) -> set[str]:
    """Return the scopes that are off, of those that this organizer and this event make."""
    of_both = Q(organizer=None) | Q(organizer=organizer_id), Q(event=None) | Q(event=event_id)
    return set(OptOut.objects.filter(*of_both, user=user_id).values_list("scope", flat=True))


def unsubscribe_headers(
    user: User, event: Event | None = None, *, scope: str = OptOutScope.ORGANIZER
) -> dict[str, str]:
    """Return the headers by which mail programs unsubscribe with one click (RFC 8058)."""
    link = unsubscribe_link(user, event, scope=scope)
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def unsubscribe_link(user: User, event: Event | None = None, *, scope: str = OptOutScope.ORGANIZER) -> str:
    """Return the link for the footer of a mail. One click turns off `scope`; its page offers the others."""
    return tokens.make_unsubscribe_link(tokens.subscription_of(user, event, scope=scope))


def _named(scope: str, organizer_id: int | None, event_id: int | None) -> dict[str, int | None]:
    return {
        "organizer_id": organizer_id if scope == OptOutScope.ORGANIZER else None,
        "event_id": event_id if scope == OptOutScope.EVENT else None,
    }
