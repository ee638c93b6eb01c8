"""The scan page without a network: it opens, knows it, answers from the bundle, and sends all of it afterwards."""

import re
import shutil
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from checkin.models import Checkpoint, Presence, Scan
from checkin.services import gate_tokens
from checkin.services.checkpoints import entrance_of
from checkin.services.ticket_codes import make_code
from checkin.services.tickets import reissue, ticket_of
from checkin.views import scan_page
from eventhub.testing.factories import QuestionFactory
from eventhub.tests.browser.accessibility import PHONE, violations
from eventhub.tests.browser.test_accessibility import CUT
from events.models import Event
from registrations.models import Registration

ASKED = "Which shirt?; Vegetarian?"
READY = "Ready to work offline"
STORED = """async (name) => {
  const open = indexedDB.open("eventhub-scan");
  await new Promise((resolve) => { open.onsuccess = resolve; });
  const all = open.result.transaction(name).objectStore(name).getAll();
  await new Promise((resolve) => { all.onsuccess = resolve; });
  return JSON.stringify(all.result);
}"""

QUEUE = """async ([eventId, scans]) => {
  const open = indexedDB.open("eventhub-scan");
  await new Promise((resolve) => { open.onsuccess = resolve; });
  const transaction = open.result.transaction("queue", "readwrite");
  for (const scan of scans) {
    const sent = { ...scan, kind: "in", refused: "ticket_unknown" };
    transaction.objectStore("queue").add({ ...scan, id: 0, eventId, place: "entrance", sent });
  }
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
}"""

QUEUE_AS_IS = QUEUE.replace('{ ...scan, id: 0, eventId, place: "entrance", sent }', "{ ...scan, id: 0, eventId }")


@pytest.fixture
def event(make_event, olga):
    return make_event(olga, title="Night of the Telescopes")


@pytest.fixture
def gate(page, live_server, settings, requests_elsewhere, event, olga):
    """Opens the scan page of a gate on a phone, and waits until it is ready."""
    settings.PUBLIC_URL = live_server.url
    made = gate_tokens.create_token(event=event, by=olga, name="North door", may=["search"])

    def opened(ready=READY):
        page.set_viewport_size(PHONE)
        page.goto(made.url)
        expect(page.locator("#connection")).to_contain_text(ready)
        if ready == READY:
            page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        return made.token

    return opened


def scan(page, code):
    page.get_by_label("Code of the ticket").fill(code)
    page.get_by_role("button", name="Scan", exact=True).click()


def answered(page, title, tone, name=""):
    answer = page.locator("#answer")
    expect(answer).to_have_class(re.compile(rf"\b{tone}\b"))
    expect(answer).to_contain_text(title)
    expect(answer).to_contain_text(name)


def emptied(page, store):
    for _ in range(100):
        if page.evaluate(STORED, store) == "[]":
            return
        page.wait_for_timeout(300)
    raise AssertionError(f"There is still something in {store}")


def connection(page, *texts, gone=None):
    for text in texts:
        expect(page.locator("#connection")).to_contain_text(text)
    if gone:
        expect(page.locator("#connection")).not_to_contain_text(gone)


def test_a_door_goes_on_without_network_and_sends_it_afterwards(
    page, context, gate, event, enroll, bob, eve, person, olga
):
    bobs, eves = enroll(event, bob, name="Bob the Builder"), enroll(event, eve, name="Eve Adams")
    waits = enroll(event, person("will"), "waitlisted", name="Will")
    replaced = ticket_of(eves).code
    reissue(registration=eves, by=olga)
    token = gate()
    assert [name for name in ("Bob", "Eve", "Will") if name in page.evaluate(STORED, "tickets")] == []

    context.set_offline(True)
    scan(page, ticket_of(bobs).spelled.lower())
    answered(page, "Welcome", "good", "Bob the Builder")
    connection(page, "Offline since", "kept on this device", "1 scan is waiting to be sent")
    expect(page.locator("#connection")).to_have_class("is-offline")
    assert [*violations(page), *page.evaluate(CUT)] == []
    page.wait_for_timeout(3100)  # the same code twice in a moment is one scan
    scan(page, ticket_of(bobs).code)
    answered(page, "Already in", "warn", "Bob the Builder")
    scan(page, '{"valid": true}')
    answered(page, "Not on the list", "bad")
    scan(page, replaced)
    answered(page, "Replaced ticket", "bad")
    scan(page, make_code(waits.pk, 0))
    answered(page, "On the waiting list", "bad")
    connection(page, "5 scans are waiting to be sent")
    assert not Scan.objects.exists()

    page.reload()
    connection(page, "Offline since", "5 scans are waiting to be sent")
    scan(page, make_code(eves.pk, 1))
    answered(page, "Welcome", "good", "Eve Adams")
    connection(page, "6 scans are waiting to be sent")

    context.set_offline(False)
    connection(page, READY, gone="waiting")
    lines = Scan.objects.order_by("id").values_list("result", "registration", "offline", "gate")
    assert list(lines) == [
        ("admitted", bobs.pk, True, token.pk),
        ("already_in", bobs.pk, True, token.pk),
        ("ticket_unknown", None, True, token.pk),
        ("ticket_revoked", eves.pk, True, token.pk),
        ("not_registered", waits.pk, True, token.pk),
        ("admitted", eves.pk, True, token.pk),
    ]
    assert set(Presence.objects.values_list("registration", "entries", "inside")) == {
        (bobs.pk, 1, True),
        (eves.pk, 1, True),
    }
    for registration, status in ((bobs, "attended"), (eves, "attended"), (waits, "waitlisted")):
        registration.refresh_from_db()
        assert registration.status == status


def test_undo_walk_ins_and_questions_without_network(page, context, gate, event, enroll, bob, eve):
    bobs, eves = enroll(event, bob, name="Bob the Builder"), enroll(event, eve, name="Eve Adams")
    Event.objects.filter(pk=event.pk).update(max_capacity=3)
    QuestionFactory(event=event, text="Which shirt?", required="at_door")
    QuestionFactory(event=event, text="Vegetarian?", type="yes_no", required="yes", place=1)
    QuestionFactory(event=event, text="Any wishes?", place=2)
    gate()
    context.set_offline(True)
    scan(page, ticket_of(eves).code)
    answered(page, "Welcome", "good", "Eve Adams")
    scan(page, ticket_of(bobs).code)
    answered(page, f"Please ask: {ASKED}", "good", "Bob the Builder")
    expect(page.locator("#found-hint")).to_contain_text("the list on this device names nobody")
    page.get_by_role("button", name="Undo check-in of Bob the Builder").click()
    answered(page, "Undone", "good")
    connection(page, "1 scan is waiting to be sent")
    page.wait_for_timeout(3100)  # the same code twice in a moment is one scan
    scan(page, ticket_of(bobs).code)
    answered(page, "Welcome", "good", "Bob the Builder")
    for name in ("Ada Lovelace", "Grace Hopper", "Joan Clarke"):
        page.get_by_label("Add somebody who is not on the list").fill(name)
        page.locator("#walk-in button").click()
        answered(page, "Kept on this device", "warn", name)
        expect(page.locator(".answer-sentence")).to_have_text(
            f"A seat is given when the network is back, if one is free then. Please ask: {ASKED}"
        )
    page.get_by_role("button", name="Undo check-in of Joan Clarke").click()
    connection(page, "4 scans are waiting to be sent")
    queue = page.evaluate(STORED, "queue")
    assert [text for text in (ticket_of(bobs).code, "Ada", "evg_") if text in queue] == []
    assert [*violations(page), *page.evaluate(CUT)] == []

    context.set_offline(False)
    connection(page, READY, gone="waiting")
    rows = Registration.objects.order_by("pk").values_list("name", "status")
    assert list(rows) == [(name, "attended") for name in ("Bob the Builder", "Eve Adams", "Ada Lovelace")]
    expect(page.locator("#conflicts")).to_contain_text("Grace Hopper" + "No seat was free")
    assert [*violations(page), *page.evaluate(CUT)] == []
    page.reload()
    page.get_by_role("button", name="Done: Grace Hopper").click()
    expect(page.locator("#conflicts")).to_be_hidden()
    assert page.evaluate(STORED, "queue") == "[]"


def test_a_scan_that_is_undone_on_its_way_is_undone_there(page, context, gate, event, enroll, bob):
    registration = enroll(event, bob, name="Bob the Builder")
    gate()
    context.route("**/scans", lambda route: (route.fetch(), route.abort()))  # noted, and the answer is lost
    scan(page, ticket_of(registration).code)
    context.set_offline(True)
    answered(page, "Welcome", "good", "Bob the Builder")
    page.get_by_role("button", name="Undo check-in of Bob").click()
    answered(page, "Undone", "good")
    busy = {"status": 429, "json": {"code": "throttled", "msg": "Too many requests"}, "headers": {"Retry-After": "1"}}
    context.route("**/undo", lambda route: route.fulfill(**busy), times=1)
    context.set_offline(False)
    emptied(page, "queue")
    assert list(Scan.objects.order_by("id").values_list("result", flat=True)) == ["admitted", "undone"]
    registration.refresh_from_db()
    assert registration.status == "registered"


def test_a_scan_that_cannot_be_read_is_shown_and_stops_nothing(page, gate, event, enroll, bob):
    registration = enroll(event, bob)
    gate()
    at = timezone.now().isoformat()
    lost = {"nonce": str(uuid.uuid4()), "at": at, "sealed": {"data": "garbled"}, "result": "admitted"}
    code = {"code": make_code(registration.pk, 0), "nonce": str(uuid.uuid4()), "at": at}
    refused = [{**lost, "conflict": "event_full"}, {"open": {"sent": {"name": "Ada"}}, "conflict": "event_full"}]
    page.evaluate(QUEUE_AS_IS, [event.pk, [lost, {**code, "open": {"sent": code}}, *refused]])
    page.evaluate("window.dispatchEvent(new Event('online'))")
    rows = page.locator("#conflict-list li")
    expect(rows).to_have_count(3)
    expect(rows).to_contain_text(["It could not be sent", "No seat was free", "Ada"])
    connection(page, READY, gone="waiting")
    assert list(Scan.objects.values_list("result", "registration")) == [("admitted", registration.pk)]
    for name in ("Scan that this device cannot read", "Scan that this device cannot read", "Ada"):
        page.get_by_role("button", name=f"Done: {name}").first.click()
    expect(page.locator("#conflicts")).to_be_hidden()
    assert page.evaluate(STORED, "queue") == "[]"


def test_what_the_server_said_is_known_when_the_network_goes(page, context, gate, event, enroll, bob):
    registration = enroll(event, bob, name="Bob the Builder")
    gate()
    scan(page, ticket_of(registration).code)
    answered(page, "Welcome", "good", "Bob the Builder")
    context.set_offline(True)
    page.wait_for_timeout(3100)
    scan(page, ticket_of(registration).code)
    answered(page, "Already in", "warn", "Bob the Builder")


def test_each_checkpoint_counts_for_itself(page, context, gate, event, enroll, bob):
    registration = enroll(event, bob, name="Bob the Builder")
    entrance, dinner = entrance_of(event.pk), Checkpoint.objects.create(event=event, name="Dinner")
    gate()
    context.set_offline(True)
    for checkpoint in ("Entrance", "Dinner"):
        page.get_by_label("Checkpoint").select_option(checkpoint)
        scan(page, ticket_of(registration).code)
        answered(page, "Welcome", "good", "Bob the Builder")
        page.wait_for_timeout(3100)
        scan(page, ticket_of(registration).code)
        answered(page, "Already in", "warn", "Bob the Builder")
    context.set_offline(False)
    connection(page, READY, gone="waiting")
    found = Presence.objects.values_list("checkpoint", "registration", "entries")
    assert set(found) == {(entrance.pk, registration.pk, 1), (dinner.pk, registration.pk, 1)}


def test_an_answer_that_takes_two_seconds_is_none(page, context, gate, event, enroll, bob):
    registration = enroll(event, bob, name="Bob the Builder")
    gate()
    context.route("**/events/**", lambda route: None)  # never answered
    context.route("**/gate", lambda route: None)
    page.clock.install()
    page.clock.pause_at(timezone.now() + timedelta(minutes=1))
    with page.expect_request("**/events/**"):
        scan(page, ticket_of(registration).code)
    page.clock.run_for(1900)
    expect(page.locator("#answer")).not_to_contain_text("Welcome")
    page.clock.run_for(100)
    answered(page, "Welcome", "good", "Bob the Builder")
    connection(page, "Offline since", "1 scan is waiting to be sent")


def test_scans_whose_answer_is_lost_are_noted_once(page, context, gate, event, enroll, bob):
    registration = enroll(event, bob)
    gate()
    lost = []

    def lose(route):
        lost.append(route.fetch().status)
        route.abort()

    context.set_offline(True)
    scan(page, ticket_of(registration).code)
    answered(page, "Welcome", "good")
    context.route("**/scans/batch", lose, times=2)
    context.set_offline(False)
    connection(page, READY, gone="waiting")
    assert lost == [200, 200]
    assert list(Scan.objects.values_list("result", "registration")) == [("admitted", registration.pk)]
    assert Presence.objects.get().entries == 1


def test_a_long_queue_is_sent_in_its_order_and_no_scan_stops_it(page, context, gate, event, enroll, bob):
    gate()
    scans = [
        {"nonce": str(uuid.UUID(int=n)), "at": "x" if n == 300 else timezone.now().isoformat(), "code": f"Code {n}"}
        for n in range(1, 603)
    ]
    page.evaluate(QUEUE, [event.pk, scans])
    page.evaluate("window.dispatchEvent(new Event('online'))")
    emptied(page, "queue")
    nonces = [nonce.int for nonce in Scan.objects.order_by("id").values_list("nonce", flat=True)]
    assert nonces == [n for n in range(1, 603) if n != 300]


def test_a_page_that_was_never_online_says_so(page, context, gate, event):
    gate()
    page.evaluate("indexedDB.deleteDatabase('eventhub-scan')")
    context.set_offline(True)
    page.reload()
    connection(page, "This device has no list of tickets yet")


def test_a_gate_that_has_ended_leaves_no_list_on_the_device(page, gate, event, enroll):
    enroll(event)
    token = gate()
    assert page.evaluate(STORED, "tickets") != "[]"
    token.revoked_at = timezone.now()
    token.save()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    emptied(page, "tickets")


CACHED = """async () => {
  const names = await caches.keys();
  const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return [names, requests.flat().map(({ url }) => new URL(url).pathname)];
}"""


def test_the_worker_keeps_the_files_of_one_version_and_nothing_of_the_api(page, gate, monkeypatch, tmp_path):
    shutil.copytree(scan_page.FOLDER, tmp_path / "scan")
    (tmp_path / "scan" / "worker.js").write_text((scan_page.FOLDER / "worker.js").read_text() + "// changed")
    gate()
    (before,), paths = page.evaluate(CACHED)
    assert {path.split("/")[1] for path in paths} == {"scan", "static"}
    assert "/scan/" in paths
    monkeypatch.setattr(scan_page, "FOLDER", tmp_path / "scan")
    page.reload()
    page.evaluate("navigator.serviceWorker.ready.then((each) => each.update()).then(() => null)")
    for _ in range(150):
        (*after,), found = page.evaluate(CACHED)
        if before not in after and len(after) == 1 and len(found) == len(paths):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{after} has {len(found)} files")


def test_without_https_the_page_says_that_it_needs_the_network(page, gate, event):
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { get: () => false })")
    gate("not opened over HTTPS")
