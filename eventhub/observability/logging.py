"""The log: lines of text, or JSON objects with LOG_FORMAT=json, with the request's id and no client input.

This module imports nothing of the service, as gunicorn's parent process uses it and must not load that.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from eventhub.observability import redaction

# Their messages contain no client input.
_OURS = ("eventhub", "accounts", "events", "registrations", "psycopg")


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        known = about(record)
        request = f" [{known.pop('request_id')}]" if "request_id" in known else ""
        facts = "".join(f" {name}={value}" for name, value in known.items())
        line = f"{self.formatTime(record)} {record.levelname} {record.name}{request}: {message(record)}{facts}"
        return "\n".join(part for part in (line, trace(record)) if part)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": message(record),
            "process": record.process,
            **about(record),
        }
        if redacted := trace(record):
            line["trace"] = redacted
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:  # half a surrogate pair, or a number of more than 64 bits
            return json.dumps(line, default=str)


def message(record: logging.LogRecord) -> str:
    """Return the message, without client input if another library wrote it."""
    if record.name.split(".")[0] in _OURS:
        return record.getMessage()
    if record.name.startswith(("django.request", "django.security")) and record.args:
        return _of_django(record)
    if record.name == "gunicorn.error":
        return _of_gunicorn(str(record.msg), record)
    return redaction.text(record.getMessage())


def trace(record: logging.LogRecord) -> str:
    problem = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    return redaction.trace(problem) if problem is not None else ""


def about(record: logging.LogRecord) -> dict[str, Any]:
    """Return the request's id, perhaps its client's address, and the facts logged with the message."""
    request_id = sys.modules.get("eventhub.http.request_id")  # None in gunicorn's parent, which answers nobody
    current = request_id.current() if request_id else None
    known: dict[str, Any] = {}
    if current is not None:
        known["request_id"] = current.request_id
        if current.address:
            known["address"] = current.address
    return {**known, **getattr(record, "facts", {})}


def _of_django(record: logging.LogRecord) -> str:
    """Replace the path, the last argument of Django's messages, and what they quote after a dash."""
    args = record.args if isinstance(record.args, tuple) else ()
    reasons = [redaction.text(str(each)).partition(" - ")[0] for each in args[:-1]]
    return str(record.msg) % (*reasons, redaction.route_of(getattr(record, "request", None)))


def _of_gunicorn(template: str, record: logging.LogRecord) -> str:
    if template.startswith("Invalid request from ip="):
        return f"Invalid request: {template.partition(': ')[2].partition(':')[0]}"
    if template.startswith("Error handling request"):
        return "Error handling request"
    return redaction.text(record.getMessage())


# Configuration -------------------------------------------------------------------------------------------------------


def _to_standard_error(log_format: str) -> dict[str, Any]:
    formatter = "JsonFormatter" if log_format == "json" else "TextFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"eventhub.observability.logging.{formatter}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    }


def of_service(log_format: str, level: str) -> dict[str, Any]:
    loggers: dict[str, Any] = {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # A 4xx is no warning: a sold-out event would fill the log.
        "django.request": {"level": "ERROR"},
    }
    if log_format == "json":
        # runserver's line for each request has the path; ours replaces it.
        loggers["django.server"] = {"handlers": ["console"], "level": "ERROR", "propagate": False}
        logging.captureWarnings(True)
    root = {"handlers": ["console"], "level": level}
    return {**_to_standard_error(log_format), "root": root, "loggers": loggers}


def of_gunicorn(log_format: str) -> dict[str, Any]:
    loggers = {"gunicorn.error": {"handlers": ["console"], "propagate": False}}  # its level is --log-level
    root = {"handlers": ["console"], "level": "INFO"}
    return {**_to_standard_error(log_format), "root": root, "loggers": loggers}
