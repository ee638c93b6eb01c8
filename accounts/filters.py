from django_filters import rest_framework as filters

from accounts.models import Role, User
from eventhub.api.fields import choose_one_of
from eventhub.api.filters import RequestFilterSet

ROLES = [*Role.choices, ("attendee", Role.USER.label)]


class UserFilter(RequestFilterSet):
    role = filters.TypedChoiceFilter(
        choices=ROLES,
        error_messages=choose_one_of(role for role, _ in ROLES),
        coerce=lambda role: Role.USER if role == "attendee" else role,
    )

    class Meta:
        model = User
        fields = ["role"]
