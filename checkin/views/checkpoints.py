"""The API of checkpoints. The rules are in checkin/services/checkpoints.py."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.idempotency.decorator import idempotent
from checkin.checkpoint_serializers import CheckpointInput, CheckpointSerializer
from checkin.models import Checkpoint
from checkin.services import checkpoints
from checkin.views.gates import GateViewSet
from eventhub.api.serializers import Body
from eventhub.api.viewsets import DestroyMixin, RetrieveMixin, UpdateMixin
from eventhub.exceptions import (
    CheckpointNameTaken,
    CheckpointNotFound,
    EntranceStays,
    EventNotFound,
    Forbidden,
    HasScans,
    TooManyCheckpoints,
)

_ONE = (Forbidden(), CheckpointNotFound())


class EventCheckpointViewSet(GateViewSet):
    resource = "event"
    queryset = CheckpointSerializer.read(Checkpoint.objects.all())
    serializer_class = CheckpointSerializer
    ordering_fields = ("name",)
    ordering = "name"
    list_actions = ("checkpoints",)
    gate_actions = ("checkpoints",)
    etag_actions = ("create_checkpoint",)
    success_status: ClassVar = {"create_checkpoint": 201}
    input_serializers: ClassVar = {"create_checkpoint": CheckpointInput}
    error_responses: ClassVar = {
        "checkpoints": (Forbidden(), EventNotFound()),
        "create_checkpoint": (Forbidden(), EventNotFound(), CheckpointNameTaken(), TooManyCheckpoints()),
    }

    @action(detail=True, url_path="checkpoints/")
    def checkpoints(self, request: Request, pk: int) -> Response:
        """The places of an event where tickets are scanned: the entrance, and others such as sessions and meals."""
        event = self.get_object()
        page = self.list_response()
        if page.data["results"] or event.checkpoints.exists():
            return page
        checkpoints.entrance_of(event.pk)
        return self.list_response()

    @checkpoints.mapping.post
    @idempotent
    def create_checkpoint(self, request: Request, pk: int) -> Response:
        """Add a checkpoint beside the entrance, which every event has. An event has at most 100."""
        event = self.get_object()
        with timezone.override(event.zone):  # of times without an offset
            values = self.get_valid_body()
        return self.item_response(checkpoints.create_checkpoint(event_id=event.pk, values=values))  # type: ignore[arg-type]

    def check_replay(self) -> None:
        self.get_object()

    def get_queryset(self) -> QuerySet[Checkpoint]:
        return super().get_queryset().filter(event=self.kwargs["pk"])


class CheckpointViewSet(GateViewSet, RetrieveMixin, UpdateMixin, DestroyMixin):
    resource = "checkpoint"
    serializer_class = CheckpointSerializer
    gate_actions = ("retrieve",)
    etag_actions = ("retrieve", "update", "destroy")
    input_serializers: ClassVar = {"update": CheckpointInput}
    error_responses: ClassVar = {
        "retrieve": _ONE,
        "update": (*_ONE, CheckpointNameTaken()),
        "destroy": (*_ONE, EntranceStays(), HasScans()),
    }
    descriptions: ClassVar = {
        "retrieve": "A checkpoint.",
        "update": """Change a checkpoint.

        Absent keys keep their value. What was scanned before stays as it is.
        """,
        "destroy": """Delete a checkpoint at which no ticket was scanned.

        Gate tokens that are for this checkpoint alone go with it.
        """,
    }

    def check_body(self, body: Body) -> dict[str, Any]:
        with timezone.override(cast("Checkpoint", body.instance).event.zone):
            body.is_valid()  # whose values stay
        return {}

    def find_object(self, pk: int) -> Checkpoint:
        checkpoint: Checkpoint | None = Checkpoint.objects.select_related("event").filter(pk=pk).first()
        if checkpoint is None or not self.can_see(checkpoint.event):
            raise CheckpointNotFound()
        return checkpoint

    def perform_update(self, body: Body) -> Checkpoint:
        return checkpoints.update_checkpoint(
            checkpoint=cast("Checkpoint", body.instance),
            values=body.validated_data,
            condition=self.precondition,
        )

    def perform_destroy(self, checkpoint: Checkpoint) -> None:
        checkpoints.delete_checkpoint(checkpoint=checkpoint, condition=self.precondition)
