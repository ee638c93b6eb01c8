"""The databases of the sizes, side by side in one server, each with a connection of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from bench import scale_rows


class Sizes:
    """Create and load the databases that are missing, and point Django's connection at one of them."""

    def __init__(self, events: list[int]) -> None:
        self._template = connections["default"]
        self._wrappers: dict[int, BaseDatabaseWrapper] = {}
        for size in sorted(events):
            self._open(size)

    def _open(self, size: int) -> None:
        name = f"scale_{size}"
        with self._template.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        wrapper = connections.create_connection("default")
        wrapper.settings_dict = {**wrapper.settings_dict, "NAME": name}
        options = wrapper.settings_dict["OPTIONS"]
        wrapper.settings_dict["OPTIONS"] = {key: value for key, value in options.items() if key != "pool"}
        self._wrappers[size] = wrapper
        with self.of(size):
            call_command("migrate", verbosity=0)
            with connection.cursor() as cursor:
                cursor.execute("SELECT to_regclass('scale_plan') IS NULL AND EXISTS (SELECT 1 FROM events_event)")
                is_loaded = cursor.fetchone()[0]
            if not is_loaded:
                started = time.perf_counter()
                scale_rows.load(size)
                print(f"{size:,} events loaded in {time.perf_counter() - started:.0f} s", flush=True)

    @contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Use the database of that size while the block runs."""
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
