"""Changes of the dates of a series: of all to come, or of one and those after it. Seats stay with their events."""

from collections.abc import Collection
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple, cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from eventhub.api.etags import UNCONDITIONAL, Precondition
from eventhub.datetimes import zone_named
from eventhub.db.retry import retried
from eventhub.exceptions import EventNotFound, Invalid, Refusal
from events.models import Event, Series, SeriesDate
from events.services.events import BEFORE, TIMES, EventValues
from events.services.series import (
    SHARED,
    apply_series_values,
    dates_of,
    leave_series,
    lock_series,
    make_dates,
    values_of,
)
from events.services.series_dates import (
    by_clock,
    clean_rule,
    day_of,
    ended_before,
    ended_on_day,
    going_on_from,
    to_moment,
)
from registrations.models import Registration
from registrations.services.event_changes import delete_event, edit_event
from registrations.services.seats import lock_event

OTHER_DAY = "The series stays on its days. Change its rule to move it to others, or move this date alone."
OTHER_ZONE = "In this time zone the dates are on other days than the rule has. Give the rule by that zone too."
SAME_TIME = "A date would begin where another one of the series began. Move or delete that one first."
LAST = "No date of the series follows this one. Change this date alone."
OWN_DAY = "The day of the event itself must be one of the dates."
NOT_TOGETHER = "Only one event at a time can be given to another organizer."
# Why an event was left as it is, or partly so.
HAS_PEOPLE, EDITED = "registrations", "edited"


class Kept(NamedTuple):
    """An event that a change left as it is, at least in part. `why`: HAS_PEOPLE, EDITED, or the code of a refusal."""

    event: Event
    why: str


class SeriesEdit(NamedTuple):
    """The series of the changed dates, and what became of them."""

    series: Series
    changed: list[Event]
    created: list[Event]
    deleted: list[Event]
    kept: list[Kept]

    @property
    def edition(self) -> str:
        return self.series.edition


@retried
def edit_series(
    *,
    series_id: int,
    values: EventValues,
    rule: str | None = None,
    condition: Precondition = UNCONDITIONAL,
    dry_run: bool = False,
    now: datetime | None = None,
) -> SeriesEdit:
    """Change a series and its dates to come. `values` are those of its first date.

    A date with registrations or with edits by hand is neither deleted nor moved, but among the `kept`; fields that were
    edited by hand stay. Raise SeriesNotFound, PreconditionFailed, and a 400.
    """
    with transaction.atomic():
        series = lock_series(series_id)
        condition.require(series)
        _refuse_organizer(values)
        edit = _change(series, lock_dates(series), values, rule, wall=None, now=now or timezone.now())
        if dry_run:
            transaction.set_rollback(True)
        return edit


@retried
def edit_dates(
    *,
    event_id: int,
    values: EventValues,
    following: bool,
    rule: str | None = None,
    condition: Precondition = UNCONDITIONAL,
    dry_run: bool = False,
    now: datetime | None = None,
) -> SeriesEdit:
    """Change an event of a series, and with it all dates to come, or those after it: these become a new series.

    The event itself takes the values whatever it has; the others as `edit_series` does it. Raise what `edit_series` and
    `edit_event` raise, and a 400 for an event without a series.
    """
    now = now or timezone.now()
    with transaction.atomic():
        row = SeriesDate.objects.filter(event=event_id).first()
        if row is None:
            raise Invalid({"scope": ["This event belongs to no series."]})
        series = lock_series(row.series_id)
        _refuse_organizer(values)
        rows = lock_dates(series)
        row = next((each for each in rows if each.event_id == event_id), None)
        if row is None or row.event is None:  # deleted meanwhile
            raise EventNotFound()
        wall = by_clock(row.event.date_time, series.zone)
        if following:
            series, rows = _split(series, rows, row)
        along = _spread(series, row, values)
        itself = edit_event(event_id=event_id, values=along, condition=condition, in_series=True, now=now)
        row.overrides = sorted(set(row.overrides) - values.keys())
        row.save(update_fields=["overrides"])
        timeless = {name: value for name, value in values.items() if name not in TIMES or name in itself.changed}
        edit = _change(series, rows, cast(EventValues, timeless), rule, wall=wall, itself=row, now=now)
        if itself.changed:
            edit.changed.insert(0, itself.event)
        if dry_run:
            transaction.set_rollback(True)
        return edit


def check_day(series: Series, values: EventValues, begins: datetime) -> None:
    """Raise a 400 for a new start of a date on another day. In a new zone, its day may be the same moment's."""
    zone = zone_named(values.get("time_zone") or series.time_zone)
    days = {day_of(begins, series.zone), day_of(begins, zone)}
    if day_of(values["date_time"], zone) not in days:
        raise Invalid({"date_time": [OTHER_DAY]})


def _spread(series: Series, row: SeriesDate, values: EventValues) -> EventValues:
    """Let the other times of an event move along with its start. Raise a 400 for another day."""
    if row.event is None or values.get("date_time", row.event.date_time) == row.event.date_time:
        return values
    check_day(series, values, row.event.date_time)
    begins = by_clock(values["date_time"], series.zone)
    along: dict[str, Any] = dict(values_of(series, begins))
    moved = {name: along[name] for name in ("end_time", *BEFORE) if name not in row.overrides}
    event = row.event
    if "end_time" not in moved and event.end_time is not None:
        moved["end_time"] = values["date_time"] + (event.end_time - event.date_time)
    return cast(EventValues, {**moved, **values})


@retried
def repeat_event(*, event_id: int, rule: str, dry_run: bool = False, now: datetime | None = None) -> SeriesEdit:
    """Make an event the first date of a series, and the other dates like it.

    Raise EventNotFound, and a 400 for a rule without the event's own day, or an event that has a series.
    """
    with transaction.atomic():
        event = lock_event(event_id)
        if event.series_id is not None:
            raise Invalid({"rule": ["This event belongs to a series already."]})
        series = Series(organizer=event.organizer, rule=clean_rule(rule))
        values: dict[str, Any] = {name: getattr(event, name) for name in (*TIMES, *SHARED)}
        values["tags"] = list(event.event_tags.values_list("tag__slug", flat=True))
        apply_series_values(series, cast(EventValues, values), wall=None)
        dates = dates_of(series)
        if dates[0] != series.wall.replace(microsecond=0):  # rules have none
            raise Invalid({"rule": [OWN_DAY]})
        series.starts = to_moment(dates[0], series.zone)
        series.save()
        SeriesDate.objects.create(series=series, original_start=to_moment(dates[0], series.zone), event=event)
        Event.objects.filter(pk=event.pk).update(series=series)
        created = make_dates(series, dates, now=now or timezone.now(), taken={dates[0].date()})
        if dry_run:
            transaction.set_rollback(True)
        return SeriesEdit(series, [], created, [], [])


class SeriesDeletion(NamedTuple):
    deleted: list[Event]
    kept: list[Event]


@retried
def delete_series(
    *, series_id: int, condition: Precondition = UNCONDITIONAL, dry_run: bool = False, now: datetime | None = None
) -> SeriesDeletion:
    """Delete a series with its events to come that nobody has registered for. The others stay, as single events."""
    now = now or timezone.now()
    with transaction.atomic():
        series = lock_series(series_id)
        condition.require(series)
        events = [row.event for row in lock_dates(series) if row.event is not None]
        people = with_people(events)
        kept = [event for event in events if event.pk in people or event.date_time <= now]
        deleted = [event for event in events if event not in kept]
        leave_series(events)
        SeriesDate.objects.filter(series=series).delete()
        for event in deleted:
            delete_event(event_id=event.pk)
        series.delete()
        if dry_run:
            transaction.set_rollback(True)
        return SeriesDeletion(deleted, kept)


def _refuse_organizer(values: EventValues) -> None:
    if "organizer" in values:
        raise Invalid({"organizer_id": [NOT_TOGETHER]})


def lock_dates(series: Series) -> list[SeriesDate]:
    """Lock the events of a locked series, in ascending order, and return its dates in theirs."""
    # Stronger than `lock_event`, as in `delete_event`: who registers now waits, and may then find no event.
    pks = series.dates.exclude(event=None).values("event")
    events = {event.pk: event for event in Event.objects.select_for_update().filter(pk__in=pks).order_by("pk")}
    rows = list(series.dates.order_by("original_start"))
    for row in rows:
        row.event = events.get(row.event_id)
        row.series = series
    return rows


def _split(series: Series, rows: list[SeriesDate], first: SeriesDate) -> tuple[Series, list[SeriesDate]]:
    """Make the dates from `first` on a series of their own, unless they are all."""
    later = [row for row in rows if row.original_start >= first.original_start]
    dates, begins = dates_of(series), by_clock(first.original_start, series.zone)
    if not any(date < begins for date in dates):
        return series, rows
    to_come = [date for date in dates if date >= begins]
    if not to_come:  # it was kept when the rule changed
        raise Invalid({"scope": [LAST]})
    rule = going_on_from(series.rule, dates, begins)
    series.rule = ended_before(series.rule, dates, begins)
    made_until, series.made_until = series.made_until, None
    series.save()
    copied = ("organizer", "title", "time_zone", "template", "duration")
    new = Series(rule=rule, starts=to_moment(to_come[0], series.zone), made_until=made_until)
    for name in copied:
        setattr(new, name, getattr(series, name))
    if "uid" in series.template:
        new.template = {**series.template, "split_from": first.original_start.isoformat(), "sequence": None}
    new.save()
    SeriesDate.objects.filter(pk__in=[row.pk for row in later]).update(series=new)
    Event.objects.filter(pk__in=[row.event_id for row in later if row.event_id]).update(series=new)
    for row in later:
        row.series = new
        if row.event is not None:
            row.event.series = new
    return new, later


class _Plan(NamedTuple):
    """What a change means for each date. `slots`: the new start of each date by the clock, None where it has none."""

    series: Series
    names: list[str]
    is_moved: bool
    slots: dict[int, datetime | None]
    people: set[int]
    now: datetime


def _change(
    series: Series,
    rows: list[SeriesDate],
    values: EventValues,
    rule: str | None,
    *,
    wall: datetime | None,
    now: datetime,
    itself: SeriesDate | None = None,
) -> SeriesEdit:
    """Change a locked series and its dates to come; `itself` has its values already."""
    old_zone, old_dates = series.zone, dates_of(series)
    names, later = _change_series(series, values, rule, wall)
    dates = dates_of(series)
    is_moved = (dates, series.zone) != (old_dates, old_zone)
    days = {row.pk: day_of(row.original_start, old_zone) + later for row in rows}
    plan = _Plan(
        series,
        [*names, *(name for name in TIMES if is_moved and name not in names)],
        is_moved,
        _slots(rows, days, dates, {to_moment(date, old_zone) for date in old_dates}),
        with_people([row.event for row in rows if row.event is not None]),
        now,
    )
    edit = SeriesEdit(series, [], [], [], [])
    _place(plan, rows)
    for row in rows:
        if row is not itself and row.event is not None and row.event.date_time > now:
            _change_date(plan, row, row.event, edit)
    to_come = [date for date in dates if to_moment(date, series.zone) > now]
    edit.created.extend(make_dates(series, to_come, now=now, taken=set(days.values())))
    return edit


def _change_series(
    series: Series, values: EventValues, rule: str | None, wall: datetime | None
) -> tuple[list[str], timedelta]:
    """Change the series itself; return the names of its new values, and by how many days its dates are later."""
    old_zone, old_dates = series.zone, dates_of(series)
    names = apply_series_values(series, values, wall=wall or series.wall)
    if wall is None and "date_time" in values:  # of the first date itself, which may go to another day
        series.starts = values["date_time"]
    later = _days_later(series, old_zone, old_dates[0])
    if rule is not None:
        series.rule = clean_rule(rule)
    elif (series.zone, series.wall.time()) != (old_zone, old_dates[0].time()):
        series.rule = ended_on_day(series.rule, old_dates, old_zone, later=later)
    first = dates_of(series)[0]
    if series.zone != old_zone and "date_time" not in values and first.date() != series.wall.date():
        raise Invalid({"time_zone": [OTHER_ZONE]})
    series.starts = to_moment(first, series.zone)
    series.save()
    return names, later


def _days_later(series: Series, old_zone: tzinfo, old_first: datetime) -> timedelta:
    """Return by how many days of the clock all dates move, since a new zone may have another day then."""
    later = series.wall.date() - old_first.date()
    return later if series.zone != old_zone and abs(later.days) <= 1 else timedelta()


def _slots(
    rows: list[SeriesDate], days: dict[int, date], dates: list[datetime], old_moments: Collection[datetime]
) -> dict[int, datetime | None]:
    """Return the new start of each date by the clock: of two on one day, that of the rule has it."""
    by_day = {date.date(): date for date in dates}
    ruled_first = sorted(rows, key=lambda row: row.original_start not in old_moments)
    return {row.pk: by_day.pop(days[row.pk], None) for row in ruled_first}


def _place(plan: _Plan, rows: list[SeriesDate]) -> None:
    """Give the dates their new starts, deleted ones too, so that none is made a second time."""
    moved = []
    for row in rows:
        slot = plan.slots[row.pk]
        if slot is not None and row.original_start != to_moment(slot, plan.series.zone):
            row.original_start = to_moment(slot, plan.series.zone)
            moved.append(row)
    if len({row.original_start for row in rows}) < len(rows):
        raise Invalid({"date_time": [SAME_TIME]})
    # Written anew, since one may begin where another has begun.
    SeriesDate.objects.filter(pk__in=[row.pk for row in moved]).delete()
    SeriesDate.objects.bulk_create(moved)


def _change_date(plan: _Plan, row: SeriesDate, event: Event, edit: SeriesEdit) -> None:
    slot = plan.slots[row.pk]
    is_timed = plan.is_moved or bool({"date_time", "end_time"} & set(plan.names))
    why = HAS_PEOPLE if event.pk in plan.people else EDITED if row.overrides else ""
    if slot is None and plan.is_moved and not why:
        row.delete()
        delete_event(event_id=event.pk)
        edit.deleted.append(event)
        return
    stays = slot is None or (is_timed and bool(why))
    own = slot if slot is not None and not stays else by_clock(event.date_time, plan.series.zone)
    wanted: dict[str, Any] = dict(values_of(plan.series, own))
    held = {*row.overrides, *(("date_time", "end_time") if stays else ())}
    changes = {name: wanted[name] for name in plan.names if name in wanted and name not in held}
    if stays and is_timed and why:
        edit.kept.append(Kept(event, why))
        row.overrides = sorted({*row.overrides, "date_time", "end_time"})  # from now on they are its own
        row.save(update_fields=["overrides"])
    elif set(row.overrides) & set(plan.names):
        edit.kept.append(Kept(event, EDITED))
    try:
        with transaction.atomic():
            done = edit_event(event_id=event.pk, values=cast(EventValues, changes), in_series=True, now=plan.now)
    except (Refusal, ValidationError) as refusal:
        edit.kept.append(Kept(event, getattr(refusal, "code", None) or "invalid"))
        return
    if done.changed:
        edit.changed.append(done.event)


def with_people(events: Collection[Event]) -> set[int]:
    """Return the ids of events that anybody has registered for, also who has cancelled."""
    found = Registration.objects.filter(event__in=[event.pk for event in events]).order_by()
    return set(found.values_list("event_id", flat=True).distinct())
