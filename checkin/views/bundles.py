from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from checkin.models import Checkpoint
from checkin.serializers import BundleQuery, BundleSerializer
from checkin.services.bundles import bundle_of
from checkin.views.gates import GateViewSet
from eventhub.exceptions import EventNotFound, Forbidden, Invalid

UNKNOWN_CHECKPOINT = Invalid({"checkpoint_id": ["This event has no such checkpoint."]})


class BundleViewSet(GateViewSet):
    resource = "event"
    serializer_class = BundleSerializer
    gate_actions = ("bundle",)
    error_responses: ClassVar = {"bundle": (UNKNOWN_CHECKPOINT, Forbidden(), EventNotFound())}

    @extend_schema(parameters=[BundleQuery])
    @action(detail=True)
    def bundle(self, request: Request, pk: int) -> Response:
        """What a device needs to check tickets without a network.

        It names nobody: codes are digests, and a name can be read with the code of its ticket alone. Ask again with
        `after` for what has changed. A code that is not in it belongs to no ticket for this event.
        """
        event = self.get_object()
        query = BundleQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        checkpoint = self._checkpoint(event.pk, query.validated_data.get("checkpoint_id"))
        return self.item_response(
            bundle_of(event.pk, checkpoint=checkpoint, after=query.validated_data.get("after", ""))
        )

    def _checkpoint(self, event_id: int, wanted: int | None) -> Checkpoint | None:
        checkpoints = Checkpoint.objects.filter(event=event_id)
        if wanted is None:
            return checkpoints.filter(is_entrance=True).first()
        found: Checkpoint | None = checkpoints.filter(pk=wanted).first()
        if found is None:
            raise UNKNOWN_CHECKPOINT
        return found
