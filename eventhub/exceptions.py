"""Refusals of the service: what a rule raises, with the status and the code that a client sees.

A response body is `{"msg": str, "code": str}`: a person reads `msg`, a program reads `code`. Validation adds
`"errors": {field: [str]}`; a few refusals add a key that helps the client, such as `can_wait`.
eventhub/api/exception_handler.py turns them into responses.
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.formats import date_format

RETRY_AFTER_SECONDS = 5


class Refusal(Exception):
    """A refusal with a status, a message and a stable code. `extra` holds further keys of the body."""

    status: int = 409
    msg: str = "Conflict with existing data"
    code: str = "conflict"
    wait: int | None = None  # seconds, for Retry-After

    def __init__(self, msg: str | None = None, **extra: object) -> None:
        self.msg = self.msg if msg is None else msg
        self.extra = extra
        super().__init__(self.msg)

    @property
    def body(self) -> dict[str, Any]:
        return {"msg": self.msg, "code": self.code, **self.extra}

    @property
    def headers(self) -> dict[str, str]:
        headers = {"WWW-Authenticate": 'Bearer realm="api"'} if self.status == 401 else {}
        if self.wait:
            headers["Retry-After"] = str(int(self.wait))
        return headers


class Invalid(Refusal):
    status, code = 400, "invalid"

    def __init__(self, errors: Mapping[str, Any]) -> None:
        field, problem = next(iter(errors.items()))
        first = _first(problem)
        super().__init__(first if field == "non_field_errors" else f"{field}: {first}", errors=dict(errors))
        self.errors = dict(errors)


class BadRequest(Refusal):
    status, msg, code = 400, "Invalid request", "invalid"


class NotAuthenticated(Refusal):
    status, msg, code = 401, "Missing Authorization Header", "not_authenticated"


class TokenNotValid(Refusal):
    status, msg, code = 401, "Token is invalid or expired", "token_not_valid"


class InvalidCredentials(Refusal):
    status, msg, code = 401, "Invalid username or password", "invalid_credentials"


class Forbidden(Refusal):
    status, msg, code = 403, "Not allowed", "permission_denied"


class ReauthenticationRequired(Refusal):
    status, msg, code = 403, "Sign in again to change this", "reauthentication_required"


class InsufficientScope(Refusal):
    """RFC 6750, section 3.1. `scope`: the one that the token lacks; None where no service token may do it."""

    status, msg, code = 403, "This token lacks the scope for this", "insufficient_scope"

    def __init__(self, scope: str | None = None) -> None:
        super().__init__(**({"scope": scope} if scope else {}))
        self.scope = scope

    @property
    def headers(self) -> dict[str, str]:
        needed = f', scope="{self.scope}"' if self.scope else ""
        return {"WWW-Authenticate": f'Bearer realm="api", error="insufficient_scope"{needed}'}


class EmailNotVerified(Refusal):
    status, msg, code = 403, "Verify your email address first", "email_not_verified"


class NotFound(Refusal):
    status, msg, code = 404, "Not found", "not_found"


class EventNotFound(NotFound):
    msg = "Event not found"


class SeriesNotFound(NotFound):
    msg = "Series not found"


class UserNotFound(NotFound):
    msg = "User not found"


class AttendeeNotFound(NotFound):
    msg = "Attendee not found"


class TemplateNotFound(NotFound):
    msg = "Template not found"


class UserExists(Refusal):
    msg, code = "User already exists", "user_exists"


class ServiceTokenNotFound(NotFound):
    msg = "Token not found"


class FeedNotFound(NotFound):
    msg = "Calendar not found"


class UsernameExists(Refusal):
    msg, code = "Username already exists", "username_exists"


class EmailExists(Refusal):
    msg, code = "Email already exists", "email_exists"


class AlreadyRegistered(Refusal):
    msg, code = "Already registered for this event", "already_registered"

    def __init__(self, *, attendee_id: int | None = None) -> None:
        extra: dict[str, Any] = {} if attendee_id is None else {"attendee_id": attendee_id}
        super().__init__(**extra)


class ClosedReason(StrEnum):
    NOT_ANNOUNCED = "not_announced"
    CANCELLED = "cancelled"
    OVER = "over"
    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"


class RegistrationClosed(Refusal):
    """The body has `reason`, and `opens_at` or `closes_at` if the reason is a time."""

    msg, code = "Registration is closed", "registration_closed"
    _sentences: ClassVar = {
        ClosedReason.NOT_ANNOUNCED: "the event is not announced yet",
        ClosedReason.CANCELLED: "the event is cancelled",
        ClosedReason.OVER: "the event is over",
        ClosedReason.NOT_OPEN_YET: "it opens on {}",
        ClosedReason.CLOSED: "it ended on {}",
    }

    def __init__(
        self,
        reason: ClosedReason,
        *,
        opens_at: datetime | None = None,
        closes_at: datetime | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        moments = {ClosedReason.NOT_OPEN_YET: ("opens_at", opens_at), ClosedReason.CLOSED: ("closes_at", closes_at)}
        name, moment = moments.get(reason, ("", None))
        when = date_format(timezone.localtime(moment, zone), "j M Y, H:i T") if moment else ""
        sentence = f"{self.msg}: {self._sentences[reason].format(when)}"
        super().__init__(sentence, reason=reason.value, **({name: moment} if moment else {}))


class EventFull(Refusal):
    msg, code = "Event is full", "event_full"

    def __init__(self, *, can_wait: bool) -> None:
        super().__init__(can_wait=can_wait)


class CapacityBelowTaken(Refusal):
    msg, code = "Capacity is below the seats already taken", "capacity_below_taken"


class HasAttendees(Refusal):
    msg, code = "The event has live registrations", "has_attendees"


class HasEvents(Refusal):
    msg, code = "This organizer's events have registrations", "has_events"


class LastAdmin(Refusal):
    msg, code = "The last admin cannot be removed", "last_admin"


class TooManyTokens(Refusal):
    msg, code = "You have the maximum number of tokens. Revoke one first", "too_many_tokens"


class TooManyFeeds(Refusal):
    msg, code = "You have the maximum number of calendar feeds. Revoke one first", "too_many_feeds"


class NothingToSend(Refusal):
    msg, code = "There is no confirmation that could be sent again", "nothing_to_send"


class MailsPaused(Refusal):
    status, msg, code = 429, "This was sent again too often. Try again tomorrow", "throttled"

    def __init__(self, *, wait: int) -> None:
        super().__init__()
        self.wait = wait


class MessageNotFound(NotFound):
    msg = "Message not found"


class MessagesNotAllowed(Refusal):
    status, msg, code = 403, "You may not write to attendees on this site", "messages_not_allowed"


class TooManyMessages(Refusal):
    msg, code = "This event has had its messages for today. Try again tomorrow", "too_many_messages"


class NoTicket(Refusal):
    msg, code = "Only people with a seat have a ticket", "no_ticket"


class TicketsPaused(Refusal):
    status, msg, code = 429, "This ticket was replaced too often. Try again tomorrow", "throttled"

    def __init__(self, *, wait: int) -> None:
        super().__init__()
        self.wait = wait


class CheckpointNameTaken(Refusal):
    msg, code = "The event has a checkpoint with this name", "checkpoint_name_taken"


class TooManyCheckpoints(Refusal):
    msg, code = "The event has the maximum number of checkpoints. Delete one first", "too_many_checkpoints"


class HasScans(Refusal):
    msg, code = "Tickets were scanned at this checkpoint", "has_scans"


class EntranceStays(Refusal):
    msg, code = "The entrance cannot be deleted", "is_entrance"


class ScanRefused(Refusal):
    """An answer at a door. The body names the scan that was noted, and the person where the ticket is theirs."""

    _refusals: ClassVar = {
        "ticket_unknown": (404, "This ticket is not known"),
        "wrong_event": (409, "This ticket is for another event"),
        "ticket_revoked": (409, "This ticket was replaced by a new one"),
        "not_registered": (409, "This person has no seat"),
        "already_in": (409, "This person is already in"),
        "not_inside": (409, "This person is not inside"),
        "checkpoint_closed": (409, "Nobody is let in here now"),
        "event_full": (409, "Event is full"),
        "force_not_allowed": (403, "You may not let in people who are refused"),
    }

    def __init__(self, code: str, **extra: object) -> None:
        self.code = str(code)
        self.status, msg = self._refusals[self.code]
        super().__init__(msg, **extra)


class NonceReused(Refusal):
    status, msg, code = 422, "This nonce was used for another scan", "nonce_reused"


class CheckpointNotFound(NotFound):
    msg = "Checkpoint not found"


class ScanNotFound(NotFound):
    msg = "Scan not found"


class NothingToUndo(Refusal):
    msg, code = "This scan let nobody in or out", "nothing_to_undo"


class UndoneAlready(Refusal):
    msg, code = "This scan was undone already", "undone_already"


class TooLateToUndo(Refusal):
    msg, code = "This scan is too old to be undone here", "too_late"


class CaptchaFailed(Refusal):
    status, msg, code = 400, "The captcha was not solved. Please try again", "captcha_failed"


class NotInstalled(Refusal):
    status, msg, code = 501, "This server cannot make this file", "not_installed"


class GateTokenNotFound(NotFound):
    msg = "Gate token not found"


class TooManyGateTokens(Refusal):
    msg, code = "This event has the maximum number of gate tokens. Revoke one first", "too_many_gate_tokens"


class EventOver(Refusal):
    msg, code = "This event is over", "event_over"


class TooManyForAFile(Refusal):
    """`people` and `parts` say how many there are."""

    code = "too_many_for_a_file"

    def __init__(self, *, people: int, parts: int) -> None:
        msg = f"{people:,} people are too many for a file. Ask for one part after the other: part=1 to part={parts}"
        super().__init__(msg, people=people, parts=parts)


class SecondFactorExists(Refusal):
    msg, code = "The second factor is set up already", "second_factor_exists"


class WrongCode(Refusal):
    status, msg, code = 403, "This code is wrong or has already been used", "wrong_code"


class CodesPaused(Refusal):
    status, code = 429, "throttled"

    def __init__(self, *, wait: int) -> None:
        super().__init__(f"Too many wrong codes. Try again in {wait} seconds")
        self.wait = wait


class PreconditionFailed(Refusal):
    status, code = 412, "precondition_failed"
    msg = "It does not match your precondition: read it again"


class TooLarge(Refusal):
    status, msg, code = 413, "The body is too large", "too_large"


class IdempotencyKeyReused(Refusal):
    status, code = 422, "idempotency_key_reused"
    msg = "This Idempotency-Key was used for another request"


class Unavailable(Refusal):
    status, msg, code = 503, "Temporarily unavailable", "unavailable"
    wait = RETRY_AFTER_SECONDS


class Unexpected(Refusal):
    status, msg, code = 500, "Internal server error", "error"


def _first(problem: Any) -> str:
    while isinstance(problem, dict | list):
        problem = next(iter(problem.values() if isinstance(problem, dict) else problem), "Invalid")
    return str(problem)


def invalid(error: ValidationError) -> Invalid:
    errors = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    return Invalid({"non_field_errors" if name == NON_FIELD_ERRORS else name: each for name, each in errors.items()})
