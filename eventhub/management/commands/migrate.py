import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError

from eventhub.db.postgresql.locks import LOCK_SECONDS, was_in_use

ATTEMPTS = 40
PAUSE_SECONDS = 1.0


class Command(migrate.Command):
    """Django's, beside a running service: where a table is in use it lets the others through, and tries again."""

    def handle(self, *args: Any, **options: Any) -> None:
        for _ in range(ATTEMPTS):
            try:
                super().handle(*args, **options)
            except OperationalError as problem:
                if not was_in_use(problem):
                    raise
                self.stdout.write(f" in use by others for more than {LOCK_SECONDS} s; the next attempt follows.")
                time.sleep(PAUSE_SECONDS)
            else:
                return
        raise CommandError(
            "A table is in use all the time. What is applied stays so; find who holds it in pg_stat_activity, and run"
            " migrate again."
        )
