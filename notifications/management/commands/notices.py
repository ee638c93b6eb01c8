from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.models import Event
from notifications.services.halts import stop_emails


class Command(BaseCommand):
    help = "Stops the emails that wait for one event, and prints how many. Emails about later changes go out as usual."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stop", type=int, required=True, metavar="EVENT", help="the id of the event")

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = stop_emails(event_id=options["stop"])
        # The people of a deleted event are told, too.
        if not stopped and not Event.objects.filter(pk=options["stop"]).exists():
            raise CommandError(f"There is no event {options['stop']}.")
        self.stdout.write(f"Stopped {stopped} {'email' if stopped == 1 else 'emails'}.")
