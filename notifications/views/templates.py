"""The API of an event's own words for its mails. The rules are in notifications/services/templates.py."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from eventhub.api.fields import LanguageField
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import EventNotFound, Forbidden, Invalid, TemplateNotFound
from eventhub.languages import Language
from events.models import Event
from notifications.previews import preview
from notifications.serializers import (
    PreviewInput,
    PreviewSerializer,
    TemplateInput,
    TemplateSerializer,
    TemplatesSerializer,
)
from notifications.services import templates

UNKNOWN_LANGUAGE = Invalid({"language": [f"Choose one of {', '.join(Language.values)}."]})
REFUSALS = (UNKNOWN_LANGUAGE, Forbidden(), EventNotFound(), TemplateNotFound())


in_language = extend_schema(
    parameters=[
        OpenApiParameter(
            "language",
            enum=Language.values,
            description="Of the words for people who get their emails in this language. Absent: the words of all other"
            " languages.",
        )
    ]
)


class TemplateViewSet(ApiViewSet):
    resource = "event"
    input_serializers: ClassVar = {"save_template": TemplateInput, "preview_template": PreviewInput}
    success_status: ClassVar = {"reset_template": 204}
    etag_actions = ("template", "save_template", "reset_template")
    error_responses: ClassVar = {
        "templates": (UNKNOWN_LANGUAGE, Forbidden(), EventNotFound()),
        **dict.fromkeys(("template", "save_template", "reset_template", "preview_template"), REFUSALS),
    }

    def get_serializer_class(self) -> type[Any]:
        return {"templates": TemplatesSerializer, "preview_template": PreviewSerializer}.get(
            str(self.action), TemplateSerializer
        )

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event

    def check_replay(self) -> None:
        self.get_object()

    @property
    def language(self) -> str:
        """Return the language that the URL names, or an empty text. Raise a 400 for others."""
        try:
            return str(LanguageField().run_validation(self.request.query_params.get("language", "")))
        except ValidationError as problem:
            raise Invalid({"language": problem.detail}) from None

    def get_changes(self, event: Event) -> dict[str, Any]:
        """Return the body, with the language from the URL where it names none."""
        body = self.get_body(event)
        body.is_valid(raise_exception=True)
        return {"language": self.language, **body.validated_data}

    @in_language
    @action(detail=True)
    def templates(self, request: Request, pk: int) -> Response:
        """The words of all mails about an event, its own or the default ones."""
        return self.item_response({"results": templates.wordings_of(self.get_object(), self.language)})

    @in_language
    @action(detail=True, url_path="templates/<str:kind>")
    def template(self, request: Request, pk: int, kind: str) -> Response:
        """The words of one kind of mail, the event's own or the default ones."""
        return self.item_response(templates.wording_of(self.get_object(), kind, self.language))

    @in_language
    @template.mapping.put
    @template.mapping.patch
    def save_template(self, request: Request, pk: int, kind: str) -> Response:
        """Give an event its own words for one kind of mail.

        They are plain text with `{name}` for each of the `placeholders`; nothing else may be in braces. Absent keys
        keep their value. Words with a `language` are for people who get their emails in it, and win over those without.
        """
        event = self.get_object()
        templates.require_kind(kind)
        changes = self.get_changes(event)
        return self.item_response(
            templates.save_template(event=event, kind=kind, condition=self.precondition, **changes)
        )

    @in_language
    @template.mapping.delete
    def reset_template(self, request: Request, pk: int, kind: str) -> Response:
        """Go back to the default words.

        With a `language`, to the words that people would get without those.
        """
        event = self.get_object()
        templates.reset_template(event=event, kind=kind, language=self.language, condition=self.precondition)
        return Response(status=204)

    @in_language
    @action(detail=True, methods=["post"], url_path="templates/<str:kind>/preview")
    @idempotent
    def preview_template(self, request: Request, pk: int, kind: str) -> Response:
        """The mail that words would make, for an invented person.

        Nothing is saved. Absent keys are the present words.
        """
        event = self.get_object()
        templates.require_kind(kind)
        changes = self.get_changes(event)
        language = changes.pop("language")
        words = templates.change(templates.wording_of(event, kind, language), **changes)
        return self.item_response(preview(event, kind, words, language))
