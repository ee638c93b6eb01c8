from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from events.models import EventStatus
from registrations.services.event_lifecycle import iter_updates


class Command(BaseCommand):
    help = (
        "Completes events that are over and activates events that have begun. For cron; safe to run at any time. "
        "Drafts and cancelled events stay as they are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print what would be done, write nothing")

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
            f"{done[EventStatus.ACTIVE]} activated, {done['failed']} failed"
        )
        if done["failed"]:
            raise CommandError("Some events could not be updated. Run the command again.")
