"""Fixtures of all apps. The cast: olga and otto (organizers), ada (admin), bob and eve (users)."""

import gc
from collections.abc import Callable, Generator, Iterator
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache, caches
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, connections, transaction
from django.test import Client, TransactionTestCase
from hypothesis import settings as hypothesis_settings

from accounts.models import Role, User
from checkin.services import ticket_keys
from eventhub.db.postgresql.base import patience
from eventhub.testing.contract_client import ContractClient, token_for
from eventhub.testing.empty_tables import delete_rows
from eventhub.testing.factories import EventFactory, RegistrationFactory, UserFactory
from eventhub.testing.live_server import migrated_template
from eventhub.testing.migrated_tables import migrate
from events.models import Event
from registrations.models import Registration

# Hypothesis's own limit of 0.2 s for each example is exceeded whenever a busy machine stalls.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Look for no garbage while tests are collected, nor later among what stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if connection.vendor != "sqlite":
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("once")])
        items[:] = [item for item in items if not item.get_closest_marker("once")]


@pytest.fixture(scope="session", autouse=True)
def no_statement_timeout() -> None:
    """Let slow statements finish: a busy test machine is no overloaded web server (eventhub/db/postgresql/base.py).

    Importing the server's module, as some tests do, would set a bound.
    """
    patience.seconds = None


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Take the file that `django_db_modify_db_settings` put there. A copy in PostgreSQL is made by its name."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Begin with a copy of a migrated database: migrations take as long as hundreds of tests."""
    test = connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        migrate(f"sqlite:///{test['NAME']}")
    else:
        test["TEMPLATE"] = migrated_template()


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    with mock.patch.object(TransactionTestCase, "_fixture_teardown", delete_rows):
        yield


@pytest.fixture(autouse=True)
def empty_cache(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Clear the cache after tests that commit. Its table has no model, so Django's flush leaves it alone.

    What the throttle counted is forgotten in any case: it is in the process, and tests share addresses.
    """
    caches["throttling"].clear()
    yield
    mark = request.node.get_closest_marker("django_db")
    if (mark and mark.kwargs.get("transaction")) or {"transactional_db", "live_server"} & {*request.fixturenames}:
        with django_db_blocker.unblock():
            cache.clear()


@pytest.fixture(autouse=True)
def fresh_sequences() -> None:
    """Start the factories' numbers anew, so that a test makes the same names alone and in company."""
    UserFactory.reset_sequence(1)


@pytest.fixture(autouse=True)
def no_kept_ticket_keys() -> None:
    ticket_keys.forget()


@pytest.fixture
def connection_kept() -> Iterator[None]:
    """Keep the test's connection open in tests that call the WSGI application as a server does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def module_rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let fixtures of a module make rows once for all of its tests. The changes of each test are undone.

    Not for modules with tests that commit. Such a fixture returns ids: an instance would keep what a test does to it.
    """
    kept = mock.patch.object(connections["default"], "close_if_unusable_or_obsolete")  # after a request
    with django_db_blocker.unblock(), kept, transaction.atomic():
        UserFactory.reset_sequence(1_000)  # the names of tests are lower
        yield
        transaction.set_rollback(True)


@pytest.fixture
def person(db: Any) -> Callable[..., User]:
    """Make an account: `person("zoe")`, `person("zoe", role="organizer")`."""
    return lambda username, **fields: UserFactory(username=username, **fields)


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
def make_event(db: Any) -> Callable[..., Event]:
    """Make an event of an organizer: `make_event(olga, max_capacity=2)`, `make_event(olga, full=True)`."""
    return lambda organizer, **fields: EventFactory(organizer=organizer, **fields)


@pytest.fixture
def enroll(db: Any) -> Callable[..., Registration]:
    """Make a registration: `enroll(event, bob, status="cancelled")`, or `enroll(event)` for a new person."""

    def make(event: Event, user: User | None = None, status: str | None = None, **fields: Any) -> Registration:
        if status:
            fields["status"] = status
        return RegistrationFactory(event=event, user=user or UserFactory(), **fields)

    return make


@pytest.fixture
def api() -> Callable[..., ContractClient]:
    """Make a client for somebody, `api(bob).get("/users/me")`, or for nobody, `api()`."""

    def client(user: User | None = None, *, signed_in_at: float | None = None) -> ContractClient:
        return ContractClient(user and token_for(user, signed_in_at=signed_in_at))

    return client


@pytest.fixture
def call(api: Callable[..., ContractClient]) -> Callable[..., Callable[[], Any]]:
    """Prepare a request for a race. Its client is made beforehand, so that only the request is raced."""

    def prepare(who: User, verb: str, path: str, body: Any = None) -> Callable[[], Any]:
        client = api(who)
        return lambda: client.send(verb, path, body)

    return prepare


@pytest.fixture
def office(db: None) -> Callable[..., Client]:
    """Make a browser that is signed in to the back office: `office(olga).get("/admin/")`."""
    # A process asks for these once; tests that commit make it forget them.
    ContentType.objects.get_for_models(*apps.get_models())

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
