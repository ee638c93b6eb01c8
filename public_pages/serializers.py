"""What the public API shows. No rules here."""

from typing import Any, ClassVar

from django.conf import settings
from rest_framework import serializers

from eventhub.api.serializers import RowSerializer
from eventhub.datetimes import TimeField, zone_named
from events.models import Attendance, EventStatus, Guests
from events.models.tag_list import in_order
from events.serializers import EventOrganizerSerializer, EventTagSerializer, LocalTimesSerializer, local_times
from events.services.slugs import page_path
from public_pages.seats import Seats, shown_seats

FEW = "`few`: at most a tenth of the seats, or three. `none`: also while people wait for one."
HIDDEN = "Null where the organizer hides numbers."


class PublicEventSerializer(RowSerializer):
    event_id = serializers.IntegerField(source="pk")
    slug = serializers.CharField(help_text="The address of its page. Empty: its id.")
    url = serializers.URLField(help_text="Its page.")
    title = serializers.CharField()
    description = serializers.CharField()
    date_time = TimeField()
    end_time = TimeField(allow_null=True)
    time_zone = serializers.CharField(help_text="IANA's name.")
    local = LocalTimesSerializer(help_text="The times in the event's zone.")
    location = serializers.CharField()
    attendance = serializers.ChoiceField(choices=Attendance.choices)
    venue = serializers.CharField()
    address = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    organizer = EventOrganizerSerializer()
    status = serializers.ChoiceField(choices=[choice for choice in EventStatus.choices if choice[0] != "draft"])
    seats = serializers.ChoiceField(choices=[state.value for state in Seats], help_text=FEW)
    seats_left = serializers.IntegerField(allow_null=True, help_text=HIDDEN)
    max_capacity = serializers.IntegerField(allow_null=True, help_text=HIDDEN)
    waitlist = serializers.BooleanField(help_text="Whether the event has a waiting list.")
    registration_opens = TimeField(allow_null=True)
    registration_closes = TimeField(allow_null=True)
    guests = serializers.ChoiceField(choices=Guests.choices, help_text="Whether people may register without account.")
    tags = EventTagSerializer(many=True, source="tag_list")
    updated_at = TimeField()

    computed = ("url", "local", "seats", "seats_left")
    read_also = ("organizer__username", "seats_taken", "waitlisted", "hides_seats", "created_at")
    example: ClassVar = {
        "event_id": 12,
        "slug": "night-of-the-telescopes",
        "url": "https://events.example.org/e/night-of-the-telescopes",
        "title": "Night of the Telescopes",
        "description": "Bring a coat.",
        "date_time": "2027-05-01T19:00:00Z",
        "end_time": "2027-05-01T23:00:00Z",
        "time_zone": "Europe/Berlin",
        "local": {"begins": "2027-05-01T21:00:00+02:00", "ends": "2027-05-02T01:00:00+02:00"},
        "location": "Observatory, north lawn",
        "attendance": "offline",
        "venue": "Observatory",
        "address": "Hill Road 1",
        "latitude": None,
        "longitude": None,
        "organizer": {"user_id": 7, "name": "Olga's Lectures", "contact": "hello@example.org"},
        "status": "upcoming",
        "seats": "free",
        "seats_left": 40,
        "max_capacity": 40,
        "waitlist": True,
        "registration_opens": "2027-03-05T09:00:00Z",
        "registration_closes": None,
        "guests": "confirm_first",
        "tags": [{"slug": "astronomy", "name": "Astronomy", "kind": "category"}],
        "updated_at": "2027-03-01T09:00:00Z",
    }

    def to_representation(self, event: Any) -> dict[str, Any]:
        body = super().to_representation(event)
        zone = zone_named(body["time_zone"])
        body["url"] = f"{settings.PUBLIC_URL}{page_path(event)}"
        body["time_zone"] = zone.key
        body["local"] = local_times(body["date_time"], body["end_time"], zone)
        body["seats"], body["seats_left"], body["max_capacity"] = shown_seats(event)
        body["tags"] = in_order(body["tags"])
        organizer = body["organizer"]
        if not organizer["name"]:
            organizer["name"] = getattr(event, "organizer__username", None) or event.organizer.username
        organizer["contact"] = organizer["contact"] or ""
        return body


class PublicOrganizerSerializer(RowSerializer):
    user_id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="public_profile.public_name")
    contact = serializers.CharField(source="public_profile.contact")
    about = serializers.CharField(source="public_profile.about")
    url = serializers.URLField(help_text="Their page.")

    computed = ("url",)
    example: ClassVar = {
        "user_id": 7,
        "name": "Olga's Lectures",
        "contact": "hello@example.org",
        "about": "Astronomy for everybody, since 1998.",
        "url": "https://events.example.org/o/7",
    }

    def to_representation(self, organizer: Any) -> dict[str, Any]:
        profile = organizer.public_profile
        return {
            "user_id": organizer.pk,
            "name": profile.public_name,
            "contact": profile.contact,
            "about": profile.about,
            "url": f"{settings.PUBLIC_URL}/o/{organizer.pk}",
        }
