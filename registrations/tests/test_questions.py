"""What questions accept as answers, and registering with answers."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventhub.exceptions import Invalid
from eventhub.testing.factories import QuestionFactory
from registrations.models import Answers, Question, Registration
from registrations.services import eligibility, question_edits, seats
from registrations.services.questions import check, unanswered

OPTIONS = [{"id": 1, "text": "Meat", "archived": True}, {"id": 2, "text": "Fish"}, {"id": 3, "text": "Vegan"}]


def ask(pk=1, **fields):
    return Question(pk=pk, text="?", **fields)


@pytest.mark.once
@pytest.mark.parametrize(
    ("fields", "given", "clean"),
    [
        ({"type": "text"}, "  Ada\u200b ", "Ada"),
        ({"type": "text"}, " ", None),
        ({"type": "long_text"}, "a\nb", "a\nb"),
        ({"type": "number"}, 3.0, 3),
        ({"type": "number", "min": 1}, "2.5", 2.5),
        ({"type": "date"}, "2027-05-01", "2027-05-01"),
        ({"type": "yes_no"}, False, False),
        ({"type": "yes_no"}, "Yes", True),
        ({"type": "choice", "options": OPTIONS}, 3, 3),
        ({"type": "choices", "options": OPTIONS}, [3, 2, 3], [2, 3]),
        ({"type": "choices", "options": OPTIONS, "min": 1}, [], None),
        ({"type": "email"}, "Ada@Example.org", "ada@example.org"),
        ({"type": "phone"}, "+49 (30) 12-34", "+49 (30) 12-34"),
        ({"type": "url"}, "https://example.org/a", "https://example.org/a"),
        ({"type": "country"}, "de", "DE"),
        ({"type": "consent", "required": "yes"}, True, True),
    ],
)
def test_an_answer_is_stored_in_the_form_of_its_type(fields, given, clean):
    stored = {} if clean is None else {"1": clean}
    assert check([ask(**fields)], {"1": given}, for_organizer=False) == (stored, {})


@pytest.mark.once
@pytest.mark.parametrize(
    ("fields", "given", "problem"),
    [
        ({"type": "text"}, 7, "Enter a text."),
        ({"type": "text"}, "a\nb", "Control characters are not allowed."),
        ({"type": "text"}, "x" * 256, "Enter at most 255 characters."),
        ({"type": "text", "min": 3}, "ab", "Enter at least 3 characters."),
        ({"type": "number"}, True, "Enter a number."),
        ({"type": "number"}, "1e9", "Enter a number."),
        ({"type": "number"}, 10**16, "This number is too large."),
        ({"type": "number", "max": 5}, 6, "Enter at most 5."),
        ({"type": "date"}, "2027-02-30", "Enter a date such as 2027-05-01."),
        ({"type": "date"}, "1027-02-03", "The year must be between 1900 and 2999."),
        ({"type": "yes_no"}, "perhaps", "Answer with true or false."),
        ({"type": "choice", "options": OPTIONS}, 1, "Choose one of the options."),
        ({"type": "choice", "options": OPTIONS}, "2", "Choose one of the options."),
        ({"type": "choices", "options": OPTIONS}, [2, 9], "Choose from the options."),
        ({"type": "choices", "options": OPTIONS}, [{}], "Choose from the options."),
        ({"type": "choices", "options": OPTIONS, "max": 1}, [2, 3], "Choose at most 1."),
        ({"type": "email"}, "ada", "Enter an email address."),
        ({"type": "phone"}, "call me", "Enter a phone number."),
        ({"type": "url"}, "javascript:alert(1)", "Enter a web address that begins with https:// or http://."),
        ({"type": "country"}, "Germany", "Enter a country's code of two letters, such as DE."),
        ({"type": "consent", "required": "yes"}, False, "You need to agree to this."),
        ({"required": "yes"}, None, "This question needs an answer."),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_under_its_question(fields, given, problem):
    assert check([ask(**fields)], {"1": given}, for_organizer=False)[1] == {"answers.1": [problem]}


@pytest.mark.once
def test_a_question_that_is_not_shown_has_no_answer_and_is_not_owed():
    diet = ask(1, type="choice", options=OPTIONS)
    which = ask(2, required="yes", show_if={"question_id": 1, "is": [3]})
    why = ask(3, required="yes", show_if={"question_id": 2, "is": ["x"]})
    asked = [diet, which, why]
    assert check(asked, {"1": 2, "2": "secret"}, for_organizer=False) == ({"1": 2}, {})
    assert unanswered(asked, {"1": 2}) == []
    assert unanswered(asked, {"1": 3}) == [which]
    assert list(check(asked, {"1": 3}, for_organizer=False)[1]) == ["answers.2"]


@pytest.mark.once
def test_what_stays_the_same_is_not_judged_again_but_what_is_new_is():
    question = ask(type="choice", options=OPTIONS, required="yes")
    assert check([question], {}, for_organizer=False, stored={"1": 1}) == ({"1": 1}, {})
    assert check([question], {"1": 1}, for_organizer=False, stored={"1": 2})[1] != {}
    assert check([question], {"1": None}, for_organizer=True, stored={"1": 2}) == ({}, {})


@pytest.mark.once
def test_unknown_questions_and_too_many_bytes_are_refused():
    assert check([], {"9": "x"}, for_organizer=True)[1] == {"answers.9": ["The event does not ask this."]}
    many = [ask(pk, type="long_text") for pk in range(1, 16)]
    given = {str(question.pk): "x" * 5000 for question in many}
    assert check(many, given, for_organizer=True)[1] == {"answers": ["The answers are too long."]}


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("enter", [seats.register, seats.join_queue])
def test_a_registration_and_its_answers_are_written_together(bob, olga, make_event, enter):
    event = make_event(olga)
    question = QuestionFactory(event=event, required="yes")

    def register(answers, by):
        found = eligibility.get_event_for_registration(event_id=event.pk, user_id=bob.pk, by=by)
        return enter(event=found, user=bob, by=by, answers=answers)

    with pytest.raises(Invalid) as refusal:
        register(None, bob)
    assert refusal.value.errors == {f"answers.{question.pk}": ["This question needs an answer."]}
    assert not Registration.objects.exists()
    with CaptureQueriesContext(connection) as captured:
        registration = register({str(question.pk): "Ada"}, bob)
    inserts = [query["sql"].split('"')[1] for query in captured if 'INSERT INTO "' in query["sql"]]
    assert inserts[-1] == "registrations_answers"
    kept = Answers.objects.get(registration=registration)
    assert (kept.answers, kept.complete) == ({str(question.pk): "Ada"}, True)
    registration.delete()
    assert not Answers.objects.get(registration=register(None, olga)).complete


@pytest.mark.django_db
def test_who_looked_before_a_question_was_added_is_asked_it(bob, olga, make_event):
    event = make_event(olga)
    stale = eligibility.get_event_for_registration(event_id=event.pk, user_id=bob.pk, by=bob)
    question_edits.create_question(event=event, values={"text": "?", "required": "yes"}, by=olga)
    with pytest.raises(Invalid):
        seats.register(event=stale, user=bob, by=bob)
    assert not Registration.objects.exists()
