from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from eventhub.db.sqlite_backup import BackupError, back_up


class Command(BaseCommand):
    help = (
        "Copies the SQLite database to FILE while the service runs, and checks the copy. Use pg_dump for PostgreSQL."
        " The file contains personal data and password hashes; only its owner can read it. Existing files are kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the new file; must not exist")

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
            self.stderr.write(f"Also in the database itself: {fault}")
