from typing import Any, ClassVar

from rest_framework import serializers

from eventhub.api.fields import choose_one_of
from eventhub.api.serializers import Body
from eventhub.datetimes import TimeField
from notifications.services.clones import PARTS


class CloneInput(Body):
    date_time = TimeField(
        required=False, help_text="When the copy begins. Absent: a week later, at the same time of the clock."
    )
    parts = serializers.ListField(
        child=serializers.ChoiceField(choices=tuple(PARTS), error_messages={**choose_one_of(PARTS)}),
        default=list(PARTS),
        help_text="What to copy beside the event's own fields and tags: its questions, its words for emails, its team.",
    )

    example: ClassVar = {"date_time": "2027-06-01T19:00:00Z", "with": ["questions", "templates", "team"]}

    def get_fields(self) -> Any:
        fields = super().get_fields()
        fields["with"] = fields.pop("parts")  # a keyword of Python
        return fields
