"""The pages of the back office on which an organizer makes questions."""

import re
from datetime import UTC, datetime

import pytest

from registrations.models import Answers, Question

pytestmark = pytest.mark.django_db
OPTIONS = [{"id": 1, "text": "S", "archived": False}, {"id": 2, "text": "M", "archived": False}]
NEW = {"text": "Meal", "type": "choice", "options": "Vegan\n\n Fish ", "required": "yes", "personal": "on"}


@pytest.fixture
def event(olga, make_event):
    return make_event(olga)


@pytest.fixture
def url(event):
    return f"/admin/events/event/{event.pk}/questions/"


def values(question, *names):
    question.refresh_from_db()
    return {name: getattr(question, name) for name in names}


def test_a_question_is_added_on_the_page_of_the_event(office, olga, event, url):
    client = office(olga)
    assert url in client.get(f"/admin/events/event/{event.pk}/change/").content.decode()
    assert client.post(url, NEW).status_code == 302
    event.refresh_from_db()
    question = event.questions.get()
    assert (event.asks_questions, values(question, "text", "type", "required", "options", "personal")) == (
        True,
        {
            "text": "Meal",
            "type": "choice",
            "required": "yes",
            "options": [
                {"id": 1, "text": "Vegan", "archived": False},
                {"id": 2, "text": "Fish", "archived": False},
            ],
            "personal": True,
        },
    )


def test_questions_are_ordered_with_buttons(office, olga, event, url):
    ids = [Question.objects.create(event=event, text=text, place=place).pk for place, text in enumerate("abc")]
    client = office(olga)
    for move in (f"{ids[2]}:up", f"{ids[0]}:down", f"{ids[2]}:up", "x:up", "999999:down"):
        assert client.post(url, {"move": move}).status_code == 302
    assert [row.text for row in event.questions.all()] == ["c", "a", "b"]


def test_a_question_is_asked_only_after_some_answers(office, olga, event, url):
    first = Question.objects.create(event=event, text="Do you eat with us?", type="yes_no")
    other = Question.objects.create(event=event, text="Sure?", type="yes_no", place=1)
    client = office(olga)
    client.post(url, {**NEW, "show_if": [f"{first.pk}:true", f"{other.pk}:true"]})
    assert event.questions.count() == 2  # of two questions
    client.post(url, {**NEW, "show_if": [f"{first.pk}:true"]})
    assert event.questions.get(text="Meal").show_if == {"question_id": first.pk, "is": [True]}
    shown = client.get(f"{url}preview/").content.decode()
    assert "Only if “Do you eat with us?” is “Yes”." in shown


@pytest.mark.parametrize(
    ("is_correction", "options"),
    [
        (True, [(1, "Vegan food", False), (2, "Meat", False)]),
        (False, [(3, "Vegan food", False), (4, "Meat", False), (1, "Vegan", True), (2, "Fish", True)]),
    ],
)
def test_a_changed_line_is_a_correction_or_another_option(
    office, olga, bob, event, enroll, url, is_correction, options
):
    stored = [{"id": 1, "text": "Vegan", "archived": False}, {"id": 2, "text": "Fish", "archived": False}]
    question = Question.objects.create(event=event, text="Meal", type="choice", options=stored)
    Answers.objects.create(registration=enroll(event, bob), answers={str(question.pk): 1})
    changed = {**NEW, "options": "Vegan food\nMeat", **({"is_correction": "on"} if is_correction else {})}
    office(olga).post(f"{url}{question.pk}/", changed)
    question.refresh_from_db()
    assert [(each["id"], each["text"], each["archived"]) for each in question.options] == options


def test_a_question_with_answers_is_archived_and_one_without_is_deleted(office, olga, bob, event, enroll, url):
    asked = Question.objects.create(event=event, text="Why?")
    other = Question.objects.create(event=event, text="How?")
    Answers.objects.create(registration=enroll(event, bob), answers={str(asked.pk): "Because"})
    client = office(olga)
    for question in (asked, other):
        client.post(f"{url}{question.pk}/", {"archive": "yes"})
    assert [*Question.objects.values_list("text", "archived")] == [("Why?", True)]
    client.post(f"{url}{asked.pk}/", {"restore": "yes"})
    assert values(asked, "archived") == {"archived": False}


def test_the_preview_checks_and_stores_nothing(office, olga, event, url):
    question = Question.objects.create(event=event, text="How <many>?", type="number", min=1, required="yes")
    client = office(olga)
    said = [client.post(f"{url}preview/", {f"answers.{question.pk}": text}).content.decode() for text in ("", "0", "2")]
    assert ["This question needs an answer." in said[0], "Enter at least 1." in said[1]] == [True, True]
    assert "These answers would be accepted." in said[2]
    assert "How &lt;many&gt;?" in said[2]
    assert not Answers.objects.exists()


def test_nobody_else_reaches_the_questions(office, otto, event, url):
    assert [office(otto).get(url).status_code, office(otto).post(url, NEW).status_code] == [404, 404]
    assert not Question.objects.exists()


@pytest.fixture
def asking(event):
    event.asks_questions = True
    event.save()
    Question.objects.create(event=event, text="Badge name", required="yes")
    Question.objects.create(event=event, text="Shirt", type="choice", required="at_door", options=OPTIONS, place=1)
    return event


def test_answers_are_on_the_page_of_a_registration_and_can_be_changed(office, olga, bob, asking, enroll):
    row, (name, shirt) = enroll(asking, bob), asking.questions.all()
    client = office(olga)
    url = f"/admin/registrations/registration/{row.pk}/"
    assert client.get(f"{url}change/").content.decode().count("Still open") == 2
    client.post(f"{url}answers/", {f"answers.{shirt.pk}": "1"})  # the organizer may leave the name open
    stored = Answers.objects.get()
    assert (stored.answers, stored.complete) == ({str(shirt.pk): 1}, False)
    client.post(f"{url}answers/", {f"answers.{name.pk}": "B. Ob", f"answers.{shirt.pk}": ""})
    stored.refresh_from_db()
    assert (stored.answers, stored.complete) == ({str(name.pk): "B. Ob"}, True)
    assert "B. Ob" in client.get(f"{url}change/").content.decode()


def test_adding_somebody_asks_the_questions_of_the_event(office, olga, asking):
    name, shirt = asking.questions.all()
    client, url = office(olga), "/admin/registrations/registration/add/"
    assert "Badge name" in client.get(f"{url}?event={asking.pk}").content.decode()
    assert "Badge name" not in client.get(url).content.decode()
    new = {"event": asking.pk, "email": "ada@example.org", f"answers.{shirt.pk}": "9", f"answers.{name.pk}": ""}
    assert "Select a valid choice" in client.post(url, new).content.decode()
    assert client.post(url, {**new, f"answers.{shirt.pk}": "1"}).status_code == 302
    stored = Answers.objects.get()
    assert (stored.answers, stored.complete) == ({str(shirt.pk): 1}, False)


def test_whoever_adds_somebody_without_seeing_the_questions_is_led_to_them(office, olga, asking):
    response = office(olga).post(
        "/admin/registrations/registration/add/", {"event": asking.pk, "email": "ada@example.org"}
    )
    row = asking.registrations.get()
    assert response.url == f"/admin/registrations/registration/{row.pk}/answers/"


def test_a_deadline_is_shown_and_read_by_the_clock_of_the_event(office, olga, event, url):
    event.time_zone = "Europe/Berlin"
    event.save()
    client = office(olga)
    assert client.post(url, {**NEW, "editable_until_0": "2031-05-03"}).status_code == 302
    question, until = event.questions.get(), datetime(2031, 5, 3, 21, 59, 59, 999999, tzinfo=UTC)
    assert values(question, "editable_until") == {"editable_until": until}
    page = client.get(f"{url}{question.pk}/").text
    shown = dict(re.findall(r'name="(editable_until_[01])" value="([^"]*)"', page))
    assert shown == {"editable_until_0": "03 May 2031", "editable_until_1": "23:59:59"}
    assert client.post(f"{url}{question.pk}/", {**NEW, **shown, "text": "Food"}).status_code == 302
    assert values(question, "text", "editable_until") == {"text": "Food", "editable_until": until}
    noon = {"editable_until_0": "2031-05-04", "editable_until_1": "12:00"}
    assert client.post(f"{url}{question.pk}/", {**NEW, **noon}).status_code == 302
    assert values(question, "editable_until") == {"editable_until": datetime(2031, 5, 4, 10, tzinfo=UTC)}
