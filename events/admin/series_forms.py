"""A recurrence rule as a form without scripts, and in words."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from eventhub.exceptions import Invalid
from events.imports.recurrence import rule_parts
from events.services.series_dates import MAX_DATES, clean_rule

WEEKDAYS = (
    *(("MO", "Monday"), ("TU", "Tuesday"), ("WE", "Wednesday"), ("TH", "Thursday"), ("FR", "Friday")),
    *(("SA", "Saturday"), ("SU", "Sunday")),
)
UNITS = (("DAILY", "days"), ("WEEKLY", "weeks"), ("MONTHLY", "months"))
SINGULAR = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
NTH = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last"}
SAME_DATE, SAME_WEEKDAY = "date", "weekday"


class RuleForm(forms.Form):
    every = forms.IntegerField(
        min_value=1, max_value=52, initial=1, label="Repeat every", widget=UnfoldAdminIntegerFieldWidget
    )
    unit = forms.ChoiceField(choices=UNITS, initial="WEEKLY", label="Unit", widget=UnfoldAdminSelectWidget)
    weekdays = forms.MultipleChoiceField(
        choices=WEEKDAYS,
        required=False,
        label="On",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Of weeks. Empty: the weekday of the event.",
    )
    monthly = forms.ChoiceField(
        choices=[
            (SAME_DATE, "The same day of the month"),
            (SAME_WEEKDAY, "The same weekday, such as the second Tuesday"),
        ],
        label="Of months",
        initial=SAME_DATE,
        widget=UnfoldAdminSelectWidget,
    )
    count = forms.IntegerField(
        min_value=2,
        max_value=MAX_DATES,
        required=False,
        label="Number of dates",
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Fill in this or the last day. Leave both empty to go on for two years.",
    )
    until = forms.DateField(required=False, label="Last day", widget=UnfoldAdminDateWidget)
    other = forms.CharField(
        required=False,
        max_length=250,
        label="Another rule",
        widget=UnfoldAdminTextInputWidget,
        help_text="Instead of all this: a rule of the iCalendar format, such as FREQ=YEARLY;BYMONTH=5;BYDAY=1SA.",
    )

    def __init__(self, data: Any, *, first: date, rule: str = "") -> None:
        super().__init__(data, initial=initial_of(rule) if rule else None)
        self.first = first

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("count") and values.get("until"):
            raise ValidationError({"until": "Fill in the number of dates or the last day, not both."})
        if not self.errors:
            try:
                values["rule"] = clean_rule(values["other"] or self._built(values))
            except Invalid as refusal:
                raise ValidationError({"other": refusal.errors["rule"]} if values["other"] else refusal.msg) from None
        return values

    def _built(self, values: dict[str, Any]) -> str:
        parts = {"FREQ": values["unit"]}
        if values["every"] > 1:
            parts["INTERVAL"] = str(values["every"])
        if values["unit"] == "WEEKLY" and values["weekdays"]:
            parts["BYDAY"] = ",".join(values["weekdays"])
        if values["unit"] == "MONTHLY" and values["monthly"] == SAME_WEEKDAY:
            parts["BYDAY"] = f"{(self.first.day - 1) // 7 + 1}{WEEKDAYS[self.first.weekday()][0]}"
        if values["count"]:
            parts["COUNT"] = str(values["count"])
        if values["until"]:
            parts["UNTIL"] = values["until"].strftime("%Y%m%d")
        return ";".join(f"{name}={value}" for name, value in parts.items())


def initial_of(rule: str) -> dict[str, Any]:
    """Return the fields of a rule; one that they cannot say is in `other`."""
    parts = rule_parts(rule)
    days = parts.get("BYDAY", "")
    plain = {"FREQ", "INTERVAL", "COUNT", "UNTIL", *({"BYDAY"} if parts["FREQ"] == "WEEKLY" else ())}
    is_nth = parts["FREQ"] == "MONTHLY" and len(days) == 3 and parts.keys() <= plain | {"BYDAY"}
    if parts["FREQ"] == "YEARLY" or not (parts.keys() <= plain or is_nth):
        return {"other": rule, "every": 1, "unit": "WEEKLY", "monthly": SAME_DATE}
    until = parts.get("UNTIL", "")[:8]
    return {
        "every": int(parts.get("INTERVAL", "1")),
        "unit": parts["FREQ"],
        "weekdays": days.split(",") if days and not is_nth else [],
        "monthly": SAME_WEEKDAY if is_nth else SAME_DATE,
        "count": parts.get("COUNT"),
        "until": until and date(int(until[:4]), int(until[4:6]), int(until[6:])),
    }


def rule_in_words(rule: str) -> str:
    """Return a rule for people: "Every 2 weeks on Monday and Friday, 10 times"."""
    parts = rule_parts(rule)
    if parts.keys() - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY"}:
        return rule
    every, unit = int(parts.get("INTERVAL", "1")), SINGULAR[parts["FREQ"]]
    words = f"Every {unit}" if every == 1 else f"Every {every} {unit}s"
    names = [_day_in_words(day) for day in parts.get("BYDAY", "").split(",") if day]
    if names:
        words += " on " + (names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}")
    if "COUNT" in parts:
        words += f", {parts['COUNT']} times"
    if "UNTIL" in parts:
        until = parts["UNTIL"]
        words += f", until {date_format(date(int(until[:4]), int(until[4:6]), int(until[6:8])), 'DATE_FORMAT')}"
    return words


def _day_in_words(day: str) -> str:
    name = dict(WEEKDAYS)[day[-2:]]
    return f"the {NTH.get(day[:-2], day[:-2])} {name}" if day[:-2] else name
