"""Time zones in calendars: VTIMEZONE (RFC 5545, 3.6.5), with all changes of the years that the events are in.

Ours, because icalendar's own begins summer time an hour late.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import icalendar

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def zones_of(components: Iterable[icalendar.Event]) -> list[icalendar.Timezone]:
    """Return the definition of each zone that the times of the components name."""
    years: dict[str, set[int]] = {}
    for component in components:
        for name in ("DTSTART", "DTEND"):
            moment = getattr(component.get(name), "dt", None)
            if isinstance(moment, datetime) and isinstance(moment.tzinfo, ZoneInfo):
                years.setdefault(moment.tzinfo.key, set()).add(moment.year)
    return [_definition(key, min(found), max(found)) for key, found in sorted(years.items())]


@lru_cache(maxsize=256)
def _definition(key: str, first_year: int, last_year: int) -> icalendar.Timezone:
    zone = ZoneInfo(key)
    definition = icalendar.Timezone()
    definition.add("TZID", key)
    begins, ends = datetime(first_year, 1, 1, tzinfo=UTC) - DAY, datetime(last_year + 1, 1, 1, tzinfo=UTC) + DAY
    # Some programs take the difference for that of summer time.
    normal = _offset(begins, zone) - (begins.astimezone(zone).dst() or timedelta(0))
    for onset, before in [(begins, normal), *_changes(begins, ends, zone)]:
        local = onset.astimezone(zone)
        part = icalendar.TimezoneDaylight() if local.dst() else icalendar.TimezoneStandard()
        part.add("DTSTART", onset.replace(tzinfo=None) + before)  # by the clock before the change
        part.add("TZOFFSETFROM", before)
        part.add("TZOFFSETTO", _offset(onset, zone))
        part.add("TZNAME", str(local.tzname()))
        definition.add_component(part)
    return definition


def _changes(begins: datetime, ends: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    """Yield each moment from which the offset is another, with the one before."""
    while begins < ends:
        low, high, before = begins, begins + DAY, _offset(begins, zone)
        if _offset(high, zone) != before:
            while high - low > SECOND:
                middle = low + (high - low) // 2 // SECOND * SECOND
                low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
            yield high, before
        begins += DAY


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)
