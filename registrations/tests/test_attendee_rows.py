"""The registrations of a queryset as a table: all of them, in order, a batch a query, without what is the account's."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventhub.db import batches
from eventhub.db.batches import by_key
from eventhub.spreadsheets.downloads import export_response
from eventhub.spreadsheets.entries import read_records
from registrations.models import Registration
from registrations.selectors import attendee_rows

pytestmark = pytest.mark.django_db

BEGINS, REGISTERED = datetime(2031, 5, 1, 16, tzinfo=UTC), datetime(2031, 4, 1, 8, tzinfo=UTC)


@pytest.fixture
def in_berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_download_has_what_an_organizer_may_know_of_each_registration(
    in_berlin, olga, person, make_event, enroll, kind
):
    event = make_event(olga, title="Talk", date_time=BEGINS, max_capacity=1)
    zoe = person("secret-name", email="secret@example.org")
    details = "Zoe: <z@mail.example>, or x@mail.example, table 4"
    first = enroll(event, zoe, name="Zoe", contact_details=details, phone="+49 30 1", registration_date=REGISTERED)
    second = enroll(event, status="waitlisted", name="=Yan", registration_date=REGISTERED)
    response = export_response(kind, "Talk", attendee_rows.header(), attendee_rows.rows(event.registrations.all()))
    content = b"".join(response.streaming_content)
    response.close()
    begins, registered = "2031-05-01 18:00:00", "2031-04-01 10:00:00"
    if kind == "xlsx":
        begins, registered = begins.replace(" ", "T"), registered.replace(" ", "T")
    assert [record.cells for record in read_records(content, max_rows=9)] == [
        [
            "Attendee ID",
            "Event ID",
            "Event",
            "Event begins (Europe/Berlin)",
            "Name",
            "Email",
            "Contact details",
            "Phone",
            "Status",
            "Registered (Europe/Berlin)",
        ],
        [
            str(first.pk),
            str(event.pk),
            "Talk",
            begins,
            "Zoe",
            "z@mail.example",
            details,
            "'+49 30 1",
            "Registered",
            registered,
        ],
        [str(second.pk), str(event.pk), "Talk", begins, "'=Yan", "", "", "", "Waitlisted", registered],
    ]


def test_nothing_of_an_account_is_read_or_written(olga, person, make_event, enroll):
    zoe = person("secret-name", email="secret@example.org")
    enroll(make_event(olga), zoe, name="Zoe")
    with CaptureQueriesContext(connection) as captured:
        rows = list(attendee_rows.rows(Registration.objects.all()))
    assert "secret" not in repr(rows)
    assert [query for query in captured if "accounts_user" in query["sql"]] == []


def test_the_callers_scope_and_filter_hold_and_its_order_does_not(olga, otto, bob, make_event, enroll):
    event, other = make_event(olga), make_event(otto)
    rows = [enroll(event, name=name) for name in "cab"]
    enroll(other, bob)
    enroll(event, status="cancelled")
    chosen = Registration.objects.managed_by(olga).live().order_by("name")
    assert [row[0] for row in attendee_rows.rows(chosen)] == [row.pk for row in rows]
    assert list(attendee_rows.rows(Registration.objects.none())) == []


def test_every_batch_is_one_query_and_reads_on_behind_the_last(olga, make_event, enroll):
    event = make_event(olga)
    keys = [enroll(event).pk for _ in range(7)]
    with CaptureQueriesContext(connection) as captured:
        assert [row.pk for row in by_key(Registration.objects.order_by("-name"), size=3)] == keys
    # Three, three, one; and one that finds that there are no more.
    assert len(captured) == 4
    assert [query for query in captured if "OFFSET" in query["sql"]] == []


def test_rows_that_come_and_go_meanwhile_move_no_other(olga, make_event, enroll):
    event = make_event(olga)
    keys = [enroll(event).pk for _ in range(4)]
    rows = by_key(Registration.objects.all(), size=2)
    seen = [next(rows).pk, next(rows).pk]
    Registration.objects.filter(pk__in=[keys[0], keys[2]]).delete()
    keys.append(enroll(event).pk)
    assert [*seen, *(row.pk for row in rows)] == [keys[0], keys[1], keys[3], keys[4]]
    assert batches.READ >= 1000
