"""Redaction of requests and exceptions for logs, metrics and Sentry: no value that a client has chosen.

Exceptions repeat values, mostly in quotes, and the database repeats whole rows; both are removed. What is left names
the error, the table and the column. This module imports nothing of the service, because gunicorn's parent process
uses it and must not load the service.
"""

import functools
import re
import traceback
from collections.abc import Iterator
from typing import Any

LONGEST = 300
OTHER = "other"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# From an opening quotation mark to the last one, or to the end. The one in "can't" opens nothing.
_QUOTED = re.compile(r"""(?:(?<!\w)|(?<=\bb))["'](?:.*["']|.*)""")
_DATABASE = ("django.db.utils.Error", "django.db.utils.InterfaceError", "psycopg.Error", "sqlite3.Error")
_QUOTES_VALUES = ("django.db.utils.DataError", "django.db.utils.ProgrammingError", "psycopg.DataError")
# Classes of SQLSTATE whose messages quote names of tables, roles or files, and no values.
_QUOTES_NAMES = {"08", "25", "28", "3D", "40", "42", "53", "54", "55", "57", "58"}


def method_of(request: Any) -> str:
    return request.method if request.method in METHODS else OTHER


def route_of(request: Any) -> str:
    """Return the pattern of the URL in the contract's spelling, such as `/events/{id}`, or `other`."""
    if request is None:
        return OTHER
    match = request.resolver_match
    if match is None:
        return "/static/" if request.path_info.startswith("/static/") else OTHER
    return _spelled(match.route, getattr(match.func, "is_slash_alias", False))


@functools.lru_cache(maxsize=1000)
def _spelled(route: str, is_alias: bool) -> str:
    if "^" in route or "(?" in route:  # the catch-all
        return OTHER
    if is_alias:
        route = route[:-1] if route.endswith("/") else f"{route}/"
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f"{{{'id' if found[1] == 'pk' else found[1]}}}", route)


def text(message: str) -> str:
    """Return the first line of a message, with an ellipsis for anything in quotes."""
    return _QUOTED.sub("'…'", _first_line(message))[:LONGEST]


def said(problem: BaseException) -> str:
    """Return an exception's message without values, with the SQLSTATE and the constraint of a database error.

    PostgreSQL's DETAIL, which is a row, and the excerpt of a statement are further lines and left out.
    """
    if not _is_a(problem, _DATABASE):
        return text(str(problem))
    cause = problem if hasattr(problem, "sqlstate") else problem.__cause__
    state = getattr(cause, "sqlstate", None)
    names_only = state[:2] in _QUOTES_NAMES if state else not _is_a(problem, _QUOTES_VALUES)
    first = _first_line(str(problem))[:LONGEST] if names_only else text(str(problem))
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    known = " ".join(part for part in (state, constraint) if part)
    return f"{first} [{known}]" if known else first


def trace(problem: BaseException) -> str:
    return "\n".join(_formatted(each) for each in reversed(list(_chain(problem))))


def _formatted(problem: BaseException) -> str:
    frames = "".join(traceback.format_tb(problem.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{_name(type(problem))}: {said(problem)}"


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
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
