"""A real PostgreSQL that breaks under a real gunicorn, in the middle of a storm of registrations."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from eventhub.testing.postgresql_clusters import homes, pgbouncer
from eventhub.testing.prepared_service import WAIT_SECONDS, refused, served
from eventhub.testing.small_disk import filled, small_disk
from registrations.tests.faults.storm import Storm

pytestmark = pytest.mark.slow

OTHERS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


@pytest.fixture
def storm(on_postgres):
    return Storm(on_postgres)


def cut_all(service):
    """All connections that there are at this moment."""
    before = service.database.query(f"SELECT pid, pg_terminate_backend(pid, 5000) {OTHERS}")
    assert all(ended for _, ended in before)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_loses_nobody_who_was_told_201(postgres, on_postgres, storm, end):
    with storm.raging():
        getattr(postgres, end)()
        time.sleep(1)
        postgres.start()
        on_postgres.is_back()
        storm.go_on(answers=60)
    assert storm.answers["unavailable"] > 0
    storm.holds()


def test_connections_that_are_cut_are_made_again(on_postgres, storm):
    with storm.raging():
        for _ in range(3):
            cut_all(on_postgres)
            storm.go_on(answers=40)
    storm.holds()


def test_a_connection_that_was_cut_while_it_was_idle_costs_no_request(on_postgres):
    client, (event,) = on_postgres.client(), on_postgres.database.events(1)
    for _ in range(20):
        assert client.send("GET", f"/events/{event}").status == 200
    cut_all(on_postgres)
    assert [client.send("GET", f"/events/{event}").status for _ in range(20)] == [200] * 20


def test_a_server_that_is_silent_leaves_nobody_hanging(postgres, on_postgres, storm):
    with storm.raging():
        frozen = postgres.freeze()
        try:
            time.sleep(2 * WAIT_SECONDS + 2)
            away = storm.answers["unavailable"]
        finally:
            postgres.thaw(frozen)
        on_postgres.is_back()
        storm.go_on(answers=60)
    assert away > 0
    storm.holds()


def hold_a_lock(postgres, service):
    """What becomes of requests for an event that somebody has locked by hand, and of others meanwhile."""
    locked, other = service.database.events(2)
    client, person = service.client(), service.client(0)
    with psycopg.connect(postgres.url) as somebody:
        somebody.execute("SELECT * FROM events_event WHERE id = %s FOR UPDATE", [locked])
        assert refused(client.send("POST", "/attendees/", {"event_id": locked}))
        assert refused(client.send("POST", "/attendees/", {"event_id": locked, "status": "waitlisted"}))
        assert person.send("POST", "/attendees/", {"event_id": other}).status == 201
        assert person.send("GET", f"/events/{locked}").body["seats_taken"] == 0
        waiting = service.database.query("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        assert waiting == []  # whoever gave up waits in the database no longer
    assert client.send("POST", "/attendees/", {"event_id": locked}).status == 201
    service.database.holds()


def test_a_lock_that_is_held_too_long_is_a_503_for_its_event_alone(postgres, on_postgres):
    hold_a_lock(postgres, on_postgres)


@pytest.mark.skipif(not shutil.which("pgbouncer"), reason="no PgBouncer here")
def test_a_lock_that_is_held_too_long_is_the_same_through_pgbouncer(postgres, prepared_postgres):
    with (
        homes() as home,
        pgbouncer(postgres.home, home / "bouncer", connections=4) as url,
        served(prepared_postgres, workers=1, DATABASE_URL=url, DB_PGBOUNCER="1") as service,
    ):
        hold_a_lock(postgres, service)


@pytest.fixture
def disk(postgres):
    """A small one, on which the registrations are."""
    owner = f"uid={postgres.home.stat().st_uid}"
    with small_disk(postgres.home / "small", owner, "mode=0700") as path:
        with psycopg.connect(postgres.url, autocommit=True) as admin:
            admin.execute(f"CREATE TABLESPACE small LOCATION '{path}'")
            admin.execute("ALTER TABLE registrations_registration SET TABLESPACE small")
        yield path
        with psycopg.connect(postgres.url, autocommit=True) as admin:
            admin.execute("ALTER TABLE registrations_registration SET TABLESPACE pg_default")
            admin.execute("DROP TABLESPACE small")


def test_a_full_disk_is_a_503_for_who_writes_until_there_is_room(on_postgres, storm, disk):
    client = on_postgres.client()

    def read():
        assert client.send("GET", f"/events/{storm.events[0]}").status == 200

    with storm.raging():
        with filled(disk):
            storm.until_refused(20, meanwhile=read)
        storm.go_on(answers=60)
    storm.holds()


def test_a_command_waits_for_a_lock_as_long_as_it_takes(postgres, prepared_postgres):
    (event,) = prepared_postgres.events(1)
    promote = f"from registrations.services.seats import promote; print('seated:', promote(event_id={event}))"
    with psycopg.connect(postgres.url) as somebody, ThreadPoolExecutor(1) as thread:
        somebody.execute("SELECT * FROM events_event WHERE id = %s FOR UPDATE", [event])
        command = thread.submit(prepared_postgres.run, "manage.py", "shell", "--no-imports", "-c", promote)
        while not prepared_postgres.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            assert not command.done(), command.result()
        time.sleep(WAIT_SECONDS + 1)
        somebody.rollback()
        assert command.result() == "seated: 0\n"


def test_a_pool_that_runs_dry_is_a_503_and_fills_again(postgres, prepared_postgres):
    with served(prepared_postgres, workers=1, threads=4, DB_POOL_SIZE="1") as service:
        (event,) = prepared_postgres.events(1)
        answers = []

        def register(number):
            answers.append(service.client(number).send("POST", "/attendees/", {"event_id": event}))

        with psycopg.connect(postgres.url) as somebody:
            somebody.execute("SELECT * FROM events_event WHERE id = %s FOR UPDATE", [event])
            crowd = [threading.Thread(target=register, args=(number,)) for number in range(4)]
            for one in crowd:
                one.start()
            for one in crowd:
                one.join()
        assert [refused(answer) for answer in answers] == [True] * 4
        assert service.client().send("POST", "/attendees/", {"event_id": event}).status == 201
    prepared_postgres.holds()
