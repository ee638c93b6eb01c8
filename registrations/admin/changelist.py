"""The list of registrations: its order, its filters, its columns."""

from datetime import datetime
from typing import Any, ClassVar, cast

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from accounts.models import User
from eventhub.admin.filters import DayRangeFilter
from eventhub.admin.model_admin import UncountedChangeList
from eventhub.api.fields import could_be_id
from events.models import Event
from registrations.admin.actions import ACTIONS, DO, called
from registrations.models import TEXTS, Registration, RegistrationStatus
from registrations.selectors.search import search

EVENT_VAR = "event__id__exact"
# What a list may be narrowed by. Django lets every column be asked about, and who cancelled something is one.
LOOKUPS = {EVENT_VAR, "status__exact", "registration_date_from", "registration_date_to"}
COLOURS = {
    RegistrationStatus.REGISTERED: "info",
    RegistrationStatus.WAITLISTED: "warning",
    RegistrationStatus.ATTENDED: "success",
    RegistrationStatus.CANCELLED: "danger",
}
COLOURS_OF_LABELS = {status.label: colour for status, colour in COLOURS.items()}
BUTTON = "bg-primary-600 cursor-pointer font-medium px-3 py-2 rounded-default text-white whitespace-nowrap"
QUIET_BUTTON = "border border-base-200 cursor-pointer px-3 py-2 rounded-default whitespace-nowrap dark:border-base-700"


def briefly(moment: datetime) -> str:
    """A time as short as a column wants it: `5 May, 19:30`, and of another year `5 May 2027`."""
    here = timezone.localtime(moment)
    return date_format(here, "j M, H:i" if here.year == timezone.localtime().year else "j M Y")


class EventChoice(AutocompleteDropdownForm):
    """Shows the chosen event by its title only where it is one of theirs who look."""

    def __init__(self, request: HttpRequest, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, name, *args, **kwargs)
        self.fields[name].queryset = Event.objects.managed_by(cast(User, request.user))


class RegistrationEventFilter(AutocompleteSelectFilter):
    form_class = EventChoice

    def value(self) -> str | None:
        chosen = super().value()
        return chosen if chosen and could_be_id(str(chosen)) else None


class KeysFirstPaginator(InfinitePaginator):
    """Finds the keys of a page, mostly in an index alone, and reads those rows then: sorting 50,000 whole rows, or
    passing over them, takes twenty times as long."""

    def page(self, number: Any) -> Page[Registration]:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        found = self.object_list.select_related(None)
        keys = list(found.values_list("pk", flat=True)[first : first + self.per_page])
        rows = Registration.objects.filter(pk__in=keys).select_related("event", "user")
        return cast("Page[Registration]", self._get_page(rows.order_by(*found.query.order_by), number, self))


class RegistrationChangeList(UncountedChangeList):
    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Registration]:
        self.root_queryset = Registration.objects.managed_by(cast(User, request.user))
        return cast(QuerySet[Registration], super().get_queryset(request, *args, **kwargs))

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Registration]) -> list[str]:
        """By one column, and by the key in the same direction, as the indexes are."""
        asked = str(super().get_ordering(request, queryset)[0])
        column = "-registration_date" if asked == "-pk" else asked
        return [column, "-pk" if column.startswith("-") else "pk"]

    def get_ordering_field(self, field_name: Any) -> Any:
        """Django sorts by whatever column an address names."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    @property
    def event(self) -> Event | None:
        """The one event that the list is narrowed to, if it has any registration to show."""
        if EVENT_VAR not in self.params:
            return None
        return next((row.event for row in self.result_list), None)


class RegistrationChangelist:
    """The columns of the list, and what filters it, as parts of the admin."""

    list_filter: ClassVar = (
        ("event", RegistrationEventFilter),
        ("status", ChoicesDropdownFilter),
        ("registration_date", DayRangeFilter),
    )
    paginator = KeysFirstPaginator
    search_fields = TEXTS  # what makes Django show the box; searching.py decides
    sortable_by = ("person", "registered")
    list_display_links = ("person",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        columns = ("person", "at_the_door", "state", "since", "event", "registered")
        return (*columns, "account") if cast(User, request.user).is_admin else columns

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RegistrationChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in LOOKUPS

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Registration], search_term: str
    ) -> tuple[QuerySet[Registration], bool]:
        return search(queryset, search_term.replace("\x00", ""), by=cast(User, request.user)), False

    @display(description="person", ordering="name")  # type: ignore[untyped-decorator]
    def person(self, row: Registration) -> str:
        contact = format_html('<span class="block break-words font-normal">{}</span>', row.contact_details)
        return format_html('<strong class="block font-semibold">{}</strong>{}', called(row), contact)

    @display(description="since")  # type: ignore[untyped-decorator]
    def since(self, row: Registration) -> str:
        return format_html('<span class="whitespace-nowrap">{}</span>', briefly(row.status_since))

    @display(description="registered", ordering="registration_date")  # type: ignore[untyped-decorator]
    def registered(self, row: Registration) -> str:
        return format_html('<span class="whitespace-nowrap">{}</span>', briefly(row.registration_date))

    @display(description="status", label=COLOURS_OF_LABELS)  # type: ignore[untyped-decorator]
    def state(self, row: Registration) -> str:
        return row.get_status_display()

    @display(description="account")  # type: ignore[untyped-decorator]
    def account(self, row: Registration) -> str:
        if row.user is None:
            return "deleted"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[row.user_id]), row.user.username
        )

    @display(description="at the door")  # type: ignore[untyped-decorator]
    def at_the_door(self, row: Registration) -> str:
        """A button of the form around the list, which posts to the list as it is narrowed."""
        action = ACTIONS["undo_check_in" if row.status == RegistrationStatus.ATTENDED else "check_in"]
        look = BUTTON if row.status == RegistrationStatus.REGISTERED else QUIET_BUTTON
        return format_html(
            '<button type="submit" name="{}" value="{}:{}" class="{}" aria-label="{}: {}">{}</button>',
            DO,
            action.name,
            row.pk,
            look,
            action.label,
            called(row),
            action.label,
        )
