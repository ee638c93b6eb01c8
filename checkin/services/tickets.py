"""Tickets: making and replacing them, and reading a code at the door.

Whoever has a seat has a ticket. Nothing is stored of it but the number of its issue, which counts how often it was
replaced; an earlier one is refused as revoked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed, require
from checkin.services import ticket_codes
from eventhub.api import credential_limit
from eventhub.api.etags import edition_of
from eventhub.db.retry import retried
from eventhub.exceptions import NoTicket, TicketsPaused
from eventhub.languages import first_language
from events.models import ANNOUNCED
from registrations.models import SEATED, Registration, Transition
from registrations.services.seats import lock_registration

MAX_ISSUE = 32_767  # of the column
MOST_A_DAY = 3  # of a person, for each registration
DAY = timedelta(days=1)


class CodeState(StrEnum):
    UNKNOWN = "ticket_unknown"  # not made by us, or of a registration that is deleted
    WRONG_EVENT = "wrong_event"
    REVOKED = "ticket_revoked"
    NO_SEAT = "not_registered"  # the person waits or has cancelled
    GOOD = "good"


class CodeReading(NamedTuple):
    state: CodeState
    registration: Registration | None = None  # with its event; None for UNKNOWN


@dataclass(frozen=True)
class Ticket:
    registration: Registration
    code: str

    @property
    def link(self) -> str:
        """Return the page of the ticket. Whoever has the link has the ticket."""
        return f"{settings.PUBLIC_URL}/t/{self.code}"

    @property
    def links(self) -> dict[str, str]:
        api = f"{settings.PUBLIC_URL}/attendees/{self.registration.pk}"
        files = {kind: f"{api}/ticket.{kind}" for kind in ("svg", "png", "pdf")}
        return {**files, "calendar": f"{api}/calendar.ics", "page": self.link}

    @property
    def spelled(self) -> str:
        return ticket_codes.spelled(self.code)

    @property
    def language(self) -> str:
        """Return the language of the person, else of the event, else of the site."""
        person = self.registration.user
        return first_language(person.language if person else "", self.registration.event.language)

    @property
    def is_valid(self) -> bool:
        return self.registration.event.status in ANNOUNCED

    @property
    def edition(self) -> str:
        event = self.registration.event
        return edition_of((self.code, self.registration.name, event.updated_at))


def has_ticket(registration: Registration) -> bool:
    return registration.status in SEATED and not registration.is_on_hold


def ticket_of(registration: Registration) -> Ticket:
    """Return the ticket of a registration that was read with its event. Raise NoTicket."""
    if not has_ticket(registration):
        raise NoTicket()
    return Ticket(registration, ticket_codes.make_code(registration.pk, registration.issue))


def reissue(*, registration: Registration, by: User, now: datetime | None = None) -> Ticket:
    """Replace the ticket, and write it to the registration's log. The old code is refused from now on.

    Raise Forbidden, NoTicket, or TicketsPaused where the person did it MOST_A_DAY times; organizers are not counted.
    """
    require(by, "attendee", "reissue_ticket", registration)
    ticket_of(registration)
    if not allowed(by, "attendee", "check_in", registration):
        attempts = credential_limit.count(f"ticket:reissue:{registration.pk}", seconds=int(DAY.total_seconds()))
        if attempts.so_far > MOST_A_DAY:
            raise TicketsPaused(wait=attempts.wait)
    return _replace(registration, now or timezone.now())


@retried
def _replace(registration: Registration, now: datetime) -> Ticket:
    with transaction.atomic():
        registration = lock_registration(registration)
        if not has_ticket(registration):
            raise NoTicket()
        if registration.issue == MAX_ISSUE:
            raise NoTicket("This ticket cannot be replaced any more")
        registration.issue += 1
        registration.save(update_fields=["issue"])
        Transition.note(registration, was=registration.status, at=now)
    return ticket_of(registration)


def read_code(text: str, *, event_id: int | None = None) -> CodeReading:
    """Return what a code means, at the door of an event or anywhere. One that is not ours reaches no row."""
    contents = ticket_codes.read(text)
    if contents is None:
        return CodeReading(CodeState.UNKNOWN)
    registration = Registration.objects.with_event().filter(pk=contents.registration_id).first()
    if registration is None:
        return CodeReading(CodeState.UNKNOWN)
    return CodeReading(_state(registration, contents.issue, event_id), registration)


def _state(registration: Registration, issue: int, event_id: int | None) -> CodeState:
    if event_id not in (None, registration.event_id):
        return CodeState.WRONG_EVENT
    # A later issue than the row knows is ours too: the database was restored from before it.
    if issue < registration.issue:
        return CodeState.REVOKED
    return CodeState.GOOD if has_ticket(registration) else CodeState.NO_SEAT
