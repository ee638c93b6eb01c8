"""The API of gate tokens: making, listing and revoking them, what one says of itself, and all that it does not open."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.urls import get_resolver
from django.utils import timezone

from accounts.services import api_tokens
from checkin.models import Checkpoint, GateToken
from checkin.services import gate_tokens
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.responses import BAD_TOKEN, DONE, NO_EVENT, NOT_ALLOWED, invalid, refusal, whole

pytestmark = pytest.mark.django_db

NO_CHECKPOINT = refusal(404, "Checkpoint not found", "not_found")
NO_GATE_TOKEN = refusal(404, "Gate token not found", "not_found")
OVER = refusal(409, "This event is over", "event_over")
TOO_MANY = refusal(409, "This event has the maximum number of gate tokens. Revoke one first", "too_many_gate_tokens")
LACKS_SCOPE = refusal(403, "This token lacks the scope for this", "insufficient_scope")
WANTED = {"name": "Paula's phone", "may": ["search"]}


def z(moment):
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture
def event(make_event, olga):
    return make_event(olga)


@pytest.fixture
def path(event):
    return f"/events/{event.pk}/gate-tokens/"


@pytest.fixture
def gate(event, olga):
    """Makes a token past the API and returns a client with it."""

    def make(**values):
        made = gate_tokens.create_token(event=values.pop("event", event), by=olga, **{"name": "Door", **values})
        return ContractClient(made.secret)

    return make


# Making one ----------------------------------------------------------------------------------------------------------


def test_a_token_is_made_and_shown_once(api, olga, event, path, settings, caplog):
    with time_machine.travel(timezone.now(), tick=False), caplog.at_level(logging.INFO, "eventhub.security"):
        answer = api(olga).post(path, WANTED)
        now = timezone.now()
    row = GateToken.objects.get()
    secret = answer.json()["token"]
    body = {
        "gate_token_id": row.pk,
        "name": "Paula's phone",
        "checkpoint_id": None,
        "may": ["search"],
        "created_at": z(now),
        "expires_at": z(event.ends + timedelta(hours=24)),
        "revoked_at": None,
        "last_used_at": None,
    }
    url = f"{settings.PUBLIC_URL}/scan/#{secret}"
    assert whole(answer) == (201, {**body, "token": secret, "url": url})
    assert (row.event, row.created_by, row.expires_at) == (event, olga, None)
    assert secret not in str(GateToken.objects.values().get())
    assert whole(api(olga).get(path)) == (200, {"next": None, "previous": None, "results": [body]})
    assert [(record.message, record.facts) for record in caplog.records] == [
        ("gate_token_made", {"by": olga.pk, "event_id": event.pk, "gate_token_id": row.pk, "may": "search"})
    ]


def test_it_may_be_for_one_checkpoint_and_end_before_the_event_does(api, olga, event, path):
    dinner = Checkpoint.objects.create(event=event, name="Dinner")
    until = timezone.now().replace(microsecond=0) + timedelta(hours=3)
    wanted = {"name": "Dinner", "checkpoint_id": dinner.pk, "may": [], "expires_at": z(until)}
    made = api(olga).post(path, wanted).json()
    assert {name: made[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"name": ""}, {"name": "This field may not be blank."}),
        ({"name": "x" * 81}, {"name": "Ensure this field has no more than 80 characters."}),
        ({"may": ["scan"]}, {"may": {"0": ['"scan" is not a valid choice.']}}),
        ({"checkpoint_id": "x"}, {"checkpoint_id": "A valid integer is required."}),
        ({"expires_at": "2001-01-01"}, {"expires_at": "Choose a time from now until 24 hours after the event."}),
        ({"expires_at": "2999-01-01"}, {"expires_at": "Choose a time from now until 24 hours after the event."}),
    ],
)
def test_a_wrong_body_makes_none(api, olga, path, change, errors):
    answer = api(olga).post(path, {**WANTED, **change})
    status, body = whole(answer)
    assert (status, list(body["errors"])) == (400, list(errors))
    if isinstance(next(iter(errors.values())), str):
        assert (status, body) == invalid(**errors)
    assert not GateToken.objects.exists()


def test_a_checkpoint_of_another_event_is_not_found(api, olga, make_event, path):
    other = Checkpoint.objects.create(event=make_event(olga), name="Dinner")
    for checkpoint_id in (other.pk, 2**63):
        assert whole(api(olga).post(path, {**WANTED, "checkpoint_id": checkpoint_id})) == NO_CHECKPOINT


def test_an_event_has_fifty_that_have_not_ended(api, olga, event, path):
    now = timezone.now()
    ended = [{"expires_at": now - timedelta(1)}, {"revoked_at": now}, {"created_by": None}]
    values = [*({"expires_at": None} for _ in range(49)), *ended]
    GateToken.objects.bulk_create(
        GateToken(**{"event": event, "created_by": olga, "name": "Door", "digest": str(number), **more})
        for number, more in enumerate(values)
    )
    assert [api(olga).post(path, WANTED).status_code, whole(api(olga).post(path, WANTED))] == [201, TOO_MANY]


def test_an_event_that_is_over_gets_none(api, olga, event, path):
    with time_machine.travel(event.ends + timedelta(hours=24)):
        assert whole(api(olga).post(path, WANTED)) == OVER


# Whose they are ------------------------------------------------------------------------------------------------------


def test_they_are_of_who_runs_the_event(api, olga, otto, ada, bob, event, path):
    api(olga).post(path, WANTED)
    one = f"/gate-tokens/{GateToken.objects.get().pk}"
    for other in (otto, bob):
        assert [whole(api(other).send(verb, at)) for verb, at in (("GET", path), ("DELETE", one))] == [NOT_ALLOWED] * 2
        assert whole(api(other).post(path, WANTED)) == NOT_ALLOWED
    assert api(ada).get(path).json()["results"][0]["name"] == "Paula's phone"
    service = ContractClient(api_tokens.create_token(owner=olga, name="x", scopes=["checkin:write"]).secret)
    assert [whole(service.send(verb, at)) for verb, at in (("GET", path), ("DELETE", one))] == [LACKS_SCOPE] * 2


def test_those_of_a_draft_are_as_hidden_as_it_is(api, olga, bob, make_event, gate):
    draft = make_event(olga, status="draft")
    gate(event=draft)
    assert whole(api(bob).get(f"/events/{draft.pk}/gate-tokens/")) == NO_EVENT
    assert whole(api(bob).delete(f"/gate-tokens/{GateToken.objects.get().pk}")) == NO_GATE_TOKEN


def test_a_revoked_one_stops_working_and_stays_in_the_list(api, olga, path, gate, caplog):
    client = gate()
    assert client.get("/gate").status_code == 200
    row = GateToken.objects.get()
    with caplog.at_level(logging.INFO, "eventhub.security"):
        assert [whole(api(olga).delete(f"/gate-tokens/{row.pk}")) for _ in range(2)] == [DONE, DONE]
    assert whole(client.get("/gate")) == BAD_TOKEN
    revoked_at = api(olga).get(path).json()["results"][0]["revoked_at"]
    row.refresh_from_db()
    assert revoked_at == z(row.revoked_at)
    assert [record.message for record in caplog.records] == ["gate_token_revoked"]
    assert whole(api(olga).delete("/gate-tokens/0")) == NO_GATE_TOKEN


def test_its_text_is_in_no_log(olga, event, gate, caplog):
    with caplog.at_level(logging.DEBUG):
        made = gate_tokens.create_token(event=event, by=olga, name="Door")
        client = ContractClient(made.secret)
        for path in ("/gate", "/users/me", f"/events/{event.pk}/gate-tokens/"):
            client.get(path)
        gate_tokens.revoke_token(token=made.token, by=olga)
        client.get("/gate")
    assert (made.secret in caplog.text, made.secret in repr(made), made.secret in str(made.token)) == (False,) * 3


# What it says of itself ----------------------------------------------------------------------------------------------


def test_a_gate_learns_where_it_is(event, gate):
    client = gate(may=["force", "search"])
    with time_machine.travel(timezone.now(), tick=False):
        answer, now = client.get("/gate"), timezone.now()
    entrance = Checkpoint.objects.get()
    assert whole(answer) == (
        200,
        {
            "name": "Door",
            "expires_at": z(event.ends + timedelta(hours=24)),
            "may": ["search", "force"],
            "event": {
                "event_id": event.pk,
                "title": event.title,
                "date_time": z(event.date_time),
                "location": event.location,
                "status": event.status,
                "end_time": event.end_time and z(event.end_time),
                "time_zone": "UTC",
            },
            "checkpoint_id": None,
            "checkpoints": [
                {
                    "checkpoint_id": entrance.pk,
                    "name": "Entrance",
                    "is_entrance": True,
                    "reentry": "never",
                    "opens": None,
                    "closes": None,
                }
            ],
            "server_time": z(now),
        },
    )


def test_a_gate_of_one_checkpoint_sees_that_alone(event, gate):
    Checkpoint.objects.create(event=event, name="Lunch")
    dinner = Checkpoint.objects.create(event=event, name="Dinner")
    body = gate(checkpoint=dinner).get("/gate").json()
    assert (body["checkpoint_id"], [each["name"] for each in body["checkpoints"]]) == (dinner.pk, ["Dinner"])


def test_the_page_of_a_gate_is_for_nobody_with_an_account(api, olga, ada, bob):
    for user in (bob, olga, ada):
        assert whole(api(user).get("/gate")) == NOT_ALLOWED


def test_phones_do_not_use_up_the_organizers_requests(api, olga, event, gate, settings):
    settings.THROTTLE_GENERAL = "2/min"
    first, second = gate(), gate()
    assert [first.get("/gate").status_code for _ in range(3)] == [200, 200, 429]
    assert [second.get("/gate").status_code, api(olga).get("/users/me").status_code] == [200, 200]


# What it does not open -----------------------------------------------------------------------------------------------


def routes():
    """Each path and verb of the API, with the view behind it."""
    for pattern in get_resolver().url_patterns:
        view = getattr(pattern, "callback", None)
        for verb, action in getattr(view, "actions", {}).items():
            yield str(pattern.pattern), verb.upper(), view.cls, action


PRIVATE = [route for route in routes() if not route[2].public]


def test_a_gate_token_is_a_bad_token_everywhere_but_at_the_door(gate, event):
    client, odd = gate(may=["search", "force"]), {}
    for route, verb, view, action in PRIVATE:
        if action in view.gate_actions:
            continue
        path = "/" + route.replace("<int:pk>", str(event.pk)).replace("<int:message_id>", "1").replace(
            "<str:kind>", "reminder"
        )
        expected = LACKS_SCOPE if hasattr(view, "gate") else BAD_TOKEN
        answer = whole(client.send(verb, path, {}))
        if answer != expected:
            odd[verb, path] = answer
    assert (odd, len(PRIVATE) > 100) == ({}, True)


def test_the_operations_that_accept_one_are_these():
    assert {(view.resource, action) for _, _, view, action in PRIVATE if action in view.gate_actions} <= {
        *(("event", name) for name in ("scan", "scan_batch", "doors", "door_search", "walk_in", "bundle")),
        *(("event", "checkpoints"), ("checkpoint", "retrieve"), ("scan", "undo"), ("gate", "retrieve")),
    }


def test_a_gate_of_another_event_finds_nothing(make_event, olga, event, gate):
    other = gate(event=make_event(olga), may=["search", "force"])
    odd = {}
    for route, verb, view, action in PRIVATE:
        if action in view.gate_actions and view.resource == "event":
            answer = other.send(verb, "/" + route.replace("<int:pk>", str(event.pk)), {})
            if whole(answer) != NO_EVENT:
                odd[verb, route] = whole(answer)
    assert odd == {}
