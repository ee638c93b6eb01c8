"""Organizer, status and times of an event. Seats are decided in registrations/services."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, TypedDict

from accounts.models import User
from accounts.permissions import require
from eventhub.datetimes import add_week
from eventhub.exceptions import Invalid
from events.models import ANNOUNCED, MAY_BECOME, Event, EventStatus


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
    uid: str
    imported_sequence: int | None


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


def create_event(*, organizer: User, values: EventValues) -> Event:
    event = Event(**{"organizer": organizer, **values})
    event.clean()
    event.save()
    return event


def apply_values(event: Event, values: EventValues) -> list[str]:
    """Set values, unsaved, and return the names of the changed fields.

    Raise a 400 for a status that cannot follow the present one, and for times out of order.
    """
    status = values.get("status", event.status)
    if status != event.status and status not in MAY_BECOME[event.status]:
        was, becomes = EventStatus(event.status).label.lower(), EventStatus(status).label.lower()
        raise Invalid({"status": [f"An event that is {was} cannot become {becomes}."]})
    changed = [name for name, value in values.items() if getattr(event, name) != value]
    for name in changed:
        setattr(event, name, values[name])  # type: ignore[literal-required]
    event.clean()
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


def duplicate_event(*, event: Event) -> Event:
    """Copy an event as a draft, a week later at the same clock time, or of the same length where those do not fit.

    Raise a 400 where that is beyond the contract's years.
    """
    values: EventValues = {
        "title": event.title,
        "description": event.description,
        "location": event.location,
        "max_capacity": event.max_capacity,
        "waitlist": event.waitlist,
        "notifications": event.notifications,
        "remind_hours": event.remind_hours,
        "language": event.language,
        "status": EventStatus.DRAFT,
    }
    for name in ("date_time", "end_time", "registration_opens", "registration_closes"):
        moment = getattr(event, name)
        try:
            values[name] = moment and add_week(moment)
        except ValueError as problem:
            raise Invalid({name: [str(problem)]}) from None
    for start, end in (("date_time", "end_time"), ("registration_opens", "registration_closes")):
        first, last = getattr(event, start), getattr(event, end)
        if first and last and values[end] <= values[start]:  # type: ignore[literal-required]  # the clocks change
            values[end] = values[start] + (last - first)  # type: ignore[literal-required]
    return create_event(organizer=event.organizer, values=values)


def note_in_history(event: Event, text: str) -> None:
    """Add a line to the history of an event for a change beside its fields."""
    Event.history.bulk_history_create([event], update=True, default_change_reason=text)
