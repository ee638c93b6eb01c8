"""First steps, shown while there is nothing else to see."""

from typing import NamedTuple

from django.urls import reverse

from eventhub.admin.dashboard.links import event_page, registration_page
from registrations.selectors.dashboard import Fill, Stage


class StepLink(NamedTuple):
    label: str
    href: str
    variant: str = "primary"


class FirstSteps(NamedTuple):
    title: str
    steps: list[str]
    buttons: list[StepLink]


def first_steps(stage: Stage, events: list[Fill]) -> FirstSteps | None:
    if not stage.has_events:
        return create()
    if not stage.has_announced and stage.draft_id is not None:
        return publish(stage.draft_id)
    return None if stage.has_people else invite(events)


def create() -> FirstSteps:
    return FirstSteps(
        "Create your first event",
        ["Enter a title, a date, a location and the number of seats. Only you can see the draft.", *PUBLISH],
        [StepLink("Add event", reverse("admin:events_event_add"))],
    )


def publish(draft_id: int) -> FirstSteps:
    return FirstSteps(
        "Publish your first event",
        ["Check your draft: the date, the location and the number of seats.", *PUBLISH],
        [StepLink("Open draft", event_page(draft_id))],
    )


PUBLISH = (
    "Publish it. From then on everybody can see it.",
    "Seats go to people in the order in which they register. When the event is full, people can join the waiting list.",
)


def invite(events: list[Fill]) -> FirstSteps:
    imports = [StepLink("Import attendees", registration_page("import", event.pk), "default") for event in events[:1]]
    return FirstSteps(
        "Nobody has registered yet",
        [
            "People register themselves through your website or app, which uses the API.",
            "Import the attendees of an event from a spreadsheet.",
            "Add people by hand if they call or write.",
        ],
        [
            StepLink("Add attendee", registration_page("add")),
            *imports,
            StepLink("API documentation", reverse("docs"), "default"),
        ],
    )
