"""The databases of the sizes, side by side in one server, each behind a connection of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from bench import scale_rows as rows
from registrations import triggers
from registrations.triggers import postgresql


class Sizes:
    """Makes the databases that are missing, loads them, and turns `django.db.connection` from one to the other."""

    def __init__(self, events: list[int]) -> None:
        self._template = connections["default"]
        self._wrappers: dict[int, BaseDatabaseWrapper] = {}
        for size in sorted(events):
            self._open(size)

    def _open(self, size: int) -> None:
        name = f"scale_{size}"
        with self._template.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            is_new = cursor.fetchone() is None
            if is_new:
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        wrapper = connections.create_connection("default")
        wrapper.settings_dict = {**wrapper.settings_dict, "NAME": name}
        wrapper.settings_dict["OPTIONS"] = {
            key: value for key, value in wrapper.settings_dict["OPTIONS"].items() if key != "pool"
        }
        self._wrappers[size] = wrapper
        with self.of(size):
            if not is_new:
                renew_triggers()
            call_command("migrate", verbosity=0)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT to_regclass('scale_plan') IS NOT NULL OR NOT EXISTS (SELECT 1 FROM events_event)"
                )
                is_unfinished = cursor.fetchone()[0]
            if is_unfinished:
                started = time.perf_counter()
                print(f"{size:,} events:", flush=True)
                rows.load(size)
                print(f"  loaded in {time.perf_counter() - started:.0f} s", flush=True)

    @contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Whatever is asked inside is asked of the database of that size."""
        before = connections["default"]
        connections["default"] = self._wrappers[size]
        try:
            yield
        finally:
            connections["default"] = before

    def __iter__(self) -> Iterator[int]:
        return iter(self._wrappers)

    def close(self) -> None:
        for wrapper in self._wrappers.values():
            wrapper.close()


def renew_triggers() -> None:
    """Before `migrate` does, which would count all rows again: they are as this program left them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('registrations_transition') IS NOT NULL")
        if cursor.fetchone()[0]:
            tables = {name: f"public.{table}" for name, table in triggers.TABLES.items()}
            cursor.execute(postgresql.SQL.format(schema="public", **tables))
            comment = f"COMMENT ON FUNCTION public.registrations_count_seats() IS '{postgresql.STAMP}'"
            cursor.execute(comment)
