"""An event's own words for its mails."""

from collections.abc import Callable
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction

from eventhub.api.etags import UNCONDITIONAL, Precondition, edition_of
from eventhub.db.retry import retried
from eventhub.exceptions import Invalid, TemplateNotFound
from eventhub.text_fields import clean_details, clean_line
from events.models import Event
from events.services.events import duplicate_event, note_in_history
from notifications.models import Kind, Template
from notifications.services.audience import is_trusted
from notifications.texts import KINDS, PLACEHOLDERS, Wording, find_problem, words
from registrations.models import Registration
from registrations.services.seats import lock_event

MAX_SUBJECT, MAX_BODY = 200, 5_000


class EventWording(NamedTuple):
    """What the mails of one kind say for one event."""

    kind: str
    subject: str
    body: str

    @property
    def wording(self) -> Wording:
        return Wording(self.subject, self.body)

    @property
    def is_default(self) -> bool:
        return self.wording == words().defaults[self.kind]

    @property
    def placeholders(self) -> tuple[str, ...]:
        return PLACEHOLDERS[self.kind]

    @property
    def label(self) -> str:
        return str(Kind(self.kind).label)

    @property
    def edition(self) -> str:
        return edition_of(self)


def wordings_of(event: Event) -> list[EventWording]:
    """Return the words of all kinds, the event's own or the default ones."""
    own = {row.kind: Wording(row.subject, row.body) for row in Template.objects.filter(event=event)}
    return [EventWording(kind, *own.get(kind, default)) for kind, default in words().defaults.items()]


def wording_of(event: Event, kind: str) -> EventWording:
    """Return the words of one kind, the event's own or the default ones. Raise TemplateNotFound."""
    if kind not in KINDS:
        raise TemplateNotFound()
    own = Template.objects.filter(event=event, kind=kind).values_list("subject", "body").first()
    return EventWording(kind, *(own or words().defaults[kind]))


def wording_for(registration: Registration | None, event: Event, kind: str) -> Wording:
    """Return the words for one person.

    People who were added by address may never have asked for anything: untrusted organizers must not have a mail to
    any address say anything.
    """
    if registration and registration.added_by_address and not is_trusted(event.organizer):
        return words().defaults[kind]
    return wording_of(event, kind).wording


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
    subject: str | None = None,
    body: str | None = None,
    condition: Precondition = UNCONDITIONAL,
) -> EventWording:
    """Give an event its own words for one kind of mail; None keeps the present ones.

    The default words are not stored, so that the event follows them when they change.
    """
    with transaction.atomic():
        event = lock_event(event.pk)  # so that it exists, and nobody else saves
        present = wording_of(event, kind)
        wording = change(present, subject=subject, body=body)
        condition.require(present)
        if wording == words().defaults[kind]:
            _delete_own(event, present)
        elif wording != present.wording:
            Template.objects.update_or_create(event=event, kind=kind, defaults=wording._asdict())
            note_in_history(event, f"Email “{present.label}”: new words")
    return EventWording(kind, *wording)


@retried
def reset_template(*, event: Event, kind: str, condition: Precondition = UNCONDITIONAL) -> None:
    """Go back to the default words."""
    with transaction.atomic():
        event = lock_event(event.pk)
        present = wording_of(event, kind)
        condition.require(present)
        _delete_own(event, present)


def _delete_own(event: Event, present: EventWording) -> None:
    if Template.objects.filter(event=event, kind=present.kind).delete()[0]:
        note_in_history(event, f"Email “{present.label}”: default words")


@transaction.atomic
def duplicate_with_templates(*, event: Event) -> Event:
    """Copy an event as `duplicate_event` does, with its own words."""
    copy = duplicate_event(event=event)
    own = Template.objects.filter(event=event)
    Template.objects.bulk_create(Template(event=copy, kind=t.kind, subject=t.subject, body=t.body) for t in own)
    return copy
