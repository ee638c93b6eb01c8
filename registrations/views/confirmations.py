"""Confirming seats that are held for guests. The rules are in registrations/services/holds.py."""

from typing import ClassVar

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from eventhub.api.viewsets import ApiViewSet
from eventhub.exceptions import AttendeeNotFound, Forbidden
from registrations.exceptions import NotOffered
from registrations.models import Registration
from registrations.serializers import AttendeeSerializer
from registrations.services import holds
from registrations.views.attendees import find_registration


class AttendeeConfirmationViewSet(ApiViewSet):
    resource = "attendee"
    serializer_class = AttendeeSerializer
    error_responses: ClassVar = {"confirm": (Forbidden(), AttendeeNotFound(), NotOffered())}

    @action(detail=True, methods=["post"])
    @idempotent
    def confirm(self, request: Request, pk: int) -> Response:
        """Confirm a seat that is held for a guest.

        Guests do it by the link that they are mailed. Who runs the event can do it for them; `confirm_by` is null then.
        """
        return self.item_response(holds.confirm(registration=self.get_object(), by=self.user))

    def check_replay(self) -> None:
        self.get_object()

    def find_object(self, pk: int) -> Registration:
        return find_registration(pk, self.user)
