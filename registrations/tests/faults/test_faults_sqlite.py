"""SQLite whose disk is full, or whose file somebody else holds, under a real gunicorn."""

import sqlite3
from contextlib import closing

import pytest

from eventhub.testing.prepared_service import Prepared, refused, served
from eventhub.testing.small_disk import filled, small_disk
from registrations.tests.faults.conftest import ON_POSTGRES
from registrations.tests.faults.storm import Storm

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path):
    if ON_POSTGRES:
        pytest.skip("breaks in the run on SQLite")
    with small_disk(tmp_path / "disk") as path:
        yield path


def test_a_full_disk_is_a_503_for_who_writes_until_there_is_room(disk):
    url = f"sqlite:///{disk}/main.sqlite3"
    database = Prepared(url)
    with served(database) as service:
        client, (event,) = service.client(), database.events(1)

        def read():
            assert client.send("GET", f"/events/{event}").body["seats_taken"] == 1

        with filled(disk):
            assert client.send("GET", f"/events/{event}").status == 200
            assert refused(client.send("POST", "/attendees/", {"event_id": event}))
        assert client.send("POST", "/attendees/", {"event_id": event}).status == 201
        storm = Storm(service)
        with storm.raging():
            with filled(disk):
                storm.until_refused(20, meanwhile=read)
            storm.go_on(answers=60)
        storm.holds()


def test_a_file_that_somebody_holds_is_a_503_for_who_writes(on_sqlite):
    (event,) = on_sqlite.database.events(1)
    client, url = on_sqlite.client(), on_sqlite.database.environment["DATABASE_URL"]
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        assert refused(client.send("POST", "/attendees/", {"event_id": event}))
        assert refused(client.send("POST", "/attendees/", {"event_id": event, "status": "waitlisted"}))
        assert client.send("GET", f"/events/{event}").body["seats_taken"] == 0
    assert client.send("POST", "/attendees/", {"event_id": event}).status == 201
    on_sqlite.database.holds()
