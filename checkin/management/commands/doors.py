from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from checkin.services.presence_audit import find_differences, repair
from eventhub.management.arguments import integer_argument
from events.models import Event


class Command(BaseCommand):
    help = (
        "Compares the list of people inside an event with its log of scans. Prints each difference."
        " The exit status is 1 if something differs and was not repaired. Safe to run at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("event_id", metavar="EVENT", type=integer_argument)
        parser.add_argument("--replay", action="store_true", help="set what differs to what the log says")

    def handle(self, *args: Any, **options: Any) -> None:
        event = Event.objects.filter(pk=options["event_id"]).first()
        if event is None:
            raise CommandError("There is no such event.")
        found = 0
        for checkpoint, registration_id in find_differences(event.pk):
            found += 1
            self.stdout.write(f"{checkpoint}: registration {registration_id} differs from the log")
            if options["replay"]:
                repair(checkpoint, registration_id)
        if found and not options["replay"]:
            raise CommandError(f"Differences: {found}. Correct them with --replay.")
        self.stdout.write(f"{event}: the log agrees." + (f" Corrected: {found}." if found else ""))
