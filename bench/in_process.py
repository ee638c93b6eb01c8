"""Answers in this process, without gunicorn: a request's bytes go straight to Django's WSGI application."""

import io
import json
import sys
from functools import cache
from typing import Any
from wsgiref.util import setup_testing_defaults

from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from bench.requests import request


@cache
def application() -> Any:
    """Return the application, which leaves the connection and its transaction to the benchmark."""
    for moment in (signals.request_started, signals.request_finished):
        moment.disconnect(close_old_connections)
    return get_wsgi_application()


def answer(message: bytes) -> tuple[int, bytes]:
    """Return status and body of the answer to one request."""
    statuses: list[str] = []
    response = application()(environ(message), lambda status, headers, *rest: statuses.append(status))
    body = b"".join(response)
    response.close()
    return int(statuses[0][:3]), body


def fetch(verb: str, path: str, signed_in: str = "", body: Any = None, *, status: int = 200, **headers: str) -> Any:
    """Return the body of an answer from JSON. RuntimeError for another status than the expected one."""
    found, content = answer(request(verb, path, signed_in, body, headers))
    if found != status:
        raise RuntimeError(f"{verb} {path}: {found} and not {status}: {content[:200]!r}")
    return json.loads(content) if content.startswith((b"{", b"[")) else content


def expect(answered: tuple[int, bytes], status: int) -> None:
    if answered[0] != status:
        sys.exit(f"{answered[0]} where {status} was expected: {answered[1][:200]!r}")


def environ(message: bytes) -> dict[str, Any]:
    """Return what gunicorn makes of these bytes."""
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    verb, path, protocol = first.split()
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        key = name.upper().replace("-", "_")
        headers[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    found: dict[str, Any] = {"REQUEST_METHOD": verb, "SERVER_PROTOCOL": protocol, "REMOTE_ADDR": "127.0.0.1", **headers}
    found["PATH_INFO"], _, found["QUERY_STRING"] = path.partition("?")
    found["wsgi.input"] = io.BytesIO(body)
    setup_testing_defaults(found)
    return found
