"""How many seats the public is shown to be free: a number, or a word where the organizer hides numbers."""

from enum import StrEnum
from typing import Any, NamedTuple


class Seats(StrEnum):
    FREE = "free"
    FEW = "few"
    NONE = "none"


class ShownSeats(NamedTuple):
    state: Seats
    left: int | None  # None: hidden
    capacity: int | None


def shown_seats(event: Any) -> ShownSeats:
    """Return what newcomers may have, of an event or its row in a list. A seat beside a queue is the queue's.

    Few: a tenth of the seats, or at most three.
    """
    capacity = event.max_capacity
    left = 0 if event.waitlisted else capacity - event.seats_taken
    state = Seats.NONE if left <= 0 else Seats.FEW if left <= max(3, capacity // 10) else Seats.FREE
    return ShownSeats(state, None, None) if event.hides_seats else ShownSeats(state, left, capacity)
