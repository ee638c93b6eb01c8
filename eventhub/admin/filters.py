from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import DateField
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter

from eventhub import datetimes


class DayRangeFilter(RangeDateFilter):
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for end, lookup in (("from", "gte"), ("to", "lte")):
            text = str(self.used_parameters.get(f"{self.parameter_name}_{end}") or "").strip()
            if text:
                queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": self._moment(request, text, end)})
        return queryset

    def _moment(self, request: HttpRequest, text: str, end: str) -> Any:
        try:
            return datetimes.day_bound(DateField().clean(text), end_of_day=end == "to")
        except (ValueError, ValidationError) as problem:
            messages.error(request, f"“{text[:30]}” is not a date. Use a format like 31 May 2027 or 2027-05-31.")
            raise IncorrectLookupParameters(problem) from problem
