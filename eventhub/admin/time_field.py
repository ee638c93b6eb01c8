"""The form field of a time: a date, a time of day, and a choice of offset where the clocks change."""

from datetime import UTC, date, datetime, tzinfo
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats, timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSplitDateTimeWidget

from eventhub import datetimes

TWICE = "{clock} occurs twice on {day}, because the clocks go back. Choose one and save again."
SKIPPED = "{clock} does not occur on {day}, because the clocks go forward. Choose a time and save again."


class TimeWidget(UnfoldAdminSplitDateTimeWidget):
    template_name = "eventhub/admin/time_widget.html"
    zone: tzinfo | None = None

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.widgets: list[forms.Widget] = [
            *self.widgets,
            UnfoldAdminSelectWidget(attrs={"aria-label": "Offset from UTC"}),
        ]
        self.widgets_names: list[str] = ["_0", "_1", "_2"]

    def decompress(self, value: datetime | None) -> list[Any]:
        if value is None:
            return [None, None, None]
        local = timezone.localtime(value, self.zone)
        clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
        return [local.date(), clock, _offset(local)]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Offer the choice of offset only where the time has one."""
        parts = value if isinstance(value, list) else self.decompress(value)
        choice: Any = self.widgets[2]
        choice.choices = _choices(parts, self.zone)
        context: dict[str, Any] = super().get_context(name, parts, attrs)
        context["widget"]["has_choice"] = bool(choice.choices)
        return context


class DayField(forms.DateField):
    def to_python(self, value: Any) -> date | None:
        """Refuse digits of other scripts, which strptime takes."""
        if isinstance(value, str) and any(mark.isdecimal() and not mark.isascii() for mark in value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class TimeOfDayField(forms.MultiValueField):
    """`end_of_day` makes a date without a time the end of that day. `in_zone` has another zone than TIME_ZONE.

    `original` is the time that the form showed first: sent back as it was, it is not read again.
    """

    widget = TimeWidget
    end_of_day = False
    zone: tzinfo | None = None
    original: datetime | None = None

    def in_zone(self, zone: tzinfo) -> None:
        self.zone = cast(TimeWidget, self.widget).zone = zone

    def __init__(self, **kwargs: Any) -> None:
        day = DayField(error_messages={"incomplete": "Enter a date."})
        clock = forms.TimeField(required=False)
        offset = forms.CharField(required=False)
        super().__init__((day, clock, offset), require_all_fields=False, **kwargs)

    def clean(self, value: Any) -> datetime | None:
        is_empty = isinstance(value, list) and not any(value[:2])  # whatever the offset
        try:
            moment = super().clean([] if is_empty else value)
            return datetimes.to_utc(moment) if moment else None
        except ValueError as problem:
            raise ValidationError(str(problem)) from None

    def compress(self, data_list: list[Any]) -> datetime | None:
        if not data_list:
            return None
        day, clock, offset = data_list
        if clock is None:
            return datetimes.day_bound(day, end_of_day=self.end_of_day, zone=self.zone)
        typed = datetime.combine(day, clock)
        before = self.original and timezone.make_naive(self.original, self.zone).replace(microsecond=0)
        if not offset and before == typed:
            return self.original
        moments = datetimes.readings(typed, self.zone)
        chosen = [moment for moment in moments if len(moments) == 1 or _offset(moment) == offset]
        if not chosen:
            sentence = TWICE if datetimes.exists(typed, self.zone) else SKIPPED
            raise ValidationError(sentence.format(clock=_clock(typed), day=formats.date_format(day)))
        return chosen[0]


def _choices(parts: list[Any], zone: tzinfo | None) -> list[tuple[str, str]]:
    """Return the offsets of a date and time as typed, if there is more than one."""
    try:
        typed = datetime.combine(DayField().clean(parts[0]), forms.TimeField().clean(parts[1]))
    except ValidationError:
        return []
    moments = datetimes.readings(typed, zone)
    return [(_offset(moment), _label(moment)) for moment in moments] if len(moments) > 1 else []


def _offset(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")[16:]


def _label(moment: datetime) -> str:
    actual = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return f"{_clock(actual)} (UTC{_offset(actual)})"


def _clock(moment: datetime) -> str:
    return str(formats.time_format(moment, "H:i"))
