"""What the pages of secret links share."""

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import translation

from eventhub.admin.login import page
from eventhub.languages import current_language, first_language
from notifications.texts import words


def link_page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Return a page in the active language."""
    response = cast(TemplateResponse, page(request, template, status=status, **context))
    response.headers["Content-Language"] = current_language()
    # Pass on the bare origin, which the CSRF check needs, and never the token in the URL.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response.render()


def link_not_valid(request: HttpRequest, *, of: str) -> HttpResponse:
    """Return the 404 for every token that is not valid, whatever the reason. `of`: what such links end with."""
    with translation.override(first_language()):
        said = words().invalid_link_page
        context = {"title": said.title, "sentence": getattr(said, of)}
        return link_page(request, "notifications/link_not_valid.html", status=404, **context)
