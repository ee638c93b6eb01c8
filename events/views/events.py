"""The API of events. The rules are in events/services/events.py and registrations/services/event_changes.py."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet, TextChoices
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from accounts.models import User
from accounts.permissions import require
from eventhub.api.files import FileKind, FileMixin
from eventhub.api.serializers import Body
from eventhub.api.viewsets import ApiViewSet, CreateMixin, DestroyMixin, ListMixin, RetrieveMixin, UpdateMixin
from eventhub.exceptions import CapacityBelowTaken, EventNotFound, Forbidden, HasAttendees, Invalid, UserNotFound
from events.calendar_entry import CONTENT_TYPE, EXAMPLE, Method, calendar_entry, last_modified
from events.exceptions import SlugTaken
from events.filters import EventFilter, OwnEventFilter
from events.models import Event
from events.serializers import EventInput, EventSerializer
from events.series_serializers import EventEditSerializer
from events.services import events
from registrations.services import event_changes, series_changes


class EditScope(TextChoices):
    """Which dates of a series a change is for."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"


UNKNOWN_SCOPE = Invalid({"scope": [f"Choose one of {', '.join(EditScope.values)}."]})


class EventLists(ApiViewSet):
    queryset = EventSerializer.read(Event.objects.with_tags())
    serializer_class = EventSerializer
    filterset_class = EventFilter
    search_fields = ("title", "description", "location")
    ordering_fields = ("date_time", "title", "created_at")
    ordering = "date_time"
    first_page_is_compiled = True


class EventViewSet(EventLists, ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DestroyMixin):
    resource = "event"
    input_serializers: ClassVar = {"create": EventInput, "update": EventInput}
    etag_actions = ("create", "retrieve", "update", "destroy")
    error_responses: ClassVar = {
        "retrieve": (EventNotFound(),),
        "create": (Forbidden("You must be an organizer to create events"), Forbidden(), SlugTaken()),
        "update": (
            Forbidden("Event not updated"),
            Forbidden(),
            EventNotFound(),
            CapacityBelowTaken(),
            HasAttendees(),
            SlugTaken(),
        ),
        "destroy": (Forbidden("Event not deleted"), EventNotFound()),
    }
    descriptions: ClassVar = {
        "list": "Events that you may see, by date.",
        "retrieve": "An event.",
        "create": """Create an event.

        A date in the past is accepted, so that events can be recorded afterwards.
        """,
        "update": """Change an event.

        Absent keys keep their value. New seats go to the waiting list, in its order, in the same transaction; the
        waiting list of an event that opens again is served at once.
        """,
        "destroy": "Delete an event and its registrations.",
    }
    create = idempotent(CreateMixin.create)
    update = extend_schema(
        parameters=[
            OpenApiParameter(
                "scope",
                enum=EditScope.values,
                default=EditScope.THIS,
                description="Of a date of a series: whether this one is changed alone, with the dates after it, which"
                " become a series of their own, or with all dates to come. Of the others, those with registrations or"
                " with edits by hand are never moved; the answer lists them.",
            )
        ]
    )(UpdateMixin.update)

    def get_queryset(self) -> QuerySet[Event]:
        return super().get_queryset().listed_for(self.user)  # type: ignore[attr-defined, no-any-return]

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event

    @property
    def scope(self) -> str:
        """Return which dates of a series a change is for. Raise a 400 for an unknown scope."""
        scope = self.request.query_params.get("scope", EditScope.THIS)
        if scope not in EditScope.values:
            raise UNKNOWN_SCOPE
        return scope

    def get_serializer_class(self) -> type[Any]:
        return EventEditSerializer if self.action == "update" else super().get_serializer_class()

    def check_body(self, body: Body) -> dict[str, Any]:
        event = cast("Event | None", body.instance)
        if event is not None and self.scope != EditScope.THIS:
            require(self.user, "series", "update", event)  # a date that was given away is in no series any more
        organizer = events.find_organizer(
            user_id=body.validated_field("organizer_id"),
            by=self.user,
            owner_id=self.user.pk if event is None else event.organizer_id,
        )
        return {"organizer": organizer}

    def perform_create(self, body: Body, organizer: User | None = None) -> Event:
        body.validated_data.pop("organizer_id", None)
        return events.create_event(organizer=organizer or self.user, values=body.validated_data)

    def perform_update(self, body: Body, organizer: User | None = None) -> Event:
        pk, values = cast("Event", body.instance).pk, body.validated_data
        values.pop("organizer_id", None)
        if organizer is not None:
            values["organizer"] = organizer
        if self.scope == EditScope.THIS:
            event_changes.edit_event(event_id=pk, values=values, by=self.user, condition=self.precondition)
            return self.find_object(pk)
        edit = series_changes.edit_dates(
            event_id=pk, values=values, following=self.scope == EditScope.FOLLOWING, condition=self.precondition
        )
        event = self.find_object(pk)
        event.edit = edit  # type: ignore[attr-defined]
        return event

    def perform_destroy(self, event: Event) -> None:
        event_changes.delete_event(event_id=event.pk, condition=self.precondition)


class EventCalendarViewSet(FileMixin):
    resource = "event"
    etag_actions = ("calendar",)
    error_responses: ClassVar = {"calendar": (EventNotFound(),)}
    files: ClassVar = {"calendar": FileKind("text/calendar", EXAMPLE)}

    @action(detail=True, url_path="calendar.ics")
    def calendar(self, request: Request, pk: int) -> HttpResponse:
        """An event as a calendar file.

        Read again, it updates the entry in the calendar; a cancelled event has `STATUS:CANCELLED`.
        """
        event = self.get_object()
        entry = calendar_entry(event, method=Method.PUBLISH, stamp=last_modified(event))
        return self.file_response(entry, event, name=f"event-{pk}.ics", content_type=CONTENT_TYPE)

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event


class UserEventViewSet(EventLists):
    resource = "user"
    list_actions = ("events",)
    error_responses: ClassVar = {"events": (Forbidden("Resource inaccessible"), UserNotFound())}

    @action(detail=True)
    def events(self, request: Request, pk: int) -> Response:
        """The events that this user organizes, including drafts."""
        self.get_object()
        return self.list_response()

    def find_object(self, pk: int) -> User:
        return User.objects.find(pk)

    def get_queryset(self) -> QuerySet[Event]:
        return super().get_queryset().filter(organizer=self.kwargs["pk"])


class OwnEventViewSet(EventLists):
    resource = "user"
    filterset_class = OwnEventFilter
    first_page_is_compiled = False
    list_actions = ("my_events",)

    @action(detail=False, url_path="me/events")
    def my_events(self, request: Request) -> Response:
        """The events that you organize, and those in whose team you are, including drafts."""
        return self.list_response()

    def get_queryset(self) -> QuerySet[Event]:
        return super().get_queryset().run_by(self.user)  # type: ignore[attr-defined, no-any-return]
