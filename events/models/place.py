"""Where an event takes place: its place in words, and what is wrong with it."""

import math
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from eventhub import datetimes

if TYPE_CHECKING:
    from events.models.event import Event

BOUNDS = {"latitude": 90, "longitude": 180}
NOT_A_LINK = "Enter a link that begins with https:// or http://."
_check_link = URLValidator(schemes=["https", "http"])


def place_of(event: "Event") -> str:
    """Return location, venue and address, each unless one before says it."""
    parts: list[str] = []
    for part in (event.location, event.venue, event.address):
        if part and not any(part in other for other in parts):
            parts.append(part)
    return ", ".join(parts)


def problems_of_place(event: "Event") -> dict[str, str]:
    problems = {}
    try:
        datetimes.clean_zone(event.time_zone)
    except ValueError as problem:
        problems["time_zone"] = str(problem)
    for name, bound in BOUNDS.items():
        degrees = getattr(event, name)
        if degrees is not None and not (math.isfinite(degrees) and abs(degrees) <= bound):
            problems[name] = f"Enter degrees between -{bound} and {bound}."
    if (event.latitude is None) != (event.longitude is None):
        missing = "latitude" if event.latitude is None else "longitude"
        problems[missing] = "Enter both latitude and longitude, or neither."
    if event.online_url:
        try:
            _check_link(event.online_url)
        except ValidationError:
            problems["online_url"] = NOT_A_LINK
    return problems
