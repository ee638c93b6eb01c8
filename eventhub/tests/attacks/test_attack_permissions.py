"""THE permission table, over HTTP: every operation of the document, by everybody, at every row there is and at one
that there is not. What must come is computed from the table and from the order in which refusals win.

A new operation is in the document, and without a row of the table it fails here.
"""

import itertools

import pytest
from django.db.models import prefetch_related_objects

from accounts.permissions import SCOPES, TABLE, Scope
from accounts.services import api_tokens
from accounts.services.jwt import issue_tokens
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.responses import (
    BAD_TOKEN,
    NO_ATTENDEE,
    NO_EVENT,
    NO_FEED,
    NO_HEADER,
    NO_TOKEN,
    NO_USER,
    NOT_ALLOWED,
    invalid,
    refusal,
    whole,
)
from eventhub.tests.attacks.operations import PRIVATE
from eventhub.tests.attacks.scene import IDS, TEAM, Scene, undone

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

NOBODYS = IDS[-1] + 1
MISSING = {
    "users": NO_USER,
    "events": NO_EVENT,
    "attendees": NO_ATTENDEE,
    "users/me/tokens": NO_TOKEN,
    "users/me/calendar-feeds": NO_FEED,
    "gate-tokens": refusal(404, "Gate token not found", "not_found"),
    "checkpoints": refusal(404, "Checkpoint not found", "not_found"),
    "tags": refusal(404, "Tag not found", "not_found"),
    "series": refusal(404, "Series not found", "not_found"),
    "scans": refusal(404, "Scan not found", "not_found"),
    "team-members": refusal(404, "Member not found", "not_found"),
    "team-invitations": refusal(404, "Invitation not found", "not_found"),
    "questions": refusal(404, "Question not found", "not_found"),
}
# An operation that is let through does what it does, or says what is wrong with its body or its time.
LET_THROUGH = {400, 409, 410, 412, 422}

each_operation = pytest.mark.parametrize("operation", PRIVATE, ids=str)


@pytest.fixture(scope="module")
def scene(module_rows):
    scene = Scene()
    prefetch_related_objects(scene.events, "memberships__user")
    return scene


def rows(scene, collection):
    """What a path of that kind may name: each row, and a number that is nobody's."""
    if collection is None:
        return {None: None}
    kinds = {
        "users": scene.people.values(),
        "events": scene.events,
        "attendees": scene.registrations,
        "users/me/tokens": scene.service_tokens,
        "users/me/calendar-feeds": scene.calendar_feeds,
        "gate-tokens": scene.gate_tokens,
        "checkpoints": scene.checkpoints,
        "series": scene.series,
        "scans": scene.scans,
        "tags": scene.tags,
        "team-members": scene.memberships,
        "team-invitations": scene.invitations,
        "questions": scene.questions,
    }
    return {row.pk: row for row in kinds[collection]} | {NOBODYS: None}


def is_hidden(collection, row, user):
    """A draft from all but its organizer, its team and admins, and with it whatever concerns it. A token or a feed from
    all but its owner."""
    if collection in ("users/me/tokens", "users/me/calendar-feeds"):
        return row.user != user
    event = row if collection == "events" else getattr(row, "event", None)
    return event is not None and event.status == "draft" and not (user.is_admin or user in people_of(event))


def people_of(event):
    return {event.organizer, *(membership.user for membership in event.memberships.all())}


def refused(operation, user, row):
    """The refusal that must come, or None: the role's 403, the row's 404, the row's 403."""
    said_no = refusal(403, operation.rule.message, "permission_denied")
    if not operation.rule.allows(user, None):
        return said_no
    if operation.collection is None:
        return None
    if row is None or is_hidden(operation.collection, row, user):
        return MISSING[operation.collection]
    if operation.resource == "organizer" and not row.is_organizer:
        return NO_USER
    if not operation.rule.allows(user, row):
        return said_no
    if str(operation) == "DELETE /attendees/{id}" and row.status == "attended":
        return None if TABLE["attendee", "check_in"].allows(user, row) else NOT_ALLOWED
    return None


def body(operation, scene, who):
    if str(operation) == "POST /users/logout":
        return {"refresh": issue_tokens(scene.people[who], auth_time=0)["refresh"]}
    return {} if "requestBody" in operation.described else None


@each_operation
def test_everybody_may_what_the_table_says_and_nothing_else(scene, operation, django_capture_on_commit_callbacks):
    odd = {}
    for (who, user), (pk, row) in itertools.product(scene.people.items(), rows(scene, operation.collection).items()):
        expected = refused(operation, user, row) if user.is_active else BAD_TOKEN
        with undone(django_capture_on_commit_callbacks):
            client = ContractClient(scene.tokens[who])
            answer = client.send(operation.verb, operation.path(pk), body(operation, scene, who))
        if expected is not None and whole(answer) != expected:
            odd[who, pk] = (whole(answer), expected)
        if expected is None and answer.status_code not in {operation.success, *LET_THROUGH}:
            odd[who, pk] = whole(answer)
    assert odd == {}


@each_operation
def test_nobody_may_anything_without_signing_in(scene, operation):
    for pk in rows(scene, operation.collection):
        answer = ContractClient().send(operation.verb, operation.path(pk), body(operation, scene, "bob"))
        assert whole(answer) == NO_HEADER


def test_every_operation_has_a_row_in_the_table():
    assert [str(operation) for operation in PRIVATE if not operation.rule.who] == []


# Service tokens -------------------------------------------------------------------------------------------------------


def made_for(user, scopes):
    """A client with a token of theirs that was just made."""
    return ContractClient(api_tokens.create_token(owner=user, name="Calendar", scopes=scopes).secret)


@each_operation
def test_a_service_token_may_what_its_scope_names_and_its_owner_may(
    scene, operation, django_capture_on_commit_callbacks
):
    scope = SCOPES.get((operation.resource, operation.action))
    odd = {}
    for who in ("bob", "olga", "ada", *TEAM):
        user = scene.people[who]
        without = made_for(user, set(Scope) - {scope})
        within = made_for(user, {scope}) if scope else None
        for pk, answer_due in one_of_each(scene, operation, user):
            for client, expected in ((without, insufficient(scope)), (within, answer_due)):
                if client is None:
                    continue
                with undone(django_capture_on_commit_callbacks):
                    answer = client.send(operation.verb, operation.path(pk), body(operation, scene, who))
                through = expected is None and answer.status_code in {operation.success, *LET_THROUGH}
                if whole(answer) != expected and not through:
                    odd[who, pk] = (whole(answer), expected)
    assert odd == {}


def one_of_each(scene, operation, user):
    """A row for each refusal that the user may get, and one without, each with that refusal."""
    found = {}
    for pk, row in rows(scene, operation.collection).items():
        expected = refused(operation, user, row)
        found.setdefault(repr(expected), (pk, expected))
    return found.values()


def insufficient(scope):
    """The refusal to a token that was not made for what it takes."""
    named = {"scope": str(scope)} if scope else {}
    return refusal(403, "This token lacks the scope for this", "insufficient_scope", **named)


# Rows that a body names -----------------------------------------------------------------------------------------------


def registering(user, event, person):
    """The refusal to `user` who registers `person` for `event`, or None."""
    for_others = TABLE["attendee", "create_for_others"].allows
    if person != user and not for_others(user, None):
        return NOT_ALLOWED
    if event is None or is_hidden("events", event, user):
        return NO_EVENT
    if person != user and not for_others(user, event):
        return NOT_ALLOWED
    return NO_USER if person is None else None


def test_nobody_registers_others_but_who_runs_the_event(scene, django_capture_on_commit_callbacks):
    events, people = rows(scene, "events"), rows(scene, "users")
    odd = {}
    for (who, user), event_id, user_id in itertools.product(scene.people.items(), events, people):
        expected = registering(user, events[event_id], people[user_id]) if user.is_active else BAD_TOKEN
        body = {"event_id": event_id, "user_id": user_id}
        with undone(django_capture_on_commit_callbacks):
            answer = ContractClient(scene.tokens[who]).post("/attendees/", body)
        if whole(answer) != expected and not (expected is None and answer.status_code in {201, 409}):
            odd[who, event_id, user_id] = (whole(answer), expected)
    assert odd == {}


def giving(user, event, organizer_id, organizer):
    """The refusal to `user` who gives `event` to the organizer of that id, or None."""
    if event is None or is_hidden("events", event, user):
        return NO_EVENT
    if not TABLE["event", "update"].allows(user, event):
        return refusal(403, "Event not updated", "permission_denied")
    if organizer_id != event.organizer_id and not TABLE["event", "assign"].allows(user, event):
        return NOT_ALLOWED
    if organizer_id != event.organizer_id and (organizer is None or not organizer.is_organizer):
        return invalid(organizer_id="This user is not an organizer.")
    return None


def test_nobody_gives_an_event_away_but_an_admin(scene, django_capture_on_commit_callbacks):
    events, people = rows(scene, "events"), rows(scene, "users")
    odd = {}
    for (who, user), event_id, organizer_id in itertools.product(scene.people.items(), events, people):
        expected = giving(user, events[event_id], organizer_id, people[organizer_id]) if user.is_active else BAD_TOKEN
        with undone(django_capture_on_commit_callbacks):
            client = ContractClient(scene.tokens[who])
            answer = client.patch(f"/events/{event_id}", {"organizer_id": organizer_id})
        if whole(answer) != expected and not (expected is None and answer.status_code == 200):
            odd[who, event_id, organizer_id] = (whole(answer), expected)
    assert odd == {}
