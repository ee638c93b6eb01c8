"""The components of an iCalendar file (RFC 5545, 3.1 and 3.4), each read for itself.

The library's own parser gives up a whole file for one bad component, and keeps time zones for the next file. Its
grammar of a content line is used here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from icalendar.parser import Contentline, q_split

from eventhub.spreadsheets.encodings import decode
from eventhub.spreadsheets.sheets import MAX_BYTES, FileError

FOLD = re.compile(rb"(?:\r*\n|\r)[ \t]")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
IN_ONE_LINE = ("SUMMARY", "LOCATION", "UID", *TIMES)
READ = (*IN_ONE_LINE, "DESCRIPTION", "STATUS", "SEQUENCE", "DTSTAMP")
MAX_SHOWN = 60
MAX_DEPTH = 20


class Property(NamedTuple):
    params: dict[str, Any]
    value: str


@dataclass
class Component:
    """`problems` are sentences about lines that cannot be read and about a missing END."""

    name: str
    properties: dict[str, list[Property]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    parts: list["Component"] = field(default_factory=list)
    last: str = ""  # the name of the latest property

    def add(self, name: str, given: Property) -> None:
        self.properties.setdefault(name, []).append(given)
        self.last = name

    def walk(self, name: str) -> Iterator["Component"]:
        stack = [self]
        while stack:
            component = stack.pop()
            if component.name == name:
                yield component
            stack.extend(reversed(component.parts))

    @property
    def events(self) -> Iterator["Component"]:
        """Yield the events of this calendar, without those of calendars in it."""
        for part in self.parts:
            if part.name != "VCALENDAR":
                yield from part.walk("VEVENT")

    def first(self, name: str) -> str:
        """Return a property's first value without spaces around it, or an empty text."""
        return self.properties[name][0].value.strip() if name in self.properties else ""

    def only(self, name: str) -> Property | None:
        """Return a property, or None. Raise ValueError if it is given more than once."""
        given = self.properties.get(name, [])
        if len(given) > 1:
            raise ValueError(f"{name} is given {len(given)} times; give it once.")
        return given[0] if given else None


def is_calendar(content: bytes) -> bool:
    start = content[:100].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start[:15].upper() == b"BEGIN:VCALENDAR"


def read_components(content: bytes) -> Component:
    """Return a component that holds those of the file. Raise FileError where there is no calendar."""
    root = Component("FILE")
    stack = [root]
    for line in _lines(content):
        try:
            name, params, value = _parts(Contentline(line))
        except ValueError:
            _continue_or_report(stack, line)
            continue
        if name.upper() == "BEGIN":
            _begin(stack, value.strip().upper())
        elif name.upper() == "END":
            _end(stack, value.strip().upper())
        else:
            stack[-1].add(name.upper(), Property(params, value))
    while len(stack) > 1:
        _close_unfinished(stack)
    if not any(part.name in ("VCALENDAR", "VEVENT") for part in root.parts):
        raise FileError("The file contains no calendar.")
    return root


def _parts(line: Contentline) -> tuple[str, dict[str, Any], str]:
    """Return name, parameters and value. The library keeps the last of a parameter given twice, this keeps them all."""
    name, params, value = line.parts()
    pieces = q_split(line[: line.value_separator_index()], ";")[1:]
    if len(pieces) <= len(params):
        return name, params, value
    several: dict[str, list[str]] = {}
    for piece in pieces:
        for key, given in Contentline(f"{name};{piece}:").parts()[1].items():
            several.setdefault(key, []).extend(given if isinstance(given, list) else [given])
    return name, {key: values[0] if len(set(values)) == 1 else values for key, values in several.items()}, value


def _lines(content: bytes) -> list[str]:
    """Unfold before decoding: lines may be folded within a character. Bytes that are not UTF-8 become surrogates."""
    if content.startswith(UTF_16) or b"\0" in content[:4]:
        content = decode(content).encode()
    if len(content) > MAX_BYTES:
        raise FileError(f"The file is larger than {MAX_BYTES // 2**20} MB.")
    text = FOLD.sub(b"", content).decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return [line for line in text.replace("\r", "\n").split("\n") if line.strip()]


def _begin(stack: list[Component], kind: str) -> None:
    ends = {"VEVENT": {"VEVENT"}, "VCALENDAR": {"VEVENT", "VCALENDAR"}}.get(kind, set())
    while ends & {component.name for component in stack}:
        _close_unfinished(stack)
    if len(stack) > MAX_DEPTH:
        raise FileError(f"Components are nested more than {MAX_DEPTH} deep.")
    component = Component(kind)
    stack[-1].parts.append(component)
    stack.append(component)


def _end(stack: list[Component], kind: str) -> None:
    if all(component.name != kind for component in stack[1:]):
        if kind == "VEVENT" or _is_in_event(stack):
            _report(stack, f"END:{_shown(kind)} has no BEGIN.")
        return
    while stack[-1].name != kind:
        _close_unfinished(stack)
    stack.pop()


def _close_unfinished(stack: list[Component]) -> None:
    if stack[-1].name == "VCALENDAR" or _is_in_event(stack):
        _report(stack, f"BEGIN:{_shown(stack[-1].name)} has no END. The file may be incomplete.")
    stack.pop()


def _continue_or_report(stack: list[Component], line: str) -> None:
    """Join a line that is no property to a text before it, as some programs do not fold. Report it elsewhere."""
    component = stack[-1]
    if component.last not in ("", *IN_ONE_LINE) and not line.upper().startswith(READ):
        params, value = component.properties[component.last][-1]
        component.properties[component.last][-1] = Property(params, f"{value}\n{line}")
    elif _is_in_event(stack):
        _report(stack, f"“{_shown(line)}” is not a property. A line that continues another begins with a space.")


def _is_in_event(stack: list[Component]) -> bool:
    return any(component.name == "VEVENT" for component in stack)


def _report(stack: list[Component], problem: str) -> None:
    """Add a problem to the event, or to the calendar outside events."""
    for component in reversed(stack):
        if component.name in ("VEVENT", "VCALENDAR"):
            component.problems.append(problem)
            return


def _shown(text: str) -> str:
    return text[:MAX_SHOWN].encode("utf-8", "replace").decode()
