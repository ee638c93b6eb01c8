from typing import cast

from accounts.models import User
from eventhub.api.filters import IdFilter, RequestFilterSet, SeveralFilter
from registrations.models import Registration, RegistrationQuerySet, RegistrationStatus


class RegistrationFilter(RequestFilterSet):
    event_id = IdFilter(field_name="event_id")
    user_id = IdFilter(method="of_account")
    status = SeveralFilter(choices=RegistrationStatus.choices)

    class Meta:
        model = Registration
        fields: list[str] = []

    def of_account(self, rows: RegistrationQuerySet, name: str, value: int) -> RegistrationQuerySet:
        return rows.of_account(value, cast(User, self.request.user))
