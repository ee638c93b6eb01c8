from typing import ClassVar

from django.db.models import BooleanField, Case, Q, When
from django.utils import timezone
from django_filters import rest_framework as filters

from eventhub.api.fields import choose_one_of
from eventhub.api.filters import IdFilter, RequestFilterSet, SeveralFilter, TimeFilter, TrueOrFalse
from eventhub.db.text_search import stands_in
from events.models import SEARCHED, Event, EventQuerySet, EventStatus, Tag, TagKind, TeamRole


class EventFilter(RequestFilterSet):
    status = SeveralFilter(choices=EventStatus.choices, method="filter_status")
    organizer_id = IdFilter(field_name="organizer_id")
    series_id = IdFilter(field_name="series_date__series_id", help_text="Dates of this series.")
    date_from = TimeFilter(
        field_name="date_time",
        lookup_expr="gte",
        help_text="Begins then or later. A date alone is the start of that day.",
    )
    date_to = TimeFilter(
        field_name="date_time",
        lookup_expr="lte",
        end_of_day=True,
        help_text="Begins then or earlier. A date alone is the end of that day.",
    )
    upcoming = TrueOrFalse(method="filter_upcoming", help_text="Not over yet.")
    location = filters.CharFilter(
        method="filter_location", max_length=255, help_text="Contains, ignoring case and marks."
    )
    tag = filters.CharFilter(
        method="filter_tag",
        max_length=255,
        help_text="Slugs of tags or categories, with commas between them: events that have one of them.",
    )
    has_seats = TrueOrFalse(field_name="has_free_seats", help_text="Has a free seat.")

    class Meta:
        model = Event
        fields: list[str] = []

    def filter_status(self, queryset: EventQuerySet, name: str, value: list[str]) -> EventQuerySet:
        # Of several, each from its index: those of the past would else stand before all that are to come.
        wanted = [Q(status=status) for status in value]
        found = queryset.filter(*wanted) if len(wanted) == 1 else queryset.either(*wanted)
        # The drafts that somebody sees are theirs; the database would look for them among all drafts.
        is_theirs = value == [EventStatus.DRAFT] and self.request is not None
        return found.managed_by(self.request.user) if is_theirs else found

    def filter_upcoming(self, queryset: EventQuerySet, name: str, value: bool) -> EventQuerySet:
        now = timezone.now()
        return queryset.not_over(now) if value else queryset.over(now)

    def filter_tag(self, queryset: EventQuerySet, name: str, value: str) -> EventQuerySet:
        return queryset.having(Tag.objects.filter(slug__in=value.split(",")))

    def filter_location(self, queryset: EventQuerySet, name: str, value: str) -> EventQuerySet:
        """Search all texts, which are indexed, then keep matches in the location.

        A CASE, since PostgreSQL would else take the conditions for independent and expect hardly any row.
        """
        in_place = Case(When(stands_in(value, ["location"]), then=True), default=False, output_field=BooleanField())
        return queryset.filter(stands_in(value, SEARCHED), in_place)


class OwnEventFilter(EventFilter):
    role = SeveralFilter(choices=[("organizer", "Organizer"), *TeamRole.choices], method="filter_role")

    def filter_role(self, queryset: EventQuerySet, name: str, value: list[str]) -> EventQuerySet:
        user = self.request.user
        teams = [pk for pk, role in user.team_roles.items() if role in value]
        own = Q(organizer=user)
        return queryset.filter(Q(pk__in=teams) & ~own | own if "organizer" in value else Q(pk__in=teams) & ~own)


class TagFilter(RequestFilterSet):
    kind = filters.ChoiceFilter(choices=TagKind.choices, error_messages=choose_one_of(TagKind.values))

    class Meta:
        model = Tag
        fields: ClassVar[list[str]] = []
