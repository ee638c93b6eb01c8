"""Scans at the door by the API: what is let in, what is refused and why, and what the log says of it."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services import token_secrets
from checkin.models import Checkpoint, GateToken, Presence, Scan
from checkin.services import gate_tokens
from checkin.services.checkpoints import entrance_of
from checkin.services.ticket_codes import make_code
from checkin.services.tickets import reissue, ticket_of
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.responses import NO_EVENT, whole
from registrations.models import Answers, Question, Registration

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(make_event, olga):
    return make_event(olga, max_capacity=5)


@pytest.fixture
def seated(event, enroll, bob):
    return enroll(event, bob, name="Bob")


@pytest.fixture
def door(api, event, olga):
    """Scan as the organizer: `door(code=...)`; returns the status and the body."""

    def scan(**body):
        answer = api(olga).post(f"/events/{event.pk}/scans", body)
        return answer.status_code, answer.json()

    return scan


@pytest.fixture
def gate(event):
    """Make a client with a gate token: `gate(may_force=True)`."""

    def make(at=event, **rights):
        secret = token_secrets.new_secret(gate_tokens.PREFIX)
        digest, expires_at = token_secrets.digest_of(secret), at.ends + timedelta(days=1)
        whose = {"event": at, "created_by": at.organizer}
        GateToken.objects.create(digest=digest, name="Door 2", expires_at=expires_at, **whose, **rights)
        return ContractClient(secret)

    return make


def log(event):
    lines = Scan.objects.filter(event=event).order_by("pk")
    return list(lines.values_list("kind", "result", "registration_id", "by__username", "entries"))


def status_of(registration):
    return Registration.objects.get(pk=registration.pk).status


def code_of(registration):
    return ticket_of(registration).code


# Letting in -----------------------------------------------------------------------------------------------------------


def test_a_ticket_lets_its_person_in_once(door, event, seated, olga):
    status, body = door(code=code_of(seated), device="Phone 1")
    line = Scan.objects.get()
    assert status == 201
    assert {key: body[key] for key in ("scan_id", "kind", "result", "entries", "inside", "checkpoint_id")} == {
        "scan_id": line.pk,
        "kind": "in",
        "result": "admitted",
        "entries": 1,
        "inside": True,
        "checkpoint_id": entrance_of(event.pk).pk,
    }
    assert body["attendee"] == {"attendee_id": seated.pk, "name": "Bob", "status": "attended"}
    assert (line.device, line.through, line.offline, line.forced) == ("Phone 1", "api", False, False)
    status, body = door(code=code_of(seated).lower())
    assert (status, body["code"], body["checkpoint"], body["by"]) == (409, "already_in", "Entrance", "olga")
    assert body["attendee"]["name"] == "Bob"
    assert log(event) == [("in", "admitted", seated.pk, "olga", 1), ("in", "already_in", seated.pk, "olga", 0)]
    assert status_of(seated) == "attended"


def test_a_person_can_be_let_in_by_name(door, seated):
    assert door(attendee_id=seated.pk)[0] == 201
    assert status_of(seated) == "attended"


def test_check_says_what_would_be_and_moves_nobody(door, event, seated):
    status, body = door(code=code_of(seated), kind="check")
    assert (status, body["result"], body["inside"]) == (201, "valid", False)
    assert status_of(seated) == "registered"
    assert not Presence.objects.exists()


def test_who_leaves_can_come_back_where_the_rule_says_so(door, event, seated):
    Checkpoint.objects.filter(pk=entrance_of(event.pk).pk).update(reentry="after_exit")
    said = [door(code=code_of(seated), kind=kind) for kind in ("out", "in", "in", "out", "out", "in")]
    assert [body.get("result") or body["code"] for _, body in said] == [
        "not_inside",
        "admitted",
        "already_in",
        "left",
        "not_inside",
        "admitted",
    ]
    presence = Presence.objects.get()
    assert (presence.entries, presence.inside, presence.first_in < presence.last_out < presence.last_in) == (
        2,
        True,
        True,
    )


@pytest.mark.parametrize(("rule", "again"), [("never", 409), ("after_exit", 409), ("daily", 409), ("always", 201)])
def test_coming_again_goes_by_the_rule_of_the_checkpoint(door, event, seated, rule, again):
    meal = Checkpoint.objects.create(event=event, name="Dinner", reentry=rule)
    assert door(code=code_of(seated), checkpoint_id=meal.pk)[0] == 201
    assert door(code=code_of(seated), checkpoint_id=meal.pk)[0] == again
    assert status_of(seated) == "registered"  # a meal is no entrance
    Presence.objects.update(last_in=timezone.now() - timedelta(days=1))
    assert door(code=code_of(seated), checkpoint_id=meal.pk)[0] == (201 if rule in ("daily", "always") else 409)


# Refusing -------------------------------------------------------------------------------------------------------------


def test_every_refusal_has_its_code_and_is_noted(door, event, seated, enroll, make_event, otto, olga):
    elsewhere, waits = enroll(make_event(otto)), enroll(event, status="waitlisted")
    own = enroll(make_event(olga, title="Other"))
    old = code_of(seated)
    reissue(registration=seated, by=olga)
    said = [
        door(code="https://example.org"),
        door(code=make_code(elsewhere.pk, 0)),
        door(code=make_code(own.pk, 0)),
        door(code=old),
        door(code=make_code(waits.pk, 0)),
    ]
    assert [(status, body["code"]) for status, body in said] == [
        (404, "ticket_unknown"),
        (409, "wrong_event"),
        (409, "wrong_event"),
        (409, "ticket_revoked"),
        (409, "not_registered"),
    ]
    assert "event" not in said[1][1]
    assert (said[1][1]["attendee"], said[2][1]["attendee"]) == (None, None)
    assert said[2][1]["event"] == {"event_id": own.event_id, "title": "Other"}
    assert said[4][1]["status"] == "waitlisted"
    assert [line[1:3] for line in log(event)] == [
        ("ticket_unknown", None),
        ("wrong_event", None),
        ("wrong_event", None),
        ("ticket_revoked", seated.pk),
        ("not_registered", waits.pk),
    ]
    assert [body["scan_id"] for _, body in said] == list(Scan.objects.order_by("pk").values_list("pk", flat=True))


def test_nobody_is_let_in_before_or_after_a_checkpoint_is_open(door, event, seated):
    now = timezone.now()
    early = Checkpoint.objects.create(event=event, name="Early", opens=now + timedelta(hours=1))
    late = Checkpoint.objects.create(event=event, name="Late", closes=now - timedelta(hours=1))
    for checkpoint in (early, late):
        status, body = door(code=code_of(seated), checkpoint_id=checkpoint.pk)
        assert (status, body["code"]) == (409, "checkpoint_closed")
    assert status_of(seated) == "registered"


def test_who_was_in_and_got_the_seat_again_is_checked_in_by_the_next_scan(api, door, event, seated, olga):
    door(code=code_of(seated))
    for status in ("cancelled", "registered"):
        assert api(olga).patch(f"/attendees/{seated.pk}", {"status": status}).status_code == 200
    status, body = door(code=code_of(seated))
    assert (status, body["code"], body["attendee"]["status"]) == (409, "already_in", "attended")
    numbers = api(olga).get(f"/events/{event.pk}/doors").json()
    assert [numbers[key] for key in ("attended", "inside", "double_entries")] == [1, 1, 0]


def test_a_cancelled_event_lets_nobody_in(door, event, seated):
    type(event).objects.filter(pk=event.pk).update(status="cancelled")
    assert door(code=code_of(seated))[1]["code"] == "checkpoint_closed"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": "EH", "attendee_id": 1}, "code"),
        ({"code": "EH", "kind": "undo"}, "kind"),
        ({"code": "EH", "nonce": "x"}, "nonce"),
        ({"code": "EH", "device": "d" * 41}, "device"),
        ({"code": "x" * 1001}, "code"),
    ],
)
def test_a_bad_body_is_a_400(door, seated, body, field):
    status, said = door(**body)
    assert (status, said["code"], list(said["errors"])) == (400, "invalid", [field])
    assert not Scan.objects.exists()


def test_ids_of_other_events_are_not_found(door, event, enroll, make_event, otto, seated):
    other = enroll(make_event(otto))
    assert door(attendee_id=other.pk)[0] == 404
    assert door(attendee_id=0)[0] == 404
    assert door(code=code_of(seated), checkpoint_id=entrance_of(other.event_id).pk)[0] == 404
    assert door(code="?", checkpoint_id=2**63 - 1)[0] == 404
    assert not Scan.objects.exists()


def test_only_people_who_run_the_event_scan(api, event, seated, bob, otto, ada):
    path, body = f"/events/{event.pk}/scans", {"code": code_of(seated)}
    assert [api(who).post(path, body).status_code for who in (bob, otto, ada)] == [403, 403, 201]
    assert api(otto).post(path, {}).status_code == 403  # before the 400
    assert api().post(path, body).status_code == 401


# Nonces ---------------------------------------------------------------------------------------------------------------


def test_a_nonce_gets_the_first_answer_again(api, event, seated, olga):
    body = {"code": code_of(seated), "nonce": str(uuid.uuid4())}
    first, second = (api(olga).post(f"/events/{event.pk}/scans", body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.json() == second.json()
    assert Scan.objects.count() == 1


def test_a_nonce_of_a_refusal_gets_the_refusal_again(door, event, seated, enroll):
    waits = enroll(event, status="waitlisted")
    body = {"code": make_code(waits.pk, 0), "nonce": str(uuid.uuid4())}
    first, second = door(**body), door(**body)
    assert first == second
    assert first[0] == 409
    assert Scan.objects.count() == 1


def test_a_nonce_is_of_one_scan_and_of_one_event(door, event, seated, enroll, make_event, api, olga):
    nonce = str(uuid.uuid4())
    assert door(code=code_of(seated), nonce=nonce)[0] == 201
    assert door(attendee_id=enroll(event).pk, nonce=nonce)[1]["code"] == "nonce_reused"
    assert door(code=code_of(seated), kind="out", nonce=nonce)[1]["code"] == "nonce_reused"
    other = enroll(make_event(olga))
    assert (
        api(olga).post(f"/events/{other.event_id}/scans", {"attendee_id": other.pk, "nonce": nonce}).status_code == 201
    )
    assert Presence.objects.filter(registration=seated).values_list("inside", flat=True).get() is True


# In spite of a refusal ------------------------------------------------------------------------------------------------


def test_an_organizer_lets_people_in_who_are_refused(door, event, seated, olga):
    old = code_of(seated)
    reissue(registration=seated, by=olga)
    status, body = door(code=old, force=True)
    assert (status, body["result"]) == (201, "admitted")
    assert door(code=old, force=True)[1]["entries"] == 2
    lines = Scan.objects.order_by("pk").values_list("despite", "forced", "entries")
    assert list(lines) == [("ticket_revoked", True, 1), ("ticket_revoked", True, 2)]


def test_force_gives_a_free_seat_and_never_one_too_many(door, event, enroll):
    gone = enroll(event, status="cancelled")
    assert door(attendee_id=gone.pk, force=True)[0] == 201
    assert status_of(gone) == "attended"
    late = enroll(event, status="cancelled")
    for _ in range(4):
        enroll(event)
    status, body = door(attendee_id=late.pk, force=True)
    assert (status, body["code"]) == (409, "event_full")
    assert status_of(late) == "cancelled"
    event.refresh_from_db()
    assert event.seats_taken == 5
    assert not Presence.objects.filter(registration=late).exists()


def test_a_gate_forces_only_with_the_right_to(gate, event, enroll, door):
    gone = enroll(event, status="cancelled")
    body = {"attendee_id": gone.pk, "force": True}
    answer = gate(may_search=True).post(f"/events/{event.pk}/scans", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "force_not_allowed")
    assert gate(may_search=True, may_force=True).post(f"/events/{event.pk}/scans", body).status_code == 201
    lines = Scan.objects.order_by("pk").values_list("result", "gate__name", "despite", "entries")
    assert list(lines) == [
        ("force_not_allowed", "Door 2", "", 0),
        ("admitted", "Door 2", "not_registered", 1),
    ]


@pytest.mark.django_db(transaction=True)
def test_force_locks_no_event_for_those_who_may_not_scan(api, event, seated, otto):
    with CaptureQueriesContext(connection) as captured:
        answer = api(otto).post(f"/events/{event.pk}/scans", {"attendee_id": seated.pk, "force": True})
    assert answer.status_code == 403
    assert [each["sql"] for each in captured if "FOR NO KEY UPDATE" in each["sql"]] == []


# Other ways in, one log -----------------------------------------------------------------------------------------------


def test_a_check_in_by_status_is_in_the_log_of_the_doors(api, door, event, seated, olga):
    for status in ("attended", "registered", "attended"):
        assert api(olga).patch(f"/attendees/{seated.pk}", {"status": status}).status_code == 200
    assert log(event) == [
        ("in", "admitted", seated.pk, "olga", 1),
        ("undo", "undone", seated.pk, "olga", 0),
        ("in", "admitted", seated.pk, "olga", 1),
    ]
    assert door(code=code_of(seated))[1]["code"] == "already_in"


def test_who_was_checked_in_before_there_was_a_log_is_in_already(door, event, enroll, olga):
    earlier = enroll(event, status="attended")
    status, body = door(code=make_code(earlier.pk, 0))
    assert (status, body["code"]) == (409, "already_in")
    assert [line[:2] for line in log(event)] == [("in", "admitted"), ("in", "already_in")]
    first = Scan.objects.earliest("pk")
    assert first.at == Registration.objects.get(pk=earlier.pk).status_since
    assert Presence.objects.get().entries == 1


def test_who_was_checked_in_before_may_leave(door, event, enroll):
    earlier = enroll(event, status="attended")
    assert door(code=make_code(earlier.pk, 0), kind="out")[0] == 201


# Undoing --------------------------------------------------------------------------------------------------------------


def test_undoing_the_only_entry_makes_the_person_registered_again(api, door, event, seated, olga):
    scan_id = door(code=code_of(seated))[1]["scan_id"]
    answer = api(olga).post(f"/scans/{scan_id}/undo", {})
    assert (answer.status_code, answer.json()["result"], answer.json()["inside"]) == (200, "undone", False)
    assert status_of(seated) == "registered"
    assert api(olga).post(f"/scans/{scan_id}/undo", {}).json()["code"] == "undone_already"
    assert door(code=code_of(seated))[0] == 201
    assert Presence.objects.get().entries == 1


def test_undoing_a_second_entry_keeps_the_first(api, door, event, seated, olga):
    Checkpoint.objects.filter(pk=entrance_of(event.pk).pk).update(reentry="always")
    door(code=code_of(seated))
    second = door(code=code_of(seated))[1]["scan_id"]
    api(olga).post(f"/scans/{second}/undo", {})
    presence = Presence.objects.get()
    assert (presence.entries, presence.inside, status_of(seated)) == (1, True, "attended")


def test_what_moved_nobody_cannot_be_undone(api, door, seated, olga):
    scan_id = door(code="nothing")[1]["scan_id"]
    assert api(olga).post(f"/scans/{scan_id}/undo", {}).json()["code"] == "nothing_to_undo"


def test_a_gate_undoes_for_a_day(gate, api, door, event, seated, olga):
    scan_id = door(code=code_of(seated))[1]["scan_id"]
    Scan.objects.update(received_at=timezone.now() - timedelta(hours=25))
    assert gate().post(f"/scans/{scan_id}/undo", {}).json()["code"] == "too_late"
    assert api(olga).post(f"/scans/{scan_id}/undo", {}).status_code == 200


def test_an_undo_is_repeated_with_its_nonce(api, door, seated, olga):
    scan_id, body = door(code=code_of(seated))[1]["scan_id"], {"nonce": str(uuid.uuid4())}
    first, second = (api(olga).post(f"/scans/{scan_id}/undo", body) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"


def test_scans_of_other_events_are_not_found(api, door, gate, seated, make_event, otto):
    scan_id = door(code=code_of(seated))[1]["scan_id"]
    assert api(otto).post(f"/scans/{scan_id}/undo", {}).status_code == 403
    assert gate(at=make_event(otto)).post(f"/scans/{scan_id}/undo", {}).status_code == 404


# Gates ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def scans_of(event, seated):
    """Make the bodies of a scan and of a batch with it, which let somebody in."""

    def bodies(**body):
        at = timezone.now().isoformat()
        one = {"nonce": str(uuid.uuid4()), **(body or {"code": code_of(seated)})}
        return [("scans", one), ("scans/batch", {"scans": [{**one, "nonce": str(uuid.uuid4()), "at": at}]})]

    return bodies


def test_a_gate_lets_nobody_in_at_another_event_of_its_organizer(gate, make_event, event, olga, scans_of):
    elsewhere = gate(at=make_event(olga), may_search=True, may_force=True)
    for path, body in [*scans_of(), ("walk-ins", {"name": "Ada"})]:
        assert whole(elsewhere.post(f"/events/{event.pk}/{path}", body)) == NO_EVENT
    assert not Scan.objects.exists()


def test_a_gate_of_a_checkpoint_scans_and_undoes_there_alone(gate, door, event, seated, scans_of):
    dinner = Checkpoint.objects.create(event=event, name="Dinner")
    client, entrance = gate(checkpoint=dinner), entrance_of(event.pk)
    for path, body in scans_of(code=code_of(seated), checkpoint_id=entrance.pk):
        client.post(f"/events/{event.pk}/{path}", body)
    assert set(Scan.objects.values_list("checkpoint", flat=True)) == {dinner.pk}
    scan_id = door(code=code_of(seated))[1]["scan_id"]
    assert client.post(f"/scans/{scan_id}/undo", {}).status_code == 404
    assert gate().post(f"/scans/{scan_id}/undo", {}).status_code == 200


def test_a_gate_that_may_not_search_lets_nobody_in_by_id(gate, event, seated, scans_of):
    (one, body), (batch, bodies) = scans_of(attendee_id=seated.pk)
    assert gate().post(f"/events/{event.pk}/{one}", body).json()["code"] == "insufficient_scope"
    bodies["scans"].append({"name": "Ada", "nonce": str(uuid.uuid4()), "at": timezone.now().isoformat()})
    results = gate().post(f"/events/{event.pk}/{batch}", bodies).json()["results"]
    assert [each["result"] for each in results] == ["insufficient_scope"] * 2
    assert not Scan.objects.exists()
    assert gate(may_search=True).post(f"/events/{event.pk}/{one}", body).status_code == 201


# Walk-ins -------------------------------------------------------------------------------------------------------------


def test_a_walk_in_gets_a_seat_by_name(api, event, olga):
    body = {"name": "Ada", "nonce": str(uuid.uuid4())}
    first, second = (api(olga).post(f"/events/{event.pk}/walk-ins", body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.json()["attendee"] == {
        "attendee_id": Registration.objects.get().pk,
        "name": "Ada",
        "status": "attended",
    }
    event.refresh_from_db()
    assert event.seats_taken == 1


def test_a_walk_in_who_took_the_last_seat_gets_the_first_answer_again(api, make_event, olga):
    event, body = make_event(olga, max_capacity=1), {"name": "Ada", "nonce": str(uuid.uuid4())}
    answers = [api(olga).post(f"/events/{event.pk}/walk-ins", body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    body["name"] = "Bo"
    assert api(olga).post(f"/events/{event.pk}/walk-ins", body).json()["code"] == "nonce_reused"


def test_a_walk_in_gets_no_seat_where_none_is_free(api, make_event, olga):
    event = make_event(olga, full=True)
    answer = api(olga).post(f"/events/{event.pk}/walk-ins", {"name": "Ada"})
    assert (answer.status_code, answer.json()["code"]) == (409, "event_full")
    assert not Scan.objects.exists()
    assert api(olga).post(f"/events/{event.pk}/walk-ins", {"name": " "}).status_code == 400


def test_a_gate_of_another_checkpoint_adds_nobody(gate, event):
    dinner = Checkpoint.objects.create(event=event, name="Dinner")
    answers = [
        gate(may_search=True, checkpoint=place).post(f"/events/{event.pk}/walk-ins", {"name": "Ada"})
        for place in (dinner, entrance_of(event.pk))
    ]
    assert [answer.status_code for answer in answers] == [403, 201]
    assert answers[0].json()["code"] == "insufficient_scope"


# Statements -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_scan_takes_four_statements_and_a_first_entry_five(gate, event, seated):
    client, path, body = gate(), f"/events/{event.pk}/scans", {"code": code_of(seated)}
    entrance_of(event.pk)
    client.post(path, {"code": "warm up"})
    meal = Checkpoint.objects.create(event=event, name="Dinner", reentry="always")

    def statements(**more):
        with CaptureQueriesContext(connection) as captured:
            assert client.post(path, {**body, **more}).status_code == 201
        return len([each for each in captured if each["sql"].split()[0] not in ("BEGIN", "COMMIT")])

    assert statements() == 5
    assert statements(checkpoint_id=meal.pk) == 4
    assert statements(kind="out") == 4
    assert whole(client.post(path, {"code": "EH"}))[0] == 404


# Questions ------------------------------------------------------------------------------------------------------------


def test_the_door_hears_what_to_ask(api, olga, door, event, seated):
    with CaptureQueriesContext(connection) as without:
        assert "owes_answers" not in door(code=code_of(seated), kind="check")[1]
    event.asks_questions = True
    event.save()
    name, shirt = (
        Question.objects.create(event=event, text=text, required=required, place=place)
        for place, (text, required) in enumerate([("Badge name", "yes"), ("Shirt", "at_door")])
    )
    Question.objects.create(event=event, text="Anything else?", place=3)
    Answers.objects.create(registration=seated, answers={str(name.pk): "Bob"})
    with CaptureQueriesContext(connection) as asking:
        body = door(code=code_of(seated), nonce=(nonce := str(uuid.uuid4())))[1]
    assert body["owes_answers"] == [{"question_id": shirt.pk, "text": "Shirt"}]
    assert [query["sql"] for query in without if "registrations_question" in query["sql"]] == []
    assert len([query for query in asking if "registrations_question" in query["sql"]]) == 1
    assert door(code=code_of(seated), nonce=nonce)[1] == body
    walk_in = {"name": "Ada", "nonce": str(uuid.uuid4())}
    first, second = (api(olga).post(f"/events/{event.pk}/walk-ins", walk_in).json()["owes_answers"] for _ in range(2))
    assert [each["text"] for each in first] == [each["text"] for each in second] == ["Badge name", "Shirt"]
    Answers.objects.update(answers={str(name.pk): "Bob", str(shirt.pk): "M"})
    assert door(code=code_of(seated), kind="check")[1]["owes_answers"] == []
    assert "owes_answers" not in door(code=code_of(seated))[1]  # a refusal: already in
