import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError

from eventhub.db.postgresql.locks import LOCK_SECONDS, was_in_use

ATTEMPTS = 40
PAUSE_SECONDS = 1.0


class Command(migrate.Command):
    """Django's migrate, safe beside a running service: it retries while a table is in use."""

    def handle(self, *args: Any, **options: Any) -> None:
        for _ in range(ATTEMPTS):
            try:
                super().handle(*args, **options)
            except OperationalError as problem:
                if not was_in_use(problem):
                    raise
                self.stdout.write(f" a table was in use for more than {LOCK_SECONDS} s; trying again.")
                time.sleep(PAUSE_SECONDS)
            else:
                return
        raise CommandError(
            "A table is still in use. Finished migrations stay applied. Find the session that holds it in"
            " pg_stat_activity and run migrate again."
        )
