from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registrations.services.housekeeping import run_chores


class Command(BaseCommand):
    help = (
        "Does what has to be done now and then, and prints a line for each chore with the number of rows it concerned."
        " For cron or a systemd timer, every ten minutes. Safe at any time: beside the service, again, two at once. A"
        " chore that fails does not stop the others; the exit status is 1 then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run, failed = options["dry_run"], 0
        for what, rows, problem in run_chores(now=timezone.now(), dry_run=dry_run):
            if problem is None:
                self.stdout.write(f"{'Dry run: ' if dry_run else ''}{what}: {rows}")
            else:
                self.stderr.write(f"{what}: failed ({type(problem).__name__}: {problem})")
                failed += 1
        if failed:
            raise CommandError(f"Chores that failed: {failed}.")
