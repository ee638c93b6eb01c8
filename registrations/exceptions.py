"""Refusals about questions, deadlines and guests. Others are in eventhub/exceptions.py, whose rules they follow."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.formats import date_format

from eventhub.exceptions import NotFound, Refusal


class QuestionNotFound(NotFound):
    msg = "Question not found"


class TooManyQuestions(Refusal):
    msg, code = "The event has the maximum number of questions. Delete one first", "too_many_questions"


class HasAnswers(Refusal):
    msg, code = "People have answered this question, so its type stays as it is", "has_answers"


class QuestionInUse(Refusal):
    """`question_ids`: the questions that are shown by an answer to this one."""

    msg, code = "Other questions depend on this one", "question_in_use"

    def __init__(self, question_ids: list[int]) -> None:
        super().__init__(question_ids=question_ids)


class AnswersClosed(Refusal):
    """`closed_since` and `errors`, by "answers.<question's id>", are there if a deadline is the reason."""

    msg, code = "These answers can no longer be changed", "answers_closed"

    def __init__(
        self, *, closed_since: datetime | None = None, errors: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.errors = dict(errors or {})
        extra: dict[str, Any] = {"closed_since": closed_since, "errors": self.errors}
        super().__init__(**{name: value for name, value in extra.items() if value})


class ChangeClosed(Refusal):
    """A deadline of the event for people's own changes has passed. `closed_since` says when."""

    code = "change_closed"
    sentences: ClassVar = {
        "cancel_until": "Cancelling is no longer possible",
        "edit_until": "Details can no longer be changed",
        "transfer_until": "The name can no longer be changed",
    }

    def __init__(self, deadline: str, closed_since: datetime, zone: tzinfo | None = None) -> None:
        self.deadline, self.closed_since, self.zone = deadline, closed_since, zone
        when = date_format(timezone.localtime(closed_since, zone), "j M Y, H:i T")
        super().__init__(f"{self.sentences[deadline]}: the deadline was {when}", closed_since=closed_since)


class GuestsNotAllowed(Refusal):
    status, msg, code = 403, "Sign in to register for this event", "guests_not_allowed"


class NotOffered(Refusal):
    msg, code = "This registration needs no confirmation", "not_offered"
