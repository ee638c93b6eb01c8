"""What one can do with events: in bulk from the list, and as buttons on the page of one event, by the same code.

A button is a small form that posts to the list as its bulk actions do, for the one event, and says with COME_BACK that
the answer is to lead back to its page.
"""

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
from registrations.services.event_changes import Edited

COME_BACK = "come_back"
CONFIRMED = "confirmed"
MOST_REASONS = 10

AdminAction = Callable[[ScopedModelAdmin, HttpRequest, QuerySet[Event]], HttpResponseBase | None]


class EventAction(NamedTuple):
    """Something to be done with an event. `suits` says when a button for it makes sense; the rule has the last word."""

    name: str
    label: str
    done: str
    run: Callable[[Event], Edited]
    suits: Callable[[Event, datetime], bool]
    variant: str = "default"
    asks_first: bool = False
    right: str = "change"


def _step(name: str, label: str, **looks: Any) -> EventAction:
    step = STEPS[name]
    return EventAction(
        name=name,
        label=label,
        done=step.done,
        run=lambda event: event_changes.take_step(event_id=event.pk, step=name),
        suits=lambda event, now: event.status in step.leads,
        **looks,
    )


def _duplicate(event: Event) -> Edited:
    return Edited(duplicate_event(event=event), ["status"], 0)


def _may_open(event: Event, now: datetime) -> bool:
    return event.status in ANNOUNCED and not event.is_over(now) and not event.is_open(now)


ACTIONS = (
    _step("publish", "Publish", variant="primary"),
    EventAction(
        "open_registration",
        "Open registration",
        "opened for registration",
        lambda event: event_changes.open_registration(event_id=event.pk),
        _may_open,
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
    _step("cancel", "Cancel event", variant="danger", asks_first=True),
)


class ActionButton(NamedTuple):
    name: str
    label: str
    variant: str


def buttons(event: Event) -> list[ActionButton]:
    """What makes sense for the event in its state. Nobody can be in it who would keep it from being a draft again."""
    now = timezone.now()
    suiting = [action for action in ACTIONS if action.suits(event, now)]
    has_people = bool(event.seats_taken or event.waitlisted)
    return [
        ActionButton(action.name, action.label, action.variant)
        for action in suiting
        if action.name != "withdraw" or not has_people
    ]


def bulk_actions() -> list[AdminAction]:
    """The deeds as Django wants its actions: functions that say how they are called and who may."""
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
    """Does it to each event by itself, and tells what was done, what was so already, and what was refused and why."""
    events = list(queryset.order_by("date_time", "pk"))
    if action.asks_first and CONFIRMED not in request.POST:
        return _ask_first(model_admin, request, events, action)
    report = EventActionReport(action)
    for event in events:
        report.attempt(event)
    report.tell(request)
    return _way_back(request, events, report)


class EventActionReport:
    """What became of the events that something was to be done with."""

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
        self.seated += edited.seated

    def tell(self, request: HttpRequest) -> None:
        what = self.action.done
        if self.done:
            messages.success(request, f"{counted(len(self.done), 'event')} {what}.")
        if self.seated:
            messages.success(request, seated_sentence(self.seated))
        for event in self.unchanged[:MOST_REASONS]:
            messages.info(request, f"“{event.title}” was {what} already.")
        for reason in self.refused[:MOST_REASONS]:
            messages.error(request, reason)
        if len(self.refused) > MOST_REASONS:
            messages.error(request, f"And {counted(len(self.refused) - MOST_REASONS, 'event')} more.")


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def counted_people(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"


def seated_sentence(number: int) -> str:
    return f"{counted_people(number)} from the queue got a seat."


def _way_back(request: HttpRequest, events: Sequence[Event], report: EventActionReport) -> HttpResponse | None:
    """To the event's page, or to that of its new copy; None for the list."""
    if COME_BACK not in request.POST or not events:
        return None
    shown = report.done[0] if report.action.name == "duplicate" and report.done else events[0]
    return HttpResponseRedirect(reverse("admin:events_event_change", args=[shown.pk]))


def _ask_first(
    model_admin: ScopedModelAdmin, request: HttpRequest, events: Sequence[Event], action: EventAction
) -> HttpResponse:
    concerned = [event for event in events if action.suits(event, timezone.now())]
    seated, waiting = sum(event.seats_taken for event in concerned), sum(event.waitlisted for event in concerned)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Cancel this event?" if len(events) == 1 else "Cancel these events?",
        "opts": model_admin.opts,
        "action": action,
        "events": events,
        "concerned": concerned,
        "seated": seated,
        "waiting": waiting,
        "people": (seated or waiting) and counted_people(seated + waiting),
        "checkbox": ACTION_CHECKBOX_NAME,
        "come_back": COME_BACK in request.POST,
        "back": _address(request, events),
    }
    return TemplateResponse(request, "events/admin/confirm_cancel.html", context)


def _address(request: HttpRequest, events: Sequence[Event]) -> str:
    if COME_BACK in request.POST and events:
        return reverse("admin:events_event_change", args=[events[0].pk])
    return request.get_full_path()
