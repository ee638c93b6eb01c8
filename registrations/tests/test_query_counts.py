"""How many statements a request makes: the same with one row and with three, and few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checkin.services.checkpoints import entrance_of
from eventhub.testing.factories import QuestionFactory

pytestmark = pytest.mark.django_db


def statements(client, verb, path, body=None):
    with CaptureQueriesContext(connection) as captured:
        answer = client.send(verb, path, body)
    assert answer.status_code < 400, answer.json()
    return [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]


LISTS = {
    # the account; the rows with all that their bodies show
    "/users/": 2,
    "/events/": 2,
    "/attendees/": 2,
    # also whose they are
    "/users/{olga}/events": 3,
    "/events/{event}/attendees": 3,
}
ITEMS = {
    "/users/me": 1,
    "/users/{olga}": 2,
    "/users/{olga}/organizer": 2,
    "/events/{event}": 2,
    "/events/{event}/registration": 2,
    "/attendees/{attendee}": 2,
}


@pytest.fixture
def world(olga, ada, make_event, enroll, person):
    """Rows of every kind: `grow()` makes a set, and the paths' names are of the first."""

    class World:
        def __init__(self):
            self.event = make_event(olga)
            self.attendee = enroll(self.event)

        def grow(self):
            for n in range(2):
                enroll(make_event(person(f"organizer{n}", role="organizer")))
                enroll(self.event)
                make_event(olga)

        def path(self, template):
            return template.format(olga=olga.pk, event=self.event.pk, attendee=self.attendee.pk)

    return World()


@pytest.mark.parametrize(("template", "count"), LISTS.items())
def test_a_list_makes_as_many_statements_for_three_rows_as_for_one(api, ada, world, template, count):
    path = world.path(template)
    assert len(statements(api(ada), "GET", path)) == count
    world.grow()
    assert len(statements(api(ada), "GET", path)) == count
    assert len(api(ada).get(path).json()["results"]) >= 3


@pytest.mark.parametrize(("template", "count"), ITEMS.items())
def test_an_item(api, ada, world, template, count):
    assert len(statements(api(ada), "GET", world.path(template))) == count


def test_registering_takes_the_account_the_event_and_one_insert(api, bob, world):
    made = statements(api(bob), "POST", "/attendees/", {"event_id": world.event.pk})
    assert [sql.split()[0] for sql in made] == ["SELECT", "SELECT", "INSERT"]


def test_registering_with_questions_reads_them_and_writes_the_answers(api, bob, world):
    question = QuestionFactory(event=world.event, required="yes")
    body = {"event_id": world.event.pk, "answers": {str(question.pk): "Nuts"}}
    made = statements(api(bob), "POST", "/attendees/", body)
    assert [sql.split()[0] for sql in made] == ["SELECT", "SELECT", "SELECT", "INSERT", "INSERT"]


def test_a_refusal_takes_the_account_and_the_event(api, bob, olga, make_event):
    event = make_event(olga, full=True)
    client = api(bob)
    with CaptureQueriesContext(connection) as captured:
        assert client.post("/attendees/", {"event_id": event.pk}).status_code == 409
    assert len(captured) == 2


def test_cancelling_with_a_queue_behind_it(api, bob, olga, make_event, enroll):
    """The account; the registration; it again, with its event, locked; the change; the next one seated."""
    event = make_event(olga, max_capacity=1)
    row = enroll(event, bob)
    enroll(event, status="waitlisted")
    made = statements(api(bob), "PATCH", f"/attendees/{row.pk}", {"status": "cancelled"})
    assert [sql.split()[0] for sql in made] == ["SELECT", "SELECT", "SELECT", "UPDATE", "UPDATE"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("was", "to"), [("registered", "attended"), ("attended", "registered")])
def test_a_check_in_locks_no_event(api, olga, world, enroll, was, to):
    """The account; the registration with its event; the change; entrance, presence and log of the doors."""
    entrance_of(world.event.pk)
    row = enroll(world.event, status=was)
    made = statements(api(olga), "PATCH", f"/attendees/{row.pk}", {"status": to})
    follows = {"attended": ["SELECT", "INSERT", "INSERT"], "registered": ["SELECT", "INSERT", "SELECT", "INSERT"]}
    assert [sql.split()[0] for sql in made] == ["SELECT", "SELECT", "UPDATE", *follows[to], "COMMIT"]
    row.refresh_from_db()
    assert (row.status, row.status_by) == (to, olga)
