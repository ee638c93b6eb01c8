from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.arguments import named_account
from eventhub.exceptions import Refusal
from eventhub.management.arguments import mapped_columns
from eventhub.spreadsheets.sheets import FileError
from events.models import Event
from registrations.services.attendee_file import FIELDS, read_attendees
from registrations.services.attendee_import import ImportOutcome, import_attendees


class Command(BaseCommand):
    help = (
        "Registers the people of a CSV or XLSX file for an event, in the order of the file: first the free seats, then "
        "the waiting list. People without an account get one, which they claim by resetting the password. People who "
        "are already registered stay as they are. If a row has an error, nothing is written, all errors are printed, "
        "and the exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV in UTF-8, or XLSX")
        parser.add_argument("--event", metavar="ID", type=int, required=True, help="the event")
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
            help=f"name of the column for a field; fields: {', '.join(FIELDS)}",
        )
        parser.add_argument("--skip-errors", action="store_true", help="import the rows without errors")
        parser.add_argument("--dry-run", action="store_true", help="print the result of each row, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        event = _event(options["event"])
        by = named_account(options["by"]) if options["by"] is not None else event.organizer
        file: Path = options["file"]
        try:
            rows = read_attendees(file.read_bytes(), columns=mapped_columns(options["map"], FIELDS))
        except OSError as failure:
            raise CommandError(f"{file}: {failure.strerror}.") from None
        except FileError as failure:
            raise CommandError(f"{file}: {failure}") from None
        try:
            report = import_attendees(
                event_id=event.pk, rows=rows, by=by, skip_errors=options["skip_errors"], dry_run=options["dry_run"]
            )
        except Refusal as refusal:
            raise CommandError(f"{event}: {refusal}") from None
        for guest, outcome, reason in report.results:
            if outcome == ImportOutcome.ERROR:
                self.stderr.write(f"{guest.place}: {reason}")
            elif options["dry_run"]:
                self.stdout.write(f"{guest.place}: {outcome}")
        counts, prefix = report.counts, "Dry run: " if options["dry_run"] else ""
        self.stdout.write(
            f"{prefix}{counts[ImportOutcome.SEAT]} seated, {counts[ImportOutcome.QUEUE]} on the waiting list, "
            f"{counts[ImportOutcome.ALREADY_THERE]} already registered, {counts[ImportOutcome.ERROR]} with errors"
        )
        if report.is_refused:
            raise CommandError("Nothing was imported because of errors. Use --skip-errors to import the other rows.")


def _event(event_id: int) -> Event:
    try:
        event: Event = Event.objects.select_related("organizer").get(pk=event_id)
    except Event.DoesNotExist:
        raise CommandError(f"No event with id {event_id}.") from None
    return event
