"""Entity tags and preconditions (RFC 9110, sections 8.8.3 and 13): the state of an item that a client has seen.

A tag is `"edition.body"`. The edition changes when people edit the item, but not when seats are sold; preconditions of
writes compare it. The second part changes with every byte of the body, for a GET with `If-None-Match`. Both are digests
and not times, so that two edits at the same moment, and edits by plain SQL, are noticed.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from django.utils.http import parse_etags

from eventhub.api.renderers import dumps
from eventhub.exceptions import PreconditionFailed


class Versioned(Protocol):
    """An item whose `edition` changes with every edit."""

    @property
    def edition(self) -> str: ...


def edition_of(values: Any) -> str:
    """Return the edition of an item: a digest of the values that people edit."""
    return _digest(dumps(values))


def tag_of(edition: str, body: bytes) -> str:
    """Return the strong entity tag of an item with that body."""
    return f'"{edition}.{_digest(body)}"'


def is_named(tag: str, header: str) -> bool:
    """Return whether `If-None-Match` names this tag, by weak comparison, or is `*`."""
    named = parse_etags(header)
    return named == ["*"] or tag in {each.removeprefix("W/") for each in named}


@dataclass(frozen=True)
class Precondition:
    """The headers `If-Match` and `If-None-Match` of a request. An empty or malformed one names no edition."""

    match: str | None = None
    none_match: str | None = None

    def require(self, item: Versioned) -> None:
        """Raise PreconditionFailed if `If-Match` names no tag of the item's edition, or `If-None-Match` names one.

        Services call this under the lock of the row that they write.
        """
        if self.match is not None and not _names(self.match, item, weak=False):
            raise PreconditionFailed()
        if self.none_match is not None and _names(self.none_match, item, weak=True):
            raise PreconditionFailed()


UNCONDITIONAL = Precondition()


def _names(header: str, item: Versioned, *, weak: bool) -> bool:
    """Return whether one of the tags has the item's edition. Weak tags never match in `If-Match`."""
    named = parse_etags(header)
    if named == ["*"]:
        return True
    tags = {tag.removeprefix("W/") if weak else tag for tag in named}
    return item.edition in {tag[1:].partition(".")[0] for tag in tags if tag.startswith('"')}


def _digest(text: bytes) -> str:
    return blake2b(text, digest_size=8).hexdigest()
