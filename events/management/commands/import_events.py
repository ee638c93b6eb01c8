from pathlib import Path
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Field

from accounts.management.arguments import named_account
from eventhub.exceptions import Refusal
from eventhub.management.arguments import integer_argument, mapped_columns
from eventhub.spreadsheets.sheets import FileError
from events.imports.files import read_rows
from events.imports.spreadsheet import FIELDS
from events.models import Event
from events.services.events import EventValues
from registrations.services.event_import import import_events


class Command(BaseCommand):
    help = (
        "Imports events from a CSV, XLSX or iCalendar file. Events imported before are updated; they are found by UID, "
        "else by title, start and place. If a row has an error, nothing is written, all errors are printed, and the "
        "exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV, XLSX or iCalendar")
        parser.add_argument("--organizer", metavar="USERNAME", required=True, help="organizer of the events")
        parser.add_argument(
            "--capacity", metavar="N", type=integer_argument, help="seats of new events without a capacity"
        )
        parser.add_argument("--title", metavar="TEXT", help="title of new events without one")
        parser.add_argument("--location", metavar="TEXT", help="location of new events without one")
        parser.add_argument(
            "--map",
            metavar="FIELD=COLUMN",
            action="append",
            default=[],
            help=f"name of the column for a field; fields: {', '.join(FIELDS)}",
        )
        parser.add_argument("--skip-errors", action="store_true", help="import the rows without errors")
        parser.add_argument("--dry-run", action="store_true", help="print what would be done, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        organizer = named_account(options["organizer"])
        defaults = _defaults(options)
        file: Path = options["file"]
        try:
            columns = mapped_columns(options["map"], FIELDS)
            events = read_rows(file.read_bytes(), name=file.name, columns=columns, defaults=defaults)
        except OSError as failure:
            raise CommandError(f"{file}: {failure.strerror}.") from None
        except FileError as failure:
            raise CommandError(f"{file}: {failure}") from None
        try:
            report = import_events(
                rows=events.rows,
                organizer=organizer,
                defaults=defaults,
                skip_errors=options["skip_errors"],
                dry_run=options["dry_run"],
            )
        except Refusal as refusal:
            raise CommandError(f"{organizer}: {refusal}") from None
        for note in events.notes:
            self.stdout.write(note)
        for problem in report.problems:
            self.stderr.write(problem)
        self.stdout.write(
            f"{'Dry run: ' if options['dry_run'] else ''}{report.created} created, {report.updated} updated, "
            f"{report.unchanged} unchanged, {len(report.problems)} with errors"
        )
        if report.problems and not options["skip_errors"]:
            raise CommandError("Nothing was imported because of errors. Use --skip-errors to import the other rows.")


def _defaults(options: dict[str, Any]) -> EventValues:
    names = {"title": "title", "location": "location", "max_capacity": "capacity"}
    given = {field: options[option] for field, option in names.items() if options[option] is not None}
    for field, value in given.items():
        try:
            given[field] = cast("Field[Any, Any]", Event._meta.get_field(field)).clean(value, None)
        except ValidationError as invalid:
            raise CommandError(f"--{names[field]}: {' '.join(invalid.messages)}") from None
    return cast(EventValues, given)
