"""The words of summaries for organizers."""

from typing import NamedTuple


class DigestWording(NamedTuple):
    """The words of summaries for organizers. `numbers` are those of one event."""

    subject: str
    hello: str
    intro: str
    numbers: tuple[str, ...]
    others: str
    why: str
    stop: str


DIGEST = DigestWording(
    subject="Your events: {new} new, {cancelled} cancelled",
    hello="Hello {name},",
    intro="This is what happened at your events from {begins} to {ends}.",
    numbers=("New: {new}", "Cancelled: {cancelled}", "Waiting: {waiting}", "Seats taken: {taken} of {seats}"),
    others="And {number} more",
    why="You are receiving this summary because you chose it at {site}.",
    stop="Stop these summaries",
)
