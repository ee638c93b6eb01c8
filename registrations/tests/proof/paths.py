"""A path: one way in which a seat can change hands."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from registrations.tests.proof.answers import Call
from registrations.tests.proof.scenes import Scene


@dataclass(frozen=True)
class Path:
    """`prepare` draws from a seed what the call is about, and returns the call, which a thread makes in the race.

    `covers` are the faces of the service that it goes through, as faces.py names them; `wants` is what scenes.py knows
    of, where it would otherwise find nobody to do it to. A raw path goes past every
    rule: what it frees is left to `check_seats --repair`. `may_close`: the queue may have been closed for a while, so
    that who is seated meanwhile has passed nobody. `forgets`: it may remove rows that others have just been given.
    """

    name: str
    prepare: Callable[[Scene, Random], Call]
    covers: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    is_raw: bool = False
    may_close: bool = False
    forgets: bool = False
