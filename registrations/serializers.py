"""A registration, which the API calls an attendee, in requests and responses. No rules here."""

from typing import Any, ClassVar, TypeVar, cast

from django.utils import timezone
from rest_framework import serializers

from accounts.serializers import TypedAddressInput
from eventhub.api.fields import DetailsInput, IdField, LineInput
from eventhub.api.serializers import Body, RowSerializer
from eventhub.datetimes import TimeField
from eventhub.exceptions import ClosedReason
from events.models import EventStatus
from registrations.models import MAX_REASON, FeedKind, QuestionType, Registration, RegistrationStatus, account_shown
from registrations.question_serializers import ANSWERS, AnswersField, QuestionSerializer
from registrations.selectors.answer_totals import AnswerTotal, NumberTotals, QuestionTotals
from registrations.selectors.statistics import CheckIns, Statistics, StatisticsDay
from registrations.services.calendar_feeds import NewFeed
from registrations.services.eligibility import Eligibility

T = TypeVar("T")


class AttendeeEventSerializer(RowSerializer):
    event_id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    date_time = TimeField()
    location = serializers.CharField()
    status = serializers.ChoiceField(choices=EventStatus.choices)

    example: ClassVar = {
        "event_id": 12,
        "title": "Night of the Telescopes",
        "date_time": "2027-05-01T19:00:00Z",
        "location": "Observatory, north lawn",
        "status": "upcoming",
    }


class AttendeeSerializer(RowSerializer):
    attendee_id = serializers.IntegerField(source="pk")
    event_id = serializers.IntegerField()
    event = AttendeeEventSerializer()
    user_id = serializers.IntegerField(
        allow_null=True,
        help_text="Null once the account is deleted. If the person was added by address (an import, the back office,"
        " `email`), only the person and admins see it.",
    )
    registration_date = TimeField()
    status = serializers.ChoiceField(choices=RegistrationStatus.choices)
    name = serializers.CharField()
    contact_details = serializers.CharField()
    phone = serializers.CharField()
    waitlist_position = serializers.IntegerField(
        allow_null=True, help_text="From 1, for a single waitlisted item; null in lists."
    )
    online_url = serializers.CharField(
        allow_null=True,
        help_text="Where you take part online: while you have a seat, from `online_from` of the event on. Null in lists"
        " and for others.",
    )
    confirm_by = TimeField(
        allow_null=True, help_text="The seat is held for a guest until then, unless it is confirmed. Else null."
    )
    updated_at = TimeField()

    computed: ClassVar[tuple[str, ...]] = ("waitlist_position", "online_url")
    read_also = ("added_by_address",)
    example: ClassVar = {
        "attendee_id": 31,
        "event_id": 12,
        "event": AttendeeEventSerializer.example,
        "user_id": 9,
        "registration_date": "2027-03-10T10:30:00Z",
        "status": "registered",
        "name": "bob",
        "contact_details": "bob@example.org",
        "phone": "+49 30 123456",
        "waitlist_position": None,
        "online_url": "https://meet.example.org/telescopes",
        "confirm_by": None,
        "updated_at": "2027-03-10T10:30:00Z",
    }

    def to_representation(self, registration: Any) -> dict[str, Any]:
        body = super().to_representation(registration)
        if registration.added_by_address:
            body["user_id"] = account_shown(registration, self.context["request"].user)
        if not isinstance(registration, tuple):  # the position costs a count, so lists leave it out
            body["waitlist_position"] = registration.waitlist_position()
            is_own = registration.user_id is not None and registration.user_id == self.context["request"].user.pk
            body["online_url"] = registration.online_link(timezone.now()) if is_own else None
        return body


class EventAttendeeSerializer(AttendeeSerializer):
    answers = AnswersField(required=False, help_text=f"With `answers`. {ANSWERS}")
    answers_complete = serializers.BooleanField(
        required=False, help_text="With `answers`: whether no required answer is missing."
    )

    computed = (*AttendeeSerializer.computed, "answers", "answers_complete")

    def to_representation(self, registration: Any) -> dict[str, Any]:
        body = super().to_representation(registration)
        del body["answers"], body["answers_complete"]  # the view adds them where they are asked for
        return body


class ProspectSerializer(serializers.Serializer[Eligibility]):
    allowed = serializers.BooleanField()
    code = serializers.CharField(allow_null=True, help_text="The code of the refusal, or null.")
    msg = serializers.CharField(allow_null=True)
    can_wait = serializers.BooleanField(help_text="With `event_full`: whether the waiting list is open.")
    seats_left = serializers.IntegerField(help_text="While people wait, free seats go to the waiting list.")
    attendee_id = serializers.IntegerField(
        allow_null=True, help_text="With `already_registered`: the live registration."
    )
    reason = serializers.ChoiceField(
        choices=[reason.value for reason in ClosedReason], required=False, help_text="With `registration_closed`."
    )
    opens_at = TimeField(required=False, help_text="With the reason `not_open_yet`.")
    closes_at = TimeField(required=False, help_text="With the reason `closed`.")
    questions = QuestionSerializer(many=True, required=False, help_text="What you will be asked, if anything.")

    example: ClassVar = {
        "allowed": False,
        "code": "registration_closed",
        "msg": "Registration is closed: it opens on 5 Mar 2027, 09:00 UTC",
        "can_wait": False,
        "seats_left": 40,
        "attendee_id": None,
        "reason": "not_open_yet",
        "opens_at": "2027-03-05T09:00:00Z",
    }

    def to_representation(self, prospect: Eligibility) -> dict[str, Any]:
        """Return what registering would answer now."""
        return {
            "allowed": prospect.refusal is None,
            "code": None,
            "msg": None,
            "can_wait": False,
            "seats_left": prospect.event.seats_left,
            "attendee_id": None,
            **(prospect.refusal.body if prospect.refusal else {}),
            **({"questions": QuestionSerializer(prospect.questions, many=True).data} if prospect.questions else {}),
        }


class StatisticsDaySerializer(serializers.Serializer[StatisticsDay]):
    date = serializers.DateField(help_text="In the event's time zone.")
    registered = serializers.IntegerField(help_text="Seats given to newcomers, and to people who came back.")
    waitlisted = serializers.IntegerField(help_text="People who joined the waiting list.")
    promoted = serializers.IntegerField(help_text="Seats given to people on the waiting list.")
    cancelled = serializers.IntegerField()


class CheckInsSerializer(serializers.Serializer[CheckIns]):
    begins_at = TimeField()
    people = serializers.IntegerField()


class AnswerTotalSerializer(serializers.Serializer[AnswerTotal]):
    value = serializers.JSONField(help_text="An option's id, true or false, or a country's code.")
    text = serializers.CharField()
    people = serializers.IntegerField()


class NumberTotalsSerializer(serializers.Serializer[NumberTotals]):
    sum = serializers.FloatField()
    mean = serializers.FloatField()
    smallest = serializers.FloatField()
    largest = serializers.FloatField()


class QuestionTotalsSerializer(serializers.Serializer[QuestionTotals]):
    question_id = serializers.IntegerField()
    text = serializers.CharField()
    type = serializers.ChoiceField(choices=QuestionType.choices)
    answered = serializers.IntegerField(help_text="How many people answered.")
    totals = AnswerTotalSerializer(many=True, help_text="How many gave each answer; empty for numbers.")
    numbers = NumberTotalsSerializer(allow_null=True, help_text="Of a question for a number that has answers.")

    example: ClassVar[dict[str, Any]] = {
        "question_id": 3,
        "text": "What do you eat?",
        "type": "choice",
        "answered": 50,
        "totals": [{"value": 1, "text": "Vegan", "people": 20}, {"value": 2, "text": "Fish", "people": 30}],
        "numbers": None,
    }


class StatisticsSerializer(serializers.Serializer[Statistics]):
    event_id = serializers.IntegerField()
    statuses = serializers.DictField(child=serializers.IntegerField(), help_text="How many have each status.")
    channels = serializers.DictField(
        child=serializers.IntegerField(), help_text="Through what people first registered: `api`, `admin`, `import` ..."
    )
    show_up_rate = serializers.FloatField(
        allow_null=True, help_text="The share of people with a seat who are checked in; null before the event begins."
    )
    days = StatisticsDaySerializer(many=True, help_text="Days on which something happened.")
    check_ins = CheckInsSerializer(many=True, help_text="People who are checked in, by the five minutes they came in.")
    answers = QuestionTotalsSerializer(
        many=True, help_text="How people with a seat answered the questions whose answers can be counted."
    )
    interested = serializers.IntegerField(help_text="People who marked the event as one of interest.")

    example: ClassVar = {
        "event_id": 12,
        "statuses": {"registered": 60, "waitlisted": 0, "attended": 240, "cancelled": 14},
        "channels": {"api": 250, "import": 64},
        "show_up_rate": 0.8,
        "days": [{"date": "2027-03-10", "registered": 40, "waitlisted": 3, "promoted": 1, "cancelled": 2}],
        "check_ins": [{"begins_at": "2027-05-01T18:30:00Z", "people": 22}],
        "answers": [QuestionTotalsSerializer.example],
        "interested": 35,
    }


class AttendeeInput(Body):
    event_id = IdField()
    user_id = IdField(required=False, help_text="Your own, unless you run the event.")
    email = TypedAddressInput(
        max_length=254,
        required=False,
        help_text="Registers the person with this address, with or without an account. Only if you run the event.",
    )
    name = LineInput(max_length=255, required=False)
    contact_details = DetailsInput(max_length=255, required=False, allow_blank=True)
    phone = LineInput(max_length=255, required=False, allow_blank=True)
    answers = AnswersField(required=False, help_text=f"To the questions of the event. {ANSWERS}")
    status = serializers.ChoiceField(
        choices=[RegistrationStatus.REGISTERED.value, RegistrationStatus.WAITLISTED.value],
        default=RegistrationStatus.REGISTERED,
        help_text="`waitlisted`: a seat if one is free and nobody waits, else the end of the waiting list.",
    )

    example: ClassVar = {"event_id": 12}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "email" in attrs and "user_id" in attrs:
            raise serializers.ValidationError({"email": ["Send either user_id or email."]})
        return attrs


class AttendeeChanges(Body):
    event_id = IdField(required=False, help_text="Cannot change.")
    user_id = IdField(required=False, allow_null=True, help_text="Cannot change; send what the registration shows.")
    status = serializers.ChoiceField(choices=RegistrationStatus.choices, required=False)
    name = LineInput(max_length=255, required=False)
    contact_details = DetailsInput(max_length=255, required=False, allow_blank=True)
    phone = LineInput(max_length=255, required=False, allow_blank=True)
    reason = DetailsInput(
        max_length=MAX_REASON,
        required=False,
        allow_blank=True,
        help_text="Only with the status `cancelled`. The person is told, unless it is your own registration.",
    )

    answers = AnswersField(
        required=False,
        help_text="Only to register again with the status `registered` or `waitlisted`. At other times,"
        " `/attendees/<id>/answers` takes them.",
    )

    example: ClassVar = {"status": "cancelled"}

    def validate_event_id(self, value: int) -> int:
        return _require_same(value, cast(Registration, self.instance).event_id)

    def validate_user_id(self, value: int | None) -> int | None:
        return _require_same(value, account_shown(self.instance, self.context["request"].user))


def _require_same(value: T, present: T) -> T:
    if value != present:
        raise serializers.ValidationError("This cannot be changed.")
    return value


class CalendarFeedSerializer(RowSerializer):
    feed_id = serializers.IntegerField(source="pk")
    kind = serializers.ChoiceField(choices=FeedKind.choices)
    created_at = TimeField()
    last_used_at = TimeField(allow_null=True, help_text="To the hour; null until then.")

    example: ClassVar[dict[str, Any]] = {
        "feed_id": 5,
        "kind": "registrations",
        "created_at": "2027-03-01T09:00:00Z",
        "last_used_at": None,
    }


class NewCalendarFeedSerializer(CalendarFeedSerializer):
    url = serializers.CharField(help_text="Shown now, and never again: who knows it can read the calendar.")
    webcal_url = serializers.CharField(help_text="The same, as a link that calendar programs open.")

    computed = ("url", "webcal_url")
    example: ClassVar[dict[str, Any]] = {
        **CalendarFeedSerializer.example,
        "url": "https://events.example.org/calendars/8fJ2kQ0xWc...ics",
        "webcal_url": "webcal://events.example.org/calendars/8fJ2kQ0xWc...ics",
    }

    def to_representation(self, made: NewFeed) -> dict[str, Any]:
        return {**super().to_representation(made.feed), "url": made.url, "webcal_url": made.webcal_url}


class CalendarFeedInput(Body):
    kind = serializers.ChoiceField(
        choices=FeedKind.choices, help_text="`registrations`: your own; `events`: those that you organize."
    )
    current_password = serializers.CharField(
        required=False,
        trim_whitespace=False,
        write_only=True,
        help_text="Needed when you signed in more than 15 minutes ago.",
    )

    example: ClassVar = {"kind": "registrations"}
