from typing import Any, ClassVar

from rest_framework import serializers

from checkin.models import Scan, ScanKind, ScanResult
from eventhub.api.filters import IdFilter, RequestFilterSet, SeveralFilter
from eventhub.api.serializers import RowSerializer
from eventhub.datetimes import TimeField


class ScanLineSerializer(RowSerializer):
    scan_id = serializers.IntegerField()
    nonce = serializers.UUIDField()
    checkpoint_id = serializers.IntegerField()
    checkpoint = serializers.CharField(source="checkpoint.name", allow_null=True)
    attendee_id = serializers.IntegerField(
        source="registration_id", allow_null=True, help_text="Null: the ticket belongs to nobody at this event."
    )
    name = serializers.CharField(source="registration.name", allow_null=True)
    kind = serializers.ChoiceField(choices=ScanKind.choices)
    result = serializers.ChoiceField(choices=ScanResult.choices)
    despite = serializers.ChoiceField(
        choices=ScanResult.choices,
        allow_blank=True,
        help_text="Why the door would have refused somebody who was let in anyway.",
    )
    at = TimeField(help_text="By the device's clock, if it had no network.")
    reported_at = TimeField(allow_null=True, help_text="What the device's clock said, if that cannot be right.")
    received_at = TimeField()
    user_id = serializers.IntegerField(
        source="by_id", allow_null=True, help_text="Who scanned; with a gate token, the event's organizer."
    )
    gate_token_id = serializers.IntegerField(source="gate_id", allow_null=True)
    gate = serializers.CharField(source="gate.name", allow_null=True, help_text="The name of the gate token.")
    through = serializers.CharField(help_text="`api`, or how a check-in without a scan was made, for example `admin`.")
    device = serializers.CharField()
    offline = serializers.BooleanField()
    forced = serializers.BooleanField()
    entries = serializers.IntegerField(help_text="How often the person came in at the checkpoint so far.")
    undoes_id = serializers.IntegerField(
        allow_null=True, help_text="The scan that this one undoes; null for an undo by status, which undoes all before."
    )
    undone_by_id = serializers.IntegerField(allow_null=True, help_text="The scan that undid this one.")

    read_also = ("pk",)
    example: ClassVar[dict[str, Any]] = {
        "scan_id": 101,
        "nonce": "1f0e4c1c-5cb5-4a3c-9d53-1a0f4c7f7d11",
        "checkpoint_id": 2,
        "checkpoint": "Entrance",
        "attendee_id": 31,
        "name": "bob",
        "kind": "in",
        "result": "admitted",
        "despite": "",
        "at": "2027-05-01T18:31:02Z",
        "reported_at": None,
        "received_at": "2027-05-01T18:31:02Z",
        "user_id": 7,
        "gate_token_id": 5,
        "gate": "North door",
        "through": "api",
        "device": "Anna's phone",
        "offline": False,
        "forced": False,
        "entries": 1,
        "undoes_id": None,
        "undone_by_id": None,
    }


class ScanFilter(RequestFilterSet):
    checkpoint_id = IdFilter(field_name="checkpoint_id")
    attendee_id = IdFilter(field_name="registration_id")
    gate_token_id = IdFilter(field_name="gate_id")
    result = SeveralFilter(choices=ScanResult.choices)

    class Meta:
        model = Scan
        fields: list[str] = []
