"""The widgets of questions in the look of the back office."""

from datetime import date

from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from registrations.forms.questions import DAY, Widgets


class DayInput(UnfoldAdminTextInputWidget):
    """The browser's own calendar, also on pages without the admin's scripts."""

    input_type = "date"

    def format_value(self, value: object) -> str | None:
        return f"{value:{DAY}}" if isinstance(value, date) else str(value or "")


OFFICE: Widgets = {
    "text": lambda attrs: UnfoldAdminTextInputWidget(attrs=attrs),
    "long_text": lambda attrs: UnfoldAdminTextareaWidget(attrs={"rows": 4, **attrs}),
    "number": lambda attrs: _typed("number", {"step": "any", **attrs}),
    "date": lambda attrs: DayInput(attrs=attrs),
    "email": lambda attrs: UnfoldAdminEmailInputWidget(attrs=attrs),
    "phone": lambda attrs: _typed("tel", attrs),
    "url": lambda attrs: _typed("url", attrs),
    "check": lambda attrs: UnfoldBooleanWidget(attrs=attrs),
    "checks": lambda attrs: UnfoldAdminCheckboxSelectMultipleWidget(attrs=attrs),
    "radios": lambda attrs: UnfoldAdminRadioSelectWidget(attrs=attrs),
    "select": lambda attrs: UnfoldAdminSelectWidget(attrs=attrs),
}


def _typed(kind: str, attrs: dict[str, object]) -> UnfoldAdminTextInputWidget:
    widget = UnfoldAdminTextInputWidget(attrs=attrs)
    widget.input_type = kind
    return widget
