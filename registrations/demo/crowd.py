"""Who goes where in the demo: seats, queues, cancellations, and who has come."""

from datetime import datetime
from random import Random

from events.models import Event
from registrations.demo.people import Attendee
from registrations.demo.programme import Plan
from registrations.models import Registration, RegistrationStatus

# Of those who registered, how many have cancelled since.
CANCELLED_SHARE = 0.06


def draw_registrations(
    plan: Plan, event: Event, attendees: list[Attendee], chance: Random, today: datetime
) -> list[Registration]:
    """The registrations for an event, unsaved, in the order in which they were made, all before `today`."""
    statuses = _statuses(plan, chance)
    people = chance.sample(attendees, len(statuses))
    moments = _moments(event, len(statuses), chance, today)
    return [
        Registration(
            event=event,
            user=attendee.account,
            status=status,
            name=attendee.name,
            contact_details=attendee.account.email,
            registration_date=moment,
        )
        for attendee, status, moment in zip(people, statuses, moments, strict=True)
    ]


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
