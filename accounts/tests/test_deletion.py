"""Deleting an account erases the person: whoever looks through the whole database finds them nowhere."""

import logging
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts import mails
from accounts.models import ServiceToken, User
from accounts.services import second_factor
from eventhub import tasks
from eventhub.testing.database_search import places_of
from eventhub.testing.factories import PASSWORD, QuestionFactory
from eventhub.testing.responses import DONE, HAS_EVENTS, whole
from events.models import Event
from registrations.models import Registration, Transition
from registrations.services.seat_audit import find_faults

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

ACCOUNT = {"username": "zoe-quill", "email": "zoe@quill.example", "password": PASSWORD, "role": "organizer"}
MARKS = ("quill", "zoe-", "+49 555")
TALK = {"title": "Quill's evening", "location": "Quill Hall", "date_time": "2030-05-01T19:00:00Z", "max_capacity": 3}
KEPT = {"name": "", "contact_details": "", "phone": "", "user": None, "status_by": None}


@pytest.fixture
def fresh(office):
    """A browser whose password was given just now."""

    def signed_in(user):
        client = office(user)
        session = client.session
        session["auth_time"] = int(timezone.now().timestamp())
        session.save()
        return client

    return signed_in


@pytest.fixture
def zoe(api, fresh, ada, olga, make_event, enroll):
    """Somebody who has left something in every table that people leave something in."""
    assert api().post("/users/register", ACCOUNT).status_code == 201
    zoe = User.objects.get(username="zoe-quill")
    assert fresh(ada).post(f"/admin/accounts/user/{zoe.pk}/end-sign-ins/", {"post": "yes"}).status_code == 302
    zoe.refresh_from_db()
    signed_in = api().post("/users/login", ACCOUNT).json()
    assert api().post("/users/token/refresh", {"refresh": signed_in["refresh"]}).status_code == 200
    client = api(zoe)
    client.patch(f"/users/{zoe.pk}/organizer", {"name": "Zoe Quill", "contact": "+49 555 123", "about": "Quill"})
    client.post("/users/me/tokens/", {"name": "Quill's site", "scopes": ["events:read"]})
    client.post("/events/", TALK)
    client.delete(f"/events/{client.post('/events/', TALK).json()['event_id']}")
    _registrations(client, zoe, fresh(olga), olga, make_event, enroll)
    _back_office(zoe)
    tasks._keep(
        mails.send_change_notice, (zoe.pk, ACCOUNT["username"], ACCOUNT["email"], ["password"]), OSError("refused")
    )
    tasks._keep(mails.send_change_notice, (olga.pk, "ben", "ben@stone.example", ["password"]), OSError("refused"))
    return zoe


def _registrations(client, zoe, office, olga, make_event, enroll):
    over, to_come = make_event(olga), make_event(olga)
    question = QuestionFactory(event=over)
    details = {"name": "Zoe Quill", "contact_details": "quill@mail.example", "phone": "+49 555 123"}
    keyed = {"headers": {"idempotency-key": "zoe-quill-1"}}
    pk = client.post("/attendees/", {"event_id": over.pk, **details}, **keyed).json()["attendee_id"]
    assert client.post("/attendees/", {"event_id": to_come.pk, **details}, **keyed).status_code in (201, 422)
    other = enroll(over, name="Ben Stone")
    saved = office.post(f"/admin/registrations/registration/{pk}/change/", {**details, "name": "Z. Quill"})
    assert saved.status_code == 302
    for answer in ("Quill pens", "Quill pens and ink"):
        assert client.patch(f"/attendees/{pk}/answers", {"answers": {str(question.pk): answer}}).status_code == 200
    assert client.patch(f"/attendees/{pk}", {"status": "cancelled"}).status_code == 200
    assert client.patch(f"/attendees/{pk}", {"status": "registered"}).status_code == 200
    yesterday = timezone.now() - timedelta(days=1)
    Event.objects.filter(pk=over.pk).update(date_time=yesterday, end_time=yesterday + timedelta(hours=2))
    assert other.name == "Ben Stone"


def _back_office(zoe):
    key = second_factor.generate_key()
    second_factor.enable(account=zoe, key=key, code=f"{TOTP(bytes.fromhex(key)).token():06}")
    browser = Client()
    browser.post("/admin/login/", {"username": "ZOE-quill", "password": PASSWORD})
    session = browser.session
    session["typed"] = "Zoe Quill typed this"
    session.save()
    LogEntry.objects.create(user=zoe, object_id="1", object_repr="Quill's evening", action_flag=1, change_message="")


def by_themself(api, fresh, ada, zoe):
    assert whole(api(zoe).delete(f"/users/{zoe.pk}")) == DONE


def by_an_admin(api, fresh, ada, zoe):
    assert whole(api(ada).delete(f"/users/{zoe.pk}")) == DONE


def in_the_back_office(api, fresh, ada, zoe):
    assert fresh(ada).post(f"/admin/accounts/user/{zoe.pk}/delete/", {"post": "yes"}).status_code == 302


WAYS = [by_themself, by_an_admin, in_the_back_office]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_in_the_database_names_who_was_erased(api, fresh, ada, zoe, way):
    before = places_of(*MARKS)
    assert {
        "accounts_user.username",
        "accounts_user.email",
        "accounts_organizerprofile.about",
        "accounts_servicetoken.name",
        "django_admin_log.object_repr",
        "django_session.session_data",
        "django_tasks_database_dbtaskresult.args_kwargs",
        "events_event.title",
        "events_historicalevent.location",
        "registrations_registration.name",
        "registrations_registration.contact_details",
        "registrations_registration.phone",
    } <= before
    way(api, fresh, ada, zoe)
    assert places_of(*MARKS) == set()
    assert places_of("ben@stone.example") == {"django_tasks_database_dbtaskresult.args_kwargs"}


@pytest.mark.parametrize("way", WAYS)
def test_what_they_took_part_in_stays_and_counts_as_before(api, fresh, ada, zoe, way):
    (row,) = Registration.objects.filter(user=zoe, event__date_time__lt=timezone.now())
    seats, lines = row.event.seats_taken, row.transitions.count()
    way(api, fresh, ada, zoe)
    row.refresh_from_db()
    assert {name: getattr(row, name) for name in KEPT} == KEPT
    assert (row.status, row.event.seats_taken, row.transitions.count()) == ("registered", seats, lines)
    assert not Transition.objects.filter(registration=row, by=zoe.pk).exists()
    assert list(find_faults()) == []


@pytest.mark.parametrize("way", WAYS)
def test_no_row_belongs_to_who_was_erased(api, fresh, ada, zoe, way):
    pk = zoe.pk
    mine = [session.pk for session in Session.objects.all() if session.get_decoded()["_auth_user_id"] == str(pk)]
    assert (len(mine), OutstandingToken.objects.filter(user=pk).count()) == (1, 3)
    way(api, fresh, ada, zoe)
    assert not Session.objects.filter(pk__in=mine).exists()
    assert not OutstandingToken.objects.filter(user=None).exists()
    assert not ServiceToken.objects.exists()
    assert not LogEntry.objects.filter(user=pk).exists()
    assert not Event.history.filter(organizer=pk).exists()


def test_others_stay_signed_in(api, fresh, ada, zoe):
    browser = fresh(ada)
    by_an_admin(api, fresh, ada, zoe)
    assert browser.get("/admin/").status_code == 200


def test_a_refused_deletion_ends_no_session(api, fresh, olga, make_event, enroll):
    enroll(make_event(olga))
    browser = fresh(olga)
    assert whole(api(olga).delete(f"/users/{olga.pk}")) == HAS_EVENTS
    assert browser.get("/admin/").status_code == 200


def test_the_history_of_an_event_that_is_somebody_elses_by_now_stays(api, ada, otto, olga, make_event):
    event = make_event(olga)
    api(ada).patch(f"/events/{event.pk}", {"organizer_id": otto.pk})
    assert whole(api(ada).delete(f"/users/{olga.pk}")) == DONE
    assert Event.history.filter(id=event.pk).count() == 2


def test_the_journal_of_the_back_office_calls_nobody_by_name(fresh, ada, bob):
    fresh(ada).post(f"/admin/accounts/user/{bob.pk}/end-sign-ins/", {"post": "yes"})
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == (f"Account {bob.pk}", "Sign out everywhere.")


def test_an_erasure_is_a_security_event(api, ada, bob, caplog):
    with caplog.at_level(logging.INFO, logger="eventhub.security"):
        api(ada).delete(f"/users/{bob.pk}")
    assert [(record.getMessage(), record.facts) for record in caplog.records] == [
        ("account_erased", {"user_id": bob.pk, "by": ada.pk})
    ]
