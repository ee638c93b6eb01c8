"""Errors outside DRF's views: the contract's JSON, and a page for people in the back office."""

import logging

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from rest_framework.exceptions import MethodNotAllowed

from eventhub.admin.theme import bare_context
from eventhub.api.exception_handler import as_refusal
from eventhub.api.renderers import dumps
from eventhub.exceptions import BadRequest, Forbidden, NotFound, Refusal, Unexpected

logger = logging.getLogger("eventhub.errors")

ADMIN_PATH = "/admin/"
SENTENCES = {404: "Page not found.", 500: "Something went wrong."}  # of the page; the refusal has its own elsewhere


# Django's hooks: handler400 and so on in eventhub/urls.py
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refused(request, BadRequest())


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refused(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refused(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    return refused(request, Unexpected())


def only_read(request: HttpRequest) -> HttpResponse:
    response = plain(as_refusal(MethodNotAllowed(str(request.method))) or Unexpected())
    response.headers["Allow"] = "GET, HEAD"
    return response


def in_office(request: HttpRequest) -> bool:
    return request.path_info.startswith(ADMIN_PATH)


def refused(request: HttpRequest, exc: Exception) -> HttpResponse:
    """Return a page in the back office, the contract's JSON everywhere else."""
    refusal = as_refusal(exc) or Unexpected()
    if not in_office(request):
        return plain(refusal)
    try:
        return office_page(refusal)
    except Exception:  # the last line of defence: even a template may be what has failed
        logger.exception("The page for a %s cannot be made", refusal.status)
        return plain(refusal)


def office_page(exc: Refusal, onward: str = ADMIN_PATH) -> HttpResponse:
    """Return an error page in the back office's theme; it needs neither a database nor a session."""
    sentence = SENTENCES.get(exc.status) or f"{exc.msg.rstrip('.')}."
    context = {**bare_context(), "status": exc.status, "sentence": sentence, "onward": onward}
    html = render_to_string("eventhub/admin/error.html", context)
    return HttpResponse(html, status=exc.status, headers={**exc.headers, "Cache-Control": "no-store"})


def plain(exc: Refusal) -> HttpResponse:
    return HttpResponse(dumps(exc.body), content_type="application/json", status=exc.status, headers=exc.headers)
