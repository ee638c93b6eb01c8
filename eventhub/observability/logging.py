"""The log: lines of text, or with LOG_FORMAT=json a JSON object each. What a line may say of people is decided here,
for our own messages and for those of Django and gunicorn.

It imports nothing of the service, as gunicorn's parent process uses it and must not load that."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from eventhub.observability import redaction, routes

# Their messages are made of texts and ids of ours, or of what a database says of itself.
_OURS = ("eventhub", "accounts", "events", "registrations", "psycopg")


class Line(logging.Formatter):
    """Text: the moment, the level, who says it, of which request, and what."""

    def format(self, record: logging.LogRecord) -> str:
        known = about(record)
        request = f" [{known.pop('request_id')}]" if "request_id" in known else ""
        facts = "".join(f" {name}={value}" for name, value in known.items())
        line = f"{self.formatTime(record)} {record.levelname} {record.name}{request}: {message(record)}{facts}"
        return "\n".join(part for part in (line, trace(record)) if part)


class Json(logging.Formatter):
    """One JSON object, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": message(record),
            "process": record.process,
            **about(record),
        }
        if told := trace(record):
            line["trace"] = told
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:  # half a surrogate pair, or a number of more than 64 bits
            return json.dumps(line, default=str)


def message(record: logging.LogRecord) -> str:
    """The message. Of another library's, what a client may have put into it is left out."""
    if record.name.split(".")[0] in _OURS:
        return record.getMessage()
    if record.name.startswith(("django.request", "django.security")) and record.args:
        return _of_django(record)
    if record.name == "gunicorn.error":
        return _of_gunicorn(str(record.msg), record)
    return redaction.text(record.getMessage())


def trace(record: logging.LogRecord) -> str:
    """The traceback that came with it, or nothing."""
    problem = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return redaction.trace(problem) if problem is not None else ""


def about(record: logging.LogRecord) -> dict[str, Any]:
    """The request's id and client, as far as they are known, and the facts that came with the message."""
    tracing = sys.modules.get("eventhub.http.request_id")  # not there in gunicorn's parent, which answers nobody
    current = tracing.current() if tracing else None
    known: dict[str, Any] = {}
    if current is not None:
        known["request_id"] = current.request_id
        if current.address:
            known["address"] = current.address
    return {**known, **getattr(record, "facts", {})}


def _of_django(record: logging.LogRecord) -> str:
    """Django's own of a request ends with the path; before it, a reason may quote a header after a dash."""
    args = record.args if isinstance(record.args, tuple) else ()
    reasons = [redaction.text(str(each)).partition(" - ")[0] for each in args[:-1]]
    return str(record.msg) % (*reasons, routes.route_of(getattr(record, "request", None)))


def _of_gunicorn(template: str, record: logging.LogRecord) -> str:
    """Who sent a bad request, and what, is left out, and so is the address of one that failed."""
    if template.startswith("Invalid request from ip="):
        return f"Invalid request: {template.partition(': ')[2].partition(':')[0]}"
    if template.startswith("Error handling request"):
        return "Error handling request"
    return redaction.text(record.getMessage())


# Who writes where ----------------------------------------------------------------------------------------------------


def _to_standard_error(log_format: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"eventhub.observability.logging.{'Json' if log_format == 'json' else 'Line'}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    }


def of_service(log_format: str, level: str) -> dict[str, Any]:
    """Django's LOGGING."""
    loggers: dict[str, Any] = {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # A refusal is an answer, not a warning: a sold-out event would fill the log.
        "django.request": {"level": "ERROR"},
    }
    if log_format == "json":
        # What runserver writes of each request, with its path; there is a line of ours for it.
        loggers["django.server"] = {"handlers": ["console"], "level": "ERROR", "propagate": False}
        logging.captureWarnings(True)
    root = {"handlers": ["console"], "level": level}
    return {**_to_standard_error(log_format), "root": root, "loggers": loggers}


def of_gunicorn(log_format: str) -> dict[str, Any]:
    """gunicorn's `logconfig_dict`, for what it says itself: starts, ends and faults of workers."""
    loggers = {"gunicorn.error": {"handlers": ["console"], "propagate": False}}  # its level is --log-level
    root = {"handlers": ["console"], "level": "INFO"}
    return {**_to_standard_error(log_format), "root": root, "loggers": loggers}
