from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter

from eventhub import datetimes
from eventhub.admin.time_field import DayField
from eventhub.api.fields import could_be_id


class DayRangeFilter(RangeDateFilter):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for end, lookup in (("from", "gte"), ("to", "lte")):
            text = str(self.used_parameters.get(f"{self.parameter_name}_{end}") or "").strip()
            if text:
                queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": self._moment(request, text, end)})
        return queryset

    def _moment(self, request: HttpRequest, text: str, end: str) -> Any:
        try:
            return datetimes.day_bound(DayField().clean(text), end_of_day=end == "to")
        except (ValueError, ValidationError) as problem:
            messages.error(request, f"“{text[:30]}” is not a date. Use a format like 31 May 2027 or 2027-05-31.")
            raise IncorrectLookupParameters(problem) from problem


class RelatedRowFilter(AutocompleteSelectFilter):
    """Keeps the rows of one other row. What is no id, or several, is an error: an export would have all rows."""

    def value(self) -> str | None:
        chosen = super().value()
        return chosen if could_be_id(str(chosen)) else None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        given = request.GET.getlist(self.lookup_kwarg)
        if len(given) > 1 or (any(given) and not self.value()):
            raise IncorrectLookupParameters(f"{self.lookup_kwarg}: {given}")
        return cast("QuerySet[Any]", super().queryset(request, queryset))
