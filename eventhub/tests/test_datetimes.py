"""Days and times in zones whose clocks change, some of them at midnight."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from eventhub import datetimes

pytestmark = pytest.mark.once
DAYS = [date(2031, 1, 1) + timedelta(days=number) for number in range(365)]


@pytest.mark.parametrize(
    "zone",
    ["UTC", "Europe/Berlin", "Asia/Beirut", "Africa/Cairo", "America/Havana", "America/Santiago", "Asia/Kathmandu"],
)
def test_a_day_ends_where_the_next_begins(zone):
    zone = ZoneInfo(zone)
    for day in DAYS:
        begins, ends = (datetimes.day_bound(day, end_of_day=is_end, zone=zone) for is_end in (False, True))
        assert ends + timedelta.resolution == datetimes.day_bound(day + timedelta(days=1), zone=zone)
        assert {begins.astimezone(zone).date(), ends.astimezone(zone).date()} == {day}


@pytest.mark.parametrize(
    ("hour", "readings", "exists"),
    [
        ("2031-03-30T01:59:59", ["00:59:59"], True),
        ("2031-03-30T02:00:00", ["01:00:00", "00:00:00"], False),
        ("2031-03-30T03:00:00", ["01:00:00"], True),
        ("2031-10-26T01:59:59", ["23:59:59"], True),
        ("2031-10-26T02:00:00", ["00:00:00", "01:00:00"], True),
        ("2031-10-26T03:00:00", ["02:00:00"], True),
    ],
)
def test_a_time_is_read_twice_only_where_clocks_repeat_or_skip_it(settings, hour, readings, exists):
    settings.TIME_ZONE = "Europe/Berlin"
    moment = datetime.fromisoformat(hour)
    found = [read.astimezone(UTC) for read in datetimes.readings(moment)]
    assert ([f"{read:%H:%M:%S}" for read in found], datetimes.exists(moment)) == (readings, exists)
    assert found[0] == datetimes.to_utc(moment) == datetimes.parse(hour)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (None, "Saturday, 1 May 2027, 19:00 to 23:00 (UTC)"),
        ("Europe/Berlin", "Saturday, 1 May 2027, 21:00 to Sunday, 2 May 2027, 01:00 (CEST)"),
        ("Asia/Kathmandu", "Sunday, 2 May 2027, 00:45 to 04:45 (UTC+0545)"),
    ],
)
def test_a_time_is_written_in_its_zone(zone, text):
    begins, ends = datetime(2027, 5, 1, 19, tzinfo=UTC), datetime(2027, 5, 1, 23, tzinfo=UTC)
    assert datetimes.written(begins, ends, zone and ZoneInfo(zone)) == text


@pytest.mark.parametrize(("name", "zone"), [("", "UTC"), ("America/Lima", "America/Lima"), ("No/Where", "UTC")])
def test_a_zone_is_found_by_name_or_is_that_of_the_site(name, zone):
    assert datetimes.zone_named(name) == ZoneInfo(zone)


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "1899-12-31T23:59:59Z", "3000-01-01T00:00:00+00:00"])
def test_a_year_beyond_the_contract_is_refused(text):
    with pytest.raises(ValueError, match="The year must be between 1900 and 2999"):
        datetimes.parse(text, end_of_day=True)
