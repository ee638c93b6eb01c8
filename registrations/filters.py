from django_filters import rest_framework as filters

from eventhub.api.filters import IdFilter
from registrations.models import Registration, RegistrationQuerySet, RegistrationStatus


class RegistrationFilter(filters.FilterSet):
    event_id = IdFilter(method="filter_event")
    user_id = IdFilter(method="filter_user")
    status = filters.ChoiceFilter(choices=RegistrationStatus.choices)

    class Meta:
        model = Registration
        fields: list[str] = []

    def filter_event(self, queryset: RegistrationQuerySet, name: str, value: int) -> RegistrationQuerySet:
        return queryset.of_event(value)

    def filter_user(self, queryset: RegistrationQuerySet, name: str, value: int) -> RegistrationQuerySet:
        return queryset.of_user(value)
