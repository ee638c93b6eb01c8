"""A series in requests and responses: written like its first event, with a rule."""

from typing import Any, ClassVar

from rest_framework import serializers

from eventhub.datetimes import TimeField
from events.models import Event
from events.serializers import EventInput, EventSerializer, LocalTimesSerializer, local_times
from events.services.series import values_of

RULE = (
    "A recurrence rule (RFC 5545) by days, weeks, months or years, by the clock of the time zone. Without an end, it"
    " ends after two years or 200 dates."
)
RULE_LENGTH = 250


class SeriesSerializer(EventSerializer):
    # The fields of the first event that all dates share.
    event_id = seats_taken = seats_left = waitlisted = organizer = slug = None  # type: ignore[assignment]
    series_id = serializers.IntegerField(source="pk")
    rule = serializers.CharField(help_text=RULE)
    tags = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    made_until = TimeField(
        allow_null=True, help_text="Events are made up to here, the later ones by and by; null: all of them are."
    )

    example: ClassVar = {
        **{
            name: value
            for name, value in EventSerializer.example.items()
            if name not in ("event_id", "organizer", "slug")
        },
        "tags": ["Astronomy"],
        "series_id": 3,
        "rule": "FREQ=WEEKLY;BYDAY=SA;COUNT=10",
        "made_until": None,
    }

    def to_representation(self, series: Any) -> dict[str, Any]:
        # What was not given when it was made is as events have it by default.
        blank = Event()
        found: dict[str, Any] = {str(name): getattr(blank, str(name), None) for name in self.fields}
        found["tags"] = []
        found.update(values_of(series, series.wall))
        found["local"] = local_times(found["date_time"], found["end_time"], series.zone)
        for name in ("organizer_id", "rule", "made_until", "created_at", "updated_at"):
            found[name] = getattr(series, name)
        found["series_id"] = series.pk
        return {
            name: found[name] if found[name] is None or name == "local" else field.to_representation(found[name])
            for name, field in self.fields.items()
        }


class KeptSerializer(serializers.Serializer[Any]):
    event_id = serializers.IntegerField(source="event.pk")
    date_time = TimeField(source="event.date_time")
    why = serializers.CharField(
        help_text="`registrations`, `edited` (by hand; only these fields stayed), or the code of a refusal."
    )


class DatesChangeSerializer(serializers.Serializer[Any]):
    changed = serializers.IntegerField(help_text="Events that were changed.")
    created = serializers.IntegerField(help_text="Events that were made.")
    deleted = serializers.IntegerField(help_text="Events that were deleted; nobody had registered for them.")
    kept = KeptSerializer(many=True, help_text="Events that stayed as they were, at least in part.")

    example: ClassVar = {
        "changed": 3,
        "created": 0,
        "deleted": 0,
        "kept": [{"event_id": 14, "date_time": "2027-05-15T19:00:00Z", "why": "registrations"}],
    }

    def to_representation(self, edit: Any) -> dict[str, Any]:
        numbers = {name: len(getattr(edit, name)) for name in ("changed", "created", "deleted")}
        return {**numbers, "kept": KeptSerializer(edit.kept, many=True).data}


class SeriesEditSerializer(SeriesSerializer):
    dates = DatesChangeSerializer(help_text="What became of its events to come.")

    example: ClassVar = {**SeriesSerializer.example, "dates": DatesChangeSerializer.example}

    def to_representation(self, edit: Any) -> dict[str, Any]:
        return {**super().to_representation(edit.series), "dates": DatesChangeSerializer(edit).data}


class EventEditSerializer(EventSerializer):
    dates = DatesChangeSerializer(
        required=False, help_text="With the scope `following` or `all`: what became of the events to come."
    )

    computed = (  # type: ignore[assignment]
        *EventSerializer.computed,
        "dates",
    )

    def to_representation(self, event: Any) -> dict[str, Any]:
        body = super().to_representation(event)
        del body["dates"]
        edit = getattr(event, "edit", None)
        return body if edit is None else {**body, "dates": DatesChangeSerializer(edit).data}


class SeriesInput(EventInput):
    rule = serializers.CharField(max_length=RULE_LENGTH, help_text=RULE)

    example: ClassVar = {**EventInput.example, "rule": "FREQ=WEEKLY;COUNT=10"}

    def get_fields(self) -> Any:
        return {name: field for name, field in super().get_fields().items() if name != "slug"}


class SeriesPreviewInput(SeriesInput):
    example: ClassVar = {"rule": "FREQ=WEEKLY;COUNT=10", "date_time": "2027-05-01T19:00:00Z"}

    def get_fields(self) -> Any:
        fields = super().get_fields()
        return {name: fields[name] for name in ("rule", "date_time", "end_time", "time_zone")}


class SeriesDateSerializer(serializers.Serializer[Any]):
    date_time = TimeField()
    end_time = TimeField(allow_null=True)
    local = LocalTimesSerializer()


class SeriesPreviewSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="The number of all dates.")
    dates = SeriesDateSerializer(many=True, help_text="The next ten; of a series that is over, the first ten.")

    example: ClassVar = {
        "count": 10,
        "dates": [
            {
                "date_time": "2027-05-01T19:00:00Z",
                "end_time": None,
                "local": {"begins": "2027-05-01T21:00:00+02:00", "ends": None},
            }
        ],
    }
