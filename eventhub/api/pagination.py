"""Keyset pagination: every page costs the same, and rows that come and go do not shift other pages.

A list is ordered by one column and the key, `(column, id)`. A cursor is the signed position of a row in that order;
the page after it is `WHERE (column, id) > (position)`, which an index on both answers directly. Counting rows or
skipping them (OFFSET) would read everything before the page. See Winand, "We need tool support for keyset pagination".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import orjson
from django.conf import settings
from django.core import signing
from django.db import OperationalError
from django.db.models import BooleanField, F, Func, Value
from django.db.models.utils import create_namedtuple_class
from django.utils.dateparse import parse_datetime
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from eventhub.db.compiled_queries import CompiledQuery
from eventhub.db.postgresql.base import statement_timeout
from eventhub.db.union_page import first_rows
from eventhub.exceptions import Invalid, Unavailable

PARAMETERS = ("cursor", "ordering", "page_size")
MAX_PAGE_SIZE = 200
STATEMENT_SECONDS = 3
QUERY_CANCELED = "57014"  # SQLSTATE, PostgreSQL's appendix A


def invalid_parameter(name: str, problem: str) -> Invalid:
    """Return a 400 for a query parameter, in the form of a field error."""
    return Invalid({name: [problem]})


@contextmanager
def bounded() -> Iterator[None]:
    """Give up on a list that PostgreSQL does not find within STATEMENT_SECONDS: Unavailable."""
    try:
        with statement_timeout(STATEMENT_SECONDS):
            yield
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", None) != QUERY_CANCELED:
            raise
        raise Unavailable("This list takes too long to read. Narrow the search and try again.") from problem


class _Serializer:
    """JSON in UTF-8. Django writes an emoji as twelve letters; a link with 255 of them is refused as too long."""

    dumps = staticmethod(orjson.dumps)
    loads = staticmethod(orjson.loads)


class Cursor(NamedTuple):
    """A position in a list, and whether the page lies before it."""

    value: Any
    pk: int
    backwards: bool

    def to_text(self, salt: str) -> str:
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        position = [value, isinstance(self.value, datetime), self.pk, self.backwards]
        return signing.dumps(position, salt=salt, serializer=_Serializer)

    @classmethod
    def from_text(cls, text: str, salt: str) -> "Cursor":
        """Read a cursor that `to_text` made for the same list and order; a 400 for anything else."""
        try:
            value, is_time, pk, backwards = signing.loads(text, salt=salt, serializer=_Serializer)
        except signing.BadSignature:
            raise invalid_parameter("cursor", "This cursor is not of this list.") from None
        return cls(parse_datetime(value) if is_time else value, pk, backwards)


class RowComparison(Func):
    """`(column, id) > (value, id)` as SQL row values, which have an index on both databases."""

    template = "(%(expressions)s)"
    output_field = BooleanField()
    conditional = True

    def __init__(self, column: str, operator: str, cursor: Cursor) -> None:
        super().__init__(F(column), F("pk"), Value(cursor.value), Value(cursor.pk))
        self.operator = operator

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts, params = zip(*(compiler.compile(part) for part in self.source_expressions), strict=True)
        sql = f"({parts[0]}, {parts[1]}) {self.operator} ({parts[2]}, {parts[3]})"
        return sql, [param for group in params for param in group]


class FirstPage:
    """The first rows of a list without query parameters, compiled once for each list and role.

    Most requests for a list are for these, and building and compiling a queryset takes Django as long as the rest
    of the request: docs/performance.md.
    """

    def __init__(self, view: Any) -> None:
        user = view.request.user
        role = _role(user)

        def build(user_id: int, pk: int) -> Any:
            other = copy(view)
            other.request = SimpleNamespace(user=type(user)(pk=user_id, role=role) if role else user)
            other.kwargs = {"pk": pk}
            column, descending = _ordering(None, view)
            return first_rows(other.get_queryset(), _order(column, descending), _default_page_size() + 1)

        self._query = CompiledQuery(build, plan_once=False)
        self._row = create_namedtuple_class(*view.get_queryset()._fields)

    def rows(self, view: Any) -> list[Any]:
        return [*map(self._row._make, self._query.rows(view.request.user.pk or 0, view.kwargs.get("pk", 0)))]


_first_pages: dict[tuple[Any, ...], FirstPage] = {}


class KeysetPagination(BasePagination):
    """The contract's envelope. The view names its orders in `ordering_fields`, and the default one in `ordering`."""

    page: list[Any]
    next_link: str | None
    previous_link: str | None

    def first_page(self, view: Any) -> list[Any]:
        """Return what `paginate_queryset` does for a request without parameters."""
        key = (type(view), view.action, _role(view.request.user))
        page = _first_pages.get(key) or _first_pages.setdefault(key, FirstPage(view))
        with bounded():
            return self._page(page.rows(view), _default_page_size(), None, view.request, view)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        size = _page_size(request)
        column, descending = _ordering(request.query_params.get("ordering"), view)
        text = request.query_params.get("cursor")
        cursor = Cursor.from_text(text, _salt(view, column, descending)) if text else None
        # Walking back through a descending list is walking forward through an ascending one.
        reverse = descending != (cursor is not None and cursor.backwards)
        if cursor is not None:
            queryset = queryset.filter(RowComparison(column, "<" if reverse else ">", cursor))
        with bounded():
            found = [*first_rows(queryset, _order(column, reverse), size + 1)]
        return self._page(found, size, cursor, request, view)

    def _page(self, rows: list[Any], size: int, cursor: Cursor | None, request: Request, view: Any) -> list[Any]:
        """Return the rows of the page and set its links; `rows` has one more if a page follows."""
        column, descending = _ordering(request.query_params.get("ordering"), view)
        backwards = cursor is not None and cursor.backwards
        more = len(rows) > size
        rows = rows[:size]
        if backwards:
            rows.reverse()
        self.page = rows
        url = request.build_absolute_uri()

        def link(row: Any, *, back: bool) -> str:
            if row is None:  # everything around the cursor is gone: begin again
                return remove_query_param(url, "cursor")
            position = Cursor(getattr(row, column), row.pk, back)
            return replace_query_param(url, "cursor", position.to_text(_salt(view, column, descending)))

        self.next_link = link(rows[-1] if rows else None, back=False) if more or backwards else None
        if backwards:
            self.previous_link = link(rows[0], back=True) if more else None
        else:
            self.previous_link = link(rows[0] if rows else None, back=True) if cursor else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_link, "previous": self.previous_link, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        orders = {order: code for name in view.ordering_fields for order, code in _names_in_code(name)}
        return [
            _parameter("cursor", {"type": "string"}, "Where the page begins: taken from `next` or `previous`."),
            _parameter(
                "page_size",
                {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": _default_page_size()},
                "How many rows a page has.",
            ),
            _parameter(
                "ordering",
                {
                    "type": "string",
                    "enum": [*orders],
                    "default": view.ordering,
                    "x-enum-varnames": [*orders.values()],  # a generator would call `-title` VALUE_1
                },
                "The order of the list; a minus sign turns it round.",
            ),
        ]


def _role(user: Any) -> str:
    """Return the role of who reads the list. Empty: a list for everybody."""
    return getattr(user, "role", "")


def _names_in_code(name: str) -> list[tuple[str, str]]:
    return [(name, name.upper()), (f"-{name}", f"{name.upper()}_DESC")]


def _order(column: str, reverse: bool) -> tuple[str, ...]:
    return tuple(f"-{name}" if reverse else name for name in (column, "pk"))


def _salt(view: Any, column: str, descending: bool) -> str:
    return f"{view.queryset.model._meta.label}:{column}:{descending}"


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _default_page_size() -> int:
    return cast("int", settings.REST_FRAMEWORK["PAGE_SIZE"])


def _page_size(request: Request) -> int:
    text = request.query_params.get("page_size")
    if not text:
        return _default_page_size()
    if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_PAGE_SIZE:
        return int(text)
    raise invalid_parameter("page_size", f"Enter a whole number from 1 to {MAX_PAGE_SIZE}.")


def _ordering(text: str | None, view: Any) -> tuple[str, bool]:
    text = text or view.ordering
    name = text.removeprefix("-")
    if name not in view.ordering_fields:
        raise invalid_parameter("ordering", f"Choose one of {', '.join(view.ordering_fields)}.")
    return name, text.startswith("-")
