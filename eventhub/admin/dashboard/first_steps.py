"""What to do first, where there is nothing to look at yet."""

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
        return announce()
    if not stage.has_announced and stage.draft_id is not None:
        return publish(stage.draft_id)
    return None if stage.has_people else invite(events)


def announce() -> FirstSteps:
    return FirstSteps(
        "Announce your first event",
        ["Write it: a title, a date, a place, and how many seats there are. Nobody but you sees it yet.", *PUBLISH],
        [StepLink("Add an event", reverse("admin:events_event_add"))],
    )


def publish(draft_id: int) -> FirstSteps:
    return FirstSteps(
        "Publish your first event",
        ["Look your draft over once more: the date, the place, how many seats there are.", *PUBLISH],
        [StepLink("Open the draft", event_page(draft_id))],
    )


PUBLISH = (
    "Publish it: from then on everybody sees it.",
    "Let people register: seats go to whoever comes first, and when all are taken a queue forms.",
)


def invite(events: list[Fill]) -> FirstSteps:
    """How people get in; a list of them is imported into the next event, where there is one."""
    imports = [StepLink("Import a list", registration_page("import", event.pk), "default") for event in events[:1]]
    return FirstSteps(
        "Nobody has registered yet",
        [
            "People register by themselves, through your website or app, which talks to the API.",
            "Whom you have on a list already, you import: from a spreadsheet, into one event.",
            "Whoever calls or writes, you add by hand.",
        ],
        [
            StepLink("Add somebody", registration_page("add")),
            *imports,
            StepLink("Documents of the API", reverse("docs"), "default"),
        ],
    )
