"""Query parameters of the PDF files of badges and name lists."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from checkin import badges, name_lists
from checkin.badges import FREE, FREE_HEIGHT, FREE_WIDTH, PAPERS, Paper
from eventhub.api.fields import DATE, TIME, PlainIntegerField, YesOrNoField, choose_one_of
from eventhub.api.filters import OFFSET_AFTER_SPACE
from eventhub.datetimes import TimeField
from registrations.models import SEATED, RegistrationStatus

SEVERAL = "One or several: repeat the parameter, or put commas between the values."
SIZE = f"In millimetres, with the format `{FREE}`."


class SeveralField(serializers.MultipleChoiceField):
    """Values that are repeated or between commas. Without the parameter, the default applies."""

    def __init__(self, choices: Mapping[str, str], *, help_text: str, **options: Any) -> None:
        super().__init__(
            choices=[*choices.items()],
            required=False,
            help_text=f"{help_text} {SEVERAL}",
            error_messages={**choose_one_of(choices)},
            **options,
        )

    def get_value(self, dictionary: Mapping[Any, Any]) -> Any:
        return super().get_value(dictionary) if self.field_name in dictionary else empty

    def to_internal_value(self, data: Any) -> Any:
        parts: Any = [part for text in data for part in text.split(",") if part]
        return super().to_internal_value(parts)


@extend_schema_field({"oneOf": [TIME, DATE]})
class QueryTimeField(TimeField):
    def to_internal_value(self, value: Any) -> Any:
        return super().to_internal_value(OFFSET_AFTER_SPACE.sub(r"\1+\2", value))


class PeopleQuery(serializers.Serializer[Any]):
    status = SeveralField(
        dict(RegistrationStatus.choices), default=[*SEATED], help_text="Absent: everybody with a seat."
    )
    since = QueryTimeField(
        required=False, help_text="Only people who registered, or whose registration was changed, from then on."
    )
    part = PlainIntegerField(
        required=False, min_value=1, help_text="Which part, from 1 on, if there are more people than a file holds."
    )


class BadgesQuery(PeopleQuery):
    format = serializers.ChoiceField(
        choices=[*((name, paper.label) for name, paper in PAPERS.items()), (FREE, "A size of your own")],
        default=next(iter(PAPERS)),
        error_messages={**choose_one_of([*PAPERS, FREE])},
        help_text="The paper.",
    )
    width = PlainIntegerField(required=False, min_value=FREE_WIDTH[0], max_value=FREE_WIDTH[1], help_text=SIZE)
    height = PlainIntegerField(required=False, min_value=FREE_HEIGHT[0], max_value=FREE_HEIGHT[1], help_text=SIZE)
    show = SeveralField(
        badges.FIELDS,
        default=[badges.CODE, badges.TITLE],
        help_text="What is on a badge beside the name. Absent: the ticket's code and the event's title.",
    )
    lines = YesOrNoField(default=False, help_text="Lines to cut along.")
    new = YesOrNoField(
        default=False,
        help_text="Leave out badges that the back office has marked as printed, unless the name or the ticket has"
        " changed since.",
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in ("width", "height") if name not in values]
        if values["format"] == FREE and missing:
            raise serializers.ValidationError(dict.fromkeys(missing, "Give the size in millimetres."))
        return values

    @property
    def paper(self) -> Paper:
        values = self.validated_data
        name = values["format"]
        return badges.free(values["width"], values["height"]) if name == FREE else PAPERS[name]


class NamesQuery(PeopleQuery):
    show = SeveralField(name_lists.COLUMNS, default=[], help_text="Columns beside the name.")
    letters = YesOrNoField(default=False, help_text="Start a page for each letter.")
