from django_filters import rest_framework as filters

from eventhub.api.filters import IdFilter, RequestFilterSet
from registrations.models import Registration, RegistrationStatus


class RegistrationFilter(RequestFilterSet):
    event_id = IdFilter(field_name="event_id")
    user_id = IdFilter(field_name="user_id")
    status = filters.ChoiceFilter(choices=RegistrationStatus.choices)

    class Meta:
        model = Registration
        fields: list[str] = []
