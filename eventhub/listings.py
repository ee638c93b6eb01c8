"""A list as an API view offers it, whose first page is compiled once: that is what nearly everybody asks for."""

import functools
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from eventhub.db.compiled_queries import Statement


class Listing:
    """`Listing(lambda event_id: Registration.objects.filter(event=event_id))`, of ids as Statement takes them."""

    def __init__(self, build: Callable[..., QuerySet[Any]]) -> None:
        self.queryset = build
        self._first: dict[tuple[Any, ...], Statement] = {}

    def first_rows(self, ids: tuple[int, ...], row: Any, order: tuple[str, ...], count: int) -> list[Any]:
        """The first `count` rows in that order, each as the NamedTuple `row`, whose fields are all that is read."""
        shape = (row, order, count)
        if (statement := self._first.get(shape)) is None:

            @functools.wraps(self.queryset)
            def first(*ids: int) -> QuerySet[Any]:
                return self.queryset(*ids).order_by(*order).values_list(*row._fields)[:count]

            # How many rows an event has decides how they are best found, so that each time is planned anew.
            statement = self._first.setdefault(shape, Statement(first, plan_once=False))
        return [row._make(values) for values in statement.rows(*ids)]
