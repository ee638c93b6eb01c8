"""An event's own words for its mails.

A person gets the event's words in their language, else the event's words without a language, else the default words in
their language. Without a language, the words of an event that has none are the default ones of the event's language.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction

from eventhub.api.etags import UNCONDITIONAL, Precondition, edition_of
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid, TemplateNotFound
from eventhub.languages import Language, current_language, first_language
from eventhub.text_fields import clean_details, clean_line
from events.models import Event
from events.services.events import note_in_history
from notifications.models import Kind, Template
from notifications.services.audience import is_trusted
from notifications.texts import KINDS, PLACEHOLDERS, Wording, find_problem, words, words_in
from registrations.models import Registration
from registrations.services.seats import lock_event

MAX_SUBJECT, MAX_BODY = 200, 5_000


class EventWording(NamedTuple):
    """What the mails of one kind say for one event."""

    kind: str
    language: str  # empty: all that have no words of their own
    subject: str
    body: str
    default: Wording
    otherwise: Wording  # what people get if the event has no words in this language

    @property
    def wording(self) -> Wording:
        return Wording(self.subject, self.body)

    @property
    def is_default(self) -> bool:
        return self.wording == self.default

    @property
    def is_own(self) -> bool:
        return self.wording != self.otherwise

    @property
    def placeholders(self) -> tuple[str, ...]:
        return PLACEHOLDERS[self.kind]

    @property
    def label(self) -> str:
        label = str(Kind(self.kind).label)
        return f"{label} ({Language(self.language).label})" if self.language else label

    @property
    def edition(self) -> str:
        return edition_of(self)


def wordings_of(event: Event, language: str = "") -> list[EventWording]:
    """Return the words of all kinds, the event's own or the default ones."""
    return _choose(KINDS, language, event, Template.objects.filter(event=event))


def wording_of(event: Event, kind: str, language: str = "") -> EventWording:
    """Return the words of one kind, the event's own or the default ones. Raise TemplateNotFound."""
    require_kind(kind)
    (found,) = _choose([kind], language, event, Template.objects.filter(event=event, kind=kind))
    return found


def own_languages(event: Event) -> dict[str, list[str]]:
    """Return the languages that an event has words of its own in, by kind."""
    found: dict[str, list[str]] = {}
    for kind, language in Template.objects.filter(event=event).order_by("language").values_list("kind", "language"):
        if language:
            found.setdefault(kind, []).append(language)
    return found


def require_kind(kind: str) -> None:
    """Raise TemplateNotFound for mails that have no words of an event."""
    if kind not in KINDS:
        raise TemplateNotFound()


def _choose(kinds: Iterable[str], language: str, event: Event, rows: Iterable[Template]) -> list[EventWording]:
    own = {(row.kind, row.language): Wording(row.subject, row.body) for row in rows}
    if language and language not in Language.values:
        raise TemplateNotFound()
    defaults = words_in(language or first_language(event.language)).defaults
    chosen = []
    for kind in kinds:
        otherwise = own.get((kind, ""), defaults[kind]) if language else defaults[kind]
        chosen.append(EventWording(kind, language, *own.get((kind, language), otherwise), defaults[kind], otherwise))
    return chosen


def wording_for(registration: Registration | None, event: Event, kind: str) -> Wording:
    """Return the words for one person, in the active language.

    People who were added by address may never have asked for anything: untrusted organizers must not have a mail to
    any address say anything.
    """
    # Of a registration that has been removed, nobody knows any more how it came about.
    if (registration is None or registration.added_by_address) and not is_trusted(event.organizer):
        return words().defaults[kind]
    return wording_of(event, kind, current_language()).wording


def change(present: EventWording, *, subject: str | None = None, body: str | None = None) -> Wording:
    """Return the changed words as they would be stored; None keeps a part.

    Raise a 400 for what no mail of this kind can say.
    """
    subject = present.subject if subject is None else subject
    body = present.body if body is None else body
    parts: dict[str, tuple[str, Callable[[str], str], int]] = {
        "subject": (subject, clean_line, MAX_SUBJECT),
        "body": (body.replace("\r\n", "\n").replace("\r", "\n"), clean_details, MAX_BODY),
    }
    checked, errors = {}, {}
    for name, (text, clean, longest) in parts.items():
        try:
            checked[name] = _checked(clean(text), present.kind, longest)
        except ValidationError as problem:
            errors[name] = problem.messages
    if errors:
        raise Invalid(errors)
    return Wording(**checked)


def _checked(text: str, kind: str, longest: int) -> str:
    if not text:
        raise ValidationError("This field may not be blank.")
    if len(text) > longest:
        raise ValidationError(f"Ensure this field has no more than {longest} characters.")
    if problem := find_problem(text, kind):
        raise ValidationError(problem)
    return text


@retried
def save_template(
    *,
    event: Event,
    kind: str,
    language: str = "",
    subject: str | None = None,
    body: str | None = None,
    condition: Precondition = UNCONDITIONAL,
) -> EventWording:
    """Give an event its own words for one kind of mail; None keeps the present ones.

    What people would get without them is not stored, so that the event follows it when it changes.
    """
    with transaction.atomic():
        event = lock_event(event.pk)  # so that it exists, and nobody else saves
        present = wording_of(event, kind, language)
        wording = change(present, subject=subject, body=body)
        condition.require(present)
        if wording == present.otherwise:
            _delete_own(event, present)
        elif wording != present.wording:
            of_row: dict[str, Any] = {"event": event, "kind": kind, "language": language}
            Template.objects.update_or_create(**of_row, defaults=wording._asdict())
            note_in_history(event, f"Email “{present.label}”: new words")
        return wording_of(event, kind, language)


@retried
def reset_template(*, event: Event, kind: str, language: str = "", condition: Precondition = UNCONDITIONAL) -> None:
    """Go back to the words that people get without those of this language."""
    with transaction.atomic():
        event = lock_event(event.pk)
        present = wording_of(event, kind, language)
        condition.require(present)
        _delete_own(event, present)


def _delete_own(event: Event, present: EventWording) -> None:
    if Template.objects.filter(event=event, kind=present.kind, language=present.language).delete()[0]:
        note_in_history(event, f"Email “{present.label}”: default words")


def copy_templates(*, event: Event, copy: Event) -> None:
    """Give a copy of an event the event's own words."""
    rows = Template.objects.filter(event=event).values("kind", "language", "subject", "body")
    Template.objects.bulk_create(Template(event=copy, **row) for row in rows)
