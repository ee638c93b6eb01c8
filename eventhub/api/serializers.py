"""The two kinds of serializers: the body of a request, and a row of a table in a response."""

import functools
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple

from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import Field, SkipField
from rest_framework.utils.serializer_helpers import BindingDict

# No docstrings on these two classes: the OpenAPI document would show them to clients.


class Body(serializers.Serializer[Any]):
    # The body of a request. Its fields are made once, where DRF makes them anew for every request.

    @cached_property
    def fields(self) -> BindingDict:
        return _fields(type(self), self.partial)

    def validated_field(self, name: str) -> Any:
        """Return one field, or None where it is absent or invalid, whatever the others are.

        For the refusals that win over the 400 of the whole body (eventhub/api/viewsets.py).
        """
        data = self.initial_data
        if not isinstance(data, Mapping) or name not in data:
            return None
        try:
            return self.fields[name].run_validation(data[name])
        except (ValidationError, SkipField):
            return None


@functools.cache
def _fields(serializer: type[Body], partial: bool) -> BindingDict:
    return super(Body, serializer(partial=partial)).fields


class _Layout(NamedTuple):
    columns: tuple[str, ...]
    getters: tuple[tuple[str, Callable[[Any], Any]], ...]  # by key of the body


class RowSerializer(serializers.Serializer[Any]):
    # The body of a row, which is an instance or one of the named tuples of its `columns`. The declared fields are the
    # only list of columns: each reads the one in its `source`. Those in `computed` have none and are filled in by a
    # subclass, which finds columns in `read_also` that no field shows.

    computed: ClassVar[tuple[str, ...]] = ()
    read_also: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return what a query has to read: tuples of that take a third of the time of instances."""
        return _layout(cls).columns

    def to_representation(self, row: Any) -> dict[str, Any]:
        layout = _layout(type(self))
        values = row if isinstance(row, tuple) else [_read(row, column) for column in layout.columns]
        return {name: get(values) for name, get in layout.getters}


@functools.cache
def _layout(serializer: type[RowSerializer]) -> _Layout:
    columns: list[str] = []
    getters = _getters(serializer._declared_fields, serializer.computed, "", columns)
    return _Layout((*columns, *serializer.read_also), getters)


def _getters(
    fields: Mapping[str, Field[Any, Any, Any, Any]], computed: tuple[str, ...], prefix: str, columns: list[str]
) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    found: list[tuple[str, Callable[[Any], Any]]] = []
    for name, field in fields.items():
        column = prefix + (field.source or name).replace(".", "__")
        if name in computed:
            found.append((name, _nothing))
        elif isinstance(field, RowSerializer):
            nested = _getters(field._declared_fields, field.computed, f"{column}__", columns)
            found.append((name, functools.partial(_object, nested)))
        else:
            found.append((name, itemgetter(len(columns))))
            columns.append(column)
    return tuple(found)


def _object(getters: tuple[tuple[str, Callable[[Any], Any]], ...], values: Any) -> dict[str, Any]:
    return {name: get(values) for name, get in getters}


def _nothing(values: Any) -> None:
    return None


def _read(instance: Any, column: str) -> Any:
    """Follow `a__b`, like a query; None where a related row is missing."""
    for name in column.split("__"):
        instance = getattr(instance, name, None)
    return instance
