"""What a body hides is not to be had by asking otherwise: by filters, orders, searches, cursors, errors, or by how many
statements an answer takes."""

import os
import re
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.responses import whole
from eventhub.tests.attacks.database_snapshot import ours
from eventhub.tests.attacks.operations import PRIVATE
from eventhub.tests.attacks.scene import IDS, Scene, undone
from events.models import Event
from registrations.models import Registration

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

FUZZ = bool(os.environ.get("FUZZ"))
NOBODYS = IDS[-1] + 1
DRAFT = 1  # otto's, with a registration of bob's, by their places in the scene
LISTS = [operation for operation in PRIVATE if "page_size" in str(operation.described.get("parameters"))]
each_list = pytest.mark.parametrize("operation", LISTS, ids=str)
WHO = ("bob", "olga", "eve")


@pytest.fixture(scope="module")
def scene(module_rows):
    """In which whatever is of otto's draft says so, and whose the contact details are."""
    scene = Scene()
    Event.objects.filter(pk=IDS[DRAFT]).update(
        title="Hidden title", description="Hidden description", location="Hidden location"
    )
    Registration.objects.filter(event=IDS[DRAFT]).update(name="Hidden name", contact_details="Hidden contact")
    for row in Registration.objects.exclude(event=IDS[DRAFT]).select_related("user"):
        row.contact_details = f"secret of {row.user.username}"
        row.save()
    return scene


def path(operation, scene, who):
    """A list that they may see: of themselves, or of an event of theirs or anybody's."""
    return operation.path(scene.people[who].pk if operation.collection == "users" else IDS[0])


def parameters(operation):
    return {one["name"]: one["schema"] for one in operation.described["parameters"] if one["in"] == "query"}


# Lists ---------------------------------------------------------------------------------------------------------------


def questions(operation):
    """One of each kind, alone and in every order."""
    values = {
        "search": ["hidden", "hidden title", "Hidden contact", "secret", "example.org", "otto"],
        "organizer_id": [IDS[4]],
        "event_id": [IDS[DRAFT], IDS[3], IDS[5]],
        "user_id": IDS,
        "location": ["hidden", "h"],
        "date_from": ["2020-01-01"],
        "date_to": ["2900-01-01"],
    }
    known = parameters(operation)
    for name, schema in known.items():
        for value in schema.get("items", schema).get(
            "enum", values.get(name, ["true", "false"] if schema.get("type") == "boolean" else [])
        ):
            yield {name: value}
    for order in known["ordering"]["enum"]:
        for more in ({"page_size": 1}, {"search": "hidden"} if "search" in known else {}, {"status": "draft"}):
            yield {"ordering": order, **{name: value for name, value in more.items() if name in known}}


def pages(client, url):
    while url:
        answer = client.get(url)
        yield answer
        url = answer.json().get("next") and re.sub(r"^https?://[^/]+", "", answer.json()["next"])


@each_list
def test_no_list_shows_what_is_hidden(scene, operation):
    for who in WHO:
        client = ContractClient(scene.tokens[who])
        for question in ({}, *questions(operation)):
            for answer in pages(client, f"{path(operation, scene, who)}?{urlencode(question)}"):
                shown = str(answer.json().get("results", answer.json()))
                assert "Hidden" not in shown, question
                assert f"'event_id': {IDS[DRAFT]}," not in shown, question
                theirs = {"secret of bob", "secret of eve"} if who == "olga" else set()  # who come to events of hers
                assert set(re.findall(r"secret of \w+", shown)) <= {f"secret of {who}", *theirs}, question


def shared_out(texts, operation):
    """All lists refuse by the same code: each is asked its part of the texts, and all of them are asked once."""
    return sorted(texts)[LISTS.index(operation) :: 1 if FUZZ else len(LISTS)]


@each_list
def test_a_parameter_that_is_not_offered_is_refused(scene, operation):
    """Whatever it names, and however it would be compared."""
    names = {field.name for model in ours() for field in model._meta.get_fields()}
    fronts = ("", "user__", "organizer__", "event__", "event__organizer__")
    ends = ("", "__startswith", "__in", "__gt", "__isnull", "!")
    paths = {f"{front}{name}{end}" for name in names for front in fronts for end in ends}
    offered = parameters(operation)
    own = {f"{name}{end}" for name in ("status", "user", "email", "password", "organizer", "event") for end in ends}
    asked = [name for name in sorted({*shared_out(paths, operation), *own}) if name not in offered]
    for who in (*WHO, "ada"):
        client = ContractClient(scene.tokens[who])
        here = path(operation, scene, who)
        plain = whole(client.get(here))
        for n in range(0, len(asked), 50):
            some = asked[n : n + 50]
            status, body = whole(client.get(f"{here}?{'&'.join(f'{quote(name)}=a' for name in some)}"))
            assert (status, body) == plain if plain[0] != 200 else (status, [*body["errors"]]) == (400, some)


@each_list
def test_no_list_is_ordered_by_what_is_not_offered(scene, operation):
    names = {field.name for model in ours() for field in model._meta.get_fields()}
    paths = {f"{front}{name}" for name in names for front in ("", "-", "user__", "-organizer__", "event__organizer__")}
    paths = {*shared_out(paths, operation)}
    paths |= {"?", "-?", "user", "organizer.email", "password", "-password", "1", "user__password"}
    offered = parameters(operation)["ordering"]["enum"]
    client = ContractClient(scene.tokens["ada"])
    here = path(operation, scene, "ada")
    answers = {name: client.get(f"{here}?ordering={quote(name)}").status_code for name in paths - {*offered}}
    assert answers == dict.fromkeys(answers, 400)


# Items ---------------------------------------------------------------------------------------------------------------


def shape(queries):
    """Statements without the ids in them."""
    return [re.sub(r"\d+", "0", query["sql"]) for query in queries]


def asked(client, operation, pk, run_callbacks, body=None):
    with (
        undone(run_callbacks),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        answer = client.send(operation.verb, operation.path(pk), body)
    return whole(answer), shape(queries)


HIDING = [operation for operation in PRIVATE if operation.collection in {"events", "attendees", "users/me/tokens"}]


@pytest.mark.parametrize("operation", HIDING, ids=str)
def test_what_is_hidden_is_answered_as_what_is_not_there(scene, operation, django_capture_on_commit_callbacks):
    """The same words after the same statements: for a draft, a registration for one, and somebody else's token."""
    hidden = {"events": IDS[DRAFT], "attendees": IDS[DRAFT], "users/me/tokens": scene.people["otto"].pk}
    for who in WHO:
        client = ContractClient(scene.tokens[who])
        for body in (None, {}, {"status": "cancelled"}):
            there = asked(client, operation, hidden[operation.collection], django_capture_on_commit_callbacks, body)
            nowhere = asked(client, operation, NOBODYS, django_capture_on_commit_callbacks, body)
            assert there == nowhere
            assert there[0][0] == 404


@pytest.mark.parametrize("body", [{}, {"status": "waitlisted"}, {"name": ""}, {"name": "x" * 300}, {"status": "?"}])
def test_a_draft_that_one_wants_to_be_in_is_answered_as_none(scene, body, django_capture_on_commit_callbacks):
    (create,) = [operation for operation in PRIVATE if str(operation) == "POST /attendees/"]
    for who in ("olga", "eve"):  # bob is in it
        client = ContractClient(scene.tokens[who])
        there, nowhere = (
            asked(client, create, None, django_capture_on_commit_callbacks, {**body, "event_id": pk})
            for pk in (IDS[DRAFT], NOBODYS)
        )
        assert there == nowhere
        assert there[0][0] == 404


def test_of_a_foreign_registration_one_learns_that_its_id_exists(scene, django_capture_on_commit_callbacks):
    """Each of its verbs has one answer for all of them, whatever they are."""
    items = [operation for operation in PRIVATE if operation.template == "/attendees/{id}"]
    for who, user in scene.people.items():
        if user.role == Role.ADMIN:
            continue
        foreign = [
            row
            for row in scene.registrations
            if user not in (row.user, row.event.organizer)
            and row.event.status != "draft"
            and not row.event.memberships.filter(user=user).exists()
        ]
        client = ContractClient(scene.tokens[who])
        for operation in items:
            for body in ({}, {"status": "cancelled"}, {"event_id": 1}, {"name": ""}):
                answers = {
                    str(asked(client, operation, row.pk, django_capture_on_commit_callbacks, body)) for row in foreign
                }
                assert len(answers) == bool(foreign)
                assert "'permission_denied'" in "".join(answers)
