"""Dates of a series: a rule (RFC 5545, 3.3.10) in the wall time of a zone, within bounds."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta, tzinfo

from django.utils import timezone
from icalendar.prop import vDate, vDatetime

from eventhub import datetimes
from eventhub.exceptions import Invalid
from events.imports.recurrence import FREQUENCIES, bounded_rule, rule_parts, rule_text

MAX_DATES = 200
MAX_LENGTH = timedelta(days=731)  # two years
NOT_A_RULE = "Enter a rule such as FREQ=WEEKLY;BYDAY=TU;COUNT=10."
TOO_MANY = f"A series has at most {MAX_DATES} dates."
TOO_LONG = "A series lasts two years at most."
TOO_RARE = "This rule has no date, or its dates are too far apart."
ONE_END = "Give COUNT or UNTIL, not both."


def clean_rule(text: str) -> str:
    """Return a rule as it is stored. Raise a 400 for one that a series cannot have."""
    text = text.strip()
    parts = _parts(text[6:] if text[:6].upper() == "RRULE:" else text)
    if {"COUNT", "UNTIL"} <= parts.keys():
        raise Invalid({"rule": [ONE_END]})
    if int(parts.get("COUNT", "1")) > MAX_DATES:
        raise Invalid({"rule": [TOO_MANY]})
    return rule_text(parts)


def _parts(text: str) -> dict[str, str]:
    try:
        parts = rule_parts(text)
        known = FREQUENCIES[parts["FREQ"]]
    except (ValueError, KeyError):
        raise Invalid({"rule": [NOT_A_RULE]}) from None
    if unknown := sorted(parts.keys() - known):
        raise Invalid({"rule": [f"{unknown[0][:30]} cannot be used here. {NOT_A_RULE}"]})
    return parts


def wall_dates(rule: str, starts: datetime, zone: tzinfo) -> list[datetime]:
    """Return all dates of a rule by the clock, from a start by the clock.

    A rule without an end goes on for MAX_LENGTH or MAX_DATES. Raise a 400 for one with an end beyond them, or without
    a date.
    """
    parts, last = _parts(rule), starts + MAX_LENGTH
    has_end = bool({"COUNT", "UNTIL"} & parts.keys())
    found: list[datetime] = []
    for moment in _search({**parts, **_until(parts, zone)}, starts):
        if moment > last or len(found) == MAX_DATES:
            if has_end:
                raise Invalid({"rule": [TOO_LONG if moment > last else TOO_MANY]})
            break
        found.append(moment)
    if not found:
        raise Invalid({"rule": [TOO_RARE]})
    return found


def _search(parts: Mapping[str, str], starts: datetime) -> list[datetime]:
    """Return the dates up to the first one beyond the bounds."""
    try:
        found = iter(bounded_rule(parts, starts))
    except Exception:  # dateutil's words for a malformed part are none for people
        raise Invalid({"rule": [NOT_A_RULE]}) from None
    dates: list[datetime] = []
    try:
        with suppress(ValueError, OverflowError):  # it matches too seldom from there on
            for date in found:
                dates.append(date)
                if date > starts + MAX_LENGTH or len(dates) > MAX_DATES:
                    break
    except IndexError:  # dateutil's for the 99th Monday of a month
        raise Invalid({"rule": [NOT_A_RULE]}) from None
    return dates


def _until(parts: Mapping[str, str], zone: tzinfo) -> dict[str, str]:
    """Return UNTIL by the clock; a date is its whole day."""
    text = parts.get("UNTIL")
    if text is None:
        return {}
    try:
        moment = vDatetime.from_ical(text) if "T" in text else datetime.combine(vDate.from_ical(text), time.max)
        if moment.tzinfo is not None:
            moment = by_clock(moment, zone)
    except (ValueError, OverflowError):
        raise Invalid({"rule": ["UNTIL must be a date like 20310501 or a time like 20310501T190000."]}) from None
    return {"UNTIL": _written(moment)}


def ended_before(rule: str, dates: list[datetime], first: datetime) -> str:
    """Return the rule with those of its dates that are before `first`."""
    parts = {name: value for name, value in rule_parts(rule).items() if name not in ("COUNT", "UNTIL")}
    return rule_text({**parts, "UNTIL": _written(max(date for date in dates if date < first))})


def ended_on_day(rule: str, dates: list[datetime], zone: tzinfo, *, later: timedelta) -> str:
    """Return the rule with an UNTIL that is a whole day, so that it has the same dates at other times too."""
    parts = rule_parts(rule)
    until = _until(parts, zone).get("UNTIL")
    if until is None:
        return rule
    last = date.fromisoformat(until[:8])
    if "T" in parts["UNTIL"] and dates[-1].date() < last:
        last -= timedelta(days=1)
    return rule_text({**parts, "UNTIL": f"{last + later:%Y%m%d}"})


def going_on_from(rule: str, dates: list[datetime], first: datetime) -> str:
    """Return the rule for the dates from `first` on."""
    parts = rule_parts(rule)
    if "COUNT" in parts:
        parts["COUNT"] = str(int(parts["COUNT"]) - sum(date < first for date in dates))
    return rule_text(parts)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%S")


def by_clock(moment: datetime, zone: tzinfo) -> datetime:
    """Return what the clocks show. The second of two equal times counts as the first."""
    return timezone.localtime(moment, zone).replace(tzinfo=None, fold=0)


def to_moment(wall: datetime, zone: tzinfo) -> datetime:
    try:
        return datetimes.to_utc(wall, zone)
    except ValueError as problem:
        raise Invalid({"date_time": [str(problem)]}) from None


def end_of(wall: datetime, minutes: int, zone: tzinfo) -> datetime:
    """Return the end by the clock. From midnight, whole days end with the last moment of the last."""
    ends, begins = wall + timedelta(minutes=minutes), to_moment(wall, zone)
    if wall == datetime.combine(wall, time.min) and not minutes % (24 * 60):
        return datetimes.day_bound((ends - timedelta(days=1)).date(), end_of_day=True, zone=zone)
    moment = to_moment(ends, zone)
    return moment if moment > begins else begins + timedelta(minutes=minutes)  # the clocks change


def minutes_between(first: datetime, last: datetime) -> int:
    return round((last - first) / timedelta(minutes=1))


def day_of(moment: datetime, zone: tzinfo) -> date:
    return by_clock(moment, zone).date()
