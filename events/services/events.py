"""Organizer, status and times of an event. Seats are decided in registrations/services."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypedDict

from django.db import transaction

from accounts.models import User
from accounts.permissions import require
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid
from events.exceptions import SlugTaken
from events.models import ANNOUNCED, MAY_BECOME, Event, EventStatus
from events.models.tag_list import in_order
from events.services import slugs
from events.services.tags import names_by_slug, set_tags

# Values that are not set as they are: a slug has a table of its own, and tags are rows.
BESIDE_FIELDS = ("slug", "tags")


class EventValues(TypedDict, total=False):
    title: str
    description: str
    date_time: datetime
    end_time: datetime | None
    location: str
    organizer: User
    max_capacity: int
    waitlist: bool
    status: str
    registration_opens: datetime | None
    registration_closes: datetime | None
    notifications: str
    remind_hours: list[int]
    language: str
    time_zone: str
    attendance: str
    venue: str
    address: str
    latitude: float | None
    longitude: float | None
    online_url: str
    online_from: datetime | None
    cancel_until: datetime | None
    edit_until: datetime | None
    transfer_until: datetime | None
    guests: str
    visibility: str
    # Empty: made from the title.
    slug: str
    # Names or slugs.
    tags: Sequence[str]
    hides_seats: bool
    uid: str
    imported_sequence: int | None


# Times beside those of the event itself: a copy and the dates of a series keep their distance to its start.
BEFORE = (
    *("registration_opens", "registration_closes", "online_from"),
    *("cancel_until", "edit_until", "transfer_until"),
)
TIMES = ("date_time", "end_time", *BEFORE)


class Step(NamedTuple):
    leads: Mapping[str, str]
    done: str


STEPS = {
    "publish": Step({EventStatus.DRAFT: EventStatus.UPCOMING}, "published"),
    "cancel": Step(dict.fromkeys(ANNOUNCED, EventStatus.CANCELLED), "cancelled"),
    "complete": Step(dict.fromkeys(ANNOUNCED, EventStatus.COMPLETED), "completed"),
    "reopen": Step(
        {EventStatus.CANCELLED: EventStatus.UPCOMING, EventStatus.COMPLETED: EventStatus.ACTIVE}, "reopened"
    ),
    "withdraw": Step(dict.fromkeys(ANNOUNCED, EventStatus.DRAFT), "made a draft again"),
}


# What an editor of the team may change.
TEXT_FIELDS = {"title", "description", "location", "venue", "address", "language", "tags"}


def require_fields(event: Event, changed: Collection[str], by: User) -> None:
    """Raise Forbidden where `by` may change texts only, and changes more."""
    if not TEXT_FIELDS.issuperset(changed):
        require(by, "event", "manage", event)


def find_organizer(*, user_id: int | None, by: User, owner_id: int) -> User | None:
    """Return the new organizer, or None without a change from `owner_id`.

    Raise Forbidden where `by` may not assign events, and a 400 for an account that cannot run any.
    """
    if user_id is None or user_id == owner_id:
        return None
    require(by, "event", "assign")
    organizer = User.objects.select_related("profile").filter(pk=user_id).first()
    if organizer is None or not organizer.is_organizer:
        raise Invalid({"organizer_id": ["This user is not an organizer."]})
    return organizer


@retried
def create_event(*, organizer: User, values: EventValues) -> Event:
    """Create an event with its address and its tags. Raise a 400, and SlugTaken."""
    try:
        return _create(organizer, values)
    except SlugTaken:
        if values.get("slug"):
            raise
        # An event of the same title was made in this moment.
        return _create(organizer, {**values, "slug": slugs.with_letters(values["title"])})


def _create(organizer: User, values: EventValues) -> Event:
    fields = {name: value for name, value in values.items() if name not in BESIDE_FIELDS}
    event = Event(**{"organizer": organizer, **fields})
    event.clean()
    names_by_slug(values.get("tags", ()))
    with transaction.atomic():
        slugs.choose(event, values.get("slug") or None)
        event.save()
        slugs.keep(event)
        if values.get("tags"):
            set_tags(event, values["tags"])
    return event


def apply_values(event: Event, values: EventValues) -> list[str]:
    """Set values, unsaved, and return the names of the changed fields.

    Raise a 400 for a status that cannot follow the present one, and for times out of order.
    """
    status = values.get("status", event.status)
    if status != event.status and status not in MAY_BECOME[event.status]:
        was, becomes = EventStatus(event.status).label.lower(), EventStatus(status).label.lower()
        raise Invalid({"status": [f"An event that is {was} cannot become {becomes}."]})
    changed = [name for name, value in values.items() if name not in BESIDE_FIELDS and getattr(event, name) != value]
    for name in changed:
        setattr(event, name, values[name])  # type: ignore[literal-required]
    event.clean()
    return changed


def apply_beside_fields(event: Event, values: EventValues, changed: Collection[str]) -> list[str]:
    """Change the address and the tags of a saved event, and return all that changed. The event itself stays unsaved.

    Raise a 400, and SlugTaken.
    """
    changed = [*changed]
    may_be_first = not {"status", "visibility"}.isdisjoint(changed)
    if ("slug" in values or may_be_first) and slugs.give(event, values.get("slug")):
        changed.append("slug")
    if "tags" in values and set_tags(event, values["tags"]):
        changed.append("tags")
        # The history has the fields of the event alone.
        told = ", ".join(tag["name"] for tag in in_order(event.tag_list)) or "none"
        event._change_reason = f"Tags: {told}"[:100]  # type: ignore[attr-defined]  # of django-simple-history
    return changed


def resolve_step(event: Event, step: str) -> str:
    """Return the status that a step leads to, which may be the present one. Raise a 400 for others."""
    leads, done = STEPS[step]
    status: str = event.status
    if status in leads:
        return leads[status]
    if status in leads.values():
        return status
    label = EventStatus(status).label.lower()
    raise Invalid({"status": [f"An event that is {label} cannot be {done}."]})


def values_to_open(event: Event, now: datetime) -> EventValues:
    """Return the values that open registration now.

    Raise a 400 for an event that is not announced, or over.
    """
    if event.status not in ANNOUNCED:
        label = EventStatus(event.status).label.lower()
        raise Invalid({"status": [f"An event that is {label} takes no registrations."]})
    if event.is_over(now):
        raise Invalid({"end_time": ["The event is over."]})
    values: EventValues = {}
    if event.registration_opens is not None and event.registration_opens > now:
        values["registration_opens"] = None
    if event.registration_closes is not None and event.registration_closes <= now:
        values["registration_closes"] = None
    return values


def values_to_close(event: Event, now: datetime) -> EventValues:
    opens, closes = event.registration_opens, event.registration_closes
    is_running = (opens is None or opens < now) and (closes is None or now < closes)
    return {"registration_closes": now} if is_running else {}


def note_in_history(event: Event, text: str) -> None:
    """Add a line to the history of an event for a change beside its fields."""
    Event.history.bulk_history_create([event], update=True, default_change_reason=text)
