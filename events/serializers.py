"""The shape of an event in bodies. No rules here."""

from typing import Any, ClassVar

from rest_framework import serializers

from eventhub.api.fields import IdField
from eventhub.api.parsers import Body
from eventhub.datetimes import TimeField
from events.bodies import EventRow
from events.models import MAX_CAPACITY, Event, EventStatus


class EventOrganizerSerializer(serializers.Serializer[Any]):
    user_id = serializers.IntegerField()
    name = serializers.CharField()
    contact = serializers.CharField()


class EventSerializer(serializers.Serializer[Event]):
    """What `EventRow.body` writes."""

    event_id = serializers.IntegerField()
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
    waitlist = serializers.BooleanField(help_text="Whether people may queue.")
    waitlisted = serializers.IntegerField(help_text="How many do.")
    status = serializers.ChoiceField(choices=EventStatus.choices)
    registration_opens = TimeField(allow_null=True)
    registration_closes = TimeField(allow_null=True)
    created_at = TimeField()
    updated_at = TimeField()

    row = EventRow
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
        "seats_taken": 40,
        "seats_left": 0,
        "waitlist": True,
        "waitlisted": 3,
        "status": "upcoming",
        "registration_opens": None,
        "registration_closes": None,
        "created_at": "2027-03-01T09:00:00Z",
        "updated_at": "2027-03-01T09:00:00Z",
    }


class EventInput(Body):
    title = serializers.CharField(max_length=255)
    date_time = TimeField()
    location = serializers.CharField(max_length=255)
    max_capacity = serializers.IntegerField(min_value=1, max_value=MAX_CAPACITY)
    description = serializers.CharField(required=False, allow_blank=True)
    status = serializers.ChoiceField(choices=EventStatus.choices, required=False)
    organizer_id = IdField(required=False, help_text="Another's is for admins.")
    end_time = TimeField(required=False, allow_null=True)
    waitlist = serializers.BooleanField(required=False)
    registration_opens = TimeField(required=False, allow_null=True)
    registration_closes = TimeField(required=False, allow_null=True)

    example: ClassVar = {
        "title": "Night of the Telescopes",
        "date_time": "2027-05-01T19:00:00Z",
        "location": "Observatory, north lawn",
        "max_capacity": 40,
    }
