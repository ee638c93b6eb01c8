"""Errors to Sentry, with SENTRY_DSN and the optional package `sentry-sdk`.

It sends what the log has of an error, and nothing else. The library must not look at requests, statements or variables.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from eventhub.observability import logging, redaction

# All that is sent of what the library collects: no requests, users, breadcrumbs or variables.
SENT = {"event_id", "timestamp", "level", "platform", "logger", "release", "environment", "server_name", "sdk"}
SENT_OF_PROBLEMS = {"type", "module", "mechanism", "stacktrace"}


def start(dsn: str, *, release: str) -> None:
    """Send errors from here on. Raise ImproperlyConfigured without the package."""
    try:
        import sentry_sdk
        from sentry_sdk.integrations.atexit import AtexitIntegration
        from sentry_sdk.integrations.dedupe import DedupeIntegration
        from sentry_sdk.integrations.excepthook import ExcepthookIntegration
        from sentry_sdk.integrations.logging import LoggingIntegration
        from sentry_sdk.integrations.threading import ThreadingIntegration
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but the package sentry-sdk is not installed: pip install sentry-sdk"
        ) from None
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        before_send=purged,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        traces_sample_rate=None,
        auto_session_tracking=False,
        send_client_reports=False,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None),
            ExcepthookIntegration(),
            ThreadingIntegration(),
            AtexitIntegration(callback=lambda pending, timeout: None),
            DedupeIntegration(),
        ],
    )


def purged(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any] | None:
    """Return the parts of an event to send, or None (sentry-sdk's hook `before_send`)."""
    record = hint.get("log_record")
    problems = event.get("exception", {}).get("values", [])
    if record is not None and record.name.startswith("django.") and (not problems or "security" in record.name):
        return None  # Django's line for an error that was logged already, or an attempt of some visitor
    sent: dict[str, Any] = {name: value for name, value in event.items() if name in SENT}
    if record is not None:
        sent["logentry"] = {"message": logging.message(record)}
        sent["tags"] = {name: str(value) for name, value in logging.about(record).items() if name != "address"}
    if problems:
        sent["exception"] = {"values": [_purged(problem) for problem in problems]}
    return sent


def _purged(problem: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: value for name, value in problem.items() if name in SENT_OF_PROBLEMS}
    for frame in (kept.get("stacktrace") or {}).get("frames", []):
        frame.pop("vars", None)
    return {**kept, "value": redaction.text(str(problem.get("value") or ""))}
