"""Actions on registrations, in bulk and as buttons. A button posts DO, for example `check_in:17`."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.models import User
from accounts.permissions import allowed
from eventhub.admin import bulk
from eventhub.admin.action_report import ActionReport, Message
from eventhub.admin.bulk import CONFIRMED
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, sentence
from eventhub.api.fields import could_be_id
from eventhub.text_fields import clean_details
from registrations.admin import status
from registrations.models import LIVE, MAX_REASON, Registration
from registrations.services import check_in
from registrations.services.seats import ATTENDED, CANCELLED, REGISTERED, WAITLISTED

DO = "do"
GONE = "This registration no longer exists."
FREED_SEAT = "A seat that becomes free goes to the first person on the waiting list at once."
KEPT = f"The registration stays in the list as cancelled. {FREED_SEAT}"

AdminAction = Callable[[ScopedModelAdmin, HttpRequest, QuerySet[Registration]], HttpResponse | None]


class RegistrationAction(NamedTuple):
    name: str
    label: str
    of_many: str
    rule: check_in.Rule
    done: str
    unchanged: str
    shown_for: tuple[str, ...]
    variant: str = "default"
    question: str = ""  # shown on a confirmation page; without it the action runs at once
    takes_seat: bool = False
    permission: str = "manage"  # of the permission table


_ALL = (
    RegistrationAction(
        "check_in",
        "Check in",
        "Check in {}",
        check_in.check_in,
        "checked in",
        "already checked in",
        (REGISTERED, WAITLISTED, CANCELLED),
        "primary",
        takes_seat=True,
        permission="check_in",
    ),
    RegistrationAction(
        "confirm",
        "Confirm",
        "Confirm {}",
        check_in.confirm,
        "confirmed",
        "already confirmed",
        (REGISTERED,),
        permission="confirm",
    ),
    RegistrationAction(
        "undo_check_in",
        "Undo check-in",
        "Undo check-in of {}",
        check_in.undo_check_in,
        "check-in undone",
        "not checked in",
        (ATTENDED,),
        permission="check_in",
    ),
    RegistrationAction(
        "reinstate",
        "Reinstate",
        "Reinstate {}",
        check_in.reinstate,
        "reinstated",
        "already registered",
        (CANCELLED,),
        takes_seat=True,
    ),
    RegistrationAction(
        "requeue",
        "Move to end of waiting list",
        "Move {} to the end of the waiting list",
        check_in.requeue,
        "moved to the end of the waiting list",
        "already at the end of the waiting list",
        (WAITLISTED,),
    ),
    RegistrationAction(
        "cancel",
        "Cancel registration",
        "Cancel {}",
        check_in.cancel,
        "cancelled",
        "already cancelled",
        LIVE,
        question=KEPT,
    ),
    RegistrationAction(
        "remove",
        "Remove registration",
        "Remove {}",
        check_in.remove,
        "removed",
        "already removed",
        (*LIVE, CANCELLED),
        "danger",
        "The registration and its history are deleted for good. A later import of this person registers them again; "
        f"cancel the registration instead to prevent that. {FREED_SEAT}",
    ),
)
_REASON = {
    "label": "Reason (optional)",
    "widget": UnfoldAdminTextareaWidget(attrs={"id": "id_reason", "rows": 3, "maxlength": MAX_REASON}).render(
        bulk.REASON, ""
    ),
    "help": "Each person reads it in the email about the cancellation and on the page that their emails link to.",
}
ACTIONS = {action.name: action for action in _ALL}


def available(registration: Registration, by: User, *, obstacle: str, place: int | None) -> list[RegistrationAction]:
    """Leave out what can only fail or change nothing."""
    is_last = place == registration.event.waitlisted
    return [
        action
        for action in ACTIONS.values()
        if registration.status in action.shown_for
        and allowed(by, "attendee", action.permission, registration)
        and not (action.takes_seat and obstacle)
        and not (action.name == "requeue" and is_last)
        and not (action.name == "confirm" and not registration.is_on_hold)
    ]


def bulk_actions() -> list[AdminAction]:
    return [_as_admin_action(action) for action in ACTIONS.values()]


def _as_admin_action(action: RegistrationAction) -> AdminAction:
    function = partial(perform_all, action=action)
    function.__name__ = action.name  # type: ignore[attr-defined]
    function.short_description = action.label  # type: ignore[attr-defined]
    function.allowed_permissions = ["view" if action.permission == "check_in" else "change"]  # type: ignore[attr-defined]
    return function


def perform_all(
    model_admin: ScopedModelAdmin, request: HttpRequest, queryset: QuerySet[Registration], *, action: RegistrationAction
) -> HttpResponse | None:
    in_order = queryset.order_by("event", F("queue_number").asc(nulls_last=True), "pk")
    selected = list(in_order.select_related("event"))
    wants_all = bulk.wants_all(request)
    rows = [row for row in selected if row.status in action.shown_for] if wants_all else selected
    if not rows and not bulk.run_of(request):
        messages.warning(request, bulk.NOT_FOR_THESE.format(action.label) if wants_all else GONE)
        return None
    if wants_all or (_question(action, rows) and CONFIRMED not in request.POST):
        hidden = bulk.hidden_fields(request, model_admin.opts, bulk.Run(action.name, [row.pk for row in rows]))
        back = request.get_full_path()
        return confirm(model_admin, request, action, rows, hidden=hidden, post_to="", back=back, selected=len(selected))
    return _perform(model_admin, request, action, rows)


def perform_one(model_admin: ScopedModelAdmin, request: HttpRequest, *, back: str) -> HttpResponse:
    name, _, pk = request.POST.get(DO, "").partition(":")
    action = ACTIONS.get(name)
    row = model_admin.get_queryset(request).filter(pk=pk).first() if could_be_id(pk) else None
    if action is None or row is None:
        messages.warning(request, GONE)
    elif _question(action, [row]) and CONFIRMED not in request.POST:
        hidden = [(DO, f"{name}:{pk}"), (CONFIRMED, "yes")]
        return confirm(model_admin, request, action, [row], hidden=hidden, post_to="", back=back)
    else:
        _perform(model_admin, request, action, [row])
    return HttpResponseRedirect(back)


def _question(action: RegistrationAction, rows: Sequence[Registration]) -> str:
    """Return what to ask before the action, or an empty text. Checking in early is more often a slip than meant."""
    if action.name != "check_in":
        return action.question
    now = timezone.now()
    early = {row.event_id: row.event for row in rows if row.event.is_before_its_day(now)}
    if not early:
        return ""
    event = min(early.values(), key=lambda event: event.date_time)
    begins = begins_at(event.date_time, event.zone)
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
    selected: int = 1,
) -> HttpResponse:
    what = action.label if len(rows) == 1 else action.of_many.format(counted(len(rows)))
    return bulk.confirmation(
        model_admin,
        request,
        title=f"{what}?",
        what=what,
        question=" ".join(filter(None, [_statuses(rows) if bulk.wants_all(request) else "", _question(action, rows)])),
        variant="danger" if action.question else "primary",
        rows=[f"{name_of(row)}, {row.event} ({status.label(row)})" for row in rows],
        reason=_REASON if action.name == "cancel" else None,
        selected=selected,
        hidden=hidden,
        post_to=post_to,
        back=back,
    )


def _read_reason(request: HttpRequest) -> str:
    """Return the reason of a confirmation page. Raise ValidationError."""
    reason = clean_details(request.POST.get(bulk.REASON, "").replace("\r\n", "\n"))
    MaxLengthValidator(MAX_REASON)(reason)
    return reason


def _statuses(rows: Sequence[Registration]) -> str:
    counts = Counter(status.label(row).lower() for row in rows)
    if len(counts) == 1:
        return ""
    return f"By status: {', '.join(f'{label} {count:,}' for label, count in counts.items())}."


def counted(number: int) -> str:
    return f"{number:,} {'registration' if number == 1 else 'registrations'}"


def name_of(registration: Registration) -> str:
    return registration.name or "(no name)"


def page_of(row: Registration) -> str:
    return reverse("admin:registrations_registration_change", args=[row.pk])


def _perform(
    model_admin: ScopedModelAdmin, request: HttpRequest, action: RegistrationAction, rows: Sequence[Registration]
) -> HttpResponse | None:
    try:
        report = RegistrationActionReport(request, action, reason=_read_reason(request))
    except ValidationError as problem:
        messages.error(request, f"Nothing was changed. Reason: {' '.join(problem.messages)}")
        return None
    for row in rows:
        if report.attempt(row, cast(User, request.user)) and action.name == "remove":
            model_admin.log_deletions(request, [row])
    return report.finish(model_admin, request, rows)


class RegistrationActionReport(ActionReport):
    def __init__(self, request: HttpRequest, action: RegistrationAction, *, reason: str = "") -> None:
        super().__init__(request)
        self.action = action
        self.options = {"reason": reason} if action.name == "cancel" else {}

    def attempt(self, row: Registration, by: User) -> bool:
        name = name_of(row)
        try:
            outcome = self.action.rule(registration=row, by=by, **self.options)
        except REFUSALS as refusal:
            self.note("refused", f"{name}: {sentence(refusal)}")
            return False
        self.note("done" if outcome.changed else "unchanged", name)
        self.note("seated", *(name_of(seated) for seated in outcome.promoted))
        return outcome.changed

    def title(self, number: int) -> str:
        return self.action.of_many.format(counted(number))

    def counted(self, number: int) -> str:
        return counted(number)

    def done(self) -> Iterator[Message]:
        for level, outcome, text in (
            (messages.SUCCESS, "done", f"{self.action.done}.{self._seated()}"),
            (messages.INFO, "unchanged", f"{self.action.unchanged}."),
        ):
            count, names = self.of(outcome)
            if count:
                yield level, f"{names[0] if count == 1 else counted(count)}: {text}"

    def _seated(self) -> str:
        count, names = self.of("seated")
        if not count:
            return ""
        more = [f"{count - len(names)} more"] if count > len(names) else []
        return f" {get_text_list([*names, *more], 'and')} got {'the seat' if count == 1 else 'seats'}."
