"""The API of events: thin faces over events.services.events and registrations.services.event_changes."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import keyed
from accounts.models import Role, User
from accounts.permissions import require
from eventhub.api.viewsets import ApiViewSet, Operation, peek
from eventhub.exceptions import CapacityBelowTaken, EventNotFound, Forbidden, HasAttendees, UserNotFound
from eventhub.listings import Listing
from events.bodies import EventRow, event_row
from events.filters import EventFilter
from events.models import Event
from events.serializers import EventInput, EventSerializer
from events.services import events
from registrations.services import event_changes


def _visible_to(role: str) -> Listing:
    return Listing(lambda user_id: Event.objects.visible_to(User(pk=user_id, role=role)))


_VISIBLE = {role: _visible_to(role) for role in Role.values}
_ORGANIZED = Listing(lambda user_id: Event.objects.filter(organizer=user_id))


class EventLists(ApiViewSet):
    """What every list of events offers."""

    queryset = Event.objects.all()
    filterset_class = EventFilter
    search_fields = ("title", "description", "location")
    orderings: ClassVar = {"date_time": "date_time", "title": "title", "created_at": "created_at"}
    default_ordering = "date_time"


class Events(EventLists):
    resource = "event"
    operations: ClassVar = {
        "list": Operation(many=True, output=EventSerializer),
        "retrieve": Operation(output=EventSerializer, tagged=True, refusals=(EventNotFound(),)),
        "create": Operation(
            201,
            input=EventInput,
            output=EventSerializer,
            tagged=True,
            refusals=(Forbidden("You must be an organizer to create events"), Forbidden()),
        ),
        "update": Operation(
            input=EventInput,
            output=EventSerializer,
            tagged=True,
            refusals=(
                Forbidden("Event not updated"),
                Forbidden(),
                EventNotFound(),
                CapacityBelowTaken(),
                HasAttendees(),
            ),
        ),
        "destroy": Operation(204, tagged=True, refusals=(Forbidden("Event not deleted"), EventNotFound())),
    }

    def list(self, request: Request) -> Response:
        """Events that you may see, by date."""
        return self.paged(_VISIBLE[self.user.role], self.user.pk)

    def retrieve(self, request: Request, pk: int) -> Response:
        """An event."""
        return self._item(event_row(pk, self.user))

    @keyed
    def create(self, request: Request) -> Response:
        """Announce an event.

        A date in the past is accepted: events are also recorded afterwards.
        """
        body = EventInput(data=request.data)
        organizer = (
            events.find_organizer(user_id=peek(body, "organizer_id"), by=self.user, owner_id=self.user.pk) or self.user
        )
        body.is_valid(raise_exception=True)
        body.validated_data.pop("organizer_id", None)
        event = events.create_event(organizer=organizer, values=body.validated_data)
        return self._item(EventRow.of(event), 201)

    def update(self, request: Request, pk: int) -> Response:
        """Change an event.

        Absent keys keep their value. More seats go to the queue, in its order, in the same transaction; when an event
        is open again its queue is served at once.
        """
        event = self._event(pk)
        require(self.user, self.resource, self.action, event)
        body = EventInput(data=request.data, partial=True)
        organizer = events.find_organizer(
            user_id=peek(body, "organizer_id"),
            by=self.user,
            owner_id=event.organizer_id,
        )
        body.is_valid(raise_exception=True)
        values = body.validated_data
        values.pop("organizer_id", None)
        if organizer is not None:
            values["organizer"] = organizer
        event_changes.edit_event(event_id=pk, values=values, condition=self.condition)
        return self._item(event_row(pk, self.user))

    def destroy(self, request: Request, pk: int) -> Response:
        """Delete an event, and its registrations with it."""
        require(self.user, self.resource, self.action, self._event(pk))
        event_changes.delete_event(event_id=pk, condition=self.condition)
        return Response(status=204)

    def _event(self, pk: int) -> Event:
        """The event, as far as the user may know of it."""
        event: Event = Event.objects.find(pk, self.user)
        return event

    def _item(self, row: EventRow, status: int = 200) -> Response:
        return self.item(row.body(), row, status)


class UserEvents(EventLists):
    resource = "user"
    operations: ClassVar = {
        "events": Operation(
            many=True, output=EventSerializer, refusals=(Forbidden("Resource inaccessible"), UserNotFound())
        )
    }

    def events(self, request: Request, pk: int) -> Response:
        """The events that this user organizes, drafts among them."""
        account = User.objects.find(pk)
        require(self.user, self.resource, self.action, account)
        return self.paged(_ORGANIZED, account.pk)
