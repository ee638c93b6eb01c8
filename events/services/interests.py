"""Events of interest: what people mark to find again, and to be told about."""

from accounts.models import User
from events.models import Event, Interest


def mark(*, event: Event, user: User, notify: bool = True) -> None:
    """Mark an event, or change whether the person is told about it."""
    Interest.objects.bulk_create(
        [Interest(event=event, user=user, notify=notify)],
        update_conflicts=True,
        unique_fields=["user", "event"],
        update_fields=["notify"],
    )


def unmark(*, event: Event, user: User) -> None:
    Interest.objects.filter(event=event, user=user).delete()


def count_interested(event: Event) -> int:
    return event.interests.count()
