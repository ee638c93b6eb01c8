"""What of a fault is sent to Sentry. The library is no requirement: test_settings has a start without it."""

import logging

import pytest

from eventhub.http import request_id
from eventhub.observability import sentry

pytestmark = pytest.mark.once

CANARY = "zilpzalp"


@pytest.fixture(autouse=True)
def outside_of_requests():
    request_id._trace.set(None)


def record(name, message, *args):
    return logging.LogRecord(name, logging.ERROR, "x.py", 1, message, args, None)


def event(**more):
    """As the library puts it together, with all that it might ever add."""
    return {
        "event_id": "7",
        "level": "error",
        "logger": "eventhub.errors",
        "release": "1.0.0",
        "request": {
            "url": f"https://x/{CANARY}",
            "headers": {"Authorization": CANARY},
            "data": CANARY,
            "cookies": CANARY,
        },
        "user": {"email": CANARY},
        "breadcrumbs": {"values": [{"message": CANARY}]},
        "extra": {"sys.argv": [CANARY]},
        "contexts": {"trace": {"data": CANARY}},
        "transaction": f"/{CANARY}",
        "logentry": {"message": "%s failed", "params": [CANARY], "formatted": f"{CANARY} failed"},
        **more,
    }


def exception(value):
    frame = {"filename": "x.py", "lineno": 7, "context_line": "raise", "vars": {"password": CANARY}}
    return {
        "values": [
            {
                "type": "ValueError",
                "module": "builtins",
                "value": value,
                "raw": CANARY,
                "mechanism": {"type": "logging", "handled": True},
                "stacktrace": {"frames": [frame]},
            }
        ]
    }


def test_of_an_event_only_what_is_known_to_be_harmless_is_sent():
    made = event(exception=exception(f"invalid literal: '{CANARY}'\nDETAIL: {CANARY}"))
    assert sentry.purged(made, {"log_record": record("eventhub.errors", "%s %s failed", "GET", "/events/{id}")}) == {
        "event_id": "7",
        "level": "error",
        "logger": "eventhub.errors",
        "release": "1.0.0",
        "logentry": {"message": "GET /events/{id} failed"},
        "tags": {},
        "exception": {
            "values": [
                {
                    "type": "ValueError",
                    "module": "builtins",
                    "value": "invalid literal: '…'",
                    "mechanism": {"type": "logging", "handled": True},
                    "stacktrace": {"frames": [{"filename": "x.py", "lineno": 7, "context_line": "raise"}]},
                }
            ]
        },
    }


def test_what_ends_a_process_is_sent_without_a_line_of_the_log():
    sent = sentry.purged(event(exception=exception(None)), {})
    assert (CANARY in str(sent), sent["exception"]["values"][0]["value"]) == (False, "")


def test_a_fault_is_sent_once_and_what_a_visitor_tried_never():
    for name, made in (
        ("django.request", event()),
        ("django.security.DisallowedHost", event(exception=exception(CANARY))),
    ):
        assert sentry.purged(made, {"log_record": record(name, "%s: %s", "x", CANARY)}) is None
    assert sentry.purged(event(exception=exception(CANARY)), {"log_record": record("django.request", CANARY)})


def test_a_request_and_an_account_are_named_by_their_ids_and_no_address_is():
    made = record("eventhub.security", "odd")
    made.facts = {"user_id": 7, "address": "203.0.113.9"}
    assert sentry.purged(event(), {"log_record": made})["tags"] == {"user_id": "7"}
