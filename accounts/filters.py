from django_filters import rest_framework as filters

from accounts.models import Role, User


class UserFilter(filters.FilterSet):
    role = filters.ChoiceFilter(choices=Role.choices)

    class Meta:
        model = User
        fields = ["role"]
