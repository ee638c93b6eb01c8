"""People who owe answers are asked by email, and answer by its link without signing in."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from events.models import Event
from notifications import tokens
from notifications.mails import compose
from notifications.models import FanOut, Notice
from notifications.services.fan_outs import expand_next
from notifications.services.open_questions import AskedToday, ask_for_answers
from notifications.services.truth import reason_in_facts
from registrations.models import Answers, Question

pytestmark = pytest.mark.django_db
DAY = datetime(2031, 5, 5, 12, tzinfo=UTC)


@pytest.fixture
def asking(olga, make_event):
    event = make_event(olga, title="Night", asks_questions=True, date_time=DAY + timedelta(days=30))
    Question.objects.create(event=event, text="Badge name", required="yes")
    Question.objects.create(event=event, text="Anything else?", place=1)
    return event


@pytest.fixture
def owing(asking, enroll, bob):
    return enroll(asking, bob)


def test_only_who_owes_answers_is_asked_and_once_a_day(asking, owing, enroll, olga):
    Answers.objects.create(registration=enroll(asking), complete=True)
    enroll(asking, status="cancelled")
    assert ask_for_answers(event=asking, by=olga) == 1
    with pytest.raises(AskedToday):
        ask_for_answers(event=asking, by=olga)
    assert expand_next()
    notice = Notice.objects.get(fan_out=FanOut.objects.get())
    assert (notice.kind, notice.registration_id) == ("answers", owing.pk)
    now = notice.created_at
    assert reason_in_facts(notice, now=now) == ""
    Answers.objects.create(registration=owing, complete=True)
    assert reason_in_facts(notice, now=now) == "the person has answered"


def test_the_button_of_the_email_leads_to_the_questions(asking, owing, olga, office):
    page = office(olga).post(f"/admin/events/event/{asking.pk}/questions/", {"ask": "yes"}, follow=True)
    assert "1 person will get an email." in page.content.decode()
    expand_next()
    sent = compose(Notice.objects.get())
    html = sent.alternatives[0].content
    assert (sent.subject, "Answer questions" in html) == ("Please answer: Night", True)
    assert tokens.make_answers_link(owing) in sent.body


@pytest.mark.parametrize(
    ("language", "says", "needed"),
    [
        ("", "Save answers", "This question needs an answer."),
        ("de", "Antworten speichern", "Bitte beantworten Sie diese Frage."),
    ],
)
def test_a_person_answers_by_the_link(asking, owing, bob, language, says, needed):
    bob.language = language
    bob.save()
    name, other = asking.questions.all()
    client, url, token = Client(), "/admin/my-answers/", tokens.make_token(owing)
    page = client.get(url, {"token": token}).content.decode()
    assert (says in page, f'name="answers.{name.pk}"' in page) == (True, True)
    refused = client.post(url, {"token": token, f"answers.{other.pk}": "No"})
    assert needed in refused.content.decode()
    saved = client.post(url, {"token": token, f"answers.{name.pk}": "Bo", f"answers.{other.pk}": "No"})
    assert saved.url == f"{url}?token={token}&saved=yes"
    stored = Answers.objects.get()
    assert (stored.answers, stored.complete) == ({str(name.pk): "Bo", str(other.pk): "No"}, True)
    assert re.search(r'value="Bo"', client.get(saved.url).content.decode())


def test_a_link_that_is_not_valid_or_closed_changes_nothing(asking, owing, olga, make_event, enroll):
    name = asking.questions.first()
    client, url = Client(), "/admin/my-answers/"
    elsewhere = tokens.make_token(enroll(make_event(olga)))
    for token in ("", "1-x.y", elsewhere):
        assert client.post(url, {"token": token, f"answers.{name.pk}": "Bo"}).status_code == 404
    asking.status = "cancelled"
    asking.save()
    page = client.post(url, {"token": tokens.make_token(owing), f"answers.{name.pk}": "Bo"}).content.decode()
    assert "These answers can no longer be changed." in page
    assert not Answers.objects.exists()


def test_the_page_says_until_when_answers_can_change_and_takes_no_others(asking, owing):
    name, other = asking.questions.all()
    third = Question.objects.create(event=asking, text="Shirt", place=2)
    url, token = "/admin/my-answers/", tokens.make_token(owing)
    Answers.objects.create(registration=owing, answers={str(name.pk): "Bo", str(other.pk): "No"}, complete=True)
    Event.objects.filter(pk=asking.pk).update(edit_until=DAY, time_zone="Europe/Berlin")
    Question.objects.filter(pk=name.pk).update(editable_until=DAY - timedelta(days=3))
    Question.objects.filter(pk=other.pk).update(editable_until=DAY - timedelta(days=1))

    def said():
        page = Client().get(url, {"token": token}).text
        texts = ("You can change your answers here. Changes are possible until Monday, 5 May 2031, 14:00 (CEST).",)
        texts += ("These answers can no longer be changed.", "This can no longer be changed.", "Save answers")
        closed = [int(pk) for pk in re.findall(r'name="answers.(\d+)"[^>]* disabled[ >]', page)]
        own_deadlines = re.findall(r"You can change this until (\w+)", page)
        return [text in page for text in texts], closed, own_deadlines

    for days, sentences, closed, own in (
        (-4, [True, False, False, True], [], ["Friday", "Sunday"]),
        (-2, [True, False, True, True], [name.pk], ["Sunday"]),
        (1, [False, True, False, False], [name.pk, other.pk, third.pk], []),
    ):
        with time_machine.travel(DAY + timedelta(days=days)):
            assert said() == (sentences, closed, own)
    with time_machine.travel(DAY - timedelta(days=2)):
        sent = {"token": token, f"answers.{other.pk}": "Yes", f"answers.{third.pk}": "L"}
        assert Client().post(url, sent).status_code == 302
    assert Answers.objects.get().answers == {str(name.pk): "Bo", str(other.pk): "Yes", str(third.pk): "L"}


LATE, ALL_CLOSED = "Your new answer came too late and was not saved.", "These answers can no longer be changed."


def test_a_page_that_was_opened_before_the_deadline_says_what_is_not_saved(asking, owing):
    name, other = asking.questions.all()
    consent = Question.objects.create(event=asking, text="Agreed?", type="consent", place=2)
    given = {str(name.pk): "Bo", str(other.pk): "No", str(consent.pk): True}
    Answers.objects.create(registration=owing, answers=given, complete=True)
    client, url, token = Client(), "/admin/my-answers/", tokens.make_token(owing)

    page = client.get(url, {"token": token}).text
    opened = re.findall(r'name="open" value="(\d+)"', page)
    assert opened == [*given]
    sent = {"token": token, "open": opened, f"answers.{name.pk}": "Bo", f"answers.{other.pk}": "Yes"}
    asking.questions.exclude(pk=other.pk).update(editable_until=timezone.now() - timedelta(hours=1))
    refused = client.post(url, sent)
    assert (refused.status_code, errors_on(refused.text)) == (200, {str(consent.pk): [LATE]})
    assert Answers.objects.get().answers == given
    refused = client.post(url, {**sent, f"answers.{name.pk}": "Eve", f"answers.{consent.pk}": "on"})
    assert (refused.status_code, errors_on(refused.text)) == (200, {str(name.pk): [LATE]})
    assert 'value="Bo"' in refused.text
    again = {**sent, "open": re.findall(r'name="open" value="(\d+)"', refused.text)}
    assert client.post(url, again).status_code == 302
    stored = {**given, str(other.pk): "Yes"}
    assert Answers.objects.get().answers == stored
    asking.questions.update(editable_until=timezone.now() - timedelta(hours=1))
    for changed in ("New", "Yes"):
        refused = client.post(url, {**sent, f"answers.{other.pk}": changed})
        assert (refused.status_code, ALL_CLOSED in refused.text, "are saved" in refused.text) == (200, True, False)
    assert Answers.objects.get().answers == stored
    page = client.get(url, {"token": token, "saved": "yes"}).text
    assert "Thank you. Your answers are saved. These answers can no longer be changed." in page


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ({"date_time": DAY}, "You can change your answers here."),
        (
            {"date_time": DAY, "end_time": DAY + timedelta(days=60)},
            "You can change your answers here. Changes are possible",
        ),
    ],
)
def test_no_deadline_after_the_end_of_the_event_is_promised(asking, owing, ends, says):
    name, _ = asking.questions.all()
    Answers.objects.create(registration=owing, answers={str(name.pk): "Bo"}, complete=True)
    Event.objects.filter(pk=asking.pk).update(**ends, edit_until=DAY + timedelta(days=40))
    asking.questions.filter(pk=name.pk).update(editable_until=DAY + timedelta(days=30))
    with time_machine.travel(DAY - timedelta(days=1)):
        page = Client().get("/admin/my-answers/", {"token": tokens.make_token(owing)}).text
    assert (says in page, page.count("possible until"), page.count("change this until")) == (
        True,
        says.count("possible"),
        says.count("possible"),
    )


@pytest.mark.parametrize(
    ("language", "says"),
    [("", "You can answer these questions here."), ("de", "Hier können Sie diese Fragen beantworten.")],
)
def test_the_page_asks_for_nothing_that_is_optional(asking, owing, bob, language, says):
    bob.language = language
    bob.save()
    url, token = "/admin/my-answers/", tokens.make_token(owing)
    assert says not in Client().get(url, {"token": token}).text
    asking.questions.filter(required="yes").update(required="at_door")
    assert says in Client().get(url, {"token": token}).text


def test_what_is_owed_can_be_given_on_the_page_after_the_deadline(asking, owing):
    name, other = asking.questions.all()
    Answers.objects.create(registration=owing, answers={str(other.pk): "No"}, complete=False)
    asking.questions.update(editable_until=timezone.now() - timedelta(hours=1))
    url, token = "/admin/my-answers/", tokens.make_token(owing)
    assert "Please answer these questions." in Client().get(url, {"token": token}).text
    sent = {"token": token, f"answers.{name.pk}": "Bo"}
    late = Client().post(url, {**sent, f"answers.{other.pk}": "Yes"})
    assert (late.status_code, errors_on(late.text)) == (200, {str(other.pk): [LATE]})
    assert Client().post(url, sent).status_code == 302
    assert Answers.objects.get().answers == {str(name.pk): "Bo", str(other.pk): "No"}


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("", "Another answer depends on this one and can no longer be changed."),
        ("de", "Eine andere Antwort hängt davon ab und kann nicht mehr geändert werden."),
    ],
)
def test_the_page_says_which_answer_stays_because_a_closed_one_depends_on_it(asking, owing, bob, language, says):
    bob.language = language
    bob.save()
    asking.questions.all().delete()
    eat = Question.objects.create(event=asking, text="Eat?", type="yes_no")
    which = Question.objects.create(event=asking, text="Which?", show_if={"question_id": eat.pk, "is": [True]}, place=1)
    given = {str(eat.pk): True, str(which.pk): "Vegan"}
    Answers.objects.create(registration=owing, answers=given, complete=True)
    Question.objects.filter(pk=which.pk).update(editable_until=timezone.now() - timedelta(hours=1))
    sent = {"token": tokens.make_token(owing), f"answers.{eat.pk}": "false"}
    page = Client().post("/admin/my-answers/", sent).text
    (beside,) = re.findall(rf'<div class="question">.*?name="answers.{eat.pk}".*?(?=<div class="question")', page, re.S)
    assert (says in beside, page.count(says)) == (True, 1)
    assert Answers.objects.get().answers == given


def errors_on(page):
    """Return the errors of the page by the id of the question that they are beside."""
    questions = page.split('<div class="question"')[1:]
    found = {
        re.search(r'name="answers.(\d+)"', part)[1]: [text for text in (LATE,) if f">{text}<" in part]
        for part in questions
    }
    return {pk: texts for pk, texts in found.items() if texts}
