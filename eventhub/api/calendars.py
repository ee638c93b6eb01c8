"""Actions that answer with a calendar. Their errors are JSON, as everywhere."""

from typing import Any, ClassVar

from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from eventhub.api.renderers import JSONRenderer
from eventhub.api.viewsets import ApiViewSet


class CalendarRenderer(BaseRenderer):
    """What a client may ask for; the view itself writes the calendar."""

    media_type = "text/calendar"
    format = "ics"


class CalendarMixin(ApiViewSet):
    file_type = CalendarRenderer.media_type
    file_example: ClassVar[str]

    def get_renderers(self) -> list[Any]:
        return [JSONRenderer(), CalendarRenderer()]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        super().perform_content_negotiation(request, force)
        return JSONRenderer(), JSONRenderer.media_type
