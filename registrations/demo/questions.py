"""The event of the demo that asks questions, with the answers of most of its people."""

from collections.abc import Iterable
from random import Random
from typing import Any

from eventhub import audit
from events.models import Event
from registrations.models import Answers, Question, Registration
from registrations.services import question_edits
from registrations.services.questions import unanswered

TITLE = "Astronomy Night on Beacon Hill"
ANSWERED = 0.8  # of its people; the others were added by hand, and owe answers
NOTES = ("I bring a telescope.", "Is there parking?", "We come by bike.")


def write(events: Iterable[Event], *, seed: int) -> Event | None:
    """Let one event ask, and its people answer. Return the event, or None without one of that title."""
    event: Event | None = next((event for event in events if event.title == TITLE), None)
    if event is None:
        return None
    chance = Random(seed)  # noqa: S311  (no secret)
    with audit.acting_through(audit.Channel.ADMIN, event.organizer_id):
        bus, stop, poncho, notes = asked = [_ask(event, **values) for values in _questions()]
        stop.show_if = {"question_id": bus.pk, "is": [True]}
        question_edits.update_question(question=stop, values={"show_if": stop.show_if}, by=event.organizer)
    rows = []
    for registration in Registration.objects.filter(event=event).order_by("pk"):
        if chance.random() < ANSWERED:
            rides = chance.random() < 0.6
            given: dict[str, Any] = {str(bus.pk): rides}
            if rides:
                given[str(stop.pk)] = chance.choice([1, 2, 3])
            if chance.random() < 0.5:
                given[str(poncho.pk)] = chance.choice([1, 2, 3])
            if chance.random() < 0.2:
                given[str(notes.pk)] = chance.choice(NOTES)
            complete = not unanswered(asked, given)
            rows.append(Answers(registration=registration, answers=given, complete=complete))
    Answers.objects.bulk_create(rows)
    return event


def _ask(event: Event, **values: Any) -> Question:
    return question_edits.create_question(event=event, values=values, by=event.organizer)  # type: ignore[arg-type]


def _questions() -> list[dict[str, Any]]:
    stops, sizes = ("Market Square", "Harbour", "Railway station"), ("S", "M", "L")
    return [
        {"text": "Do you take the bus to the hill?", "type": "yes_no", "required": "yes", "personal": False},
        {"text": "Where do you get on?", "type": "choice", "required": "yes", "options": _options(*stops)},
        {
            "text": "Which size is your warm poncho?",
            "type": "choice",
            "required": "at_door",
            "options": _options(*sizes),
        },
        {"text": "Anything we should know?", "type": "long_text", "help": "Such as how you come, if not by bus."},
    ]


def _options(*texts: str) -> list[dict[str, Any]]:
    return [{"text": text} for text in texts]
