"""What is on badges and name lists, as forms of the back office."""

from typing import Any

from django import forms
from django.http import QueryDict
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from checkin import badges, name_lists
from checkin.badges import FREE, FREE_HEIGHT, FREE_WIDTH, PAPERS, Paper
from registrations.admin.status import LABELS
from registrations.models import SEATED


def _millimetres(label: str, bounds: tuple[int, int], initial: int) -> forms.IntegerField:
    low, high = bounds
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=low,
        max_value=high,
        initial=initial,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=f"For a size of your own: {low} to {high} mm.",
    )


class PeopleForm(forms.Form):
    status = forms.MultipleChoiceField(
        label="Who",
        choices=[(status.value, label) for status, label in LABELS.items()],
        initial=SEATED,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "Choose at least one."},
    )

    @classmethod
    def read_initial(cls, query: QueryDict) -> dict[str, Any]:
        """Return the options in the address of a page to print, or nothing if it has none."""
        fields = cls.base_fields if query else {}
        return {name: field.widget.value_from_datadict(query, {}, name) for name, field in fields.items()}


class NamesForm(PeopleForm):
    show = forms.MultipleChoiceField(
        label="Columns beside the name",
        required=False,
        choices=[*name_lists.COLUMNS.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    letters = forms.BooleanField(
        label="Start a page for each letter",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="To give the pages to several people at the entrance.",
    )
    field_order = ("show", "letters", "status")


class BadgesForm(PeopleForm):
    format = forms.ChoiceField(
        label="Paper",
        choices=[*((name, paper.label) for name, paper in PAPERS.items()), (FREE, "A size of your own")],
        widget=UnfoldAdminSelectWidget,
    )
    width = _millimetres("Width (mm)", FREE_WIDTH, 90)
    height = _millimetres("Height (mm)", FREE_HEIGHT, 55)
    show = forms.MultipleChoiceField(
        label="On the badge, beside the name",
        required=False,
        choices=[*badges.FIELDS.items()],
        initial=[badges.CODE, badges.TITLE],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    lines = forms.BooleanField(label="Lines to cut along", required=False, widget=UnfoldBooleanSwitchWidget)
    new = forms.BooleanField(
        label="Only new or changed",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Leaves out badges that are marked as printed, unless the name or the ticket has changed since.",
    )
    field_order = ("format", "width", "height", "show", "lines", "status", "new")

    @property
    def paper(self) -> Paper:
        chosen = self.cleaned_data
        if chosen["format"] == FREE:
            return badges.free(chosen["width"], chosen["height"])
        return PAPERS[chosen["format"]]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("format") == FREE:
            for name in ("width", "height"):
                if name not in self.errors and self.cleaned_data.get(name) is None:
                    self.add_error(name, "Enter the size in millimetres.")
        return self.cleaned_data
