"""Who adds a person by address learns nothing of an account: neither whether there was one, nor which."""

import io
import re
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import StoredAnswer, User
from checkin.services.ticket_keys import signing_key
from eventhub.audit import Channel, acting_through
from eventhub.testing.responses import invalid, refusal, whole
from events.models import Event
from registrations.admin import history
from registrations.models import Registration
from registrations.services import seats

pytestmark = pytest.mark.django_db

ADDRESS = "zoe@example.org"
ALREADY = {"msg": "Already registered for this event", "code": "already_registered"}
# What is random in a page, or signed with it.
RANDOM = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")[^"]+|(?<=nonce=")[^"]+')


def by_api(world, **fields):
    body = {"event_id": world.event.pk, "email": ADDRESS, **fields}
    key = {"headers": {"idempotency-key": "k"}}
    yield from (world.api.post("/attendees/", body, **key) for _ in range(2))
    yield world.api.post("/attendees/", body)


def by_form(world):
    yield world.office.post("/admin/registrations/registration/add/", {"event": world.event.pk, "email": ADDRESS})


def by_file(world):
    path = f"/admin/registrations/registration/import/{world.event.pk}/"
    preview = world.office.post(path, {"file": SimpleUploadedFile("people.csv", f"email\n{ADDRESS}\n".encode())})
    yield preview
    rows = re.search(r'name="rows" value="([^"]+)"', preview.content.decode())[1]
    yield world.office.post(path, {"rows": rows})


def by_command(world):
    path, out = world.folder / "people.csv", io.StringIO()
    path.write_text(f"email\n{ADDRESS}\n")
    for _ in range(2):
        call_command("import_attendees", str(path), "--event", str(world.event.pk), stdout=out)
    yield out.getvalue()


class World:
    """An event of olga's with one seat. `other` is the account of the address, or another one with the same id."""

    def __init__(self, has_account, person, make_event, api, office, folder):
        address = ADDRESS if has_account else "zoe@example.net"
        self.other = person("zoe", email=address, role="organizer", email_verified=True)
        self.olga = person("olga", role="organizer")
        self.event = make_event(self.olga, max_capacity=1)
        self.api, self.office, self.folder = api(self.olga), office(self.olga), folder

    def reads(self, row, clock):
        """Everything that an organizer can read of a registration, or try out about its account."""
        item, list_, of_event = f"/attendees/{row.pk}", "/attendees/", f"/events/{self.event.pk}/attendees"
        ids = [self.other.pk, self.olga.pk]
        for path in (item, f"{item}/calendar.ics", list_, of_event, f"{list_}?search=zoe", f"{list_}?ordering=name"):
            yield self.api.get(path)
        yield from (self.api.get(f"{path}?user_id={pk}") for path in (list_, of_event) for pk in ids)
        yield from (self.api.patch(item, {"user_id": pk}) for pk in (None, *ids))
        yield self.api.post("/attendees/", {"event_id": self.event.pk, "user_id": self.other.pk})
        pages = ("", f"{row.pk}/change/", f"door/{self.event.pk}/?q=zoe", f"?q={ADDRESS}", "export.csv")
        yield from (self.office.get(f"/admin/registrations/registration/{page}") for page in pages)
        yield from (self.office.get(path) for path in (f"/admin/events/event/{self.event.pk}/change/", "/admin/"))
        sheet = load_workbook(io.BytesIO(self.office.get("/admin/registrations/registration/export.xlsx").getvalue()))
        yield [[cell.value for cell in line] for line in sheet.active]
        for status in ("attended", "registered", "cancelled"):
            clock.shift(1)
            yield self.api.patch(item, {"status": status})
        yield self.office.get(f"/admin/registrations/registration/{row.pk}/change/")
        yield self.api.delete(item)


def plain(answer):
    if not hasattr(answer, "status_code"):
        return answer
    content = (answer.getvalue() if answer.streaming else answer.content).decode()
    headers = {name: text for name, text in answer.headers.items() if name != "X-Request-ID"}
    return answer.status_code, RANDOM.sub("", str(headers)), RANDOM.sub("", content)


def start_ids():
    """Give the rows of each world the same ids: a rollback resets the sequences on SQLite alone."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in (User, Event, Registration):
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1000)", [model._meta.db_table])


@pytest.mark.slow
@pytest.mark.parametrize("add", [by_api, by_form, by_file, by_command])
def test_what_an_organizer_reads_is_the_same_for_old_and_new_accounts(add, person, make_event, api, office, tmp_path):
    told, now = [], timezone.now()
    signing_key()  # or each world would make its own, and other tickets
    for has_account in (True, False):
        with time_machine.travel(now, tick=False) as clock, transaction.atomic():
            start_ids()
            world = World(has_account, person, make_event, api, office, tmp_path)
            answers = [plain(answer) for answer in add(world)]
            row = Registration.objects.get()
            assert (row.user == world.other, row.user.email) == (has_account, ADDRESS)
            told.append(answers + [plain(answer) for answer in world.reads(row, clock)])
            transaction.set_rollback(True)
    assert len(told[0]) > 20
    for known, unknown in zip(*told, strict=True):
        assert known == unknown


@pytest.fixture
def added(api, olga, bob, make_event):
    """Olga's registration of bob, by the address."""
    body = {"event_id": make_event(olga).pk, "email": bob.email}
    return Registration.objects.get(pk=api(olga).post("/attendees/", body).json()["attendee_id"])


def test_the_history_does_not_tell_the_person_from_an_admin(olga, ada, bob, added):
    """Only people with an account can cancel on the site."""
    for by in (bob, ada):
        with acting_through(Channel.API, by.pk):
            change = seats.cancel if added.status == "registered" else seats.reinstate
            change(registration=added, by=by)
            added.refresh_from_db()
    readers = {reader: [entry.by for entry in history.entries(added, reader=reader)] for reader in (olga, ada, bob)}
    assert readers == {
        olga: ["you", "someone else", "someone else"],
        ada: ["olga", "bob", "you"],
        bob: ["someone else", "you", "someone else"],
    }


@pytest.mark.parametrize(("who", "shows"), [("olga", False), ("bob", True), ("ada", True)])
def test_the_account_shows_to_the_person_and_to_admins(api, request, added, bob, who, shows):
    client, item = api(request.getfixturevalue(who)), f"/attendees/{added.pk}"
    shown, hidden = (bob.pk, None) if shows else (None, bob.pk)
    (listed,) = client.get("/attendees/").json()["results"]
    assert client.get(item).json()["user_id"] == listed["user_id"] == shown
    assert len(client.get(f"/attendees/?user_id={bob.pk}").json()["results"]) == shows
    assert client.patch(item, {"user_id": shown, "name": "Bob"}).json()["user_id"] == shown
    assert whole(client.patch(item, {"user_id": hidden})) == invalid(user_id="This cannot be changed.")


def test_an_organizer_is_shown_their_own_account_and_those_that_show_themselves(api, olga, bob, eve, make_event):
    event = make_event(olga).pk
    client, eves = api(olga), api(eve)
    bodies = [
        client.post("/attendees/", {"event_id": event, "email": olga.email}),
        client.post("/attendees/", {"event_id": event, "user_id": bob.pk}),
        eves.post("/attendees/", {"event_id": event}),
    ]
    assert [body.json()["user_id"] for body in bodies] == [olga.pk, bob.pk, eve.pk]
    for user in (olga, bob, eve):
        (found,) = client.get(f"/events/{event}/attendees?user_id={user.pk}").json()["results"]
        assert found["user_id"] == user.pk


@pytest.mark.parametrize("status", ["registered", "waitlisted"])
def test_a_409_by_account_does_not_say_which_registration_is_in_the_way(api, olga, ada, bob, added, status):
    body = {"event_id": added.event_id, "user_id": bob.pk, "status": status}
    named = {**ALREADY, "attendee_id": added.pk}
    assert whole(api(olga).post("/attendees/", body)) == (409, ALREADY)
    assert whole(api(ada).post("/attendees/", body)) == (409, named)
    assert whole(api(bob).post("/attendees/", body)) == (409, named)
    assert whole(api(olga).post("/attendees/", {"event_id": added.event_id, "email": bob.email})) == (409, named)
    Event.objects.filter(pk=added.event_id).update(max_capacity=1, waitlist=False)
    full = refusal(409, "Event is full", "event_full", can_wait=False)
    assert whole(api(olga).post("/attendees/", body)) == full
    assert whole(api(bob).post("/attendees/", body)) == (409, named)


@pytest.mark.parametrize("mixed", [True, False])
def test_nor_does_one_about_reinstating(api, olga, ada, bob, added, enroll, mixed):
    before = enroll(added.event, bob, status="cancelled", added_by_address=not mixed)
    named = {**ALREADY, "attendee_id": added.pk}
    for client, refused in ((api(olga), ALREADY if mixed else named), (api(ada), named), (api(bob), named)):
        assert whole(client.patch(f"/attendees/{before.pk}", {"status": "registered"})) == (409, refused)


def test_a_registration_by_account_is_not_named_by_address(api, olga, bob, make_event):
    body = {"event_id": make_event(olga).pk, "contact_details": bob.email}
    api(olga).post("/attendees/", {**body, "user_id": bob.pk})
    assert whole(api(olga).post("/attendees/", {**body, "email": bob.email})) == (409, ALREADY)


def test_a_stored_answer_goes_with_the_person_whom_it_does_not_name(api, olga, bob, make_event):
    body = {"event_id": make_event(olga).pk, "email": bob.email}
    answer = api(olga).post("/attendees/", body, headers={"idempotency-key": "k"})
    assert answer.json()["user_id"] is None
    kept = StoredAnswer.objects.get()
    assert (kept.about_id, kept.people) == (bob.pk, f",{bob.pk},")
    assert [row["id"] for row in api(bob).get("/users/me/export").json()["kept_answers"]] == [kept.pk]
    api(bob).delete(f"/users/{bob.pk}")
    assert not StoredAnswer.objects.exists()


def test_the_migration_marks_who_was_added_by_an_import_or_in_the_back_office(olga, make_event, enroll):
    event = make_event(olga)
    for channel in Channel:
        with acting_through(channel, olga.pk):
            enroll(event, name=channel.value)
    with acting_through(Channel.ADMIN, olga.pk):
        event.registrations.filter(name="api").update(status="attended", status_through="admin")
    migration = import_module("registrations.migrations.0007_mark_added_by_address")
    migration.mark(apps, connection.schema_editor())
    marked = event.registrations.filter(added_by_address=True).order_by("name").values_list("name", flat=True)
    assert list(marked) == ["admin", "import"]
