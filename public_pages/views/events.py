"""Public events: the list, one event, and calendars."""

from copy import copy
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.files import FileKind, FileMixin
from eventhub.api.viewsets import ListMixin
from eventhub.exceptions import EventNotFound
from events.calendar_entry import CONTENT_TYPE, EXAMPLE, Method, calendar_entry, event_component, last_modified, render
from events.models import Event
from public_pages.filters import PublicEventFilter
from public_pages.selectors.events import MAX_ENTRIES, find_event, is_former_name
from public_pages.serializers import PublicEventSerializer
from public_pages.views.api import PublicReadViewSet

REFRESH = "PT1H"


class PublicEventLists(PublicReadViewSet):
    queryset = PublicEventSerializer.read(Event.objects.public().with_tags())
    serializer_class = PublicEventSerializer
    filterset_class = PublicEventFilter
    search_fields = ("title", "description", "location")
    ordering_fields = ("date_time", "title", "created_at")
    ordering = "date_time"
    first_page_is_compiled = True


class PublicEventViewSet(PublicEventLists, ListMixin):
    resource = "public_event"
    lookup_value_converter = "slug"
    lookup_url_kwarg = "name"
    error_responses: ClassVar = {"retrieve": (EventNotFound(),)}
    descriptions: ClassVar = {
        "list": """Public events, for everybody.

        Past and cancelled ones are among them; `?upcoming=true` leaves them out.
        """,
    }

    def retrieve(self, request: Request, name: str) -> HttpResponseBase:
        """A public event by its id, or a public or unlisted one by the address of its page.

        A former address is a 301 to the present one.
        """
        event = find_event(name)
        if is_former_name(event, name):
            return moved(f"/public/events/{event.slug or event.pk}")
        return Response(self.get_serializer(event).data)


class PublicCalendarViewSet(FileMixin, PublicEventLists):
    resource = "public_calendar"
    pagination_class = None
    list_actions = ("events",)
    error_responses: ClassVar = {"retrieve": (EventNotFound(),)}
    files: ClassVar = {name: FileKind("text/calendar", EXAMPLE) for name in ("events", "retrieve")}

    def events(self, request: Request) -> HttpResponse:
        """The public events that are not over, as a calendar to subscribe to.

        It takes the filters of the list, such as `organizer_id` or `search`. At most 500 events, by date.
        """
        found = self.filter_queryset(Event.objects.public().order_by())
        coming = found.filter(last_mark__gte=timezone.now())
        events = coming.select_related("organizer__profile").order_by("date_time", "pk")[:MAX_ENTRIES]
        entries = [event_component(event, stamp=last_modified(event)) for event in events]
        return _file(render(entries, name=settings.SITE_NAME, refresh=REFRESH), "events.ics")

    def retrieve(self, request: Request, name: str) -> HttpResponseBase:
        """An event as a calendar file, by its id or the address of its page."""
        event = find_event(name)
        if is_former_name(event, name):
            return moved(f"/public/events/{event.slug or event.pk}.ics")
        entry = calendar_entry(event, method=Method.PUBLISH, stamp=last_modified(event))
        return _file(entry, f"event-{event.pk}.ics")


def moved(path: str) -> HttpResponsePermanentRedirect:
    return HttpResponsePermanentRedirect(path)


def bodies(request: HttpRequest, parameters: QueryDict) -> dict[str, Any]:
    """Return a page of the list as the API answers it. Its links have the address of `request`.

    Raise a Refusal for parameters that the API refuses.
    """
    asked = copy(request)
    asked.GET = parameters  # type: ignore[assignment]
    view = PublicEventViewSet(action_map={"get": "list"}, kwargs={}, format_kwarg=None, action="list")
    view.request = view.initialize_request(asked)
    page: dict[str, Any] = view.list_response().data
    return page


def _file(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=CONTENT_TYPE, headers=headers)
