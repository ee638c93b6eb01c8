"""Runs of `manage.py import_events` on files that tests write."""

import io
from datetime import UTC, datetime
from typing import NamedTuple

from django.core.management import CommandError, call_command

REFUSED = "Nothing was imported because of errors. Use --skip-errors to import the other rows."


class Run(NamedTuple):
    out: list[str]
    errors: list[str]
    failure: str = ""
    status: int = 0


def run(file, *arguments, organizer="olga"):
    """What the command wrote, and how it ended."""
    out, errors = io.StringIO(), io.StringIO()
    failure, status = "", 0
    try:
        call_command(
            "import_events", str(file), "--organizer", organizer, *arguments, stdout=out, stderr=errors, no_color=True
        )
    except CommandError as problem:
        failure, status = str(problem), problem.returncode
    return Run(out.getvalue().splitlines(), errors.getvalue().splitlines(), failure, status)


def counted(created=0, updated=0, unchanged=0, errors=0):
    return [f"{created} created, {updated} updated, {unchanged} unchanged, {errors} with errors"]


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


DEFAULTS = {"SUMMARY": "Talk", "LOCATION": "Hall"}


def calendar(*vevents, before="", defaults=None):
    """A calendar of VEVENTs, each given by its lines; title and place are added where they are missing."""
    parts = []
    for lines in vevents:
        named = {line.split(":")[0].split(";")[0] for line in lines.splitlines()}
        added = [
            f"{name}:{text}\n"
            for name, text in (DEFAULTS if defaults is None else defaults).items()
            if name not in named
        ]
        parts.append(f"BEGIN:VEVENT\n{''.join(added)}{lines.strip()}\nEND:VEVENT\n")
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{before}{''.join(parts)}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")
