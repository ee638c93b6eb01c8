"""JSON-LD against the vocabulary of schema.org, which the compiler of TypeScript knows from its types."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import OrganizerProfile, User
from eventhub.testing import typescript
from events.models import Event
from public_pages.structured_data import event_data, script_text

pytestmark = pytest.mark.once

NOW = datetime(2027, 3, 1, tzinfo=UTC)
URL = "https://events.example.org/e/night"
# What search engines ask for.
NEEDED = {"name", "startDate", "location", "eventStatus", "eventAttendanceMode", "organizer", "url"}


def an_event(**fields):
    organizer = User(pk=7, username="olga")
    organizer.profile = OrganizerProfile(user=organizer, name="Olga's Lectures")
    begins = datetime(2027, 5, 1, 19, tzinfo=UTC)
    fixed = {"pk": 12, "organizer": organizer, "max_capacity": 40, "time_zone": "Asia/Kathmandu"}
    usual = {"title": "Night", "location": "Hall", "date_time": begins, "end_time": begins + timedelta(hours=2)}
    return Event(**{**fixed, **usual, **fields})


@pytest.fixture(autouse=True)
def site(settings):
    settings.PUBLIC_URL = "https://events.example.org"


# Fields of an event, when it was to begin before, and the status that its page names.
CASES = [
    ({}, None, "EventScheduled"),
    ({"end_time": None, "description": "Bring a coat."}, None, "EventScheduled"),
    ({"status": "cancelled"}, NOW, "EventCancelled"),
    ({"attendance": "online", "hides_seats": True}, None, "EventScheduled"),
    (
        {"attendance": "mixed", "venue": "Dome", "address": "Hill 1", "latitude": 52.5, "longitude": 13.0},
        datetime(2027, 4, 30, 19, tzinfo=UTC),
        "EventRescheduled",
    ),
    ({"registration_opens": NOW + timedelta(days=1), "language": "de"}, None, "EventScheduled"),
]
# The compiler must refuse each of these: a name, a value, a property of another type, and a type.
WRONG = [
    {"startsAt": "2027-05-01"},
    {"eventStatus": "https://schema.org/EventGone"},
    {"location": {"@type": "Place", "price": 0}},
    {"startDate": True},
]


def data_of(fields, moved_from):
    return json.loads(
        script_text(event_data(an_event(**fields), url=URL, now=NOW, language="en", moved_from=moved_from))
    )


@pytest.mark.parametrize(("fields", "moved_from", "status"), CASES)
def test_an_event_says_when_and_where_it_is(fields, moved_from, status):
    data = data_of(fields, moved_from)
    assert data.keys() >= NEEDED
    assert data["eventStatus"] == f"https://schema.org/{status}"
    assert datetime.fromisoformat(data["startDate"]).tzinfo is not None
    assert ("previousStartDate" in data) == (moved_from is not None)


@pytest.mark.slow
def test_every_property_is_of_the_vocabulary(tmp_path):
    typescript.install(tmp_path)
    start = {"@context": "https://schema.org", "@type": "Event"}
    right = [data_of(fields, moved_from) for fields, moved_from, _ in CASES]
    wrong = [{**start, **properties} for properties in WRONG]
    (tmp_path / "pages.ts").write_text(
        'import type { Event, WithContext } from "schema-dts";\nexport const pages: WithContext<Event>[] = [\n'
        + "".join(f"{json.dumps(each)},\n" for each in right)
        + "".join(f"// @ts-expect-error\n{json.dumps(each)},\n" for each in wrong)
        + "];\n"
    )
    assert typescript.compiled(tmp_path, "pages.ts") == (0, "")


def test_what_ends_a_script_is_written_as_an_escape():
    title = "</script><!-- & \u2028"
    text = script_text(event_data(an_event(title=title), url=URL, now=NOW, language="en"))
    assert json.loads(text)["name"] == title
    assert re.findall("[<>&\u2028]", text) == []


@pytest.mark.django_db
def test_a_page_says_that_its_event_has_moved(client, olga, make_event):
    event = make_event(olga, date_time=datetime(2027, 5, 1, 19, tzinfo=UTC))
    Event.objects.filter(pk=event.pk).update(date_time=datetime(2027, 5, 2, 19, tzinfo=UTC))
    assert '"previousStartDate": "2027-05-01"' in client.get(f"/e/{event.pk}").text
