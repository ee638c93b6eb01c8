"""The form of an event."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from eventhub.admin.optimistic_form import OptimisticForm
from eventhub.datetimes import to_utc
from events.models import Event
from events.services.events import EventValues

WHAT = ("title", "description", "location")
WHEN = ("date_time", "end_time")
SEATS = ("max_capacity", "waitlist")
WINDOW = ("registration_opens", "registration_closes")
TIMES = (*WHEN, *WINDOW)
FACTS = ("seats_taken", "waiting", "created_at", "updated_at")


class EventForm(OptimisticForm):
    fields_of_codes: ClassVar = {"capacity_below_taken": "max_capacity"}

    class Meta:
        model = Event
        fields = (*WHAT, "organizer", *WHEN, *SEATS, *WINDOW)
        labels: ClassVar = {
            "registration_opens": "Registration opens",
            "registration_closes": "Registration closes",
        }
        help_texts: ClassVar = {
            "location": "A room, an address or a link: whatever people need to find it.",
            "organizer": "Who runs it, and sees it here. Only organizers and admins can be chosen.",
            "date_time": "A date in the past is possible: events can be recorded afterwards.",
            "end_time": "Empty: the event lasts until the end of the day on which it begins.",
            "max_capacity": "More seats later go to the queue at once; fewer than are taken are not possible.",
            "waitlist": "When all seats are taken, who comes next may wait. A seat that gets free goes to the first in "
            "the queue at once, by itself. Without this, people are told that the event is full.",
            "registration_opens": "Empty: people can register as soon as the event is published.",
            "registration_closes": "Empty: people can register until the event is over. You can add people yourself at "
            "any time.",
        }

    def clean(self) -> dict[str, Any] | None:
        """Times as the API takes them."""
        for name in TIMES:
            if self.cleaned_data.get(name) is not None:
                try:
                    self.cleaned_data[name] = to_utc(self.cleaned_data[name])
                except ValueError as problem:
                    self.add_error(name, ValidationError(str(problem)))
        return super().clean()

    def validate_constraints(self) -> None:
        """Left to `Event.clean` and the rules, which say the same in better words."""

    @property
    def changes(self) -> EventValues:
        """What the person asks for, beside another organizer."""
        names = self.changed_data if self.instance.pk else self.cleaned_data
        return {name: self.cleaned_data[name] for name in names if name != "organizer"}  # type: ignore[return-value]


def fieldsets(request: HttpRequest, *, adding: bool) -> list[tuple[str, dict[str, Any]]]:
    zone = f"Times are in {timezone.get_default_timezone_name()}."
    what = WHAT if not request.user.is_admin else (*WHAT, "organizer")  # type: ignore[union-attr]
    sections: list[tuple[str, dict[str, Any]]] = [
        ("What", {"fields": what}),
        ("When", {"fields": WHEN, "description": zone}),
        ("Seats", {"fields": SEATS}),
        ("Registration", {"fields": WINDOW, "description": f"When people can register. {zone}"}),
    ]
    return sections if adding else [*sections, ("Facts", {"fields": FACTS})]
