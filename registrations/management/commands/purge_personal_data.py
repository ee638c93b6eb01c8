import re
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from registrations.services.retention import anonymize_ended, delete_unclaimed

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = (
        "Forgets who the people were at events that ended so long ago: their registrations stay and count as before, "
        "without name, contact details and account. Then deletes the accounts of that age that somebody else made, "
        "that nobody ever claimed by a password, and that are registered for nothing any more. Safe at any time, and "
        "to run again. What is forgotten does not come back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than", metavar="DAYS", type=_days, required=True, help="such as 365d: how long people are known"
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would be done, and write nothing; of accounts, those registered for nothing already",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        how = {"now": timezone.now(), "older_than": options["older_than"], "dry_run": options["dry_run"]}
        registrations, accounts = anonymize_ended(**how), delete_unclaimed(**how)
        self.stdout.write(
            f"{'Dry run: ' if options['dry_run'] else ''}{registrations} registrations without their person, "
            f"{accounts} unclaimed accounts deleted"
        )


def _days(text: str) -> timedelta:
    if not re.fullmatch(r"\d{1,5}d", text, re.ASCII) or not 1 <= int(text[:-1]) <= MOST_DAYS:
        raise ArgumentTypeError(f"expected a number of days from 1d to {MOST_DAYS}d")
    return timedelta(days=int(text[:-1]))
