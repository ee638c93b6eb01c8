"""Series: a rule that makes events, each an ordinary one. Changes of those events: registrations/services."""

import logging
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import Role, User
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid, Refusal, SeriesNotFound
from events.models import ANNOUNCED, Event, EventStatus, Series, SeriesDate
from events.services.clones import COPIED, HANGS_ON
from events.services.events import BEFORE, TIMES, EventValues, create_event
from events.services.series_dates import (
    by_clock,
    clean_rule,
    end_of,
    minutes_between,
    to_moment,
    wall_dates,
)

logger = logging.getLogger(__name__)

HORIZON = timedelta(days=180)
# A date more or less within the horizon matters to nobody: each series is looked at once a day.
ROLLS_EVERY = timedelta(days=1)
PREVIEWED = 10
# What all dates share. Of an imported series `uid` is the calendar's, which no event of it has.
SHARED = (*COPIED, "status")
ENDS_FIRST = "The end must be after the beginning."


def create_series(
    *,
    organizer: User,
    rule: str,
    values: EventValues,
    excluded: Collection[datetime] = (),
    now: datetime | None = None,
) -> Series:
    """Make a series whose first event has these values, and its events up to HORIZON.

    The first date is the first one of the rule; `excluded` ones are not made. Raise a 400 for a rule that cannot be
    used.
    """
    series = Series(organizer=organizer, rule=clean_rule(rule))
    with transaction.atomic():
        apply_series_values(series, values, wall=None)
        dates = dates_of(series)
        series.starts = to_moment(dates[0], series.zone)
        series.save()
        SeriesDate.objects.bulk_create([SeriesDate(series=series, original_start=moment) for moment in set(excluded)])
        make_dates(series, dates, now=now or timezone.now())
    return series


class DatesPreview(NamedTuple):
    """The number of all dates, and the values of the next ones."""

    total: int
    dates: list[EventValues]


def preview_dates(*, rule: str, values: EventValues, now: datetime | None = None) -> DatesPreview:
    """Return the next PREVIEWED dates of a series that is not saved. Raise a 400 for a rule that cannot be used."""
    series = Series(rule=clean_rule(rule))
    apply_series_values(series, values, wall=None)
    dates = dates_of(series)
    to_come = [wall for wall in dates if to_moment(wall, series.zone) > (now or timezone.now())]
    return DatesPreview(len(dates), [values_of(series, wall) for wall in (to_come or dates)[:PREVIEWED]])


def apply_series_values(series: Series, values: EventValues, *, wall: datetime | None) -> list[str]:
    """Set values, unsaved, as those of the date at `wall` by the clock so far; return their names.

    A new time of that date is one of all dates. Times before the start are kept as distances to it. In another zone the
    dates begin at the same moments, unless there is a new start: that may be on the day of the clock before or now.
    """
    given: dict[str, Any] = dict(values)
    before_day = None if wall is None else series.wall.date() - wall.date()
    moment = None if wall is None else to_moment(wall, series.zone)
    if "time_zone" in given:
        series.time_zone = given["time_zone"]
    if not series.time_zone:
        series.time_zone = timezone.get_default_timezone_name()
    zone = series.zone
    moment = given.get("date_time", moment)
    if moment is None:
        raise Invalid({"date_time": ["This field is required."]})
    begins = by_clock(moment, zone)
    if "date_time" in given:
        series.starts = to_moment(begins if before_day is None else begins + before_day, zone)
    if "end_time" in given:
        series.duration = given["end_time"] and minutes_between(begins, by_clock(given["end_time"], zone))
        if series.duration is not None and series.duration < 1:
            raise Invalid({"end_time": [ENDS_FIRST]})
    before = dict(series.template.get("before", {}))
    for name in BEFORE:
        if name in given:
            before.pop(name, None)
            if given[name] is not None:
                before[name] = minutes_between(by_clock(given[name], zone), begins)
    shared = {name: given[name] for name in (*SHARED, "uid", "tags") if name in given}
    series.template = {**series.template, **shared, "before": before}
    series.title = series.template.get("title", series.title)
    return [name for name in given if name in (*TIMES, *SHARED, "tags")]


def dates_of(series: Series) -> list[datetime]:
    """Return all its dates by the clock."""
    return wall_dates(series.rule, series.wall, series.zone)


def values_of(series: Series, wall: datetime) -> EventValues:
    """Return the values of an event of the series that begins then by the clock."""
    zone = series.zone
    values: dict[str, Any] = {name: series.template[name] for name in SHARED if name in series.template}
    values["date_time"] = to_moment(wall, zone)
    values["end_time"] = series.duration and end_of(wall, series.duration, zone)
    distances = series.template.get("before", {})
    for name in BEFORE:
        minutes = distances.get(name)
        values[name] = None if minutes is None else to_moment(wall - timedelta(minutes=minutes), zone)
    if "tags" in series.template:
        values["tags"] = series.template["tags"]
    return cast(EventValues, values)


def make_dates(
    series: Series, dates: Iterable[datetime], *, now: datetime, taken: Collection[date] = ()
) -> list[Event]:
    """Make the events of a locked series that have none yet, up to HORIZON, but on the days that are `taken`.

    A date that was deleted is not made again. A cancelled series makes no more. A new one is as `model_date` is.
    """
    status = series.template.get("status", EventStatus.UPCOMING)
    if status not in (EventStatus.DRAFT, *ANNOUNCED):
        return []
    status = EventStatus.DRAFT if status == EventStatus.DRAFT else EventStatus.UPCOMING
    known = set(series.dates.values_list("original_start", flat=True))
    series.made_until = None
    made, model = [], model_date(series)
    for wall in dates:
        moment = to_moment(wall, series.zone)
        if moment > now + HORIZON:
            series.made_until = now + HORIZON
            break
        if moment in known or wall.date() in taken:
            continue
        made.append(make_date(series, moment, model=model, status=status))
    series.save(update_fields=["made_until"])
    return made


def model_date(series: Series) -> Event | None:
    """Return the latest event without edits by hand, else the latest one: new dates are like it, with HANGS_ON."""
    dates = series.dates.exclude(event=None).order_by("-original_start").select_related("event")
    date = dates.filter(overrides=[]).first() or dates.first()
    return None if date is None else date.event


def make_date(series: Series, moment: datetime, *, model: Event | None, status: str | None = None) -> Event:
    """Make the event of one date, with questions, words for emails and team as `model` has them."""
    values: Any = {**values_of(series, by_clock(moment, series.zone)), "series": series}
    if status is not None:
        values["status"] = status
    event = create_event(organizer=series.organizer, values=values)
    SeriesDate.objects.create(series=series, original_start=moment, event=event)
    if model is not None:
        for copy in HANGS_ON:
            copy(event=model, copy=event)
    return event


def lock_series(series_id: int) -> Series:
    """Lock a series, always before its events. Raise SeriesNotFound."""
    locked = Series.objects.select_for_update(no_key=True, of=("self",)).select_related("organizer")
    series = locked.filter(pk=series_id).order_by().first()
    if series is None:
        raise SeriesNotFound()
    return series


@retried
def extend_series(*, series_id: int, now: datetime) -> int:
    """Make the events that have come into HORIZON, and return how many.

    What was made before is not looked at again: a day that a changed rule has left out stays so.
    """
    with transaction.atomic():
        series = lock_series(series_id)
        since = series.made_until
        if since is None:
            return 0
        new = [wall for wall in dates_of(series) if to_moment(wall, series.zone) > since]
        return len(make_dates(series, new, now=now))


def extend_due(*, now: datetime, dry_run: bool) -> int:
    """Extend the series that are due, and return the number of new events. Raise the first problem at the end."""
    due = Series.objects.filter(made_until__lte=now + HORIZON - ROLLS_EVERY, organizer__is_active=True)
    due = due.filter(organizer__role__in=[Role.ORGANIZER, Role.ADMIN]).order_by("pk")
    made, first_problem = 0, None
    for series in list(due):
        since = series.made_until
        if dry_run and since is not None:
            made += sum(since < moment <= now + HORIZON for moment in _moments(series))
            continue
        try:
            made += extend_series(series_id=series.pk, now=now)
        except (Refusal, DatabaseError) as problem:
            logger.warning("Could not extend the series %s: %s", series.pk, problem)
            first_problem = first_problem or problem
    if first_problem is not None:
        raise first_problem
    return made


def _moments(series: Series) -> list[datetime]:
    return [to_moment(wall, series.zone) for wall in dates_of(series)]


# A date by itself --------------------------------------------------------------------------------------------------


def note_overrides(event: Event, changed: Collection[str]) -> None:
    """Note which fields of a locked event of a series were edited by hand. Given away, it leaves the series."""
    if "organizer" in changed:
        leave_series([event])
        return
    row = SeriesDate.objects.filter(event=event).first()
    if row is None:
        return
    named = {*row.overrides, *(name for name in changed if name in (*TIMES, *COPIED, "tags"))}
    if "status" in changed:  # a date that was called off by hand stays so; others follow the series
        named = named | {"status"} if event.status == EventStatus.CANCELLED else named - {"status"}
    if named != set(row.overrides):
        row.overrides = sorted(named)
        row.save(update_fields=["overrides"])


def leave_series(events: Collection[Event]) -> None:
    """Take locked events out of their series, which makes no others in their place."""
    SeriesDate.objects.filter(event__in=events).update(event=None)
    Event.objects.filter(pk__in=[event.pk for event in events]).update(series=None)
    for event in events:
        event.series = None
