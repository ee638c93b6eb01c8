from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.fields import Field

from checkin.models import ScanResult
from checkin.selectors.door_search import MOST_FOUND, FoundPeople, PersonAtDoor
from checkin.selectors.doors import NO_REFUSALS, CheckpointCounts, Doors, SlotEntries
from eventhub.api.filters import MAX_SEARCH_LENGTH
from eventhub.datetimes import TimeField
from registrations.models import RegistrationStatus

REFUSALS = ", ".join(f"`{result}`" for result in ScanResult if result not in NO_REFUSALS)


class SlotEntriesSerializer(serializers.Serializer[SlotEntries]):
    at = TimeField()
    entries = serializers.IntegerField()


class CheckpointCountsSerializer(serializers.Serializer[CheckpointCounts]):
    checkpoint_id = serializers.IntegerField()
    name = serializers.CharField()
    inside = serializers.IntegerField()

    def get_fields(self) -> dict[str, Field[Any, Any, Any, Any]]:
        came = serializers.IntegerField(source="came", help_text="People who came in at least once.")
        return {**super().get_fields(), "in": came}


class DoorsSerializer(serializers.Serializer[Doors]):
    registered = serializers.IntegerField(help_text="People with a seat, whether they have come or not.")
    attended = serializers.IntegerField(help_text="Those of them who have come.")
    inside = serializers.IntegerField(help_text="People who came in at the entrance and did not leave.")
    entries_5min = SlotEntriesSerializer(
        many=True,
        help_text="Entries at the entrance in each five minutes of the last two hours; those without any are left out.",
    )
    by_checkpoint = CheckpointCountsSerializer(many=True, help_text="The entrance first.")
    refused = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"Number of refusals by reason: {REFUSALS}."
    )
    double_entries = serializers.IntegerField(
        help_text="People who came in more than once at a checkpoint with `reentry` `never`: by force, or at two doors"
        " without a network. A person counts once for each checkpoint."
    )
    without_seat = serializers.IntegerField(
        help_text="People who are inside although their registration is cancelled or on the waiting list."
    )

    example: ClassVar = {
        "registered": 300,
        "attended": 242,
        "inside": 231,
        "entries_5min": [{"at": "2027-05-01T18:30:00Z", "entries": 22}],
        "by_checkpoint": [{"checkpoint_id": 2, "name": "Entrance", "in": 242, "inside": 231}],
        "refused": {"already_in": 3, "ticket_unknown": 1},
        "double_entries": 1,
        "without_seat": 0,
    }


class DoorSearchQuery(serializers.Serializer[Any]):
    search = serializers.CharField(
        max_length=MAX_SEARCH_LENGTH,
        help_text="Words in the name, the contact details or the phone number, ignoring case and marks.",
    )


class PersonAtDoorSerializer(serializers.Serializer[PersonAtDoor]):
    attendee_id = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=RegistrationStatus.choices)
    inside = serializers.BooleanField(help_text="At the entrance.")
    entries = serializers.IntegerField(help_text="At the entrance.")


class FoundPeopleSerializer(serializers.Serializer[FoundPeople]):
    items = PersonAtDoorSerializer(many=True, help_text=f"By name, {MOST_FOUND} at most.")
    is_cut = serializers.BooleanField(help_text="Whether more people were found.")

    example: ClassVar = {
        "items": [{"attendee_id": 31, "name": "bob", "status": "registered", "inside": False, "entries": 0}],
        "is_cut": False,
    }
