from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.permissions import require
from accounts.services.placeholder_accounts import find_accounts, find_or_create_accounts
from eventhub import audit
from eventhub.db.batches import AT_ONCE, batches
from eventhub.db.json_rows import among
from eventhub.db.retry import ATTEMPTS, retried
from eventhub.exceptions import AlreadyRegistered, EventFull, EventNotFound, Invalid
from events.models import Event, Guests
from registrations.models import LIVE, Answers, Question, Registration, RegistrationStatus
from registrations.services import holds, seats
from registrations.services.attendee_file import Guest
from registrations.services.eligibility import decide_status, get_event_for_registration, require_registration_open
from registrations.services.questions import questions_of, unanswered
from registrations.services.registration_sql import NewRegistration, insert_many
from registrations.services.seats import count_change, lock_event, serve_queue
from registrations.services.status_changes import StatusChange, announce


class ImportOutcome(StrEnum):
    SEAT = "seat"
    QUEUE = "queue"
    ALREADY_THERE = "already there"
    LEFT_OUT = "left out"
    ERROR = "error"


SAME_ADDRESS = "email: This address is already in line {}. Each person needs an address of their own."
HAS_CANCELLED = "They have cancelled their registration."

OUTCOMES = {RegistrationStatus.REGISTERED: ImportOutcome.SEAT, RegistrationStatus.WAITLISTED: ImportOutcome.QUEUE}
STATUSES = {outcome: status for status, outcome in OUTCOMES.items()}


class RowResult(NamedTuple):
    guest: Guest
    outcome: ImportOutcome
    reason: str = ""


class AttendeeImportReport(NamedTuple):
    """Result of each row; nothing tells whether an account is new."""

    results: list[RowResult]
    is_refused: bool

    @property
    def counts(self) -> Counter[ImportOutcome]:
        counts = Counter(result.outcome for result in self.results)
        return Counter({ImportOutcome.ERROR: counts[ImportOutcome.ERROR]}) if self.is_refused else counts

    @property
    def errors(self) -> list[RowResult]:
        return [result for result in self.results if result.outcome == ImportOutcome.ERROR]

    @property
    def has_cancelled(self) -> bool:
        return any(result.reason == HAS_CANCELLED for result in self.results)


def import_attendees(
    *,
    event_id: int,
    rows: Sequence[Guest],
    by: User,
    skip_errors: bool = False,
    reinstate: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> AttendeeImportReport:
    """Register guests in file order: free seats first, then the waiting list.

    Guests without an account get a placeholder. People who are registered already are skipped, and without `reinstate`
    also people who have cancelled. Without `skip_errors` one error prevents every write. Raise EventNotFound,
    Forbidden, or RegistrationClosed.
    """
    now = now or timezone.now()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _import(event_id, rows, by, skip_errors, reinstate, dry_run, now)
        except IntegrityError:  # an account was deleted between its lookup and its registration
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@retried
def add_attendee(
    *,
    event_id: int,
    guest: Guest,
    by: User,
    may_queue: bool,
    answers: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Registration:
    """Register a guest by email address, with a placeholder account if there is none.

    Raise a 400 for an invalid guest, Forbidden, and what `register` and `join_queue` raise.
    """
    now = now or timezone.now()
    if guest.problem:
        raise Invalid({"email": [guest.problem]})
    with transaction.atomic():
        event = lock_event(event_id)
        require(by, "attendee", "create_for_others", event)
        user = User.objects.get(pk=find_or_create_accounts({guest.email})[guest.email])
        if held := _confirm_held(event, {user.pk}, by, now):
            return held[0]
        try:
            return (seats.join_queue if may_queue else seats.register)(
                event=get_event_for_registration(event_id=event_id, user_id=user.pk, by=by),
                user=user,
                by=by,
                name=guest.name,
                contact_details=guest.contact_details,
                phone=guest.phone,
                by_address=True,
                answers=answers,
                now=now,
            )
        except AlreadyRegistered as refusal:
            shows = Q(contact_details__iexact=guest.email) | Q(contact_details__istartswith=f"{guest.email}, ")
            live = refusal.body.get("attendee_id")
            if by.is_admin or (live is not None and Registration.objects.filter(shows, pk=live).exists()):
                raise
            raise AlreadyRegistered() from None  # the id would tell an organizer whose address it is


@retried
def _import(
    event_id: int, rows: Sequence[Guest], by: User, skip_errors: bool, reinstate: bool, dry_run: bool, now: datetime
) -> AttendeeImportReport:
    with audit.acting_through(audit.Channel.IMPORT, by.pk), transaction.atomic():
        event = _lock(event_id, by, now)
        known = find_accounts({guest.email for guest in rows if not guest.problem and not guest.left_out})
        results = list(_decide(event, rows, _find_statuses(event, known), reinstate, now))
        has_errors = any(result.outcome == ImportOutcome.ERROR for result in results)
        report = AttendeeImportReport(results, is_refused=has_errors and not skip_errors)
        if report.is_refused or dry_run:
            transaction.set_rollback(True)
        else:
            _write(event, results, known, now)
            _confirm_held(event, {*known.values()}, by, now)
    return report


def _confirm_held(event: Event, accounts: set[int], by: User, now: datetime) -> list[Registration]:
    """Confirm the seats that these accounts hold: who is added need not do it any more."""
    held = () if event.guests == Guests.NO else Registration.objects.on_hold().filter(event=event)
    return [holds.confirm(registration=row, by=by, now=now) for row in held if row.user_id in accounts]


def _lock(event_id: int, by: User, now: datetime) -> Event:
    """Lock the event and serve its queue: seats freed by raw SQL belong to it."""
    event = lock_event(event_id)
    if not event.is_visible_to(by):
        raise EventNotFound()
    require(by, "attendee", "create_for_others", event)
    require_registration_open(event, by, now)
    if serve_queue(event, now=now):
        event.refresh_from_db()
    return event


def _find_statuses(event: Event, known: Mapping[str, int]) -> dict[str, bool]:
    """Return those who have a registration, and whether one of theirs is live."""
    registrations = Registration.objects.filter(event=event).order_by()
    is_live: dict[str, bool] = {}
    for batch in batches(list(known.items()), AT_ONCE):
        emails = {pk: email for email, pk in batch}
        found = registrations.filter(user__in=among(list(emails), "bigint")).values_list("user", "status")
        for pk, status in found:
            is_live[emails[pk]] = is_live.get(emails[pk], False) or status in LIVE
    return is_live


def _decide(
    event: Event, rows: Sequence[Guest], is_live: Mapping[str, bool], reinstate: bool, now: datetime
) -> Iterator[RowResult]:
    """Decide each row by the rules of a single registration."""
    outcome, reason = ImportOutcome.SEAT, ""
    lines: dict[str, int] = {}
    for guest in rows:
        if result := _pass_over(guest, is_live, reinstate, lines):
            yield result
        else:
            if outcome == ImportOutcome.SEAT:  # once seats run out, every later guest has the same outcome
                outcome, reason = _decide_next(event, now)
            if outcome in STATUSES:
                count_change(event, None, STATUSES[outcome])
            yield RowResult(guest, outcome, reason)
        if not guest.left_out and not guest.problem:
            lines.setdefault(guest.email, guest.line)


def _pass_over(
    guest: Guest, is_live: Mapping[str, bool], reinstate: bool, lines: Mapping[str, int]
) -> RowResult | None:
    """Return the result of a row that gets no place, else None. `lines` are the lines of earlier addresses."""
    if guest.left_out:
        return RowResult(guest, ImportOutcome.LEFT_OUT, guest.left_out)
    if guest.problem:
        return RowResult(guest, ImportOutcome.ERROR, guest.problem)
    if guest.email in lines:
        return RowResult(guest, ImportOutcome.ERROR, SAME_ADDRESS.format(lines[guest.email]))
    if is_live.get(guest.email):
        return RowResult(guest, ImportOutcome.ALREADY_THERE)
    if guest.email in is_live and not reinstate:
        return RowResult(guest, ImportOutcome.LEFT_OUT, HAS_CANCELLED)
    return None


def _decide_next(event: Event, now: datetime) -> tuple[ImportOutcome, str]:
    try:
        return OUTCOMES[RegistrationStatus(decide_status(event, now))], ""
    except EventFull as refusal:
        return ImportOutcome.ERROR, str(refusal)


def _write(event: Event, results: Sequence[RowResult], known: Mapping[str, int], now: datetime) -> None:
    accepted = [result for result in results if result.outcome in STATUSES]
    accounts = find_or_create_accounts({result.guest.email for result in accepted}, known)
    asked = questions_of(event) if event.asks_questions else []
    for batch in batches(accepted, AT_ONCE):
        registrations = [
            NewRegistration(accounts[guest.email], STATUSES[outcome], guest.name, guest.contact_details, guest.phone)
            for guest, outcome, _ in batch
        ]
        inserted = insert_many(event.pk, registrations, now=now)
        if event.asks_questions:
            _write_answers(asked, inserted, {accounts[result.guest.email]: result.guest for result in batch})
        announce(StatusChange(pk, event.pk, None, status) for pk, status in inserted)


def _write_answers(asked: Sequence[Question], inserted: Sequence[tuple[int, str]], guests: Mapping[int, Guest]) -> None:
    """Store what the file says of each; required answers that it lacks are owed."""
    people = Registration.objects.filter(pk__in=among([pk for pk, _ in inserted], "bigint"))
    Answers.objects.bulk_create(
        Answers(
            registration_id=pk,
            answers=guests[user_id].answers or {},
            complete=not unanswered(asked, guests[user_id].answers or {}),
        )
        for pk, user_id in people.order_by().values_list("pk", "user_id")
    )
