"""Turn an exception of any layer into the contract's response."""

import logging
from typing import Any

from django.core import exceptions as django_errors
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from eventhub.exceptions import (
    BadRequest,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
    Unavailable,
    Unexpected,
    invalid,
)
from eventhub.observability.redaction import method_of, route_of, said

logger = logging.getLogger("eventhub.errors")


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's hook. An exception that nobody expected becomes a 500, and its traceback is logged."""
    refusal = as_refusal(exc)
    if refusal is None:
        request = context["request"]
        logger.error("%s %s failed", method_of(request), route_of(request), exc_info=exc)
        refusal = Unexpected()
    return Response(refusal.body, status=refusal.status, headers=refusal.headers)


def as_refusal(exc: Exception) -> Refusal | None:
    """Return the refusal that a client sees for `exc`, or None for an unexpected exception."""
    match exc:
        case Refusal():
            return exc
        case drf.ValidationError():
            return Invalid(_errors(exc.detail))
        case drf.APIException():
            return _of_drf(exc)
        case Http404():
            return NotFound()
        case django_errors.PermissionDenied():
            return Forbidden()
        case django_errors.ValidationError():
            return invalid(exc)
        case django_errors.RequestDataTooBig():
            return TooLarge()
        case django_errors.SuspiciousOperation() | DataError():
            return BadRequest()
        case UnreadablePostError():
            return _of_drf(drf.ParseError())
        case IntegrityError():
            return Refusal()
        case OperationalError() | InterfaceError():  # the connection, a lock or the server, not our statement
            logger.warning("The database did not answer: %s", said(exc))
            return Unavailable()
    return None


def _of_drf(exc: drf.APIException) -> Refusal:
    refusal = Refusal(str(exc.detail))
    refusal.status, refusal.code = exc.status_code, getattr(exc.detail, "code", exc.default_code)
    refusal.wait = getattr(exc, "wait", None)
    return refusal


def _errors(detail: Any) -> dict[str, Any]:
    by_field = detail if isinstance(detail, dict) else {"non_field_errors": detail}
    return {str(field): _texts(value) for field, value in by_field.items()}


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    return str(value)
