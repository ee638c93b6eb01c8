"""Who acts, and through which channel; the logs of registrations and events store it with every change.

The API, the admin and commands set it once a request, for the current thread or task, so that no rule passes it on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from django.db.models import TextChoices


class Channel(TextChoices):
    API = "api", "API"
    ADMIN = "admin", "Admin"
    COMMAND = "command", "Command"
    IMPORT = "import", "Import"
    DATABASE = "database", "Database"  # raw SQL, or a queryset's update()


class Actor(NamedTuple):
    user_id: int | None  # None for commands
    channel: Channel


_actor = ContextVar("actor", default=Actor(None, Channel.COMMAND))  # noqa: B039  (immutable)


def actor() -> Actor:
    return _actor.get()


def actor_id() -> int | None:
    return actor().user_id


def channel() -> str:
    return actor().channel.value


@contextmanager
def acting_through(channel: Channel, user_id: int | None = None) -> Iterator[None]:
    """Attribute everything inside to the channel and the account, or to the one that `set_user` names."""
    before = _actor.set(Actor(user_id, channel))
    try:
        yield
    finally:
        _actor.reset(before)


def set_user(user_id: int | None) -> None:
    _actor.set(actor()._replace(user_id=user_id))
