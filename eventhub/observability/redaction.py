"""What of an exception, or of another library's message, may be written down: no value that somebody has sent.

A message of an exception repeats what it is about, mostly in quotes, and the database repeats whole rows. So a line of
the log keeps where something happened and of what kind it was, names of the schema included, and leaves values out.

It imports nothing of the service, as gunicorn's parent process uses it and must not load that.
"""

import re
import traceback
from collections.abc import Iterator

LONGEST = 300
# From a quotation mark that begins something to the last one, or to the end. The one in "can't" begins nothing.
_QUOTED = re.compile(r"""(?:(?<!\w)|(?<=\bb))["'](?:.*["']|.*)""")
_DATABASE = ("django.db.utils.Error", "django.db.utils.InterfaceError", "psycopg.Error", "sqlite3.Error")
_QUOTES_VALUES = ("django.db.utils.DataError", "django.db.utils.ProgrammingError", "psycopg.DataError")
# SQLSTATE's classes in whose messages PostgreSQL quotes names, of tables, roles or files, and no values.
_QUOTES_NAMES = {"08", "25", "28", "3D", "40", "42", "53", "54", "55", "57", "58"}


def text(message: str) -> str:
    """The first line of a message, without what stands in quotes."""
    return _QUOTED.sub("'…'", _first_line(message))[:LONGEST]


def said(problem: BaseException) -> str:
    """What an exception says, without values. PostgreSQL's DETAIL, which is a row, and the excerpt of a statement
    are further lines; which constraint it was is told."""
    if not _is_a(problem, _DATABASE):
        return text(str(problem))
    cause = problem if hasattr(problem, "sqlstate") else problem.__cause__
    state = getattr(cause, "sqlstate", None)
    names_only = state[:2] in _QUOTES_NAMES if state else not _is_a(problem, _QUOTES_VALUES)
    first = _first_line(str(problem))[:LONGEST] if names_only else text(str(problem))
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    told = " ".join(part for part in (state, constraint) if part)
    return f"{first} [{told}]" if told else first


def trace(problem: BaseException) -> str:
    """A traceback as Python prints it, with what each exception of its chain says through `said`."""
    return "\n".join(_told(each) for each in reversed(list(_chain(problem))))


def _told(problem: BaseException) -> str:
    frames = "".join(traceback.format_tb(problem.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{_name(type(problem))}: {said(problem)}"


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """The exception, and what it came from."""
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        yield problem
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)


def _is_a(problem: BaseException, names: tuple[str, ...]) -> bool:
    return any(_name(kind) in names for kind in type(problem).__mro__)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0]
