"""The scans of a person on the page of their registration, and undoing one."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from checkin.models import Scan
from checkin.selectors.undone import MOVED, undone_by
from checkin.services import admission
from checkin.services.judgement import Door
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, sentence
from eventhub.api.fields import could_be_id
from eventhub.audit import Channel
from registrations.admin.history import name_of_actor
from registrations.models import Registration

MOST_SHOWN = 200
UNDO = "scan"  # what the button posts


class ScanShown(NamedTuple):
    line: Scan
    what: str
    by: str
    undone: Scan | None
    undone_by: str
    can_undo: bool


def scans_context(row: Registration, reader: User) -> dict[str, Any]:
    lines = Scan.objects.filter(registration=row).select_related("checkpoint", "gate", "by").order_by("-at", "-pk")
    scans = list(lines[:MOST_SHOWN])
    undone = undone_by(scans)
    return {"scans": [_shown(line, undone.get(line.pk), partial(_who, row=row, reader=reader)) for line in scans]}


def _shown(line: Scan, undone: Scan | None, who: Callable[[Scan], str]) -> ScanShown:
    what = line.get_result_display()
    if line.despite:
        what = f"{what}, despite “{line.get_despite_display()}”"
    if line.offline:
        what = f"{what}, without a network"
    can_undo = line.result in MOVED and undone is None
    return ScanShown(line, what, who(line), undone, who(undone) if undone else "", can_undo)


def _who(line: Scan, *, row: Registration, reader: User) -> str:
    """Name who scanned: a helper's phone, else an account, else a command or an import."""
    name = str(line.gate) if line.gate is not None else name_of_actor(line.by_id, line.by, row, reader)
    if name:
        return name
    return str(Channel(line.through).label) if line.through in Channel.values else "(unknown)"


def undo(model_admin: ScopedModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    row: Registration | None = model_admin.get_queryset(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    back = f"{reverse('admin:registrations_registration_change', args=[pk])}#scans"
    number = request.POST.get(UNDO, "")
    scan = Scan.objects.filter(registration=row, pk=int(number)).first() if could_be_id(number) else None
    if request.method != "POST" or scan is None:
        return redirect(back)
    try:
        admission.undo(Door(row.event_id, cast(User, request.user), None, scan.checkpoint_id), scan)
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, "The scan was undone.")
    return redirect(back)
