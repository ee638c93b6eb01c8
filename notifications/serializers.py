"""The mails about events and registrations in requests and responses. No rules here."""

from typing import Any, ClassVar

from rest_framework import serializers

from eventhub.api.fields import DetailsInput, LineInput
from eventhub.api.serializers import Body, RowSerializer
from eventhub.datetimes import TimeField
from notifications.mails import RenderedMail
from notifications.models import Kind, State
from notifications.services.templates import MAX_BODY, MAX_SUBJECT, EventWording


class TemplateSerializer(serializers.Serializer[EventWording]):
    kind = serializers.ChoiceField(choices=Kind.choices)
    subject = serializers.CharField()
    body = serializers.CharField()
    is_default = serializers.BooleanField(help_text="Whether these are the words of every event without its own.")
    placeholders = serializers.ListField(
        child=serializers.CharField(), help_text="The names that `{name}` may have in `subject` and `body`."
    )

    example: ClassVar = {
        "kind": "reminder",
        "subject": "Tomorrow: {event}",
        "body": "Hello {name},\n\nthe dome is cold, so please bring a coat.\n\n{link}",
        "is_default": False,
        "placeholders": ["name", "event", "date", "place", "organizer", "link"],
    }


class TemplatesSerializer(serializers.Serializer[Any]):
    results = TemplateSerializer(many=True)

    example: ClassVar = {"results": [TemplateSerializer.example]}


class TemplateInput(Body):
    subject = LineInput(max_length=MAX_SUBJECT)
    body = DetailsInput(max_length=MAX_BODY, help_text="Plain text. `{link}` alone in a paragraph becomes a button.")

    example: ClassVar = {name: TemplateSerializer.example[name] for name in ("subject", "body")}


class PreviewInput(Body):
    subject = LineInput(max_length=MAX_SUBJECT, required=False)
    body = DetailsInput(max_length=MAX_BODY, required=False)

    example: ClassVar = {**TemplateInput.example, "subject": "Tomorrow, with a coat"}


class PreviewSerializer(serializers.Serializer[RenderedMail]):
    subject = serializers.CharField()
    text = serializers.CharField()
    html = serializers.CharField()

    example: ClassVar = {
        "subject": "Tomorrow, with a coat",
        "text": "Hello Robin Example,\n\nthe dome is cold, so please bring a coat. ...",
        "html": "<!doctype html> ...",
    }


class NoticeSerializer(RowSerializer):
    notification_id = serializers.IntegerField(source="pk")
    kind = serializers.ChoiceField(choices=Kind.choices)
    state = serializers.ChoiceField(
        choices=State.choices, source="shown_state", help_text="`skipped`: it was not true any more, or not wanted."
    )
    created_at = TimeField()
    done_at = TimeField(allow_null=True, help_text="When it was sent, skipped or given up.")

    example: ClassVar = {
        "notification_id": 77,
        "kind": "registered",
        "state": "sent",
        "created_at": "2027-03-10T10:30:01Z",
        "done_at": "2027-03-10T10:30:03Z",
    }
