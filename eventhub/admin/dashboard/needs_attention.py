"""The dashboard's list of what needs attention."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.urls import reverse

from accounts.models import User
from accounts.permissions import allowed
from eventhub import tasks
from eventhub.admin.dashboard.links import event_list, event_page, moment
from registrations.selectors.dashboard import LINES, Concern, Fill, Reason

WEEK = timedelta(days=7)


class AttentionItem(NamedTuple):
    icon: str
    title: str
    sentence: str
    href: str


def attention_items(concerns: list[Concern], now: datetime) -> list[AttentionItem]:
    """Return at most LINES items. Events that were not completed share the last one."""
    late = [concern.event for concern in concerns if concern.reason == Reason.NOT_COMPLETED]
    others = [concern for concern in concerns if concern.reason != Reason.NOT_COMPLETED]
    room = LINES - bool(late)
    return [*(item(concern, now) for concern in others[:room]), *([not_completed(late)] if late else [])]


def failed_tasks(user: User, now: datetime) -> list[AttentionItem]:
    if not allowed(user, "task", "list") or not (failed := tasks.failed(since=now - WEEK)):
        return []
    title = "1 background task failed" if failed == 1 else f"{failed:,} background tasks failed"
    page = reverse("admin:django_tasks_database_dbtaskresult_changelist")
    sentence = "In the last seven days, for example an email that could not be sent."
    return [AttentionItem("mark_email_unread", title, sentence, f"{page}?status__exact=FAILED")]


def item(concern: Concern, now: datetime) -> AttentionItem:
    icon, sentence = SENTENCES[concern.reason]
    event = concern.event
    words = {**event._asdict(), "when": moment(event.date_time, now, event.zone)}
    return AttentionItem(icon, event.title, sentence.format(**words), event_page(event.pk))


SENTENCES = {
    Reason.LONG_QUEUE: (
        "groups",
        "Full, with {waitlisted:,} people waiting for {max_capacity:,} seats. Begins {when}. New seats go to the"
        " waiting list at once.",
    ),
    Reason.HALF_EMPTY: (
        "event_seat",
        "Less than half full: {seats_taken:,} of {max_capacity:,} seats taken. Begins {when}.",
    ),
    Reason.DRAFT_NEAR: ("edit_calendar", "Still a draft. Begins {when}. Publish it to let people register."),
    Reason.DRAFT_PAST: ("event_busy", "Still a draft, but was planned for {when}. Change the date or delete it."),
}


def not_completed(events: list[Fill]) -> AttentionItem:
    latest, *others = events
    title = latest.title
    if others:
        number = f"{len(events)} or more" if len(events) == LINES else str(len(events))
        title = f"{number} events"
    verb = "Are" if others else "Is"
    return AttentionItem("task_alt", title, f"{verb} over but not completed.", event_list(("when", "past")))
