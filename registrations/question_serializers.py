"""Questions of events and answers to them in requests and responses. No rules here."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from eventhub.api.fields import IdField, LineInput, PlainIntegerField, YesOrNoField
from eventhub.api.serializers import Body, RowSerializer
from eventhub.datetimes import TimeField
from registrations.models import QuestionType, Required
from registrations.selectors.answers import AnswersShown
from registrations.services.question_rules import MAX_HELP

TYPE = (
    "What an answer is: a text (`text`, `long_text`, `email`, `phone`, `url`), a number, a date (`2027-05-01`), true or"
    " false (`yes_no`, `consent`), the id of an option (`choice`), several in a list (`choices`), or a country's two"
    " letters."
)
REQUIRED = "`yes`: when one registers; `at_door`: it is asked there. Who adds somebody else may leave it open."
BOUND = "Of a number its value, of a text its length, of `choices` how many are chosen."
SHOW_IF = "The question is asked only if an earlier one has one of these answers."
EDITABLE = "Until when people may change their answer; null: until the event's own `edit_until`, or its end."
PERSONAL = "Whether answers are deleted with the person's details."
ANSWERS = "By the question's id. Null is no answer."
EXAMPLE: dict[str, Any] = {"12": 2, "13": "No nuts, please"}


class OptionSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(required=False, help_text="Stays the same. Leave it out for a new option.")
    text = serializers.CharField()
    archived = serializers.BooleanField(required=False, help_text="Offered no more; answers keep it.")


class ConditionSerializer(serializers.Serializer[Any]):
    question_id = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        """Add `is`, which is no name in Python."""
        values = serializers.ListField(child=serializers.JSONField(), help_text="Ids of options, or true or false.")
        return {**super().get_fields(), "is": values}


@extend_schema_field(OptionSerializer(many=True))
class OptionsField(serializers.JSONField):
    pass


@extend_schema_field(ConditionSerializer())
class ConditionField(serializers.JSONField):
    pass


@extend_schema_field({"type": "object", "additionalProperties": {}})
class AnswersField(serializers.DictField):
    child = serializers.JSONField(allow_null=True)


class QuestionSerializer(RowSerializer):
    question_id = serializers.IntegerField(source="pk")
    event_id = serializers.IntegerField()
    text = serializers.CharField()
    help = serializers.CharField()
    type = serializers.ChoiceField(choices=QuestionType.choices, help_text=TYPE)
    required = serializers.ChoiceField(choices=Required.choices, help_text=REQUIRED)  # type: ignore[assignment]
    options = OptionsField(help_text="People see those that are offered.")
    min = serializers.IntegerField(allow_null=True, help_text=BOUND)
    max = serializers.IntegerField(allow_null=True, help_text=BOUND)
    show_if = ConditionField(allow_null=True, help_text=SHOW_IF)
    editable_until = TimeField(allow_null=True, help_text=EDITABLE)
    personal = serializers.BooleanField(help_text=PERSONAL)
    archived = serializers.BooleanField(help_text="Asked no more. Only the people who run the event see it.")
    updated_at = TimeField()

    read_also = ("place",)
    example: ClassVar[dict[str, Any]] = {
        "question_id": 12,
        "event_id": 12,
        "text": "What would you like to eat?",
        "help": "",
        "type": "choice",
        "required": "yes",
        "options": [{"id": 1, "text": "Fish", "archived": False}, {"id": 2, "text": "Vegan", "archived": False}],
        "min": None,
        "max": None,
        "show_if": None,
        "editable_until": "2027-04-20T22:00:00Z",
        "personal": True,
        "archived": False,
        "updated_at": "2027-03-01T09:00:00Z",
    }

    def to_representation(self, row: Any) -> dict[str, Any]:
        body = super().to_representation(row)
        if not self.context.get("sees_archived"):
            body["options"] = [option for option in body["options"] if not option["archived"]]
        return body


class QuestionInput(Body):
    text = LineInput(max_length=255)
    help = serializers.CharField(max_length=MAX_HELP, required=False, allow_blank=True)
    type = serializers.ChoiceField(
        choices=QuestionType.choices, required=False, help_text=f"{TYPE} Stays once somebody has answered."
    )
    required = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Required.choices, required=False, help_text=REQUIRED
    )
    options = OptionsField(
        required=False,
        help_text="All of them, in order. What is left out is removed, or archived where the question has answers.",
    )
    min = PlainIntegerField(required=False, allow_null=True, help_text=BOUND)
    max = PlainIntegerField(required=False, allow_null=True, help_text=BOUND)
    show_if = ConditionField(required=False, allow_null=True, help_text=SHOW_IF)
    editable_until = TimeField(end_of_day=True, required=False, allow_null=True, help_text=EDITABLE)
    personal = YesOrNoField(required=False, help_text=PERSONAL)
    archived = YesOrNoField(required=False)

    example: ClassVar = {
        "text": "What would you like to eat?",
        "type": "choice",
        "required": "yes",
        "options": [{"text": "Fish"}, {"text": "Vegan"}],
    }


class OrderInput(Body):
    ids = serializers.ListField(
        child=IdField(), max_length=100, help_text="Of all questions that are asked, in their new order."
    )

    example: ClassVar = {"ids": [13, 12]}


class ReadableAnswerSerializer(serializers.Serializer[Any]):
    question_id = serializers.IntegerField()
    question = serializers.CharField()
    answer = serializers.CharField()


class AnswersSerializer(serializers.Serializer[AnswersShown]):
    attendee_id = serializers.IntegerField()
    event_id = serializers.IntegerField()
    complete = serializers.BooleanField(
        help_text="Whether every question with `required: yes` that applies is answered."
    )
    answers = AnswersField(help_text=ANSWERS)
    readable = ReadableAnswerSerializer(many=True, help_text="The same in words, in the order of the questions.")
    updated_at = TimeField(allow_null=True)

    example: ClassVar = {
        "attendee_id": 31,
        "event_id": 12,
        "complete": True,
        "answers": EXAMPLE,
        "readable": [
            {"question_id": 12, "question": "What would you like to eat?", "answer": "Vegan"},
            {"question_id": 13, "question": "What should the kitchen know?", "answer": "No nuts, please"},
        ],
        "updated_at": "2027-03-10T10:30:00Z",
    }

    def to_representation(self, shown: AnswersShown) -> dict[str, Any]:
        return shown.body()


class AnswersInput(Body):
    answers = AnswersField(help_text=f"{ANSWERS} Others stay.")

    example: ClassVar = {"answers": EXAMPLE}
