"""Where a round takes place: two small events of one organizer, around their last seats, with people in and around
them. Built by the dozen in a few statements, since a proof has thousands of rounds."""

import itertools
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path as File
from random import Random

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management.color import no_style
from django.db import connection
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken

from accounts.forms.account import AUTH_TIME
from accounts.models import OrganizerProfile, Role, User
from accounts.services.jwt import GENERATION_CLAIM
from events.models import Event
from registrations.models import Registration

NEWCOMERS = 5
# Of the calls of a round, the share that goes to the first event; the other one makes rules lock two.
MOSTLY = 0.85
# What a path may ask of the scene (`Path.wants`), beside "free", "seated", "attended" and "waiting": states of the
# event, of which a scene has one.
STATES = ("draft", "over", "called off", "window closed", "begun", "empty")
ORDINARY = "open"

_numbers = itertools.count(1)
_run = secrets.token_hex(3)  # several processes, or a second run in one database, make other names


@dataclass(frozen=True)
class Plan:
    """What a scene is to be like, drawn from a seed: everything but the ids."""

    state: str
    capacity: int
    seated: tuple[str, ...]
    waiting: int
    cancelled: int
    event_status: str

    @classmethod
    def draw(cls, chance: Random, wants: Iterable[str]) -> "Plan":
        wanted = set(wants)
        state = chance.choice(sorted(wanted & set(STATES)) or [ORDINARY])
        needs_people = bool(wanted & {"seated", "attended"})
        capacity = chance.randint(2 if needs_people and "free" in wanted else 1, 3)
        free = min(chance.choice([1, 1, 1, 2] if "free" in wanted else [0, 0, 1]), capacity - needs_people)
        if "waiting" in wanted:
            free = 0
        waiting = 0 if free else chance.choice([0, 1, 2, 3])
        if state in ("called off", "over"):  # their queues are closed, and may stand beside a free seat
            free, waiting = min(1, capacity - 1), 2
        if "waiting" in wanted:
            waiting = max(1, waiting)
        seated = [chance.choice(["registered", "registered", "attended"]) for _ in range(capacity - free)]
        if "attended" in wanted and seated:
            seated[0] = "attended"
        if state == "empty":
            seated, waiting = [], 0
        status = {"draft": "draft", "called off": chance.choice(["cancelled", "completed"])}.get(
            state, "upcoming" if state == "begun" else chance.choice(["upcoming", "active"])
        )
        return cls(state, capacity, tuple(seated), waiting, 2, status)


@dataclass
class Scene:
    """A place for one round. `rows` are the registrations as they were written, in the order of `events`."""

    plan: Plan
    admin: User
    organizer: User
    newcomers: list[User]
    events: list[Event] = field(default_factory=list)
    rows: list[list[Registration]] = field(default_factory=list)
    files: File | None = None
    _sessions: dict[int, str] = field(default_factory=dict)

    @property
    def event_ids(self) -> list[int]:
        return [event.pk for event in self.events]

    def which(self, chance: Random) -> int:
        return 0 if chance.random() < MOSTLY else 1

    def event(self, chance: Random) -> Event:
        return self.events[self.which(chance)]

    def row(self, chance: Random, *statuses: str) -> Registration:
        """One of the registrations that had one of these statuses at the beginning; any, where none had."""
        which = self.which(chance)
        suiting = [row for row in self.rows[which] if row.status in statuses]
        return chance.choice(suiting or self.rows[which])

    def newcomer(self, chance: Random) -> User:
        return chance.choice(self.newcomers)

    def everybody(self) -> list[User]:
        """Whoever has a registration here, and the newcomers."""
        return [*{row.user.username: row.user for rows in self.rows for row in rows}.values(), *self.newcomers]

    def session(self, user: User) -> str:
        """The cookie of someone who signed in at the back office a moment ago."""
        if user.pk not in self._sessions:
            store = import_module(settings.SESSION_ENGINE).SessionStore()
            store[SESSION_KEY] = str(user.pk)
            store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
            store[HASH_SESSION_KEY] = user.get_session_auth_hash()
            store[AUTH_TIME] = int(time.time())
            store.save(must_create=True)
            self._sessions[user.pk] = store.session_key
        return self._sessions[user.pk]

    def write_file(self, text: str) -> str:
        """The path of a file with this text, which goes with the scene."""
        if self.files is None:
            self.files = File(tempfile.mkdtemp(prefix="eventhub-proof-"))
        file = self.files / f"{next(_numbers)}.csv"
        file.write_text(text, encoding="utf-8")
        return str(file)

    def close(self) -> None:
        if self.files is not None:
            shutil.rmtree(self.files, ignore_errors=True)


def token_for(user: User) -> str:
    """An access token as signing in gives it; without its row in the list of refresh tokens, which nothing here
    reads."""
    token = AccessToken.for_user(user)
    token["auth_time"], token[GENERATION_CLAIM] = int(time.time()), user.sign_in_generation
    return str(token)


def build(plans: list[Plan]) -> list[Scene]:
    """The scenes of these plans, with accounts, events and registrations of their own."""
    admin = _account(Role.ADMIN)
    scenes = [Scene(plan, admin, _account(Role.ORGANIZER), [_account() for _ in range(NEWCOMERS)]) for plan in plans]
    for scene in scenes:
        scene.events = [_first_event(scene), _second_event(scene)]
        first = _people(scene.events[0], [*scene.plan.seated, *["waitlisted"] * scene.plan.waiting])
        gone = _people(scene.events[0], ["cancelled"] * scene.plan.cancelled)
        scene.rows = [first + gone, _second_rows(scene.events[1], first + gone)]
    accounts = [account for scene in scenes for account in (scene.organizer, *scene.everybody())]
    User.objects.bulk_create([admin, *accounts])
    organizers = [admin, *(scene.organizer for scene in scenes)]
    OrganizerProfile.objects.bulk_create(OrganizerProfile(user=user) for user in organizers)
    Event.objects.bulk_create(event for scene in scenes for event in scene.events)
    rows = [row for scene in scenes for rows in scene.rows for row in rows]
    Registration.objects.bulk_create(rows)
    return scenes


def sweep() -> None:
    """Empties the tables that scenes and rounds fill, so that the last round costs what the first does."""
    kept = {"django_migrations", "django_content_type", "eventhub_cache"}
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - kept
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), sorted(tables)))


def _account(role: str = Role.USER) -> User:
    name = f"p{_run}-{next(_numbers)}"
    return User(username=name, email=f"{name}@example.org", role=role, password=f"!{name}")


# Raw SQL and commands tell people too.
TOLD = {"notifications": "all"}


def _first_event(scene: Scene) -> Event:
    now, plan = timezone.now().replace(microsecond=0), scene.plan
    begins = {"begun": -1, "over": -48}.get(plan.state, 48)
    return Event(
        **TOLD,
        organizer=scene.organizer,
        title=f"First {next(_numbers)}",
        location="Hall",
        guests="hold",
        date_time=now + timedelta(hours=begins),
        end_time=now + timedelta(hours=begins + 24),
        max_capacity=plan.capacity,
        status=plan.event_status,
        registration_closes=now - timedelta(hours=1) if plan.state == "window closed" else None,
    )


def _second_event(scene: Scene) -> Event:
    now = timezone.now().replace(microsecond=0)
    times = {"date_time": now + timedelta(hours=72), "end_time": now + timedelta(hours=75)}
    return Event(
        organizer=scene.organizer,
        title=f"Second {next(_numbers)}",
        location="Attic",
        max_capacity=1,
        guests="confirm_first",
        **times,
        **TOLD,
    )


def _people(event: Event, statuses: list[str], user: Callable[[], User] = lambda: _account()) -> list[Registration]:
    return [_row(event, user(), status) for status in statuses]


def _second_rows(event: Event, first: list[Registration]) -> list[Registration]:
    """The same people again: one with its only seat, one who waits, one who has left."""
    people = [row.user for row in first]
    people += [_account() for _ in range(3 - len(people))]
    return [_row(event, *pair) for pair in zip(people, ("registered", "waitlisted", "cancelled"), strict=False)]


def _row(event: Event, user: User, status: str) -> Registration:
    return Registration(event=event, user=user, status=status, name=user.username, contact_details=user.email)
