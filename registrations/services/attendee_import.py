"""Brings the people of a list into an event: a seat or a place in its queue for each, all in one transaction."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from accounts.services.placeholder_accounts import find_accounts, find_or_make_accounts
from eventhub import audit
from eventhub.db.batches import AT_ONCE, batches
from eventhub.db.json_rows import among
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.exceptions import EventFull, EventNotFound
from events.models import Event
from registrations.models import Registration, RegistrationStatus
from registrations.services import bulk_insert
from registrations.services.attendee_file import Guest
from registrations.services.eligibility import require_possible, seat_or_queue
from registrations.services.seats import count_change, lock_event, serve_queue


class Fate(StrEnum):
    """What becomes of a row."""

    SEAT = "seat"
    QUEUE = "queue"
    ALREADY_THERE = "already there"
    ERROR = "error"


FATES = {RegistrationStatus.REGISTERED: Fate.SEAT, RegistrationStatus.WAITLISTED: Fate.QUEUE}
STATUSES = {fate: status for status, fate in FATES.items()}


class Outcome(NamedTuple):
    guest: Guest
    fate: Fate
    reason: str = ""


class Report(NamedTuple):
    """What became of each row, or would have. Where `is_refused`, nothing was written because of the errors.

    It says nothing of accounts: who has one and who got one now are alike in it.
    """

    outcomes: list[Outcome]
    is_refused: bool

    @property
    def counts(self) -> Counter[Fate]:
        """How many rows came to what; where the list was refused, only the errors."""
        fates = Counter(outcome.fate for outcome in self.outcomes)
        return Counter({Fate.ERROR: fates[Fate.ERROR]}) if self.is_refused else fates

    @property
    def errors(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.fate == Fate.ERROR]


def import_attendees(
    *,
    event_id: int,
    rows: Sequence[Guest],
    by: User,
    skip_errors: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Report:
    """Registers the guests in their order: for the free seats, then at the queue's end. Who has no account gets one.

    A bad row, and one for which there is neither seat nor queue, is an error; without `skip_errors` nothing is written
    then. Who holds a live registration, or came earlier in the list, is there already, so that it is safe to run again.
    EventNotFound, Forbidden for who does not run the event, RegistrationClosed where it is cancelled.
    """
    now = now or timezone.now()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _import(event_id, rows, by, skip_errors, dry_run, now)
        except IntegrityError:  # an account that was found has been deleted before its registration was there
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@retried
def _import(event_id: int, rows: Sequence[Guest], by: User, skip_errors: bool, dry_run: bool, now: datetime) -> Report:
    with audit.through(audit.Channel.IMPORT, by.pk), transaction.atomic():
        event = _lock(event_id, by, now)
        known = find_accounts({guest.email for guest in rows if not guest.problem})
        outcomes = list(_decide(event, rows, _inside(event, known), now))
        report = Report(outcomes, is_refused=not skip_errors and any(o.fate == Fate.ERROR for o in outcomes))
        if report.is_refused or dry_run:
            transaction.set_rollback(True)
        else:
            _write(event, outcomes, known, now)
    return report


def _lock(event_id: int, by: User, now: datetime) -> Event:
    """The event, locked, its queue served: a seat that raw SQL freed is the queue's before it is a newcomer's."""
    event = lock_event(event_id)
    if not event.is_visible_to(by):
        raise EventNotFound()
    require(by, "attendee", "create_for_others", event)
    require_possible(event, by, now)
    if serve_queue(event, now=now):
        event.refresh_from_db()
    return event


def _inside(event: Event, known: Mapping[str, int]) -> set[str]:
    """The addresses of those who hold a live registration for the event."""
    live = Registration.objects.live().filter(event=event)
    inside: set[str] = set()
    for some in batches(list(known.items()), AT_ONCE):
        there = set(live.filter(user__in=among([pk for _, pk in some], "bigint")).values_list("user", flat=True))
        inside.update(email for email, pk in some if pk in there)
    return inside


def _decide(event: Event, rows: Sequence[Guest], inside: set[str], now: datetime) -> Iterator[Outcome]:
    """The fate of each row by the rules of a single registration, on the counts of the locked event."""
    fate, reason = Fate.SEAT, ""
    for guest in rows:
        if guest.problem:
            yield Outcome(guest, Fate.ERROR, guest.problem)
        elif guest.email in inside:
            yield Outcome(guest, Fate.ALREADY_THERE)
        else:
            if fate == Fate.SEAT:  # who comes after the first that gets none fares as they do
                fate, reason = _next_fate(event, now)
            if fate in STATUSES:
                count_change(event, None, STATUSES[fate])
                inside.add(guest.email)
            yield Outcome(guest, fate, reason)


def _next_fate(event: Event, now: datetime) -> tuple[Fate, str]:
    """What becomes of the next person at the locked event, and why."""
    try:
        return FATES[RegistrationStatus(seat_or_queue(event, now))], ""
    except EventFull as refusal:
        return Fate.ERROR, str(refusal)


def _write(event: Event, outcomes: Sequence[Outcome], known: Mapping[str, int], now: datetime) -> None:
    """Numbers in the queue are given in the order of the rows, within a statement as from one to the next."""
    entering = [outcome for outcome in outcomes if outcome.fate in STATUSES]
    accounts = find_or_make_accounts({outcome.guest.email for outcome in entering}, known)
    entries = [
        bulk_insert.Entry(accounts[guest.email], STATUSES[fate], guest.name, guest.contact_details)
        for guest, fate, _ in entering
    ]
    bulk_insert.insert(event.pk, entries, now=now)
