"""What apps above add to a confirmed seat: a picture in its email, and a link on the page that the email leads to.

Each appends a function to EXTRAS in its `AppConfig.ready`. So `notifications` shows tickets without knowing of them.
"""

from collections.abc import Callable
from typing import NamedTuple

from registrations.models import Registration


class Extra(NamedTuple):
    label: str
    link: str
    text: str  # what the picture shows, for who does not see it
    make_picture: Callable[[], bytes]  # a PNG


EXTRAS: list[Callable[[Registration], Extra | None]] = []


def extras_of(registration: Registration) -> list[Extra]:
    """Return the extras of a registration that was read with its event."""
    return [extra for make in EXTRAS if (extra := make(registration))]
