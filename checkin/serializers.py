from typing import Any, ClassVar

from rest_framework import serializers

from checkin.services.bundles import Bundle
from checkin.services.tickets import Ticket
from eventhub.api.fields import IdField
from registrations.models import RegistrationStatus
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


class BundleQuery(serializers.Serializer[Any]):
    after = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=60,
        help_text="The `cursor` of your last answer. Absent: the whole bundle.",
    )
    checkpoint_id = IdField(
        required=False, min_value=1, help_text="Where entries are counted. Absent: at the entrance of the event."
    )


class BundleTicketSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(help_text="The registration.")
    h = serializers.CharField(help_text="The first 16 bytes of the SHA-256 of the ticket's code, in base64.")
    s = serializers.ChoiceField(RegistrationStatus.choices, help_text="The status of the registration.")
    e = serializers.IntegerField(help_text="Entries at the checkpoint.")
    at = serializers.DateTimeField(allow_null=True, help_text="The last entry at the checkpoint.")
    x = serializers.CharField(
        required=False,
        help_text='`{"name": ..., "ask": [ids of questions]}`, for a person with a seat: base64 of'
        " 12 bytes of nonce and AES-256-GCM. The key is HKDF-SHA256 of the code, without salt, with the"
        " info `eventhub ticket`.",
    )

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "in": serializers.BooleanField(help_text="Inside at the checkpoint.")}


class BundleSerializer(serializers.Serializer[Bundle]):
    event_id = serializers.IntegerField()
    checkpoint_id = serializers.IntegerField(allow_null=True, help_text="Null: nobody has come in yet.")
    generated_at = serializers.DateTimeField()
    cursor = serializers.CharField(help_text="For `after`.")
    is_whole = serializers.BooleanField(help_text="True: replace all that you have. False: apply these changes.")
    count = serializers.IntegerField(
        help_text="Entries of the whole bundle. If you have another number then, ask for all of it."
    )
    questions = serializers.DictField(
        child=serializers.CharField(), help_text="The text of each question in `ask` and `ask_walk_ins` of this answer."
    )
    ask_walk_ins = serializers.ListField(
        child=serializers.IntegerField(), help_text="What to ask people who are added by name: ids of questions."
    )
    tickets = BundleTicketSerializer(many=True, help_text="Replaces all entries with the same `id`.")
    revoked = serializers.ListField(child=serializers.CharField(), help_text="`h` of tickets that were replaced.")
    removed = serializers.ListField(child=serializers.IntegerField(), help_text="`id` of deleted registrations.")

    example: ClassVar = {
        "event_id": 7,
        "checkpoint_id": 3,
        "generated_at": "2031-05-02T17:30:00Z",
        "cursor": "3.1.1935509340000000",
        "is_whole": True,
        "count": 1,
        "questions": {"12": "Which shirt?"},
        "ask_walk_ins": [12],
        "tickets": [
            {
                "id": 31,
                "h": "3q2+7wABAgMEBQYHCAkKCw==",
                "s": "registered",
                "e": 0,
                "in": False,
                "at": None,
                "x": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCU=",
            }
        ],
        "revoked": [],
        "removed": [],
    }

    def to_representation(self, bundle: Bundle) -> dict[str, Any]:
        # Tens of thousands of entries, which are what the fields above say already.
        return vars(bundle)
