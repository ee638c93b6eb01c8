"""Causes that concern all attendees of an event: a change, a cancellation, a reminder.

A request writes the event and nothing else. The reader of the log starts a fan-out, and `expand` makes a notice for
each attendee, a piece at a time; after an interruption the next one goes on where the last has ended.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Q, Value
from django.utils import timezone

from eventhub.datetimes import zone_named
from eventhub.db.json_rows import insert_new
from events.models import ANNOUNCED, EventChange, EventStatus
from notifications.models import OF_INTEREST, FanOut, Kind, Notice, State
from notifications.services import audience, interest_notices, messages
from notifications.services.notices import TOLD_WITHIN, is_told, priority_of
from registrations.models import LIVE, SEATED, Registration, RegistrationStatus
from registrations.selectors.open_answers import owing

# An organizer who corrects an event several times in a row makes one mail.
QUIET = timedelta(minutes=5)
# The clocks of servers differ: rather tell somebody who knows than nobody who does not.
SKEW = timedelta(minutes=1)
AT_ONCE = 10_000
TOLD = ("title", "date_time", "end_time", "time_zone", "location", "venue", "address", "attendance")
# Told to people with a seat, if they could see it.
LINK = "online_url"
STATUSES: dict[str, tuple[str, ...]] = {Kind.REMINDER: (RegistrationStatus.REGISTERED,)}


def start_fan_outs(changes: Iterable[EventChange], *, now: datetime | None = None) -> None:
    """Start the fan-outs of lines in the log of events. Further changes while one waits join it."""
    now = now or timezone.now()
    for change in changes:
        if change.at < now - TOLD_WITHIN or not is_told(change.through, change.event.notifications):
            continue
        was, becomes = change.was["status"], change.becomes["status"]
        if was != becomes:
            if becomes == EventStatus.CANCELLED:
                _start(change, Kind.EVENT_CANCELLED, now)
            elif was == EventStatus.CANCELLED and becomes in ANNOUNCED:
                _start(change, Kind.EVENT_REOPENED, now)
        if any(change.was.get(name) != change.becomes.get(name) for name in (*TOLD, LINK)):
            waiting = FanOut.objects.filter(event=change.event_id, kind=Kind.EVENT_CHANGED, done_at=None)
            joins = {"not_before": change.at + QUIET, "registered_before": now + SKEW}
            if not waiting.filter(last_registration_id=0).update(**joins):
                _start(change, Kind.EVENT_CHANGED, now, not_before=change.at + QUIET)


def _start(change: EventChange, kind: Kind, now: datetime, *, not_before: datetime | None = None) -> None:
    """Start a fan-out to those who have registered by now; people who come later never saw the old facts."""
    fan_out = FanOut(
        key=f"{kind}:{change.pk}",
        kind=kind,
        event_id=change.event_id,
        change=change,
        registered_before=now + SKEW,
        not_before=not_before or now,
    )
    FanOut.objects.bulk_create([fan_out], ignore_conflicts=True)


def expand_next(*, now: datetime | None = None) -> bool:
    """Make the next notices of the first fan-out that is due. Return whether there was one."""
    now = now or timezone.now()
    due = FanOut.objects.filter(done_at=None, not_before__lte=now).order_by("not_before", "pk")
    if not due.exists():  # which takes no lock
        return False
    with transaction.atomic():
        facts = ("event", "change", "message__by")
        found = due.select_for_update(skip_locked=True, of=("self",)).select_related(*facts).first()
        if found is None:
            return False
        is_due = is_still_due(found, now)
        people = list(_people(found)[:AT_ONCE]) if is_due else []
        if people:
            _insert_notices(found, people, now)
            found.last_registration_id = people[-1][found.kind in OF_INTEREST]
        if len(people) < AT_ONCE:
            found.done_at = now
        found.save(update_fields=["last_registration_id", "done_at"])
        if found.message:
            messages.note_expansion(found.message, is_due=is_due)
    return True


def is_still_due(fan_out: FanOut, now: datetime) -> bool:
    """Return whether the event is still as the fan-out says."""
    event = fan_out.event
    if fan_out.message:  # also about an event that is over or cancelled
        return messages.may_be_sent(fan_out.message, event)
    if event.is_over(now):
        return False
    if fan_out.kind == Kind.EVENT_CANCELLED:
        return bool(event.status == EventStatus.CANCELLED)
    if event.status not in ANNOUNCED:
        return False
    if fan_out.kind in OF_INTEREST:
        return interest_notices.is_true(fan_out.kind, event, now)
    if fan_out.kind == Kind.REMINDER:
        return bool(now < event.date_time == fan_out.begins) and not _is_as_good_as_reminded(fan_out)
    return fan_out.kind != Kind.EVENT_CHANGED or bool(changed_values(fan_out))


def changed_values(fan_out: FanOut, registration: Registration | None = None) -> dict[str, Any]:
    """Return the former values, by field, of what the event has now changed.

    With a registration: of what that person is told.
    """
    if fan_out.change is None:
        return {}
    event, was = fan_out.event, {**fan_out.change.was}  # lines of former releases have fewer values
    for name in ("date_time", "end_time", "online_from"):
        was[name] = was.get(name) and _moment(was[name])
    changed = {name: was[name] for name in TOLD if name in was and was[name] != getattr(event, name)}
    if zone_named(was.get("time_zone", "")) == event.zone:  # the site's own, chosen or not
        changed.pop("time_zone", None)
    is_seated = registration is None or registration.status in SEATED
    was_open = was["online_from"] is None or was["online_from"] <= fan_out.change.at
    if is_seated and was_open and was.get(LINK, "") not in ("", event.online_url):
        changed[LINK] = was[LINK]
    return changed


def _moment(text: str) -> datetime:
    """Parse a time of the log; SQLite writes it in UTC without an offset."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_as_good_as_reminded(fan_out: FanOut) -> bool:
    """Return whether a later reminder is due, too, or another mail has told of a new beginning."""
    moment = fan_out.registered_before
    reminders = FanOut.objects.filter(event=fan_out.event_id, kind=Kind.REMINDER, begins=fan_out.begins)
    if reminders.filter(registered_before__gt=moment).exists():
        return True
    changes = EventChange.objects.filter(event=fan_out.event_id, at__gt=moment)
    return any(change.was["date_time"] != change.becomes["date_time"] for change in changes)


def _people(fan_out: FanOut) -> Any:
    """Return the ids of registrations and accounts that come next."""
    if fan_out.kind in OF_INTEREST:
        marks = interest_notices.wants(fan_out.event_id).filter(user__gt=fan_out.last_registration_id)
        no_registration = Value(None, output_field=BigIntegerField())
        return marks.order_by("user").values_list(no_registration, "user_id")
    if fan_out.message:
        people = audience.people_of(fan_out.message)
    else:
        people = Registration.objects.filter(event=fan_out.event_id, status__in=_statuses(fan_out))
        people = owing(people) if fan_out.kind == Kind.ANSWERS else people
    people = people.filter(~Q(user=None), pk__gt=fan_out.last_registration_id)
    if fan_out.registered_before is not None:
        # A seat from the waiting list is told with the event's present facts, but not what they were before.
        since = "status_since" if fan_out.kind == Kind.REMINDER else "registration_date"
        people = people.filter(**{f"{since}__lt": fan_out.registered_before})
    return people.order_by("pk").values_list("pk", "user_id")


def _statuses(fan_out: FanOut) -> Sequence[str]:
    if fan_out.kind == Kind.EVENT_CHANGED and changed_values(fan_out).keys() == {LINK}:
        return SEATED
    return STATUSES.get(fan_out.kind, LIVE)


def _insert_notices(fan_out: FanOut, people: Sequence[tuple[int | None, int]], now: datetime) -> None:
    """Insert the notices, except those that exist already."""
    insert_new(
        Notice._meta.db_table,
        {"registration_id": "bigint", "user_id": "bigint", "uid": "uuid"},
        [(registration_id, user_id, uuid.uuid4().hex) for registration_id, user_id in people],
        {
            "kind": str(fan_out.kind),
            "priority": int(priority_of(fan_out.kind)),
            "event_id": fan_out.event_id,
            "fan_out_id": fan_out.pk,
            "state": State.QUEUED.value,
            "attempts": 0,
            "why": "",
            "not_before": now,
            "created_at": now,
        },
    )
