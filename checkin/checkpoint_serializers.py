from typing import ClassVar

from rest_framework import serializers

from checkin.models import Reentry
from eventhub.api.fields import LineInput
from eventhub.api.serializers import Body, RowSerializer
from eventhub.datetimes import TimeField

REENTRY = (
    "When a person who was let in may come in again: `never`, `after_exit` (once they were scanned on the way out),"
    " `daily` (once a day in the time zone of the event), `always`."
)
OPENS = "Nobody is let in before; null: any time."
CLOSES = "Nobody is let in from then on; null: any time."


class CheckpointSerializer(RowSerializer):
    checkpoint_id = serializers.IntegerField(source="pk")
    event_id = serializers.IntegerField()
    name = serializers.CharField()
    is_entrance = serializers.BooleanField(help_text="Whether people who are let in here count as attended.")
    reentry = serializers.ChoiceField(choices=Reentry.choices, help_text=REENTRY)
    opens = TimeField(allow_null=True, help_text=OPENS)
    closes = TimeField(allow_null=True, help_text=CLOSES)

    example: ClassVar = {
        "checkpoint_id": 3,
        "event_id": 12,
        "name": "Lunch",
        "is_entrance": False,
        "reentry": "daily",
        "opens": "2027-05-01T12:00:00Z",
        "closes": None,
    }


class CheckpointInput(Body):
    name = LineInput(max_length=80)
    reentry = serializers.ChoiceField(choices=Reentry.choices, default=Reentry.NEVER, help_text=REENTRY)
    opens = TimeField(required=False, allow_null=True, help_text=OPENS)
    closes = TimeField(end_of_day=True, required=False, allow_null=True, help_text=CLOSES)

    example: ClassVar = {"name": "Lunch", "reentry": "daily", "opens": "2027-05-01T12:00:00Z"}
