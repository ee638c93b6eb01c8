"""What an operation came to, in one word, whatever it went through."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from django.contrib.messages import constants, get_messages
from django.core.management import CommandError
from django.db import DatabaseError, IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse

from eventhub import exceptions
from eventhub.db.retry import DEADLOCK_OR_SERIALIZATION_FAILURE, violated

# Refusals whose sentence a person of the back office or an operator reads, by that sentence.
SENTENCES = {
    refusal.msg: refusal.code
    for refusal in vars(exceptions).values()
    if isinstance(refusal, type) and issubclass(refusal, exceptions.Refusal)
}
SENTENCES |= {
    "no longer exists": "not_found",
    "does not exist, or you do not have access": "not_found",
    "No event with id": "not_found",
    "Not found": "not_found",
    "Page not found": "not_found",
    "something has changed": "changed_meanwhile",
    "because of errors": "event_full",
    "Some events could not be updated": "unavailable",
    "Failed chores": "unavailable",
}
CONSTRAINTS = ("event_seats_within_capacity", "one_live_per_user", "registration_event_exists", "event_has_a_seat")
# On SQLite the unique index goes by its columns.
COLUMNS = {"registrations_registration.user_id": "one_live_per_user", "FOREIGN KEY": "foreign_key"}


class Told(NamedTuple):
    """A registration that somebody was told they have."""

    registration_id: int
    event_id: int


class Answer(NamedTuple):
    """`code` is a status, the code of a refusal, or what the database refused by. `created` is for rule 3.
    `is_failure`: nobody may ever see this."""

    code: str
    accepted: bool = False
    is_failure: bool = False
    created: Told | None = None


Call = Callable[[], Answer]


def done(code: str = "done") -> Answer:
    return Answer(code, accepted=True)


def refused(code: str) -> Answer:
    return Answer(code, is_failure=code in ("unavailable", "error"))


def of_api(status: int, body: Any) -> Answer:
    if status >= 400:
        return Answer(body["code"], is_failure=status >= 500)
    created = Told(body["attendee_id"], body["event_id"]) if status == 201 and "attendee_id" in body else None
    return Answer(str(status), accepted=True, created=created)


def of_page(response: HttpResponse) -> Answer:
    """By the status: public pages say what is wrong in words of their own."""
    status = response.status_code
    code = "unavailable" if status == 503 else f"page {status}"
    return Answer(code, accepted=status < 400, is_failure=status >= 500)


def of_office(request: HttpRequest, response: HttpResponse) -> Answer:
    """By the message that the next page shows, or the words beside a form's fields."""
    if response.status_code >= 400:
        code = {403: "permission_denied", 404: "not_found", 503: "unavailable"}.get(response.status_code)
        return Answer(code or str(response.status_code), is_failure=response.status_code >= 500)
    told = list(get_messages(request))
    bad = [str(message) for message in told if message.level >= constants.WARNING]
    bad += _words_beside_fields(getattr(response, "context_data", None) or {})
    if bad:
        answers = [refused(code_of(text)) for text in bad]  # of several rows
        return next((answer for answer in answers if answer.is_failure), answers[0])
    if response.status_code != 302:
        return Answer(f"page {response.status_code}")
    changed = any(message.level == constants.SUCCESS for message in told)
    added = re.fullmatch(r"/admin/registrations/registration/(\d+)/change/", response["Location"])
    is_new = added and request.path.endswith("/add/")
    created = Told(int(added[1]), int(request.POST["event"])) if is_new else None
    return Answer("done" if changed else "unchanged", accepted=True, created=created)


def of_exception(problem: Exception) -> Answer:
    """What raised instead of answering: a command that gave up, a statement that the database refused."""
    match problem:
        case CommandError():
            return refused(code_of(str(problem)))
        case exceptions.Refusal():
            return refused(problem.code)
        case IntegrityError():
            return Answer(_constraint(violated(problem)))
        case OperationalError() if _sqlstate(problem) in DEADLOCK_OR_SERIALIZATION_FAILURE:
            return Answer({"40P01": "deadlock", "40001": "serialization"}[str(_sqlstate(problem))])
        case DatabaseError():
            return Answer(type(problem).__name__, is_failure=True)
    return Answer(type(problem).__name__, is_failure=True)


def code_of(text: str) -> str:
    return next((code for sentence, code in SENTENCES.items() if sentence in text), "invalid")


def _sqlstate(problem: Exception) -> str | None:
    return getattr(problem.__cause__, "sqlstate", None)


def _constraint(text: str) -> str:
    for name in CONSTRAINTS:
        if name in text:
            return name
    for words, name in COLUMNS.items():
        if words in text:
            return name
    return "foreign_key" if "fk" in text else text


def _words_beside_fields(context: dict[str, Any]) -> list[str]:
    form = context.get("form")
    with suppress(KeyError, AttributeError):
        form = context["adminform"].form
    found = getattr(form, "errors", {})
    return [str(text) for texts in found.values() for text in texts]
