"""Registering without an account: requests, links, seats on hold."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from eventhub.exceptions import EmailNotVerified, EventFull, Forbidden, RegistrationClosed, TokenNotValid
from eventhub.testing.factories import QuestionFactory
from eventhub.testing.mailbox import text_of
from events.models import Event, Interest
from notifications.models import OptOut
from registrations.exceptions import GuestsNotAllowed, NotOffered
from registrations.models import GuestRequest, Registration, Transition
from registrations.services import attendee_import, guests, holds, seats
from registrations.services.attendee_file import Guest

pytestmark = pytest.mark.django_db

ANNA = "anna@example.org"


@pytest.fixture
def ask(django_capture_on_commit_callbacks):
    """Request a registration, and return the token of the mail's link."""

    def request(event, email=ANNA, name="Anna", **details):
        sent = len(mail.outbox)
        with django_capture_on_commit_callbacks(execute=True):
            guests.request_registration(event=event, name=name, email=email, details=details)
        return token_of(mail.outbox[sent]) if len(mail.outbox) > sent else None

    return request


def token_of(message):
    found = re.search(r"/r/confirm/(\S+)", text_of(message))
    assert found
    return found[1]


def test_a_request_writes_nothing_else_and_its_link_gives_the_seat(make_event, olga, ask):
    event = make_event(olga, guests="confirm_first")
    token = ask(event, "Anna@Example.ORG", phone="+49 30 1")
    assert (User.objects.filter(email=ANNA).count(), Registration.objects.count()) == (0, 0)
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([ANNA], "Confirm your registration: Talk")
    assert GuestRequest.objects.get().digest not in text_of(message)
    first, again = guests.confirm(token=token), guests.confirm(token=token)
    assert first == again == Registration.objects.get()
    assert (first.status, first.name, first.contact_details, first.phone) == ("registered", "Anna", ANNA, "+49 30 1")
    assert (first.user.email, first.user.has_usable_password(), first.status_by) == (ANNA, False, first.user)


def test_answers_to_questions_that_are_not_shown_are_not_kept(make_event, olga, ask):
    event = make_event(olga, guests="confirm_first")
    first = QuestionFactory(event=event, type="yes_no")
    hidden = QuestionFactory(event=event, type="text", show_if={"question_id": first.pk, "is": [True]})
    token = ask(event, answers={str(first.pk): "no", str(hidden.pk): "\0"})  # which PostgreSQL cannot store
    assert GuestRequest.objects.get().payload["answers"] == {str(first.pk): False}
    assert guests.confirm(token=token).answers.answers == {str(first.pk): False}


def test_a_second_use_after_a_cancellation_registers_nobody_again(make_event, olga, ask):
    token = ask(make_event(olga, guests="confirm_first"))
    registration = guests.confirm(token=token)
    seats.cancel(registration=registration, by=registration.user)
    assert guests.confirm(token=token).status == "cancelled"
    assert Registration.objects.count() == 1


def test_a_known_address_gets_the_same_mail_and_its_account_the_registration(make_event, olga, bob, ask):
    event = make_event(olga, guests="confirm_first")
    tokens = [ask(event, bob.email, name="Bobby"), ask(event)]
    bodies = [text_of(message).replace(token, "") for message, token in zip(mail.outbox, tokens, strict=True)]
    assert bodies[0] == bodies[1]
    registration = guests.confirm(token=tokens[0])
    assert (registration.user, registration.name) == (bob, "Bobby")


@pytest.mark.parametrize("way", ["confirm_first", "hold"])
def test_nothing_goes_to_an_account_whose_address_nobody_has_proved(make_event, olga, eve, ask, way):
    """Whoever made it with somebody else's address would read their name, and could cancel."""
    User.objects.filter(pk=eve.pk).update(email_verified=False)
    token = ask(make_event(olga, guests=way, max_capacity=20), eve.email, name="Anna")
    assert not Registration.objects.exists()
    with pytest.raises(EmailNotVerified):
        guests.confirm(token=token)
    assert not Registration.objects.exists()


def test_two_links_to_one_address_give_one_seat(make_event, olga, ask, enroll, bob):
    event = make_event(olga, guests="confirm_first")
    tokens = [ask(event), ask(event, name="Other")]
    assert guests.confirm(token=tokens[0]) == guests.confirm(token=tokens[1])
    mine = enroll(event, bob)
    assert guests.confirm(token=ask(event, bob.email)) == mine
    assert Registration.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "wait", "refusal"),
    [
        ({"guests": "no"}, False, GuestsNotAllowed),
        ({"guests": "no"}, True, GuestsNotAllowed),
        ({"status": "cancelled"}, False, RegistrationClosed),
        ({"past": True}, True, RegistrationClosed),
        ({"full": True}, False, EventFull),
        ({"full": True, "waitlist": False}, True, EventFull),
    ],
)
def test_what_everybody_may_know_is_refused_at_once(make_event, olga, ask, fields, wait, refusal):
    event = make_event(olga, **{"guests": "confirm_first", **fields})
    with pytest.raises(refusal):
        ask(event, wait=wait)
    assert GuestRequest.objects.count() == 0


def test_a_seat_may_be_gone_when_the_link_is_used_and_the_waiting_list_is_offered(make_event, olga, enroll, ask):
    event = make_event(olga, guests="confirm_first", max_capacity=1)
    token = ask(event)
    enroll(event)
    with pytest.raises(EventFull) as refused:
        guests.confirm(token=token)
    assert refused.value.extra == {"can_wait": True}
    assert guests.confirm(token=token, wait=True).status == "waitlisted"
    assert guests.confirm(token=ask(event, "ben@example.org", wait=True)).waitlist_position() == 2


def test_links_end_and_do_not_fit_another_request(make_event, olga, ask, bob):
    event = make_event(olga, guests="confirm_first")
    token = ask(event, bob.email)
    for wrong in (token[:-1], "", "1-2.3", ask(make_event(olga, guests="hold")).partition(".")[0] + "." + token):
        with pytest.raises(TokenNotValid):
            guests.confirm(token=wrong)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(Forbidden):
        guests.confirm(token=token)
    Event.objects.filter(pk=event.pk).update(guests="no")
    User.objects.filter(pk=bob.pk).update(is_active=True)
    with pytest.raises(GuestsNotAllowed):
        guests.confirm(token=token)
    with pytest.raises(TokenNotValid):
        guests.confirm(token=token, now=timezone.now() + guests.KEPT)
    assert guests.delete_expired(now=timezone.now() + guests.KEPT, dry_run=True) == 2
    assert guests.delete_expired(now=timezone.now() + guests.KEPT, dry_run=False) == 2


def test_nobody_fills_a_mailbox(make_event, olga, ask):
    events = [make_event(olga, guests="confirm_first") for _ in range(3)]
    sent = [ask(event) for event in events for _ in range(guests.MOST_REQUESTS + 1)]
    assert GuestRequest.objects.count() == 3 * guests.MOST_REQUESTS
    assert len([token for token in sent if token]) == 10


@pytest.mark.parametrize(
    ("chosen", "own", "of_event", "subject"),
    [
        ("de", "en", "en", "Bestätigen Sie Ihre Anmeldung: Talk"),
        ("", "de", "en", "Bestätigen Sie Ihre Anmeldung: Talk"),
        ("", "", "de", "Bestätigen Sie Ihre Anmeldung: Talk"),
        ("", "", "", "Confirm your registration: Talk"),
    ],
)
def test_the_mail_is_in_the_language_of_the_person_or_the_event(
    make_event, olga, person, ask, chosen, own, of_event, subject
):
    person("anna", email=ANNA, language=own)
    ask(make_event(olga, guests="confirm_first", language=of_event), language=chosen)
    assert mail.outbox[0].subject == subject


def test_the_mail_repeats_nothing_that_was_typed_with_the_address(make_event, olga, ask):
    event = make_event(olga, guests="confirm_first", title="Talk\u202e of\nthe year", description="Buy", location="Buy")
    ask(event, name="Buy at https://evil.example", phone="Buy")
    (message,) = mail.outbox
    html = message.alternatives[0][0]
    assert "Buy" not in text_of(message) + html
    assert "for Talk of the year at" in text_of(message)


# Seats on hold --------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(make_event, olga, ask):
    """Hold a seat, and return the registration, and the token of the link."""

    def hold(email=ANNA, **fields):
        event = make_event(olga, **{"guests": "hold", **fields})
        token = ask(event, email)
        return Registration.objects.on_hold().get(event=event), token

    return hold


def test_what_is_held_is_confirmed(held):
    registration, token = held()
    assert abs(registration.confirm_by - timezone.now() - holds.HELD_FOR) < timedelta(seconds=60)
    assert "A seat is held for you until " in text_of(mail.outbox[0])
    confirmed = guests.confirm(token=token)
    assert (confirmed.pk, confirmed.confirm_by) == (registration.pk, None)
    with pytest.raises(NotOffered):
        holds.confirm(registration=confirmed, by=confirmed.user)


def test_what_is_not_confirmed_in_time_goes_to_the_queue(held, enroll):
    registration, token = held(max_capacity=1)
    event, waiting = registration.event, enroll(registration.event, status="waitlisted")
    now = registration.confirm_by
    assert holds.remove_overdue(now=now - timedelta(seconds=1), dry_run=False) == 0
    assert (holds.remove_overdue(now=now, dry_run=True), holds.remove_overdue(now=now, dry_run=False)) == (1, 1)
    assert [*Registration.objects.values_list("pk", "status")] == [(waiting.pk, "registered")]
    assert not Transition.objects.filter(registration_id=registration.pk).exists()
    with pytest.raises(EventFull):
        guests.confirm(token=token)
    assert not User.objects.filter(email=ANNA).exists()
    seats.cancel(registration=waiting, by=waiting.user)
    assert guests.confirm(token=token).pk != registration.pk
    event.refresh_from_db()
    assert event.seats_taken == 1


def test_an_import_adds_who_did_not_confirm_in_time(held, olga):
    registration, _ = held()
    holds.remove_overdue(now=registration.confirm_by, dry_run=False)
    report = attendee_import.import_attendees(
        event_id=registration.event_id, rows=[Guest(2, ANNA, email=ANNA, name="Anna")], by=olga
    )
    assert [result.outcome for result in report.results] == ["seat"]


@pytest.mark.parametrize("hangs", ["nothing", "password", "interest", "opt-out", "registration", "hold", "ban"])
def test_an_account_is_kept_if_anything_else_hangs_on_it(held, ask, make_event, olga, enroll, hangs):
    registration, _ = held()
    now, user = registration.confirm_by, registration.user
    match hangs:
        case "password":
            user.set_password("long enough to be one")
            user.save()
        case "interest":
            Interest.objects.create(user=user, event=registration.event)
        case "opt-out":
            OptOut.objects.create(user=user, scope="everything")
        case "registration":
            enroll(make_event(olga), user, status="cancelled")
        case "hold":
            ask(make_event(olga, guests="hold"))
            Registration.objects.exclude(pk=registration.pk).update(confirm_by=now + timedelta(minutes=1))
        case "ban":
            User.objects.filter(pk=user.pk).update(is_active=False)
    assert holds.remove_overdue(now=now, dry_run=False) == 1
    assert User.objects.filter(pk=user.pk).exists() is (hangs != "nothing")


def test_who_gives_up_a_seat_on_hold_has_cancelled(held):
    registration, _ = held()
    seats.cancel(registration=registration, by=registration.user)
    now = registration.confirm_by + holds.MARKED_FOR
    for later, is_marked in ((now, True), (now + timedelta(seconds=1), False)):
        assert holds.remove_overdue(now=later, dry_run=False) == 0
        registration.refresh_from_db()
        assert (registration.status, registration.confirm_by is not None) == ("cancelled", is_marked)


@pytest.mark.parametrize(("capacity", "held_at_once"), [(1, 1), (19, 1), (20, 2), (35, 3)])
def test_at_most_a_tenth_of_the_seats_is_on_hold(make_event, olga, ask, capacity, held_at_once):
    event = make_event(olga, guests="hold", max_capacity=capacity)
    for number in range(min(4, capacity)):
        assert ask(event, f"guest{number}@example.org")
    assert Registration.objects.on_hold().count() == held_at_once
    assert User.objects.filter(email__startswith="guest").count() == held_at_once
    assert ("Please confirm. You get your seat" in text_of(mail.outbox[-1])) == (capacity > 1)


def test_one_address_holds_two_seats(make_event, olga, ask):
    tokens = [ask(make_event(olga, guests="hold")) for _ in range(3)]
    assert Registration.objects.on_hold().count() == 2
    guests.confirm(token=tokens[2])
    assert Registration.objects.count() == 3


@pytest.mark.parametrize("checked_in_by", ["update", "locked"])
def test_who_is_checked_in_needs_to_confirm_nothing(held, olga, checked_in_by):
    registration, _ = held()
    condition = {"name": "Anna A."} if checked_in_by == "locked" else {}
    seats.update(registration=registration, by=olga, status="attended", **condition)
    undone = seats.update(registration=registration, by=olga, status="registered", **condition)
    assert undone.confirm_by is None
    assert holds.remove_overdue(now=timezone.now() + holds.HELD_FOR, dry_run=False) == 0


@pytest.mark.parametrize("way", ["by address", "by file"])
def test_who_is_added_needs_to_confirm_nothing(held, olga, way):
    registration, _ = held()
    guest = Guest(2, ANNA, email=ANNA, name="Anna")
    if way == "by address":
        added = attendee_import.add_attendee(event_id=registration.event_id, guest=guest, by=olga, may_queue=False)
        assert added == registration
    else:
        attendee_import.import_attendees(event_id=registration.event_id, rows=[guest], by=olga)
    registration.refresh_from_db()
    assert (registration.status, registration.confirm_by) == ("registered", None)


def test_who_is_reinstated_needs_to_confirm_nothing(held, olga):
    registration, _ = held()
    seats.cancel(registration=registration, by=olga)
    again = seats.reinstate(registration=registration, by=olga)
    assert Registration.objects.get(pk=again.pk).confirm_by is None
