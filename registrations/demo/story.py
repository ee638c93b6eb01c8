"""The whole demo: drawn without a database, then written."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from datetime import datetime
from random import Random
from typing import NamedTuple, TypeVar

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import OrganizerProfile, User
from eventhub import datetimes
from eventhub.audit import Channel
from eventhub.exceptions import UserExists
from events.models import Event
from registrations.demo import discovery
from registrations.demo.crowd import draw_registrations
from registrations.demo.people import Attendee, Cast, draw_cast
from registrations.demo.programme import draw_event, read_programme
from registrations.models import Registration, RegistrationStatus

Row = TypeVar("Row")
Dated = TypeVar("Dated", User, Event)

BATCH = 500  # rows a statement
LATER = (RegistrationStatus.ATTENDED, RegistrationStatus.CANCELLED)


class Demo(NamedTuple):
    cast: Cast
    events: list[Event]
    registrations: list[Registration]

    @property
    def size(self) -> int:
        return len(self.cast.accounts) + len(self.events) + len(self.registrations)

    @property
    def busiest(self) -> Attendee:
        states: dict[str, set[str]] = {}  # by address: an unsaved user has no hash
        for registration in self.registrations:
            states.setdefault(registration.contact_details, set()).add(registration.status)
        return max(self.cast.attendees, key=lambda attendee: len(states.get(attendee.account.email, ())))

    @property
    def sold_out(self) -> Event:
        """The event to come with the longest waiting list."""
        waiting = Counter(row.event for row in self.registrations if row.status == RegistrationStatus.WAITLISTED)
        return max(waiting, key=lambda event: (waiting[event], event.pk))


def draw(*, seed: int, now: datetime) -> Demo:
    """Return the same rows for the same seed and day in TIME_ZONE."""
    chance = Random(seed)  # noqa: S311  (must be repeatable)
    today = datetimes.start_of_day(now)
    cast = draw_cast(chance, today)
    programme = read_programme()
    events = [draw_event(plan, cast.organizers, chance, today) for plan in programme]
    registrations = [
        registration
        for plan, event in zip(programme, events, strict=True)
        for registration in draw_registrations(plan, event, cast.attendees, chance, today, now)
    ]
    return Demo(cast, events, sorted(registrations, key=lambda registration: registration.registration_date))


def write(demo: Demo, *, wrote: Callable[[int], None]) -> None:
    """Write all rows or none; report the rows of each batch to `wrote`. Raise UserExists."""
    # One hash for all: hashing is slow.
    password = make_password(demo.cast.password)
    for account in demo.cast.accounts:
        account.password = password
    with transaction.atomic():
        try:
            _insert(demo.cast.accounts, wrote)
        except IntegrityError:
            raise UserExists() from None
        OrganizerProfile.objects.bulk_create([*demo.cast.profiles, OrganizerProfile(user=demo.cast.admin)])
        # Within a batch, cancelled registrations hold a seat too.
        _change_capacities(demo.events, BATCH)
        _insert(demo.events, wrote)
        for batch in _batches(demo.registrations):
            _register(batch)
            wrote(len(batch))
        Registration.objects.filter(event__in=demo.events).update(updated_at=F("status_since"))
        _change_capacities(demo.events, -BATCH)
        Event.objects.bulk_update(demo.events, ["max_capacity"])
        discovery.write(demo.events, [attendee.account for attendee in demo.cast.attendees])


def _insert(rows: Sequence[Dated], wrote: Callable[[int], None]) -> None:
    for batch in _batches(rows):
        moments = [row.created_at for row in batch]
        manager = type(batch[0])._default_manager
        manager.bulk_create(batch)
        for row, moment in zip(batch, moments, strict=True):
            row.created_at = moment
        manager.bulk_update(batch, ["created_at"])
        manager.filter(pk__in=[row.pk for row in batch]).update(updated_at=F("created_at"))
        wrote(len(batch))


def _change_capacities(events: list[Event], seats: int) -> None:
    for event in events:
        event.max_capacity += seats


def _register(batch: Sequence[Registration]) -> None:
    """Insert each first, then change its status, so that the log shows both."""
    beginnings = [_beginning(row) for row in batch]
    Registration.objects.bulk_create(beginnings)
    for row, beginning in zip(batch, beginnings, strict=True):
        row.pk = beginning.pk
    turned = [row for row in batch if row.status in LATER]
    Registration.objects.bulk_update(turned, ["status", "status_since", "status_by", "status_through"])


def _beginning(row: Registration) -> Registration:
    row = copy(row)
    if row.status in LATER:
        row.status, row.status_since = RegistrationStatus.REGISTERED, row.registration_date
        row.status_by, row.status_through = row.user, Channel.API
    return row


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
