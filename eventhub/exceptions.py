"""Every refusal of the service, and the one place that turns an exception of any layer into the contract's JSON.

A body is `{"msg": str, "code": str}`: a person reads `msg`, a program reads `code`. Validation adds
`"errors": {field: [str]}`; a few refusals add a key that helps the client to go on, such as `can_wait`.
"""

import logging
from typing import Any

from django.core import exceptions as django_errors
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from eventhub.observability.redaction import said
from eventhub.observability.routes import method_of, route_of

logger = logging.getLogger("eventhub.errors")

RETRY_AFTER_SECONDS = 5


class Refusal(drf.APIException):
    """A refusal with a status, a message and a stable code; `extra` are further keys of the body."""

    status_code = 409
    default_detail = "Conflict with existing data"
    default_code = "conflict"

    def __init__(self, msg: str | None = None, **extra: object) -> None:
        super().__init__(msg)
        self.extra = extra


class BadRequest(Refusal):
    status_code, default_detail, default_code = 400, "Invalid request", "invalid"


class NotAuthenticated(Refusal):
    status_code, default_detail, default_code = 401, "Missing Authorization Header", "not_authenticated"


class TokenNotValid(Refusal):
    status_code, default_detail, default_code = 401, "Token is invalid or expired", "token_not_valid"


class InvalidCredentials(Refusal):
    status_code, default_detail, default_code = 401, "Invalid username or password", "invalid_credentials"


class Forbidden(Refusal):
    status_code, default_detail, default_code = 403, "Not allowed", "permission_denied"


class ReauthenticationRequired(Refusal):
    status_code, default_detail, default_code = 403, "Sign in again to change this", "reauthentication_required"


class InsufficientScope(Refusal):
    """A service token that was not made for this (RFC 6750, section 3.1). `scope`: the one that it lacks, None where
    no service token may do it."""

    status_code, default_detail, default_code = 403, "This token was not made for this", "insufficient_scope"

    def __init__(self, scope: str | None = None) -> None:
        super().__init__(**({"scope": scope} if scope else {}))
        self.scope = scope


class EmailNotVerified(Refusal):
    status_code, default_detail, default_code = 403, "Verify your email address first", "email_not_verified"


class NotFound(Refusal):
    status_code, default_detail, default_code = 404, "Not found", "not_found"


class EventNotFound(NotFound):
    default_detail = "Event not found"


class UserNotFound(NotFound):
    default_detail = "User not found"


class AttendeeNotFound(NotFound):
    default_detail = "Attendee not found"


class UserExists(Refusal):
    default_detail, default_code = "User already exists", "user_exists"


class ServiceTokenNotFound(NotFound):
    default_detail = "Token not found"


class UsernameExists(Refusal):
    default_detail, default_code = "Username already exists", "username_exists"


class EmailExists(Refusal):
    default_detail, default_code = "Email already exists", "email_exists"


class AlreadyRegistered(Refusal):
    default_detail, default_code = "Already registered for this event", "already_registered"

    def __init__(self, *, attendee_id: int) -> None:
        super().__init__(attendee_id=attendee_id)


class RegistrationClosed(Refusal):
    default_detail, default_code = "Registration is closed", "registration_closed"


class EventFull(Refusal):
    default_detail, default_code = "Event is full", "event_full"

    def __init__(self, *, can_wait: bool) -> None:
        super().__init__(can_wait=can_wait)


class CapacityBelowTaken(Refusal):
    default_detail, default_code = "Capacity is below the seats already taken", "capacity_below_taken"


class HasAttendees(Refusal):
    default_detail, default_code = "The event has live registrations", "has_attendees"


class HasEvents(Refusal):
    default_detail, default_code = "This organizer's events have registrations", "has_events"


class LastAdmin(Refusal):
    default_detail, default_code = "The last admin cannot be removed", "last_admin"


class TooManyTokens(Refusal):
    default_detail, default_code = "You have as many tokens as an account can have", "too_many_tokens"


class SecondFactorExists(Refusal):
    default_detail, default_code = "The second factor is set up already", "second_factor_exists"


class WrongCode(Refusal):
    status_code, default_detail, default_code = 403, "This code is wrong, or has been used", "wrong_code"


class CodesPaused(Refusal):
    status_code, default_code = 429, "throttled"

    def __init__(self, *, wait: int) -> None:
        super().__init__(f"Too many wrong codes. Try again in {wait} seconds")
        self.wait = wait


class PreconditionFailed(Refusal):
    status_code, default_code = 412, "precondition_failed"
    default_detail = "It is not as your request says: read it again"


class TooLarge(Refusal):
    status_code, default_detail, default_code = 413, "The body is too large", "too_large"


class IdempotencyKeyReused(Refusal):
    status_code, default_code = 422, "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used for another request"


class Unavailable(Refusal):
    status_code, default_detail, default_code = 503, "Temporarily unavailable", "unavailable"
    wait = RETRY_AFTER_SECONDS


class Unexpected(Refusal):
    status_code, default_detail, default_code = 500, "Internal server error", "error"


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook: the response for whatever a view raised. What nobody foresaw is a 500, and its trace is logged."""
    known = as_api_exception(exc)
    if known is None:
        request = context["request"]
        logger.error("%s %s failed", method_of(request), route_of(request), exc_info=exc)
        known = Unexpected()
    return Response(error_body(known), status=known.status_code, headers=headers(known))


def error_body(exc: drf.APIException) -> dict[str, Any]:
    """The contract's body for `exc`."""
    if isinstance(exc, drf.ValidationError):
        return _validation_body(exc.detail)
    code = getattr(exc.detail, "code", exc.default_code)
    return {"msg": str(exc.detail), "code": code, **getattr(exc, "extra", {})}


def as_api_exception(exc: Exception) -> drf.APIException | None:
    """What `exc` is to a client; None for what nobody foresaw."""
    match exc:
        case drf.APIException():
            return exc
        case Http404():
            return NotFound()
        case django_errors.PermissionDenied():
            return Forbidden()
        case django_errors.ValidationError():
            return drf.ValidationError(as_serializer_error(exc))
        case django_errors.RequestDataTooBig():
            return TooLarge()
        case django_errors.SuspiciousOperation() | DataError():
            return BadRequest()
        case UnreadablePostError():
            return drf.ParseError()
        case IntegrityError():
            return Refusal()
        case OperationalError() | InterfaceError():  # of the connection, a lock or the server, not of our statement
            logger.warning("The database did not answer: %s", said(exc))
            return Unavailable()
    return None


def headers(exc: drf.APIException) -> dict[str, str]:
    """The headers that its answer carries beside the body."""
    found = {}
    if exc.status_code == 401:
        found["WWW-Authenticate"] = 'Bearer realm="api"'
    if isinstance(exc, InsufficientScope):
        needed = f', scope="{exc.scope}"' if exc.scope else ""
        found["WWW-Authenticate"] = f'Bearer realm="api", error="insufficient_scope"{needed}'
    if wait := getattr(exc, "wait", None):
        found["Retry-After"] = str(int(wait))
    return found


def _validation_body(detail: Any) -> dict[str, Any]:
    by_field = detail if isinstance(detail, dict) else {"non_field_errors": detail}
    errors = {str(field): _texts(value) for field, value in by_field.items()}
    field, problem = next(iter(errors.items()))
    msg = _first(problem)
    return {
        "msg": msg if field == "non_field_errors" else f"{field}: {msg}",
        "code": "invalid",
        "errors": errors,
    }


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    return str(value)


def _first(value: Any) -> str:
    while isinstance(value, dict | list):
        value = next(iter(value.values() if isinstance(value, dict) else value), "Invalid")
    return str(value)
