"""Texts with `{name}` for a value. There is no other syntax, and a value is never read again."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from django.utils.text import Truncator

from notifications.models import Kind


class Wording(NamedTuple):
    subject: str
    body: str


PLACEHOLDER = re.compile(r"\{([^{}\s]*)\}")
# A whole pair of braces, or a single one.
BRACES = re.compile(r"\{[^{}]*\}|[{}]")
# Of one text, so that long values do not make mails of megabytes; and what an error names of unknown ones.
MAX_PLACEHOLDERS, MAX_NAMED, MAX_SHOWN = 50, 5, 60
COMMON = ("name", "event", "date", "place", "organizer", "link")
PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(Kind.values, COMMON),
    Kind.QUEUED: (*COMMON, "position"),
    Kind.EVENT_CHANGED: (*COMMON, "changes"),
    Kind.CANCELLED: (*COMMON, "reason", "by"),
}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in; a name that is not among them stays as it is."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def find_problem(text: str, kind: str) -> str | None:
    """Return what is wrong with the placeholders of a text, as a sentence for people."""
    known = [f"{{{name}}}" for name in PLACEHOLDERS[kind]]
    pieces = BRACES.findall(text)
    unknown = [piece for piece in dict.fromkeys(pieces) if piece not in known and piece[0] + piece[-1] == "{}"]
    if unknown:
        named = ", ".join(Truncator(piece).chars(MAX_SHOWN) for piece in unknown[:MAX_NAMED])
        return f"{named} {'is' if len(unknown) == 1 else 'are'} not known here. Known: {', '.join(known)}."
    if not set(pieces) <= {*known}:
        return f"Use {{ and }} only around a placeholder. Known: {', '.join(known)}."
    if len(pieces) > MAX_PLACEHOLDERS:
        return f"Use at most {MAX_PLACEHOLDERS} placeholders."
    return None
