"""The API of registrations: thin faces over registrations.services.seats."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import keyed
from accounts.models import User
from accounts.permissions import require, require_verified
from eventhub.api.viewsets import ApiViewSet, Operation, peek
from eventhub.db.compiled_queries import Statement
from eventhub.exceptions import (
    AlreadyRegistered,
    AttendeeNotFound,
    EmailNotVerified,
    EventFull,
    EventNotFound,
    Forbidden,
    RegistrationClosed,
    UserNotFound,
)
from eventhub.listings import Listing
from events.models import Event
from registrations.bodies import attendee_body, prospect_body
from registrations.filters import RegistrationFilter
from registrations.models import TEXTS, Registration, RegistrationStatus
from registrations.serializers import AttendeeChanges, AttendeeInput, AttendeeSerializer, ProspectSerializer
from registrations.services import eligibility, seats

_WITH_EVENT = Statement(lambda pk: Registration.objects.with_event().order_by().filter(pk=pk))
_FOR_EVENT = Listing(lambda event_id: Registration.objects.filter(event=event_id))
NO_SEAT = (AlreadyRegistered(attendee_id=31), RegistrationClosed(), EventFull(can_wait=True))


class AttendeeLists(ApiViewSet):
    """What every list of registrations offers."""

    queryset = Registration.objects.all()
    filterset_class = RegistrationFilter
    search_fields = TEXTS
    orderings: ClassVar = {"registration_date": "registration_date", "name": "name"}
    default_ordering = "-registration_date"


class Attendees(AttendeeLists):
    resource = "attendee"
    operations: ClassVar = {
        "list": Operation(many=True, output=AttendeeSerializer),
        "retrieve": Operation(output=AttendeeSerializer, tagged=True, refusals=(Forbidden(), AttendeeNotFound())),
        "create": Operation(
            201,
            input=AttendeeInput,
            output=AttendeeSerializer,
            tagged=True,
            refusals=(Forbidden(), EmailNotVerified(), EventNotFound(), UserNotFound(), *NO_SEAT),
        ),
        "update": Operation(
            input=AttendeeChanges,
            output=AttendeeSerializer,
            tagged=True,
            refusals=(Forbidden("Attendee not updated"), Forbidden(), EmailNotVerified(), AttendeeNotFound(), *NO_SEAT),
        ),
        "destroy": Operation(
            204, tagged=True, refusals=(Forbidden("Attendee not deleted"), Forbidden(), AttendeeNotFound())
        ),
    }

    def list(self, request: Request) -> Response:
        """Your registrations, and those of the events that you run; newest first."""
        return self.paged(Registration.objects.visible_to(self.user))

    def retrieve(self, request: Request, pk: int) -> Response:
        """A registration."""
        return self._item(self._registration(pk))

    @keyed
    def create(self, request: Request) -> Response:
        """Register for an event, or with `"status": "waitlisted"` queue for it.

        Without a status, or with `registered`: a seat, or 409 `event_full`. Who runs the event registers anyone.
        """
        body = AttendeeInput(data=request.data)
        named = peek(body, "user_id")
        user_id = self.user.pk if named is None else named
        if user_id == self.user.pk:
            require_verified(self.user)
        else:
            require(self.user, "attendee", "create_for_others")
        event = self._event(body, user_id)
        user = self._person(user_id, event)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        details = {key: values.get(key) for key in ("name", "contact_details")}
        if values.get("status") == RegistrationStatus.WAITLISTED:
            registration = seats.join_queue(event=event, user=user, by=self.user, **details)
        else:
            registration = seats.register(event=event, user=user, by=self.user, **details)
        return self._item(registration, 201)

    def update(self, request: Request, pk: int) -> Response:
        """Change the details or the status of a registration.

        Absent keys keep their value. A seat that gets free goes to the first in the queue, in the same transaction.
        """
        registration = self._registration(pk)
        body = AttendeeChanges(registration, data=request.data, partial=True)
        if status := peek(body, "status"):
            seats.require_transition(registration=registration, to=status, by=self.user)
        body.is_valid(raise_exception=True)
        changes = {key: body.validated_data.get(key) for key in ("status", "name", "contact_details")}
        changed = seats.update(registration=registration, by=self.user, condition=self.condition, **changes)
        return self._item(changed)

    def destroy(self, request: Request, pk: int) -> Response:
        """Cancel a registration and remove it.

        One that was marked attended is the organizer's to remove.
        """
        seats.remove(registration=self._registration(pk), by=self.user, condition=self.condition)
        return Response(status=204)

    def _registration(self, pk: int) -> Registration:
        """The row, if the user may do the view's action to it. What concerns a draft is hidden as the draft is."""
        registration: Registration | None = _WITH_EVENT.first(pk)
        if registration is None or not registration.event.is_visible_to(self.user):
            raise AttendeeNotFound()
        require(self.user, self.resource, self.action, registration)
        return registration

    def _item(self, registration: Registration, status: int = 200) -> Response:
        return self.item(attendee_body(registration), registration, status)

    def _event(self, body: AttendeeInput, user_id: int) -> Event:
        """The event that a body names, with what it holds for `user_id`; a 400 where it names none."""
        event_id = peek(body, "event_id")
        if event_id is None:
            body.is_valid(raise_exception=True)
        return eligibility.get_event_for_registration(event_id=event_id, user_id=user_id, by=self.user)

    def _person(self, user_id: int, event: Event) -> User:
        """Whom to register: the one who asks, or, for who runs the event, anyone."""
        if user_id == self.user.pk:
            return self.user
        require(self.user, "attendee", "create_for_others", event)
        return User.objects.find(user_id)


class EventAttendees(AttendeeLists):
    resource = "event"
    operations: ClassVar = {
        "attendees": Operation(many=True, output=AttendeeSerializer, refusals=(Forbidden(), EventNotFound()))
    }

    def attendees(self, request: Request, pk: int) -> Response:
        """The registrations for an event, of every status."""
        event = Event.objects.find(pk, self.user)
        require(self.user, self.resource, self.action, event)
        return self.paged(_FOR_EVENT, event.pk)


class Prospects(ApiViewSet):
    resource = "event"
    operations: ClassVar = {"registration": Operation(output=ProspectSerializer, refusals=(EventNotFound(),))}

    def registration(self, request: Request, pk: int) -> Response:
        """Whether you would get a seat now, and why not.

        By the rules of `POST /attendees/` for oneself, which is still free to decide otherwise a moment later.
        """
        return Response(prospect_body(eligibility.check_eligibility(event_id=pk, by=self.user)))
