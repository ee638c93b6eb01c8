"""Series of a calendar: until the service has them, a sentence that names the occurrences."""

from datetime import date, datetime, time, tzinfo
from itertools import islice

from dateutil.rrule import rruleset

from events.imports.calendar_times import Zones, read_moment
from events.imports.components import Component, Property
from events.imports.recurrence import bounded_rule, rule_parts

HOW = "Series are not supported. Give each occurrence a VEVENT with a UID of its own."
MAX_LISTED, MAX_COUNTED = 20, 100  # of more, the first few are listed
FEW = 6
# Rules whose occurrences can be found in a short time, by frequency.
RULE_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"}
FREQUENCIES = {
    "DAILY": RULE_PARTS,
    "WEEKLY": RULE_PARTS,
    "MONTHLY": RULE_PARTS | {"BYMONTHDAY", "BYMONTH", "BYSETPOS"},
    "YEARLY": RULE_PARTS | {"BYMONTHDAY", "BYMONTH", "BYSETPOS"},
}


def series_problem(component: Component, zones: Zones) -> str:
    """Return why a series, or an occurrence of one, is refused. Empty for a single event."""
    if "RECURRENCE-ID" in component.properties:
        return f"This is a changed occurrence of a series ({component.first('RECURRENCE-ID')[:30]}). {HOW}"
    if not component.first("RRULE") and not component.first("RDATE"):
        return ""
    try:
        listed = _listed(component, zones)
        return f"{HOW} {listed}" if listed else ""
    except Exception:
        rules = [given.value[:100] for given in component.properties.get("RRULE", [])]
        for name in ("RDATE", "EXDATE"):
            rules += [f"{name} {given.value[:100]}" for given in component.properties.get(name, [])]
        return f"{HOW} Its occurrences could not be listed: {'; '.join(rules)}"


def _listed(component: Component, zones: Zones) -> str:
    """Return a sentence, empty if the event takes place once and is no series."""
    start = read_moment(component, "DTSTART", zones)
    if start is None:
        return ""
    found = list(islice(_occurrences(component, zones, start), MAX_COUNTED + 1))
    if len(found) == 1 and "EXDATE" not in component.properties:
        return ""
    is_short = len(found) <= MAX_LISTED
    form = "%Y-%m-%d %H:%M" if isinstance(start, datetime) else "%Y-%m-%d"
    listed = ", ".join(moment.strftime(form) for moment in (found if is_short else found[:FEW]))
    times = "once" if len(found) == 1 else f"{len(found)} times"
    if len(found) > MAX_COUNTED:
        times = f"more than {MAX_COUNTED} times"
    return f"It would take place {times}: {listed}{'' if is_short else ', ...'}"


def _occurrences(component: Component, zones: Zones, start: date) -> rruleset:
    """Return the occurrences by the local clock of DTSTART."""
    zone = start.tzinfo if isinstance(start, datetime) else None
    occurrences = rruleset()
    occurrences.rdate(_local(start, zone))
    for given in component.properties.get("RRULE", []):
        parts = rule_parts(given.value)
        if parts.keys() - FREQUENCIES[parts["FREQ"]]:
            raise ValueError("This rule is not listed.")
        if "UNTIL" in parts:
            parts["UNTIL"] = _local(_moment(given, parts["UNTIL"], zones), zone).strftime("%Y%m%dT%H%M%S")
        occurrences.rrule(bounded_rule(parts, _local(start, zone)))
    for name, add in (("RDATE", occurrences.rdate), ("EXDATE", occurrences.exdate)):
        for given in component.properties.get(name, []):
            for text in filter(str.strip, given.value.split(",")):
                add(_local(_moment(given, text.split("/")[0], zones), zone))
    return occurrences


def _moment(given: Property, text: str, zones: Zones) -> date:
    moment = read_moment(Component("", {"DTSTART": [Property(given.params, text)]}), "DTSTART", zones)
    if moment is None:
        raise ValueError("There is no time.")
    return moment


def _local(moment: date, zone: tzinfo | None) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min)
    return (moment.astimezone(zone) if zone else moment).replace(tzinfo=None)
