"""What wants attention, in sentences."""

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
    """Something that wants attention: about what, and a sentence that says why."""

    icon: str
    title: str
    sentence: str
    href: str


def attention_items(concerns: list[Concern], now: datetime) -> list[AttentionItem]:
    """At most LINES of them; what somebody forgot to complete is one item together, and the last."""
    late = [concern.event for concern in concerns if concern.reason == Reason.NOT_COMPLETED]
    others = [concern for concern in concerns if concern.reason != Reason.NOT_COMPLETED]
    room = LINES - bool(late)
    return [*(item(concern, now) for concern in others[:room]), *([not_completed(late)] if late else [])]


def failed_tasks(user: User, now: datetime) -> list[AttentionItem]:
    """For who may look at them: that there were some within a week."""
    if not allowed(user, "task", "list") or not (failed := tasks.failed(since=now - WEEK)):
        return []
    title = "1 task has failed" if failed == 1 else f"{failed:,} tasks have failed"
    page = reverse("admin:django_tasks_database_dbtaskresult_changelist")
    sentence = "Such as a mail that could not be sent, within the last seven days."
    return [AttentionItem("mark_email_unread", title, sentence, f"{page}?status__exact=FAILED")]


def item(concern: Concern, now: datetime) -> AttentionItem:
    icon, sentence = SENTENCES[concern.reason]
    event = concern.event
    words = {**event._asdict(), "when": moment(event.date_time, now)}
    return AttentionItem(icon, event.title, sentence.format(**words), event_page(event.pk))


SENTENCES = {
    Reason.LONG_QUEUE: (
        "groups",
        "Full, and {waitlisted:,} people wait for its {max_capacity:,} seats. It begins {when}; more seats would be"
        " theirs at once.",
    ),
    Reason.HALF_EMPTY: (
        "event_seat",
        "Begins {when}, and less than half full: {seats_taken:,} of {max_capacity:,} seats are taken.",
    ),
    Reason.DRAFT_NEAR: ("edit_calendar", "Still a draft, and begins {when}. Publish it, so that people can register."),
    Reason.DRAFT_PAST: ("event_busy", "Still a draft, but its date has passed: {when}. Give it another or delete it."),
}


def not_completed(events: list[Fill]) -> AttentionItem:
    """About one event, or about so many; there may be more than were fetched."""
    latest, *others = events
    title = latest.title
    if others:
        number = f"{len(events)} or more" if len(events) == LINES else str(len(events))
        title = f"{number} events"
    verb = "Are" if others else "Is"
    return AttentionItem("task_alt", title, f"{verb} over, but not marked as completed.", event_list(("when", "past")))
