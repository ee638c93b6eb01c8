"""Series of a calendar: their rule, and the dates that are left out of it, added to it or changed."""

from collections.abc import Iterator
from datetime import date, datetime, time, tzinfo
from itertools import islice
from typing import NamedTuple

from dateutil.rrule import rruleset

from eventhub import datetimes
from events.imports.calendar_times import Zones, read_moment
from events.imports.components import Component, Property
from events.imports.recurrence import FREQUENCIES, bounded_rule, rule_parts, rule_text

UNREADABLE = "This series cannot be read: {}"
ONE_RULE = "A series has one rule; give the other dates a VEVENT with a UID of their own."
NO_UID = "A changed date of a series has the UID of the series, and this one has none."
EARLIER_TOO = "RANGE {} is not supported. Give each date a VEVENT of its own, or use THISANDFUTURE."
FOLLOWING = "THISANDFUTURE"
ONCE = "FREQ=DAILY;COUNT=1"


class ImportedSeries(NamedTuple):
    """The rule by the clock of its zone; the dates left out of it, and those beside it, in UTC."""

    rule: str
    excluded: tuple[datetime, ...] = ()
    added: tuple[datetime, ...] = ()


def read_series(component: Component, zones: Zones) -> ImportedSeries | None:
    """Return the series that an event is the first date of, None for a single one. Raise ValueError."""
    start = read_moment(component, "DTSTART", zones)
    if start is None or not (component.first("RRULE") or component.first("RDATE")):
        return None
    rules = component.properties.get("RRULE", [])
    if len(rules) > 1:
        raise ValueError(ONE_RULE)
    try:
        found = list(islice(_occurrences(component, zones, start), 2))
        if len(found) == 1 and "EXDATE" not in component.properties:
            return None
        rule = rule_text(_parts(rules[0], zones, _zone(start))) if rules and rules[0].value.strip() else ONCE
        excluded, added = (tuple(_moments(component, name, zones, start)) for name in ("EXDATE", "RDATE"))
    except Exception:
        raise ValueError(UNREADABLE.format("; ".join(_written(component)))) from None
    return ImportedSeries(rule, excluded, added)


def read_recurrence(component: Component, zones: Zones) -> datetime | None:
    """Return which date of a series an event changes, in UTC; None for one that changes none. Raise ValueError."""
    given = component.only("RECURRENCE-ID")
    if given is None:
        return None
    if range_of(component) not in ("", FOLLOWING):
        raise ValueError(EARLIER_TOO.format(range_of(component)[:30]))
    if not component.first("UID"):
        raise ValueError(NO_UID)
    moment = read_moment(component, "RECURRENCE-ID", zones)
    return None if moment is None else _to_utc(moment, moment, zones)


def range_of(component: Component) -> str:
    """Return which other dates a changed date stands for; empty for none."""
    given = component.properties.get("RECURRENCE-ID")
    return str(given[0].params.get("RANGE", "")).upper() if given else ""


def _written(component: Component) -> list[str]:
    rules = [given.value[:100] for given in component.properties.get("RRULE", [])]
    for name in ("RDATE", "EXDATE"):
        rules += [f"{name} {given.value[:100]}" for given in component.properties.get(name, [])]
    return rules


def _zone(start: date) -> tzinfo | None:
    return start.tzinfo if isinstance(start, datetime) else None


def _parts(given: Property, zones: Zones, zone: tzinfo | None) -> dict[str, str]:
    """Return the parts of a rule, with UNTIL by the clock of DTSTART."""
    parts = rule_parts(given.value)
    if parts.keys() - FREQUENCIES[parts["FREQ"]]:
        raise ValueError("This rule is not listed.")
    if "UNTIL" in parts:
        until = _moment(given, parts["UNTIL"], zones)
        if isinstance(until, datetime):
            parts["UNTIL"] = _local(until, zone).strftime("%Y%m%dT%H%M%S")
    return parts


def _occurrences(component: Component, zones: Zones, start: date) -> rruleset:
    """Return the occurrences by the local clock of DTSTART."""
    zone = _zone(start)
    occurrences = rruleset()
    occurrences.rdate(_local(start, zone))
    for given in component.properties.get("RRULE", []):
        if given.value.strip():
            occurrences.rrule(bounded_rule(_parts(given, zones, zone), _local(start, zone)))
    for name, add in (("RDATE", occurrences.rdate), ("EXDATE", occurrences.exdate)):
        for given in component.properties.get(name, []):
            for text in filter(str.strip, given.value.split(",")):
                add(_local(_moment(given, text.split("/")[0], zones), zone))
    return occurrences


def _moments(component: Component, name: str, zones: Zones, start: date) -> Iterator[datetime]:
    for given in component.properties.get(name, []):
        for text in filter(str.strip, given.value.split(",")):
            yield _to_utc(_moment(given, text.split("/")[0], zones), start, zones)


def _to_utc(moment: date, start: date, zones: Zones) -> datetime:
    """Return a date of a series in UTC. A day alone is at the time of DTSTART, or a whole day."""
    if isinstance(moment, datetime):
        return datetimes.to_utc(moment)
    if isinstance(start, datetime):
        return datetimes.to_utc(datetime.combine(moment, start.time(), start.tzinfo))
    return datetimes.day_bound(moment, zone=zones.floating)


def _moment(given: Property, text: str, zones: Zones) -> date:
    moment = read_moment(Component("", {"DTSTART": [Property(given.params, text)]}), "DTSTART", zones)
    if moment is None:
        raise ValueError("There is no time.")
    return moment


def _local(moment: date, zone: tzinfo | None) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min)
    return (moment.astimezone(zone) if zone else moment).replace(tzinfo=None)
