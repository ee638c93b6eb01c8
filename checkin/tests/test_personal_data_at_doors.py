"""What the doors know of people: how long, what of it they get, and what an erasure leaves."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from checkin.models import GateToken, Presence, Print, Scan
from checkin.services import admission, retention, walk_ins
from checkin.services.checkpoints import create_checkpoint
from checkin.services.gate_tokens import create_token
from checkin.services.judgement import Attempt, Door
from eventhub.testing.contract_client import ContractClient, token_for
from eventhub.testing.database_search import places_of
from events.models import Event
from registrations.models import Registration
from registrations.services import housekeeping
from registrations.services.seat_audit import find_faults

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def scanned(olga, bob, make_event, enroll):
    """Make an event with Bob let in by Kim's gate, a walk-in, and a printed badge."""

    def make(**fields):
        event = make_event(olga, **fields)
        gate = create_token(event=event, by=olga, name="Kim Quill", may=("search",)).token
        door = Door(event.pk, olga, gate, device="Kim Quill's phone")
        row = enroll(event, bob, name="Bob")
        admission.scan(door, Attempt(registration_id=row.pk))
        walk_ins.admit_walk_in(door, name="Wanda Quill")
        Print.objects.create(event=event, registration=row, edition="1", at=timezone.now(), by=olga)
        return event

    return make


def end(event, ago):
    moment = timezone.now() - ago
    Event.objects.filter(pk=event.pk).update(date_time=moment - DAY, end_time=moment)


def lines(event):
    scans = Scan.objects.filter(event=event).order_by("pk")
    return list(scans.values_list("result", "by__username", "gate__name", "device"))


def housekeep(settings, days):
    settings.RETENTION_DAYS = days
    return {each.what: each.rows for each in housekeeping.run_chores(now=timezone.now(), dry_run=False)}


def test_helpers_are_forgotten_with_the_people_whom_they_let_in(settings, scanned, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    old, recent = scanned(), scanned(title="Other")
    end(old, 31 * DAY)
    end(recent, 29 * DAY)
    before = lines(recent)
    assert housekeep(settings, 0)["scans past RETENTION_DAYS anonymized"] == 0
    assert lines(old) == before == [("admitted", "olga", "Kim Quill", "Kim Quill's phone")] * 2
    done = housekeep(settings, 30)
    assert (
        done["scans past RETENTION_DAYS anonymized"],
        done["registrations past RETENTION_DAYS anonymized"],
    ) == (2, 2)
    assert lines(old) == [("admitted", None, None, "")] * 2
    assert lines(recent) == before
    assert (
        list(Registration.objects.filter(event=old).values_list("name", "user", "status"))
        == [("", None, "attended")] * 2
    )
    assert [model.objects.filter(event=old).count() for model in (GateToken, Print)] == [0, 0]
    assert [model.objects.filter(event=recent).count() for model in (GateToken, Print)] == [1, 1]
    assert Presence.objects.filter(checkpoint__event=old, inside=True).count() == 2
    assert list(find_faults()) == []


def test_the_command_forgets_them_too(scanned):
    end(scanned(), 31 * DAY)
    for arguments, prefix in ((["--dry-run"], "Dry run: "), ([], "")):
        out = io.StringIO()
        call_command("purge_personal_data", "--older-than", "30d", *arguments, stdout=out)
        assert out.getvalue().strip() == (
            f"{prefix}2 registrations anonymized, 0 unclaimed accounts deleted, 2 scans anonymized"
        )
    assert places_of("quill") == set()


def test_people_get_where_they_were_let_in_and_nothing_of_the_helper(olga, bob, scanned):
    event = scanned()
    checkpoint = create_checkpoint(event_id=event.pk, values={"name": "Workshop"})
    row = Registration.objects.get(user=bob)
    admission.scan(Door(event.pk, olga, checkpoint_id=checkpoint.pk), Attempt(registration_id=row.pk))
    document = ContractClient(token_for(bob)).get("/users/me/export").json()
    said = [
        [(each["event_title"], each["checkpoint_name"]) for each in document[name]] for name in ("presences", "scans")
    ]
    assert said == [[("Talk", "Entrance"), ("Talk", "Workshop")]] * 2
    assert [(each["result"], each["registration_id"]) for each in document["scans"]] == [("admitted", row.pk)] * 2
    assert [each["registration_id"] for each in document["badges"]] == [row.pk]
    assert (document["scans_by_them"], document["gate_tokens"]) == ([], [])
    assert "Quill" not in str(document)


def test_organizers_get_their_scans_and_gate_tokens_without_the_names_of_others(olga, bob, scanned):
    event = scanned()
    document = ContractClient(token_for(olga)).get("/users/me/export").json()
    assert [(each["event_id"], each["result"]) for each in document["scans_by_them"]] == [(event.pk, "admitted")] * 2
    assert [(each["name"], "digest" in each) for each in document["gate_tokens"]] == [("Kim Quill", False)]
    assert document["scans"] == []
    assert "Wanda" not in str(document)


def test_an_erasure_leaves_scans_of_past_events_that_name_nobody(api, bob, scanned):
    past, to_come = scanned(), scanned()
    end(past, DAY)
    assert api(bob).delete(f"/users/{bob.pk}").status_code == 204
    assert [len(lines(event)) for event in (past, to_come)] == [2, 1]  # those of the deleted registration go with it
    assert not Scan.objects.filter(registration__user=bob.pk).exists()
    assert not Print.objects.exists()
    assert set(Scan.objects.filter(event=past).values_list("registration__name", flat=True)) == {"", "Wanda Quill"}
    assert list(find_faults()) == []


def test_who_made_a_gate_token_can_be_erased_and_their_scans_name_nobody(api, ada, person, olga, scanned):
    helper = person("zoe", role="admin")
    event = scanned()
    create_token(event=event, by=helper, name="Door")
    row = Registration.objects.get(event=event, name="Bob")
    admission.scan(Door(event.pk, helper), Attempt(registration_id=row.pk, kind="out"))
    assert api(ada).delete(f"/users/{helper.pk}").status_code == 204
    assert list(GateToken.objects.order_by("pk").values_list("created_by__username", flat=True)) == ["olga", None]
    found = api(olga).get(f"/events/{event.pk}/scans/")
    assert (found.status_code, "zoe" in found.text, len(found.json()["results"])) == (200, False, 3)
