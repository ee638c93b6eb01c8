"""What became of emails, on the pages of events and registrations, and sending one again."""

from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.models import User
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, sentence
from events.models import Event
from notifications.models import Notice, State
from notifications.selectors.notices import KindNumbers, Outcome, count_by_kind, shown_to
from notifications.services import confirmations
from registrations.models import Registration

MOST_ROWS = 50
COLOURS = {"sent": "success", "failed": "danger", "queued": "info", "sending": "info"}
# What describe_failure in eventhub/mail.py says, for people.
PROBLEMS = {
    "SMTPRecipientsRefused": "the mail server refused the address",
    "SMTPSenderRefused": "the mail server refused the sender",
    "SMTPDataError": "the mail server refused the email",
    "SMTPServerDisconnected": "the mail server hung up",
    "TimeoutError": "the mail server did not answer",
    "ValueError": "the account has no valid address",
}


class ShownNotice(NamedTuple):
    notice: Notice
    state: str
    colour: str
    why: str


class ShownOutcome(NamedTuple):
    number: int
    reasons: list[tuple[str, int]]


def reason_in_words(why: str) -> str:
    name, _, code = why.partition(" ")
    return f"{PROBLEMS[name]}{code and f' ({code})'}" if name in PROBLEMS else why


def event_context(event: Event, reader: User) -> dict[str, Any]:
    failed = shown_to(reader, Notice.objects.filter(event=event, state=State.FAILED)).filter(shown_state=State.FAILED)
    return {
        "numbers": [
            (numbers.kind.label, [(label, _in_words(outcome)) for label, outcome in _columns(numbers)])
            for numbers in count_by_kind(event, reader)
        ],
        "failed": [
            (notice, reason_in_words(notice.why))
            for notice in failed.select_related("registration").order_by("-pk")[:MOST_ROWS]
        ],
        "most_failed": MOST_ROWS,
    }


def _columns(numbers: KindNumbers) -> list[tuple[str, Outcome]]:
    return [
        ("Sent", numbers.sent),
        ("Waiting", numbers.waiting),
        ("Failed", numbers.failed),
        ("Not sent", numbers.skipped),
    ]


def _in_words(outcome: Outcome) -> ShownOutcome:
    return ShownOutcome(outcome.number, [(reason_in_words(why), number) for why, number in outcome.reasons])


def registration_context(row: Registration, reader: User) -> dict[str, Any]:
    notices = shown_to(reader, Notice.objects.filter(registration=row)).order_by("-created_at", "-pk")[:MOST_ROWS]
    return {
        "notices": [_shown(notice) for notice in notices],
        "may_resend": confirmations.confirmation_to_send(row, now=timezone.now()) is not None,
    }


def _shown(notice: Any) -> ShownNotice:
    state = State(notice.shown_state)
    return ShownNotice(notice, state.label, COLOURS.get(state, "default"), reason_in_words(notice.shown_why))


def send_again(model_admin: ScopedModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    row: Registration | None = model_admin.get_queryset(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        try:
            confirmations.send_again(registration=row, by=cast(User, request.user))
        except REFUSALS as refusal:
            messages.error(request, sentence(refusal))
        else:
            messages.success(request, "The confirmation will be sent again.")
    return redirect("admin:registrations_registration_change", pk)
