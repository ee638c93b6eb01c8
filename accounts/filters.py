from django_filters import rest_framework as filters

from accounts.models import Role, User
from eventhub.api.filters import RequestFilterSet, choose_one_of

ROLES = [*Role.choices, ("attendee", Role.USER.label)]


class UserFilter(RequestFilterSet):
    role = filters.TypedChoiceFilter(
        choices=ROLES,
        error_messages=choose_one_of(ROLES),
        coerce=lambda role: Role.USER if role == "attendee" else role,
    )

    class Meta:
        model = User
        fields = ["role"]
