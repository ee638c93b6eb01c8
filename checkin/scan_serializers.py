"""Bodies and answers of scans at the doors."""

from typing import Any, ClassVar

from rest_framework import serializers

from checkin.models import ScanKind, ScanResult
from checkin.services.offline_scans import MOST_SCANS, BatchResult
from checkin.services.scan_log import ACCEPTED, DoorAnswer
from eventhub.api.fields import IdField, LineInput, YesOrNoField, choose_one_of
from eventhub.api.serializers import Body
from registrations.models import Question, Registration, RegistrationStatus


class ScanAttendeeSerializer(serializers.Serializer[Registration]):
    attendee_id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    status = serializers.ChoiceField(RegistrationStatus.choices)

    example: ClassVar = {"attendee_id": 31, "name": "bob", "status": "attended"}


class OwedAnswerSerializer(serializers.Serializer[Question]):
    question_id = serializers.IntegerField(source="pk")
    text = serializers.CharField()

    example: ClassVar = {"question_id": 4, "text": "Which shirt do you wear?"}


class ScanSerializer(serializers.Serializer[DoorAnswer]):
    scan_id = serializers.IntegerField(source="scan.pk")
    nonce = serializers.UUIDField(source="scan.nonce")
    kind = serializers.ChoiceField(ScanKind.choices, source="scan.kind")
    result = serializers.ChoiceField(ScanResult.choices, source="scan.result")
    checkpoint_id = serializers.IntegerField(source="scan.checkpoint_id")
    at = serializers.DateTimeField(source="scan.at")
    entries = serializers.IntegerField(source="scan.entries", help_text="How often the person came in here so far.")
    inside = serializers.BooleanField(allow_null=True)
    undo_until = serializers.DateTimeField(allow_null=True, help_text="For gate tokens. Organizers can undo any scan.")
    attendee = ScanAttendeeSerializer(source="registration", allow_null=True)
    owes_answers = OwedAnswerSerializer(
        many=True,
        required=False,
        help_text="Only if the event asks questions, and the person may come in: what to ask them.",
    )

    def to_representation(self, answer: DoorAnswer) -> dict[str, Any]:
        body = super().to_representation(answer)
        if answer.owes_answers is None:
            del body["owes_answers"]
        return body

    example: ClassVar = {
        "scan_id": 5,
        "nonce": "7f0c1a52-5c0e-4d4b-9b5b-0a6d8f3f2f11",
        "kind": "in",
        "result": "admitted",
        "checkpoint_id": 3,
        "at": "2027-03-12T18:02:11Z",
        "entries": 1,
        "inside": True,
        "undo_until": "2027-03-13T18:02:11Z",
        "attendee": ScanAttendeeSerializer.example,
    }


class BatchedScanSerializer(serializers.Serializer[BatchResult]):
    nonce = serializers.UUIDField()
    result = serializers.CharField(help_text="A result of the log, or the code of an error.")
    despite = serializers.CharField(help_text="Why the door would have refused the person. Empty: it would not have.")
    scan_id = serializers.IntegerField(allow_null=True)

    example: ClassVar = {
        "nonce": "7f0c1a52-5c0e-4d4b-9b5b-0a6d8f3f2f11",
        "result": "admitted",
        "despite": "",
        "scan_id": 6,
    }


class BatchSerializer(serializers.Serializer[Any]):
    results = BatchedScanSerializer(many=True)

    example: ClassVar = {"results": [BatchedScanSerializer.example]}


def _one_person(values: dict[str, Any]) -> dict[str, Any]:
    if (values.get("code") is None) == (values.get("attendee_id") is None):
        raise serializers.ValidationError({"code": "Give either a code or an attendee_id."})
    return values


# What a device may do: an undo has a path of its own.
_KINDS = [choice for choice in ScanKind.choices if choice[0] != ScanKind.UNDO]
_REFUSALS = [choice for choice in ScanResult.choices if choice[0] not in ACCEPTED]


class ScanInput(Body):
    code = serializers.CharField(required=False, max_length=1000, help_text="As scanned or typed.")
    attendee_id = IdField(required=False)
    kind = serializers.ChoiceField(
        _KINDS, default=ScanKind.IN, error_messages={**choose_one_of(value for value, _ in _KINDS)}
    )
    nonce = serializers.UUIDField(required=False, help_text="Made by the device for each scan, and kept for a retry.")
    checkpoint_id = IdField(required=False, allow_null=True, help_text="Absent: the entrance, or the token's own.")
    device = LineInput(required=False, allow_blank=True, max_length=40)
    force = YesOrNoField(default=False, help_text="Let the person in despite a refusal, where that is possible.")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        return _one_person(values)

    example: ClassVar = {"code": "EH040000003W000K54S3MVVW8N7VHCKR8N", "nonce": ScanSerializer.example["nonce"]}


class OfflineScanInput(serializers.Serializer[Any]):
    code = serializers.CharField(required=False, max_length=1000)
    attendee_id = IdField(required=False)
    name = LineInput(required=False, max_length=255, help_text="A walk-in, who comes in at the entrance.")
    kind = serializers.ChoiceField(
        [("in", "In"), ("out", "Out")], default="in", error_messages={**choose_one_of(("in", "out"))}
    )
    nonce = serializers.UUIDField()
    at = serializers.DateTimeField(help_text="By the device's clock. A time that cannot be right counts as now.")
    checkpoint_id = IdField(required=False, allow_null=True)
    refused = serializers.ChoiceField(
        _REFUSALS,
        required=False,
        allow_blank=True,
        error_messages={**choose_one_of(value for value, _ in _REFUSALS)},
        help_text="How the device refused the person. Absent or empty: it let them in.",
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("name") is None:
            return _one_person(values)
        if {"code", "attendee_id", "refused"} & values.keys() or values["kind"] != ScanKind.IN:
            raise serializers.ValidationError({"name": "A walk-in has a name alone, and comes in."})
        return values


class ScanBatchInput(Body):
    device = LineInput(required=False, allow_blank=True, max_length=40)
    scans = OfflineScanInput(many=True, max_length=MOST_SCANS)  # type: ignore[call-arg]

    example: ClassVar = {
        "device": "Door 2",
        "scans": [{**ScanInput.example, "kind": "in", "at": "2027-03-12T18:02:11Z"}],
    }


class WalkInInput(Body):
    name = LineInput(max_length=255)
    nonce = serializers.UUIDField(required=False)
    device = LineInput(required=False, allow_blank=True, max_length=40)

    example: ClassVar = {"name": "Ada Lovelace", "nonce": ScanSerializer.example["nonce"]}


class UndoInput(Body):
    nonce = serializers.UUIDField(required=False)
    device = LineInput(required=False, allow_blank=True, max_length=40)

    example: ClassVar = {"nonce": "0d7c9a7e-0d6c-4b1c-a5a4-6f2b8a4a7a10"}
