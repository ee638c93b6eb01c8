from typing import ClassVar

from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from accounts.models import ServiceToken
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import EventNotFound, Forbidden
from events.models import Event
from events.serializers import EventSerializer
from notifications.clone_serializers import CloneInput
from notifications.services.clones import clone_event


class CloneViewSet(ApiViewSet):
    resource = "event"
    serializer_class = EventSerializer
    input_serializers: ClassVar = {"clone": CloneInput}
    success_status: ClassVar = {"clone": 201}
    etag_actions = ("clone",)
    error_responses: ClassVar = {"clone": (Forbidden(), EventNotFound())}

    @action(detail=True, methods=["post"])
    @idempotent
    def clone(self, request: Request, pk: int) -> Response:
        """Copy an event as a draft of the same organizer.

        Its other times keep their distance to its start by the clock. People, slug, UID and series are not copied,
        nor is the team by a service token.
        """
        event = self.get_object()
        with timezone.override(event.zone):  # of a time without an offset
            values = self.get_valid_body()
        by_token = isinstance(request.auth, ServiceToken)
        parts = [part for part in values["with"] if part != "team" or not by_token]
        copy = clone_event(event=event, date_time=values.get("date_time"), parts=parts)
        return self.item_response(Event.objects.find(copy.pk, self.user))

    def check_replay(self) -> None:
        self.get_object()

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event
