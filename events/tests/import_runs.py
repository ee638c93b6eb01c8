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
