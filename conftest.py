"""The standing cast: olga (organizer), otto (another organizer), ada (admin), bob (a user), eve (a stranger)."""

import itertools
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from accounts.services.jwt import token_pair
from eventhub import trigrams
from eventhub.db.postgresql.patience import patience
from eventhub.testing.client import ContractClient
from events.models import Event
from registrations.models import Registration

PASSWORD = "a passphrase for tests"
# Tests that render pages by the hundred, or write whole demos: not for the inner loop, which stays under a minute.
THOROUGH = (
    *("test_admin", "test_dashboard", "test_second_factor", "test_demo", "test_exports", "test_sheets"),
    *("test_import_attendees", "test_pagination", "test_settings", "test_check_seats", "test_merging"),
    *("test_replica", "test_pgbouncer", "test_proof", "test_retrying"),
    *("test_histories", "test_faults", "test_observed", "test_audit", "test_attack", "test_workers", "test_secrets"),
    *("test_erasing", "test_holdings", "test_retention", "test_upgrade", "test_deploy", "test_background_workers"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name.startswith(THOROUGH):
            item.add_marker("thorough")


@pytest.fixture(scope="session", autouse=True)
def unhurried() -> None:
    """A web server gives up on a database that is slow (eventhub/db/postgresql/patience.py). Tests, on a machine
    with much else to
    do, wait: importing the server's module, which some do, has set the bound."""
    patience.seconds = None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """A process looks once an hour at how common the words of a search are. Here it has, for good: a search takes as
    many statements in the first test as in any other."""
    trigrams.KEPT_FOR_SECONDS = 10**12
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            for model in (Event, Registration, User):
                trigrams.of_model(model, using="default")


@pytest.fixture(autouse=True)
def cache_emptied(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """What a test that commits leaves in the cache's table, which is no model's and not emptied with theirs."""
    yield
    mark = request.node.get_closest_marker("django_db")
    if (mark and mark.kwargs.get("transaction")) or {"transactional_db", "live_server"} & {*request.fixturenames}:
        with django_db_blocker.unblock():
            cache.clear()


@pytest.fixture
def connection_kept() -> Iterator[None]:
    """For tests that call the application as a server does: a request that begins or ends closes old connections, as
    the test's own would seem to be."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One argon2 hash for everybody: hashing is slow on purpose."""
    return make_password(PASSWORD)


@pytest.fixture
def person(db: Any, password_hash: str) -> Callable[..., User]:
    """Makes an account: `person("zoe")`, `person("zoe", role="organizer")`."""

    def make(username: str, role: str = Role.USER, **fields: Any) -> User:
        values = {"email": f"{username}@example.org", "role": role, "password": password_hash, **fields}
        user = User.objects.create(username=username, **values)
        user.ensure_profile()
        return user

    return make


@pytest.fixture
def olga(person: Callable[..., User]) -> User:
    return person("olga", role=Role.ORGANIZER)


@pytest.fixture
def otto(person: Callable[..., User]) -> User:
    return person("otto", role=Role.ORGANIZER)


@pytest.fixture
def ada(person: Callable[..., User]) -> User:
    return person("ada", role=Role.ADMIN)


@pytest.fixture
def bob(person: Callable[..., User]) -> User:
    return person("bob")


@pytest.fixture
def eve(person: Callable[..., User]) -> User:
    return person("eve")


@pytest.fixture
def api() -> Callable[..., ContractClient]:
    """A client as somebody: `api(bob).get("/users/me")`, or as nobody: `api()`."""

    def client(user: User | None = None, *, signed_in_at: float | None = None) -> ContractClient:
        return ContractClient(user and token_for(user, signed_in_at=signed_in_at))

    return client


@pytest.fixture
def call(api: Callable[..., ContractClient]) -> Callable[..., Callable[[], Any]]:
    """Prepares a request for a race; the client is made beforehand, so that the race is about the rule alone."""

    def prepare(who: User, verb: str, path: str, body: Any = None) -> Callable[[], Any]:
        client = api(who)
        return lambda: client.send(verb, path, body)

    return prepare


@pytest.fixture
def office(db: None) -> Callable[..., Client]:
    """A browser that is signed in at /admin/: `office(olga).get("/admin/")`."""
    # A process asks for these once. Here tests that commit have it forget them.
    ContentType.objects.get_for_models(*apps.get_models())

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def token_for(user: User, *, signed_in_at: float | None = None) -> str:
    """An access token as signing in gives it; `signed_in_at` is a Unix time, now by default."""
    return token_pair(user, auth_time=int(time.time() if signed_in_at is None else signed_in_at))["token"]


@pytest.fixture
def make_event(db: Any) -> Callable[..., Event]:
    """Makes an event of somebody's, by default a week from now: `make_event(olga, max_capacity=2)`."""

    def make(organizer: User, **fields: Any) -> Event:
        values = {"title": "Talk", "location": "Hall", "max_capacity": 10, **fields}
        values.setdefault("date_time", timezone.now() + timedelta(days=7))
        return Event.objects.create(organizer=organizer, **values)

    return make


@pytest.fixture
def enroll(person: Callable[..., User]) -> Callable[..., Registration]:
    """Writes a registration straight into the database: `enroll(event, bob, status="cancelled")`. Without a user it
    makes one."""
    numbers = itertools.count(1)

    def make(event: Event, user: User | None = None, status: str = "registered", **fields: Any) -> Registration:
        user = user or person(f"guest{event.pk}x{next(numbers)}")
        return Registration.objects.create(event=event, user=user, status=status, **{"name": user.username, **fields})

    return make
