"""Races: calls at the same moment, each in a thread with its own database connection."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from eventhub.db.transaction_ids import next_transaction_id


def race(calls: list[Callable[[], Any]]) -> list[Any]:
    """Return the result of each call, in their order. Raises the first exception."""
    gate = threading.Barrier(len(calls), timeout=30)

    def run(call: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(run, call) for call in calls]]


def wait_for_others(before: int | None = None, *, seconds: float = 120) -> None:
    """Wait until all earlier transactions have ended, also those of tests in other databases of the server.

    A reader of a log waits for them (eventhub/db/transaction_ids.py). `before` is a transaction id; None: all so far.
    """
    if connection.vendor != "postgresql":
        return
    last, deadline = before or next_transaction_id(), time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            if int(cursor.fetchone()[0]) >= last:
                return
            time.sleep(0.01)
    raise TimeoutError("An earlier transaction is still open.")
