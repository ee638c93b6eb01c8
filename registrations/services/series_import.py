"""Series of a calendar: made, or changed by a newer one, with the dates that are left out, added or changed.

One series of a calendar may be several here: where all dates from one on were changed, these are a series of their own.
All its parts have the calendar's UID, and each but the first says from which date on it was split off.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import cast

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from eventhub.datetimes import zone_named
from eventhub.exceptions import Invalid
from events.imports.row_validation import ImportedEvent
from events.models import Event, EventStatus, Series, SeriesDate
from events.services.events import EventValues
from events.services.series import create_series, dates_of, lock_series, make_date, model_date
from events.services.series_dates import (
    by_clock,
    day_of,
    ended_before,
    ended_on_day,
    going_on_from,
    to_moment,
    wall_dates,
)
from registrations.models import Registration
from registrations.services.event_changes import delete_event, edit_event
from registrations.services.import_revisions import NOTHING_TO_CANCEL, check_sequence, is_revised
from registrations.services.series_changes import SeriesEdit, check_day, edit_dates, edit_series

NO_SERIES = "The calendar changes a date of a series that it does not contain, and that was not imported before."
DELETED = "This date of the series was deleted here."
ALL_DATES = "This changes all dates of the series (RANGE=THISANDFUTURE). Change the series itself."
NO_DATE = "This changes a date and all that follow it (RANGE=THISANDFUTURE), and is no date of the series."
OTHER_RULE = (
    "The dates from {} on were changed together and are a series of their own here, which does not fit the new rule. "
    "Delete series {}, and import the calendar again."
)
NO_RULE = "This is a series here, and has no rule in the calendar. Delete the series, or give the event another UID."
FIRST = datetime.min.replace(tzinfo=UTC)
DAY = timedelta(days=1)


@transaction.atomic
def import_series(row: ImportedEvent, organizer: User, values: EventValues, now: datetime | None) -> str:
    """Make the series of a row, or change it; return what became of it."""
    if row.series is None:
        raise ValueError("The row is no series.")
    now = now or timezone.now()
    parts = _find(organizer, row.values)
    if parts and parts[0].split_from is None:
        _check_sequence(parts[0], row)
    if len(parts) > 1 and _is_called_off(row):
        return cancel_series(row, organizer, now)
    rule, rules = _rules(row, parts)
    if not parts or parts[0].split_from is not None:
        new = create_series(organizer=organizer, rule=rule, values=values, excluded=row.series.excluded, now=now)
        parts.insert(0, new)
        _change_rules(parts, rules, now)
        _add(parts, row.series.added)
        _note_rule(parts, row)
        _note_sequence(new, row)
        return "created"
    edits = [edit_series(series_id=parts[0].pk, values=_said(row, parts[0]), rule=rule, now=now)]
    parts[0] = edits[0].series
    edits += _change_rules(parts, rules, now)
    left_out = [_leave_out(parts, moment) for moment in row.series.excluded]
    added = _add(parts, row.series.added)
    _note_rule(parts, row)
    _note_sequence(parts[0], row)
    return "updated" if any(map(_is_changed, edits)) or added or any(left_out) else "unchanged"


def _change_rules(parts: list[Series], rules: list[str], now: datetime) -> list[SeriesEdit]:
    """Give the parts after the first their new rules, if there are."""
    edits = []
    for index, rule in enumerate(rules, start=len(parts) - len(rules)):
        edits.append(edit_series(series_id=parts[index].pk, values={}, rule=rule, now=now))
        parts[index] = edits[-1].series
    return edits


def import_date(row: ImportedEvent, organizer: User, now: datetime | None) -> str:
    """Change one date of a series as by hand, or with it all that follow."""
    parts, moment = _find(organizer, row.values), row.recurrence
    if not parts or moment is None:
        raise Invalid({"non_field_errors": [NO_SERIES]})
    for pk in sorted(series.pk for series in parts):
        lock_series(pk)
    with transaction.atomic():
        if not row.changes_following:
            return _change_date(row, parts, moment, now)
        day = day_of(moment, parts[0].zone)
        own = next((part for part in parts if part.split_from and day_of(part.split_from, parts[0].zone) == day), None)
        return _split(row, parts, moment, now) if own is None else _change_part(row, own, now)


def _change_date(row: ImportedEvent, parts: list[Series], moment: datetime, now: datetime | None) -> str:
    found = _date_on(parts, moment)
    if found is None:
        series = _part_of(parts, moment)
        event = make_date(series, moment, model=model_date(series))
    elif found.event is not None:
        event = found.event
    elif row.is_cancellation:
        return "unchanged"
    else:
        raise Invalid({"non_field_errors": [DELETED]})
    check_sequence(row, imported=event.imported_sequence, status=event.status)
    edit = edit_event(event_id=event.pk, values=_said(row), now=now)
    if is_revised(row, imported=event.imported_sequence):
        Event.objects.filter(pk=event.pk).update(imported_sequence=row.sequence)
    return "updated" if edit.changed else "unchanged"


def _change_part(row: ImportedEvent, part: Series, now: datetime | None) -> str:
    _check_sequence(part, row)
    if "date_time" in row.values:
        check_day(part, row.values, part.starts)
    edit = edit_series(series_id=part.pk, values=_said(row, part), now=now)
    _note_sequence(edit.series, row)
    return "updated" if _is_changed(edit) else "unchanged"


def _split(row: ImportedEvent, parts: list[Series], moment: datetime, now: datetime | None) -> str:
    """Change a date and those after it, which become a part of their own."""
    series = _part_of(parts, moment)
    found, dates = _date_on(parts, moment), dates_of(series)
    if found is not None and found.event_id is None:
        raise Invalid({"non_field_errors": [DELETED]})
    wall = by_clock(moment, series.zone)
    if series.split_from is not None:  # it may have moved its dates to another time
        day = _day_in(series, parts, moment)
        wall = next((date for date in dates if date.date() == day), wall)
    if wall not in dates:
        raise Invalid({"non_field_errors": [NO_DATE]})
    if wall == dates[0]:
        raise Invalid({"non_field_errors": [ALL_DATES]})
    begins = to_moment(wall, series.zone)
    event_id = make_date(series, begins, model=model_date(series)).pk if found is None else found.event_id
    edit = edit_dates(event_id=cast(int, event_id), values=_said(row, series), following=True, now=now)
    edit.series.template["split_from"] = moment.isoformat()
    edit.series.save(update_fields=["template"])
    _note_sequence(edit.series, row)
    return "updated"


@transaction.atomic
def cancel_series(row: ImportedEvent, organizer: User, now: datetime | None) -> str:
    """Call off a series with all its parts. Raise a 400 where there is none, or where the row calls off nothing."""
    parts = _find(organizer, row.values)
    if not parts:
        raise Invalid({"non_field_errors": [NOTHING_TO_CANCEL]})
    if not _is_called_off(row):
        raise Invalid({"non_field_errors": [NO_RULE]})
    for series in parts:
        _check_sequence(series, row)
    values: EventValues = {"status": EventStatus.CANCELLED}
    edits = [edit_series(series_id=series.pk, values=values, now=now) for series in parts]
    for edit in edits:
        _note_sequence(edit.series, row)
    return "updated" if any(map(_is_changed, edits)) else "unchanged"


# Parts of a series ---------------------------------------------------------------------------------------------------


def _find(organizer: User, values: EventValues) -> list[Series]:
    """Return the parts of a series by date. Find it by UID, else by title and start."""
    own = Series.objects.filter(organizer=organizer)
    if uid := values.get("uid"):
        return sorted(own.filter(template__uid=uid), key=lambda series: (series.split_from or FIRST, series.pk))
    if "title" not in values or "date_time" not in values:
        return []
    return list(own.filter(title=values["title"], starts=values["date_time"])[:1])


def uids_of_series(organizer: User) -> set[str]:
    found = Series.objects.filter(organizer=organizer, template__has_key="uid").order_by()
    return set(found.values_list("template__uid", flat=True))


def _part_of(parts: list[Series], moment: datetime) -> Series:
    zone = parts[0].zone
    day = day_of(moment, zone)
    begun = [series for series in parts if series.split_from is None or day_of(series.split_from, zone) <= day]
    if not begun:
        raise Invalid({"non_field_errors": [NO_SERIES]})
    return begun[-1]


def _date_on(parts: list[Series], moment: datetime) -> SeriesDate | None:
    """Return the date that began then. A part that was split off may have moved it to another time of its day."""
    dates = SeriesDate.objects.select_related("event")
    found = dates.filter(series__in=parts, original_start=moment).first()
    series = _part_of(parts, moment)
    if found is not None or series.split_from is None:
        return found
    near = dates.filter(series=series, original_start__range=(moment - 2 * DAY, moment + 2 * DAY))
    day = _day_in(series, parts, moment)
    return next((date for date in near if day_of(date.original_start, series.zone) == day), None)


def _day_in(part: Series, parts: list[Series], moment: datetime) -> date:
    """Return the day that a date of the calendar has in a part. In another zone it may be the day before or after."""
    zone = parts[0].zone
    if part.split_from is None or part.zone == zone:
        return day_of(moment, part.zone)
    return part.wall.date() + (day_of(moment, zone) - day_of(part.split_from, zone))


def _rules(row: ImportedEvent, parts: list[Series]) -> tuple[str, list[str]]:
    """Return the rule of the first part, up to where dates were split off, and if it is new those of the other parts.

    Raise a 400 where the parts do not fit the rule.
    """
    rule = row.series.rule if row.series else ""
    later = [part for part in parts if part.split_from is not None]
    if not later or "date_time" not in row.values:
        return rule, []
    zone = zone_named(row.values.get("time_zone") or parts[0].time_zone)
    starts = by_clock(row.values["date_time"], zone)
    dates = wall_dates(rule, starts, zone)
    shift = starts.date() - parts[0].wall.date() if zone != parts[0].zone else DAY * 0
    cuts = [_cut(part, parts, shift) for part in later]
    if dates[0] >= cuts[0]:
        raise _misfit(later[0])
    first = ended_before(rule, dates, cuts[0]) if cuts[0] <= dates[-1] else rule
    if _said_rule(row) == parts[0].template.get("said_rule"):
        return first, []
    ends = [*cuts[1:], dates[-1] + DAY]
    of_parts = [[date for date in dates if cut <= date < end] for cut, end in zip(cuts, ends, strict=True)]
    found = zip(later, cuts, of_parts, strict=True)
    return first, [_rule_of_part(part, cut, own, rule, dates, zone) for part, cut, own in found]


def _cut(part: Series, parts: list[Series], shift: timedelta) -> datetime:
    """Return the beginning of the day from which the part was split off. In another zone it may be the next one."""
    day = day_of(cast(datetime, part.split_from), parts[0].zone) + (shift if abs(shift) <= DAY else DAY * 0)
    return datetime.combine(day, time.min)


def _rule_of_part(
    part: Series, cut: datetime, own: list[datetime], rule: str, dates: list[datetime], zone: tzinfo
) -> str:
    """Return the rule for some of the dates at the times of the part."""
    if not own or own[0].date() != cut.date():
        raise _misfit(part)
    going_on = going_on_from(rule, dates, own[0]) if own[-1] == dates[-1] else ended_before(rule, dates, own[-1] + DAY)
    going_on = ended_on_day(going_on, own, zone, later=part.wall.date() - own[0].date())
    if wall_dates(going_on, part.wall, part.zone) != [part.wall + (date - own[0]) for date in own]:
        raise _misfit(part)
    return going_on


def _misfit(part: Series) -> Invalid:
    begins = day_of(cast(datetime, part.split_from), part.zone)
    return Invalid({"rule": [OTHER_RULE.format(begins, part.pk)]})


def _said_rule(row: ImportedEvent) -> str:
    starts = row.values.get("date_time")
    return f"{row.series.rule if row.series else ''} {starts and starts.date()}"


def _note_rule(parts: list[Series], row: ImportedEvent) -> None:
    for part in parts:
        if part.template.get("said_rule") != _said_rule(row):
            part.template["said_rule"] = _said_rule(row)
            part.save(update_fields=["template"])


def _add(parts: list[Series], moments: tuple[datetime, ...]) -> int:
    """Make the dates beside the rule that there are not; return how many."""
    missing = [moment for moment in moments if _date_on(parts, moment) is None]
    model = model_date(parts[0])
    new = [make_date(_part_of(parts, moment), moment, model=model) for moment in missing]
    SeriesDate.objects.filter(event__in=new).update(overrides=["date_time", "end_time"])
    return len(new)


def _leave_out(parts: list[Series], moment: datetime) -> bool:
    """Delete a date that the calendar leaves out, unless somebody has registered."""
    row = _date_on(parts, moment)
    if row is None:
        SeriesDate.objects.create(series=_part_of(parts, moment), original_start=moment)
        return True
    if row.event_id is None or Registration.objects.filter(event=row.event_id).exists():
        return False
    delete_event(event_id=row.event_id)
    return True


# What a row says -----------------------------------------------------------------------------------------------------


def _said(row: ImportedEvent, series: Series | None = None) -> EventValues:
    """Return the values for events of a series: no UID, and no time zone that it has already."""
    left_out = {"uid"} | ({"time_zone"} if series and row.values.get("time_zone") == series.time_zone else set())
    return cast(EventValues, {name: value for name, value in row.values.items() if name not in left_out})


def _is_called_off(row: ImportedEvent) -> bool:
    return row.values.get("status") == EventStatus.CANCELLED


def _is_changed(edit: SeriesEdit) -> bool:
    return bool(edit.changed or edit.created or edit.deleted)


def _check_sequence(series: Series, row: ImportedEvent) -> None:
    status = series.template.get("status", EventStatus.UPCOMING)
    check_sequence(row, imported=series.template.get("sequence"), status=status)


def _note_sequence(series: Series, row: ImportedEvent) -> None:
    if is_revised(row, imported=series.template.get("sequence")):
        series.template["sequence"] = row.sequence
        series.save(update_fields=["template"])
