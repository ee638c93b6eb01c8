"""The demo as a whole. It is drawn first, which needs no database, and then written."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from random import Random
from typing import NamedTuple, TypeVar

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import OrganizerProfile, User
from eventhub import times
from eventhub.errors import UserExists
from events.models import Event
from registrations.demo.crowd import draw_registrations
from registrations.demo.people import Attendee, Cast, draw_cast
from registrations.demo.programme import draw_event, read_programme
from registrations.models import Registration

Row = TypeVar("Row")
Dated = TypeVar("Dated", User, Event)

BATCH = 500  # rows a statement


class Demo(NamedTuple):
    """Rows that are not in the database yet."""

    cast: Cast
    events: list[Event]
    registrations: list[Registration]

    @property
    def size(self) -> int:
        """In rows, as `write` counts them."""
        return len(self.cast.accounts) + len(self.events) + len(self.registrations)

    @property
    def busiest(self) -> Attendee:
        """Whose account shows the most: registrations in the most different states."""
        states: dict[str, set[str]] = {}  # by address, since a user who is not saved cannot be a key
        for registration in self.registrations:
            states.setdefault(registration.contact_details, set()).add(registration.status)
        return max(self.cast.attendees, key=lambda attendee: len(states.get(attendee.account.email, ())))


def draw(*, seed: int, now: datetime) -> Demo:
    """The same rows for the same seed and the same day in TIME_ZONE."""
    chance = Random(seed)  # noqa: S311  (to be repeatable is the point)
    today = times.start_of_day(now)
    cast = draw_cast(chance, today)
    programme = read_programme()
    events = [draw_event(plan, cast.organizers, chance, today) for plan in programme]
    registrations = [
        registration
        for plan, event in zip(programme, events, strict=True)
        for registration in draw_registrations(plan, event, cast.attendees, chance, today)
    ]
    return Demo(cast, events, sorted(registrations, key=lambda registration: registration.registration_date))


def write(demo: Demo, *, wrote: Callable[[int], None]) -> None:
    """Puts all of it into the database, or nothing; `wrote` is told the number of rows as they go in.

    UserExists where a username or an address is taken.
    """
    # One for all of them: hashing is slow on purpose.
    password = make_password(demo.cast.password)
    for account in demo.cast.accounts:
        account.password = password
    with transaction.atomic():
        try:
            _insert(demo.cast.accounts, wrote)
        except IntegrityError:
            raise UserExists() from None
        OrganizerProfile.objects.bulk_create([*demo.cast.profiles, OrganizerProfile(user=demo.cast.admin)])
        _insert(demo.events, wrote)
        for batch in _batches(demo.registrations):
            Registration.objects.bulk_create(batch)
            wrote(len(batch))
        Registration.objects.filter(event__in=demo.events).update(updated_at=F("registration_date"))


def _insert(rows: Sequence[Dated], wrote: Callable[[int], None]) -> None:
    """Inserts the rows, and then gives them the dates that they were drawn with: Django inserts the present."""
    for batch in _batches(rows):
        moments = [row.created_at for row in batch]
        manager = type(batch[0])._default_manager
        manager.bulk_create(batch)
        for row, moment in zip(batch, moments, strict=True):
            row.created_at = moment
        manager.bulk_update(batch, ["created_at"])
        manager.filter(pk__in=[row.pk for row in batch]).update(updated_at=F("created_at"))
        wrote(len(batch))


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
