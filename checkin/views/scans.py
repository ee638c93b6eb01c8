"""The API of scans. The rules are in checkin/services/admission.py."""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from checkin.models import Scan, ScanResult
from checkin.scan_line_serializers import ScanFilter, ScanLineSerializer
from checkin.scan_serializers import (
    BatchSerializer,
    ScanAttendeeSerializer,
    ScanBatchInput,
    ScanInput,
    ScanSerializer,
    UndoInput,
    WalkInInput,
)
from checkin.selectors.scan_lines import scan_lines
from checkin.services import admission, offline_scans, walk_ins
from checkin.services.judgement import Attempt, Door
from checkin.services.offline_scans import OfflineScan
from checkin.services.scan_log import ACCEPTED, DoorAnswer
from checkin.views.gates import GateViewSet
from eventhub.exceptions import (
    AttendeeNotFound,
    CheckpointNotFound,
    ClosedReason,
    EventFull,
    EventNotFound,
    Forbidden,
    NonceReused,
    NothingToUndo,
    RegistrationClosed,
    ScanNotFound,
    ScanRefused,
    TooLateToUndo,
    UndoneAlready,
)

REFUSED = tuple(ScanRefused(result) for result in ScanResult if result not in ACCEPTED)
SCANNED = (Forbidden(), EventNotFound(), CheckpointNotFound(), AttendeeNotFound(), NonceReused())


class DoorMixin(GateViewSet):
    def door(self, event_id: int, values: dict[str, Any]) -> Door:
        """Return the door that a request is made at. Raise EventNotFound for a gate of another event."""
        if self.gate is not None:
            self.find_event(event_id)
        door = Door(event_id, self.user, self.gate, device=values.get("device", ""))
        return door.at(values.get("checkpoint_id"))

    def answer(self, answer: DoorAnswer, status: int = 201) -> Response:
        """Return the line of the log. Raise ScanRefused where it is a refusal."""
        if not answer.is_accepted:
            registration = answer.registration
            person = None if registration is None else ScanAttendeeSerializer(registration).data
            raise answer.refusal(attendee=person)
        headers = {"Idempotent-Replayed": "true"} if answer.is_replayed else {}
        return Response(ScanSerializer(answer).data, status=200 if answer.is_replayed else status, headers=headers)


class ScanViewSet(DoorMixin):
    resource = "event"
    gate_actions = ("scan", "scan_batch", "walk_in")
    search_actions = ("walk_in",)
    queryset = Scan.objects.all()
    filterset_class = ScanFilter
    ordering_fields = ("scan_id",)
    ordering = "-scan_id"
    list_actions = ("scans",)
    input_serializers: ClassVar = {"scan": ScanInput, "scan_batch": ScanBatchInput, "walk_in": WalkInInput}
    success_status: ClassVar = {"scan": 201, "walk_in": 201}
    other_outputs: ClassVar = {"scan": {200: ScanSerializer}, "walk_in": {200: ScanSerializer}}
    error_responses: ClassVar = {
        "scans": (Forbidden(), EventNotFound()),
        "scan": (*SCANNED, *REFUSED),
        "scan_batch": (Forbidden(), EventNotFound()),
        "walk_in": (
            Forbidden(),
            EventNotFound(),
            NonceReused(),
            RegistrationClosed(ClosedReason.CANCELLED),
            EventFull(can_wait=False),
        ),
    }

    @action(detail=True)
    def scans(self, request: Request, pk: int) -> Response:
        """The log of the doors of an event, the newest line first: who was scanned, by whom, and the answer.

        Refusals are in it too, and check-ins without a scan.
        """
        self.get_object()
        return self.list_response()

    @scans.mapping.post
    def scan(self, request: Request, pk: int) -> Response:
        """Scan a ticket at the door, or let in a person found by name.

        Every scan is written to the log, refusals included. Send a `nonce` with each: the same one gets the first
        answer again, as a 200 with `Idempotent-Replayed`, so that a scan can be retried without letting anybody in
        twice. `force` lets people in whose ticket was replaced, who are in already, who come while the checkpoint is
        closed, and those without a seat if one is free. A gate token needs the right to do so.
        """
        body = self.get_body()
        if not body.is_valid():
            self.get_object()
            body.is_valid(raise_exception=True)
        values = body.validated_data
        return self.answer(admission.scan(self.door(pk, values), _attempt(values)))

    @action(detail=True, methods=["post"], url_path="scans/batch")
    def scan_batch(self, request: Request, pk: int) -> Response:
        """Send the scans that a device made without network, at most 500.

        Each is noted as if alone; the results come in the same order. Whom the device let in is inside. `despite`
        says what would have refused them here: nobody is thrown out, and nobody gets a seat by it. The order in which
        devices send their scans does not matter. A walk-in (`name`) is let in only if a seat is free now, and
        registration is open now or was at that time; else the result is `event_full` or `registration_closed`, and
        nothing is noted. Send all again after a lost answer: a
        known nonce changes nothing.
        """
        self.get_object()
        values = self.get_valid_body()
        scans = [
            OfflineScan(
                _attempt(each), each["at"], each.get("checkpoint_id"), each.get("refused", ""), each.get("name", "")
            )
            for each in values["scans"]
        ]
        results = offline_scans.record(self.door(pk, values), scans)
        return Response(self.get_serializer({"results": results}).data)

    @action(detail=True, methods=["post"], url_path="walk-ins")
    def walk_in(self, request: Request, pk: int) -> Response:
        """Register somebody at the door by name alone, and let them in.

        They get a free seat that nobody on the waiting list has a right to, and no account. The gate of another
        checkpoint than the entrance adds nobody.
        """
        self.get_object()
        values = self.get_valid_body()
        door = self.door(pk, values)
        return self.answer(walk_ins.admit_walk_in(door, name=values["name"], nonce=values.get("nonce")))

    def get_queryset(self) -> QuerySet[Scan]:
        return ScanLineSerializer.read(scan_lines(Q(event=self.kwargs["pk"])))

    def get_serializer_class(self) -> type[Serializer[Any]]:
        shown = {"scans": ScanLineSerializer, "scan_batch": BatchSerializer}
        return shown.get(str(self.action), ScanSerializer)


class ScanUndoViewSet(DoorMixin):
    resource = "scan"
    gate_actions = ("undo",)
    serializer_class = ScanSerializer
    input_serializers: ClassVar = {"undo": UndoInput}
    error_responses: ClassVar = {
        "undo": (Forbidden(), ScanNotFound(), NothingToUndo(), UndoneAlready(), TooLateToUndo(), NonceReused())
    }

    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Undo a scan that let somebody in or out.

        If it was the only entry at the entrance, the person is registered again, and not attended. A walk-in that it
        made is cancelled, and the queue gets the seat, unless somebody edited it, another scan let the person in or
        out, or questions were answered.
        """
        undone = self.get_object()
        values = self.get_valid_body()
        door = Door(undone.event_id, self.user, self.gate, undone.checkpoint_id, values.get("device", ""))
        return self.answer(admission.undo(door, undone, nonce=values.get("nonce")), status=200)

    def find_object(self, pk: int) -> Scan:
        scan: Scan | None = Scan.objects.select_related("event").filter(pk=pk).first()
        if scan is None or not self.can_see(scan.event):
            raise ScanNotFound()
        if self.gate is not None and self.gate.checkpoint_id not in (None, scan.checkpoint_id):
            raise ScanNotFound()
        return scan


def _attempt(values: dict[str, Any]) -> Attempt:
    named = {"nonce": values["nonce"]} if values.get("nonce") else {}
    return Attempt(
        code=values.get("code"),
        registration_id=values.get("attendee_id"),
        kind=values["kind"],
        force=values.get("force", False),
        **named,
    )
