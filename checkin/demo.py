"""The doors of the demo: the event that is on now, with a second checkpoint, two helpers' phones and their scans."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from checkin.models import Presence, Reentry, Scan, ScanKind, ScanResult
from checkin.services import admission
from checkin.services.checkpoints import create_checkpoint, entrance_of, update_checkpoint
from checkin.services.gate_tokens import NewGateToken, create_token
from checkin.services.judgement import Attempt, Door
from checkin.services.tickets import has_ticket, ticket_of
from eventhub import audit
from events.models import Event
from registrations.models import Registration, RegistrationStatus

AT_WORKSHOP = 24  # people
UNKNOWN_CODE = "EH" + "A2" * 16  # well-formed, and not ours


class DoorDemo(NamedTuple):
    event: Event
    scan_page: str  # the link that opens it
    ticket: str | None  # a link, to scan there


class Crowd(NamedTuple):
    came: Sequence[Registration]
    to_come: Sequence[Registration]
    waiting: Sequence[Registration]


@transaction.atomic
def write(events: Iterable[Event], *, now: datetime | None = None) -> DoorDemo | None:
    """Write the doors of the event that is on and has the longest waiting list. Return how to try them."""
    now = now or timezone.now()
    on = Event.objects.filter(pk__in=[event.pk for event in events], date_time__lte=now, end_time__gt=now)
    event: Event | None = on.select_related("organizer").order_by("-waitlisted", "pk").first()
    if event is None:
        return None
    with audit.acting_through(audit.Channel.API, event.organizer_id):
        return _write(event, now)


def _write(event: Event, now: datetime) -> DoorDemo:
    people = list(Registration.objects.with_event().filter(event=event).order_by("status_since", "pk"))
    crowd = Crowd(
        *(
            [person for person in people if person.status == status]
            for status in (RegistrationStatus.ATTENDED, RegistrationStatus.REGISTERED, RegistrationStatus.WAITLISTED)
        )
    )
    _note_check_ins(event, crowd.came)
    update_checkpoint(checkpoint=entrance_of(event.pk), values={"reentry": Reentry.AFTER_EXIT})
    workshop = create_checkpoint(event_id=event.pk, values={"name": "Workshop"})
    by = event.organizer
    main = create_token(event=event, by=by, name="Main entrance", may=("search",), now=now)
    side = create_token(event=event, by=by, name="Workshop, Kim's phone", checkpoint=workshop, now=now)
    _scan_at_entrance(_door(main), crowd, now)
    _scan_at_workshop(_door(side), crowd, now)
    return DoorDemo(event, main.url, ticket_of(crowd.to_come[-1]).link if crowd.to_come else None)


def _door(new: NewGateToken) -> Door:
    token = new.token
    return Door(token.event_id, token.event.organizer, token, token.checkpoint_id, device="Demo phone")


def _note_check_ins(event: Event, came: Sequence[Registration]) -> None:
    """Write what the log of the doors says of people who were checked in by name, the first first."""
    entrance = entrance_of(event.pk)
    scans = [
        Scan(
            event=event,
            checkpoint=entrance,
            nonce=uuid.uuid4(),
            registration=person,
            kind=ScanKind.IN,
            result=ScanResult.ADMITTED,
            at=person.status_since,
            received_at=person.status_since,
            by_id=person.status_by_id,
            through=person.status_through,
            entries=1,
        )
        for person in came
    ]
    Scan.objects.bulk_create(scans)
    Presence.objects.bulk_create(
        Presence(checkpoint=entrance, registration=person, inside=True, entries=1, first_in=scan.at, last_in=scan.at)
        for person, scan in zip(came, scans, strict=True)
    )


def _scan_at_entrance(door: Door, crowd: Crowd, now: datetime) -> None:
    """Let in all but two of those to come, one of them twice; refuse some; two leave, and one comes back."""
    arrivals = crowd.to_come[:-2]
    attempts = [
        *(_attempt(person) for person in (*arrivals, *arrivals[:1], *crowd.waiting[:2])),
        Attempt(code=UNKNOWN_CODE),
        *(_attempt(person, ScanKind.OUT) for person in crowd.came[:2]),
        *(_attempt(person) for person in crowd.came[:1]),
    ]
    for attempt, at in zip(attempts, _every(timedelta(minutes=2), now - timedelta(minutes=50)), strict=False):
        admission.scan(door, attempt, now=at)


def _scan_at_workshop(door: Door, crowd: Crowd, now: datetime) -> None:
    """Let in some of those who came, refuse the first of them the second time, and undo the last."""
    people = crowd.came[:AT_WORKSHOP]
    times = _every(timedelta(minutes=4), now - timedelta(minutes=110))
    answers = [admission.scan(door, _attempt(person), now=next(times)) for person in (*people[:1], *people)]
    for answer in answers[2:][-1:]:
        admission.undo(door, answer.scan, now=next(times))


def _attempt(person: Registration, kind: ScanKind = ScanKind.IN) -> Attempt:
    """Scan the ticket. Without a ticket, choose the person by name."""
    if has_ticket(person):
        return Attempt(code=ticket_of(person).code, kind=kind)
    return Attempt(registration_id=person.pk, kind=kind)


def _every(step: timedelta, since: datetime) -> Iterator[datetime]:
    while True:
        yield since
        since += step
