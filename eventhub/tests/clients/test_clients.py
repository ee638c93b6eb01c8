"""Clients generated from the OpenAPI document: a Python one that walks, and TypeScript types that compile."""

import importlib
import os
import pkgutil
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from eventhub.api.docs_views import document
from eventhub.testing import typescript
from eventhub.testing.typescript import run
from eventhub.wsgi import application

pytestmark = [pytest.mark.slow, pytest.mark.once]

HERE = Path(__file__).parent
PASSWORD = "a-long-passphrase"


@pytest.fixture
def schema(tmp_path):
    file = tmp_path / "schema.json"
    file.write_bytes(document())
    return file


@pytest.fixture
def sdk(tmp_path, schema, monkeypatch):
    """The generated package, with every module of it imported, by its name without the package's."""
    generate = ("generate", "--path", schema, "--output-path", tmp_path / "sdk", "--meta", "none", "--fail-on-warning")
    generate += ("--config", HERE / "python_client.yaml")
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # it formats its output with ruff
    code, said = run(sys.executable, "-m", "openapi_python_client", *generate, cwd=tmp_path, PATH=tools)
    assert code == 0, said
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("sdk")
    names = [module.name for module in pkgutil.walk_packages(package.__path__, "sdk.")]
    yield {name.removeprefix("sdk."): importlib.import_module(name) for name in names}
    for name in ("sdk", *names):
        del sys.modules[name]


@pytest.mark.django_db
@pytest.mark.usefixtures("connection_kept")
def test_the_python_client_walks_from_sign_up_to_the_waiting_list(sdk):
    models = sdk["models"]
    server = {"base_url": "http://localhost", "httpx_args": {"transport": httpx.WSGITransport(app=application)}}
    anyone = sdk["client"].Client(**server)

    def call(operation, *args, client=anyone, **values):
        return sdk[f"api.{operation}"].sync_detailed(*args, client=client, **values)

    def signed_in(username, role=models.Role.USER):
        who = {"username": username, "password": PASSWORD}
        made = call(
            "user.user_create",
            body=models.SignUpInputRequest(**who, email=f"{username}@example.org", role=role),
        ).parsed
        assert (made.username, made.role) == (username, role)
        pair = call("session.session_login", body=models.LoginInputRequest(**who)).parsed
        return sdk["client"].AuthenticatedClient(**server, token=pair.token)

    olga, bob, eve = signed_in("olga", models.Role.ORGANIZER), signed_in("bob"), signed_in("eve")
    opens = datetime(2031, 5, 1, 18, tzinfo=UTC)
    talk = models.EventInputRequest(title="Talk", date_time=opens.date(), location="Hall", max_capacity=1)
    event = call("event.event_create", client=olga, body=talk).parsed
    assert (event.status, event.waitlist, event.date_time) == ("upcoming", True, datetime(2031, 5, 1, tzinfo=UTC))

    changes = models.PatchedEventInputRequest(end_time=opens, registration_opens=None)
    changed = call("event.event_update_partially", event.event_id, client=olga, body=changes).parsed
    assert (changed.end_time, changed.title) == (opens, "Talk")

    seat = call("attendee.attendee_create", client=bob, body=models.AttendeeInputRequest(event_id=event.event_id))
    assert (seat.status_code, seat.parsed.status, seat.parsed.waitlist_position) == (201, "registered", None)
    wish = models.AttendeeInputRequest(event_id=event.event_id)
    full = call("attendee.attendee_create", client=eve, body=wish)
    assert (full.status_code, full.parsed.code, full.parsed.can_wait) == (409, "event_full", True)
    wish.status = models.AttendeeInputStatusEnum.WAITLISTED
    waiting = call("attendee.attendee_create", client=eve, body=wish).parsed
    assert (waiting.status, waiting.waitlist_position) == ("waitlisted", 1)

    cancel = models.PatchedAttendeeChangesRequest(status=models.RegistrationStatus.CANCELLED)
    call("attendee.attendee_update_partially", seat.parsed.attendee_id, client=bob, body=cancel)
    assert call("attendee.attendee_retrieve", waiting.attendee_id, client=eve).parsed.status == "registered"

    listed = call(
        "event.event_list",
        client=bob,
        status=[models.EventListStatusItem.UPCOMING, models.EventListStatusItem.ACTIVE],
        ordering=models.EventListOrdering.DATE_TIME_DESC,
        date_to=opens.date(),
        has_seats=False,
    ).parsed
    assert ([found.event_id for found in listed.results], listed.next_) == ([event.event_id], None)
    refused = call("event.event_list", client=sdk["client"].AuthenticatedClient(**server, token="none"))
    assert (refused.status_code, refused.parsed.code) == (401, "token_not_valid")


def test_the_typescript_types_compile(tmp_path, schema):
    programs = typescript.install(tmp_path)
    options = ("--default-non-nullable=false", "--output", "schema.ts")
    generated = run(programs / "openapi-typescript", schema, *options, cwd=tmp_path)
    assert generated[0] == 0, generated[1]
    shutil.copy(HERE / "walk.ts", tmp_path)
    assert typescript.compiled(tmp_path, "walk.ts") == (0, "")
