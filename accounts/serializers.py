"""Accounts, tokens and profiles in requests and responses. No rules here."""

from typing import Any, ClassVar

from django.contrib.auth.validators import ASCIIUsernameValidator
from rest_framework import serializers

from accounts.email_addresses import as_typed, normalize_email, refuse_unusable
from accounts.models import Role
from accounts.permissions import Scope
from accounts.services.accounts import MAX_PASSWORD_LENGTH
from accounts.services.api_tokens import NewToken
from eventhub.api.fields import LineInput
from eventhub.api.serializers import Body, RowSerializer
from eventhub.datetimes import TimeField


class RoleField(serializers.ChoiceField):
    """A role; `attendee` is another spelling of `user` on the way in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Role.choices, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(Role.USER.value if data == "attendee" else data)


class AddressInput(serializers.EmailField):
    """An address in its canonical form. Normalizes before checking the length: lower case can be longer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(refuse_unusable)

    def to_internal_value(self, data: Any) -> str:
        return normalize_email(super().to_internal_value(data))


class TypedAddressInput(AddressInput):
    """Validates the canonical form, but returns the address as it was sent."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        super().run_validation(data)
        return as_typed(str(data))


class UserSerializer(RowSerializer):
    user_id = serializers.IntegerField(source="pk")
    username = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Role.choices)
    email_verified = serializers.BooleanField(help_text="Whether the person has shown that the address is theirs.")
    created_at = TimeField()
    updated_at = TimeField()

    example: ClassVar = {
        "user_id": 7,
        "username": "olga",
        "email": "olga@example.org",
        "role": "organizer",
        "email_verified": False,
        "created_at": "2026-03-01T09:00:00Z",
        "updated_at": "2026-03-01T09:00:00Z",
    }

    def to_representation(self, user: Any) -> dict[str, Any]:
        body = super().to_representation(user)
        body["email_verified"] = bool(body["email_verified"])
        return body


class SignUpInput(Body):
    username = serializers.CharField(max_length=150, validators=[ASCIIUsernameValidator()])
    email = AddressInput(max_length=254)
    password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False, write_only=True)
    role = RoleField(default=Role.USER)

    example: ClassVar = {
        "username": "olga",
        "email": "olga@example.org",
        "password": "a-long-passphrase",
        "role": "organizer",
    }


class AccountInput(SignUpInput):
    current_password = serializers.CharField(
        required=False,
        trim_whitespace=False,
        write_only=True,
        help_text="Your own. Needed for a new password, email or admin if you signed in more than 15 minutes ago.",
    )

    example: ClassVar = {"email": "olga@example.com", "current_password": "a-long-passphrase"}


class LoginInput(Body):
    username = serializers.CharField(help_text="The username or the email address.")
    password = serializers.CharField(trim_whitespace=False, write_only=True)

    example: ClassVar = {"username": "olga", "password": "a-long-passphrase"}


class RefreshInput(Body):
    refresh = serializers.CharField()

    example: ClassVar = {"refresh": "eyJhbGciOiJIUzI1NiIs..."}


class ResetInput(Body):
    email = AddressInput(max_length=254)

    example: ClassVar = {"email": "olga@example.org"}


class LinkInput(Body):
    token = serializers.CharField(max_length=500, help_text="From the link in the mail.")

    example: ClassVar = {"token": "WzcsIjBmM2Ei...XQ.1vNqXo.Jx0wZQ..."}


class NewPasswordInput(LinkInput):
    password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False, write_only=True)

    example: ClassVar = {**LinkInput.example, "password": "another-long-passphrase"}


class TokenPairSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()
    refresh = serializers.CharField()

    example: ClassVar = {"token": "eyJhbGciOiJIUzI1NiIs...", "refresh": "eyJhbGciOiJIUzI1NiIs..."}


class ProfileSerializer(RowSerializer):
    user_id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="public_name")
    contact = serializers.CharField()
    about = serializers.CharField()

    example: ClassVar = {
        "user_id": 7,
        "name": "Olga's Lectures",
        "contact": "hello@example.org",
        "about": "Evenings about science.",
    }


class ProfileInput(Body):
    name = LineInput(max_length=255, allow_blank=True, help_text="Empty: the username.")
    contact = LineInput(max_length=255, allow_blank=True)
    about = serializers.CharField(allow_blank=True)

    example: ClassVar = {"name": "Olga's Lectures", "contact": "hello@example.org"}


SCOPES = [(scope.value, scope.value) for scope in Scope]


class TokenSerializer(RowSerializer):
    token_id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    created_at = TimeField()
    expires_at = TimeField()
    last_used_at = TimeField(allow_null=True, help_text="To the minute; null before the first use.")

    example: ClassVar[dict[str, Any]] = {
        "token_id": 3,
        "name": "Website",
        "scopes": ["attendees:write", "events:read"],
        "created_at": "2026-03-01T09:00:00Z",
        "expires_at": "2026-05-30T09:00:00Z",
        "last_used_at": None,
    }


class NewTokenSerializer(TokenSerializer):
    token = serializers.CharField(help_text="Shown only once.")

    computed = ("token",)
    example: ClassVar[dict[str, Any]] = {
        **TokenSerializer.example,
        "token": "evh_4fGx9mQp2LrT7vKc1WzB...",
    }

    def to_representation(self, made: NewToken) -> dict[str, Any]:
        return {**super().to_representation(made.token), "token": made.secret}


class TokenInput(Body):
    name = LineInput(max_length=100, help_text="What it is for.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), allow_empty=False)
    expires_at = TimeField(
        end_of_day=True,
        required=False,
        help_text="At most 365 days from now; absent: 90 days. A date alone is the end of that day.",
    )
    current_password = serializers.CharField(
        required=False,
        trim_whitespace=False,
        write_only=True,
        help_text="Needed if you signed in more than 15 minutes ago.",
    )

    example: ClassVar = {"name": "Website", "scopes": ["attendees:write", "events:read"]}


class ExportSerializer(serializers.Serializer[Any]):
    """A section for each table, with the columns that it has."""

    exported_at = TimeField()
    account = serializers.DictField()
    organizer_profile = serializers.DictField(allow_null=True)
    registrations = serializers.ListField(child=serializers.DictField())
    interests = serializers.ListField(child=serializers.DictField(), help_text="Events that you marked.")
    answers = serializers.ListField(
        child=serializers.DictField(), help_text="To the questions of events, as stored and in words."
    )
    answers_log = serializers.ListField(child=serializers.DictField(), help_text="Later changes of your answers.")
    registrations_log = serializers.ListField(child=serializers.DictField(), help_text="The history of each.")
    removed_registrations = serializers.ListField(
        child=serializers.DictField(), help_text="Those that were deleted lately, for the emails about it."
    )
    guest_requests = serializers.ListField(
        child=serializers.DictField(), help_text="Requests of the last day to register your address without an account."
    )
    memberships = serializers.ListField(child=serializers.DictField(), help_text="Events in whose team you are.")
    team_invitations = serializers.ListField(child=serializers.DictField(), help_text="Those to your address.")
    events = serializers.ListField(child=serializers.DictField(), help_text="Events that you organize.")
    series = serializers.ListField(child=serializers.DictField(), help_text="Series of events that you organize.")
    events_log = serializers.ListField(
        child=serializers.DictField(),
        help_text="Your events, and events that you changed, as they were after each change.",
    )
    deeds = serializers.ListField(child=serializers.DictField(), help_text="Your changes of registrations.")
    back_office_journal = serializers.ListField(child=serializers.DictField())
    service_tokens = serializers.ListField(child=serializers.DictField())
    calendar_feeds = serializers.ListField(child=serializers.DictField())
    sign_ins = serializers.ListField(child=serializers.DictField())
    kept_answers = serializers.ListField(
        child=serializers.DictField(), help_text="Responses about you to requests with an Idempotency-Key."
    )
    authenticators = serializers.ListField(child=serializers.DictField())
    recovery_codes = serializers.ListField(child=serializers.DictField())
    notices = serializers.ListField(child=serializers.DictField(), help_text="Mails about your registrations.")
    messages = serializers.ListField(child=serializers.DictField(), help_text="What you wrote to attendees.")
    opt_outs = serializers.ListField(child=serializers.DictField(), help_text="Mails that you do not want.")
    presences = serializers.ListField(child=serializers.DictField(), help_text="Where you were let in, and when.")
    scans = serializers.ListField(child=serializers.DictField(), help_text="Scans of your tickets.")
    scans_by_them = serializers.ListField(child=serializers.DictField(), help_text="Scans that you made.")
    gate_tokens = serializers.ListField(child=serializers.DictField(), help_text="Helpers' tokens that you made.")
    badges = serializers.ListField(child=serializers.DictField(), help_text="Badges that were printed for you.")
    recovery_codes_left = serializers.IntegerField()
    back_office_sessions = serializers.ListField(child=serializers.DictField())

    example: ClassVar = {
        "exported_at": "2026-03-01T09:00:00Z",
        "account": {"user_id": 7, "username": "olga", "email": "olga@example.org", "role": "organizer"},
        "organizer_profile": {"user_id": 7, "name": "Olga's Lectures", "contact": "hello@example.org", "about": ""},
        "registrations": [{"attendee_id": 31, "event_id": 12, "event_title": "Night of the Telescopes"}],
        "interests": [{"user_id": 7, "event_id": 13, "notify": True}],
        "answers": [
            {"registration_id": 31, "answers": {"12": 2}, "in_words": {"What would you like to eat?": "Vegan"}}
        ],
        "answers_log": [
            {"registration_id": 31, "question_id": 12, "was": "Vegan", "becomes": "", "by_id": 7, "through": "api"}
        ],
        "registrations_log": [
            {"registration_id": 31, "was": "", "becomes": "registered", "by_id": 7, "through": "api"}
        ],
        "removed_registrations": [],
        "guest_requests": [],
        "memberships": [{"member_id": 4, "event_id": 41, "user_id": 7, "role": "helper", "added_by_id": 9}],
        "team_invitations": [],
        "events": [],
        "series": [],
        "events_log": [],
        "deeds": [{"registration_id": 31, "was": "", "becomes": "registered", "by_id": 7, "through": "api"}],
        "back_office_journal": [],
        "service_tokens": [],
        "calendar_feeds": [],
        "sign_ins": [{"created_at": "2026-03-01T09:00:00Z", "expires_at": "2026-03-15T09:00:00Z", "ended_at": None}],
        "kept_answers": [],
        "authenticators": [],
        "recovery_codes": [],
        "notices": [{"id": 5, "kind": "registered", "state": "sent", "registration_id": 31, "event_id": 12}],
        "messages": [{"message_id": 4, "event_id": 12, "by_id": 7, "subject": "Bring warm clothes", "state": "done"}],
        "opt_outs": [{"id": 2, "scope": "organizer", "organizer_id": 8, "event_id": None}],
        "presences": [],
        "scans": [],
        "scans_by_them": [],
        "gate_tokens": [],
        "badges": [],
        "recovery_codes_left": 0,
        "back_office_sessions": [],
    }
