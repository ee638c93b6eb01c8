"""The public profile of who has public events."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.exceptions import UserNotFound
from public_pages.selectors.events import find_organizer
from public_pages.serializers import PublicOrganizerSerializer
from public_pages.views.api import PublicReadViewSet


class PublicOrganizerViewSet(PublicReadViewSet):
    resource = "public_organizer"
    serializer_class = PublicOrganizerSerializer
    error_responses: ClassVar = {"retrieve": (UserNotFound(),)}

    def retrieve(self, request: Request, pk: int) -> Response:
        """The profile of an organizer who has a public event."""
        return Response(self.get_serializer(find_organizer(pk)).data)
