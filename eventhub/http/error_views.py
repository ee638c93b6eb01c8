"""The answers to what is refused outside a DRF view: the contract's JSON, and in the back office a page for people."""

import logging
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from rest_framework.exceptions import MethodNotAllowed

from eventhub.admin.theme import bare_context
from eventhub.api.exception_handler import as_refusal
from eventhub.api.parsers import dumps
from eventhub.exceptions import BadRequest, Forbidden, NotFound, Refusal, Unexpected

logger = logging.getLogger("eventhub.errors")


class DatabaseErrors:
    """Middleware: what the database, or in the back office a rule, refuses outside the API is no 500 either."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        foreseen = isinstance(exception, DatabaseError | InterfaceError | Refusal)
        known = as_refusal(exception) if foreseen else None
        return _answer(request, known) if known else None


# Django's own hooks, for what happens outside a DRF view -------------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, BadRequest())


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, Unexpected())


def only_read(request: HttpRequest) -> HttpResponse:
    """Not a hook: the 405 of a page that is for GET and HEAD."""
    response = plain(as_refusal(MethodNotAllowed(str(request.method))) or Unexpected())
    response.headers["Allow"] = "GET, HEAD"
    return response


def refused(request: HttpRequest, exc: Exception) -> HttpResponse:
    """Not a hook either: the answer to what was refused before there was a view."""
    return _answer(request, as_refusal(exc) or Unexpected())


def in_office(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/")


def _answer(request: HttpRequest, exc: Refusal) -> HttpResponse:
    """A page for people in the back office, the contract's JSON everywhere else."""
    if not in_office(request):
        return plain(exc)
    try:
        return office_page(exc)
    except Exception:  # the last line of defence: even a template may be what has failed
        logger.exception("The page for a %s cannot be made", exc.status)
        return plain(exc)


def office_page(exc: Refusal, onward: str = "/admin/") -> HttpResponse:
    """A refusal in the back office as a page in its looks, which needs neither a database nor a session."""
    context = {
        **bare_context(),
        "status": exc.status,
        "sentence": f"{exc.msg.rstrip('.')}.",
        "onward": onward,
    }
    html = render_to_string("eventhub/admin/error.html", context)
    return HttpResponse(html, status=exc.status, headers={**exc.headers, "Cache-Control": "no-store"})


def plain(exc: Refusal) -> HttpResponse:
    """A refusal as the contract's JSON."""
    return HttpResponse(dumps(exc.body), content_type="application/json", status=exc.status, headers=exc.headers)
