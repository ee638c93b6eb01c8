"""An event in requests and responses. No rules here."""

from typing import Any, ClassVar

from rest_framework import serializers

from eventhub.api.fields import IdField, LanguageField, LineInput, PlainIntegerField, YesOrNoField
from eventhub.api.serializers import Body, RowSerializer
from eventhub.datetimes import TimeField
from eventhub.languages import Language
from events.models import MAX_CAPACITY, MAX_REMIND_HOURS, MAX_REMINDERS, EventStatus, Telling

TELLING = (
    "Which changes attendees get mails about: those by people (`usual`), also imports and commands (`all`), `none`."
)
REMINDERS = "Hours before the event at which registered people get a reminder."
LANGUAGE = "Of emails to people who chose none themselves. Empty: the site's."
STARTS, ENDS = "A date alone is the start of that day.", "A date alone is the end of that day."


class EventOrganizerSerializer(RowSerializer):
    user_id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="profile.name")
    contact = serializers.CharField(source="profile.contact")


class EventSerializer(RowSerializer):
    event_id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    description = serializers.CharField()
    date_time = TimeField()
    end_time = TimeField(allow_null=True)
    location = serializers.CharField()
    organizer_id = serializers.IntegerField()
    organizer = EventOrganizerSerializer()
    max_capacity = serializers.IntegerField()
    seats_taken = serializers.IntegerField()
    seats_left = serializers.IntegerField()
    waitlist = serializers.BooleanField(help_text="Whether the event has a waiting list.")
    waitlisted = serializers.IntegerField(help_text="The number of people on the waiting list.")
    status = serializers.ChoiceField(choices=EventStatus.choices)
    registration_opens = TimeField(allow_null=True)
    registration_closes = TimeField(allow_null=True)
    notifications = serializers.ChoiceField(choices=Telling.choices, help_text=TELLING)
    remind_hours = serializers.ListField(child=serializers.IntegerField(), help_text=REMINDERS)
    language = serializers.ChoiceField(choices=Language.choices, allow_blank=True, help_text=LANGUAGE)
    created_at = TimeField()
    updated_at = TimeField()

    computed = ("seats_left",)
    read_also = ("organizer__username",)
    example: ClassVar = {
        "event_id": 12,
        "title": "Night of the Telescopes",
        "description": "Bring a coat.",
        "date_time": "2027-05-01T19:00:00Z",
        "end_time": "2027-05-01T23:00:00Z",
        "location": "Observatory, north lawn",
        "organizer_id": 7,
        "organizer": {"user_id": 7, "name": "Olga's Lectures", "contact": "hello@example.org"},
        "max_capacity": 40,
        "seats_taken": 0,
        "seats_left": 40,
        "waitlist": True,
        "waitlisted": 0,
        "status": "upcoming",
        "registration_opens": "2027-03-05T09:00:00Z",
        "registration_closes": None,
        "notifications": "usual",
        "remind_hours": [24],
        "language": "de",
        "created_at": "2027-03-01T09:00:00Z",
        "updated_at": "2027-03-01T09:00:00Z",
    }

    def to_representation(self, event: Any) -> dict[str, Any]:
        body = super().to_representation(event)
        body["seats_left"] = body["max_capacity"] - body["seats_taken"]
        organizer = body["organizer"]
        if not organizer["name"]:
            organizer["name"] = getattr(event, "organizer__username", None) or event.organizer.username
        organizer["contact"] = organizer["contact"] or ""
        return body


class EventInput(Body):
    title = LineInput(max_length=255)
    date_time = TimeField(help_text=STARTS)
    location = LineInput(max_length=255)
    max_capacity = PlainIntegerField(min_value=1, max_value=MAX_CAPACITY)
    description = serializers.CharField(default="", allow_blank=True)
    status = serializers.ChoiceField(choices=EventStatus.choices, default=EventStatus.UPCOMING)
    organizer_id = IdField(required=False, help_text="Your own, unless you are an admin.")
    end_time = TimeField(end_of_day=True, required=False, allow_null=True, help_text=ENDS)
    waitlist = YesOrNoField(default=True)
    registration_opens = TimeField(required=False, allow_null=True, help_text=STARTS)
    registration_closes = TimeField(end_of_day=True, required=False, allow_null=True, help_text=ENDS)
    notifications = serializers.ChoiceField(choices=Telling.choices, default=Telling.USUAL, help_text=TELLING)
    remind_hours = serializers.ListField(
        child=PlainIntegerField(min_value=1, max_value=MAX_REMIND_HOURS),
        max_length=MAX_REMINDERS,
        required=False,
        help_text=REMINDERS,
    )
    language = LanguageField(default="", help_text=LANGUAGE)

    example: ClassVar = {
        "title": "Night of the Telescopes",
        "description": "Bring a coat.",
        "date_time": "2027-05-01T19:00:00Z",
        "end_time": "2027-05-01T23:00:00Z",
        "location": "Observatory, north lawn",
        "max_capacity": 40,
        "registration_opens": "2027-03-05T09:00:00Z",
    }
