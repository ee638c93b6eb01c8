"""Every field of every model is sent in every body, by everybody. What the document does not offer changes nothing: the
answer, and all that is in the database afterwards, is what the same request without it gives."""

import json
import re

import pytest

from accounts import signed_links
from accounts.services.jwt import issue_tokens
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import PASSWORD
from eventhub.tests.attacks.database_snapshot import changes, everything, hostile
from eventhub.tests.attacks.operations import OPERATIONS
from eventhub.tests.attacks.scene import IDS, Scene, undone

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

WRITES = [operation for operation in OPERATIONS if operation.verb != "GET"]
WHO = ("bob", "olga", "ada")
NEW_PASSWORD = "a new and long passphrase"


@pytest.fixture(scope="module")
def scene(module_rows):
    return Scene()


def body(operation, scene, who):
    """One that succeeds for somebody."""
    user = scene.people[who]
    refresh = {"refresh": issue_tokens(user, auth_time=0)["refresh"]}
    new = {"username": "new", "email": "new@example.org", "password": NEW_PASSWORD}
    bodies = {
        "POST /attendees/": {"event_id": IDS[3], "status": "waitlisted"},
        "POST /users/register": new,
        "POST /users/login": {"username": who, "password": PASSWORD},
        "POST /users/logout": refresh,
        "POST /users/token/refresh": refresh,
        "POST /users/password/reset": {"email": user.email},
        "POST /users/password/reset/confirm": {
            "token": signed_links.make_token(user, signed_links.RESET),
            "password": NEW_PASSWORD,
        },
        "POST /users/email/verify": {"token": signed_links.make_token(user, signed_links.VERIFICATION)},
        "POST /events/{id}/scans": {"attendee_id": IDS[0]},
        "POST /events/{id}/questions/order": {"ids": [IDS[0]]},
        "PUT /questions/{id}": {"text": "Diet?"},
        "PATCH /questions/{id}": {"text": "Diet?"},
        "PUT /attendees/{id}/answers": {"answers": {str(IDS[0]): "Milk"}},
        "PATCH /attendees/{id}/answers": {"answers": {str(IDS[0]): "Milk"}},
        "POST /team/accept": {"token": scene.invite(who)},
        "POST /tags/{id}/merge": {"into": IDS[1]},
        "POST /public/registrations/confirm": {"token": scene.ask_as_guest(who)},
        "PUT /users/{id}": {"username": "new"},
        "PATCH /users/{id}": {"username": "new"},
        "PUT /attendees/{id}": {"name": "New"},
        "PATCH /attendees/{id}": {"name": "New"},
    }
    example = operation.described.get("requestBody", {"content": {"application/json": {}}})["content"]
    return bodies.get(str(operation), example["application/json"].get("example", {}))


def path(operation, scene, who):
    of_their_own = {"users", "users/me/tokens", "users/me/calendar-feeds"}
    pk = scene.people[who].pk if operation.collection in of_their_own else IDS[0]
    return operation.path(pk)


def outline(answer):
    """A body without what every new row and every token has of its own."""
    own = r'"(\w+_id|\w+_at|at|\w+_until|nonce|registration_date|token|refresh|\w*url)": ?[^,}]+'
    return re.sub("EH0[0-9A-Z]{31}", "(a ticket)", re.sub(own, r'"\1"', answer.content.decode()))


@pytest.mark.parametrize("operation", WRITES, ids=str)
def test_what_the_document_does_not_offer_changes_nothing(scene, operation, django_capture_on_commit_callbacks):
    if str(operation) == "POST /attendees/{id}/confirm":
        scene.hold_a_seat()
    succeeded = set()
    for who in WHO:
        client = ContractClient(None if operation.is_public else scene.tokens[who])
        sent, before, results = body(operation, scene, who), everything(), []
        for turn in (None, 0, 1):
            more = hostile(IDS, turn) if turn is not None else {}
            unoffered = {name: value for name, value in more.items() if name not in operation.takes}
            with undone(django_capture_on_commit_callbacks):
                answer = client.generic(operation.verb, path(operation, scene, who), json.dumps({**unoffered, **sent}))
                results.append((answer.status_code, outline(answer), changes(before, everything())))
            succeeded.add(answer.status_code)
        assert results[1] == results[0]
        assert results[2] == results[0]
    assert operation.success in succeeded
