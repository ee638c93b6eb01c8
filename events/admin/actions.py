"""Actions on events, in bulk and as buttons, which post one event to the list with COME_BACK."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems
from events.models import ANNOUNCED, Event
from events.services.events import STEPS, duplicate_event
from registrations.services import event_changes
from registrations.services.event_changes import EventEdit

COME_BACK = "come_back"
CONFIRMED = "confirmed"
MAX_REASONS = 10

AdminAction = Callable[[ScopedModelAdmin, HttpRequest, QuerySet[Event]], HttpResponseBase | None]


class EventAction(NamedTuple):
    name: str
    label: str
    done: str
    run: Callable[[Event], EventEdit]
    is_shown: Callable[[Event, datetime], bool]
    variant: str = "default"
    is_confirmed: bool = False
    right: str = "change"


def _step(name: str, label: str, **options: Any) -> EventAction:
    step = STEPS[name]
    return EventAction(
        name=name,
        label=label,
        done=step.done,
        run=lambda event: event_changes.apply_step(event_id=event.pk, step=name),
        is_shown=lambda event, now: event.status in step.leads,
        **options,
    )


def _duplicate(event: Event) -> EventEdit:
    return EventEdit(duplicate_event(event=event), ["status"], 0)


def _can_open(event: Event, now: datetime) -> bool:
    return event.status in ANNOUNCED and not event.is_over(now) and not event.is_open(now)


ACTIONS = (
    _step("publish", "Publish", variant="primary"),
    EventAction(
        "open_registration",
        "Open registration",
        "opened for registration",
        lambda event: event_changes.open_registration(event_id=event.pk),
        _can_open,
    ),
    EventAction(
        "close_registration",
        "Close registration",
        "closed for registration",
        lambda event: event_changes.close_registration(event_id=event.pk),
        Event.is_open,
    ),
    _step("complete", "Complete"),
    _step("reopen", "Reopen"),
    _step("withdraw", "Back to draft"),
    EventAction("duplicate", "Duplicate", "duplicated", _duplicate, lambda event, now: True, right="add"),
    _step("cancel", "Cancel event", variant="danger", is_confirmed=True),
)


def available(event: Event) -> list[EventAction]:
    """Return the sensible actions. An event with people cannot become a draft again."""
    now = timezone.now()
    has_people = bool(event.seats_taken or event.waitlisted)
    return [
        action for action in ACTIONS if action.is_shown(event, now) and not (action.name == "withdraw" and has_people)
    ]


def bulk_actions() -> list[AdminAction]:
    return [_as_admin_action(action) for action in ACTIONS]


def _as_admin_action(action: EventAction) -> AdminAction:
    function = partial(perform, action=action)
    function.__name__ = action.name  # type: ignore[attr-defined]
    function.short_description = action.label  # type: ignore[attr-defined]
    function.allowed_permissions = [action.right]  # type: ignore[attr-defined]
    return function


def perform(
    model_admin: ScopedModelAdmin, request: HttpRequest, queryset: QuerySet[Event], *, action: EventAction
) -> HttpResponseBase | None:
    events = list(queryset.order_by("date_time", "pk"))
    if action.is_confirmed and CONFIRMED not in request.POST:
        return _confirm(model_admin, request, events, action)
    report = EventActionReport(action)
    for event in events:
        report.attempt(event)
    report.show(request)
    if COME_BACK not in request.POST or not events:
        return None
    shown = report.done[0] if action.name == "duplicate" and report.done else events[0]
    return HttpResponseRedirect(reverse("admin:events_event_change", args=[shown.pk]))


class EventActionReport:
    def __init__(self, action: EventAction) -> None:
        self.action = action
        self.done: list[Event] = []
        self.unchanged: list[Event] = []
        self.refused: list[str] = []
        self.seated = 0

    def attempt(self, event: Event) -> None:
        try:
            edited = self.action.run(event)
        except REFUSALS as refusal:
            reasons = [text for texts in problems(refusal).values() for text in texts]
            self.refused.append(f"“{event.title}” was not {self.action.done}: {' '.join(reasons)}")
            return
        (self.done if edited.changed else self.unchanged).append(edited.event)
        self.seated += edited.promoted

    def show(self, request: HttpRequest) -> None:
        done = self.action.done
        if self.done:
            messages.success(request, f"{counted(len(self.done), 'event')} {done}.")
        if self.seated:
            messages.success(request, seated_sentence(self.seated))
        for event in self.unchanged[:MAX_REASONS]:
            messages.info(request, f"“{event.title}” was already {done}.")
        for reason in self.refused[:MAX_REASONS]:
            messages.error(request, reason)
        if len(self.refused) > MAX_REASONS:
            messages.error(request, f"And {counted(len(self.refused) - MAX_REASONS, 'event')} more.")


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def counted_people(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"


def seated_sentence(number: int) -> str:
    return f"{counted_people(number)} from the waiting list got a seat."


def _confirm(
    model_admin: ScopedModelAdmin, request: HttpRequest, events: Sequence[Event], action: EventAction
) -> HttpResponse:
    affected = [event for event in events if action.is_shown(event, timezone.now())]
    seated, waiting = sum(event.seats_taken for event in affected), sum(event.waitlisted for event in affected)
    comes_back = COME_BACK in request.POST and bool(events)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Cancel this event?" if len(events) == 1 else "Cancel these events?",
        "opts": model_admin.opts,
        "action": action,
        "events": events,
        "affected": affected,
        "seated": seated,
        "waiting": waiting,
        "people": (seated or waiting) and counted_people(seated + waiting),
        "checkbox": ACTION_CHECKBOX_NAME,
        "come_back": comes_back,
        "back": reverse("admin:events_event_change", args=[events[0].pk]) if comes_back else request.get_full_path(),
    }
    return TemplateResponse(request, "events/admin/confirm_cancel.html", context)
