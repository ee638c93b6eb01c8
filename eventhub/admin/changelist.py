from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from eventhub.api.pagination import bounded
from eventhub.db.postgresql.base import statement_timeout
from eventhub.exceptions import Unavailable

# Counting stops here: more rows cost no more.
COUNTED = 10_000
COUNT_SECONDS = 1


class CountedChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # The paginator's placeholder would be shown as "Select all 9999999999".
        self.result_count = len(self.result_list)

    @cached_property
    def total(self) -> int | None:
        """How many rows the filter has, COUNTED + 1 for more, None where counting takes too long."""
        before = (self.page_num - 1) * self.list_per_page
        is_last = self.result_count < self.list_per_page and (self.result_count or not before)
        return before + self.result_count if is_last else count_up_to_bound(self.queryset)

    @property
    def has_other_pages(self) -> bool:
        return bool(self.page_num > 1 or self.result_count == self.list_per_page)

    @property
    def can_select_all(self) -> bool:
        """Return whether there are rows on other pages, and not too many for an action."""
        return is_within_bound(self.total) and self.total != self.result_count

    @property
    def total_text(self) -> str:
        """Return for example `1,234 events`, or an empty text for none and for an unknown number."""
        if not self.total:
            return ""
        if self.total > COUNTED:
            return f"More than {COUNTED:,} {self.opts.verbose_name_plural}"
        return f"{self.total:,} {self.opts.verbose_name if self.total == 1 else self.opts.verbose_name_plural}"


def count_up_to_bound(rows: QuerySet[Any]) -> int | None:
    try:
        with bounded(), statement_timeout(COUNT_SECONDS):
            return rows.order_by()[: COUNTED + 1].count()
    except Unavailable:
        return None


def is_within_bound(total: int | None) -> bool:
    return total is not None and total <= COUNTED
