"""Paths through the doors: scans, forced entries, their undoing, walk-ins, and scans that a device sends later."""

from random import Random
from uuid import uuid4

from django.utils import timezone

from checkin.services import admission
from checkin.services.judgement import Attempt, Door
from checkin.services.ticket_codes import make_code
from registrations.models import Registration
from registrations.tests.proof.in_process_requests import api
from registrations.tests.proof.outcomes import Call
from registrations.tests.proof.paths import Path
from registrations.tests.proof.scenarios import Scene


def _scan(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, "registered", "attended")
    body = {"code": make_code(row.pk, row.issue), "kind": chance.choice(["in", "in", "out"])}
    return api(scene.organizer, "POST", f"/events/{row.event_id}/scans", body)


def _force(scene: Scene, chance: Random) -> Call:
    """Let in somebody without a seat, where one is free."""
    row = scene.row(chance, "cancelled", "waitlisted")
    return api(scene.organizer, "POST", f"/events/{row.event_id}/scans", {"attendee_id": row.pk, "force": True})


def _undo(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, "registered")
    line = admission.scan(Door(row.event_id, scene.organizer), Attempt(registration_id=row.pk)).scan
    return api(scene.organizer, "POST", f"/scans/{line.pk}/undo", {})


def _walk_in(scene: Scene, chance: Random) -> Call:
    body = {"name": f"Walk-in {chance.random()}"}
    return api(scene.organizer, "POST", f"/events/{scene.event(chance).pk}/walk-ins", body)


def _undo_walk_in(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, "registered")
    line = admission.scan(Door(row.event_id, scene.organizer), Attempt(registration_id=row.pk)).scan
    # As a walk-in leaves them, also where no seat is free for one.
    Registration.objects.filter(pk=row.pk).update(user=None, updated_at=line.received_at)
    return api(scene.organizer, "POST", f"/scans/{line.pk}/undo", {})


def _upload(scene: Scene, chance: Random) -> Call:
    rows = [scene.row(chance, "registered", "attended", "cancelled") for _ in range(2)]
    event_id, at = scene.event(chance).pk, timezone.now().isoformat()
    scans = [
        {"code": make_code(row.pk, row.issue), "kind": kind, "nonce": str(uuid4()), "at": at}
        for row in rows
        for kind in ("in", "out")
    ]
    scans.append({"name": f"Walk-in {chance.random()}", "nonce": str(uuid4()), "at": at})
    return api(scene.organizer, "POST", f"/events/{event_id}/scans/batch", {"scans": scans})


_SCAN = ("API ScanViewSet.scan",)

PATHS = (
    Path("API scan", _scan, _SCAN, ("seated",)),
    Path("API let in anyway", _force, _SCAN, ("free",)),
    Path("API undo scan", _undo, ("API ScanUndoViewSet.undo",), ("seated",)),
    Path("API undo walk-in", _undo_walk_in, ("API ScanUndoViewSet.undo",), ("seated",)),
    Path("API walk-in", _walk_in, ("API ScanViewSet.walk_in",), ("free",)),
    Path("API scans sent later", _upload, ("API ScanViewSet.scan_batch",), ("seated",)),
)
