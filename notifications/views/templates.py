"""The API of an event's own words for its mails. The rules are in notifications/services/templates.py."""

from typing import Any, ClassVar

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import EventNotFound, Forbidden, TemplateNotFound
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

REFUSALS = (Forbidden(), EventNotFound(), TemplateNotFound())


class TemplateViewSet(ApiViewSet):
    resource = "event"
    input_serializers: ClassVar = {"save_template": TemplateInput, "preview_template": PreviewInput}
    success_status: ClassVar = {"reset_template": 204}
    etag_actions = ("template", "save_template", "reset_template")
    error_responses: ClassVar = {
        "templates": (Forbidden(), EventNotFound()),
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

    def get_changes(self, present: templates.EventWording) -> dict[str, str | None]:
        body = self.get_body(present)
        body.is_valid(raise_exception=True)
        return {name: body.validated_data.get(name) for name in ("subject", "body")}

    @action(detail=True)
    def templates(self, request: Request, pk: int) -> Response:
        """The words of all mails about an event, its own or the default ones."""
        return self.item_response({"results": templates.wordings_of(self.get_object())})

    @action(detail=True, url_path="templates/<str:kind>")
    def template(self, request: Request, pk: int, kind: str) -> Response:
        """The words of one kind of mail, the event's own or the default ones."""
        return self.item_response(templates.wording_of(self.get_object(), kind))

    @template.mapping.put
    @template.mapping.patch
    def save_template(self, request: Request, pk: int, kind: str) -> Response:
        """Give an event its own words for one kind of mail.

        They are plain text with `{name}` for each of the `placeholders`; nothing else may be in braces. Absent keys
        keep their value.
        """
        event = self.get_object()
        changes = self.get_changes(templates.wording_of(event, kind))
        return self.item_response(
            templates.save_template(event=event, kind=kind, condition=self.precondition, **changes)
        )

    @template.mapping.delete
    def reset_template(self, request: Request, pk: int, kind: str) -> Response:
        """Go back to the default words."""
        event = self.get_object()
        templates.reset_template(event=event, kind=kind, condition=self.precondition)
        return Response(status=204)

    @action(detail=True, methods=["post"], url_path="templates/<str:kind>/preview")
    @idempotent
    def preview_template(self, request: Request, pk: int, kind: str) -> Response:
        """The mail that words would make, for an invented person.

        Nothing is saved. Absent keys are the present words.
        """
        event = self.get_object()
        present = templates.wording_of(event, kind)
        return self.item_response(preview(event, kind, templates.change(present, **self.get_changes(present))))
