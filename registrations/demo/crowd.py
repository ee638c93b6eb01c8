"""Who goes where in the demo: seats, queues, cancellations, and who has come."""

from datetime import datetime, timedelta
from random import Random

from eventhub.audit import Channel
from events.models import Event
from registrations.demo.people import Attendee
from registrations.demo.programme import Plan
from registrations.models import Registration, RegistrationStatus

# Of those who registered, how many have cancelled since.
CANCELLED_SHARE = 0.06
# Minutes from the beginning of an event at which people are marked attended; where it takes longer than a day, they
# come all the time.
AT_THE_DOOR = (-15, 25)


def draw_registrations(
    plan: Plan, event: Event, attendees: list[Attendee], chance: Random, today: datetime, now: datetime
) -> list[Registration]:
    """The registrations for an event, unsaved, in the order in which they were made, all before `today`.

    Who has come did so by `now`; everything else depends on the day alone.
    """
    statuses = _statuses(plan, chance)
    people = chance.sample(attendees, len(statuses))
    moments = _moments(event, len(statuses), chance, today)
    return [
        _registration(event, attendee, status, moment, _since(status, event, moment, chance.random(), today, now))
        for attendee, status, moment in zip(people, statuses, moments, strict=True)
    ]


def _registration(event: Event, attendee: Attendee, status: str, moment: datetime, since: datetime) -> Registration:
    """What they did themselves came through the API; the door is in the admin."""
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
    """In the order of registering: who waits came after everybody who has a seat."""
    seated = round(plan.seats * plan.filled)
    statuses: list[str] = [
        RegistrationStatus.ATTENDED if chance.random() < plan.came else RegistrationStatus.REGISTERED
        for _ in range(seated)
    ]
    for _ in range(round((seated + plan.waiting) * CANCELLED_SHARE)):
        statuses.insert(chance.randint(0, len(statuses)), RegistrationStatus.CANCELLED)
    return statuses + [RegistrationStatus.WAITLISTED] * plan.waiting


def _moments(event: Event, count: int, chance: Random, today: datetime) -> list[datetime]:
    """Within the time for registering, more of them at its beginning, ascending."""
    begins = event.registration_opens or event.created_at
    ends = min(today, event.registration_closes or today, event.date_time)
    return sorted(begins + (ends - begins) * chance.random() ** 2 for _ in range(count))


def _since(status: str, event: Event, made: datetime, share: float, today: datetime, now: datetime) -> datetime:
    """When a registration that was made then took its status; `share`, below 1, says where within the possible time."""
    if status == RegistrationStatus.CANCELLED:
        return made + (min(today, event.date_time) - made) * share
    if status != RegistrationStatus.ATTENDED:
        return made
    first, last = event.date_time, event.ends
    if last - first <= timedelta(days=1):
        first, last = (event.date_time + timedelta(minutes=minutes) for minutes in AT_THE_DOOR)
    return first + (min(last, now) - first) * share
