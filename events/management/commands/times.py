from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from events.services.time_zones import accept, find_moved


class Command(BaseCommand):
    help = (
        "Lists coming events whose clock time is another since the rules of their time zone changed (a newer tzdata). "
        "They keep their moment: correct their times, or accept the new ones. The exit status is 1 if there are any."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--recheck", action="store_true", required=True, help="compare all coming events")
        parser.add_argument("--accept", action="store_true", help="keep the moments, and do not list them again")

    def handle(self, *args: Any, **options: Any) -> None:
        found = 0
        for event, was, becomes in find_moved(now=timezone.now()):
            found += 1
            clock = f"{was:%Y-%m-%d %H:%M} -> {becomes:%Y-%m-%d %H:%M} ({event.zone.key})"
            self.stdout.write(f"{event.pk} {event.title!r}: {clock}")
            if options["accept"]:
                accept(event)
        if found and not options["accept"]:
            raise CommandError(f"Events that begin at another time of the clock: {found}.")
        self.stdout.write(f"Events accepted: {found}." if found else "All events begin when they did.")
