"""What a device at the door needs while it has no network: who may come in, by the digest of each ticket's code.

Whoever finds the device learns no names. A name is encrypted with a key that is made from the ticket's code, of which
the device has only a digest: it can read the one entry whose ticket is in front of it. So it is with the questions
that the person has yet to answer. What to ask people who are added by name is the same for all, and readable.

A device asks again for the changes since its last answer. The cursor is a time, put back by OVERLAP, since rows
become visible in another order than their times; an entry that comes twice replaces itself. `count` tells a device
that it has missed something, such as a cancelled registration that was deleted, which leaves no trace: it asks anew.
After an edit of the event or of its questions, it gets all of it.
"""

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db.models import Q, QuerySet
from django.utils import timezone

from checkin.models import Checkpoint, Presence, Scan, TicketKey
from checkin.services import ticket_codes, ticket_keys
from eventhub.exceptions import EventNotFound, Invalid
from events.models import Event
from registrations.models import SEATED, Answers, Question, Registration, RegistrationStatus, Removal, Transition
from registrations.selectors.open_answers import questions_for_newcomers, questions_to_ask

OVERLAP = timedelta(seconds=60)
# Who has been away for longer gets all of it: removals are found among those of all events.
MAX_AGE = timedelta(hours=12)
DIGEST_BYTES, NONCE_BYTES = 16, 12
KEY_INFO = b"eventhub ticket"
PADDED_TO = 48  # bytes
# Of each ticket, the last ones. An older one is unknown to the device.
MAX_REVOKED = 5
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,3})\.([0-9]{1,16})", re.ASCII)


class _Cursor(NamedTuple):
    """The checkpoint (0: none yet), the newest key's version, and a time in microseconds. All else begins anew."""

    checkpoint: int
    version: int
    at: int

    def __str__(self) -> str:
        return ".".join(map(str, self))


class _Row(NamedTuple):
    pk: int
    status: str
    issue: int
    name: str
    registration_date: datetime
    status_since: datetime


class _Visit(NamedTuple):
    entries: int
    inside: bool
    last_in: datetime | None


@dataclass(frozen=True)
class Bundle:
    event_id: int
    checkpoint_id: int | None  # where entries are counted
    generated_at: datetime
    cursor: str
    is_whole: bool  # else the changes since the cursor
    count: int  # entries of the whole bundle
    questions: dict[str, str]  # that entries and `ask_walk_ins` name: text by id
    ask_walk_ins: list[int]  # what to ask whom a device adds by name
    tickets: list[dict[str, Any]]
    revoked: list[str]
    removed: list[int]


def bundle_of(event_id: int, *, checkpoint: Checkpoint | None, after: str = "", now: datetime | None = None) -> Bundle:
    """Return the bundle of an event, or its changes. Raise EventNotFound, or Invalid for a wrong cursor."""
    now = now or timezone.now()
    since = _parse(after)
    keys = ticket_keys.signed_with()
    place = (checkpoint.pk if checkpoint else 0, keys[-1].version)
    rows: QuerySet[Registration] = Registration.objects.filter(event=event_id).order_by()
    count = _count(rows, keys)
    event = Event.objects.filter(pk=event_id).first()
    if event is None:
        raise EventNotFound()
    asking = event if event.asks_questions else None
    # A change of a question, were it the deletion of the last one, changes what everybody owes, and `updated_at`.
    is_whole = since is None or since[:2] != place or since.at < _microseconds(max(now - MAX_AGE, event.updated_at))
    removed: list[int] = []
    if since is not None and not is_whole:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=since.at)
        rows = _changed(rows, event_id, moment, asks=asking is not None)
        gone = Removal.objects.filter(event=event_id, at__gte=moment).order_by()
        removed = list(gone.values_list("registration_id", flat=True))
    found = [_Row(*row) for row in rows.values_list(*_Row._fields)]
    visits = _visits(checkpoint, found, is_whole=is_whole)
    owed = {} if asking is None else questions_to_ask(asking, [row.pk for row in found if row.status in SEATED])
    of_walk_ins = [] if asking is None else questions_for_newcomers(asking)
    return Bundle(
        event_id=event_id,
        checkpoint_id=place[0] or None,
        generated_at=now,
        cursor=str(_Cursor(*place, _microseconds(now - OVERLAP))),
        is_whole=is_whole,
        count=count,
        questions={str(each.pk): each.text for questions in (*owed.values(), of_walk_ins) for each in questions},
        ask_walk_ins=[question.pk for question in of_walk_ins],
        tickets=[entry for row in found for entry in _entries(row, keys, visits, owed)],
        revoked=[digest for row in found if row.issue for digest in _revoked(row, keys)],
        removed=removed,
    )


def digest_of(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()[:DIGEST_BYTES]).decode()


def encrypt(code: str, name: str, ask: Sequence[Question] = ()) -> str:
    """Encrypt what only the code is to open: base64 of a nonce and AES-256-GCM.

    Blanks at the end hide how long the name is, by which people on a list of guests could be told apart.
    """
    key = HKDF(algorithm=SHA256(), length=32, salt=b"", info=KEY_INFO).derive(code.encode())
    contents = {"name": name} | ({"ask": [question.pk for question in ask]} if ask else {})
    nonce, text = os.urandom(NONCE_BYTES), orjson.dumps(contents)
    padded = text.ljust(-(-len(text) // PADDED_TO) * PADDED_TO)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, padded, None)).decode()


def _entries(
    row: _Row, keys: Sequence[TicketKey], visits: Mapping[int, _Visit], owed: Mapping[int, Sequence[Question]]
) -> Iterator[dict[str, Any]]:
    """Make an entry for each code that the person's ticket may have: tickets of older keys stay good."""
    visit = visits.get(row.pk, _NO_VISIT)
    for code in _codes(row, row.issue, keys):
        entry = {
            "id": row.pk,
            "h": digest_of(code),
            "s": row.status,
            "e": visit.entries,
            "in": visit.inside,
            "at": visit.last_in,
        }
        yield {**entry, "x": encrypt(code, row.name, owed.get(row.pk, ()))} if row.status in SEATED else entry


def _revoked(row: _Row, keys: Sequence[TicketKey]) -> Iterator[str]:
    for issue in range(max(0, row.issue - MAX_REVOKED), row.issue):
        yield from map(digest_of, _codes(row, issue, keys))


def _codes(row: _Row, issue: int, keys: Sequence[TicketKey]) -> Iterator[str]:
    for key, until in _used_until(keys):
        if until is None or row.registration_date < until:
            yield ticket_codes.sign(key.version, bytes(key.key), row.pk, issue)


def _count(rows: QuerySet[Registration], keys: Sequence[TicketKey]) -> int:
    uses = [Q() if until is None else Q(registration_date__lt=until) for _, until in _used_until(keys)]
    return sum(rows.filter(use).count() for use in uses)


def _used_until(keys: Sequence[TicketKey]) -> Iterator[tuple[TicketKey, datetime | None]]:
    """Yield each key and when it was replaced. Processes go on with an older one for a moment."""
    moment = timedelta(seconds=ticket_keys.KEPT_SECONDS)
    yield from zip(keys, [*(later.since + moment for later in keys[1:]), None], strict=True)


_NO_VISIT = _Visit(0, False, None)


def _visits(checkpoint: Checkpoint | None, rows: Sequence[_Row], *, is_whole: bool) -> dict[int, _Visit]:
    """Return who came in, by registration. Who was checked in by an import, say, came in at the entrance."""
    visits = {}
    if checkpoint is None or checkpoint.is_entrance:
        attended = (row for row in rows if row.status == RegistrationStatus.ATTENDED)
        visits = {row.pk: _Visit(1, True, row.status_since) for row in attended}
    if checkpoint is not None:
        presences = Presence.objects.filter(checkpoint=checkpoint, entries__gt=0)
        some = presences if is_whole else presences.filter(registration__in=[row.pk for row in rows])
        found: Iterable[Any] = some.values_list("registration_id", *_Visit._fields)
        visits |= {pk: _Visit(*visit) for pk, *visit in found}
    return visits


def _changed(rows: QuerySet[Registration], event_id: int, since: datetime, *, asks: bool) -> QuerySet[Registration]:
    """Keep registrations that were edited, changed status, were scanned, answered or got another ticket."""
    scanned = Scan.objects.filter(event=event_id, received_at__gte=since, registration__isnull=False)
    reissued = Transition.objects.filter(
        registration__in=list(rows.filter(issue__gt=0).values_list("pk", flat=True)), at__gte=since
    )
    answered = Answers.objects.filter(registration__in=rows if asks else [], updated_at__gte=since)
    return rows.filter(
        Q(updated_at__gte=since)
        | Q(pk__in=answered.order_by().values("pk"))
        | Q(status_since__gte=since)
        | Q(pk__in=scanned.order_by().values("registration"))
        | Q(pk__in=list(reissued.order_by().values_list("registration", flat=True)))
    )


def _parse(text: str) -> _Cursor | None:
    if not text:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise Invalid({"after": ["This is not the cursor of a bundle."]})
    return _Cursor(*map(int, found.groups()))


def _microseconds(moment: datetime) -> int:
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
