"""Tags, addresses and events of interest in requests and responses. No rules here."""

from typing import Any, ClassVar

from rest_framework import serializers

from eventhub.api.fields import IdField, LineInput, YesOrNoField
from eventhub.api.serializers import Body, RowSerializer
from events.models import TagKind
from events.serializers import EventSerializer
from events.services.tags import MAX_NAME


class TagSerializer(RowSerializer):
    tag_id = serializers.IntegerField(source="pk")
    slug = serializers.CharField(help_text="For the filter `tag` of events. It follows the name.")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=TagKind.choices)

    example: ClassVar = {"tag_id": 3, "slug": "astronomy", "name": "Astronomy", "kind": "category"}


class TagInput(Body):
    name = LineInput(max_length=MAX_NAME)
    kind = serializers.ChoiceField(choices=TagKind.choices, default=TagKind.CATEGORY)

    example: ClassVar = {"name": "Astronomy", "kind": "category"}


class MergeInput(Body):
    into = IdField(help_text="The tag that stays.")

    example: ClassVar = {"into": 3}


class InterestInput(Body):
    notify = YesOrNoField(default=True, help_text="Whether you get an email when registration opens or a seat is free.")

    example: ClassVar = {"notify": True}


class InterestSerializer(EventSerializer):
    notify = serializers.BooleanField(
        source="mine.notify", help_text="Whether you get an email when registration opens or a seat is free."
    )

    example: ClassVar[dict[str, Any]] = {**EventSerializer.example, "notify": True}
