"""Entity tags (RFC 9110, sections 8.8.3 and 13): which state of an item a client has seen, and what hangs on it.

A tag is `"edition.body"`. The edition stands for what people edit, and is what `If-Match` is held against: seats that
are sold meanwhile are nobody's edit. The other part stands for every byte of the body, and is what `If-None-Match` asks
for. Both are digests and no clocks, so that neither two edits in one instant nor a line of SQL goes unnoticed.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from django.utils.http import parse_etags

from eventhub.api.renderers import dumps
from eventhub.exceptions import PreconditionFailed


class Versioned(Protocol):
    """An item: the text that its `edition` is changes with every edit."""

    @property
    def edition(self) -> str: ...


def edition_of(values: Any) -> str:
    """The edition of an item whose every edit changes one of these values."""
    return _digest(dumps(values))


def tag_of(edition: str, body: bytes) -> str:
    """The entity tag of an item with that body. It is a strong one: bodies are alike to the byte or have another."""
    return f'"{edition}.{_digest(body)}"'


def is_named(tag: str, header: str) -> bool:
    """Whether `If-None-Match` names this tag, or with `*` any: by weak comparison, as it is to be."""
    named = parse_etags(header)
    return named == ["*"] or tag in {each.removeprefix("W/") for each in named}


@dataclass(frozen=True)
class Precondition:
    """What `If-Match` and `If-None-Match` demand of the item that a request is about, before anything is done to it.

    A header that is there and names no tag, since it is empty or malformed, names no edition.
    """

    match: str | None = None
    none_match: str | None = None

    def require(self, item: Versioned) -> None:
        """PreconditionFailed where `If-Match` names no tag of the item's edition, or `If-None-Match` names one.

        Services call this under the lock of the row that they write.
        """
        if self.match is not None and not _names(self.match, item, weak=False):
            raise PreconditionFailed()
        if self.none_match is not None and _names(self.none_match, item, weak=True):
            raise PreconditionFailed()


UNCONDITIONAL = Precondition()


def _names(header: str, item: Versioned, *, weak: bool) -> bool:
    """Whether one of the tags is of the item's present edition. Weak ones match nothing in `If-Match`."""
    named = parse_etags(header)
    if named == ["*"]:
        return True
    tags = {tag.removeprefix("W/") if weak else tag for tag in named}
    return item.edition in {tag[1:].partition(".")[0] for tag in tags if tag.startswith('"')}


def _digest(text: bytes) -> str:
    return blake2b(text, digest_size=8).hexdigest()
