from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.arguments import named_account
from eventhub.exceptions import Refusal
from eventhub.management.arguments import integer_argument, mapped_columns
from eventhub.spreadsheets.entries import load_table
from eventhub.spreadsheets.sheets import FileError
from events.models import Event
from registrations.selectors.attendee_rows import columns_of
from registrations.services.answer_columns import AnswerColumns
from registrations.services.attendee_columns import FIELDS
from registrations.services.attendee_file import MAX_ROWS, Guest, read_guests, require_columns
from registrations.services.attendee_import import AttendeeImportReport, ImportOutcome, import_attendees


class Command(BaseCommand):
    help = (
        "Registers the people of a CSV or XLSX file for an event, in the order of the file: first the free seats, then "
        "the waiting list. People without an account get one, which they claim by resetting the password. People who "
        "are already registered stay as they are. People are left out whose status in the file says that they do not "
        "come, or who have cancelled since an earlier import; a registration that was deleted is forgotten. If a row "
        "has an error, nothing is written, all errors are printed, and the exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV or XLSX")
        parser.add_argument("--event", metavar="ID", type=integer_argument, required=True, help="the event")
        parser.add_argument(
            "--as",
            metavar="USERNAME",
            dest="by",
            help="who registers them: the event's organizer (default) or an admin",
        )
        parser.add_argument(
            "--map",
            metavar="FIELD=COLUMN",
            action="append",
            default=[],
            help=f"name of the column for a field, or FIELD= to use none; fields: {', '.join(FIELDS)}",
        )
        parser.add_argument("--skip-errors", action="store_true", help="import the rows without errors")
        parser.add_argument("--reinstate", action="store_true", help="also register people who have cancelled")
        parser.add_argument("--dry-run", action="store_true", help="print the result of each row, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        event = _event(options["event"])
        by = named_account(options["by"]) if options["by"] is not None else event.organizer
        chosen = mapped_columns(options["map"], FIELDS, may_be_empty=True)
        rows = self._read(options["file"], chosen, columns_of(event))
        try:
            report = import_attendees(
                event_id=event.pk,
                rows=rows,
                by=by,
                skip_errors=options["skip_errors"],
                reinstate=options["reinstate"],
                dry_run=options["dry_run"],
            )
        except Refusal as refusal:
            raise CommandError(f"{event}: {refusal}") from None
        self._write_rows(report, options["dry_run"])
        if report.is_refused:
            raise CommandError("Nothing was imported because of errors. Use --skip-errors to import the other rows.")

    def _read(self, file: Path, chosen: dict[str, str], questions: AnswerColumns) -> list[Guest]:
        try:
            table = load_table(file.read_bytes(), max_rows=MAX_ROWS)
            columns = require_columns(table, chosen, questions)
        except OSError as failure:
            raise CommandError(f"{file}: {failure.strerror}.") from None
        except FileError as failure:
            raise CommandError(f"{file}: {failure}") from None
        for note in table.notes:
            self.stdout.write(note)
        self.stdout.write(f"Columns: {', '.join(f'{field} = “{header}”' for field, header in columns.used)}")
        if columns.unused:
            self.stdout.write(f"Not used: {', '.join(f'“{header}”' for header in columns.unused)}")
        return read_guests(table, columns, questions)

    def _write_rows(self, report: AttendeeImportReport, is_dry_run: bool) -> None:
        for guest, outcome, reason in report.results:
            if outcome == ImportOutcome.ERROR:
                self.stderr.write(f"{guest.place}: {reason}")
            elif outcome == ImportOutcome.LEFT_OUT:
                self.stdout.write(f"{guest.place}: left out: {reason}")
            elif is_dry_run:
                self.stdout.write(f"{guest.place}: {outcome}")
        if report.has_cancelled:
            self.stdout.write("Use --reinstate to register people who have cancelled.")
        counts, prefix = report.counts, "Dry run: " if is_dry_run else ""
        self.stdout.write(
            f"{prefix}{counts[ImportOutcome.SEAT]} seated, {counts[ImportOutcome.QUEUE]} on the waiting list, "
            f"{counts[ImportOutcome.ALREADY_THERE]} already registered, {counts[ImportOutcome.LEFT_OUT]} left out, "
            f"{counts[ImportOutcome.ERROR]} with errors"
        )


def _event(event_id: int) -> Event:
    try:
        event: Event = Event.objects.select_related("organizer").get(pk=event_id)
    except Event.DoesNotExist:
        raise CommandError(f"No event with id {event_id}.") from None
    return event
