"""Registering for all dates of a series in one request."""

from typing import Any, ClassVar

from rest_framework import serializers

from eventhub.api.fields import IdField
from eventhub.datetimes import TimeField
from events.services.series_dates import MAX_DATES
from registrations.serializers import AttendeeInput


class SeriesAttendeeInput(AttendeeInput):
    event_ids = serializers.ListField(
        child=IdField(), max_length=MAX_DATES, required=False, help_text="Some of its events. Absent: all to come."
    )

    example: ClassVar[dict[str, Any]] = {"status": "registered"}

    def get_fields(self) -> Any:
        fields = super().get_fields()
        names = ("user_id", "name", "contact_details", "phone", "status", "event_ids")
        return {name: fields[name] for name in names}


class DateResultSerializer(serializers.Serializer[Any]):
    event_id = serializers.IntegerField(source="event.pk")
    date_time = TimeField(source="event.date_time")
    attendee_id = serializers.IntegerField(allow_null=True)
    status = serializers.CharField(allow_null=True, help_text="Of the registration.")
    code = serializers.CharField(allow_null=True, help_text="Of the refusal, as `POST /attendees/` gives it.")
    msg = serializers.CharField(allow_null=True)


class SeriesResultSerializer(serializers.Serializer[Any]):
    results = DateResultSerializer(many=True)

    example: ClassVar = {
        "results": [
            {
                "event_id": 12,
                "date_time": "2027-05-01T19:00:00Z",
                "attendee_id": 31,
                "status": "registered",
                "code": None,
                "msg": None,
            },
            {
                "event_id": 13,
                "date_time": "2027-05-08T19:00:00Z",
                "attendee_id": None,
                "status": None,
                "code": "event_full",
                "msg": "Event is full",
            },
        ]
    }
