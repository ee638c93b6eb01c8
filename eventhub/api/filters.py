"""Query parameters of lists. An unknown value is a 400, never an empty list."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django import forms
from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from eventhub import datetimes
from eventhub.api.fields import DATE, NO, TIME, YES, IdFormField, choose_one_of
from eventhub.api.pagination import PARAMETERS as PAGING
from eventhub.api.pagination import invalid_parameter
from eventhub.db.text_search import begins_in, may_be_word, stands_in
from eventhub.exceptions import Invalid
from eventhub.text_fields import search_words

# Each word is a condition on every field: thousands of them would keep a database busy for long.
MIN_SEARCH_LENGTH, MAX_SEARCH_LENGTH = 3, 255
# A `+` that a client did not encode arrives as a space.
OFFSET_AFTER_SPACE = re.compile(r"(\d:\d\d[\d:.,]*) (\d\d(?::?\d\d)?)$")


def containing(queryset: QuerySet[Any], fields: Sequence[str], text: str) -> QuerySet[Any]:
    return queryset.filter(*(stands_in(word, fields) for word in search_words(text)))


def found_in(word: str, fields: Sequence[str]) -> Q:
    """Match as `stands_in`; a word too short for a trigram index matches the beginning of a word."""
    return stands_in(word, fields) if may_be_word(word, MIN_SEARCH_LENGTH) else begins_in(word, fields)


def _listed(names: Sequence[str]) -> str:
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} or {last}" if others else last


@extend_schema_field({"type": "integer"})
class IdFilter(filters.NumberFilter):
    field_class = IdFormField

    def get_max_validator(self) -> None:
        return None


class SeveralFormField(forms.MultipleChoiceField):
    def to_python(self, value: Any) -> list[str]:
        texts = [value] if isinstance(value, str) else super().to_python(value)
        return [*dict.fromkeys(part for text in texts for part in text.split(",") if part)]


class SeveralFilter(filters.MultipleChoiceFilter):
    """Keep rows with one of the values, which are repeated or between commas."""

    field_class = SeveralFormField

    def __init__(self, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        about = {"help_text": "One or several: repeat the parameter, or put commas between the values."}
        super().__init__(choices=choices, error_messages=choose_one_of(each for each, _ in choices), **about, **kwargs)

    def filter(self, queryset: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        return queryset.filter(**{f"{self.field_name}__in": value}) if value else queryset


class BooleanFormField(forms.TypedChoiceField):
    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()


class TrueOrFalse(filters.TypedChoiceFilter):
    """Refuse values that are neither; django-filter's own filter ignores them."""

    field_class = BooleanFormField

    def __init__(self, help_text: str, **kwargs: Any) -> None:
        choices = [(text, text) for text in (*YES, *NO)]
        super().__init__(
            choices=choices,
            error_messages=choose_one_of(value for value, _ in choices),
            coerce=YES.__contains__,
            **kwargs,
        )
        extend_schema_field({"type": "boolean", "description": help_text})(self)


class TimeFormField(forms.CharField):
    def __init__(self, *, end_of_day: bool = False, **kwargs: Any) -> None:
        self.end_of_day = end_of_day
        super().__init__(**kwargs)

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        try:
            text = OFFSET_AFTER_SPACE.sub(r"\1+\2", text)
            return datetimes.parse(text, end_of_day=self.end_of_day) if text else None
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None


class TimeFilter(filters.Filter):
    field_class = TimeFormField

    def __init__(self, help_text: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        extend_schema_field({"oneOf": [TIME, DATE], "description": help_text})(self)


class RequestFilterSet(filters.FilterSet):
    """Build only the filters that the request names: django-filter copies all of them, which takes a millisecond."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        offered: dict[str, Any] = cast("Any", type(self)).base_filters
        self.base_filters = {name: one for name, one in offered.items() if data is None or name in data}
        super().__init__(data, *args, **kwargs)


class KnownParameters(BaseFilterBackend):
    """Refuse a parameter that the list does not know, and one given twice that takes one value."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        offered = getattr(view, "filterset_class", None)
        filters_by_name = offered.base_filters if offered else {}
        known = {*PAGING, *filters_by_name, *(["search"] if getattr(view, "search_fields", ()) else [])}
        problems = {}
        for name, values in request.query_params.lists():
            if name not in known:
                problems[name] = [f"Unknown parameter. Choose one of {', '.join(sorted(known))}."]
            elif len(values) > 1 and not isinstance(filters_by_name.get(name), SeveralFilter):
                problems[name] = ["Give this parameter only once."]
        if problems:
            raise Invalid(problems)
        return queryset


class Filters(filters.DjangoFilterBackend):
    """Build django-filter's form only for requests that filter."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        offered = self.get_filterset_class(view, queryset)
        if offered is None or request.query_params.keys().isdisjoint(offered.base_filters):
            return queryset
        return super().filter_queryset(request, queryset, view)  # type: ignore[no-any-return]


class Search(BaseFilterBackend):
    """`?search=`: rows with every word in one of the view's `search_fields`, ignoring case and marks."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        text = " ".join(search_words(request.query_params.get("search", "")))
        fields = getattr(view, "search_fields", ())
        if not text or not fields:
            return queryset
        if not may_be_word(text, MIN_SEARCH_LENGTH):
            raise invalid_parameter("search", f"Enter at least {MIN_SEARCH_LENGTH} characters.")
        if len(text) > MAX_SEARCH_LENGTH:
            raise invalid_parameter("search", f"Enter at most {MAX_SEARCH_LENGTH} characters.")
        if "\x00" in text:
            raise invalid_parameter("search", "Null characters are not allowed.")
        return containing(queryset, fields, text)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        fields = getattr(view, "search_fields", ())
        if not fields:
            return []
        return [
            {
                "name": "search",
                "in": "query",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "maxLength": MAX_SEARCH_LENGTH},
                "description": (
                    f"Words between spaces, each of which stands in {_listed(fields)}: anywhere, also inside another"
                    " word, in any order, ignoring case and marks: `zoe` finds Zoë. At least"
                    f" {MIN_SEARCH_LENGTH} characters, or one of Chinese, Japanese or Korean. Nothing is read as a"
                    " pattern. On PostgreSQL an index of trigrams (`pg_trgm`) answers; on SQLite, and for words of one"
                    " or two letters, the rows are looked through in the order of the list."
                ),
            }
        ]
