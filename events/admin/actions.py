"""Actions on events, in bulk and as buttons, which post one event to the list with COME_BACK."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed, require
from eventhub.admin import bulk
from eventhub.admin.action_report import ActionReport, Message
from eventhub.admin.bulk import CONFIRMED
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, sentence
from events.admin.deletion import deleted_objects
from events.models import ANNOUNCED, Event
from events.services.events import STEPS
from notifications.services.clones import clone_event
from registrations.services import event_changes
from registrations.services.event_changes import EventEdit

COME_BACK = "come_back"

AdminAction = Callable[[ScopedModelAdmin, HttpRequest, QuerySet[Event]], HttpResponseBase | None]


class EventAction(NamedTuple):
    name: str
    label: str
    done: str
    run: Callable[[Event], EventEdit]
    is_shown: Callable[[Event, datetime], bool]
    of_many: str
    variant: str = "default"
    is_confirmed: bool = False
    right: str = "manage"  # of the model admin
    permission: str = "manage"  # of the permission table, for each event


def _step(name: str, label: str, of_many: str, **options: Any) -> EventAction:
    step = STEPS[name]
    return EventAction(
        name=name,
        label=label,
        done=step.done,
        run=lambda event: event_changes.apply_step(event_id=event.pk, step=name),
        is_shown=lambda event, now: event.status in step.leads,
        of_many=of_many,
        **options,
    )


def _duplicate(event: Event) -> EventEdit:
    return EventEdit(clone_event(event=event), ["status"], 0)


def _delete(event: Event) -> EventEdit:
    event_changes.delete_event(event_id=event.pk)
    return EventEdit(event, ["pk"], 0)


def _can_open(event: Event, now: datetime) -> bool:
    return event.status in ANNOUNCED and not event.is_over(now) and not event.is_open(now)


ACTIONS = (
    _step("publish", "Publish", "Publish {}", variant="primary"),
    EventAction(
        "open_registration",
        "Open registration",
        "opened for registration",
        lambda event: event_changes.open_registration(event_id=event.pk),
        _can_open,
        "Open registration for {}",
    ),
    EventAction(
        "close_registration",
        "Close registration",
        "closed for registration",
        lambda event: event_changes.close_registration(event_id=event.pk),
        Event.is_open,
        "Close registration for {}",
    ),
    _step("complete", "Complete", "Complete {}"),
    _step("reopen", "Reopen", "Reopen {}"),
    _step("withdraw", "Back to draft", "Turn {} back into drafts"),
    EventAction(
        "duplicate",
        "Duplicate",
        "duplicated",
        _duplicate,
        lambda event, now: True,
        "Duplicate {}",
        right="add",
        permission="clone",
    ),
    _step("cancel", "Cancel event", "Cancel {}", variant="danger", is_confirmed=True),
)
# In the list alone: the page of an event has Django's button.
DELETE = EventAction(
    "delete",
    "Delete",
    "deleted",
    _delete,
    lambda event, now: True,
    "Delete {}",
    variant="danger",
    is_confirmed=True,
    right="delete",
    permission="destroy",
)


def available(event: Event, user: User) -> list[EventAction]:
    """Return the sensible actions that the user may take. An event with people cannot become a draft again."""
    now = timezone.now()
    has_people = bool(event.seats_taken or event.waitlisted)
    return [
        action
        for action in ACTIONS
        if action.is_shown(event, now)
        and not (action.name == "withdraw" and has_people)
        and allowed(user, "event", action.permission, event)
    ]


def bulk_actions() -> list[AdminAction]:
    return [_as_admin_action(action) for action in (*ACTIONS, DELETE)]


def _as_admin_action(action: EventAction) -> AdminAction:
    function = partial(perform, action=action)
    function.__name__ = action.name  # type: ignore[attr-defined]
    function.short_description = action.label  # type: ignore[attr-defined]
    function.allowed_permissions = [action.right]  # type: ignore[attr-defined]
    return function


def perform(
    model_admin: ScopedModelAdmin, request: HttpRequest, queryset: QuerySet[Event], *, action: EventAction
) -> HttpResponseBase | None:
    selected, wants_all = list(queryset.order_by("date_time", "pk")), bulk.wants_all(request)
    events = [event for event in selected if action.is_shown(event, timezone.now())] if wants_all else selected
    if wants_all and not events:
        messages.warning(request, bulk.NOT_FOR_THESE.format(action.label))
        return None
    if wants_all or (action.is_confirmed and CONFIRMED not in request.POST):
        return _confirm(model_admin, request, events, action, selected=len(selected))
    report = EventActionReport(request, action)
    by = cast(User, request.user)
    edited = [report.attempt(event, by) for event in events]
    if action is DELETE:
        model_admin.log_deletions(request, [one.event for one in edited if one])
    response = report.finish(model_admin, request, events)
    if COME_BACK not in request.POST or not events:
        return response
    shown = edited[0].event if action.name == "duplicate" and edited[0] else events[0]
    return HttpResponseRedirect(reverse("admin:events_event_change", args=[shown.pk]))


class EventActionReport(ActionReport):
    def __init__(self, request: HttpRequest, action: EventAction) -> None:
        super().__init__(request)
        self.action = action

    def attempt(self, event: Event, by: User) -> EventEdit | None:
        try:
            require(by, "event", self.action.permission, event)
            edited = self.action.run(event)
        except REFUSALS as refusal:
            self.note("refused", f"“{event.title}” was not {self.action.done}: {sentence(refusal)}")
            return None
        self.note("done" if edited.changed else "unchanged", event.title)
        self.note("seated", *[""] * edited.promoted)
        return edited

    def title(self, number: int) -> str:
        return self.action.of_many.format(self.counted(number))

    def counted(self, number: int) -> str:
        return counted(number, "event")

    def done(self) -> Iterator[Message]:
        done, (seated, _), (unchanged, titles) = self.of("done")[0], self.of("seated"), self.of("unchanged")
        if done:
            yield messages.SUCCESS, f"{counted(done, 'event')} {self.action.done}."
        if seated:
            yield messages.SUCCESS, seated_sentence(seated)
        yield from ((messages.INFO, f"“{title}” was already {self.action.done}.") for title in titles)
        if unchanged > len(titles):
            yield messages.INFO, f"And {counted(unchanged - len(titles), 'event')} more."


def counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def counted_people(number: int) -> str:
    return f"{number:,} {'person' if number == 1 else 'people'}"


def seated_sentence(number: int) -> str:
    return f"{counted_people(number)} from the waiting list got a seat."


def _confirm(
    model_admin: ScopedModelAdmin,
    request: HttpRequest,
    events: Sequence[Event],
    action: EventAction,
    *,
    selected: int,
) -> HttpResponse:
    affected = [event for event in events if action.is_shown(event, timezone.now())]
    chosen = affected if action.name == "cancel" else events
    what = action.label if len(chosen) == 1 else action.of_many.format(counted(len(chosen), "event"))
    comes_back = COME_BACK in request.POST and bool(events)
    hidden = bulk.hidden_fields(request, model_admin.opts, bulk.Run(action.name, [event.pk for event in events]))
    return bulk.confirmation(
        model_admin,
        request,
        title=f"{what}?" if chosen else "Nothing to cancel",
        what=what if chosen else "",
        question=_question(action, affected),
        variant="danger" if action.is_confirmed else "primary",
        rows=deleted_objects(events)[0] if action is DELETE else [_row(event) for event in events],
        selected=selected,
        hidden=[*hidden, (COME_BACK, "1")] if comes_back else hidden,
        post_to="",
        back=reverse("admin:events_event_change", args=[events[0].pk]) if comes_back else request.get_full_path(),
    )


def _question(action: EventAction, affected: Sequence[Event]) -> str:
    if action is DELETE:
        return "Events are deleted with all their registrations. This cannot be undone."
    if action.name != "cancel":
        return ""
    if not affected:
        return "None of these events can be cancelled. Only upcoming and active events can."
    seated, waiting = sum(event.seats_taken for event in affected), sum(event.waitlisted for event in affected)
    which = "this event" if len(affected) == 1 else f"{len(affected):,} events"
    if not seated + waiting:
        return f"Cancelling {which} affects nobody: no one has registered."
    return (
        f"Cancelling {which} affects {counted_people(seated + waiting)}: {seated:,} with a seat and {waiting:,} on the"
        " waiting list. They stay registered, and nobody else can register."
    )


def _row(event: Event) -> str:
    begins = begins_at(event.date_time, event.zone)
    state = event.get_status_display().lower()
    people = f"{event.seats_taken} with a seat, {event.waitlisted} on the waiting list"
    return f"{event.title}, {begins} ({state}): {people}"
