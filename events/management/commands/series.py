from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from eventhub import audit
from events.services.series import extend_due


class Command(BaseCommand):
    help = "Make the events of series that have come into the next 180 days. Housekeeping does so every day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--extend", action="store_true", help="make them; without it, only say how many there are")

    def handle(self, *args: Any, extend: bool, **options: Any) -> None:
        with audit.acting_through(audit.Channel.COMMAND):
            made = extend_due(now=timezone.now(), dry_run=not extend)
        self.stdout.write(f"{made} events {'were made' if extend else 'are to be made'}.")
