"""Guests in requests and responses. No rules here."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.serializers import AddressInput
from eventhub.api.fields import LanguageField, LineInput, YesOrNoField
from eventhub.api.serializers import Body
from notifications.tokens import make_link
from registrations.models import Registration, RegistrationStatus

WAIT = "Take a place on the waiting list if no seat is free."
ANSWERS = 'To the questions of the event: `{"12": "Vegan"}`.'


class GuestRequestInput(Body):
    name = LineInput(max_length=255)
    email = AddressInput(max_length=254)
    phone = LineInput(max_length=255, required=False, allow_blank=True)
    language = LanguageField(required=False, help_text="Of the email. Empty: that of the event.")
    wait = YesOrNoField(default=False, help_text=WAIT)
    answers = serializers.DictField(required=False, help_text=ANSWERS)
    captcha = serializers.CharField(required=False, max_length=8192, help_text="What the captcha's script has given.")

    example: ClassVar = {"name": "Anna", "email": "anna@example.org"}


class GuestRequestSerializer(serializers.Serializer[Any]):
    email = serializers.CharField(help_text="Where a link is sent to.")

    example: ClassVar = {"email": "anna@example.org"}


class ConfirmationInput(Body):
    token = serializers.CharField(max_length=500)
    wait = YesOrNoField(default=False, help_text=WAIT)
    answers = serializers.DictField(required=False, help_text=ANSWERS)

    example: ClassVar = {"token": "31-6f3d0c1b9a7e5d42.Zq3..."}


class ConfirmedRegistrationSerializer(serializers.Serializer[Registration]):
    attendee_id = serializers.IntegerField(source="pk")
    event_id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=RegistrationStatus.choices)
    name = serializers.CharField()
    waitlist_position = serializers.IntegerField(allow_null=True)
    manage_url = serializers.CharField(help_text="A secret: whoever has it can cancel the registration.")

    example: ClassVar = {
        "attendee_id": 31,
        "event_id": 12,
        "status": "registered",
        "name": "Anna",
        "waitlist_position": None,
        "manage_url": "https://events.example.org/r/31-88ec4de7fd103490.nZlZV...",
    }

    def to_representation(self, registration: Registration) -> dict[str, Any]:
        return {
            "attendee_id": registration.pk,
            "event_id": registration.event_id,
            "status": registration.status,
            "name": registration.name,
            "waitlist_position": registration.waitlist_position(),
            "manage_url": make_link(registration),
        }
