"""A mail as people will get it, with an invented person and the facts of the event."""

from datetime import timedelta

from django.conf import settings
from django.utils import translation

from eventhub.datetimes import written
from eventhub.languages import first_language
from eventhub.mail import one_line
from events.models import Event
from notifications.mails import CAN_UNSUBSCRIBE, RenderedMail, change_line, render
from notifications.texts import PLACEHOLDERS, Wording

NAME = "Robin Example"


def preview(event: Event, kind: str, wording: Wording, language: str = "") -> RenderedMail:
    with translation.override(first_language(language, event.language)):
        return render(wording, _values(event, kind), event)


def invented_values(event: Event, kind: str, language: str = "") -> dict[str, str]:
    """Return a value for each placeholder of mails of this kind."""
    with translation.override(first_language(language, event.language)):
        return _values(event, kind)


def _values(event: Event, kind: str) -> dict[str, str]:
    values = {
        "name": NAME,
        "event": one_line(event.title),
        "date": written(event.date_time, event.end_time, event.zone),
        "place": one_line(event.place),
        "organizer": one_line(event.organizer.public_profile.public_name),
        "link": f"{settings.PUBLIC_URL}/r/example",
        "position": "3",
        "changes": _changes(event),
        "reason": "We need more time to prepare.",
    }
    values["by"] = values["organizer"]
    known = {name: values[name] for name in PLACEHOLDERS[kind]}
    # For the end of the mail, which is not among the words.
    return known | (
        {"unsubscribe": f"{settings.PUBLIC_URL}/admin/unsubscribe/?token=example"} if kind in CAN_UNSUBSCRIBE else {}
    )


def _changes(event: Event) -> str:
    before = event.date_time - timedelta(hours=1)
    return change_line(
        "date_time", now=written(event.date_time, None, event.zone), before=written(before, None, event.zone)
    )
