"""What processes have spent: unlike requests a second, it says the same on a machine that is shared."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TICKS = os.sysconf("SC_CLK_TCK")


def home_of(url: str) -> Path:
    """The folder of a PostgreSQL that eventhub/testing/databases.py has started."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def postmaster(url: str) -> int:
    """Its first process."""
    return int((home_of(url) / "data" / "postmaster.pid").read_text().split()[0])


def cpu_seconds(processes: Iterable[int]) -> float:
    """The processor time of these processes and of all below them, with those that have ended and were waited for."""
    return sum(_seconds(each) for process in processes for each in _tree(process))


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """These variables for what is started inside."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _tree(process: int) -> Iterator[int]:
    yield process
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except FileNotFoundError:
        return
    for child in children:
        yield from _tree(int(child))


def _seconds(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15])) / TICKS  # utime, stime, and those of the children that were waited for
