import re
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from registrations.services.retention import ALSO_FORGOTTEN, anonymize_ended, delete_unclaimed

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = (
        "Removes personal data from registrations of events that ended long ago: the registrations stay and are still "
        "counted, without name, contact details and account. Then deletes accounts of that age that were created by "
        "someone else, never claimed, and have no registrations left. Scans at doors stay, without helpers; helpers' "
        "access is deleted. Safe to run at any time. Cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than",
            metavar="DAYS",
            type=_days,
            required=True,
            help="age of events and accounts, for example 365d",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="print what would be done, write nothing; counts only accounts without registrations now",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        how = {"now": timezone.now(), "older_than": options["older_than"], "dry_run": options["dry_run"]}
        registrations, accounts = anonymize_ended(**how), delete_unclaimed(**how)
        done = [f"{registrations} registrations anonymized", f"{accounts} unclaimed accounts deleted"]
        done += [f"{forget(**how)} {what}" for what, forget in ALSO_FORGOTTEN.items()]
        self.stdout.write(f"{'Dry run: ' if options['dry_run'] else ''}{', '.join(done)}")


def _days(text: str) -> timedelta:
    if not re.fullmatch(r"\d{1,5}d", text, re.ASCII) or not 1 <= int(text[:-1]) <= MOST_DAYS:
        raise ArgumentTypeError(f"expected a number of days from 1d to {MOST_DAYS}d")
    return timedelta(days=int(text[:-1]))
