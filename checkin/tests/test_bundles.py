"""The bundle of a device without network: what it says, whom it names, and its differences."""

import base64
import json
import uuid
from datetime import timedelta

import pytest
import time_machine
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.services import token_secrets
from checkin.models import Checkpoint, GateToken, Presence, Scan
from checkin.serializers import BundleSerializer
from checkin.services import bundles, gate_tokens, ticket_keys
from checkin.services.bundles import bundle_of, digest_of
from checkin.services.checkpoints import entrance_of
from checkin.services.judgement import Door
from checkin.services.ticket_codes import make_code
from checkin.services.tickets import reissue, ticket_of
from checkin.services.walk_ins import admit_walk_in
from eventhub.api.renderers import dumps
from eventhub.exceptions import EventNotFound, Invalid
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import EventFactory, QuestionFactory, RegistrationFactory
from events.models import Event
from registrations.models import Answers, Registration
from registrations.services import answers, question_edits, seats

pytestmark = pytest.mark.django_db


def opened(code, sealed):
    """Open a name as the device does: with the code, and what is documented."""
    raw = base64.b64decode(sealed)
    key = HKDF(algorithm=SHA256(), length=32, salt=b"", info=b"eventhub ticket").derive(code.encode())
    return json.loads(AESGCM(key).decrypt(raw[:12], raw[12:], None))


def bundle(event, after="", **options):
    found = bundle_of(event.pk, checkpoint=options.pop("checkpoint", None), after=after, **options)
    return json.loads(dumps(vars(found)))


def let_in(registration, *, at=None, inside=True):
    at = at or timezone.now()
    entrance = entrance_of(registration.event_id)
    Presence.objects.update_or_create(
        checkpoint=entrance,
        registration=registration,
        defaults={"inside": inside, "entries": 1, "first_in": at, "last_in": at},
    )
    Scan.objects.create(
        event_id=registration.event_id,
        checkpoint=entrance,
        registration=registration,
        nonce=uuid.uuid4(),
        kind="in",
        result="admitted",
        at=at,
    )
    return entrance


def test_a_bundle_is_what_the_contract_says(make_event, enroll, olga, bob, eve):
    event = make_event(olga)
    seated, waiting = enroll(event, bob, name="Bob"), enroll(event, eve, "waitlisted", name="Eve")
    entrance = let_in(seated)
    came = Presence.objects.get().last_in
    codes = {row: make_code(row.pk, 0) for row in (seated, waiting)}
    found = bundle(event, checkpoint=entrance)
    sealed = found["tickets"][0].pop("x") if found["tickets"][0]["id"] == seated.pk else found["tickets"][1].pop("x")
    assert opened(codes[seated], sealed) == {"name": "Bob"}
    when = dumps(came).decode().strip('"')
    assert sorted(found.pop("tickets"), key=lambda entry: entry["id"]) == [
        {"id": seated.pk, "h": digest_of(codes[seated]), "s": "registered", "e": 1, "in": True, "at": when},
        {"id": waiting.pk, "h": digest_of(codes[waiting]), "s": "waitlisted", "e": 0, "in": False, "at": None},
    ]
    assert found.pop("cursor").startswith(f"{entrance.pk}.1.")
    assert found.pop("generated_at")
    assert found == {
        "event_id": event.pk,
        "checkpoint_id": entrance.pk,
        "is_whole": True,
        "count": 2,
        "questions": {},
        "ask_walk_ins": [],
        "revoked": [],
        "removed": [],
    }


def test_a_stolen_bundle_names_nobody(make_event, enroll, olga, bob, eve):
    event = make_event(olga)
    details = {"name": "Bob the Builder", "contact_details": "7 Yard Lane", "phone": "+44 20 7946 0000"}
    registration = enroll(event, bob, **details)
    enroll(event, eve, "cancelled", name="Eve Adams")
    reissue(registration=registration, by=olga)
    codes = [make_code(registration.pk, issue) for issue in (0, 1)]
    text = json.dumps(bundle(event))
    parts = [*codes, codes[1][2:12], *details.values(), "Bob", "Eve", bob.email, bob.username]
    assert [part for part in parts if part in text] == []
    (entry,) = [each for each in bundle(event)["tickets"] if "x" in each]
    assert opened(codes[1], entry["x"]) == {"name": "Bob the Builder"}
    with pytest.raises(InvalidTag):
        opened(codes[0], entry["x"])


def test_only_the_ticket_says_what_to_ask_its_person(make_event, enroll, olga, bob, eve):
    event = make_event(olga)
    shirt = QuestionFactory(event=event, text="Which shirt?", required="at_door")
    QuestionFactory(event=event, text="Any wishes?")
    later = timezone.now() + timedelta(minutes=5)
    bobs, eves = enroll(event, bob, name="Bob"), enroll(event, eve, name="Eve")
    answers.save(registration=eves, given={str(shirt.pk): "L"}, by=olga)
    found = bundle(event, now=later)
    assert (found["questions"], bundle(make_event(olga))["questions"]) == ({str(shirt.pk): "Which shirt?"}, {})
    sealed = {entry["id"]: entry.pop("x") for entry in found["tickets"]}
    assert {frozenset(entry) for entry in found["tickets"]} == {frozenset(("id", "h", "s", "e", "in", "at"))}
    said = {row.name: opened(make_code(row.pk, 0), sealed[row.pk]) for row in (bobs, eves)}
    assert said == {"Bob": {"name": "Bob", "ask": [shirt.pk]}, "Eve": {"name": "Eve"}}

    assert bundle(event, found["cursor"], now=later)["tickets"] == []
    Answers.objects.filter(pk=eves.pk).update(updated_at=later, answers={})
    changed = bundle(event, found["cursor"], now=later)
    assert [entry["id"] for entry in changed["tickets"]] == [eves.pk]
    assert changed["questions"] == found["questions"]
    Event.objects.filter(pk=event.pk).update(updated_at=later)  # as each change of a question does
    assert bundle(event, found["cursor"], now=later)["is_whole"]


def test_a_bundle_says_what_to_ask_people_who_are_added_by_name(make_event, enroll, olga):
    event = make_event(olga, max_capacity=9)
    diet = QuestionFactory(event=event, text="Diet?", type="yes_no", required="yes")
    shirt = QuestionFactory(event=event, text="Which shirt?", required="at_door", place=1)
    which = {"question_id": diet.pk, "is": [True]}
    QuestionFactory(event=event, text="Which diet?", required="yes", show_if=which, place=2)
    QuestionFactory(event=event, text="Any wishes?", place=3)
    QuestionFactory(event=event, text="Former", required="yes", archived=True, place=4)
    texts = {str(diet.pk): "Diet?", str(shirt.pk): "Which shirt?"}
    now = timezone.now() + timedelta(minutes=5)
    first = bundle(event, now=now)
    assert (first["tickets"], first["questions"], first["ask_walk_ins"]) == ([], texts, [diet.pk, shirt.pk])
    later = bundle(event, first["cursor"], now=now)
    assert (later["is_whole"], later["questions"], later["ask_walk_ins"]) == (False, texts, [diet.pk, shirt.pk])
    answer = admit_walk_in(Door(event.pk, olga), name="Ada")
    assert [question.pk for question in answer.owes_answers] == first["ask_walk_ins"]


@pytest.mark.parametrize("is_answered", [False, True])  # then it is archived
def test_a_device_forgets_the_last_question(make_event, enroll, olga, bob, eve, is_answered):
    event = make_event(olga)
    shirt = QuestionFactory(event=event, text="Which shirt?", required="at_door")
    row = enroll(event, bob, name="Bob")
    if is_answered:
        answers.save(registration=enroll(event, eve), given={str(shirt.pk): "L"}, by=olga)
    moment = bundles.OVERLAP + timedelta(seconds=1)
    first = bundle(event, now=timezone.now() + moment)
    assert first["ask_walk_ins"] == [shirt.pk]
    with time_machine.travel(timezone.now() + moment):
        question_edits.delete_question(question=shirt, by=olga)
    now = timezone.now() + 3 * moment
    changed = bundle(event, first["cursor"], now=now)
    assert (changed["is_whole"], changed["questions"], changed["ask_walk_ins"]) == (True, {}, [])
    (sealed,) = [entry["x"] for entry in changed["tickets"] if entry["id"] == row.pk]
    assert opened(make_code(row.pk, 0), sealed) == {"name": "Bob"}
    with time_machine.travel(now):
        admit_walk_in(Door(event.pk, olga), name="Ada")
    assert bundle(event, changed["cursor"], now=now)["is_whole"] is False


def test_no_bundle_of_an_event_that_was_deleted_meanwhile(make_event, olga):
    event = make_event(olga)
    Event.objects.filter(pk=event.pk).delete()
    with pytest.raises(EventNotFound):
        bundle(event)


def test_the_length_of_a_name_is_hidden():
    code = make_code(31, 0)
    sealed = [bundles.encrypt(code, name) for name in ("", "Bo", "Bartholomew Featherstonehaugh", "B" * 255)]
    assert [len(base64.b64decode(each)) - 12 - 16 for each in sealed] == [48, 48, 48, 6 * 48]
    assert [opened(code, each)["name"] for each in sealed[1:3]] == ["Bo", "Bartholomew Featherstonehaugh"]


def test_the_last_replaced_tickets_are_told_from_unknown_ones(make_event, enroll, olga):
    event = make_event(olga)
    registration = enroll(event)
    Registration.objects.update(issue=bundles.MAX_REVOKED + 2)
    found = bundle(event)
    assert found["revoked"] == [
        digest_of(make_code(registration.pk, issue)) for issue in range(2, bundles.MAX_REVOKED + 2)
    ]
    assert [entry["h"] for entry in found["tickets"]] == [
        digest_of(make_code(registration.pk, bundles.MAX_REVOKED + 2))
    ]


def test_tickets_of_an_older_key_stay_good(make_event, enroll, olga):
    event = make_event(olga)
    older = enroll(event)
    old = make_code(older.pk, 0)
    before = bundle(event)["cursor"]
    ticket_keys.rotate()
    newer = enroll(event, registration_date=timezone.now() + timedelta(seconds=ticket_keys.KEPT_SECONDS + 1))
    found = bundle(event, after=before)
    assert found["is_whole"]
    assert {entry["h"] for entry in found["tickets"]} == {
        digest_of(code) for code in (old, ticket_of(older).code, ticket_of(newer).code)
    }
    assert found["count"] == 3
    assert bundle(event, after=found["cursor"])["count"] == 3


@pytest.mark.parametrize("text", ["1", "1.1", "1.1.x", "-1.1.1", "1.1.1.1", "\u0661.1.1", f"1.1.{'9' * 17}", "1.1.1 "])
def test_a_cursor_that_is_none_is_refused(make_event, olga, text):
    with pytest.raises(Invalid):
        bundle(make_event(olga), after=text)


def test_who_was_away_for_long_or_moved_gets_all_of_it(make_event, enroll, olga):
    event = make_event(olga)
    registration = enroll(event)
    entrance = entrance_of(event.pk)
    now = timezone.now() + timedelta(hours=1)
    cursor = bundle(event, checkpoint=entrance, now=now)["cursor"]
    later = now + bundles.MAX_AGE
    assert [
        bundle(event, cursor, checkpoint=entrance, now=later - bundles.OVERLAP)["is_whole"],
        bundle(event, cursor, checkpoint=entrance, now=later)["is_whole"],
        bundle(event, cursor, now=now)["is_whole"],
    ] == [False, True, True]
    assert bundle(event, cursor, checkpoint=entrance, now=now)["tickets"] == []
    seats.update(registration=registration, by=olga, status="cancelled")
    assert bundle(event, cursor, checkpoint=entrance, now=now)["is_whole"] is False


def test_who_was_checked_in_in_another_way_is_in(make_event, enroll, olga):
    event = make_event(olga)
    registration = enroll(event, status="attended")
    dinner = Checkpoint.objects.create(event=event, name="Dinner")
    keys = ("e", "in", "at")
    since = dumps(registration.status_since).decode().strip('"')
    found = [bundle(event, checkpoint=place)["tickets"][0] for place in (None, entrance_of(event.pk), dinner)]
    assert [tuple(map(entry.get, keys)) for entry in found] == [(1, True, since)] * 2 + [(0, False, None)]


# Over the API --------------------------------------------------------------------------------------------------------


@pytest.fixture
def gate():
    """Make a client of a helper at the door of an event."""

    def make(event):
        secret = token_secrets.new_secret(gate_tokens.PREFIX)
        digest, ends = token_secrets.digest_of(secret), timezone.now() + timedelta(days=400)
        whose = {"event": event, "created_by": event.organizer}
        GateToken.objects.create(name="Door", digest=digest, expires_at=ends, **whose)
        return ContractClient(secret)

    return make


def test_who_runs_the_event_and_its_gates_get_it(api, gate, make_event, enroll, olga, otto, bob, ada):
    event, other = make_event(olga), make_event(olga)
    enroll(event)
    path = f"/events/{event.pk}/bundle"
    statuses = {user.username: api(user).get(path).status_code for user in (olga, ada, otto, bob)}
    assert statuses == {"olga": 200, "ada": 200, "otto": 403, "bob": 403}
    assert (api().get(path).status_code, gate(other).get(path).status_code) == (401, 404)
    answer = gate(event).get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    cursor = answer.json()["cursor"]
    assert answer.json().keys() == BundleSerializer.example.keys()
    Event.objects.filter(pk=event.pk).update(updated_at=event.updated_at - 2 * bundles.OVERLAP)
    assert api(olga).get(f"{path}?after={cursor}").json()["is_whole"] is False


def test_entries_are_those_at_the_checkpoint_that_is_named(api, make_event, enroll, olga):
    event = make_event(olga)
    entrance = let_in(enroll(event))
    dinner = Checkpoint.objects.create(event=event, name="Dinner")
    path = f"/events/{event.pk}/bundle"
    found = {name: api(olga).get(f"{path}{query}").json() for name, query in (("", ""), ("dinner", _at(dinner)))}
    assert {name: [entry["e"] for entry in each["tickets"]] for name, each in found.items()} == {"": [1], "dinner": [0]}
    assert [each["checkpoint_id"] for each in found.values()] == [entrance.pk, dinner.pk]


def _at(checkpoint):
    return f"?checkpoint_id={getattr(checkpoint, 'pk', checkpoint)}"


@pytest.mark.parametrize("query", ["?after=x", "?checkpoint_id=x", "?checkpoint_id=0", "?after=%00"])
def test_a_wrong_parameter_is_a_400(api, make_event, olga, query):
    answer = api(olga).get(f"/events/{make_event(olga).pk}/bundle{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_checkpoint_of_another_event_is_a_400(api, make_event, olga):
    other = entrance_of(make_event(olga).pk)
    answer = api(olga).get(f"/events/{make_event(olga).pk}/bundle{_at(other)}")
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"checkpoint_id": ["This event has no such checkpoint."]},
    )


# Differences ---------------------------------------------------------------------------------------------------------


STEPS = ("register", "wait", "rename", "cancel", "reissue", "let in", "leave", "delete", "read")


class Device:
    """What checkin/static/checkin/scan/offline-store.js keeps."""

    def __init__(self):
        self.entries, self.revoked, self.cursor = {}, set(), ""

    def read(self, event, checkpoint):
        found = bundle(event, self.cursor, checkpoint=checkpoint)
        if found["is_whole"]:
            self.entries, self.revoked = {}, set()
        replaced = {*found["removed"], *(entry["id"] for entry in found["tickets"])}
        self.entries = {h: entry for h, entry in self.entries.items() if entry["id"] not in replaced}
        self.entries |= {entry["h"]: entry for entry in found["tickets"]}
        self.revoked |= {*found["revoked"]}
        self.cursor = found["cursor"]
        return found["count"] == len(self.entries)

    def state(self):
        codes = {digest_of(code): code for code in map(_code, Registration.objects.all())}
        return {
            h: {**entry, "x": opened(codes[h], entry["x"]) if "x" in entry else None}
            for h, entry in self.entries.items()
        }


def _code(registration):
    return make_code(registration.pk, registration.issue)


class TestDifferences(TestCase):
    @settings(max_examples=25)
    @given(
        steps=st.lists(
            st.tuples(
                st.sampled_from(STEPS),
                st.integers(0, 3),
            ),
            max_size=12,
        )
    )
    def test_a_device_that_asks_for_differences_ends_as_one_that_asks_for_all(self, steps):
        event = EventFactory(max_capacity=100)
        entrance = entrance_of(event.pk)
        RegistrationFactory.create_batch(2, event=event)
        kept = bundles.OVERLAP
        bundles.OVERLAP = timedelta(0)  # or each difference would be everything
        try:
            device = Device()
            device.read(event, entrance)
            for step, place in steps:
                self.change(step, place, event, device, entrance)
            is_complete = device.read(event, entrance)
            fresh = Device()
            assert fresh.read(event, entrance)
        finally:
            bundles.OVERLAP = kept
        if is_complete:
            assert device.state() == fresh.state()
            assert device.revoked >= fresh.revoked
        else:  # which only a deleted registration without a person, or a cancelled one, brings about
            assert "delete" in {step for step, _ in steps}

    def change(self, step, place, event, device, entrance):
        rows = list(Registration.objects.filter(event=event).order_by("pk"))
        row = rows[place % len(rows)] if rows else None
        if step == "read":
            device.read(event, entrance)
        elif step in ("register", "wait"):
            RegistrationFactory(event=event, status="waitlisted" if step == "wait" else "registered")
        elif row is None:
            return
        elif step == "rename":
            seats.update(registration=row, by=event.organizer, name=f"{row.name} II")
        elif step == "cancel":
            Registration.objects.filter(pk=row.pk).update(status="cancelled")  # as raw SQL does
        elif step == "reissue" and row.status == "registered":
            reissue(registration=row, by=event.organizer)
        elif step in ("let in", "leave"):
            let_in(row, inside=step == "let in")
        elif step == "delete":
            Registration.objects.filter(pk=row.pk).delete()
