"""Registrations as a table, without accounts, which organizers must not learn."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F

from accounts.email_addresses import normalize_email
from accounts.models import User
from accounts.permissions import allowed
from eventhub.db.batches import by_key
from eventhub.spreadsheets.cells import in_zone, to_the_second
from eventhub.spreadsheets.exports import Row
from events.models import Event
from registrations.models import Question, Registration, RegistrationQuerySet
from registrations.services import answer_columns
from registrations.services.answer_columns import AnswerColumns
from registrations.services.questions import questions_of

READ = ("event__title", "event__date_time", "name", "contact_details", "phone", "status", "registration_date")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;:<>()]+")


def questions_shown(event: Event | None, reader: User) -> list[Question]:
    """Return the questions with a column, also those asked no more; personal ones to whom may see the people."""
    if event is None:
        return []
    found = questions_of(event, archived=True)
    return found if allowed(reader, "event", "attendees", event) else [each for each in found if not each.personal]


def columns_of(event: Event) -> AnswerColumns:
    """Return the columns of the questions that an import may fill, with the headers of an export."""
    if not event.asks_questions:
        return AnswerColumns()
    every = questions_of(event, archived=True)
    names = dict(zip((each.pk for each in every), answer_columns.headers(every, taken=header()), strict=True))
    asked = [each for each in every if not each.archived]
    return AnswerColumns(asked, {f"answers.{each.pk}": names[each.pk] for each in asked})


def header(questions: Sequence[Question] = ()) -> list[str]:
    own = [
        "Attendee ID",
        "Event ID",
        "Event",
        in_zone("Event begins"),
        "Name",
        "Email",
        "Contact details",
        "Phone",
        "Status",
        in_zone("Registered"),
    ]
    return own + answer_columns.headers(questions, taken=own)


def rows(registrations: RegistrationQuerySet, questions: Sequence[Question] = ()) -> Iterator[Row]:
    read = registrations.with_event().only(*READ)
    if questions:
        read = read.annotate(given=F("answers__answers"))
    return (_row(registration, questions) for registration in by_key(read))


def _row(registration: Registration, questions: Sequence[Question]) -> Row:
    event = registration.event
    answers = answer_columns.cells(questions, getattr(registration, "given", None) or {})
    return [
        registration.pk,
        event.pk,
        event.title,
        event.date_time,
        registration.name,
        _address(registration.contact_details),
        registration.contact_details,
        registration.phone,
        registration.get_status_display(),
        to_the_second(registration.registration_date),
        *answers,
    ]


def _address(details: str) -> str:
    """Return the first address in the contact details, with which an import finds the person again."""
    for part in _BETWEEN_ADDRESSES.split(details):
        with suppress(ValidationError):
            validate_email(normalize_email(part))
            return part
    return ""
