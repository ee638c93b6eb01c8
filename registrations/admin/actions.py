"""What one can do with registrations: in bulk from the list, and with a button for one, by the same code.

A button posts DO as `check_in:17`, to the list, to the door or to the page of the registration.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, cast

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import get_text_list

from accounts.models import User
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems
from eventhub.api.fields import could_be_id
from registrations.models import LIVE, Registration
from registrations.services import check_in
from registrations.services.seats import ATTENDED, CANCELLED, REGISTERED, WAITLISTED

DO = "do"
CONFIRMED = "confirmed"
GONE = "This registration is not there any more."
MOST_REASONS = 10
MOST_NAMES = 50  # on a page that asks

AdminAction = Callable[[ScopedModelAdmin, HttpRequest, QuerySet[Registration]], HttpResponse | None]


class RegistrationAction(NamedTuple):
    """Something to be done with a registration. `suits` are the statuses with a button for it; the rule has the last
    word. `done` is said of a name where it was done, `was` where nothing changed."""

    name: str
    label: str
    rule: check_in.Rule
    done: str
    was: str
    suits: tuple[str, ...]
    variant: str = "default"
    asks: str = ""


_ALL = (
    RegistrationAction(
        "check_in",
        "Mark attended",
        check_in.check_in,
        "marked attended",
        "was marked attended already",
        (REGISTERED, WAITLISTED, CANCELLED),
        "primary",
    ),
    RegistrationAction(
        "undo_check_in",
        "Undo “attended”",
        check_in.undo_check_in,
        "no longer marked attended",
        "was not marked attended",
        (ATTENDED,),
    ),
    RegistrationAction("reinstate", "Reinstate", check_in.reinstate, "reinstated", "had a seat already", (CANCELLED,)),
    RegistrationAction(
        "requeue",
        "Move to the end of the queue",
        check_in.requeue,
        "moved to the end of the queue",
        "was at the end of the queue already",
        (WAITLISTED,),
    ),
    RegistrationAction(
        "cancel",
        "Cancel",
        check_in.cancel,
        "cancelled",
        "was cancelled already",
        LIVE,
        "danger",
        "A seat that gets free goes to the first in the queue at once.",
    ),
    RegistrationAction(
        "remove",
        "Remove",
        check_in.remove,
        "removed",
        "was removed already",
        (*LIVE, CANCELLED),
        "default",
        "It is cancelled, and then forgotten with all that is written about it here. A seat that gets free goes to the "
        "first in the queue at once.",
    ),
)
ACTIONS = {action.name: action for action in _ALL}


def suiting(registration: Registration) -> list[RegistrationAction]:
    """The buttons that make sense for it in its state."""
    return [action for action in ACTIONS.values() if registration.status in action.suits]


def bulk_actions() -> list[AdminAction]:
    """The deeds as Django wants its actions: functions that say how they are called."""
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
    """Does it to the ticked ones, whoever waits in the order of the queue."""
    in_order = queryset.order_by("event", F("queue_number").asc(nulls_last=True), "pk")
    rows = list(in_order.select_related("event"))
    if not rows:
        messages.warning(request, GONE)
    elif action.asks and CONFIRMED not in request.POST:
        hidden = [("action", action.name), *((ACTION_CHECKBOX_NAME, str(row.pk)) for row in rows)]
        return ask_first(model_admin, request, action, rows, hidden=hidden, post_to="", back=request.get_full_path())
    else:
        _perform(model_admin, request, action, rows)
    return None


def perform_one(model_admin: ScopedModelAdmin, request: HttpRequest, *, back: str) -> HttpResponse:
    """Does what the button asks for, and leads `back`; what is not to be had any more is a message there."""
    name, _, pk = request.POST.get(DO, "").partition(":")
    action = ACTIONS.get(name)
    row = model_admin.get_queryset(request).filter(pk=pk).first() if could_be_id(pk) else None
    if action is None or row is None:
        messages.warning(request, GONE)
    elif action.asks and CONFIRMED not in request.POST:
        return ask_first(model_admin, request, action, [row], hidden=[(DO, f"{name}:{pk}")], post_to="", back=back)
    else:
        _perform(model_admin, request, action, [row])
    return HttpResponseRedirect(back)


def ask_first(
    model_admin: ScopedModelAdmin,
    request: HttpRequest,
    action: RegistrationAction,
    rows: Sequence[Registration],
    *,
    hidden: Sequence[tuple[str, str]],
    post_to: str,
    back: str,
) -> HttpResponse:
    """The page that says what it is about, and how many; its form posts `hidden` to `action`."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"{action.label} {counted(len(rows))}?",
        "opts": model_admin.opts,
        "action": action,
        "rows": rows[:MOST_NAMES],
        "more": max(0, len(rows) - MOST_NAMES),
        "count": counted(len(rows)),
        "hidden": [*hidden, (CONFIRMED, "yes")],
        "post_to": post_to,
        "back": back,
    }
    return TemplateResponse(request, "registrations/admin/confirm_action.html", context)


def counted(number: int) -> str:
    return f"{number:,} {'registration' if number == 1 else 'registrations'}"


def called(registration: Registration) -> str:
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
    report.tell(request)


class RegistrationActionReport:
    """What became of the registrations that something was to be done with."""

    def __init__(self, action: RegistrationAction) -> None:
        self.action = action
        self.done: list[str] = []
        self.unchanged: list[str] = []
        self.refused: list[str] = []
        self.seated: list[str] = []

    def attempt(self, row: Registration, by: User) -> bool:
        """Whether it changed anything."""
        name = called(row)
        try:
            outcome = self.action.rule(registration=row, by=by)
        except REFUSALS as refusal:
            reasons = [text for texts in problems(refusal).values() for text in texts]
            self.refused.append(f"{name}: {' '.join(reasons)}")
            return False
        (self.done if outcome.changed else self.unchanged).append(name)
        self.seated += [called(seated) for seated in outcome.seated]
        return outcome.changed

    def tell(self, request: HttpRequest) -> None:
        if self.done:
            who = f"{self.done[0]}:" if len(self.done) == 1 else counted(len(self.done))
            messages.success(request, f"{who} {self.action.done}.{self._whom()}")
        if self.unchanged:
            messages.info(request, self._unchanged())
        for reason in self.refused[:MOST_REASONS]:
            messages.error(request, reason)
        if len(self.refused) > MOST_REASONS:
            messages.error(request, f"And {counted(len(self.refused) - MOST_REASONS)} more.")

    def _unchanged(self) -> str:
        if len(self.unchanged) == 1:
            return f"{self.unchanged[0]} {self.action.was}."
        return f"{counted(len(self.unchanged))} {self.action.was.replace('was', 'were', 1)}."

    def _whom(self) -> str:
        if not self.seated:
            return ""
        some = self.seated[:MOST_REASONS]
        if len(self.seated) > MOST_REASONS:
            some.append(f"{len(self.seated) - MOST_REASONS} more")
        return f" {get_text_list(some, 'and')} got {'the seat' if len(self.seated) == 1 else 'seats'}."
