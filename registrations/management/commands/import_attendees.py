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
        "Registers the people of a CSV or XLSX file for an event, in the order of the file: for its free seats, then "
        "at the end of its queue. Who has no account gets one, to be claimed by resetting the password. Who is there "
        "already stays as they are, so it is safe to run again. All or nothing: where one row is bad or finds no "
        "place, nothing is written, every such row is named, and the exit status is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV in UTF-8, or XLSX")
        parser.add_argument("--event", metavar="ID", type=int, required=True, help="what they are registered for")
        parser.add_argument(
            "--as",
            metavar="USERNAME",
            dest="by",
            help="who registers them: the event's organizer (the default), or an admin",
        )
        parser.add_argument(
            "--map",
            metavar="FIELD=COLUMN",
            action="append",
            default=[],
            help=f"a column that is not called as its field; fields: {', '.join(FIELDS)}",
        )
        parser.add_argument("--skip-errors", action="store_true", help="take the good rows where some are bad")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would become of each row, and write nothing"
        )

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
        counts = report.counts
        self.stdout.write(
            f"{'Dry run: ' if options['dry_run'] else ''}"
            f"{counts[ImportOutcome.SEAT]} seated, {counts[ImportOutcome.QUEUE]} queued, "
            f"{counts[ImportOutcome.ALREADY_THERE]} already there, {counts[ImportOutcome.ERROR]} with errors"
        )
        if report.is_refused:
            raise CommandError("Nothing was written, as there are errors; --skip-errors takes the other rows.")


def _event(event_id: int) -> Event:
    try:
        event: Event = Event.objects.select_related("organizer").get(pk=event_id)
    except Event.DoesNotExist:
        raise CommandError(f"{event_id}: There is no such event.") from None
    return event
