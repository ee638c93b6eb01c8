"""Who has not answered yet what an event asks."""

from collections.abc import Iterable, Sequence

from django.db.models import Exists, OuterRef, Q

from eventhub.db.json_rows import among
from events.models import Event
from registrations.models import LIVE, Answers, Question, Registration, RegistrationQuerySet, Required
from registrations.services.questions import questions_of, unanswered

# People without answers owe the required ones. A question with a condition is asked only after another answer.
_ASKS_EVERYBODY = Question.objects.filter(required=Required.YES, archived=False, show_if__isnull=True).order_by()
_NEEDS_ANSWERS = Exists(_ASKS_EVERYBODY.filter(event=OuterRef("event")))


def owing(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Return the live ones that lack a required answer. Who registered before there were questions has no row."""
    lacking = Q(answers__complete=False) | (Q(answers=None) & Q(_NEEDS_ANSWERS))
    return registrations.filter(lacking, event__asks_questions=True, status__in=LIVE)


def owing_to(event_id: int, registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """As `owing`, for registrations of one event; at once where it asks nothing, or nothing of everybody."""
    if not Event.objects.filter(pk=event_id, asks_questions=True).exists():
        return registrations.none()
    if not _ASKS_EVERYBODY.filter(event=event_id).exists():
        return registrations.filter(answers__complete=False, status__in=LIVE)
    return owing(registrations)


def people_owing(event: Event) -> RegistrationQuerySet:
    return owing_to(event.pk, Registration.objects.filter(event=event.pk))


def questions_to_ask(event: Event, registration_ids: Iterable[int]) -> dict[int, Sequence[Question]]:
    """Return by registration what to ask people at the door: in two statements, or none if the event asks nothing."""
    if not event.asks_questions:
        return {}
    asked, ids = questions_of(event), list(registration_ids)
    given = dict(Answers.objects.filter(registration__in=among(ids, "bigint")).values_list("registration", "answers"))
    open_ones = {pk: unanswered(asked, given.get(pk, {}), at_door=True) for pk in ids}
    return {pk: questions for pk, questions in open_ones.items() if questions}


def questions_for_newcomers(event: Event) -> Sequence[Question]:
    """Return what to ask at the door those who have answered nothing yet."""
    return unanswered(questions_of(event), {}, at_door=True)


def owed_answers(registration: Registration) -> Sequence[Question] | None:
    """Return what to ask a person at the door; None if the event asks nothing."""
    event = registration.event
    return questions_to_ask(event, [registration.pk]).get(registration.pk, ()) if event.asks_questions else None
