"""A ticket code typed, or scanned by a device that types, into the search of the check-in page."""

from datetime import tzinfo
from typing import cast

from django.contrib import messages
from django.http import HttpRequest

from accounts.models import User
from checkin.models import ScanResult
from checkin.services import admission, ticket_codes
from checkin.services.judgement import Attempt, Door
from checkin.services.scan_log import DoorAnswer
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import REFUSALS, sentence
from events.models import Event

DEVICE = "Check-in page"


def check_in_by_code(request: HttpRequest, event: Event, text: str) -> int | None:
    """Let in whose ticket it is, and say what came of it. Return the registration, if it is of this event."""
    door = Door(event.pk, cast(User, request.user), device=DEVICE)
    try:
        answer = admission.scan(door, Attempt(code=text))
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
        return None
    name = (answer.registration and answer.registration.name) or "(no name)"
    if answer.is_accepted:
        messages.success(request, f"{name}: checked in.")
    else:
        who = f"{name}: " if answer.registration else ""
        messages.error(request, f"{who}{answer.refusal().msg}{_since(answer, event.zone)}.")
    return answer.registration.pk if answer.registration else None


def is_code(text: str) -> bool:
    return ticket_codes.looks_like_code(text)


def _since(answer: DoorAnswer, zone: tzinfo) -> str:
    first_in = answer.extra.get("first_in")
    if answer.scan.result != ScanResult.ALREADY_IN or not first_in:
        return ""
    by = answer.extra.get("by")
    return f", since {begins_at(first_in, zone)}{f' ({by})' if by else ''}"
