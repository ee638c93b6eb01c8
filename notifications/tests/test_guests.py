"""What guests are mailed about seats on hold: nothing before they confirm."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from registrations.models import Registration
from registrations.services import guests, holds, seats
from registrations.services.event_changes import delete_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(olga, eve, make_event, deliver):
    event = make_event(olga, guests="hold", max_capacity=1, notifications="all")
    guests.request_registration(event=event, name="Anna", email=eve.email, details={})
    (message,) = mail.outbox
    mail.outbox.clear()
    token = message.body.partition("/r/confirm/")[2].split()[0]
    return Registration.objects.on_hold().get(), token


@pytest.mark.parametrize("is_read_meanwhile", [True, False])
def test_who_confirms_a_seat_on_hold_gets_one_confirmation(held, deliver, is_read_meanwhile):
    if is_read_meanwhile:
        assert [state for *_, state in deliver()] == ["skipped"]
    guests.confirm(token=held[1])
    assert [(kind, state) for _, kind, state in deliver()] == [("registered", "skipped"), ("registered", "sent")]
    assert [message.subject for message in mail.outbox] == ["You are registered: Talk"]


@pytest.mark.parametrize("way", ["ran out", "removed", "event deleted"])
def test_who_does_not_confirm_gets_no_mail_and_the_next_in_the_queue_does(held, deliver, enroll, olga, bob, way):
    registration, _ = held
    enroll(registration.event, bob, status="waitlisted")
    deliver()
    mail.outbox.clear()
    if way == "ran out":
        holds.remove_overdue(now=timezone.now() + holds.HELD_FOR + timedelta(minutes=1), dry_run=False)
    elif way == "removed":
        seats.remove(registration=registration, by=olga)
    else:
        delete_event(event_id=registration.event_id)
    kind = "event_cancelled" if way == "event deleted" else "seated"
    assert [(kind, state) for _, kind, state in deliver()][-1] == (kind, "sent")
    assert [message.to for message in mail.outbox] == [[bob.email]]
