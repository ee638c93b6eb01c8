"""Requests by subject in the current window of time, in memory that all workers of one gunicorn share.

It is a count-min sketch. A subject has two slots, found by a hash whose key nobody knows; the lesser of their counts is
its own, or, where both are shared with others, a little more. A slot has a cell for every worker. That worker alone
writes it, and whoever asks adds the cells up: so there is no lock that a worker could take with it when it is killed.
Of what is counted at the very same moment in different workers the last few may pass.
"""

import hashlib
import mmap
import os
import threading
import time
from typing import Any

KEY_BYTES = 16
SLOTS = 1 << 15  # of each of the two, which are apart
CELL_BYTES = 8  # the number of the window, and in it the count, 32 bits each
COUNT = (1 << 32) - 1


def new_memory(workers: int) -> mmap.mmap:
    """Shared by this process and all that it forks; for that many workers, and as many that take over from them."""
    memory = mmap.mmap(-1, KEY_BYTES + 2 * SLOTS * CELL_BYTES * 2 * workers)
    memory[:KEY_BYTES] = os.urandom(KEY_BYTES)
    return memory


class Tallies:
    """One process's way to the counts: its own until it joins others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.join(new_memory(1), row=0)

    def join(self, memory: Any, *, row: int) -> None:
        """From here on counts with all others that have joined this memory; no two at the same time in one row."""
        self._key = bytes(memory[:KEY_BYTES])
        self._cells = memoryview(memory)[KEY_BYTES:].cast("Q")
        self._rows = len(self._cells) // (2 * SLOTS)
        self._row = row % self._rows  # past the last, two share one, and may lose what both count at once

    def count(self, subject: str, *, most: int, seconds: int) -> bool:
        """Counts one more in this window of `seconds`, unless there are `most` already; says whether it did."""
        window = int(time.time()) // seconds
        digest = hashlib.blake2b(subject.encode(errors="replace"), key=self._key, digest_size=8).digest()
        number, rows, cells = int.from_bytes(digest, "little"), self._rows, self._cells
        first = number % SLOTS * rows
        second = (SLOTS + (number >> 32) % SLOTS) * rows
        with self._lock:
            for slot in (first, second):
                so_far = 0
                for cell in cells[slot : slot + rows].tolist():
                    if cell >> 32 == window:
                        so_far += cell & COUNT
                if so_far < most:
                    break
            else:
                return False
            for own in (first + self._row, second + self._row):
                value = cells[own]
                cells[own] = value + 1 if value >> 32 == window else window << 32 | 1
        return True

    def forget(self) -> None:
        """Starts anew; for tests."""
        self.join(new_memory(self._rows // 2), row=0)


tallies = Tallies()
