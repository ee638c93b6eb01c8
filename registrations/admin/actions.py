"""Actions on registrations, in bulk and as buttons. A button posts DO, for example `check_in:17`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, cast

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import get_text_list

from accounts.models import User
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems
from eventhub.api.fields import could_be_id
from registrations.admin import status
from registrations.models import LIVE, Registration
from registrations.services import check_in
from registrations.services.seats import ATTENDED, CANCELLED, REGISTERED, WAITLISTED

DO = "do"
CONFIRMED = "confirmed"
GONE = "This registration no longer exists."
MAX_REASONS = 10
MAX_NAMES = 50  # on a confirmation page
FREED_SEAT = "A seat that becomes free goes to the first person on the waiting list at once."
KEPT = f"The registration stays in the list as cancelled. {FREED_SEAT}"

AdminAction = Callable[[ScopedModelAdmin, HttpRequest, QuerySet[Registration]], HttpResponse | None]


class RegistrationAction(NamedTuple):
    name: str
    label: str
    rule: check_in.Rule
    done: str
    unchanged: str
    shown_for: tuple[str, ...]
    variant: str = "default"
    question: str = ""  # shown on a confirmation page; without it the action runs at once
    takes_seat: bool = False


_ALL = (
    RegistrationAction(
        "check_in",
        "Check in",
        check_in.check_in,
        "checked in",
        "already checked in",
        (REGISTERED, WAITLISTED, CANCELLED),
        "primary",
        takes_seat=True,
    ),
    RegistrationAction(
        "undo_check_in", "Undo check-in", check_in.undo_check_in, "check-in undone", "not checked in", (ATTENDED,)
    ),
    RegistrationAction(
        "reinstate",
        "Reinstate",
        check_in.reinstate,
        "reinstated",
        "already registered",
        (CANCELLED,),
        takes_seat=True,
    ),
    RegistrationAction(
        "requeue",
        "Move to end of waiting list",
        check_in.requeue,
        "moved to the end of the waiting list",
        "already at the end of the waiting list",
        (WAITLISTED,),
    ),
    RegistrationAction(
        "cancel", "Cancel registration", check_in.cancel, "cancelled", "already cancelled", LIVE, "danger", KEPT
    ),
    RegistrationAction(
        "remove",
        "Remove registration",
        check_in.remove,
        "removed",
        "already removed",
        (*LIVE, CANCELLED),
        question=f"The registration and its history are deleted for good. {FREED_SEAT}",
    ),
)
ACTIONS = {action.name: action for action in _ALL}


def available(registration: Registration, *, obstacle: str, place: int | None) -> list[RegistrationAction]:
    """Leave out what can only fail or change nothing."""
    is_last = place == registration.event.waitlisted
    return [
        action
        for action in ACTIONS.values()
        if registration.status in action.shown_for
        and not (action.takes_seat and obstacle)
        and not (action.name == "requeue" and is_last)
    ]


def bulk_actions() -> list[AdminAction]:
    return [_as_admin_action(action) for action in ACTIONS.values()]


def _as_admin_action(action: RegistrationAction) -> AdminAction:
    function = partial(perform_all, action=action)
    function.__name__ = action.name  # type: ignore[attr-defined]
    function.short_description = action.label  # type: ignore[attr-defined]
    function.allowed_permissions = ["change"]  # type: ignore[attr-defined]
    return function


def perform_all(
    model_admin: ScopedModelAdmin, request: HttpRequest, queryset: QuerySet[Registration], *, action: RegistrationAction
) -> HttpResponse | None:
    in_order = queryset.order_by("event", F("queue_number").asc(nulls_last=True), "pk")
    rows = list(in_order.select_related("event"))
    if not rows:
        messages.warning(request, GONE)
    elif _question(action, rows) and CONFIRMED not in request.POST:
        hidden = [("action", action.name), *((ACTION_CHECKBOX_NAME, str(row.pk)) for row in rows)]
        return confirm(model_admin, request, action, rows, hidden=hidden, post_to="", back=request.get_full_path())
    else:
        _perform(model_admin, request, action, rows)
    return None


def perform_one(model_admin: ScopedModelAdmin, request: HttpRequest, *, back: str) -> HttpResponse:
    name, _, pk = request.POST.get(DO, "").partition(":")
    action = ACTIONS.get(name)
    row = model_admin.get_queryset(request).filter(pk=pk).first() if could_be_id(pk) else None
    if action is None or row is None:
        messages.warning(request, GONE)
    elif _question(action, [row]) and CONFIRMED not in request.POST:
        return confirm(model_admin, request, action, [row], hidden=[(DO, f"{name}:{pk}")], post_to="", back=back)
    else:
        _perform(model_admin, request, action, [row])
    return HttpResponseRedirect(back)


def _question(action: RegistrationAction, rows: Sequence[Registration]) -> str:
    """Return a question to ask before the action, or an empty text. An early check-in is more often a slip."""
    if action.name != "check_in":
        return action.question
    now = timezone.now()
    early = {row.event_id: row.event for row in rows if row.event.is_before_its_day(now)}
    if not early:
        return ""
    event = min(early.values(), key=lambda event: event.date_time)
    begins = date_format(timezone.localtime(event.date_time), "DATETIME_FORMAT")
    more = f", and {len(early) - 1} more begin on a later day" if len(early) > 1 else ""
    return f"“{event.title}” begins on {begins}{more}. Check in before the day of the event?"


def confirm(
    model_admin: ScopedModelAdmin,
    request: HttpRequest,
    action: RegistrationAction,
    rows: Sequence[Registration],
    *,
    hidden: Sequence[tuple[str, str]],
    post_to: str,
    back: str,
) -> HttpResponse:
    what = action.label if len(rows) == 1 else action.label.replace("registration", counted(len(rows)))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{what}?",
        "opts": model_admin.opts,
        "what": what,
        "question": _question(action, rows),
        "variant": "primary" if action.variant == "primary" else "danger",
        "rows": [(name_of(row), row.event, status.label(row)) for row in rows[:MAX_NAMES]],
        "more": max(0, len(rows) - MAX_NAMES),
        "hidden": [*hidden, (CONFIRMED, "yes")],
        "post_to": post_to,
        "back": back,
    }
    return TemplateResponse(request, "registrations/admin/confirm_action.html", context)


def counted(number: int) -> str:
    return f"{number:,} {'registration' if number == 1 else 'registrations'}"


def name_of(registration: Registration) -> str:
    return registration.name or "(no name)"


def page_of(row: Registration) -> str:
    return reverse("admin:registrations_registration_change", args=[row.pk])


def _perform(
    model_admin: ScopedModelAdmin, request: HttpRequest, action: RegistrationAction, rows: Sequence[Registration]
) -> None:
    report = RegistrationActionReport(action)
    for row in rows:
        if report.attempt(row, cast(User, request.user)) and action.name == "remove":
            model_admin.log_deletions(request, [row])
    report.show(request)


class RegistrationActionReport:
    def __init__(self, action: RegistrationAction) -> None:
        self.action = action
        self.done: list[str] = []
        self.unchanged: list[str] = []
        self.refused: list[str] = []
        self.seated: list[str] = []

    def attempt(self, row: Registration, by: User) -> bool:
        name = name_of(row)
        try:
            outcome = self.action.rule(registration=row, by=by)
        except REFUSALS as refusal:
            reasons = [text for texts in problems(refusal).values() for text in texts]
            self.refused.append(f"{name}: {' '.join(reasons)}")
            return False
        (self.done if outcome.changed else self.unchanged).append(name)
        self.seated += [name_of(seated) for seated in outcome.promoted]
        return outcome.changed

    def show(self, request: HttpRequest) -> None:
        if self.done:
            messages.success(request, f"{_named(self.done)}: {self.action.done}.{self._seated()}")
        if self.unchanged:
            messages.info(request, f"{_named(self.unchanged)}: {self.action.unchanged}.")
        for reason in self.refused[:MAX_REASONS]:
            messages.error(request, reason)
        if len(self.refused) > MAX_REASONS:
            messages.error(request, f"And {counted(len(self.refused) - MAX_REASONS)} more.")

    def _seated(self) -> str:
        if not self.seated:
            return ""
        names = self.seated[:MAX_REASONS]
        if len(self.seated) > MAX_REASONS:
            names.append(f"{len(self.seated) - MAX_REASONS} more")
        return f" {get_text_list(names, 'and')} got {'the seat' if len(self.seated) == 1 else 'seats'}."


def _named(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else counted(len(names))
