"""Each database in its own run of the suite: `pytest` breaks SQLite, `TEST_ON=postgres pytest` PostgreSQL.

Whatever is served stays for the session: in a random order, other tests come between the modules of this package.
"""

import os
from collections.abc import Iterator

import pytest

from eventhub.testing.databases import postgres_binaries
from eventhub.testing.postgresql_clusters import Postgres, homes
from eventhub.testing.prepared_service import Prepared, Service, served

ON_POSTGRES = os.environ.get("TEST_ON") == "postgres"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server with its usual durability."""
    if not ON_POSTGRES:
        pytest.skip("breaks in the run on PostgreSQL")
    try:
        postgres_binaries()
    except FileNotFoundError as problem:
        pytest.skip(str(problem))
    with homes() as home:
        server = Postgres(home / "postgres", ["max_connections=60"])
        yield server
        server.stop()


@pytest.fixture(scope="session")
def prepared_postgres(postgres: Postgres) -> Prepared:
    return Prepared(postgres.url)


@pytest.fixture(scope="session")
def on_postgres(prepared_postgres: Prepared) -> Iterator[Service]:
    """Served the whole time, through one fault after the other."""
    with served(prepared_postgres) as service:
        yield service


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    if ON_POSTGRES:
        pytest.skip("breaks in the run on SQLite")
    url = f"sqlite:///{tmp_path_factory.mktemp('faults')}/main.sqlite3"
    return Prepared(url)


@pytest.fixture(scope="session")
def on_sqlite(prepared_sqlite: Prepared) -> Iterator[Service]:
    with served(prepared_sqlite) as service:
        yield service


@pytest.fixture(scope="session")
def served_database(request: pytest.FixtureRequest) -> Service:
    """On whichever database this run is."""
    service: Service = request.getfixturevalue("on_postgres" if ON_POSTGRES else "on_sqlite")
    return service
