"""What the operations at the door have in common: people who run the event call them, and gate tokens."""

from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from checkin.authentication import GateAuthentication
from checkin.models import GateToken
from eventhub.api.throttling import GeneralThrottle
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import EventNotFound, InsufficientScope
from events.models import Event


class GateViewSet(ApiViewSet):
    """A resource at the door. A gate token may call `gate_actions`, at its own event."""

    authentication_classes = (GateAuthentication,)
    search_actions: ClassVar[Collection[str]] = ()  # of `gate_actions`: for tokens that may search

    @property
    def gate(self) -> GateToken | None:
        """Return the gate token of the request, or None for an account."""
        auth = self.request.auth
        return auth if isinstance(auth, GateToken) else None

    def check_throttles(self, request: Request, throttles: Iterable[BaseThrottle] | None = None) -> None:
        """Count each gate by itself: the phones at four doors must not slow each other, or the organizer, down."""
        if throttles is None and self.gate is not None:
            throttles = [GeneralThrottle(f"throttle:gate:{self.gate.pk}")]
        super().check_throttles(request, throttles)

    def check_permissions(self, request: Request) -> None:
        gate = self.gate
        if gate is not None:
            if self.action not in self.gate_actions:
                raise InsufficientScope()
            if self.action in self.search_actions and not gate.may_search:
                raise InsufficientScope()
        super().check_permissions(request)

    def can_see(self, event: Event) -> bool:
        """Return whether the event, and what belongs to it, exists for whoever asks."""
        return event.is_visible_to(self.user) and (self.gate is None or self.gate.event_id == event.pk)

    def find_event(self, pk: int) -> Event:
        """Return the event. Raise EventNotFound, also to a gate of another event."""
        if self.gate is None:
            event: Event = Event.objects.find(pk, self.user)
            return event
        if self.gate.event_id != pk:
            raise EventNotFound()
        return self.gate.event

    def find_object(self, pk: int) -> Any:
        return self.find_event(pk)
