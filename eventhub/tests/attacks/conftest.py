"""The service behind a real gunicorn, for what only a socket can send."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventhub.testing.databases import start_postgres
from eventhub.testing.prepared_service import Prepared, Service, served


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the module whose cases take seconds to make where they are all deselected."""
    return (collection_path.name == "test_attack_schema.py" and "not slow" in config.option.markexpr) or None


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """One worker with two threads, on whichever database this run is."""
    with tempfile.TemporaryDirectory(prefix="eventhub-attacks-") as folder:
        on_postgres = os.environ.get("TEST_ON") == "postgres"
        url = start_postgres(home=Path(folder)) if on_postgres else f"sqlite:///{folder}/main.sqlite3"
        database = Prepared(url)
        with served(database, workers=1, threads=2, THROTTLE_CREDENTIALS="off") as running:
            yield running
