"""Answers about a person go with the person: when the details are deleted, and when a seat is passed on."""

import unicodedata
from itertools import islice
from typing import Any

from django.db.models import F

from eventhub.db.batches import by_key
from eventhub.db.json_rows import among
from registrations.models import AnswerChange, Answers, Question, Registration
from registrations.services.questions import questions_of, unanswered

READ = 500  # each of at most 64 KB


def pass_on(registration: Registration, *, former_name: str) -> None:
    """Delete answers about the former holder of a seat. The new holder is asked again.

    `Registration.lost_answers` says so. Other accents, capitals, spaces or signs make nobody another person.
    """
    if _is_same(registration.name, former_name):
        return
    former = Answers.objects.filter(pk=registration.pk).first()
    if former is None:
        return
    forget_personal(Registration.objects.filter(pk=registration.pk))
    kept = Answers.objects.get(pk=registration.pk)
    kept.complete = not unanswered(questions_of(registration.event), kept.answers)
    kept.save(update_fields=["complete", "updated_at"])
    registration.lost_answers = kept.answers != former.answers


def forget_personal(registrations: Any) -> None:
    """Delete answers about the person, with their log, and answers to questions that are gone."""
    personal, others = _questions(registrations)
    held = by_key(Answers.objects.filter(registration__in=registrations), READ)
    while some := list(islice(held, READ)):
        for row in some:
            row.answers = {key: value for key, value in row.answers.items() if int(key) in others}
        Answers.objects.bulk_update(some, ["answers"])
    changes = AnswerChange.objects.filter(registration__in=registrations)
    changes.filter(question__in=among(sorted(personal), "bigint")).delete()
    changes.filter(by=F("registration__user")).update(by=None)


def _questions(registrations: Any) -> tuple[set[int], set[int]]:
    """Return the ids of the questions about the person, and of the others.

    A question that is asked only because of a personal answer tells that answer.
    """
    asked = Question.objects.filter(event__in=registrations.order_by().values("event")).order_by()
    found = {pk: (is_personal, show_if) for pk, is_personal, show_if in asked.values_list("pk", "personal", "show_if")}

    def tells(pk: int) -> bool:
        is_personal, show_if = found.get(pk, (False, None))
        return is_personal or bool(show_if and tells(show_if["question_id"]))

    personal = {pk for pk in found if tells(pk)}
    return personal, found.keys() - personal


def _is_same(name: str, other: str) -> bool:
    """Return whether two names are of one person. Names without letters are only if nothing differs."""
    plain = _plain(name)
    return name == other or (plain == _plain(other) and any(sign.isalpha() for sign in plain))


def _plain(name: str) -> str:
    """Return letters, digits and marks. A mark is an accent only on Latin and Greek letters, elsewhere a sound."""
    kept, base = [], ""
    for sign in unicodedata.normalize("NFKD", name):
        is_mark = unicodedata.category(sign).startswith("M")
        if sign.isalnum():
            base = sign
        if sign.isalnum() or (is_mark and not unicodedata.name(base or " ", "").startswith(("LATIN ", "GREEK "))):
            kept.append(sign)
    return "".join(kept).casefold()
