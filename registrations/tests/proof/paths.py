"""A path: one way in which a seat can change hands."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from registrations.tests.proof.outcomes import Call
from registrations.tests.proof.scenarios import Scene


@dataclass(frozen=True)
class Path:
    """One way to change a seat. `prepare` draws from a seed and returns the call that a thread makes in the race.

    `covers`: the entry points of the service that it goes through, named as in entry_points.py.
    `wants`: what scenarios.py provides for it, where it would find nobody to do it to.
    A raw path goes past every rule: what it frees is left to `check_seats --repair`.
    `may_close`: the queue may have been closed for a while, so that a newcomer with a seat has passed nobody.
    `forgets`: it may remove rows that others have just been given.
    """

    name: str
    prepare: Callable[[Scene, Random], Call]
    covers: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    is_raw: bool = False
    may_close: bool = False
    forgets: bool = False
