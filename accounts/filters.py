from django_filters import rest_framework as filters

from accounts.models import Role, User
from eventhub.api.filters import RequestFilterSet


class UserFilter(RequestFilterSet):
    role = filters.TypedChoiceFilter(
        choices=[*Role.choices, ("attendee", Role.USER.label)],
        coerce=lambda role: Role.USER if role == "attendee" else role,
    )

    class Meta:
        model = User
        fields = ["role"]
