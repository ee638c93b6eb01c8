"""PgBouncer in transaction mode between two servers and one PostgreSQL: each statement may meet another connection."""

import json
import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from eventhub.testing.http_client import EVENT, OLGA, Client, load_people
from eventhub.testing.postgresql_clusters import (
    WITH_SERVERS_OF_ITS_OWN,
    Postgres,
    gunicorn,
    homes,
    pgbouncer,
    run_manage,
)

PEOPLE = range(2, 62)
SEATS = 25
# Not UTC: what the service says of a session's time zone has to reach every connection that it meets.
SETTINGS = ["fsync=off", "full_page_writes=off", "max_connections=20", "TimeZone=Asia/Tokyo"]

pytestmark = [
    pytest.mark.slow,
    *WITH_SERVERS_OF_ITS_OWN,
    pytest.mark.skipif(not shutil.which("pgbouncer"), reason="pgbouncer is not installed"),
]


@pytest.fixture(scope="module")
def site():
    """The variables of both servers, and their sockets. They share three connections to the database."""
    with homes() as home:
        database = Postgres(home / "database", SETTINGS)
        try:
            with pgbouncer(database.home, home / "pgbouncer", connections=3) as url:
                variables = {"DATABASE_URL": url, "DB_PGBOUNCER": "1"}
                run_manage("migrate", **variables)
                load_people(url, PEOPLE.stop)
                with gunicorn(home / "one", **variables) as one, gunicorn(home / "two", **variables) as two:
                    yield variables, [one, two]
        finally:
            database.stop()


def test_a_storm_through_both_servers_gives_each_seat_once(site):
    """Half of those who come leave again and come back, while others read."""
    variables, servers = site
    olga = Client(servers[0], user_id=OLGA)
    event = olga.post("/events/", {**EVENT, "max_capacity": SEATS}).body["event_id"]
    over, read = threading.Event(), Counter()

    def come(person):
        client, other = (Client(servers[(person + n) % 2], user_id=person) for n in range(2))
        answer = client.post("/attendees/", {"event_id": event, "status": "waitlisted"})
        if person % 2 and answer.status == 201:
            path = f"/attendees/{answer.body['attendee_id']}"
            assert other.send("PATCH", path, {"status": "cancelled"}).body["status"] == "cancelled"
            answer = client.send("PATCH", path, {"status": "waitlisted"})
        return answer.status

    def look(server):
        client = Client(servers[server], user_id=OLGA)
        while not over.is_set():
            page = client.get(f"/events/{event}/attendees")
            read[page.status] += 1
            assert page.body["results"] == [] or page.body["results"][0]["registration_date"].endswith("Z")

    with ThreadPoolExecutor(14) as threads:
        looking = [threads.submit(look, n) for n in range(2)]
        try:
            statuses = Counter(threads.map(come, PEOPLE))
        finally:
            over.set()
        for one in looking:
            one.result()
    assert (set(statuses), set(read)) == ({200, 201}, {200})
    found = olga.get(f"/events/{event}").body
    assert (found["seats_taken"], found["waitlisted"]) == (SEATS, len(PEOPLE) - SEATS)
    run_manage("check_seats", **variables)


def test_what_reads_many_rows_does_not_leave_a_cursor_behind(site):
    """`dumpdata` streams rows, as the choices of a form in the back office do."""
    variables, servers = site
    client = Client(servers[0], user_id=OLGA)
    with ThreadPoolExecutor(2) as threads:
        dumped = threads.submit(run_manage, "dumpdata", "accounts.user", **variables)
        while not dumped.done():
            assert client.get("/events/").status == 200
    names = {row["fields"]["username"] for row in json.loads(dumped.result())}
    assert names == {f"person-{n}" for n in range(1, PEOPLE.stop + 1)}
