"""EMAIL_VERIFICATION: who is asked whether the address is theirs, what the link does, and what waits for it."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import signed_links
from accounts.models import User
from accounts.services import accounts
from eventhub.exceptions import EmailNotVerified
from eventhub.testing.factories import PASSWORD
from eventhub.testing.mailbox import text_of, token_in
from eventhub.testing.responses import BAD_TOKEN, DONE, NO_EVENT, NO_HEADER, NOT_VERIFIED, invalid, whole
from registrations.models import Registration
from registrations.services import seats
from registrations.services.eligibility import get_event_for_registration

pytestmark = pytest.mark.django_db

VERIFY, AGAIN = "/users/email/verify", "/users/email/verification"
ZOE = {"username": "zoe", "email": "zoe@example.org", "password": "correct horse battery"}


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Runs a call with what waits for its commit; what it returned."""

    def run(call):
        with django_capture_on_commit_callbacks(execute=True):
            return call()

    return run


@pytest.fixture
def unverified(person):
    return person("zoe", email_verified=False)


def now_of(user):
    return User.objects.get(pk=user.pk)


# Who is asked --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "mails", "known"), [("off", 0, None), ("optional", 1, False), ("required", 1, False)]
)
def test_who_signs_up_is_asked_unless_it_is_off(api, committed, settings, setting, mails, known):
    settings.EMAIL_VERIFICATION = setting
    answer = committed(lambda: api().post("/users/register", ZOE))
    assert (answer.status_code, answer.json()["email_verified"]) == (201, False)
    assert [sent.to for sent in mail.outbox] == [["zoe@example.org"]] * mails
    assert User.objects.get().email_verified is known


def test_the_mail_says_which_account_and_where(api, committed, settings):
    settings.EMAIL_VERIFICATION = "optional"
    committed(lambda: api().post("/users/register", ZOE))
    (sent,) = mail.outbox
    assert sent.subject == "Confirm your email address"
    assert "your account zoe at 127.0.0.1:8000:" in text_of(sent)
    assert f"\nhttp://127.0.0.1:8000/admin/verify-email/?token={token_in(sent)}\n" in text_of(sent)


def test_who_is_refused_gets_no_mail(api, committed, settings, bob):
    settings.EMAIL_VERIFICATION = "required"
    assert committed(lambda: api().post("/users/register", {**ZOE, "email": bob.email})).status_code == 409
    assert mail.outbox == []


@pytest.mark.parametrize(("setting", "known"), [("off", None), ("optional", False), ("required", False)])
def test_a_new_address_is_asked_and_the_old_one_told(api, committed, settings, bob, setting, known):
    settings.EMAIL_VERIFICATION = setting
    User.objects.update(email_verified=True)
    answer = committed(lambda: api(bob).patch(f"/users/{bob.pk}", {"email": "robert@example.org"}))
    assert (answer.status_code, answer.json()["email_verified"]) == (200, False)
    asked = [] if setting == "off" else [(["robert@example.org"], "Confirm your email address")]
    told = (["bob@example.org"], "Your email address has been changed")
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [told, *asked]
    assert now_of(bob).email_verified is known


def test_the_same_address_in_another_case_stays_verified(api, committed, settings, bob):
    settings.EMAIL_VERIFICATION = "required"
    User.objects.update(email_verified=True)
    answer = committed(lambda: api(bob).patch(f"/users/{bob.pk}", {"email": "BOB@example.org", "username": "robert"}))
    assert (answer.json()["email_verified"], mail.outbox) == (True, [])


def test_nobody_verifies_an_address_by_saying_so(api, committed, settings, bob):
    settings.EMAIL_VERIFICATION = "optional"
    committed(lambda: api().post("/users/register", {**ZOE, "email_verified": True}))
    api(bob).patch(f"/users/{bob.pk}", {"email_verified": True})
    assert set(User.objects.values_list("email_verified", flat=True)) == {None, False}


# The link ------------------------------------------------------------------------------------------------------------


def test_the_link_verifies_the_address(api, unverified):
    token = signed_links.make_token(unverified, signed_links.VERIFICATION)
    assert whole(api().post(VERIFY, {"token": token})) == DONE
    assert api(unverified).get("/users/me").json()["email_verified"] is True


def test_again_changes_nothing(api, unverified, caplog):
    caplog.set_level(logging.INFO, logger="eventhub.security")
    token = signed_links.make_token(unverified, signed_links.VERIFICATION)
    api().post(VERIFY, {"token": token})
    verified = now_of(unverified)
    assert whole(api().post(VERIFY, {"token": token})) == DONE
    assert now_of(unverified).updated_at == verified.updated_at


@pytest.mark.parametrize(("hours", "answer"), [(71, DONE), (73, BAD_TOKEN)])
def test_the_link_works_for_three_days(api, unverified, hours, answer):
    token = signed_links.make_token(unverified, signed_links.VERIFICATION)
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        assert whole(api().post(VERIFY, {"token": token})) == answer


@pytest.mark.parametrize(
    "why", ["another address", "another account", "another purpose", "deactivated", "deleted", "x"]
)
def test_a_link_is_for_one_account_and_one_address(api, unverified, eve, why):
    token = signed_links.make_token(eve if why == "another account" else unverified, signed_links.VERIFICATION)
    match why:
        case "another address":
            accounts.apply_changes(account_id=unverified.pk, changes={"email": "z@example.org"})
        case "another account":
            theirs = signed_links.make_token(unverified, signed_links.VERIFICATION).split(".")[0]
            token = ".".join([theirs, *token.split(".")[1:]])
        case "another purpose":
            token = signed_links.make_token(unverified, signed_links.RESET)
        case "deactivated":
            User.objects.update(is_active=False)
        case "deleted":
            unverified.delete()
        case "x":
            token = "x"
    assert whole(api().post(VERIFY, {"token": token})) == BAD_TOKEN
    assert not User.objects.filter(email_verified=True).exists()


def test_a_link_needs_a_token(api):
    assert whole(api().post(VERIFY, {})) == invalid(token="This field is required.")


def test_trying_is_throttled(api, settings):
    settings.THROTTLE_CREDENTIALS = "2/min"
    assert [api().post(VERIFY, {"token": f"x{n}"}).status_code for n in range(3)] == [401, 401, 429]


# Once more -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "verified", "mails"),
    [("off", False, 0), ("optional", False, 1), ("required", False, 1), ("required", None, 1), ("required", True, 0)],
)
def test_the_link_is_sent_again_on_demand(api, committed, settings, person, setting, verified, mails):
    settings.EMAIL_VERIFICATION = setting
    zoe = person("zoe", email_verified=verified)
    assert whole(committed(lambda: api(zoe).post(AGAIN))) == DONE
    assert [sent.to for sent in mail.outbox] == [["zoe@example.org"]] * mails


def test_it_is_sent_to_one_mailbox_once_a_minute_and_to_a_new_one_at_once(api, committed, settings, unverified):
    settings.EMAIL_VERIFICATION = "optional"
    for _ in range(2):
        committed(lambda: api(unverified).post(AGAIN))
    committed(lambda: api(unverified).patch(f"/users/{unverified.pk}", {"email": "z@example.org"}))
    asked = [sent.to for sent in mail.outbox if sent.subject == "Confirm your email address"]
    assert asked == [["zoe@example.org"], ["z@example.org"]]


def test_only_who_is_signed_in_may_ask_and_not_without_end(api, settings, unverified):
    assert whole(api().post(AGAIN)) == NO_HEADER
    settings.THROTTLE_CREDENTIALS = "2/min"
    assert [api(unverified).post(AGAIN).status_code for _ in range(3)] == [204, 204, 429]


# What waits for it ---------------------------------------------------------------------------------------------------


@pytest.fixture
def event(olga, make_event):
    return make_event(olga)


def test_who_has_not_verified_cannot_register_themselves(api, settings, unverified, event):
    settings.EMAIL_VERIFICATION = "required"
    for body in ({}, {"user_id": unverified.pk}, {"status": "waitlisted"}):
        assert whole(api(unverified).post("/attendees/", {"event_id": event.pk, **body})) == NOT_VERIFIED
    assert not Registration.objects.exists()


@pytest.mark.parametrize("setting", ["off", "optional"])
def test_who_has_not_may_where_it_is_not_required(api, settings, unverified, event, setting):
    settings.EMAIL_VERIFICATION = setting
    assert api(unverified).post("/attendees/", {"event_id": event.pk}).status_code == 201


def test_who_has_verified_may(api, settings, unverified, event):
    settings.EMAIL_VERIFICATION = "required"
    api().post(VERIFY, {"token": signed_links.make_token(unverified, signed_links.VERIFICATION)})
    assert api(unverified).post("/attendees/", {"event_id": event.pk}).status_code == 201


def test_it_wins_over_what_the_body_names(api, settings, unverified):
    """It depends on the account alone, and so comes where the role's 403 does."""
    settings.EMAIL_VERIFICATION = "required"
    for body in ({"event_id": 4711}, {}, {"event_id": "x"}):
        assert whole(api(unverified).post("/attendees/", body)) == NOT_VERIFIED
    settings.EMAIL_VERIFICATION = "off"
    assert whole(api(unverified).post("/attendees/", {"event_id": 4711})) == NO_EVENT


def test_taking_a_registration_up_again_is_registering(api, settings, unverified, event, enroll):
    row = enroll(event, unverified)
    settings.EMAIL_VERIFICATION = "required"
    client = api(unverified)
    assert client.patch(f"/attendees/{row.pk}", {"status": "cancelled"}).status_code == 200
    for status in ("registered", "waitlisted"):
        assert whole(client.patch(f"/attendees/{row.pk}", {"status": status})) == NOT_VERIFIED
    assert Registration.objects.get().status == "cancelled"


def test_what_one_has_stays_ones_own_to_change_and_to_leave(api, settings, unverified, event, enroll):
    row = enroll(event, unverified)
    settings.EMAIL_VERIFICATION = "required"
    assert api(unverified).patch(f"/attendees/{row.pk}", {"name": "Zoe"}).status_code == 200
    assert api(unverified).delete(f"/attendees/{row.pk}").status_code == 204


def test_who_runs_an_event_registers_whom_they_like(api, settings, person, unverified, make_event):
    settings.EMAIL_VERIFICATION = "required"
    otto = person("otto", role="organizer", email_verified=False)
    event = make_event(otto)
    assert api(otto).post("/attendees/", {"event_id": event.pk, "user_id": unverified.pk}).status_code == 201
    assert whole(api(otto).post("/attendees/", {"event_id": event.pk})) == NOT_VERIFIED


def test_asking_beforehand_says_so(api, settings, unverified, event):
    settings.EMAIL_VERIFICATION = "required"
    status, body = whole(api(unverified).get(f"/events/{event.pk}/registration"))
    assert (status, body["allowed"], body["code"], body["msg"]) == (
        200,
        False,
        "email_not_verified",
        "Verify your email address first",
    )


@pytest.mark.parametrize("enter", [seats.register, seats.join_queue])
def test_the_rule_itself_refuses(settings, unverified, event, enter):
    settings.EMAIL_VERIFICATION = "required"
    with pytest.raises(EmailNotVerified):
        enter(
            event=get_event_for_registration(event_id=event.pk, user_id=unverified.pk, by=unverified),
            user=unverified,
            by=unverified,
        )


def test_registering_asks_the_database_nothing_more(api, settings, person, event):
    counts = []
    for setting in ("off", "required"):
        settings.EMAIL_VERIFICATION = setting
        someone = person(f"someone-{setting}", email_verified=True)
        client = api(someone)
        with CaptureQueriesContext(connection) as queries:
            assert client.post("/attendees/", {"event_id": event.pk}).status_code == 201
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_signing_in_is_open_to_everybody(api, settings, unverified):
    settings.EMAIL_VERIFICATION = "required"
    assert api().post("/users/login", {"username": "zoe", "password": PASSWORD}).status_code == 200
