"""Random questions, answers and edits: what is accepted is readable for ever, and nothing unasked is stored."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventhub.exceptions import Refusal
from eventhub.testing.factories import EventFactory, QuestionFactory, RegistrationFactory, UserFactory
from registrations.models import Answers, Question, QuestionType
from registrations.selectors.answers import answers_shown
from registrations.services import answers, question_edits, questions
from registrations.services.answer_texts import answer_text

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.once]

option_lists = st.lists(st.fixed_dictionaries({"text": st.sampled_from(["Fish", "Vegan", "Soup", "fish"])}), max_size=3)
conditions = st.fixed_dictionaries(
    {"question_id": st.integers(0, 3), "is": st.lists(st.sampled_from([1, 2, 3, True, False]), min_size=1, max_size=2)}
)
types = st.sampled_from([QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.YES_NO]) | st.sampled_from(
    QuestionType
)
fields = {
    "required": st.sampled_from(["no", "yes", "at_door"]),
    "options": option_lists,
    "min": st.none() | st.integers(-1, 3),
    "max": st.none() | st.integers(-1, 3),
    "show_if": st.none() | conditions,
    "archived": st.booleans(),
}
schemas = st.fixed_dictionaries({"text": st.sampled_from(["?", "Diet?"]), "type": types}, optional=fields)
# Mostly of one field: of several, one is nearly always refused.
changes = st.one_of(
    *[st.fixed_dictionaries({"options": option_lists.filter(bool)})] * 4,
    *(st.fixed_dictionaries({name: field}) for name, field in {"type": types, **fields}.items()),
    schemas,
)
chosen = st.integers(1, 2)
plain = st.none() | st.booleans() | st.integers(-2, 4) | st.floats(allow_nan=True) | st.text(max_size=5)
likely = st.sampled_from(["2027-05-01", "DE", "a@example.org", "+49 30", "https://example.org", [1, 2], [2], 3, True])
values = (
    chosen
    | st.lists(chosen, min_size=1, max_size=2)
    | plain
    | likely
    | st.lists(plain, max_size=3)
    | st.dictionaries(st.text(max_size=2), plain, max_size=2)
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), schemas),
        st.tuples(st.just("change"), st.integers(0, 3), changes),
        st.tuples(st.just("delete"), st.integers(0, 3)),
        st.tuples(st.just("order"), st.permutations(range(4))),
        *[st.tuples(st.just("answer"), st.integers(0, 3), values)] * 2,
    ),
    min_size=8,
    max_size=16,
)


class History:
    """An event with one person, to whom steps are done. Questions are named by their place among all."""

    def __init__(self):
        self.olga = UserFactory(organizer=True)
        self.row = RegistrationFactory(event=EventFactory(organizer=self.olga))
        self.event = self.row.event
        for kind in (QuestionType.CHOICE, QuestionType.CHOICES):
            QuestionFactory(event=self.event, type=kind, texts=["Fish", "Vegan"])

    def known(self):
        return list(Question.objects.filter(event=self.event).order_by("pk"))

    def named(self, place):
        known = self.known()
        return known[place % len(known)] if known else None

    def schema(self, schema):
        if not schema.get("show_if"):
            return schema
        deciding = self.named(schema["show_if"]["question_id"])
        return schema | {"show_if": {**schema["show_if"], "question_id": deciding.pk if deciding else 7}}

    def do(self, kind, *details):
        question = self.named(details[0]) if kind in ("change", "delete", "answer") else None
        match kind:
            case "ask":
                question_edits.create_question(event=self.event, values=self.schema(details[0]), by=self.olga)
            case "change" if question:
                question_edits.update_question(question=question, values=self.schema(details[1]), by=self.olga)
            case "delete" if question:
                question_edits.delete_question(question=question, by=self.olga)
            case "order":
                ids = [each.pk for each in self.known() if not each.archived]
                ordered = [ids[place] for place in details[0] if place < len(ids)]
                question_edits.order_questions(event=self.event, ids=ordered, by=self.olga)
            case "answer" if question:
                answers.save(registration=self.row, given={str(question.pk): details[1]}, by=self.row.user)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_is_edited_answers_stay_readable_and_fit(done):
    history, before = History(), {}
    for step in done:
        asked = questions.questions_of(history.event)
        with suppress(Refusal):
            history.do(*step)
        held = Answers.objects.filter(registration=history.row).first()
        known = {str(question.pk): question for question in history.known()}
        stored = held.answers if held else {}
        if step[0] == "answer":  # nothing that was not asked then has got a new answer
            shown = {str(each.pk) for each in asked if questions.is_shown(each, stored)}
            assert {key for key, value in stored.items() if before.get(key) != value} <= shown
        else:
            assert stored == before
        assert all(answer_text(known[key], value) for key, value in stored.items())
        readable = answers_shown(history.row, history.olga).body()["readable"]
        assert {str(line["question_id"]) for line in readable} == stored.keys()
        if held:
            assert held.complete == (not questions.unanswered(questions.questions_of(history.event), stored))
        history.event.refresh_from_db()
        assert history.event.asks_questions == any(not each.archived for each in known.values())
        before = stored
