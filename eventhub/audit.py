"""Who is at work, and through what: what the log of registrations and the history of events write beside a change.

A face of the service (the API, the admin, a command) says it once, and no rule has to pass it on. What is said holds
for the current thread or task until the `with` ends.
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
    DATABASE = "database", "Database"  # past every rule: SQL by hand, or a queryset's update()


class Actor(NamedTuple):
    """The account at work, None where it is nobody's (a command), and the channel."""

    user_id: int | None
    channel: Channel


_actor = ContextVar("actor", default=Actor(None, Channel.COMMAND))  # noqa: B039  (a tuple, which nobody can change)


def actor() -> Actor:
    return _actor.get()


def actor_id() -> int | None:
    return actor().user_id


def channel() -> str:
    return actor().channel.value


@contextmanager
def acting_through(channel: Channel, user_id: int | None = None) -> Iterator[None]:
    """What happens inside is done through `channel`, by that account, or by whom `is_by` names."""
    before = _actor.set(Actor(user_id, channel))
    try:
        yield
    finally:
        _actor.reset(before)


def set_user(user_id: int | None) -> None:
    """Names the account for the rest of the innermost `through`."""
    _actor.set(actor()._replace(user_id=user_id))
