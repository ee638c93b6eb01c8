"""Badges and name lists as PDF. In a browser they are pages of the back office (checkin/admin/)."""

import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

from checkin import typst_files
from checkin.badges import Layout, Paper, badges_of
from checkin.name_lists import labels_of, lines_by_letter
from checkin.selectors.people import Person
from checkin.text_sizes import breakable
from eventhub.datetimes import written
from events.models import Event

# Of a name list, in millimetres.
LETTERS = 3.5
WIDTH, BOX, INSET = 186, 8, 3
INSTEAD = "Print these people from the page of the event in the back office: the browser has fonts for them."
RIGHT_TO_LEFT = {"R", "AL"}


def badges_pdf(event: Event, people: Sequence[Person], *, paper: Paper, layout: Layout, has_lines: bool) -> bytes:
    """Return sheets of badges. Raise NotInstalled."""
    return typst_files.pdf("badges.typ", _warned(badges_shown(event, people, paper, layout, has_lines), people))


def names_pdf(event: Event, people: Sequence[Person], *, columns: Collection[str], has_pages: bool) -> bytes:
    """Return a list of names with boxes to tick. Raise NotInstalled."""
    return typst_files.pdf("names.typ", _warned(names_shown(event, people, columns, has_pages), people))


def _warned(shown: Any, people: Sequence[Person]) -> Any:
    """Put a page in front that says whose letters no font has, and a question mark in place of each."""
    missing = typst_files.letters_without_font(shown)
    if not missing:
        return shown
    texts = ((each.name, each.contact_details, each.phone) for each in people)
    number = sum(any(not missing.isdisjoint(typst_files.letters_of(text)) for text in each) for each in texts)
    scripts = sorted({unicodedata.name(letter[0], "UNKNOWN").split()[0] for letter in missing})
    who = "1 person has" if number == 1 else f"{number} people have" if number else "The title has"
    warning = f"{who} letters that no font on the server has ({', '.join(scripts)}): see “?”. {INSTEAD}"
    return {**typst_files.without_letters(shown, missing), "warning": warning}


def badges_shown(event: Event, people: Sequence[Person], paper: Paper, layout: Layout, has_lines: bool) -> Any:
    """Return what the template of badges shows."""
    badges = [
        {
            "texts": [
                {**_text(fitted.text, box.width / fitted.size), "size": fitted.size}
                for (_, fitted), box in zip(badge.texts, layout.boxes, strict=True)
            ],
            "code": badge.code,
        }
        for badge in badges_of(event, people, layout)
    ]
    sheets = [badges[start : start + paper.on_a_page] for start in range(0, len(badges), paper.on_a_page)]
    return {
        "title": event.title,
        "paper": {**paper._asdict(), "page": paper.page},
        "layout": {**layout._asdict(), "boxes": [box._asdict() for box in layout.boxes]},
        "has_lines": has_lines,
        "sheets": sheets or [[]],
    }


def names_shown(event: Event, people: Sequence[Person], columns: Collection[str], has_pages: bool) -> Any:
    """Return what the template of name lists shows."""
    labels = labels_of(columns)
    width = ((WIDTH - BOX) / (len(labels) + 1) - INSET) / LETTERS
    groups = [
        {
            "letter": letter,
            "lines": [
                {"is_there": line.is_there, "cells": [_text(text, width) for text in (line.name, *line.cells)]}
                for line in lines
            ],
        }
        for letter, lines in lines_by_letter(people, columns)
    ]
    return {
        "title": _text(event.title, WIDTH / LETTERS / 2),
        "when": written(event.date_time, event.end_time, event.zone),
        "size": LETTERS,
        "box": BOX,
        "labels": labels,
        "groups": groups,
        "has_pages": has_pages,
    }


def _text(text: str, width: float) -> dict[str, Any]:
    """Return a text whose words fit lines of a width in sizes of its letters, and its direction."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    first = next((each for each in directions if each in {"L", *RIGHT_TO_LEFT}), "L")
    return {"text": breakable(text, width), "is_rtl": first in RIGHT_TO_LEFT}
