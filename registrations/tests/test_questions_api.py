"""The API of questions and answers: who sees and changes what, and what a repeated request gets."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from eventhub.testing.factories import EventFactory, QuestionFactory, RegistrationFactory
from events.models import Event
from registrations.models import Answers, Question, Registration

pytestmark = pytest.mark.django_db

DIET = {"text": "Diet?", "type": "choice", "required": "yes", "options": [{"text": "Fish"}, {"text": "Vegan"}]}
OPTIONS = [{"id": 1, "text": "Fish", "archived": False}, {"id": 2, "text": "Vegan", "archived": False}]


@pytest.fixture
def event(olga):
    return EventFactory(organizer=olga)


@pytest.fixture
def diet(event):
    return QuestionFactory(event=event, type="choice", required="yes", texts=["Fish", "Vegan"])


def test_the_life_of_a_question(api, olga, bob, event):
    client, path = api(olga), f"/events/{event.pk}/questions/"
    made = client.post(path, DIET, headers={"Idempotency-Key": "a"})
    body = made.json()
    assert (made.status_code, body["options"], body["archived"]) == (201, OPTIONS, False)
    again = client.post(path, DIET, headers={"Idempotency-Key": "a"})
    assert (again.json(), again["Idempotent-Replayed"], Question.objects.count()) == (body, "true", 1)
    one = f"/questions/{body['question_id']}"
    assert api(bob).get(path).json()["results"] == [body] == [api(bob).get(one).json()]
    changed = client.patch(one, {"text": "Food?"}, headers={"If-Match": made["ETag"]})
    assert (changed.status_code, changed.json()["text"]) == (200, "Food?")
    assert client.patch(one, {"text": "Meal?"}, headers={"If-Match": made["ETag"]}).status_code == 412
    second = client.post(path, {"text": "Allergies?"}).json()["question_id"]
    order = f"/events/{event.pk}/questions/order"
    assert client.post(order, {"ids": [second, body["question_id"]]}).status_code == 204
    assert [each["question_id"] for each in client.get(path).json()["results"]] == [second, body["question_id"]]
    assert client.delete(one).status_code == 204
    assert client.get(one).json()["code"] == "not_found"


@pytest.mark.parametrize(
    "body", [None, [], {}, {**DIET, "options": [[]]}, {**DIET, "options": [{"id": [], "text": 1}]}]
)
def test_a_malformed_question_is_a_400(api, olga, event, body):
    answer = api(olga).post(f"/events/{event.pk}/questions/", body)
    assert (answer.status_code, answer.json()["code"] in ("invalid", "parse_error")) == (400, True)


@pytest.mark.parametrize("show_if", [7, {}, {"question_id": "x", "is": []}, {"question_id": 1, "is": [{}]}])
def test_a_malformed_condition_is_a_400(api, olga, event, show_if):
    answer = api(olga).post(f"/events/{event.pk}/questions/", {"text": "?", "show_if": show_if})
    assert answer.json()["errors"] == {"show_if": ['Send {"question_id": 4, "is": [...]}, or null.']}


def test_archived_questions_and_options_are_for_who_runs_the_event(api, olga, otto, bob, event, diet):
    Answers.objects.create(registration=RegistrationFactory(event=event), answers={str(diet.pk): 1})
    api(olga).patch(f"/questions/{diet.pk}", {"options": [OPTIONS[1]]})
    path = f"/events/{event.pk}/questions/"

    def options(user):
        return [[option["id"] for option in each["options"]] for each in api(user).get(path).json()["results"]]

    assert (options(olga), options(bob), options(otto)) == ([[2, 1]], [[2]], [[2]])
    api(olga).delete(f"/questions/{diet.pk}")
    assert (options(olga), options(bob)) == ([[2, 1]], [])
    assert api(bob).get(f"/questions/{diet.pk}").status_code == 404
    assert api(olga).get(f"/questions/{diet.pk}").json()["archived"]


def test_questions_of_a_draft_are_hidden_with_it(api, olga, bob, event, diet):
    Event.objects.filter(pk=event.pk).update(status="draft")
    for path in (f"/events/{event.pk}/questions/", f"/questions/{diet.pk}"):
        assert (api(bob).get(path).status_code, api(olga).get(path).status_code) == (404, 200)


def test_one_learns_beforehand_what_is_asked_and_registers_with_answers(api, bob, event, diet):
    client = api(bob)
    prospect = client.get(f"/events/{event.pk}/registration").json()
    assert [(each["question_id"], each["options"]) for each in prospect["questions"]] == [(diet.pk, OPTIONS)]
    refused = client.post("/attendees/", {"event_id": event.pk})
    assert (refused.status_code, refused.json()) == (
        400,
        {
            "msg": f"answers.{diet.pk}: This question needs an answer.",
            "code": "invalid",
            "errors": {f"answers.{diet.pk}": ["This question needs an answer."]},
        },
    )
    made = client.post("/attendees/", {"event_id": event.pk, "answers": {str(diet.pk): 2}})
    path = f"/attendees/{made.json()['attendee_id']}/answers"
    read = client.get(path)
    assert read.json() == {
        "attendee_id": made.json()["attendee_id"],
        "event_id": event.pk,
        "complete": True,
        "answers": {str(diet.pk): 2},
        "readable": [{"question_id": diet.pk, "question": diet.text, "answer": "Vegan"}],
        "updated_at": read.json()["updated_at"],
    }
    tag = {"If-Match": read["ETag"]}
    assert client.patch(path, {"answers": {str(diet.pk): 1}}, headers=tag).json()["answers"] == {str(diet.pk): 1}
    assert client.patch(path, {"answers": {str(diet.pk): 9}}, headers=tag).status_code == 400
    assert client.patch(path, {"answers": {str(diet.pk): 2}}, headers=tag).status_code == 412


def test_a_full_event_says_400_before_409_and_an_event_that_asks_nothing_takes_no_answers(api, bob, olga):
    full = EventFactory(organizer=olga, full=True)
    question = QuestionFactory(event=full, required="yes")
    client = api(bob)
    assert client.post("/attendees/", {"event_id": full.pk}).status_code == 400
    answers = {str(question.pk): "x"}
    assert client.post("/attendees/", {"event_id": full.pk, "answers": answers}).json()["code"] == "event_full"
    waiting = client.post("/attendees/", {"event_id": full.pk, "answers": answers, "status": "waitlisted"})
    assert (waiting.status_code, Answers.objects.get().answers) == (201, answers)
    silent = EventFactory(organizer=olga)
    assert client.post("/attendees/", {"event_id": silent.pk, "answers": {}}).status_code == 201
    refused = client.post("/attendees/", {"event_id": silent.pk, "answers": {"7": 1}})
    assert refused.json()["errors"] == {"answers.7": ["The event does not ask this."]}


def test_who_reads_answers(api, bob, eve, olga, otto, ada, event, diet):
    row = RegistrationFactory(event=event, user=bob)
    Answers.objects.create(registration=row, answers={str(diet.pk): 1})
    path = f"/attendees/{row.pk}/answers"
    assert [api(who).get(path).status_code for who in (bob, olga, ada, eve, otto)] == [200, 200, 200, 403, 403]
    assert [api(who).patch(path, {"answers": {}}).status_code for who in (bob, olga, eve, otto)] == [200, 200, 403, 403]


def test_a_deadline_without_an_offset_is_by_the_clock_of_the_event(api, olga):
    event = EventFactory(organizer=olga, time_zone="Europe/Berlin")
    client, body = api(olga), {"text": "Shirt?", "editable_until": "2031-05-03"}
    made = client.post(f"/events/{event.pk}/questions/", body).json()
    assert made["editable_until"] == "2031-05-03T21:59:59.999999Z"
    path, changed = f"/questions/{made['question_id']}", []
    for typed in ("2031-05-04", "2031-05-04T12:00:00", "2031-05-04T12:00:00Z"):
        changed.append(client.patch(path, {"editable_until": typed}).json()["editable_until"])
    assert changed == ["2031-05-04T21:59:59.999999Z", "2031-05-04T10:00:00Z", "2031-05-04T12:00:00Z"]
    refused = client.patch(path, {"editable_until": "soon"})
    assert (refused.status_code, [*refused.json()["errors"]]) == (400, ["editable_until"])


def test_after_the_deadline_a_person_gets_a_409_and_the_organizer_does_not(api, bob, olga, event):
    past = timezone.now() - timedelta(hours=1)
    question = QuestionFactory(event=event, editable_until=past)
    row = RegistrationFactory(event=event, user=bob)
    path, body = f"/attendees/{row.pk}/answers", {"answers": {str(question.pk): "x"}}
    refused = api(bob).patch(path, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "answers_closed")
    assert "closed_since" in refused.json()
    assert api(olga).patch(path, body).status_code == 200


def test_who_is_added_owes_answers_and_a_list_finds_them(api, bob, olga, event, diet):
    client = api(olga)
    added = client.post("/attendees/", {"event_id": event.pk, "email": "new@example.org", "name": "New"}).json()
    before = RegistrationFactory(event=event)  # as by one who came before the question
    path = f"/events/{event.pk}/attendees"
    api(bob).post("/attendees/", {"event_id": event.pk, "answers": {str(diet.pk): 2}})
    rows = client.get(f"{path}?answers=1&ordering=registration_date").json()["results"]
    assert {row["attendee_id"]: (row["answers"], row["answers_complete"]) for row in rows} == {
        added["attendee_id"]: ({}, False),
        before.pk: ({}, False),
        Registration.objects.get(user=bob).pk: ({str(diet.pk): 2}, True),
    }
    owing = client.get(f"{path}?answers_complete=false").json()["results"]
    assert {row["attendee_id"] for row in owing} == {added["attendee_id"], before.pk}
    assert "answers" not in owing[0]
    complete = client.get(f"{path}?answers_complete=true").json()["results"]
    assert [row["name"] for row in complete] == ["bob"]


def test_a_list_with_answers_takes_as_many_statements_for_many_as_for_few(api, olga, event, diet):
    client = api(olga)

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/events/{event.pk}/attendees?answers=1").status_code == 200
        return len(captured)

    def grow():
        Answers.objects.create(registration=RegistrationFactory(event=event), answers={str(diet.pk): 1})

    grow()
    few = count()
    grow()
    assert (few, count()) == (4, 4)


def test_coming_back_with_answers(api, bob, event, diet):
    row = RegistrationFactory(event=event, user=bob, cancelled=True)
    client = api(bob)
    assert client.patch(f"/attendees/{row.pk}", {"status": "registered"}).status_code == 400
    body = {"status": "registered", "answers": {str(diet.pk): 1}}
    assert client.patch(f"/attendees/{row.pk}", body).json()["status"] == "registered"
    assert client.patch(f"/attendees/{row.pk}", {"answers": {}}).json()["errors"] == {
        "answers": ["Send answers here only to register again."]
    }
