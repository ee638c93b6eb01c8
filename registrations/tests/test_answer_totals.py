"""How many gave each answer: in the API and in the back office."""

import pytest

from registrations.models import Answers, Question
from registrations.selectors.answer_totals import answer_totals

pytestmark = pytest.mark.django_db
FOOD = [{"id": 1, "text": "Vegan"}, {"id": 2, "text": "Fish"}, {"id": 3, "text": "Meat", "archived": True}]
HALLS = [{"id": 1, "text": "East"}, {"id": 2, "text": "West", "archived": True}]


@pytest.fixture
def event(olga, make_event, enroll):
    event = make_event(olga, asks_questions=True)
    facts = [("Food", "choices", FOOD), ("Hall", "choice", HALLS), ("Party?", "yes_no", []), ("Nights", "number", [])]
    facts += [("Why?", "text", []), ("From", "country", [])]
    food, hall, party, nights, why, home = (
        str(Question.objects.create(event=event, place=place, text=text, type=kind, options=options).pk)
        for place, (text, kind, options) in enumerate(facts)
    )
    given = [
        {food: [1, 2], hall: 1, party: True, nights: 2, why: "2", home: "DE"},
        {food: [1, 3], party: False, nights: 1.5, why: "true", home: "FR"},
        {party: True, nights: 2, home: "FR"},
    ]
    for answers in given:
        Answers.objects.create(registration=enroll(event), answers=answers)
    enroll(event)
    Answers.objects.create(registration=enroll(event, status="cancelled"), answers=given[0])
    other = make_event(olga, asks_questions=True)
    Answers.objects.create(registration=enroll(other), answers=given[0])
    return event


def test_the_answers_of_people_with_a_seat_are_counted(api, olga, event, django_assert_num_queries):
    body = api(olga).get(f"/events/{event.pk}/statistics").json()["answers"]
    assert [(each["text"], each["type"], each["answered"]) for each in body] == [
        ("Food", "choices", 2),
        ("Hall", "choice", 1),
        ("Party?", "yes_no", 3),
        ("Nights", "number", 3),
        ("From", "country", 2 + 1),
    ]
    assert [[tuple(total.values()) for total in each["totals"]] for each in body] == [
        [(1, "Vegan", 2), (2, "Fish", 1), (3, "Meat", 1)],
        [(1, "East", 1)],
        [(True, "Yes", 2), (False, "No", 1)],
        [],
        [("FR", "France", 2), ("DE", "Germany", 1)],
    ]
    assert [each["numbers"] for each in body] == [None, None, None, SUMS, None]
    with django_assert_num_queries(2):
        answer_totals(event)


SUMS = {"sum": 5.5, "mean": 1.83, "smallest": 1.5, "largest": 2.0}


def test_an_event_without_questions_costs_no_statement(olga, make_event, django_assert_num_queries):
    event = make_event(olga)
    with django_assert_num_queries(0):
        assert answer_totals(event) == []


def test_the_page_shows_them(office, olga, event):
    page = office(olga).get(f"/admin/registrations/registration/statistics/{event.pk}/").content.decode()
    assert [text in page for text in ("Answers of people with a seat", "<dt>Sum</dt>", "5.5", "Germany")] == [True] * 4
