"""Gate tokens in requests and responses."""

from typing import Any, ClassVar

from rest_framework import serializers

from checkin.models import Checkpoint, Reentry
from checkin.services.gate_tokens import RIGHTS, Gate, NewGateToken
from eventhub.api.fields import LineInput, PlainIntegerField
from eventhub.api.serializers import Body
from eventhub.datetimes import TimeField
from registrations.serializers import AttendeeEventSerializer

CHOICES = [(right, right) for right in RIGHTS]
MAY = (
    "Beside scanning. `search`: find people by name, and add people who are not on the list; `force`: let people in"
    " despite a refusal."
)


class GateTokenSerializer(serializers.Serializer[Any]):
    gate_token_id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    checkpoint_id = serializers.IntegerField(allow_null=True, help_text="Null: the helper chooses one.")
    may = serializers.ListField(child=serializers.ChoiceField(choices=CHOICES), help_text=MAY)
    created_at = TimeField()
    expires_at = TimeField(source="ends_at", help_text="Moves with the event.")
    revoked_at = TimeField(allow_null=True)
    last_used_at = TimeField(allow_null=True, help_text="To the minute; null before the first use.")

    example: ClassVar[dict[str, Any]] = {
        "gate_token_id": 5,
        "name": "Paula's phone",
        "checkpoint_id": None,
        "may": ["search"],
        "created_at": "2027-04-30T09:00:00Z",
        "expires_at": "2027-05-02T22:00:00Z",
        "revoked_at": None,
        "last_used_at": None,
    }


class NewGateTokenSerializer(GateTokenSerializer):
    token = serializers.CharField(help_text="Shown only once.")
    url = serializers.URLField(help_text="The scan page, with the token. Show it as a QR code.")

    example: ClassVar[dict[str, Any]] = {
        **GateTokenSerializer.example,
        "token": "evg_4fGx9mQp2LrT7vKc1WzB...",
        "url": "https://eventhub.example.org/scan/#evg_4fGx9mQp2LrT7vKc1WzB...",
    }

    def to_representation(self, made: NewGateToken) -> dict[str, Any]:
        body = GateTokenSerializer(made.token).data
        return {**body, "token": made.secret, "url": made.url}


class GateTokenInput(Body):
    name = LineInput(max_length=80, help_text="Whose phone, or which door. Scans are listed under this name.")
    checkpoint_id = PlainIntegerField(
        allow_null=True, required=False, help_text="The only checkpoint where it may scan. Absent: the helper chooses."
    )
    may = serializers.ListField(child=serializers.ChoiceField(choices=CHOICES), required=False, help_text=MAY)
    expires_at = TimeField(
        end_of_day=True,
        allow_null=True,
        required=False,
        help_text="At the latest, and by default, 24 hours after the event. A date alone is the end of that day.",
    )

    example: ClassVar = {"name": "Paula's phone", "may": ["search"]}


class GateEventSerializer(AttendeeEventSerializer):
    end_time = TimeField(allow_null=True)
    time_zone = serializers.CharField(source="zone.key", help_text="The zone of its clock and days.")

    example: ClassVar = {
        **AttendeeEventSerializer.example,
        "end_time": "2027-05-01T22:00:00Z",
        "time_zone": "Europe/Berlin",
    }


class GateCheckpointSerializer(serializers.Serializer[Checkpoint]):
    checkpoint_id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    is_entrance = serializers.BooleanField()
    reentry = serializers.ChoiceField(choices=Reentry.choices)
    opens = TimeField(allow_null=True)
    closes = TimeField(allow_null=True)

    example: ClassVar = {
        "checkpoint_id": 8,
        "name": "Entrance",
        "is_entrance": True,
        "reentry": "never",
        "opens": None,
        "closes": None,
    }


class GateSerializer(serializers.Serializer[Gate]):
    """A gate, as the scan page needs it."""

    name = serializers.CharField(source="token.name")
    expires_at = TimeField(source="token.ends_at")
    may = serializers.ListField(source="token.may", child=serializers.ChoiceField(choices=CHOICES), help_text=MAY)
    event = GateEventSerializer(source="token.event")
    checkpoint_id = serializers.IntegerField(
        source="token.checkpoint_id", allow_null=True, help_text="Null: choose one."
    )
    checkpoints = GateCheckpointSerializer(many=True, help_text="Where it may scan; the entrance first.")
    server_time = TimeField(help_text="To see whether the clock of the device is right.")

    example: ClassVar = {
        "name": "Paula's phone",
        "expires_at": "2027-05-02T22:00:00Z",
        "may": ["search"],
        "event": GateEventSerializer.example,
        "checkpoint_id": None,
        "checkpoints": [GateCheckpointSerializer.example],
        "server_time": "2027-05-01T18:30:00Z",
    }
