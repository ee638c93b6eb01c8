from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from eventhub.db.sqlite_backup import BackupError, back_up


class Command(BaseCommand):
    help = (
        "Copies the database to FILE while the service runs, and checks the copy. For SQLite; PostgreSQL has pg_dump."
        " The file holds personal data and hashes of passwords: only its owner may read it. Nothing is overwritten."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="where to; must not be there yet")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            backup = back_up(file)
        except BackupError as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(
            f"{file}: {backup.size:,} bytes, {backup.accounts:,} accounts, {backup.events:,} events,"
            f" {backup.registrations:,} registrations."
        )
        for fault in backup.faults:
            self.stderr.write(f"As in the database itself: {fault}")
