"""The events of a queryset as a table, which import_events reads again."""

import io
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventhub.spreadsheets.exports import csv_lines, write_xlsx
from events import exports
from events.models import Event

pytestmark = pytest.mark.django_db


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.fixture
def talk(olga, make_event, enroll):
    olga.profile.name = "Olga's Observatory"
    olga.profile.save()
    event = make_event(
        olga,
        title="=Talk",
        description="Bring\n- a coat.",
        date_time=at(2031, 5, 1, 16),
        end_time=at(2031, 5, 1, 18),
        max_capacity=2,
        status="active",
        registration_opens=at(2031, 4, 1),
    )
    for status in ("registered", "attended", "waitlisted", "cancelled"):
        enroll(event, status=status)
    event.refresh_from_db()
    return event


def test_an_event_is_told_with_its_counts_and_its_organizers_public_name(settings, talk, otto, make_event):
    settings.TIME_ZONE = "Europe/Berlin"
    plain = make_event(otto, title="Walk", date_time=at(2031, 6, 1), waitlist=False)
    assert exports.header() == [
        "Event ID",
        "Title",
        "Status",
        "Begins (Europe/Berlin)",
        "Ends (Europe/Berlin)",
        "Location",
        "Organizer",
        "Seats",
        "Seats taken",
        "Waiting",
        "Queue",
        "Registration opens (Europe/Berlin)",
        "Registration closes (Europe/Berlin)",
        "Created (Europe/Berlin)",
        "Description",
    ]
    begins, ends, opens = at(2031, 5, 1, 16), at(2031, 5, 1, 18), at(2031, 4, 1)
    assert list(exports.rows(Event.objects.order_by("-title"))) == [
        [
            *(talk.pk, "=Talk", "Active", begins, ends, "Hall", "Olga's Observatory", 2, 2, 1, "on", opens, None),
            *(talk.created_at, "Bring\n- a coat."),
        ],
        [
            *(plain.pk, "Walk", "Upcoming", at(2031, 6, 1), None, "Hall", "otto", 10, 0, 0, "off", None, None),
            *(plain.created_at, ""),
        ],
    ]


def test_a_batch_is_one_query_however_many_organizers(person, make_event):
    for number in range(3):
        make_event(person(f"organizer{number}", role="organizer"))
    with CaptureQueriesContext(connection) as captured:
        assert len(list(exports.rows(Event.objects.all()))) == 3
    # The events with their organizers; and that there are no more.
    assert len(captured) == 2


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_is_read_again_as_what_it_was(settings, tmp_path, talk, olga, otto, kind):
    settings.TIME_ZONE = "America/New_York"
    path = tmp_path / f"events.{kind}"
    with path.open("wb") as file:
        if kind == "csv":
            file.writelines(csv_lines(exports.header(), exports.rows(Event.objects.all())))
        else:
            write_xlsx(file, "Events", exports.header(), exports.rows(Event.objects.all()))

    def imported(organizer):
        out = io.StringIO()
        call_command("import_events", str(path), "--organizer", organizer, stdout=out)
        return out.getvalue().strip()

    assert imported("olga") == "0 created, 0 updated, 1 unchanged, 0 with errors"
    assert imported("otto") == "1 created, 0 updated, 0 unchanged, 0 with errors"
    fields = ("title", "description", "date_time", "end_time", "location", "max_capacity", "status")
    fields += ("registration_opens", "registration_closes")
    first, second = Event.objects.order_by("pk").values(*fields)
    assert first == second


def test_a_header_of_another_zone_is_not_taken_for_ours(settings, tmp_path, talk):
    path = tmp_path / "events.csv"
    path.write_bytes(b"".join(csv_lines(exports.header(), exports.rows(Event.objects.all()))))
    settings.TIME_ZONE = "Europe/Berlin"
    with pytest.raises(Exception, match='date_time: There is no column "date_time", only Event ID, Title'):
        call_command("import_events", str(path), "--organizer", "olga")
