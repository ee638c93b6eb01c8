"""The scan page in a real browser: a camera that shows tickets, typing, photos, names, and answers that get lost."""

import json
import re

import pytest
from playwright.sync_api import expect

from checkin import ticket_files
from checkin.models import Checkpoint, Scan
from checkin.services import gate_tokens
from checkin.services.checkpoints import entrance_of
from checkin.services.tickets import ticket_of
from eventhub.testing.fake_camera import write_film
from eventhub.tests.browser.accessibility import DESK, PHONE, violations
from eventhub.tests.browser.test_accessibility import CUT

# As Chrome on Android has it; the Chromium of the tests has none. It decodes with the worker of the page.
BARCODE_DETECTOR = """
window.BarcodeDetector = class {
  static getSupportedFormats = async () => ["qr_code"];
  #worker = new Worker("/scan/decoder-worker.js");
  async detect(video) {
    const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 480});
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 640, 480);
    const pixels = context.getImageData(0, 0, 640, 480).data.buffer;
    this.#worker.postMessage({id: 1, pixels, width: 640, height: 480, isPhoto: false});
    const {data} = await new Promise((resolve) => { this.#worker.onmessage = resolve; });
    window.detected = true;
    return data.text ? [{rawValue: data.text}] : [];
  }
};
"""
NO_CAMERA = "Object.defineProperty(navigator, 'mediaDevices', {value: undefined});"


@pytest.fixture
def registration(settings, live_server, olga, bob, make_event, enroll):
    settings.PUBLIC_URL = live_server.url
    return enroll(make_event(olga, title="Three Serenades for Orchestra"), bob, name="Bob the Builder")


@pytest.fixture
def code(registration):
    return ticket_of(registration).code


@pytest.fixture
def gate(registration, olga):
    return gate_tokens.create_token(event=registration.event, by=olga, name="Door A", may=("search", "force"))


@pytest.fixture
def camera(launch_browser, browser_type_launch_args, live_server, tmp_path):
    """Open pages in a browser whose camera shows codes."""
    opened, complaints = [], []

    def page_with(scenes, *, script="", **options):
        film = write_film(tmp_path / "codes.y4m", scenes)
        fake = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
        shown = [*fake, f"--use-file-for-fake-video-capture={film}"]
        opened.append(launch_browser(args=[*browser_type_launch_args["args"], *shown]))
        page = opened[-1].new_page(**options)
        page.add_init_script(script)
        page.on("request", lambda request: complaints.append(request.url) if not is_ours(request.url) else None)
        page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    def is_ours(url):
        return url.startswith((live_server.url, "data:", "blob:"))

    yield page_with
    for browser in opened:
        browser.close()
    assert complaints == []


def answer(page):
    return page.locator("#answer-text")


def results(event):
    return list(Scan.objects.filter(event=event).order_by("id").values_list("result", flat=True))


@pytest.mark.parametrize(
    ("script", "size", "scheme"),
    [("", PHONE, "dark"), (BARCODE_DETECTOR, DESK, "light")],
    ids=["jsQR", "BarcodeDetector"],
)
def test_the_camera_goes_on_after_a_bad_code(camera, gate, registration, code, script, size, scheme):
    page = camera([("https://example.org/wifi", 4), (code, 9)], script=script, viewport=size, color_scheme=scheme)
    page.goto(gate.url)
    expect(answer(page)).to_contain_text("Not a ticket")
    assert [*violations(page), *page.evaluate(CUT)] == []
    expect(answer(page)).to_contain_text("Welcome")
    page.get_by_role("button", name="Stop camera").click()
    expect(answer(page)).to_contain_text("Bob the Builder")
    expect(page.locator("#answer")).to_have_class("answer good")
    assert [*violations(page), *page.evaluate(CUT)] == []
    assert page.url.endswith("/scan/")
    assert page.evaluate("Boolean(window.BarcodeDetector && window.detected)") == bool(script)
    registration.refresh_from_db()
    assert (registration.status, results(registration.event)) == ("attended", ["ticket_unknown", "admitted"])


def test_the_camera_works_offline_and_back(camera, gate, registration, code):
    page = camera([(code, 9)], viewport=PHONE)
    connection = page.locator("#connection")
    page.goto(gate.url)
    expect(answer(page)).to_contain_text("Welcome")
    expect(connection).to_contain_text("Ready")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.context.set_offline(True)
    page.reload()
    expect(answer(page)).to_contain_text("Already in")
    expect(connection).to_contain_text("Offline since")
    assert results(registration.event) == ["admitted"]
    page.context.set_offline(False)
    expect(connection).to_contain_text("Online")
    expect(connection).not_to_contain_text("waiting")
    assert results(registration.event) == ["admitted", "already_in"]


def test_a_hardware_scanner_types_wherever_the_focus_is(page, requests_elsewhere, gate, registration, code):
    def scan(place):
        place.focus()
        page.keyboard.type(f"{code}\n")

    page.goto(gate.url)
    scan(page.get_by_role("radio", name="Check in"))
    expect(answer(page)).to_contain_text("Welcome")
    page.keyboard.type(f"{code}\n")  # within three seconds: read twice
    page.get_by_role("radio", name="View only").check()
    scan(page.get_by_label("Search by name"))
    expect(answer(page)).to_contain_text("Already inside.")
    page.get_by_role("radio", name="Check out").check()
    scan(page.get_by_role("button", name="Undo check-in of Bob the Builder"))
    expect(answer(page)).to_contain_text("Goodbye")
    page.get_by_role("button", name="Undo check-out of Bob the Builder").press("Enter")
    expect(answer(page)).to_contain_text("Undone")
    page.get_by_role("radio", name="Check in").check()
    scan(page.get_by_label("Add somebody who is not on the list"))
    expect(answer(page)).to_contain_text("Already in")
    expect(answer(page)).to_contain_text("scanned by Door A")
    assert [*violations(page), *page.evaluate(CUT)] == []
    page.get_by_role("button", name="Let Bob the Builder in anyway").press("Enter")
    expect(answer(page)).to_contain_text("Entry number 2.")
    assert results(registration.event) == ["admitted", "valid", "left", "undone", "already_in", "admitted"]


def test_people_without_a_ticket_and_another_checkpoint(page, requests_elsewhere, gate, registration):
    lunch = Checkpoint.objects.create(event=registration.event, name="Lunch", reentry="never")
    entrance_of(registration.event_id)
    page.set_viewport_size(PHONE)
    page.goto(gate.url)
    expect(page.locator("#numbers")).to_have_text("0 of 1 checked in, 0 inside now")
    page.get_by_label("Checkpoint").select_option("Lunch")
    page.get_by_label("Search by name").fill("builder")
    page.get_by_role("button", name="Check in: Bob the Builder").click()
    expect(answer(page)).to_contain_text("Bob the Builder")
    assert [*violations(page), *page.evaluate(CUT)] == []
    page.get_by_label("Search by name").fill("nobody of that name")
    expect(page.get_by_text("No attendee matches your search.")).to_be_visible()
    page.get_by_label("Add somebody who is not on the list").fill("Ada Lovelace")
    page.keyboard.press("Enter")
    expect(answer(page)).to_contain_text("Ada Lovelace")
    expect(page.locator("#numbers")).to_have_text("1 came in here, 1 inside now")
    page.reload()
    expect(page.get_by_label("Checkpoint")).to_have_value(str(lunch.pk))
    # Who walks in, does so at the entrance.
    page.get_by_label("Checkpoint").select_option("Entrance")
    expect(page.locator("#numbers")).to_have_text("1 of 2 checked in, 1 inside now")
    assert Scan.objects.order_by("id").values_list("checkpoint__name", "gate__name").first() == ("Lunch", "Door A")


def test_without_a_camera_a_photo_is_read(page, requests_elsewhere, gate, registration):
    page.add_init_script(NO_CAMERA)
    page.goto(gate.url)
    expect(page.get_by_text("The camera needs a secure connection")).to_be_visible()
    picture = ticket_files.png(ticket_of(registration))
    photo = page.locator("#photo")
    photo.set_input_files({"name": "empty.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(answer(page)).to_contain_text("Not a picture")
    photo.set_input_files({"name": "ticket.png", "mimeType": "image/png", "buffer": picture})
    expect(answer(page)).to_contain_text("Welcome")


def test_a_lost_answer_is_asked_for_again_and_admits_nobody_twice(page, requests_elsewhere, gate, registration, code):
    lost, nonces = iter([True, False, True, True]), []

    def lose(route):
        nonces.append(json.loads(route.request.post_data)["nonce"])
        if next(lost):
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/scans", lose)
    page.goto(gate.url)
    page.get_by_label("Code of the ticket").fill(code)
    page.keyboard.press("Enter")
    expect(answer(page)).to_contain_text("Welcome")
    assert (len(nonces), len(set(nonces)), results(registration.event)) == (2, 1, ["admitted"])


def test_a_gate_that_is_revoked_says_so(page, requests_elsewhere, gate, olga, code):
    page.set_viewport_size(PHONE)
    page.goto(gate.url)
    field = page.get_by_label("Code of the ticket")
    expect(field).to_be_visible()
    gate_tokens.revoke_token(token=gate.token, by=olga)
    field.fill(code)
    page.keyboard.press("Enter")
    expect(page.get_by_text("This link is no longer valid.")).to_be_visible()
    assert [*violations(page), *page.evaluate(CUT)] == []
    expect(field).to_be_hidden()
    page.get_by_role("button", name=re.compile("Forget")).click()
    expect(page.get_by_text("Open the link that the organizer gave you")).to_be_visible()
    assert page.evaluate("localStorage.getItem('eventhub-scan-token')") is None
