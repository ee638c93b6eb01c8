from datetime import tzinfo
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from eventhub import datetimes
from eventhub.admin.optimistic_form import OptimisticForm
from eventhub.admin.time_field import TimeOfDayField
from eventhub.datetimes import written
from eventhub.exceptions import Invalid
from eventhub.languages import Language, first_language
from events.models import Event
from events.models.tag_list import in_order
from events.reminder_hours import parse_hours, write_hours
from events.services.events import EventValues
from events.services.tags import names_by_slug

DETAILS = ("title", "description", "location")
TIMES = ("time_zone", "date_time", "end_time")
PLACE = ("attendance", "venue", "address", "latitude", "longitude")
ONLINE = ("online_url", "online_from")  # for those who may change the event
DEADLINES = ("cancel_until", "edit_until", "transfer_until")
SEATS = ("max_capacity", "waitlist", "hides_seats")
REGISTRATION = ("registration_opens", "registration_closes", "guests")
FINDING = ("visibility", "tags", "slug")
MAILS = ("notifications", "remind_hours", "language")
ENDS = {"end_time", "registration_closes", *DEADLINES}
READ_ONLY = ("seats_taken", "waiting", "created_at", "updated_at")


class HoursField(forms.CharField):
    """A few numbers of hours, as people write them: "24, 2"."""

    def prepare_value(self, value: Any) -> Any:
        return write_hours(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):  # of a field that is disabled
            return value
        try:
            hours = parse_hours(super().to_python(value) or "")
        except ValueError as problem:
            raise ValidationError(str(problem)) from None
        return sorted(set(hours), reverse=True)

    def has_changed(self, initial: Any, data: Any) -> bool:
        if self.disabled:
            return False
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class TagsField(forms.CharField):
    """Names of tags as people write them: "Jazz, free entry"."""

    def to_python(self, value: Any) -> str:
        try:
            named = names_by_slug([name for text in (value or "").split(",") if (name := text.strip())])
        except Invalid as refusal:
            raise ValidationError(refusal.errors["tags"]) from None
        return ", ".join(named.values())


def _zone_choices() -> list[tuple[str, str]]:
    names = sorted(datetimes.zone_names())
    return [("", f"Default ({timezone.get_default_timezone_name()})"), *((name, name) for name in names)]


class EventForm(OptimisticForm):
    fields_of_codes: ClassVar = {"capacity_below_taken": "max_capacity", "slug_taken": "slug"}
    tags = TagsField(
        label="Categories and tags",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Words to find the event by, with commas between them, such as: Music, jazz, free entry.",
    )
    remind_hours = HoursField(
        label="Reminders",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Hours before the event when people with a seat get a reminder, such as 24, 2. Leave empty for none.",
    )

    time_zone = forms.ChoiceField(
        required=False,
        choices=_zone_choices,
        widget=UnfoldAdminSelect2Widget,
        help_text="The times below are in this time zone, and people read them in it.",
    )
    online_url = forms.URLField(
        label="Link",
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
        help_text="Only people with a seat see it: in their registration, in its emails, and on their ticket's page.",
    )

    class Meta:
        model = Event
        fields = (
            *(*DETAILS, "organizer", *TIMES, *PLACE, *ONLINE, *DEADLINES, *SEATS, *REGISTRATION),
            *("visibility", "slug", *MAILS),
        )
        error_messages: ClassVar = {"max_capacity": {"min_value": "Enter 1 or more."}}
        labels: ClassVar = {
            "waitlist": "Waiting list",
            "hides_seats": "Hide the number of seats",
            "registration_opens": "Registration opens",
            "registration_closes": "Registration closes",
            "visibility": "Who sees it",
            "slug": "Address of its page",
            "notifications": "Emails to attendees",
            "language": "Language",
            "guests": "Without an account",
            "online_from": "Shown from",
            "cancel_until": "Cancel until",
            "edit_until": "Change details until",
            "transfer_until": "Change the name until",
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
            "hides_seats": "Public pages say that seats are free, few or gone, without numbers.",
            "registration_opens": "Leave empty to open registration when the event is published. A date without a time "
            "is the start of that day.",
            "registration_closes": "Leave empty to keep registration open until the event is over. A date without a "
            "time is the end of that day. You can always add people yourself.",
            "guests": "Whether people can register with a name and an email address alone. They get a link to confirm.",
            "visibility": "Once it is published. An event for whoever has the link is in no list. One for its team and "
            "registered people is hidden from all others: you add the people yourself.",
            "slug": "Small letters, digits and hyphens. Leave empty to make it from the title when the event is "
            "published. Former addresses lead to the present one.",
            "notifications": "Which changes people get emails about: changes of their own registration, and new times "
            "or places of the event.",
            "venue": "The house, if the location is a room.",
            "latitude": "In degrees, for maps. Enter both or neither.",
            "online_from": "Leave empty to show the link at once.",
            "cancel_until": "Until when people can give back their seat. They can always leave the waiting list.",
            "edit_until": "Until when people can change their contact details and answers.",
            "transfer_until": "Until when people can change the name on their registration, to pass on the seat.",
            "language": "People who chose a language themselves get emails in that one.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = self._zone()
        for field in self.fields.values():
            if isinstance(field, TimeOfDayField):
                field.in_zone(zone)
        if "language" in self.fields:
            choices = [("", f"Default ({Language(first_language()).label})"), *Language.choices]
            cast(forms.ChoiceField, self.fields["language"]).choices = choices
        if self.instance.pk:
            self.initial["tags"] = self._present("tags")
        for name in ENDS & self.fields.keys():
            cast(TimeOfDayField, self.fields[name]).end_of_day = True

    def _zone(self) -> tzinfo:
        """Return the zone that is chosen in the form, in which its times are meant, else that of the event."""
        chosen = self.data.get("time_zone") if self.is_bound else None
        return self.instance.zone if chosen is None else datetimes.zone_named(chosen)

    def validate_constraints(self) -> None:
        """Do nothing: `Event.clean` and the rules report the same problems in better words."""

    def _present(self, name: str) -> Any:
        if name != "tags":
            return super()._present(name)
        return ", ".join(tag["name"] for tag in in_order(self.instance.tag_list)) if self.instance.pk else ""

    def _field_of(self, name: str) -> Any:
        return super()._field_of("title" if name == "tags" else name)

    @property
    def changes(self) -> EventValues:
        names = self.changed_data if self.instance.pk else self.cleaned_data
        values = {name: self.cleaned_data[name] for name in names if name != "organizer"}
        if "tags" in values:
            values["tags"] = [tag for tag in values["tags"].split(", ") if tag]
        return values  # type: ignore[return-value]


def fieldsets(request: HttpRequest, event: Event | None, *, may_change: bool) -> list[tuple[str, dict[str, Any]]]:
    zone = f"Time zone: {(event or Event()).zone.key}"
    details = DETAILS if not request.user.is_admin else (*DETAILS, "organizer")  # type: ignore[union-attr]
    sections: list[tuple[str, dict[str, Any]]] = [
        ("Details", {"fields": details}),
        ("Date and time", {"fields": TIMES, "description": _both_times(event) if event else zone}),
        ("Place", {"fields": PLACE}),
        *([("Online", {"fields": ONLINE, "description": zone})] if may_change else []),
        ("Seats", {"fields": SEATS}),
        ("Registration", {"fields": REGISTRATION, "description": zone}),
        ("Deadlines", {"fields": DEADLINES, "description": f"You are not bound by them. {zone}"}),
        ("Finding", {"fields": FINDING}),
        ("Emails", {"fields": MAILS}),
    ]
    return sections if event is None else [*sections, ("Status", {"fields": READ_ONLY})]


def _both_times(event: Event) -> str:
    """Return the time zone, and the site's times beside it where they differ."""
    if datetimes.is_alike(event.date_time, event.zone):
        return f"Time zone: {event.zone.key}"
    return f"Time zone: {event.zone.key}. In the time zone of this site: {written(event.date_time, event.end_time)}"
