"""A consistent copy of a SQLite database while the service goes on writing, by SQLite's online backup."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from django.db import connection


class BackupError(Exception):
    """Why there is no backup. No file is left."""


class Backup(NamedTuple):
    size: int  # in bytes
    accounts: int
    events: int
    registrations: int
    faults: list[str]  # of the database itself


TABLES = ("accounts_user", "events_event", "registrations_registration")
_MISCOUNTED = """
SELECT count(*) FROM events_event e
 WHERE seats_taken <> (SELECT count(*) FROM registrations_registration r
                        WHERE r.event_id = e.id AND r.status IN ('registered', 'attended'))
    OR waitlisted <> (SELECT count(*) FROM registrations_registration r
                       WHERE r.event_id = e.id AND r.status = 'waitlisted')"""


def back_up(target: Path) -> Backup:
    """Write the database to the new file `target`, which only its owner may read.

    It gets its name once it is complete, checked and on the disk. Raise BackupError otherwise.
    """
    source = _source()
    if os.path.lexists(target):
        raise BackupError(f"{target}: is there already, and is not overwritten.")
    try:
        with _unfinished(target) as copy:
            backup = _copy(source, copy)
            _publish(copy, target)
    except FileExistsError:
        raise BackupError(f"{target}: is there by now, and is not overwritten.") from None
    except (OSError, sqlite3.Error) as problem:
        raise BackupError(f"{target}: {getattr(problem, 'strerror', None) or problem}.") from problem
    return backup


def _source() -> Path:
    if connection.vendor != "sqlite":
        raise BackupError(
            "This is SQLite's backup, and the database is PostgreSQL's. Use pg_dump --format=custom --file=FILE."
        )
    source = Path(connection.settings_dict["NAME"])
    if not source.is_file():
        raise BackupError(f"{source}: There is no database.")
    return source


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    path = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield path
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def _copy(source: Path, copy: Path) -> Backup:
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as there,
        closing(sqlite3.connect(copy, isolation_level=None)) as here,
    ):
        there.backup(here)
        here.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        damage = [text for (text,) in here.execute("PRAGMA integrity_check(3)")]
        if damage != ["ok"]:
            raise BackupError(f"The database is damaged, and so would be its copy: {'; '.join(damage)}")
        counts = (here.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES)
        accounts, events, registrations = counts
        faults = list(_faults(here))
    return Backup(copy.stat().st_size, accounts, events, registrations, faults)


def _faults(copy: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong with the data. It is worth a backup all the same."""
    if strays := len(copy.execute("PRAGMA foreign_key_check").fetchall()):
        yield f"rows that refer to others which are not there: {strays}"
    if miscounted := copy.execute(_MISCOUNTED).fetchone()[0]:
        yield f"events whose counts are wrong, which check_seats --repair mends: {miscounted}"


def _publish(copy: Path, target: Path) -> None:
    """Sync the file and link it to its name; a rename would overwrite another file."""
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    os.link(copy, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
