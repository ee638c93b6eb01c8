from typing import ClassVar

from rest_framework import serializers

from checkin.services.tickets import Ticket
from registrations.serializers import AttendeeEventSerializer


class TicketLinksSerializer(serializers.Serializer[Ticket]):
    svg = serializers.URLField()
    png = serializers.URLField()
    pdf = serializers.URLField(help_text="A6. A 501 `not_installed` on servers without the library.")
    calendar = serializers.URLField()
    page = serializers.URLField(help_text="Needs no sign-in: whoever has the link has the ticket.")


class TicketSerializer(serializers.Serializer[Ticket]):
    attendee_id = serializers.IntegerField(source="registration.pk")
    code = serializers.CharField(help_text="What the QR code holds. Whoever has it can come in.")
    valid = serializers.BooleanField(source="is_valid", help_text="False if the event is cancelled or completed.")
    issue = serializers.IntegerField(source="registration.issue", help_text="How often the ticket was replaced.")
    name = serializers.CharField(source="registration.name")
    event = AttendeeEventSerializer(source="registration.event")
    links = TicketLinksSerializer()

    example: ClassVar = {
        "attendee_id": 31,
        "code": "EH040000003W000K54S3MVVW8N7VHCKR8N",
        "valid": True,
        "issue": 0,
        "name": "bob",
        "event": AttendeeEventSerializer.example,
        "links": {
            "svg": "https://eventhub.example.org/attendees/31/ticket.svg",
            "png": "https://eventhub.example.org/attendees/31/ticket.png",
            "pdf": "https://eventhub.example.org/attendees/31/ticket.pdf",
            "calendar": "https://eventhub.example.org/attendees/31/calendar.ics",
            "page": "https://eventhub.example.org/t/EH040000003W000K54S3MVVW8N7VHCKR8N",
        },
    }
