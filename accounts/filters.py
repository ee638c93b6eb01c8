from django_filters import rest_framework as filters

from accounts.models import Role, User


class UserFilter(filters.FilterSet):
    role = filters.TypedChoiceFilter(
        choices=[*Role.choices, ("attendee", Role.USER.label)],
        coerce=lambda role: Role.USER if role == "attendee" else role,
    )

    class Meta:
        model = User
        fields = ["role"]
