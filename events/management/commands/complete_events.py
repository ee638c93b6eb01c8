from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from events.models import EventStatus
from registrations.services.event_lifecycle import iter_updates


class Command(BaseCommand):
    help = (
        "Completes the announced events that are over, and makes those active that have begun. For cron: it is safe "
        "to run again and beside the service. Drafts and cancelled events stay as they are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now, dry_run = timezone.now(), options["dry_run"]
        done: Counter[str] = Counter()
        for event, status, problem in iter_updates(now, dry_run=dry_run):
            if problem is not None:
                self.stderr.write(f"{event.pk} {event.title!r}: {problem}")
                done["failed"] += 1
            elif status is not None:
                self.stdout.write(f"{event.pk} {event.title!r}: {event.status} -> {status}")
                done[status] += 1
        self.stdout.write(
            f"{'Dry run: ' if dry_run else ''}{done[EventStatus.COMPLETED]} completed, "
            f"{done[EventStatus.ACTIVE]} made active, {done['failed']} failed"
        )
        if done["failed"]:
            raise CommandError("Some events are not up to date; run it again.")
