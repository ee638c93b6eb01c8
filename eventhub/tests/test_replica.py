"""A real primary with a real streaming replica, and two servers in front of both: where each request is read, and
that no answer is older than the request, whatever becomes of the replica.

Both databases log every statement with the `application_name` of who sent it, which says what was read where.
"""

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from eventhub.testing.http_client import EVENT, OLGA, Client, load_people
from eventhub.testing.migrated_tables import migrate
from eventhub.testing.postgresql_clusters import (
    LOGGED,
    WITH_SERVERS_OF_ITS_OWN,
    Postgres,
    gunicorn,
    homes,
    replica_of,
    until,
)

PEOPLE = range(2, 200)
# A commit waits for the log, as it does by default; that a test's log is not carried to the disk is no matter.
SETTINGS = ["fsync=off", "full_page_writes=off", "max_connections=100", *LOGGED]


pytestmark = [pytest.mark.slow, *WITH_SERVERS_OF_ITS_OWN]


TABLE = re.compile(r'\bFROM "?((?:accounts|events|registrations)_\w+)')


def outside_brackets(statement):
    """Return a statement without its subqueries: a list of events asks for their tags before its own table."""
    while (shorter := re.sub(r"\([^()]*\)", "", statement)) != statement:
        statement = shorter
    return statement


class Site:
    """The two databases and the two servers; and people who ask the one or the other."""

    def __init__(self, primary, replica, servers):
        self.primary, self.replica, self.servers = primary, replica, servers
        self._marks = {}

    def client(self, server, user_id=OLGA):
        return Client(self.servers[server], user_id=user_id)

    def new_event(self, **values):
        answer = self.client(0).post("/events/", {**EVENT, **values})
        assert answer.status == 201, answer
        return answer.body["event_id"]

    def on(self, server, sql, *parameters):
        url = server.url.replace("postgres:", "postgresql:", 1)
        with psycopg.connect(url, autocommit=True, application_name="test") as by_hand:
            cursor = by_hand.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else None

    def watch(self):
        """`read` counts from here."""
        self._marks = {server: len(server.log) for server in (self.primary, self.replica)}

    def read(self, server):
        """The tables of ours that the service has read from a server, in order; `position` is the question how far it
        is, however often it was asked at a time."""
        found = []
        for line in server.log[self._marks[server] :].splitlines():
            if not line.startswith("test|") and re.search(r"\|(LOG:  (statement|execute)|STATEMENT:)", line):
                found += TABLE.findall(outside_brackets(line))[:1] or TABLE.findall(line)[:1]
                found += ["position"] if "pg_last_wal_replay_lsn" in line and found[-1:] != ["position"] else []
        return found

    def until_the_replica_is_read(self):
        """Asks until a page is read there."""
        client = self.client(1)

        def is_read():
            self.watch()
            assert client.get("/events/").status == 200
            return "events_event" in self.read(self.replica)

        until(is_read)


@pytest.fixture(scope="module")
def databases():
    with homes() as home:
        primary = Postgres(home / "primary", SETTINGS)
        try:
            migrate(primary.url)
            load_people(primary.url, PEOPLE.stop)
            replica = replica_of(primary.url, home / "replica", SETTINGS)
        except BaseException:
            primary.stop()
            raise
        try:
            yield home, primary, replica
        finally:
            replica.stop()
            primary.stop()


@pytest.fixture(scope="module")
def two_servers(databases):
    home, primary, replica = databases
    urls = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URL": replica.url}
    with gunicorn(home / "one", **urls) as one, gunicorn(home / "two", **urls) as two:
        yield Site(primary, replica, [one, two])


@pytest.fixture
def site(two_servers):
    two_servers.until_the_replica_is_read()
    two_servers.watch()
    return two_servers


def test_a_page_is_read_from_the_replica_and_the_account_from_the_primary(site):
    event = site.new_event()
    for path, table in {
        "/events/": "events_event",
        f"/events/{event}": "events_event",
        f"/events/{event}/attendees": "registrations_registration",
        "/attendees/": "registrations_registration",
    }.items():
        site.until_the_replica_is_read()
        site.watch()
        assert site.client(1).get(path).status == 200
        read = site.read(site.replica)
        assert (site.read(site.primary), read[0], read[-1]) == (["accounts_user"], "position", table)


def test_who_asks_for_nothing_but_the_own_account_asks_no_replica(site):
    assert site.client(1).get("/users/me").status == 200
    assert (site.read(site.primary), site.read(site.replica)) == (["accounts_user"], [])


def test_what_is_written_and_read_to_write_stays_with_the_primary(site):
    event = site.new_event()
    attendee = site.client(0, PEOPLE[0]).post("/attendees/", {"event_id": event}).body["attendee_id"]
    site.watch()
    client = site.client(1, PEOPLE[0])
    assert client.post("/attendees/", {"event_id": event}).body["code"] == "already_registered"
    assert client.send("PATCH", f"/attendees/{attendee}", {"name": "Bob"}).body["name"] == "Bob"
    assert client.send("DELETE", f"/attendees/{attendee}").status == 204
    assert site.read(site.replica) == []


def test_who_writes_reads_it_back_on_any_server_while_the_replica_stands_still(site):
    event = site.new_event()
    site.until_the_replica_is_read()
    site.on(site.replica, "SELECT pg_wal_replay_pause()")
    try:
        site.watch()
        for taken, person in enumerate(PEOPLE[:5], start=1):
            attendee = site.client(0, person).post("/attendees/", {"event_id": event}).body["attendee_id"]
            assert site.client(1, person).get(f"/events/{event}").body["seats_taken"] == taken
            assert site.client(1, person).get(f"/attendees/{attendee}").body["status"] == "registered"
        assert set(site.read(site.replica)) == {"position"}
    finally:
        site.on(site.replica, "SELECT pg_wal_replay_resume()")
    site.until_the_replica_is_read()
    assert site.client(1).get(f"/events/{event}").body["seats_taken"] == 5


@pytest.mark.parametrize("commit", ["on", "off"])
def test_no_count_of_seats_is_older_than_the_request(site, commit):
    """Who has just been let in asks the other server, and so does somebody who was told of it."""
    site.on(site.primary, f"ALTER SYSTEM SET synchronous_commit = {commit}")
    site.on(site.primary, "SELECT pg_reload_conf()")
    event, told, lock, late = site.new_event(), [0], threading.Lock(), []

    def look(client):
        known = told[0]
        seen = client.get(f"/events/{event}").body["seats_taken"]
        if seen < known:
            late.append((seen, known))

    def register(people, server):
        for person in people:
            answer = site.client(server, person).post("/attendees/", {"event_id": event})
            assert answer.status == 201, answer
            with lock:
                told[0] += 1
            look(site.client(1 - server, person))

    def watch():
        client = site.client(1)
        while told[0] < 120:
            look(client)

    site.until_the_replica_is_read()
    site.watch()
    with ThreadPoolExecutor(6) as threads:
        done = [threads.submit(register, PEOPLE[30 * n : 30 * n + 30], n % 2) for n in range(4)]
        done += [threads.submit(watch) for _ in range(2)]
        for one in done:
            one.result()
    assert late == []
    assert site.client(0).get(f"/events/{event}").body["seats_taken"] == 120
    site.until_the_replica_is_read()  # which, on a busy machine, may not have kept up with the storm


# What becomes of a replica -------------------------------------------------------------------------------------------


def asked_all_the_while(site, trouble):
    """The statuses of both servers' answers to who keeps asking while `trouble` is done, and a while longer."""
    event, over, statuses = site.new_event(), threading.Event(), Counter()

    def ask(server):
        client = site.client(server)
        while not over.is_set():
            statuses[client.get(f"/events/{event}").status] += 1
            statuses[client.get("/events/").status] += 1

    with ThreadPoolExecutor(4) as threads:
        done = [threads.submit(ask, n % 2) for n in range(4)]
        try:
            trouble()
            before = sum(statuses.values())
            until(lambda: sum(statuses.values()) > before + 40)
        finally:
            over.set()
        for one in done:
            one.result()
    return set(statuses)


def test_a_replica_that_dies_is_done_without_until_it_is_back(site):
    assert asked_all_the_while(site, site.replica.kill) == {200}
    assert asked_all_the_while(site, site.replica.start) == {200}
    site.until_the_replica_is_read()


def test_a_replica_that_hangs_is_done_without_until_it_is_back(site):
    stopped = []
    try:
        assert asked_all_the_while(site, lambda: stopped.extend(site.replica.freeze())) == {200}
    finally:
        site.replica.thaw(stopped)
    site.until_the_replica_is_read()


def test_connections_that_the_replica_cuts_again_and_again_are_nobodys_trouble(site):
    def cut():
        for _ in range(20):
            site.on(site.replica, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ''")

    assert asked_all_the_while(site, cut) == {200}
    site.until_the_replica_is_read()


def test_a_page_that_the_replica_refuses_is_read_from_the_primary(site, databases):
    """It has caught up, and fails when the page is read: here, since this server looks for the tables elsewhere."""
    home, primary, replica = databases
    event = site.new_event()
    url = f"{replica.url}&options=-csearch_path%3Dpg_catalog"
    with gunicorn(home / "refused", DATABASE_URL=primary.url, DATABASE_REPLICA_URL=url) as server:
        client = Client(server, user_id=OLGA)

        def is_refused():
            site.watch()
            answer = client.get(f"/events/{event}")
            assert (answer.status, answer.body["event_id"]) == (200, event)
            return site.read(site.replica) == ["position", "events_event"]

        until(is_refused)
    assert site.read(site.primary) == ["accounts_user", "events_event"]


def test_what_is_no_replica_of_this_database_is_not_read(site, databases):
    """Another database on the replica's server; and a server that is no standby (any more), as the primary itself."""
    home, primary, replica = databases
    event = site.new_event()
    for name, url in (("another", replica.url.replace("/postgres?", "/template1?")), ("itself", primary.url)):
        with gunicorn(home / name, DATABASE_URL=primary.url, DATABASE_REPLICA_URL=url) as server:
            answer = Client(server, user_id=OLGA).get(f"/events/{event}")
            assert (answer.status, answer.body["event_id"]) == (200, event)
            log = (home / name / "log").read_text()
            assert "The replica is not read from: DATABASE_REPLICA_URL is no replica" in log
