"""The API of registrations. The rules are in registrations/services/seats.py."""

from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from accounts.models import User
from accounts.permissions import require, require_verified
from eventhub.api.fields import NO_ROW, YES
from eventhub.api.files import FileKind, FileMixin
from eventhub.api.serializers import Body
from eventhub.api.viewsets import ApiViewSet, CreateMixin, DestroyMixin, ListMixin, RetrieveMixin, UpdateMixin
from eventhub.db.compiled_queries import CompiledQuery
from eventhub.exceptions import (
    AlreadyRegistered,
    AttendeeNotFound,
    ClosedReason,
    EmailNotVerified,
    EventFull,
    EventNotFound,
    Forbidden,
    RegistrationClosed,
    UserNotFound,
)
from eventhub.spreadsheets.entries import TableRow
from events.calendar_entry import CONTENT_TYPE, EXAMPLE
from events.models import Event, Visibility
from registrations.exceptions import ChangeClosed
from registrations.filters import EventAttendeeFilter, RegistrationFilter
from registrations.models import DETAILS, TEXTS, Registration, RegistrationStatus
from registrations.selectors import calendars
from registrations.selectors.answers import answers_in_list
from registrations.selectors.statistics import statistics_of
from registrations.serializers import (
    AttendeeChanges,
    AttendeeInput,
    AttendeeSerializer,
    EventAttendeeSerializer,
    ProspectSerializer,
    StatisticsSerializer,
)
from registrations.services import attendee_import, cancellation_reasons, eligibility, seats
from registrations.services.attendee_file import build_guest

_WITH_EVENT = CompiledQuery(lambda pk: Registration.objects.with_event().order_by().filter(pk=pk))
_WITH_ORGANIZER = CompiledQuery(
    lambda pk: Registration.objects.select_related("event__organizer__profile").order_by().filter(pk=pk)
)
NOT_OPEN_YET = RegistrationClosed(ClosedReason.NOT_OPEN_YET, opens_at=datetime(2027, 3, 5, 9, tzinfo=UTC))
CHANGE_CLOSED = ChangeClosed("cancel_until", datetime(2027, 4, 29, 22, tzinfo=UTC))
NO_SEAT = (AlreadyRegistered(attendee_id=31), NOT_OPEN_YET, EventFull(can_wait=True))


def _visible(registration: Registration | None, user: User) -> Registration:
    """Return the row. A registration for a hidden event is hidden as the event is, and takes as long as none."""
    event = registration.event if registration else Event(pk=NO_ROW, visibility=Visibility.PRIVATE)
    if not event.is_visible_to(user) or registration is None:
        raise AttendeeNotFound()
    return registration


def find_registration(pk: int, user: User) -> Registration:
    return _visible(_WITH_EVENT.first(pk), user)


class AttendeeLists(ApiViewSet):
    queryset = AttendeeSerializer.read(Registration.objects.all())
    serializer_class = AttendeeSerializer
    filterset_class = RegistrationFilter
    search_fields = TEXTS
    ordering_fields = ("registration_date", "name")
    ordering = "-registration_date"
    first_page_is_compiled = True


class AttendeeViewSet(AttendeeLists, ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DestroyMixin):
    resource = "attendee"
    input_serializers: ClassVar = {"create": AttendeeInput, "update": AttendeeChanges}
    etag_actions = ("create", "retrieve", "update", "destroy")
    error_responses: ClassVar = {
        "retrieve": (Forbidden(), AttendeeNotFound()),
        "create": (Forbidden(), EmailNotVerified(), EventNotFound(), UserNotFound(), *NO_SEAT),
        "update": (
            *(Forbidden("Attendee not updated"), Forbidden(), EmailNotVerified(), AttendeeNotFound()),
            *(CHANGE_CLOSED, *NO_SEAT),
        ),
        "destroy": (Forbidden("Attendee not deleted"), Forbidden(), AttendeeNotFound(), CHANGE_CLOSED),
    }
    descriptions: ClassVar = {
        "list": "Your registrations, and those of the events that you run; newest first.",
        "retrieve": "A registration.",
        "create": """Register for an event, or join its waiting list.

        Without a status, or with `registered`, you get a seat or a 409 `event_full`. The organizer and admins can
        register anyone, by `user_id` or by `email`, also somebody who has cancelled. With `email`, a person without an
        account gets one, which a password reset claims. Organizers do not learn whether there was one: only the person
        and admins see the `user_id` of this registration, and find it by its `user_id`.
        """,
        "update": """Change the details or the status of a registration.

        Absent keys keep their value. A freed seat goes to the first on the waiting list in the same transaction. After
        the deadlines of the event only the people who run it can cancel a seat or change details. A new name deletes
        the answers to personal questions, and does not say so: read `/attendees/<id>/answers` after it.
        """,
        "destroy": """Cancel a registration and remove it.

        Only the organizer and admins can remove one that is marked as attended. Nothing is kept of it: a later import
        of a list with the person registers them again. It leaves them out if you set `status` to `cancelled` instead.
        """,
    }
    create = idempotent(CreateMixin.create)

    def get_queryset(self) -> QuerySet[Registration]:
        return super().get_queryset().visible_to(self.user)  # type: ignore[attr-defined, no-any-return]

    def find_object(self, pk: int) -> Registration:
        return find_registration(pk, self.user)

    def check_body(self, body: Body) -> dict[str, Any]:
        if isinstance(body.instance, Registration):
            if status := body.validated_field("status"):
                seats.require_transition(registration=body.instance, to=status, by=self.user)
            return {}
        if body.names("email"):
            require(self.user, "attendee", "create_for_others")
            event = self._find_event(body, NO_ROW)
            require(self.user, "attendee", "create_for_others", event)
            return {"event": event}
        user_id = body.validated_field("user_id")
        if user_id is None or user_id == self.user.pk:
            require_verified(self.user)
            return {"event": self._find_event(body, self.user.pk), "user": self.user}
        require(self.user, "attendee", "create_for_others")
        event = self._find_event(body, user_id)
        require(self.user, "attendee", "create_for_others", event)
        return {"event": event, "user": User.objects.find(user_id)}

    def _find_event(self, body: Body, user_id: int) -> Event:
        """Return the event that a body names, with what it holds for `user_id`; a 400 where it names none."""
        event_id = body.validated_field("event_id")
        if event_id is None:
            body.is_valid(raise_exception=True)
        return eligibility.get_event_for_registration(event_id=event_id, user_id=user_id, by=self.user)

    def perform_create(self, body: Body, event: Event, user: User | None = None) -> Registration:
        registration = self._register(body, event, user)
        self.hidden_account = registration.user_id
        return registration

    def _register(self, body: Body, event: Event, user: User | None) -> Registration:
        values = body.validated_data
        may_queue = values.get("status") == RegistrationStatus.WAITLISTED
        if user is None:
            guest = build_guest(TableRow(1, {key: values.get(key, "") for key in ("email", *DETAILS)}))
            return attendee_import.add_attendee(
                event_id=event.pk, guest=guest, by=self.user, may_queue=may_queue, answers=values.get("answers")
            )
        enter = seats.join_queue if may_queue else seats.register
        return enter(event=event, user=user, by=self.user, **{key: values.get(key) for key in (*DETAILS, "answers")})

    def perform_update(self, body: Body) -> Registration:
        changes: dict[str, Any] = {key: body.validated_data.get(key) for key in ("status", "answers", *DETAILS)}
        changes["reason"] = body.validated_data.get("reason", "")
        registration = cast("Registration", body.instance)
        return cancellation_reasons.update(
            registration=registration, by=self.user, condition=self.precondition, **changes
        )

    def perform_destroy(self, registration: Registration) -> None:
        seats.remove(registration=registration, by=self.user, condition=self.precondition)


class AttendeeCalendarViewSet(FileMixin):
    resource = "attendee"
    etag_actions = ("calendar",)
    error_responses: ClassVar = {"calendar": (Forbidden(), AttendeeNotFound())}
    files: ClassVar = {"calendar": FileKind("text/calendar", EXAMPLE)}

    @action(detail=True, url_path="calendar.ics")
    def calendar(self, request: Request, pk: int) -> HttpResponse:
        """A registration as a calendar file, without the person.

        It is the event's entry with `STATUS:TENTATIVE` on the waiting list, and `STATUS:CANCELLED` once cancelled.
        """
        registration = self.get_object()
        entry = calendars.registration_entry(registration)
        return self.file_response(
            entry, registration, name=f"event-{registration.event_id}.ics", content_type=CONTENT_TYPE
        )

    def find_object(self, pk: int) -> Registration:
        return _visible(_WITH_ORGANIZER.first(pk), self.user)


class EventAttendeeViewSet(AttendeeLists):
    resource = "event"
    filterset_class = EventAttendeeFilter
    queryset = EventAttendeeSerializer.read(Registration.objects.all())
    serializer_class = EventAttendeeSerializer
    list_actions = ("attendees",)
    error_responses: ClassVar = {"attendees": (Forbidden(), EventNotFound())}

    @action(detail=True)
    def attendees(self, request: Request, pk: int) -> Response:
        """The registrations for an event, with any status.

        With `answers`, each has the keys `answers` and `answers_complete`.
        """
        event = self.get_object()
        page = self.list_response()
        if request.query_params.get("answers", "").lower() in YES:
            shown = answers_in_list(event, [body["attendee_id"] for body in page.data["results"]])
            for body in page.data["results"]:
                body.update(shown[body["attendee_id"]])
        return page

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event

    def get_queryset(self) -> QuerySet[Registration]:
        return super().get_queryset().filter(event=self.kwargs["pk"])


class StatisticsViewSet(ApiViewSet):
    resource = "event"
    serializer_class = StatisticsSerializer
    etag_actions = ("statistics",)
    error_responses: ClassVar = {"statistics": (Forbidden(), EventNotFound())}

    @action(detail=True)
    def statistics(self, request: Request, pk: int) -> Response:
        """The figures of an event: statuses, channels, days, and check-ins by five minutes.

        Registrations that were removed are not counted.
        """
        return self.item_response(statistics_of(self.get_object()))

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event


class ProspectViewSet(ApiViewSet):
    resource = "event"
    serializer_class = ProspectSerializer
    error_responses: ClassVar = {"registration": (EventNotFound(),)}

    @action(detail=True)
    def registration(self, request: Request, pk: int) -> Response:
        """Whether you would get a seat now, and if not, why.

        The rules are those of `POST /attendees/` for yourself. A moment later its answer may be another.
        """
        return self.item_response(eligibility.check_eligibility(event_id=pk, by=self.user))
