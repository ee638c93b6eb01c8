"""The questions of an event as a form that browsers send."""

import pytest
from django.utils import translation
from django.utils.datastructures import MultiValueDict

from registrations.forms.questions import QuestionsForm
from registrations.models import Question

pytestmark = [pytest.mark.once, pytest.mark.django_db]
OPTIONS = [{"id": 1, "text": "Vegan"}, {"id": 2, "text": "Fish"}, {"id": 3, "text": "Meat", "archived": True}]


def ask(kind, pk=1, **values):
    return Question(pk=pk, text=f"Question {pk}", type=kind, options=OPTIONS, **values)


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        ("text", "Ada", "Ada"),
        ("long_text", "One\r\nTwo", "One\nTwo"),
        ("number", "3", 3),
        ("number", "2.5", 2.5),
        ("date", "2030-05-01", "2030-05-01"),
        ("yes_no", "true", True),
        ("yes_no", "false", False),
        ("choice", "2", 2),
        ("choices", "1", [1]),
        ("email", "ada@example.org", "ada@example.org"),
        ("phone", "+49 30 123456", "+49 30 123456"),
        ("url", "https://example.org/", "https://example.org/"),
        ("country", "DE", "DE"),
        ("consent", "on", True),
    ],
)
def test_what_a_browser_sends_is_an_answer_and_an_answer_is_what_it_shows(kind, sent, value):
    question = ask(kind)
    form = QuestionsForm(MultiValueDict({"answers.1": [sent]}), questions=[question])
    assert (form.is_valid(), form.answers) == (True, {"1": value})
    again = QuestionsForm(questions=[question], answers=form.answers)
    assert sent.replace("\r\n", "\n").partition("\n")[0] in str(again) or "checked" in str(again)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [("number", "many"), ("date", "tomorrow"), ("choice", "3"), ("choice", "x"), ("choices", "9"), ("country", "XX")],
)
def test_what_no_browser_sends_is_an_error_beside_its_question(kind, sent):
    form = QuestionsForm({"answers.1": [sent] if kind == "choices" else sent}, questions=[ask(kind)])
    assert (form.is_valid(), list(form.errors)) == (False, ["answers.1"])


def test_an_organizer_may_leave_open_what_people_must_answer():
    asked = [ask("text", required="yes")]
    form = QuestionsForm({}, questions=asked)
    assert (form.is_valid(), form.errors) == (False, {"answers.1": ["This question needs an answer."]})
    form = QuestionsForm({}, questions=asked, for_organizer=True)
    assert (form.is_valid(), form.answers, form.given()) == (True, {}, {"1": None})


def test_a_question_that_depends_on_another_says_so_in_the_language_of_the_page():
    asked = [ask("yes_no"), ask("text", 2, show_if={"question_id": 1, "is": [True]})]
    form = QuestionsForm({"answers.1": "false", "answers.2": "Hidden"}, questions=asked)
    assert (form.is_valid(), form.answers) == (True, {"1": False})
    assert [row[1:] for row in form.rows()] == [("", "[]"), ("answers.1", '["true"]')]
    with translation.override("de"):
        assert "Nur wenn die Antwort auf „Question 1“ „Ja“ ist." in str(QuestionsForm(questions=asked))


def test_a_closed_answer_stays_and_an_archived_option_for_whom_has_it():
    asked = [ask("choice"), ask("text", 2)]
    sent = {"answers.1": "1", "answers.2": "New"}
    form = QuestionsForm(sent, questions=asked, answers={"1": 3, "2": "Old"}, closed={1}, notes={1: "It is <closed>."})
    assert (form.is_valid(), form.answers) == (True, {"1": 3, "2": "New"})
    assert form.given() == {"2": "New"}
    assert [field.disabled for field in form.fields.values()] == [True, False]
    assert (str(form).count("disabled"), str(form).count("<p>It is &lt;closed&gt;.</p>")) == (3, 1)
    assert "Meat" in str(form)
    assert "Meat" not in str(QuestionsForm(questions=asked))


def test_texts_of_organizers_are_text():
    shown = str(QuestionsForm(questions=[ask("text", help="<script>\n&")]))
    assert "&lt;script&gt;<br>&amp;" in shown
