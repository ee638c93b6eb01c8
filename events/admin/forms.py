from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from eventhub.admin.optimistic_form import OptimisticForm
from eventhub.admin.time_field import TimeOfDayField
from eventhub.languages import Language, first_language
from events.models import Event
from events.reminder_hours import parse_hours, write_hours
from events.services.events import EventValues

DETAILS = ("title", "description", "location")
TIMES = ("date_time", "end_time")
SEATS = ("max_capacity", "waitlist")
REGISTRATION = ("registration_opens", "registration_closes")
MAILS = ("notifications", "remind_hours", "language")
ENDS = {"end_time", "registration_closes"}
READ_ONLY = ("seats_taken", "waiting", "created_at", "updated_at")


class HoursField(forms.CharField):
    """A few numbers of hours, as people write them: "24, 2"."""

    def prepare_value(self, value: Any) -> Any:
        return write_hours(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        try:
            hours = parse_hours(super().to_python(value) or "")
        except ValueError as problem:
            raise ValidationError(str(problem)) from None
        return sorted(set(hours), reverse=True)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class EventForm(OptimisticForm):
    fields_of_codes: ClassVar = {"capacity_below_taken": "max_capacity"}
    remind_hours = HoursField(
        label="Reminders",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Hours before the event when people with a seat get a reminder, such as 24, 2. Leave empty for none.",
    )

    class Meta:
        model = Event
        fields = (*DETAILS, "organizer", *TIMES, *SEATS, *REGISTRATION, *MAILS)
        error_messages: ClassVar = {"max_capacity": {"min_value": "Enter 1 or more."}}
        labels: ClassVar = {
            "waitlist": "Waiting list",
            "registration_opens": "Registration opens",
            "registration_closes": "Registration closes",
            "notifications": "Emails to attendees",
            "language": "Language",
        }
        help_texts: ClassVar = {
            "location": "A room, an address or a link.",
            "organizer": "Runs the event and sees it here. Must be an organizer or an admin.",
            "date_time": "May be in the past, to record an event afterwards. A date without a time is the start of "
            "that day.",
            "end_time": "Leave empty if the event lasts until the end of the day. A date without a time is the end of "
            "that day.",
            "max_capacity": "New seats go to the waiting list at once. Cannot be lower than the seats taken.",
            "waitlist": "When the event is full, people can join a waiting list. A seat that becomes free goes "
            "automatically to the first person on it. If off, people see that the event is full.",
            "registration_opens": "Leave empty to open registration when the event is published. A date without a time "
            "is the start of that day.",
            "registration_closes": "Leave empty to keep registration open until the event is over. A date without a "
            "time is the end of that day. You can always add people yourself.",
            "notifications": "Which changes people get emails about: changes of their own registration, and new times "
            "or places of the event.",
            "language": "People who chose a language themselves get emails in that one.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            choices = [("", f"Default ({Language(first_language()).label})"), *Language.choices]
            cast(forms.ChoiceField, self.fields["language"]).choices = choices
        for name in ENDS & self.fields.keys():
            cast(TimeOfDayField, self.fields[name]).end_of_day = True

    def validate_constraints(self) -> None:
        """Do nothing: `Event.clean` and the rules report the same problems in better words."""

    @property
    def changes(self) -> EventValues:
        names = self.changed_data if self.instance.pk else self.cleaned_data
        return {name: self.cleaned_data[name] for name in names if name != "organizer"}  # type: ignore[return-value]


def fieldsets(request: HttpRequest, *, adding: bool) -> list[tuple[str, dict[str, Any]]]:
    zone = f"Time zone: {timezone.get_default_timezone_name()}"
    details = DETAILS if not request.user.is_admin else (*DETAILS, "organizer")  # type: ignore[union-attr]
    sections: list[tuple[str, dict[str, Any]]] = [
        ("Details", {"fields": details}),
        ("Date and time", {"fields": TIMES, "description": zone}),
        ("Seats", {"fields": SEATS}),
        ("Registration", {"fields": REGISTRATION, "description": zone}),
        ("Emails", {"fields": MAILS}),
    ]
    return sections if adding else [*sections, ("Status", {"fields": READ_ONLY})]
