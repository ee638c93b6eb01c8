"""The rules of an event by itself: who may give it to whom, what it may become. Seats are registrations/' concern."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, TypedDict

from accounts.models import User
from accounts.permissions import require
from eventhub.datetimes import add_week
from eventhub.exceptions import Invalid
from events.models import ANNOUNCED, MAY_BECOME, Event, EventStatus


class EventValues(TypedDict, total=False):
    """What people may set of an event. Times are UTC."""

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
    uid: str


class Step(NamedTuple):
    """A change of status that people ask for by name: where it leads from where, and how they say that it is done."""

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
    """The organizer that `by` names by id, or None for no change from `owner_id`.

    Forbidden where naming another is not theirs to do; a 400 for someone who is neither organizer nor admin.
    """
    if user_id is None or user_id == owner_id:
        return None
    require(by, "event", "assign")
    organizer = User.objects.select_related("profile").filter(pk=user_id).first()
    if organizer is None or not organizer.is_organizer:
        raise Invalid({"organizer_id": ["This user is not an organizer."]})
    return organizer


def create_event(*, organizer: User, values: EventValues) -> Event:
    """A new event. A 400 where times are out of order."""
    event = Event(**{"organizer": organizer, **values})
    event.clean()
    event.save()
    return event


def apply_values(event: Event, values: EventValues) -> list[str]:
    """Sets `values` on the event, unsaved, and returns the names of the fields that differ now.

    A 400 for a status that cannot follow the present one, and for times out of order.
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
    """The status to which the step of that name leads; the present one where it has led there already.

    A 400 where it leads nowhere: `publish` is for drafts, and does not bring a cancelled event back.
    """
    leads, done = STEPS[step]
    status: str = event.status
    if status in leads:
        return leads[status]
    if status in leads.values():
        return status
    label = EventStatus(status).label.lower()
    raise Invalid({"status": [f"An event that is {label} cannot be {done}."]})


def values_to_open(event: Event, now: datetime) -> EventValues:
    """What lets people register from now on: a beginning of registration that is to come is cleared, and an end that
    has passed. A 400 where that would not open it: for an event that is not announced, or over."""
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
    """What keeps people from registering from now on; nothing where registration has not begun, or has ended."""
    opens, closes = event.registration_opens, event.registration_closes
    is_running = (opens is None or opens < now) and (closes is None or now < closes)
    return {"registration_closes": now} if is_running else {}


def duplicate_event(*, event: Event) -> Event:
    """The same event a week later at the same time of the clock, as a draft of its organizer's without anybody in it.

    A 400 where a week later is beyond the years of the contract.
    """
    values: EventValues = {
        "title": event.title,
        "description": event.description,
        "location": event.location,
        "max_capacity": event.max_capacity,
        "waitlist": event.waitlist,
        "status": EventStatus.DRAFT,
    }
    for name in ("date_time", "end_time", "registration_opens", "registration_closes"):
        moment = getattr(event, name)
        try:
            values[name] = moment and add_week(moment)
        except ValueError as problem:
            raise Invalid({name: [str(problem)]}) from None
    return create_event(organizer=event.organizer, values=values)
