from eventhub.api.filters import IdFilter, RequestFilterSet, SeveralFilter
from registrations.models import Registration, RegistrationStatus


class RegistrationFilter(RequestFilterSet):
    event_id = IdFilter(field_name="event_id")
    user_id = IdFilter(field_name="user_id")
    status = SeveralFilter(choices=RegistrationStatus.choices)

    class Meta:
        model = Registration
        fields: list[str] = []
