"""An event in requests and responses. No rules here."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, ClassVar, cast

from django.utils import timezone
from rest_framework import serializers

from accounts.permissions import allowed
from eventhub.api.fields import (
    DegreesField,
    IdField,
    LanguageField,
    LineInput,
    PlainIntegerField,
    YesOrNoField,
    ZoneField,
)
from eventhub.api.serializers import Body, RowSerializer
from eventhub.datetimes import TimeField, zone_named
from eventhub.languages import Language
from events.models import (
    MAX_CAPACITY,
    MAX_REMIND_HOURS,
    MAX_REMINDERS,
    SLUG_LENGTH,
    Attendance,
    Event,
    EventStatus,
    Guests,
    TagKind,
    Telling,
    Visibility,
)
from events.models.tag_list import in_order
from events.services.tags import MAX_NAME, MAX_TAGS

TELLING = (
    "Which changes attendees get mails about: those by people (`usual`), also imports and commands (`all`), `none`."
)
REMINDERS = "Hours before the event at which registered people get a reminder."
LANGUAGE = "Of emails to people who chose none themselves. Empty: the site's."
ZONE = "Such as `Europe/Berlin`: in it times without an offset are read, and people read all times. Empty: the site's."
ONLINE = "Where people take part online. Shown only to people with a seat, on their registration."
ONLINE_FROM = "From when people with a seat see the link. Null: at once."
CANCEL = "Until when people may cancel their seat. Null: no deadline. Who runs the event is not bound by it."
EDIT = "Until when people may change their contact details and answers. Null: no deadline."
TRANSFER = "Until when people may change the name on their registration, and so pass the seat on. Null: no deadline."
VISIBILITY = (
    "`unlisted`: in no list but its organizer's and team's. `private`: exists only for them and for registered people."
)
SLUG = "Small letters, digits and hyphens. Empty: made from the title. Former addresses lead to the present one."
TAGS = "Names or slugs of tags and categories. A name that is new makes a tag."
GUESTS = (
    "Whether people may register without an account: no, with a seat once they confirm their address"
    " (`confirm_first`), or with a seat that is held for 30 minutes until they do (`hold`)."
)
HIDES_SEATS = "Whether public pages say `free`, `few` or `none` in place of the number of seats."
STARTS, ENDS = "A date alone is the start of that day.", "A date alone is the end of that day."


class EventOrganizerSerializer(RowSerializer):
    user_id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="profile.name")
    contact = serializers.CharField(source="profile.contact")


class LocalTimesSerializer(serializers.Serializer[Any]):
    begins = serializers.CharField()
    ends = serializers.CharField(allow_null=True)


class EventTagSerializer(RowSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=TagKind.choices)


class EventSerializer(RowSerializer):
    event_id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    description = serializers.CharField()
    date_time = TimeField()
    end_time = TimeField(allow_null=True)
    location = serializers.CharField()
    organizer_id = serializers.IntegerField()
    organizer = EventOrganizerSerializer()
    series_id = serializers.IntegerField(allow_null=True, help_text="The series that it is a date of.")
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
    time_zone = serializers.CharField(help_text=ZONE)
    local = LocalTimesSerializer(help_text="The times by the clock of the event's time zone, with its offset.")
    attendance = serializers.ChoiceField(choices=Attendance.choices)
    venue = serializers.CharField()
    address = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    online_url = serializers.CharField(
        allow_null=True, help_text="Empty without a link. Null in lists, and for everybody who cannot change the event."
    )
    online_from = TimeField(allow_null=True, help_text=ONLINE_FROM)
    cancel_until = TimeField(allow_null=True, help_text=CANCEL)
    edit_until = TimeField(allow_null=True, help_text=EDIT)
    transfer_until = TimeField(allow_null=True, help_text=TRANSFER)
    visibility = serializers.ChoiceField(choices=Visibility.choices, help_text=VISIBILITY)
    slug = serializers.CharField(help_text="The address of its page, `/e/<slug>`. Empty for drafts and private events.")
    tags = EventTagSerializer(many=True, source="tag_list")
    guests = serializers.ChoiceField(choices=Guests.choices, help_text=GUESTS)
    hides_seats = serializers.BooleanField(help_text=HIDES_SEATS)
    created_at = TimeField()
    updated_at = TimeField()

    computed = ("seats_left", "local", "online_url")
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
        "series_id": None,
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
        "time_zone": "Europe/Berlin",
        "local": {"begins": "2027-05-01T21:00:00+02:00", "ends": "2027-05-02T01:00:00+02:00"},
        "attendance": "mixed",
        "venue": "Royal Observatory",
        "address": "1 Star Hill, Berlin",
        "latitude": 52.516275,
        "longitude": 13.377704,
        "online_url": None,
        "online_from": None,
        "cancel_until": "2027-04-29T22:00:00Z",
        "edit_until": None,
        "transfer_until": None,
        "visibility": "public",
        "slug": "night-of-the-telescopes",
        "tags": [{"slug": "astronomy", "name": "Astronomy", "kind": "category"}],
        "guests": "confirm_first",
        "hides_seats": False,
        "created_at": "2027-03-01T09:00:00Z",
        "updated_at": "2027-03-01T09:00:00Z",
    }

    def to_representation(self, event: Any) -> dict[str, Any]:
        body = super().to_representation(event)
        body["seats_left"] = body["max_capacity"] - body["seats_taken"]
        body["local"] = local_times(body["date_time"], body["end_time"], zone_named(body["time_zone"]))
        if not isinstance(event, tuple) and self._may_change(event):
            body["online_url"] = event.online_url
        body["tags"] = in_order(body["tags"])
        organizer = body["organizer"]
        if not organizer["name"]:
            organizer["name"] = getattr(event, "organizer__username", None) or event.organizer.username
        organizer["contact"] = organizer["contact"] or ""
        return body

    def _may_change(self, event: Any) -> bool:
        request = self.context.get("request")
        return request is not None and request.user.is_authenticated and allowed(request.user, "event", "update", event)


def local_times(begins: datetime, ends: datetime | None, zone: tzinfo) -> dict[str, str | None]:
    return {"begins": begins.astimezone(zone).isoformat(), "ends": ends.astimezone(zone).isoformat() if ends else None}


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
    time_zone = ZoneField(default="", help_text=ZONE)
    attendance = serializers.ChoiceField(choices=Attendance.choices, default=Attendance.OFFLINE)
    venue = LineInput(max_length=255, default="", allow_blank=True)
    address = LineInput(max_length=255, default="", allow_blank=True)
    latitude = DegreesField(required=False, allow_null=True, help_text="WGS 84; with `longitude`, or neither.")
    longitude = DegreesField(required=False, allow_null=True)
    online_url = LineInput(max_length=500, default="", allow_blank=True, help_text=ONLINE)
    online_from = TimeField(required=False, allow_null=True, help_text=ONLINE_FROM)
    cancel_until = TimeField(end_of_day=True, required=False, allow_null=True, help_text=f"{CANCEL} {ENDS}")
    edit_until = TimeField(end_of_day=True, required=False, allow_null=True, help_text=f"{EDIT} {ENDS}")
    transfer_until = TimeField(end_of_day=True, required=False, allow_null=True, help_text=f"{TRANSFER} {ENDS}")
    visibility = serializers.ChoiceField(choices=Visibility.choices, default=Visibility.PUBLIC, help_text=VISIBILITY)
    slug = serializers.CharField(required=False, allow_blank=True, max_length=SLUG_LENGTH, help_text=SLUG)
    tags = serializers.ListField(
        child=LineInput(max_length=MAX_NAME), max_length=MAX_TAGS, required=False, help_text=TAGS
    )
    guests = serializers.ChoiceField(choices=Guests.choices, default=Guests.NO, help_text=GUESTS)
    hides_seats = YesOrNoField(default=False, help_text=HIDES_SEATS)

    example: ClassVar = {
        "title": "Night of the Telescopes",
        "description": "Bring a coat.",
        "date_time": "2027-05-01T19:00:00Z",
        "end_time": "2027-05-01T23:00:00Z",
        "location": "Observatory, north lawn",
        "max_capacity": 40,
        "registration_opens": "2027-03-05T09:00:00Z",
    }

    def to_internal_value(self, data: Any) -> Any:
        """Read times without offset in the zone of the body, else of the event, wherever the body names it."""
        with timezone.override(self._zone(data)):
            return super().to_internal_value(data)

    def _zone(self, data: Any) -> tzinfo:
        named = self.validated_field("time_zone") if isinstance(data, Mapping) else None
        if named is None and self.instance is not None:
            return cast(Event, self.instance).zone
        return zone_named(named or "")
