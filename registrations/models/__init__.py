from registrations.models.calendar_feed import CalendarFeed, FeedKind
from registrations.models.guest import GuestRequest
from registrations.models.log import Removal, Transition
from registrations.models.question import AnswerChange, Answers, Question, QuestionType, Required
from registrations.models.registration import (
    DETAILS,
    LIVE,
    MAX_REASON,
    SEATED,
    TEXTS,
    Registration,
    RegistrationQuerySet,
    RegistrationStatus,
    account_shown,
    status_stamps,
)

__all__ = [
    "DETAILS",
    "LIVE",
    "MAX_REASON",
    "SEATED",
    "TEXTS",
    "AnswerChange",
    "Answers",
    "CalendarFeed",
    "FeedKind",
    "GuestRequest",
    "Question",
    "QuestionType",
    "Registration",
    "RegistrationQuerySet",
    "RegistrationStatus",
    "Removal",
    "Required",
    "Transition",
    "account_shown",
    "status_stamps",
]
