"""Backups that are made in the middle of a storm of registrations, restored, and served."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from eventhub.testing.databases import postgres_binaries
from eventhub.testing.prepared_service import served
from registrations.tests.faults.storm import Storm

pytestmark = pytest.mark.slow

ROWS = "SELECT id, status FROM registrations_registration"


def told_so_far(storm):
    """Whoever has been answered 201 by now."""
    return set(dict(storm.told))


def restored_is_whole(database, acknowledged):
    """It has everybody who was told so before the backup began; the rules hold, the triggers are there, it serves."""
    assert acknowledged
    assert acknowledged - {pk for pk, _ in database.query(ROWS)} == set()
    database.holds()
    assert database.run("manage.py", "migrate", "--check") == ""
    assert "missing" not in database.run("manage.py", "check", "--database", "default")
    with served(database, workers=1) as service:
        (event,) = database.events(1)
        client = service.client()
        assert client.send("POST", "/attendees/", {"event_id": event}).status == 201
        assert client.send("GET", f"/events/{event}").body["seats_taken"] == 1
    database.holds()


def test_sqlite_is_backed_up_in_the_middle_of_a_storm(on_sqlite, tmp_path):
    storm, copy = Storm(on_sqlite), tmp_path / "copy.sqlite3"
    with storm.raging():
        acknowledged = told_so_far(storm)
        said = on_sqlite.database.run("manage.py", "backup", str(copy))
        storm.go_on(answers=60)
    storm.holds()
    assert said.startswith(f"{copy}: {copy.stat().st_size:,} bytes, ")
    restored = tmp_path / "restored.sqlite3"
    shutil.copy(copy, restored)
    url = f"sqlite:///{restored}"
    restored_is_whole(on_sqlite.database.restored(url), acknowledged)


def test_postgresql_is_dumped_in_the_middle_of_a_storm(postgres, on_postgres, tmp_path):
    binaries = postgres_binaries()
    if not (binaries / "pg_dump").exists():
        pytest.skip("this PostgreSQL comes without pg_dump")
    storm, dump = Storm(on_postgres), tmp_path / "eventhub.dump"
    with storm.raging():
        acknowledged = told_so_far(storm)
        at_work(binaries / "pg_dump", "--format=custom", f"--file={dump}", database_of(postgres.url))
        storm.go_on(answers=60)
    storm.holds()
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE restored")
    try:
        url = postgres.url.replace("/postgres?", "/restored?")
        at_work(binaries / "pg_restore", "--exit-on-error", f"--dbname={database_of(url)}", dump)
        restored_is_whole(on_postgres.database.restored(url), acknowledged)
    finally:
        with psycopg.connect(postgres.url, autocommit=True) as admin:
            admin.execute("DROP DATABASE restored WITH (FORCE)")


def database_of(url: str) -> str:
    return url.replace("postgres:", "postgresql:", 1)


def at_work(program: Path, *arguments: object) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    ended = subprocess.run(
        [program, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
