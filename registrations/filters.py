from typing import cast

from accounts.models import User
from eventhub.api.filters import IdFilter, RequestFilterSet, SeveralFilter, TrueOrFalse
from registrations.models import Registration, RegistrationQuerySet, RegistrationStatus
from registrations.selectors.open_answers import owing_to


class RegistrationFilter(RequestFilterSet):
    event_id = IdFilter(field_name="event_id")
    user_id = IdFilter(method="of_account")
    status = SeveralFilter(choices=RegistrationStatus.choices)

    class Meta:
        model = Registration
        fields: list[str] = []

    def of_account(self, rows: RegistrationQuerySet, name: str, value: int) -> RegistrationQuerySet:
        return rows.of_account(value, cast(User, self.request.user))


class EventAttendeeFilter(RegistrationFilter):
    answers = TrueOrFalse("Add what each answered.", method="all_rows")
    answers_complete = TrueOrFalse(
        "Keep those that have, or lack, an answer that the event needs.", method="by_answers"
    )

    def all_rows(self, rows: RegistrationQuerySet, name: str, value: bool) -> RegistrationQuerySet:
        return rows

    def by_answers(self, rows: RegistrationQuerySet, name: str, value: bool) -> RegistrationQuerySet:
        event_id = self.request.parser_context["kwargs"]["pk"]
        if not value:
            return owing_to(event_id, rows)
        lacking = owing_to(event_id, Registration.objects.filter(event=event_id))
        return rows.exclude(pk__in=lacking.order_by().values("pk"))
