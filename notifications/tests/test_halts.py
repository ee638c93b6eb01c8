"""An admin stops what waits for one event, and nothing else."""

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from eventhub.testing.concurrency import wait_for_others
from notifications.models import FanOut, Message, Notice
from notifications.services import fan_outs, log_reader, messages
from notifications.services.messages import compose_message
from registrations.services import event_changes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def event(api, olga, ada, bob, make_event, listening):
    """An event with a notice, a message that is not expanded, and a cancellation that is not read."""
    event, other = make_event(olga), make_event(olga, title="Other")
    for each in (event, other):
        api(bob).post("/attendees/", {"event_id": each.pk})
    wait_for_others()
    log_reader.read(log_reader.REGISTRATIONS)
    messages.send(compose_message(event=event, by=ada, subject="Hi", body="There", wanted={}))
    api(olga).patch(f"/events/{event.pk}", {"status": "cancelled"})
    wait_for_others()
    return event


def by_command(event, office, capsys):
    call_command("notices", f"--stop={event.pk}")
    assert capsys.readouterr().out == "Stopped 1 email.\n"


def by_button(event, office, capsys):
    path = f"/admin/events/event/{event.pk}/emails/"
    assert "Stop waiting emails" in office.get(path).content.decode()
    assert "are never sent" in office.post(path, {"stop": "1"}).content.decode()
    page = office.post(path, {"stop": "1", "confirmed": "yes"}, follow=True).content.decode()
    assert "Stopped 1 email." in page
    assert "an admin stopped it" in page


@pytest.mark.parametrize("stop", [by_command, by_button])
def test_what_waits_for_the_event_is_stopped(event, office, ada, deliver, capsys, stop):
    stop(event, office(ada), capsys)
    assert deliver() == [("bob", "registered", "stopped"), ("bob", "registered", "sent")]
    assert [message.subject for message in mail.outbox] == ["You are registered: Other"]
    assert not fan_outs.expand_next()
    assert Message.objects.get().state == "stopped"
    assert FanOut.objects.filter(done_at=None).count() == 0


def test_later_changes_are_told_as_ever(event, api, olga, eve, deliver, capsys):
    by_command(event, None, capsys)
    event_changes.edit_event(event_id=event.pk, values={"status": "upcoming"})
    api(eve).post("/attendees/", {"event_id": event.pk})
    assert ("eve", "registered", "sent") in deliver()


def test_organizers_have_no_such_button(event, office, olga):
    path = f"/admin/events/event/{event.pk}/emails/"
    page = office(olga).post(path, {"stop": "1", "confirmed": "yes"}).content.decode()
    assert "Stop waiting emails" not in page
    assert not Notice.objects.filter(state="stopped").exists()


def test_an_event_that_never_was(db):
    with pytest.raises(CommandError, match=r"^There is no event 12345\.$"):
        call_command("notices", "--stop=12345")
