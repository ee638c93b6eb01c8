"""Answers after registering: changes, deadlines, coming back, and what is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from eventhub import audit
from eventhub.exceptions import Forbidden, Invalid
from eventhub.testing.factories import EventFactory, MembershipFactory, QuestionFactory, RegistrationFactory
from events.models import Event
from registrations.admin import history
from registrations.admin.forms import DetailsForm
from registrations.exceptions import AnswersClosed
from registrations.models import AnswerChange, Answers, Question, Registration
from registrations.selectors.open_answers import owing
from registrations.services import answers, questions, seats
from registrations.services.retention import anonymize

pytestmark = pytest.mark.django_db

PAST = timezone.now() - timedelta(hours=1)


@pytest.fixture
def event(olga):
    return EventFactory(organizer=olga)


@pytest.fixture
def mine(event, bob):
    return RegistrationFactory(event=event, user=bob)


def key(question):
    return str(question.pk)


def when(question, *values):
    return {"question_id": question.pk, "is": list(values)}


def test_a_change_keeps_the_rest_and_what_is_asked_no_more(event, mine, bob):
    old, first, second = QuestionFactory.create_batch(3, event=event)
    Answers.objects.create(registration=mine, answers={key(old): "a", key(first): "b"})
    Question.objects.filter(pk=old.pk).update(archived=True)
    kept = answers.save(registration=mine, given={key(second): "c"}, by=bob)
    assert kept.answers == {key(old): "a", key(first): "b", key(second): "c"}
    assert answers.save(registration=mine, given={key(first): None}, by=bob).answers == {
        key(old): "a",
        key(second): "c",
    }
    with pytest.raises(Invalid):
        answers.save(registration=mine, given={key(old): "new"}, by=bob)


def test_who_runs_the_event_may_leave_open_what_a_person_must_answer(event, mine, bob, olga, eve):
    question = QuestionFactory(event=event, required="yes")
    with pytest.raises(Invalid):
        answers.save(registration=mine, given={}, by=bob)
    assert not answers.save(registration=mine, given={}, by=olga).complete
    assert answers.save(registration=mine, given={key(question): "x"}, by=bob).complete
    with pytest.raises(Forbidden):
        answers.save(registration=mine, given={key(question): "y"}, by=eve)


@pytest.mark.parametrize(
    ("of_event", "of_question"), [({"edit_until": PAST}, {}), ({}, {"editable_until": PAST})], ids=["event", "question"]
)
def test_after_a_deadline_people_answer_only_what_they_owe(event, mine, bob, olga, of_event, of_question):
    question = QuestionFactory(event=event, required="yes", **of_question)
    Event.objects.filter(pk=event.pk).update(**of_event)
    answers.save(registration=mine, given={key(question): "a"}, by=bob)
    with pytest.raises(AnswersClosed) as refusal:
        answers.save(registration=mine, given={key(question): "b"}, by=bob)
    assert refusal.value.body == {
        "msg": "These answers can no longer be changed",
        "code": "answers_closed",
        "closed_since": PAST,
        "errors": {f"answers.{question.pk}": ["This can no longer be changed."]},
    }
    assert answers.save(registration=mine, given={key(question): "a"}, by=bob)
    assert answers.save(registration=mine, given={key(question): "c"}, by=olga).answers == {key(question): "c"}


@pytest.fixture
def eat_and_which(event):
    """Return a question and another that follows from answering it with yes."""
    eat = QuestionFactory(event=event, type="yes_no", place=1)
    return eat, QuestionFactory(event=event, show_if=when(eat, True), place=2)


def opens(mine):
    asked = questions.questions_of(mine.event)
    return answers.open_questions(mine, asked, answers.answers_of(mine).answers)


@pytest.mark.parametrize("stored", [None, False], ids=["owed", "no"])
def test_what_becomes_owed_with_an_answer_can_be_given_with_it(event, mine, bob, eat_and_which, stored):
    eat, which = eat_and_which
    owes = stored is None
    Question.objects.filter(pk=eat.pk).update(required="yes" if owes else "no")
    Question.objects.filter(pk=which.pk).update(required="yes", editable_until=PAST)
    deep = QuestionFactory(event=event, required="yes", show_if=when(eat, True), editable_until=PAST, place=3)
    if owes:
        Event.objects.filter(pk=event.pk).update(edit_until=PAST)
    else:
        answers.save(registration=mine, given={key(eat): False}, by=bob)
    mine.event.refresh_from_db()
    assert opens(mine) == [eat, which, deep]
    given = {key(eat): True, key(which): "Vegan", key(deep): "x"}
    assert answers.save(registration=mine, given=given, by=bob).answers == given
    assert opens(mine) == ([] if owes else [eat])


def test_what_cannot_be_asked_any_more_is_not_open(event, mine, bob, eat_and_which):
    eat, which = eat_and_which
    last = QuestionFactory(event=event, required="yes", show_if=when(eat, True), place=3)
    Question.objects.filter(pk=eat.pk).update(editable_until=PAST)
    assert opens(mine) == []
    Answers.objects.create(registration=mine, answers={key(eat): False})
    assert opens(mine) == []
    with pytest.raises(AnswersClosed):
        answers.save(registration=mine, given={key(eat): True, key(which): "Vegan", key(last): "x"}, by=bob)
    Answers.objects.update(answers={key(eat): True})
    assert opens(mine) == [which, last]


def test_a_closed_answer_is_not_deleted_with_the_one_it_depends_on(event, mine, bob, olga, eat_and_which):
    eat, which = eat_and_which
    Question.objects.filter(pk=eat.pk).update(required="yes")
    deep = QuestionFactory(event=event, type="yes_no", show_if=when(eat, True), place=3)
    deepest = QuestionFactory(event=event, show_if=when(deep, True), editable_until=PAST, place=4)
    given = {key(eat): True, key(which): "Vegan", key(deep): True, key(deepest): "x"}
    Answers.objects.create(registration=mine, answers=given)
    for change, beside in (({key(eat): False}, eat), ({key(deep): None}, deep)):
        with pytest.raises(AnswersClosed) as refusal:
            answers.save(registration=mine, given=change, by=bob)
        assert refusal.value.body == {
            "msg": "These answers can no longer be changed",
            "code": "answers_closed",
            "closed_since": PAST,
            "errors": {f"answers.{beside.pk}": ["Another answer depends on this one and can no longer be changed."]},
        }
    assert Answers.objects.get().answers == given
    kept = answers.save(registration=mine, given={key(which): None}, by=bob).answers
    assert kept == {name: value for name, value in given.items() if name != key(which)}
    assert answers.save(registration=mine, given={key(eat): False}, by=olga).answers == {key(eat): False}


def test_an_answer_that_edits_of_the_questions_hid_binds_nobody(event, mine, bob, eat_and_which):
    eat, which = eat_and_which
    size = QuestionFactory(event=event, place=3)
    Question.objects.filter(pk=which.pk).update(editable_until=PAST)
    Answers.objects.create(registration=mine, answers={key(eat): False, key(which): "Fish"})
    assert opens(mine) == [eat, size]
    assert answers.save(registration=mine, given={key(size): "L"}, by=bob).answers == {key(eat): False, key(size): "L"}


@pytest.mark.parametrize(
    ("values", "status"),
    [({"status": "cancelled"}, "registered"), ({}, "cancelled"), ({"status": "completed"}, "attended")],
)
def test_what_is_over_is_closed_to_people(event, mine, bob, values, status):
    question = QuestionFactory(event=event)
    Event.objects.filter(pk=event.pk).update(**values)
    Registration.objects.filter(pk=mine.pk).update(status=status)
    with pytest.raises(AnswersClosed):
        answers.save(registration=mine, given={key(question): "b"}, by=bob)


def test_who_comes_back_answers_what_is_asked_now(event, mine, bob, olga):
    question = QuestionFactory(event=event, required="yes")
    Registration.objects.filter(pk=mine.pk).update(status="cancelled")
    mine.refresh_from_db()
    with pytest.raises(Invalid) as refusal:
        seats.reinstate(registration=mine, by=bob)
    assert refusal.value.errors == {f"answers.{question.pk}": ["This question needs an answer."]}
    back = seats.update(registration=mine, by=bob, status="registered", answers={key(question): "x"})
    assert (back.status, Answers.objects.get().answers) == ("registered", {key(question): "x"})
    with pytest.raises(Invalid):
        seats.update(registration=back, by=bob, name="Bob", answers={key(question): "y"})
    seats.reinstate(registration=seats.cancel(registration=back, by=olga), by=olga)


def test_who_changed_an_answer_is_in_the_history_for_who_may_read_it(event, mine, bob, olga, eve):
    size = QuestionFactory(event=event, text="Size?", type="choice", options=[{"id": 1, "text": "M"}], personal=False)
    diet = QuestionFactory(event=event, text="Diet?")
    with audit.acting_through(audit.Channel.API, bob.pk):
        answers.save(registration=mine, given={key(size): 1, key(diet): "nuts" * 50 + "!"}, by=bob)
        answers.save(registration=mine, given={key(size): 1}, by=bob)
    Question.objects.filter(pk=size.pk).update(options=[])
    with audit.acting_through(audit.Channel.ADMIN, olga.pk):
        answers.save(registration=mine, given={key(diet): None}, by=olga)
    event.refresh_from_db()
    mine.event = event

    def seen(reader):
        entries = history.entries(mine, reader=reader)
        return [(entry.what, entry.by, entry.through) for entry in entries if "?" in entry.what]

    cut = "nuts" * 49 + "nut…"
    lines = [
        ("Size?: no answer → M", "the attendee", "through the API"),
        (f"Diet?: no answer → {cut}", "the attendee", "through the API"),
        (f"Diet?: {cut} → no answer", "you", "in the back office"),
    ]
    viewer = MembershipFactory(event=event, role="viewer").user
    assert (seen(olga), seen(viewer), seen(eve)) == (lines, [], [])
    anonymize(Registration.objects.filter(pk=mine.pk))
    mine.refresh_from_db()
    assert seen(olga) == [("Size?: no answer → M", "", "through the API")]


@pytest.mark.parametrize(
    ("name", "kept"), [("Eve Adams", {"M"}), ("BJÖRK  Guðmundsdottir.", {"M", "nuts"})], ids=["another", "corrected"]
)
def test_a_seat_that_is_passed_on_leaves_no_answers_about_a_person(event, bob, olga, name, kept):
    mine = RegistrationFactory(event=event, user=bob, name="Bjork Guðmundsdóttir")
    diet, size = QuestionFactory(event=event, required="yes"), QuestionFactory(event=event, personal=False)
    event.refresh_from_db()
    answers.save(registration=mine, given={key(diet): "nuts", key(size): "M"}, by=bob)
    seats.update(registration=mine, by=bob, name=name)
    found = Answers.objects.get()
    form = DetailsForm({}, instance=mine)
    assert form.fields["name"].help_text == "A new name passes the seat on: answers to personal questions are deleted."
    assert {*found.answers.values()} == kept == {*AnswerChange.objects.values_list("becomes", flat=True)}
    assert (found.complete, owing(Registration.objects.all()).exists()) == (len(kept) == 2, len(kept) == 1)


@pytest.mark.parametrize(
    ("former", "name", "is_same"),
    [
        ("दीपा", "दीपू", False),
        ("राम", "रमा", False),
        ("かぎ", "かき", False),
        ("Андрей", "Андреи", False),
        ("...", "!!", False),
        ("7", "7.", False),
        ("かぎ", "カギ", False),
        ("か\u3099き", "がき", True),
        ("दीपा", " दीपा.", True),
        ("Ἀλέξανδρος", "ΑΛΕΞΑΝΔΡΟΣ", True),
        ("İpek Groß", "ipek GROSS", True),
        ("...", "...", True),
    ],
)
def test_only_accents_of_latin_and_greek_letters_make_nobody_another(event, bob, former, name, is_same):
    mine, diet = RegistrationFactory(event=event, user=bob, name=former), QuestionFactory(event=event)
    Answers.objects.create(registration=mine, answers={key(diet): "nuts"})
    changed = seats.update(registration=mine, by=bob, name=name)
    assert (changed.lost_answers, bool(Answers.objects.get().answers)) == (not is_same, is_same)


@pytest.mark.parametrize("pass_on", [True, False], ids=["passed on", "anonymized"])
def test_what_only_a_personal_answer_makes_one_asked_goes_with_it(event, mine, bob, pass_on):
    allergic = QuestionFactory(event=event, type="yes_no")
    menu = QuestionFactory(event=event, type="yes_no", personal=False, show_if=when(allergic, True))
    size = QuestionFactory(event=event, personal=False, show_if=when(menu, True), archived=True)
    vegan = QuestionFactory(event=event, type="yes_no", personal=False, required="yes")
    QuestionFactory(event=event, personal=False, show_if=when(vegan, True), required="yes")
    given = {key(allergic): True, key(menu): True, key(vegan): False}
    answers.save(registration=mine, given=given, by=bob)
    Answers.objects.update(answers={**given, key(size): "L"})
    AnswerChange.objects.create(registration=mine, question=size, becomes="L", at=PAST, through="api")
    if pass_on:
        seats.update(registration=mine, by=bob, name="Eve Adams")
    else:
        anonymize(Registration.objects.filter(pk=mine.pk))
    found = Answers.objects.get()
    assert (found.answers, found.complete) == ({key(vegan): False}, True)
    assert [change.question for change in AnswerChange.objects.all()] == [vegan]


def test_personal_answers_go_with_the_name(event, mine):
    personal, size = QuestionFactory(event=event), QuestionFactory(event=event, personal=False)
    Answers.objects.create(registration=mine, answers={key(personal): "nuts", key(size): "M", "987654": "gone"})
    other = Answers.objects.create(registration=RegistrationFactory(event=event), answers={key(personal): "eggs"})
    anonymize(Registration.objects.filter(pk=mine.pk))
    assert Answers.objects.get(registration=mine).answers == {key(size): "M"}
    other.refresh_from_db()
    assert other.answers == {key(personal): "eggs"}
