"""Changing what an event asks, when people have answered already."""

import pytest

from eventhub.exceptions import Invalid
from eventhub.testing.factories import EventFactory, QuestionFactory, RegistrationFactory
from events.models import Event
from registrations.exceptions import HasAnswers, QuestionInUse, TooManyQuestions
from registrations.models import Answers, Question
from registrations.services import question_edits as edits
from registrations.services.answers import refresh_complete

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(olga):
    return EventFactory(organizer=olga)


def answer(question, value):
    row = RegistrationFactory(event=question.event)
    return Answers.objects.create(registration=row, answers={str(question.pk): value})


def errors_of(call, **arguments):
    with pytest.raises(Invalid) as refusal:
        call(**arguments)
    return refusal.value.errors


def test_an_event_knows_whether_it_asks_and_its_history_what_changed(event, olga):
    question = edits.create_question(event=event, values={"text": "Diet?"}, by=olga)
    assert Event.objects.get().asks_questions
    edits.update_question(question=question, values={"text": "Your diet?"}, by=olga)
    assert not edits.delete_question(question=question, by=olga)
    assert not Event.objects.get().asks_questions
    reasons = event.history.exclude(history_change_reason=None).values_list("history_change_reason", flat=True)
    assert {*reasons} == {"Question “Diet?” added", "Question “Your diet?” changed", "Question “Your diet?” deleted"}


def test_what_is_answered_keeps_its_type_and_its_options(event, olga):
    question = QuestionFactory(event=event, type="choice", texts=["Fish", "Vegan"])
    answer(question, 1)
    with pytest.raises(HasAnswers):
        edits.update_question(question=question, values={"type": "text"}, by=olga)
    values = {"options": [{"text": "Soup"}, {"id": 2, "text": "Plants"}], "text": "Food?"}
    changed = edits.update_question(question=question, values=values, by=olga)
    assert changed.options == [
        {"id": 3, "text": "Soup", "archived": False},
        {"id": 2, "text": "Plants", "archived": False},
        {"id": 1, "text": "Fish", "archived": True},
    ]
    assert edits.delete_question(question=question, by=olga)
    assert (Question.objects.get().archived, Answers.objects.get().answers) == (True, {str(question.pk): 1})
    edits.update_question(question=question, values={"archived": False}, by=olga)
    assert Event.objects.get().asks_questions


def test_what_nobody_answered_may_become_anything(event, olga):
    question = QuestionFactory(event=event, type="choice", texts=["Fish", "Vegan"])
    changed = edits.update_question(question=question, values={"options": [{"text": "Soup"}]}, by=olga)
    assert changed.options == [{"id": 3, "text": "Soup", "archived": False}]
    changed = edits.update_question(question=question, values={"type": "number", "min": -1, "max": 3}, by=olga)
    assert (changed.type, changed.options) == ("number", [])
    changed = edits.update_question(question=question, values={"type": "date"}, by=olga)
    assert (changed.min, changed.max) == (None, None)


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({}, {"text": ["This field cannot be blank."]}),
        ({"text": "?", "help": "\0"}, {"non_field_errors": ["Null characters are not allowed."]}),
        ({"text": "?", "type": "choice"}, {"options": ["Add an option to choose."]}),
        ({"text": "?", "type": "choice", "options": 7}, {"options": ['Send a list such as [{"text": "Vegan"}].']}),
        (
            {"text": "?", "type": "choice", "options": [{"text": "a"}, {"text": "A"}]},
            {"options": ["Two options have the same text."]},
        ),
        (
            {"text": "?", "type": "choice", "options": [{"id": 4, "text": "a"}]},
            {"options": ["There is no option 4. Leave the id out for a new one."]},
        ),
        ({"text": "?", "options": [{"text": "a"}]}, {"options": ["Only questions to choose from have options."]}),
        (
            {"text": "?", "type": "date", "min": 1},
            {"min": ["Only numbers, texts and several choices have a lower and an upper bound."]},
        ),
        ({"text": "?", "min": -1}, {"min": ["This cannot be negative."]}),
        ({"text": "?", "min": 3, "max": 2}, {"max": ["The upper bound is below the lower one."]}),
        ({"text": "?", "show_if": {"is": [1]}}, {"show_if": ['Send {"question_id": 4, "is": [...]}, or null.']}),
        (
            {"text": "?", "show_if": {"question_id": 1, "is": [1]}},
            {"show_if": ["Choose a question that comes earlier."]},
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(event, olga, values, errors):
    assert errors_of(edits.create_question, event=event, values=values, by=olga) == errors
    assert not Question.objects.exists()


def test_a_question_depends_on_earlier_ones_and_on_what_can_be_answered(event, olga):
    text = QuestionFactory(event=event)
    diet = QuestionFactory(event=event, type="choice", texts=["Fish", "Vegan"])

    def depending(question, *answers):
        condition = {"question_id": question.pk, "is": [*answers]}
        return edits.create_question(event=event, values={"text": "?", "type": "yes_no", "show_if": condition}, by=olga)

    def problem(question, *answers):
        with pytest.raises(Invalid) as refusal:
            depending(question, *answers)
        return refusal.value.errors["show_if"][0]

    assert problem(text, 1) == "Choose a question with options, or one that is answered by yes or no."
    assert problem(diet, 3) == problem(diet, True) == "Choose among the answers to that question."
    first = depending(diet, 2)
    third = depending(depending(first, True), False)
    assert problem(third, True) == "At most 3 questions can depend on one another."
    for change in ({"archived": True}, {"type": "text"}, {"options": [{"id": 1}]}):
        with pytest.raises(QuestionInUse) as refusal:
            edits.update_question(question=diet, values=change, by=olga)
        assert refusal.value.extra == {"question_ids": [first.pk]}
    with pytest.raises(QuestionInUse):
        edits.delete_question(question=diet, by=olga)
    ids = [question.pk for question in Question.objects.all()]
    assert errors_of(edits.order_questions, event=event, ids=ids[1:], by=olga)["ids"][0].startswith("Name every")
    assert errors_of(edits.order_questions, event=event, ids=ids[::-1], by=olga)["ids"][0].endswith("depends on.")
    edits.order_questions(event=event, ids=[*ids[1:], text.pk], by=olga)
    assert [question.pk for question in Question.objects.all()] == [*ids[1:], text.pk]


def test_an_event_asks_at_most_50(event, olga):
    QuestionFactory.create_batch(50, event=event)
    with pytest.raises(TooManyQuestions):
        edits.create_question(event=event, values={"text": "?"}, by=olga)


def test_what_is_complete_follows_the_questions(event, olga):
    first = QuestionFactory(event=event, type="yes_no")
    held = answer(first, True)

    def is_complete():
        held.refresh_from_db()
        return held.complete

    second = edits.create_question(event=event, values={"text": "?", "required": "yes"}, by=olga)
    assert not is_complete()
    edits.update_question(question=second, values={"show_if": {"question_id": first.pk, "is": [False]}}, by=olga)
    assert is_complete()
    edits.update_question(question=second, values={"show_if": None, "required": "at_door"}, by=olga)
    assert is_complete()
    Answers.objects.update(complete=False)
    refresh_complete(event)
    assert is_complete()
