"""`GET /users/me/export`: everything that is held about a person, and nothing of anybody else."""

import json
import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from accounts.models import User
from accounts.serializers import ExportSerializer
from accounts.services import api_tokens, second_factor
from eventhub.db import batches
from eventhub.exceptions import Unavailable
from eventhub.testing.contract_client import ContractClient, token_for
from eventhub.testing.factories import PASSWORD, EventFactory, QuestionFactory
from eventhub.testing.responses import NO_HEADER, refusal, whole
from events.models import Event
from registrations.models import Answers, Registration
from registrations.selectors import personal_data
from registrations.selectors.personal_data import EXCLUDED, SECTIONS
from registrations.services import calendar_feeds, guests, seats

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

EXPORT = "/users/me/export"
SIGN_IN_AGAIN = refusal(403, "Sign in again to export this", "reauthentication_required")
EMPTY = {
    "organizer_profile": None,
    "registrations": [],
    "interests": [],
    "answers": [],
    "answers_log": [],
    "registrations_log": [],
    "removed_registrations": [],
    "guest_requests": [],
    "memberships": [],
    "team_invitations": [],
    "events": [],
    "series": [],
    "events_log": [],
    "deeds": [],
    "back_office_journal": [],
    "service_tokens": [],
    "calendar_feeds": [],
    "kept_answers": [],
    "authenticators": [],
    "recovery_codes": [],
    "notices": [],
    "messages": [],
    "opt_outs": [],
    "presences": [],
    "scans": [],
    "scans_by_them": [],
    "gate_tokens": [],
    "badges": [],
    "recovery_codes_left": 0,
    "back_office_sessions": [],
}


def z(moment):
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def exported(user):
    answer = ContractClient(token_for(user)).get(EXPORT)
    assert answer.status_code == 200
    return answer.json()


# What is in it -------------------------------------------------------------------------------------------------------


def test_of_somebody_who_only_signed_up_there_is_the_account_and_the_sign_in(bob):
    before = timezone.now()
    document = exported(bob)
    assert document.pop("exported_at") >= z(before)
    (sign_in,) = document.pop("sign_ins")
    assert sorted(sign_in) == ["created_at", "ended_at", "expires_at", "id", "user_id"]
    assert document.pop("account") == {
        "user_id": bob.pk,
        "last_login": None,
        "username": "bob",
        "email": "bob@example.org",
        "email_verified": bob.email_verified,
        "role": "user",
        "is_active": True,
        "is_trusted_to_write": False,
        "in_teams": False,
        "language": "",
        "created_at": z(bob.created_at),
        "updated_at": z(bob.updated_at),
        "sign_in_generation": 0,
    }
    assert document == EMPTY


def test_registrations_come_with_their_event_and_what_happened_to_them(api, bob, olga, make_event):
    event = make_event(olga)
    answer = api(bob).post("/attendees/", {"event_id": event.pk, "name": "Bob", "contact_details": "+49 555"}).json()
    row = Registration.objects.get()
    seats.update(registration=row, by=olga, status="attended")
    document = exported(bob)
    (found,) = document["registrations"]
    wanted = ("attendee_id", "event_id", "user_id", "name", "contact_details", "event_title", "registration_date")
    assert {name: found[name] for name in wanted} == {
        **{name: answer[name] for name in wanted if name in answer},
        "event_title": "Talk",
    }
    log = [
        (line["registration_id"], line["was"], line["becomes"], line["by_id"]) for line in document["registrations_log"]
    ]
    assert log == [(row.pk, "", "registered", bob.pk), (row.pk, "registered", "attended", None)]
    assert [line["becomes"] for line in document["deeds"]] == ["registered"]


def test_answers_are_in_it_as_stored_and_in_words(bob, enroll):
    row = enroll(EventFactory(), bob)
    diet = QuestionFactory(event=row.event, text="Diet?", type="choice", texts=["Fish", "Vegan"], archived=True)
    Answers.objects.create(registration=row, answers={str(diet.pk): 2})
    (found,) = exported(bob)["answers"]
    assert (found["registration_id"], found["answers"]) == (row.pk, {str(diet.pk): 2})
    assert found["in_words"] == {"Diet?": "Vegan"}


def test_an_organizers_events_profile_and_deeds_are_in_it(api, olga, bob, make_event, enroll):
    client = api(olga)
    body = {"title": "Evening", "location": "Hall", "date_time": "2030-05-01T19:00:00Z", "max_capacity": 3}
    pk = client.post("/events/", body).json()["event_id"]
    client.patch(f"/events/{pk}", {"title": "Late evening"})
    client.patch(f"/users/{olga.pk}/organizer", {"contact": "+49 555"})
    row = enroll(Event.objects.get(pk=pk), bob, name="Bob Quill", contact_details="bob@quill.example")
    client.patch(f"/attendees/{row.pk}", {"status": "attended"})
    document = exported(olga)
    assert document["organizer_profile"] == {
        **{"user_id": olga.pk, "name": "", "contact": "+49 555", "about": ""},
        **{"digest": "none", "digest_until": None},
    }
    assert [(event["event_id"], event["title"]) for event in document["events"]] == [(pk, "Late evening")]
    assert [(line["event_id"], line["title"]) for line in document["events_log"]] == [
        (pk, "Evening"),
        (pk, "Late evening"),
    ]
    assert [(line["registration_id"], line["becomes"]) for line in document["deeds"]] == [(row.pk, "attended")]
    assert "quill" not in json.dumps(document).lower()  # other people's names are not hers


def test_what_an_admin_changed_of_others_is_in_it(api, ada, olga, make_event):
    event = make_event(olga)
    api(ada).patch(f"/events/{event.pk}", {"title": "Other"})
    assert [line["title"] for line in exported(ada)["events_log"]] == ["Other"]


def test_tokens_sign_ins_and_the_second_factor_are_in_it_without_their_secrets(api, olga):
    new = api_tokens.create_token(owner=olga, name="Website", scopes=["events:read"])
    feed = calendar_feeds.create_feed(owner=olga, kind="events").feed
    key = second_factor.generate_key()
    made = second_factor.enable(account=olga, key=key, code=f"{TOTP(bytes.fromhex(key)).token():06}")
    signed_in = api().post("/users/login", {"username": "olga", "password": PASSWORD}).json()
    api().post("/users/token/refresh", {"refresh": signed_in["refresh"]})
    Client().post("/admin/login/", {"username": "olga", "password": PASSWORD})
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(user=olga, content_type=kind, object_id="1", object_repr="Account 1", action_flag=CHANGE)
    document = exported(olga)
    assert [(each["token_id"], each["name"], each["scopes"]) for each in document["service_tokens"]] == [
        (new.token.pk, "Website", ["events:read"])
    ]
    assert [(each["feed_id"], each["kind"]) for each in document["calendar_feeds"]] == [(feed.pk, "events")]
    assert [each["ended_at"] is None for each in document["sign_ins"]] == [False, True, True]
    assert [each["name"] for each in document["authenticators"] + document["recovery_codes"]] == [
        "Phone",
        "Recovery codes",
    ]
    assert (document["recovery_codes_left"], len(document["back_office_sessions"])) == (10, 1)
    assert [entry["object_repr"] for entry in document["back_office_journal"]] == ["Account 1"]
    text = json.dumps(document)
    olga.refresh_from_db()
    secrets = [key, new.secret, new.token.digest, new.token.bond, olga.password, *made.recovery_codes]
    assert [secret for secret in [*secrets, signed_in["refresh"], signed_in["token"]] if secret in text] == []


def test_requests_for_their_address_are_in_it(bob, eve, olga, make_event):
    event = make_event(olga, guests="confirm_first")
    for account in (bob, eve):
        guests.request_registration(event=event, name="Bob", email=account.email, details={"phone": "1"})
    (found,) = exported(bob)["guest_requests"]
    assert (found["event_id"], found["email"], found["payload"]) == (event.pk, bob.email, {"phone": "1"})


def test_what_is_kept_of_answers_about_them_is_in_it(api, bob, olga, make_event):
    body = {"event_id": make_event(olga).pk, "user_id": bob.pk, "name": "Bob Quill"}
    answer = api(olga).post("/attendees/", body, headers={"idempotency-key": "k"})
    (kept,) = exported(bob)["kept_answers"]
    assert (kept["user_id"], kept["about_id"], json.loads(kept["body"])) == (olga.pk, bob.pk, answer.json())
    assert exported(olga)["kept_answers"] == []


def test_what_is_kept_of_answers_that_name_them_is_in_it(api, olga, ada):
    body = {"title": "Talk", "location": "Hall", "max_capacity": 3, "date_time": "2031-05-01T18:00:00Z"}
    answer = api(ada).post("/events/", {**body, "organizer_id": olga.pk}, headers={"idempotency-key": "k"})
    (kept,) = exported(olga)["kept_answers"]
    assert (kept["user_id"], json.loads(kept["body"])) == (ada.pk, answer.json())


@pytest.mark.parametrize(("who", "is_told"), [("bob", False), ("olga", True), ("ada", True)])
def test_a_draft_is_told_to_those_alone_who_see_it_elsewhere(request, olga, make_event, enroll, who, is_told):
    person = request.getfixturevalue(who)
    event = make_event(olga, title="Secret talk")
    enroll(event, person)
    Event.objects.update(status="draft")
    (found,) = exported(person)["registrations"]
    told = (event.title, z(event.date_time)) if is_told else (None, None)
    assert (found["event_id"], found["event_title"], found["event_date_time"]) == (event.pk, *told)


def test_nothing_of_anybody_else_is_in_it(api, bob, eve, olga, make_event, enroll):
    event = make_event(olga, title="Eve's evening")
    enroll(event, eve, name="Eve Quill", contact_details="eve@quill.example")
    api_tokens.create_token(owner=eve, name="Eve's site", scopes=["events:read"])
    document = exported(bob)
    assert not {"eve", "quill"} & set(json.dumps(document).lower().replace("@", " ").replace('"', " ").split())
    assert {name: document[name] for name in EMPTY} == EMPTY


def test_many_rows_are_read_piece_by_piece(api, bob, olga, make_event, enroll, monkeypatch):
    """Through an index, and past it."""
    for name, size in (("by_key", 2), ("by_range", 3)):
        original = getattr(batches, name)
        monkeypatch.setattr(personal_data, name, lambda rows, original=original, size=size: original(rows, size))
    for _ in range(5):
        api(bob).post("/attendees/", {"event_id": make_event(olga).pk})
        enroll(make_event(olga))
    document = exported(bob)
    assert [len(document[name]) for name in ("registrations", "registrations_log", "deeds")] == [5, 5, 5]


# Complete by construction --------------------------------------------------------------------------------------------


def tables():
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def test_every_table_is_a_section_or_says_why_not():
    said = {section.model._meta.db_table for section in SECTIONS}
    reasons = {place for place in EXCLUDED if "." not in place}
    there = set(connection.introspection.table_names())
    on_sqlite_alone = {"registrations_counting"}
    assert said | reasons - on_sqlite_alone == there - on_sqlite_alone
    assert said & reasons == set()


def test_every_column_that_leads_to_an_account_is_followed_or_says_why_not():
    followed = {
        f"{section.model._meta.db_table}.{section.model._meta.get_field(name).column}"
        for section in SECTIONS
        for name in section.by
        if "__" not in name and name != "pk"
    }
    leading = {
        f"{table}.{field.column}"
        for table, model in tables().items()
        for field in model._meta.concrete_fields
        if field.related_model is User or field.name.endswith("user_id")
    }
    assert leading == followed | {place for place in EXCLUDED if "." in place}


def test_every_column_of_a_section_is_said_but_the_secret_ones():
    hidden = {
        f"{section.name}.{field.name}"
        for section in SECTIONS
        for field in section.model._meta.concrete_fields
        if field.attname not in section.columns().values()
    }
    assert hidden == {
        "account.password",
        "deeds.reason",
        "guest_requests.digest",
        "service_tokens.digest",
        "service_tokens.bond",
        "calendar_feeds.digest",
        "calendar_feeds.bond",
        "gate_tokens.digest",
        "team_invitations.digest",
        "scans.device",
        "kept_answers.key",
        "kept_answers.fingerprint",
        "kept_answers.people",
        "sign_ins.token",
        "sign_ins.jti",
        "authenticators.key",
    }


def test_no_table_has_a_relation_of_many_to_accounts():
    """Which none of the tests above would see."""
    assert not [model for model in tables().values() if model._meta.many_to_many and model._meta.app_label != "auth"]


def test_the_api_documents_every_section(bob):
    assert list(exported(bob)) == list(ExportSerializer().fields)


# Who gets it ---------------------------------------------------------------------------------------------------------


def test_it_takes_a_fresh_sign_in(api, bob):
    assert whole(api(bob, signed_in_at=time.time() - 15 * 60).get(EXPORT)) == SIGN_IN_AGAIN
    assert api(bob, signed_in_at=time.time() - 14 * 60).get(EXPORT).status_code == 200


def test_without_a_sign_in_there_is_none(api, db):
    assert whole(api().get(EXPORT)) == NO_HEADER


def test_a_service_token_opens_none(bob):
    secret = api_tokens.create_token(owner=bob, name="All", scopes=["profile:read", "events:read"]).secret
    assert ContractClient(secret).get(EXPORT).json()["code"] == "insufficient_scope"


def test_it_is_throttled_as_sign_ins_are(api, bob, eve, settings):
    settings.THROTTLE_CREDENTIALS = "2/min"
    assert [api(bob).get(EXPORT).status_code for _ in range(3)] == [200, 200, 429]
    assert api(eve).get(EXPORT).status_code == 200


def test_it_is_a_file_to_save_that_nobody_keeps_on_the_way(bob):
    answer = Client(headers={"authorization": f"Bearer {token_for(bob)}"}).get(EXPORT)
    body = answer.getvalue()
    assert {name: answer.headers[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control")} == {
        "Content-Type": "application/json",
        "Content-Disposition": f'attachment; filename="eventhub-account-{bob.pk}.json"',
        "Cache-Control": "no-store",
    }
    assert int(answer.headers["Content-Length"]) == len(body)


def test_one_that_fails_half_way_is_no_file_but_an_error(bob, monkeypatch):
    def fail(account):
        raise Unavailable()

    monkeypatch.setattr(personal_data, "recovery_codes_left", fail)
    answer = ContractClient(token_for(bob)).get(EXPORT)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_a_long_one_is_the_same(bob, monkeypatch):
    monkeypatch.setattr(personal_data, "MAX_IN_MEMORY", 10)
    assert exported(bob)["account"]["username"] == "bob"


def test_it_is_a_security_event(bob, caplog):
    with caplog.at_level(logging.INFO, logger="eventhub.security"):
        exported(bob)
    assert [(record.getMessage(), record.facts) for record in caplog.records] == [
        ("data_exported", {"user_id": bob.pk, "by": bob.pk})
    ]


def test_times_are_utc(bob, settings):
    settings.TIME_ZONE = "Asia/Kathmandu"
    moment = datetime(2031, 7, 1, 16, 30, tzinfo=UTC)
    User.objects.filter(pk=bob.pk).update(created_at=moment, updated_at=moment + timedelta(hours=1))
    account = exported(bob)["account"]
    assert (account["created_at"], account["updated_at"]) == ("2031-07-01T16:30:00Z", "2031-07-01T17:30:00Z")
