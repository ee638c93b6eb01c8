from typing import Any, ClassVar, cast

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, DropdownFilter, RadioFilter, TextFilter
from unfold.decorators import display

from accounts.models import User
from eventhub.admin.changelist import CountedChangeList
from eventhub.admin.field_values import begins_at
from eventhub.admin.filters import DayRangeFilter, RelatedRowFilter
from eventhub.api.fields import could_be_id
from events.admin.date_hierarchy import PARTS, Period, periods
from events.models import Event, EventStatus, Series, Tag, Visibility
from events.services.tags import tag_slug

COMING, PAST, ALL = "coming", "past", "all"
WHENS = [(COMING, "Today and later"), (PAST, "Past"), (ALL, "All")]
DATE = "date_time"
SERIES_OFFERED = 100
LOOKUPS = {
    "when",
    "fill",
    "status__exact",
    *("visibility", "tag", "series"),
    "organizer__id__exact",
    *(f"{DATE}_{end}" for end in ("from", "to")),
    *(f"{DATE}__{part}" for part in PARTS),
}
STATUS_COLOURS = {
    EventStatus.DRAFT.label: "warning",
    EventStatus.UPCOMING.label: "info",
    EventStatus.ACTIVE.label: "success",
    EventStatus.COMPLETED.label: "default",
    EventStatus.CANCELLED.label: "danger",
}


class WhenFilter(RadioFilter):
    """Shows today and later, or all events for a search or a chosen day."""

    title = "time"
    parameter_name = "when"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.names_a_day = any(text and name.startswith(DATE) for name, text in request.GET.items())
        self.searches = bool(request.GET.get(SEARCH_VAR))
        return WHENS

    def value(self) -> str:
        chosen = super().value()
        if self.names_a_day:
            return ALL
        return str(chosen) if chosen in self.orders else (ALL if self.searches else COMING)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        if self.value() == ALL:
            return queryset
        now = timezone.now()
        return queryset.today_or_later(now) if self.value() == COMING else queryset.before_today(now)  # type: ignore[attr-defined, no-any-return]

    # Each order is an index.
    orders: ClassVar = {COMING: ("date_time", "id"), PAST: ("-date_time", "-id"), ALL: ("-date_time", "-id")}


class FillFilter(RadioFilter):
    """`in` lets SQLite use the index, which it does not for a bare boolean.

    A waiting list is searched among the full events: an index on it would slow down joining one.
    """

    title = "seats"
    parameter_name = "fill"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("free", "Free seats"), ("full", "Full"), ("queue", "Full, with a waiting list")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        if self.value() == "free":
            return queryset.filter(has_free_seats__in=[True])
        if self.value() == "full":
            return queryset.filter(has_free_seats__in=[False])
        return queryset.filter(has_free_seats__in=[False], waitlisted__gt=0) if self.value() == "queue" else queryset


class VisibilityFilter(RadioFilter):
    title = "visibility"
    parameter_name = "visibility"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Visibility.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        value = self.value()
        if value not in Visibility.values:
            return queryset
        found = queryset.filter(visibility=value)
        # Repeats the condition of the index of events that are not public, so that SQLite uses it.
        return found if value == Visibility.PUBLIC else found.exclude(visibility=Visibility.PUBLIC)


class TagNameFilter(TextFilter):
    title = "tag or category"
    parameter_name = "tag"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        named = str(self.value() or "").replace("\x00", "").strip()
        if not named:
            return queryset
        tags = Tag.objects.filter(Q(slug__in=[named, tag_slug(named)]) | Q(name__iexact=named))
        return queryset.having(tags)  # type: ignore[attr-defined, no-any-return]


class SeriesFilter(DropdownFilter):
    """Offers the newest series, of an organizer their own; the page of a series links to any."""

    title = "series"
    parameter_name = "series"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        user = cast(User, request.user)
        own = Series.objects.all() if user.is_admin else Series.objects.filter(organizer=user)
        return [(str(pk), title) for pk, title in own.values_list("pk", "title")[:SERIES_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        value = self.value()
        if not value:
            return queryset
        if not could_be_id(str(value)):
            raise IncorrectLookupParameters(f"{self.parameter_name}: {value}")
        return queryset.filter(series_date__series=int(value))


class BeginsFilter(DayRangeFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "first day"


class EventChangeList(CountedChangeList):
    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Event]) -> list[str]:
        if ORDER_VAR not in self.params:
            return self._get_default_ordering()
        column = str(super().get_ordering(request, queryset)[0])
        return [column, "-pk" if column.startswith("-") else "pk"]

    def _get_default_ordering(self) -> list[str]:
        return list(WhenFilter.orders[self.when])

    @property
    def when(self) -> str:
        return next(str(spec.value()) for spec in self.filter_specs if isinstance(spec, WhenFilter))

    def whens(self) -> list[tuple[str, str, bool]]:
        """Return the choices of the time, each with its link, and whether it is the present one."""
        chosen = self.when
        dates = [name for name in self.params if name.startswith(DATE)]
        return [
            (label, self.get_query_string({"when": value}, [*dates, "p"]), value == chosen) for value, label in WHENS
        ]

    @property
    def is_narrowed(self) -> bool:
        names_a_period = any(name.startswith(f"{DATE}__") for name in self.params)
        return bool(self.query or self.has_active_filters or names_a_period)

    def periods(self) -> list[Period]:
        return periods(self.root_queryset, self.params, self.get_query_string)


class EventChangelist:
    list_filter: ClassVar = (
        *(WhenFilter, ("status", ChoicesCheckboxFilter), FillFilter, (DATE, BeginsFilter)),
        *(VisibilityFilter, TagNameFilter, SeriesFilter),
    )
    date_hierarchy = DATE
    search_fields = ("title", "location", "description")
    search_help_text = "Search by title, location or description"
    ordering = ("-date_time", "-id")
    sortable_by = ("title", "begins")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        if lookup not in LOOKUPS:
            raise IncorrectLookupParameters(lookup)
        return True

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        columns = ("title", "state", "begins", "fill")
        return (*columns, "run_by") if request.user.is_admin else columns  # type: ignore[union-attr]

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        filters = tuple(self.list_filter)
        is_admin = request.user.is_admin  # type: ignore[union-attr]
        return (*filters, ("organizer", RelatedRowFilter)) if is_admin else filters

    def get_list_select_related(self, request: HttpRequest) -> Any:
        return ("organizer__profile",) if request.user.is_admin else False  # type: ignore[union-attr]

    @display(description="status", label=STATUS_COLOURS)  # type: ignore[untyped-decorator]
    def state(self, event: Event) -> str:
        return event.get_status_display()

    @display(description="begins", ordering="date_time")  # type: ignore[untyped-decorator]
    def begins(self, event: Event) -> str:
        return begins_at(event.date_time, event.zone)

    @display(description="seats taken")  # type: ignore[untyped-decorator]
    def fill(self, event: Event) -> str:
        return render_to_string("events/admin/seats_bar.html", {"event": event, "percent": percent_taken(event)})

    @display(description="organizer")  # type: ignore[untyped-decorator]
    def run_by(self, event: Event) -> str:
        return event.organizer.public_profile.public_name


def percent_taken(event: Event) -> int:
    """Round down, so that only a full event shows 100 %."""
    return int(100 * event.seats_taken // event.max_capacity)
