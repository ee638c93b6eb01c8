"""Responses as `(status, body)`, to compare with `==`, and the errors of the contract's table."""

from typing import Any


def whole(answer: Any) -> tuple[int, Any]:
    """Return the status and the body: JSON as a value, another type as bytes, None where there is none."""
    is_json = answer.content and answer.headers["Content-Type"] == "application/json"
    return answer.status_code, answer.json() if is_json else answer.content or None


def refusal(status: int, msg: str, code: str, **more: Any) -> tuple[int, Any]:
    return status, {"msg": msg, "code": code, **more}


def invalid(**errors: str | list[str]) -> tuple[int, Any]:
    """Return the 400 for these fields, in this order. The first one is the message."""
    lists = {field: [problem] if isinstance(problem, str) else problem for field, problem in errors.items()}
    field, problems = next(iter(lists.items()))
    msg = problems[0] if field == "non_field_errors" else f"{field}: {problems[0]}"
    return refusal(400, msg, "invalid", errors=lists)


def media(status: int, reason: str) -> tuple[int, Any]:
    return refusal(
        status, reason, {405: "method_not_allowed", 406: "not_acceptable", 415: "unsupported_media_type"}[status]
    )


# Python's int() takes them all.
NOT_PLAIN = ("1_000", "\u0665", "\uff15", "5.0", "+5")

DONE = (204, None)

NO_HEADER = refusal(401, "Missing Authorization Header", "not_authenticated")
BAD_TOKEN = refusal(401, "Token is invalid or expired", "token_not_valid")
BAD_CREDENTIALS = refusal(401, "Invalid username or password", "invalid_credentials")

NOT_ADMIN = refusal(403, "You must be an admin to access", "permission_denied")
INACCESSIBLE = refusal(403, "Resource inaccessible", "permission_denied")
NOT_ALLOWED = refusal(403, "Not allowed", "permission_denied")
EVENT_NOT_UPDATED = refusal(403, "Event not updated", "permission_denied")
SIGN_IN_AGAIN = refusal(403, "Sign in again to change this", "reauthentication_required")

NOT_VERIFIED = refusal(403, "Verify your email address first", "email_not_verified")

NO_PATH = refusal(404, "Not found", "not_found")
NO_USER = refusal(404, "User not found", "not_found")
NO_EVENT = refusal(404, "Event not found", "not_found")
NO_TOKEN = refusal(404, "Token not found", "not_found")
NO_FEED = refusal(404, "Calendar not found", "not_found")
NO_ATTENDEE = refusal(404, "Attendee not found", "not_found")

USER_EXISTS = refusal(409, "User already exists", "user_exists")
USERNAME_EXISTS = refusal(409, "Username already exists", "username_exists")
EMAIL_EXISTS = refusal(409, "Email already exists", "email_exists")
HAS_EVENTS = refusal(409, "This organizer's events have registrations", "has_events")
LAST_ADMIN = refusal(409, "The last admin cannot be removed", "last_admin")
CONFLICT = refusal(409, "Conflict with existing data", "conflict")

TOO_LARGE = refusal(413, "The body is too large", "too_large")
CRASH = refusal(500, "Internal server error", "error")
UNAVAILABLE = refusal(503, "Temporarily unavailable", "unavailable")
