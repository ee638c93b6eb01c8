"""The mails about events and registrations in requests and responses. No rules here."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts.models import Digest
from eventhub.api.fields import DetailsInput, IdField, LanguageField, LineInput
from eventhub.api.filters import MAX_SEARCH_LENGTH, MIN_SEARCH_LENGTH
from eventhub.api.serializers import Body, RowSerializer
from eventhub.datetimes import TimeField
from eventhub.db.text_search import may_be_word
from eventhub.languages import Language
from notifications.mails import RenderedMail
from notifications.models import Kind, MessageState, OptOutScope, State
from notifications.selectors.messages import count_by_state
from notifications.services.preferences import SWITCHES, Notices, Preferences, Unwanted
from notifications.services.templates import MAX_BODY, MAX_SUBJECT, EventWording
from notifications.texts import COMMON
from registrations.models import RegistrationStatus

PLACEHOLDERS = ", ".join(f"`{{{name}}}`" for name in COMMON)


TEMPLATE_LANGUAGE = "As the parameter in the URL, and instead of it."


class TemplateSerializer(serializers.Serializer[EventWording]):
    kind = serializers.ChoiceField(choices=Kind.choices)
    language = serializers.ChoiceField(
        choices=Language.choices, allow_blank=True, help_text="Empty: of all languages without words of their own."
    )
    subject = serializers.CharField()
    body = serializers.CharField()
    is_default = serializers.BooleanField(help_text="Whether these are the words of every event without its own.")
    placeholders = serializers.ListField(
        child=serializers.CharField(), help_text="The names that `{name}` may have in `subject` and `body`."
    )

    example: ClassVar = {
        "kind": "reminder",
        "language": "",
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
    language = LanguageField(required=False, help_text=TEMPLATE_LANGUAGE)

    example: ClassVar = {name: TemplateSerializer.example[name] for name in ("subject", "body")}


class PreviewInput(Body):
    subject = LineInput(max_length=MAX_SUBJECT, required=False)
    body = DetailsInput(max_length=MAX_BODY, required=False)
    language = LanguageField(required=False, help_text=TEMPLATE_LANGUAGE)

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
        choices=State.choices,
        source="shown_state",
        help_text="`skipped`: not true any more, or not wanted. `stopped`: by an admin.",
    )
    created_at = TimeField()
    done_at = TimeField(
        allow_null=True,
        source="shown_done_at",
        help_text="When it was sent, skipped or given up. Null for organizers where the person was added by address.",
    )

    example: ClassVar = {
        "notification_id": 77,
        "kind": "registered",
        "state": "sent",
        "created_at": "2027-03-10T10:30:01Z",
        "done_at": "2027-03-10T10:30:03Z",
    }


class AudienceSerializer(serializers.Serializer[Any]):
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=RegistrationStatus.choices),
        required=False,
        allow_empty=False,
        help_text="Absent: all but `cancelled`.",
    )
    search = LineInput(
        max_length=MAX_SEARCH_LENGTH, required=False, help_text="As in the list of attendees; at least 3 characters."
    )
    checked_in = serializers.BooleanField(required=False, help_text="Whether the person is marked as attended.")

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown keys: a misspelt one would write to everybody."""
        if unknown := data.keys() - self.fields.keys() if isinstance(data, dict) else ():
            known = ", ".join(self.fields)
            raise serializers.ValidationError({min(unknown, key=str): [f"Unknown key. Choose one of {known}."]})
        return dict(super().to_internal_value(data))

    def validate_search(self, text: str) -> str:
        if not may_be_word(text, MIN_SEARCH_LENGTH):
            raise serializers.ValidationError(f"Enter at least {MIN_SEARCH_LENGTH} characters.")
        return text


class MessageInput(Body):
    subject = LineInput(max_length=200, help_text=f"May have placeholders: {PLACEHOLDERS}.")
    body = DetailsInput(max_length=10_000, help_text="Plain text, with the same placeholders.")
    audience = AudienceSerializer(required=False)
    send_at = TimeField(required=False, allow_null=True, help_text="Absent: at once. Within the next year.")
    dry_run = serializers.BooleanField(default=False, help_text="Send nothing: see whom it would reach, and a sample.")

    example: ClassVar[dict[str, Any]] = {
        "subject": "Bring warm clothes to {event}",
        "body": "Hello {name},\n\nit will be cold. See you at {place}!",
        "audience": {"status": ["registered"]},
    }


class MessageSerializer(RowSerializer):
    message_id = serializers.IntegerField(source="pk")
    event_id = serializers.IntegerField()
    user_id = serializers.IntegerField(
        source="by_id", allow_null=True, help_text="Who wrote it. Null once the account is deleted."
    )
    subject = serializers.CharField()
    body = serializers.CharField()
    audience = AudienceSerializer()
    state = serializers.ChoiceField(choices=MessageState.choices)
    send_at = TimeField(allow_null=True)
    created_at = TimeField()
    recipients = serializers.IntegerField(help_text="People in the audience when it was written.")
    example: ClassVar[dict[str, Any]] = {
        "message_id": 4,
        "event_id": 12,
        "user_id": 7,
        **MessageInput.example,
        "state": "queued",
        "send_at": None,
        "created_at": "2027-04-28T10:00:00Z",
        "recipients": 38,
    }


class MessageProgressSerializer(MessageSerializer):
    queued = serializers.IntegerField(help_text="Mails that wait.")
    sent = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Sent, for organizers, where people were added by address.")
    skipped = serializers.IntegerField(
        help_text="Not sent: stopped, overtaken, or because of the account, such as one that wants no such mails. The"
        " last counts as sent for organizers where people were added by address."
    )

    computed = ("queued", "sent", "failed", "skipped")
    example: ClassVar[dict[str, Any]] = {
        **MessageSerializer.example,
        "queued": 0,
        "sent": 0,
        "failed": 0,
        "skipped": 0,
    }

    def to_representation(self, message: Any) -> dict[str, Any]:
        reader = self.context["request"].user
        numbers = count_by_state(message.event_id, [message.pk], reader=reader)
        return {**super().to_representation(message), **numbers[message.pk]}


class MessageSampleSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField()
    text = serializers.CharField()


class MessageTrialSerializer(serializers.Serializer[Any]):
    recipients = serializers.IntegerField(help_text="People whom the message would reach now.")
    sample = MessageSampleSerializer(help_text="The email to an invented person.")

    example: ClassVar[dict[str, Any]] = {
        "recipients": 38,
        "sample": {
            "subject": "Bring warm clothes to Night of the Telescopes",
            "text": "Hello Robin Example,\n\nit will be cold. See you at Observatory, north lawn! ...",
        },
    }


MAX_OPT_OUTS = 1_000
LANGUAGE = "Of your emails. Empty: that of the event, or of the site."
SCOPES = [(scope.value, scope.label) for scope in OptOutScope if scope not in SWITCHES]


class OptOutSerializer(serializers.Serializer[Unwanted]):
    scope = serializers.ChoiceField(choices=SCOPES)
    organizer_id = serializers.IntegerField(allow_null=True, help_text="With the scope `organizer`, null otherwise.")
    event_id = serializers.IntegerField(allow_null=True, help_text="With the scope `event`, null otherwise.")


class OptOutInput(OptOutSerializer):
    organizer_id = IdField(allow_null=True, required=False, help_text="With the scope `organizer` alone.")
    event_id = IdField(allow_null=True, required=False, help_text="With the scope `event` alone.")

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        if "scope" not in values:  # a field of a body that keeps absent keys is never required
            raise serializers.ValidationError({"scope": [self.fields["scope"].error_messages["required"]]})
        unwanted = Unwanted(**values)
        names = {name for name in ("organizer", "event") if values.get(f"{name}_id") is not None}
        if names != {unwanted.scope} & {"organizer", "event"}:
            raise serializers.ValidationError({"scope": ["Send organizer_id or event_id exactly as the scope needs."]})
        return unwanted


class PreferencesSerializer(serializers.Serializer[Preferences]):
    notices = serializers.ChoiceField(choices=Notices.choices, help_text="`essential` leaves out reminders.")
    opt_outs = OptOutSerializer(many=True)
    digest = serializers.ChoiceField(
        choices=Digest.choices,
        allow_null=True,
        help_text="How often a summary of your own events comes; there is none if nothing happened. Null for users who"
        " are no organizers.",
    )
    language = serializers.ChoiceField(choices=Language.choices, allow_blank=True, help_text=LANGUAGE)

    example: ClassVar = {
        "notices": "essential",
        "opt_outs": [{"scope": "organizer", "organizer_id": 8, "event_id": None}],
        "digest": "weekly",
        "language": "de",
    }


class PreferencesInput(Body):
    notices = serializers.ChoiceField(choices=Notices.choices)
    opt_outs = serializers.ListField(child=OptOutInput(), max_length=MAX_OPT_OUTS, help_text="Replaces all.")
    digest = serializers.ChoiceField(
        choices=Digest.choices, allow_null=True, help_text="For organizers and admins. Null changes nothing."
    )
    language = LanguageField(help_text=LANGUAGE)

    example: ClassVar = {
        "notices": "essential",
        "opt_outs": [{"scope": "everything", "organizer_id": None, "event_id": None}],
        "digest": "daily",
        "language": "de",
    }
