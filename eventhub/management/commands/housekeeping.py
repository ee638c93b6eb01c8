from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registrations.services.housekeeping import run_chores


class Command(BaseCommand):
    help = (
        "Runs the regular chores and prints the rows of each. For cron or a systemd timer, every ten minutes."
        " Safe to run at any time, also twice at once. If a chore fails, the others still run, and the exit status"
        " is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print what would be done, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run, failed = options["dry_run"], 0
        for what, rows, problem in run_chores(now=timezone.now(), dry_run=dry_run):
            if problem is None:
                self.stdout.write(f"{'Dry run: ' if dry_run else ''}{what}: {rows}")
            else:
                self.stderr.write(f"{what}: failed ({type(problem).__name__}: {problem})")
                failed += 1
        if failed:
            raise CommandError(f"Failed chores: {failed}.")
