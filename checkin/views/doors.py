"""The API of what a door needs to know: the numbers, and people by name."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import orjson
from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from checkin.door_serializers import DoorSearchQuery, DoorsSerializer, FoundPeopleSerializer
from checkin.selectors import doors
from checkin.selectors.door_search import find_people
from checkin.views.gates import GateViewSet
from eventhub.api.etags import Precondition
from eventhub.api.pagination import bounded
from eventhub.api.renderers import dumps
from eventhub.exceptions import EventNotFound, Forbidden, Invalid

NO_SEARCH = Invalid({"search": ["This field is required."]})


class DoorViewSet(GateViewSet):
    resource = "event"
    gate_actions = ("doors", "door_search")
    search_actions = ("door_search",)
    etag_actions = ("doors",)
    error_responses: ClassVar = {
        "doors": (Forbidden(), EventNotFound()),
        "door_search": (NO_SEARCH, Forbidden(), EventNotFound()),
    }

    @action(detail=True)
    def doors(self, request: Request, pk: int) -> Response:
        """The numbers at the doors of an event: who came, who is inside, whom the doors refused.

        Ask again with `If-None-Match` as often as you like: nothing is counted while nothing has changed.
        """
        state = doors.state_of(self.get_object(), now=timezone.now())
        Precondition(match=self.precondition.match).require(state)
        for tag, length in _known_tags(self.precondition.none_match, state.edition):
            return Response(status=304, headers={"ETag": tag, "Content-Length": length})
        body = dumps(self.get_serializer(doors.numbers_of(state)).data)
        # The tag has the length of the body, for the 304 that leaves the body out (RFC 9110, section 8.6).
        return Response(orjson.Fragment(body), headers={"ETag": f'"{state.edition}.{len(body)}"'})

    @extend_schema(parameters=[DoorSearchQuery])
    @action(detail=True, url_path="doors/search")
    def door_search(self, request: Request, pk: int) -> Response:
        """People of an event by name, for those who have forgotten their ticket, whatever their status.

        A gate token needs the right to search.
        """
        event = self.get_object()
        query = DoorSearchQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        with bounded():
            return self.item_response(find_people(event, query.validated_data["search"]))

    def get_serializer_class(self) -> type[Serializer[Any]]:
        return DoorsSerializer if self.action == "doors" else FoundPeopleSerializer


def _known_tags(header: str | None, edition: str) -> Iterator[tuple[str, str]]:
    """Yield the tags of that edition in `If-None-Match`, each with the length of its body."""
    for tag in parse_etags(header or ""):
        if found := re.fullmatch(rf'(?:W/)?("{edition}\.([0-9]{{1,9}})")', tag):
            yield found[1], found[2]
