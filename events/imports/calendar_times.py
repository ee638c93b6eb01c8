"""Times, zones, durations and series of a calendar (RFC 5545, 3.3 and 3.6.5)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, cached_property
from io import StringIO
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from dateutil.tz import tzical
from django.utils import timezone
from icalendar.prop import vDate, vDatetime
from icalendar.prop.dt.duration import DURATION_REGEX
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # of CLDR

from eventhub import datetimes
from events.imports.components import Component
from events.imports.recurrence import bounded_rule, rule_parts, rule_text

MAX_ONSETS = 1000  # in one time zone: dates and rules
YEARS_TO_FIRST_ONSET = 10
# Of the rules of a time zone. Others, such as FREQ=SECONDLY, would keep a processor busy.
CLOCK_PARTS = {"BYHOUR", "BYMINUTE", "BYSECOND"}
ZONE_RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYDAY", "BYMONTHDAY", "BYSETPOS"}


class Duration(NamedTuple):
    """`nominal` is days and weeks by the local clock, `exact` is hours, minutes and seconds."""

    nominal: timedelta
    exact: timedelta


class Zones:
    """The time zones of one calendar: its own definitions first, then those known by name."""

    def __init__(self, calendar: Component) -> None:
        self._calendar = calendar
        self._found: dict[str, tzinfo | None] = {}

    def find(self, name: str) -> tzinfo:
        """Return a time zone by TZID. Raise ValueError if it is unknown."""
        if name not in self._found:
            self._found[name] = self._defined(name) or zone_by_name(name)
        zone = self._found[name]
        if zone is None:
            raise ValueError(f"The time zone {name} is unknown. Use a name such as Europe/Berlin.")
        return zone

    @cached_property
    def floating(self) -> tzinfo:
        """The zone of times that name none: X-WR-TIMEZONE, else TIME_ZONE."""
        names = {given.value.strip(): None for given in self._calendar.properties.get("X-WR-TIMEZONE", [])}
        names.pop("", None)
        return self.find(_single([*names])) if names else timezone.get_default_timezone()

    def name_of(self, component: Component) -> str:
        """Return the zone that DTSTART was read in by its IANA name; empty for UTC, and for one that has none."""
        given, start = component.only("DTSTART"), read_moment(component, "DTSTART", self)
        zone = given.params.get("TZID") if given else None
        if given is None or start is None or given.value.strip().upper().endswith("Z"):
            return ""
        if zone is None or not isinstance(start, datetime):
            return self.floating.key if isinstance(self.floating, ZoneInfo) and self._names_floating else ""
        known = zone_by_name(_single(zone) if isinstance(zone, list) else str(zone))
        is_same = known is not None and known.utcoffset(start.replace(tzinfo=None)) == start.utcoffset()
        return known.key if known is not None and is_same else ""

    @cached_property
    def _names_floating(self) -> bool:
        return any(given.value.strip() for given in self._calendar.properties.get("X-WR-TIMEZONE", []))

    def _defined(self, name: str) -> tzinfo | None:
        for definition in self._calendar.parts:
            ids = [given.value.strip() for given in definition.properties.get("TZID", [])]
            if definition.name == "VTIMEZONE" and ids == [name]:
                try:
                    return read_zone(definition)
                except Exception:
                    return None
        return None


def read_zone(definition: Component) -> tzinfo | None:
    """Return the zone of a VTIMEZONE. Properties that its rules do not need are dropped: dateutil refuses them."""
    lines = ["BEGIN:VTIMEZONE", "TZID:zone"]
    parts = [part for part in definition.parts if part.name in ("STANDARD", "DAYLIGHT")]
    if sum(_count_onsets(part) for part in parts) > MAX_ONSETS:
        raise ValueError("This time zone changes too often.")
    for part in parts:
        rules = [f"{name}:{text}" for name, text in _rules(part)]
        lines += [f"BEGIN:{part.name}", *rules, f"END:{part.name}"]
    zone: tzinfo | None = tzical(StringIO("\n".join([*lines, "END:VTIMEZONE"]))).get()
    if zone is not None:
        datetime(1900, 1, 1, tzinfo=zone).utcoffset()  # fails if there is no offset for every time
    return zone


def _count_onsets(part: Component) -> int:
    """Count the dates and rules of a part."""
    given = [*part.properties.get("RRULE", []), *part.properties.get("RDATE", [])]
    return 1 + sum(1 + line.value.count(",") for line in given)


def _rules(part: Component) -> list[tuple[str, str]]:
    names = ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE")
    given = [(name, line.value.strip()) for name in names for line in part.properties.get(name, [])]
    return [(name, _yearly_rule(part, text) if name == "RRULE" else text) for name, text in given]


def _yearly_rule(part: Component, text: str) -> str:
    """Return a rule of a time zone. Raise ValueError for one that dateutil would search for long."""
    parts = rule_parts(text)
    many = {name for name, value in parts.items() if name in CLOCK_PARTS and not value.isdigit()}
    if parts["FREQ"] != "YEARLY" or parts.keys() - ZONE_RULE_PARTS - CLOCK_PARTS or many:
        raise ValueError("This rule is not one of a time zone.")
    start = vDatetime.from_ical(part.first("DTSTART").upper()).replace(tzinfo=None)
    until = {"UNTIL": parts["UNTIL"].removesuffix("Z")} if "UNTIL" in parts else {}
    next(iter(bounded_rule({**parts, **until}, start, YEARS_TO_FIRST_ONSET)), None)
    return rule_text(parts)


def zone_by_name(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA or Windows name, in any case, also behind the prefix of a vendor."""
    parts = name.strip().strip("/").split("/")
    has_prefix = name.startswith("/") or "://" in name
    for start in range(len(parts) if has_prefix else 1):
        known = _zone_names().get("/".join(parts[start:]).casefold())
        if known:
            return ZoneInfo(known)
    return None


@cache
def _zone_names() -> Mapping[str, str]:
    names = {name: name for name in available_timezones()}
    return {name.casefold(): known for name, known in {**WINDOWS_TO_OLSON, **names}.items()}


def read_moment(component: Component, name: str, zones: Zones) -> date | datetime | None:
    """Return a property as a date or an aware time, or None. Raise ValueError with a sentence for people."""
    given = component.only(name)
    if given is None:
        return None
    # Some programs write a TZID with a colon without quotes, such as tzone://Microsoft/Utc.
    rest_of_zone, _, text = given.value.strip().rpartition(":")
    try:
        moment: date = (vDatetime if "T" in text.upper() else vDate).from_ical(text.upper())
    except ValueError:
        raise ValueError(f"“{text[:30]}” is neither a time like 20310501T190000Z nor a date like 20310501.") from None
    if not isinstance(moment, datetime) or moment.tzinfo is not None:
        return moment  # UTC wins over a TZID
    zone = given.params.get("TZID")
    if isinstance(zone, list):
        zone = _single(zone)
    if zone and rest_of_zone:
        zone = f"{zone}:{rest_of_zone}"
    return in_zone(moment, zones.find(zone) if zone else zones.floating)


def _single(zones: list[str]) -> str:
    if len(zones) > 1:
        raise ValueError(f"There are two time zones: {', '.join(zones)}.")
    return zones[0]


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return a local time with its zone. One that clocks skip has the offset from before, as in datetimes."""
    aware = moment.replace(tzinfo=zone)
    is_skipped = aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment
    if is_skipped:
        before = (moment - timedelta(days=1)).replace(tzinfo=zone).utcoffset() or timedelta(0)
        return (moment - before).replace(tzinfo=UTC).astimezone(zone)
    return aware


def read_duration(component: Component) -> Duration | None:
    given = component.only("DURATION")
    if given is None:
        return None
    match = DURATION_REGEX.match(given.value.strip().upper())
    if match is None or not any(match.groups()[1:]):
        raise ValueError(f"“{given.value[:30]}” is not a length of time like PT1H30M.")
    sign = -1 if match[1] == "-" else 1
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    return Duration(
        sign * timedelta(weeks=weeks, days=days), sign * timedelta(hours=hours, minutes=minutes, seconds=seconds)
    )


def later(start: datetime, duration: Duration) -> datetime:
    """Add days by the local clock, then the rest exactly (RFC 5545, 3.3.6)."""
    zone = start.tzinfo
    if duration.nominal and zone is not None:
        start = in_zone((start + duration.nominal).replace(tzinfo=None), zone)
    return datetimes.to_utc(start) + duration.exact
