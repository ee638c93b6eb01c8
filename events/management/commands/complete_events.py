from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from rest_framework.exceptions import APIException

from events.models import EventStatus
from registrations.lifecycle import bring_up_to_date, due_events, due_status


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
        for event in due_events(now):
            try:
                status = due_status(event, now) if dry_run else bring_up_to_date(event_id=event.pk, now=now)
            except (APIException, DatabaseError) as problem:
                self.stderr.write(f"{event.pk} {event.title!r}: {problem}")
                done["failed"] += 1
                continue
            if status:
                self.stdout.write(f"{event.pk} {event.title!r}: {event.status} -> {status}")
                done[status] += 1
        self.stdout.write(
            f"{'Dry run: ' if dry_run else ''}{done[EventStatus.COMPLETED]} completed, "
            f"{done[EventStatus.ACTIVE]} made active, {done['failed']} failed"
        )
        if done["failed"]:
            raise CommandError("Some events are not up to date; run it again.")
