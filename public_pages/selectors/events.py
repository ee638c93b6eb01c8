"""Events that everybody may see, by the path of their page."""

from datetime import UTC, datetime

from accounts.models import User
from eventhub.api.fields import could_be_id
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.exceptions import EventNotFound, UserNotFound
from events.models import ANNOUNCED, Event, EventChange, EventQuerySet

MAX_LISTED = 10_000  # in the site map
MAX_CHANGES = 20  # that are looked through
MAX_ENTRIES = 500  # in the calendar


# Ids are consecutive: an unlisted event must not be found by trying them.
_BY_ID = CompiledQuery(lambda pk: _read(Event.objects.public()).filter(pk=pk))
_BY_NAME = CompiledQuery(lambda name: _read(Event.objects.reachable_publicly()).filter(slugs__slug=name))


def _read(events: EventQuerySet) -> EventQuerySet:
    wanted: EventQuerySet = events.with_organizer().with_tags().order_by()
    return wanted


def find_event(name: str) -> Event:
    """Return a public event by its id, or a public or unlisted one by its slug or a former slug.

    One statement finds it or nothing: what is hidden takes as long as what does not exist.
    """
    event: Event | None = _BY_ID.first(int(name)) if could_be_id(name) else _BY_NAME.first(name)
    if event is None:
        raise EventNotFound()
    return event


def previous_start(event: Event) -> datetime | None:
    """Return when an announced event was to begin before its last move; None if it has not moved."""
    changes = EventChange.objects.filter(event=event.pk).order_by("-pk").values_list("was", "becomes")
    for was, becomes in changes[:MAX_CHANGES]:
        if was["date_time"] != becomes["date_time"] and was["status"] in ANNOUNCED:
            # SQLite writes it in UTC without an offset.
            moment = datetime.fromisoformat(was["date_time"])
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def is_former_name(event: Event, name: str) -> bool:
    return not could_be_id(name) and name != event.slug


def find_organizer(pk: int) -> User:
    """Return an organizer who has a public event, past ones included; others are not known to the public."""
    theirs = Event.objects.public().order_by().filter(organizer=pk)
    organizer = User.objects.select_related("profile").filter(pk=pk, pk__in=theirs.values("organizer")).first()
    if organizer is None:
        raise UserNotFound()
    return organizer


def listed_pages() -> list[Event]:
    """Return the latest public events, with what the site map needs."""
    latest = Event.objects.public().order_by("-date_time", "-pk")[:MAX_LISTED]
    return [*latest.only("pk", "slug", "updated_at", "organizer_id")]
