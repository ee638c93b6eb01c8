"""The API of gate tokens. The rules are in checkin/services/gate_tokens.py."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from checkin.gate_serializers import GateSerializer, GateTokenInput, GateTokenSerializer, NewGateTokenSerializer
from checkin.models import Checkpoint, GateToken
from checkin.services import gate_tokens
from checkin.views.gates import GateViewSet
from eventhub.api.serializers import Body
from eventhub.api.viewsets import ApiViewSet, DestroyMixin
from eventhub.exceptions import (
    CheckpointNotFound,
    EventNotFound,
    EventOver,
    Forbidden,
    GateTokenNotFound,
    TooManyGateTokens,
)
from events.models import Event


class EventGateTokenViewSet(ApiViewSet):
    resource = "event"
    queryset = GateToken.objects.all()
    ordering_fields = ("created_at",)
    ordering = "-created_at"
    list_actions = ("gate_tokens",)
    success_status: ClassVar = {"create_gate_token": 201}
    input_serializers: ClassVar = {"create_gate_token": GateTokenInput}
    error_responses: ClassVar = {
        "gate_tokens": (Forbidden(), EventNotFound()),
        "create_gate_token": (Forbidden(), EventNotFound(), CheckpointNotFound(), EventOver(), TooManyGateTokens()),
    }

    @action(detail=True, url_path="gate-tokens/")
    def gate_tokens(self, request: Request, pk: int) -> Response:
        """The gate tokens of an event, the newest first; also those that have ended."""
        self.get_object()
        return self.list_response()

    @gate_tokens.mapping.post
    def create_gate_token(self, request: Request, pk: int) -> Response:
        """Create a gate token, with which a helper without an account scans at the door.

        Only this answer contains the token. It opens the operations at the door of this event and nothing else, until
        `expires_at`, until 24 hours after the event, or until it is revoked. An event has at most 50 that have not
        ended.
        """
        event, body = self.get_object(), self.get_body()
        checkpoint = _find_checkpoint(event, body)
        with timezone.override(event.zone):  # of a time without an offset
            body.is_valid(raise_exception=True)
        values = {name: value for name, value in body.validated_data.items() if name != "checkpoint_id"}
        made = gate_tokens.create_token(event=event, by=self.user, checkpoint=checkpoint, **values)
        return self.item_response(made)

    def find_object(self, pk: int) -> Event:
        event: Event = Event.objects.find(pk, self.user)
        return event

    def get_queryset(self) -> QuerySet[GateToken]:
        return GateToken.objects.filter(event=self.kwargs["pk"]).select_related("event")

    def get_serializer_class(self) -> type[Serializer[Any]]:
        return NewGateTokenSerializer if self.action == "create_gate_token" else GateTokenSerializer


def _find_checkpoint(event: Event, body: Body) -> Checkpoint | None:
    checkpoint_id = body.validated_field("checkpoint_id")
    if checkpoint_id is None:
        return None
    found: Checkpoint | None = event.checkpoints.filter(pk=checkpoint_id).first()
    if found is None:
        raise CheckpointNotFound()
    return found


class GateTokenViewSet(DestroyMixin):
    resource = "gate_token"
    error_responses: ClassVar = {"destroy": (Forbidden(), GateTokenNotFound())}
    descriptions: ClassVar = {
        "destroy": """Revoke a gate token: it stops working.

        It stays in the list, because the log of scans names it.
        """
    }

    def find_object(self, pk: int) -> GateToken:
        token = GateToken.objects.select_related("event").filter(pk=pk).first()
        if token is None or not token.event.is_visible_to(self.user):
            raise GateTokenNotFound()
        return token

    def perform_destroy(self, token: GateToken) -> None:
        gate_tokens.revoke_token(token=token, by=self.user)


class GateTokenSelfViewSet(GateViewSet):
    resource = "gate"
    serializer_class = GateSerializer
    gate_actions = ("retrieve",)
    error_responses: ClassVar = {"retrieve": (Forbidden(),)}

    def check_permissions(self, request: Request) -> None:
        if self.gate is None:  # to the table, this is for nobody with an account
            super().check_permissions(request)

    def retrieve(self, request: Request) -> Response:
        """The gate token that this request is made with, and where it may scan."""
        return self.item_response(gate_tokens.describe(cast("GateToken", self.gate)))
