import re

import pytest
from django.utils import translation

from eventhub import datetimes
from eventhub.form_errors import ENGLISH, GERMAN, in_active_language
from registrations.models import Question
from registrations.services import questions
from registrations.services.answer_texts import answer_from_text, answer_text
from registrations.services.answer_values import ENTER

pytestmark = pytest.mark.once
OPTIONS = [
    {"id": 1, "text": "Vegan", "archived": False},
    {"id": 2, "text": "Fish; no nuts", "archived": False},
    {"id": 3, "text": "Fish", "archived": True},
]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text", "Ada", "Ada"),
        ("number", 3, "3"),
        ("number", 2.5, "2.5"),
        ("date", "2030-05-01", "2030-05-01"),
        ("yes_no", True, "Yes"),
        ("yes_no", False, "No"),
        ("consent", True, "Yes"),
        ("choice", 2, "Fish; no nuts"),
        ("choice", 3, "Fish"),
        ("choices", [1, 2, 3], "Vegan; Fish; no nuts; Fish"),
        ("country", "DE", "Germany"),
    ],
)
def test_an_answer_comes_back_from_its_text(kind, value, text):
    question = Question(type=kind, text="?", options=OPTIONS)
    assert (answer_text(question, value), answer_from_text(question, text)) == (text, value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("yes_no", "Ja", True),
        ("country", "österreich", "AT"),
        ("yes_no", "perhaps", "perhaps"),
        ("number", "2,5", 2.5),
        ("number", "2e3", "2e3"),
        ("choice", "VEGAN", 1),
        ("choice", "Meat", "Meat"),
        ("choices", "vegan;meat", [1, "vegan;meat"]),
        ("country", "de", "DE"),
        ("country", "Atlantis", "ATLANTIS"),
    ],
)
def test_a_text_that_cannot_be_read_is_left_to_the_rules(kind, text, value):
    assert answer_from_text(Question(type=kind, text="?", options=OPTIONS), text) == value


def test_an_open_answer_and_an_option_that_is_gone_have_no_text():
    question = Question(type="choice", text="?", options=OPTIONS)
    assert (answer_text(question, None), answer_text(question, 9)) == ("", "")


def test_one_of_several_choices_has_a_text_of_its_own():
    assert answer_text(Question(type="choices", text="?", options=OPTIONS), 1) == "Vegan"


@pytest.mark.parametrize(
    "text",
    [
        *ENTER.values(),
        *(questions.NEEDED, questions.CONSENT_NEEDED, questions.UNKNOWN, questions.TOO_LONG),
        *(datetimes.OUT_OF_RANGE, datetimes.NOT_A_TIME, "This number is too large."),
        *("Enter at least 2 characters.", "Enter at most 255 characters.", "Enter at least -1.", "Enter at most 2.5."),
        *("Choose at least 2.", "Choose at most 3.", "Control characters are not allowed."),
    ],
)
def test_every_error_of_an_answer_has_german_words_with_its_numbers(text):
    with translation.override("de"):
        said = in_active_language(text)
    assert said != text
    assert "{" not in said
    numbers = [number for number in re.findall(r"-?[0-9.]*[0-9]", text) if text not in GERMAN]
    assert [number for number in numbers if number not in said] == []
    assert in_active_language(text) == ENGLISH.get(text, text)
