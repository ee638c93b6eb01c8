from datetime import datetime, timedelta
from random import Random

from eventhub.audit import Channel
from events.models import Event
from registrations.demo.people import Attendee
from registrations.demo.programme import Plan
from registrations.models import Registration, RegistrationStatus

CANCELLED_SHARE = 0.06
# Minutes from the start of an event at which people are checked in; events of several days have no such limit.
CHECK_IN_MINUTES = (-15, 25)


def draw_registrations(
    plan: Plan, event: Event, attendees: list[Attendee], chance: Random, today: datetime, now: datetime
) -> list[Registration]:
    """Return unsaved registrations by time: check-ins before `now`, all else before `today`."""
    statuses = _statuses(plan, chance)
    people = chance.sample(attendees, len(statuses))
    moments = _moments(event, len(statuses), chance, today)
    return [
        _registration(event, attendee, status, moment, _since(status, event, moment, chance.random(), today, now))
        for attendee, status, moment in zip(people, statuses, moments, strict=True)
    ]


def _registration(event: Event, attendee: Attendee, status: str, moment: datetime, since: datetime) -> Registration:
    checked_in = status == RegistrationStatus.ATTENDED
    return Registration(
        event=event,
        user=attendee.account,
        status=status,
        name=attendee.name,
        contact_details=attendee.account.email,
        registration_date=moment,
        status_since=since,
        status_by=event.organizer if checked_in else attendee.account,
        status_through=Channel.ADMIN if checked_in else Channel.API,
    )


def _statuses(plan: Plan, chance: Random) -> list[str]:
    seated = round(plan.seats * plan.filled)
    statuses: list[str] = [
        RegistrationStatus.ATTENDED if chance.random() < plan.came else RegistrationStatus.REGISTERED
        for _ in range(seated)
    ]
    for _ in range(round((seated + plan.waiting) * CANCELLED_SHARE)):
        statuses.insert(chance.randint(0, len(statuses)), RegistrationStatus.CANCELLED)
    return statuses + [RegistrationStatus.WAITLISTED] * plan.waiting


def _moments(event: Event, count: int, chance: Random, today: datetime) -> list[datetime]:
    """Return ascending times while registration is open, more at its start."""
    begins = event.registration_opens or event.created_at
    ends = min(today, event.registration_closes or today, event.date_time)
    return sorted(begins + (ends - begins) * chance.random() ** 2 for _ in range(count))


def _since(status: str, event: Event, made: datetime, share: float, today: datetime, now: datetime) -> datetime:
    if status == RegistrationStatus.CANCELLED:
        return made + (min(today, event.date_time) - made) * share
    if status != RegistrationStatus.ATTENDED:
        return made
    first, last = event.date_time, event.ends
    if last - first <= timedelta(days=1):
        first, last = (event.date_time + timedelta(minutes=minutes) for minutes in CHECK_IN_MINUTES)
    return first + (min(last, now) - first) * share
