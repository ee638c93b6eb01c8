"""The team of an event in requests and responses."""

from typing import Any, ClassVar

from rest_framework import serializers

from eventhub.api.serializers import Body
from eventhub.datetimes import TimeField
from events.models import Membership, TeamInvitation, TeamRole

ROLE = (
    "`manager`: everything but deleting the event, giving it away, and the team; `editor`: texts and questions;"
    " `helper`: sees people and checks them in; `viewer`: sees numbers."
)


class MembershipSerializer(serializers.Serializer[Membership]):
    member_id = serializers.IntegerField(source="pk")
    event_id = serializers.IntegerField()
    user_id = serializers.IntegerField()
    username = serializers.CharField(source="user.username")
    email = serializers.EmailField(source="user.email")
    role = serializers.ChoiceField(choices=TeamRole.choices, help_text=ROLE)
    added_at = TimeField()

    example: ClassVar[dict[str, Any]] = {
        "member_id": 4,
        "event_id": 41,
        "user_id": 9,
        "username": "paula",
        "email": "paula@example.org",
        "role": "helper",
        "added_at": "2027-04-02T08:00:00Z",
    }


class InvitationSerializer(serializers.Serializer[TeamInvitation]):
    invitation_id = serializers.IntegerField(source="pk")
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=TeamRole.choices, help_text=ROLE)
    created_at = TimeField()
    expires_at = TimeField()

    example: ClassVar[dict[str, Any]] = {
        "invitation_id": 3,
        "email": "nadia@example.org",
        "role": "editor",
        "created_at": "2027-04-02T08:00:00Z",
        "expires_at": "2027-04-09T08:00:00Z",
    }


class TeamSerializer(serializers.Serializer[Any]):
    members = MembershipSerializer(many=True)
    invitations = InvitationSerializer(many=True, help_text="Those that can still be accepted.")

    example: ClassVar = {"members": [MembershipSerializer.example], "invitations": [InvitationSerializer.example]}


class InvitedSerializer(serializers.Serializer[Any]):
    """The answer to an invitation: the same for an address with an account and for one without."""

    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=TeamRole.choices)

    example: ClassVar = {"email": "nadia@example.org", "role": "editor"}


class TeamInput(Body):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=TeamRole.choices, help_text=ROLE)

    example: ClassVar = {"email": "nadia@example.org", "role": "editor"}


class TeamRoleInput(Body):
    role = serializers.ChoiceField(choices=TeamRole.choices, help_text=ROLE)

    example: ClassVar = {"role": "manager"}


class TeamTokenInput(Body):
    token = serializers.CharField(max_length=100, help_text="From the link in the mail.")

    example: ClassVar = {"token": "evi_4fGx9mQp2LrT7vKc1WzB..."}
