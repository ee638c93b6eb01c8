"""The public pages: the list, an event, an organizer. They need no script, and look at no cookie."""

import functools
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from eventhub.api.exception_handler import as_refusal
from eventhub.exceptions import Invalid, Refusal
from eventhub.form_errors import in_active_language
from eventhub.http import error_views
from events.services.slugs import page_path
from public_pages import theme
from public_pages.cache_headers import cacheable
from public_pages.filters import PublicEventFilter
from public_pages.presentation import active_words, event_context, linkified, listed_event, refusal_text
from public_pages.selectors.events import find_event, find_organizer, is_former_name, listed_pages
from public_pages.texts import WORDS, language_of
from public_pages.views.events import bodies, moved

LISTED = 20
CHOSEN = (*cast("Any", PublicEventFilter).base_filters, "search", "cursor")


def public_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Write the page in the reader's language, for caches too. A refusal is a page."""

    @functools.wraps(view)
    def answered(request: HttpRequest, **names: Any) -> HttpResponseBase:
        if not settings.PUBLIC_PAGES:
            return error_views.not_found(request)
        with translation.override(language_of(request)):
            try:
                response = view(request, **names)
            except Exception as problem:
                if (refusal := as_refusal(problem)) is None:
                    raise
                response = _refused(refusal)
        response = cacheable(request, response)
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return answered


def render_page(template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Return a page in the active language, in the site's theme. It knows no session."""
    language = str(translation.get_language())
    words = WORDS[language]
    html = render_to_string(template, {"site": theme.site(), "words": words, "language": language, **context})
    return HttpResponse(html, status=status)


def site_styles(request: HttpRequest) -> HttpResponseBase:
    """Return the colours of the theme. Its address changes with them."""
    css = theme.stylesheet(settings.SITE_COLOUR)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(css, content_type="text/css; charset=utf-8", headers=headers)


@public_page
def event_list(request: HttpRequest) -> HttpResponseBase:
    return render_page("public/events.html", **_listed(request), url=f"{settings.PUBLIC_URL}/e/", chosen=request.GET)


@public_page
def event_page(request: HttpRequest, name: str) -> HttpResponseBase:
    event = find_event(name)
    if is_former_name(event, name):
        return moved(page_path(event))
    return render_page("public/event.html", **event_context(event, now=timezone.now()))


@public_page
def organizer_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    organizer = find_organizer(pk)
    profile = organizer.public_profile
    return render_page(
        "public/organizer.html",
        **_listed(request, organizer_id=str(pk)),
        organizer=organizer,
        profile=profile,
        contact=linkified(profile.contact),
        about=linkified(profile.about),
        url=f"{settings.PUBLIC_URL}/o/{pk}",
    )


@public_page
def sitemap(request: HttpRequest) -> HttpResponseBase:
    events = listed_pages()
    changed: dict[str, str] = {f"{settings.PUBLIC_URL}/e/": ""}
    changed |= {f"{settings.PUBLIC_URL}/o/{event.organizer_id}": "" for event in events}
    changed |= {f"{settings.PUBLIC_URL}{page_path(event)}": f"{event.updated_at:%Y-%m-%d}" for event in events}
    xml = render_to_string("public/sitemap.xml", {"pages": changed})
    return HttpResponse(xml, content_type="application/xml; charset=utf-8")


def _listed(request: HttpRequest, **fixed: str) -> dict[str, Any]:
    """Return what the API lists for the filters of a page; unknown parameters, such as of campaigns, are left out."""
    is_past = request.GET.get("upcoming") == "false"
    chosen = QueryDict(mutable=True)
    ours = {"page_size": str(LISTED), "upcoming": str(not is_past).lower()}
    ours["ordering"] = "-date_time" if is_past else "date_time"
    theirs = {name: request.GET[name] for name in CHOSEN if request.GET.get(name)}
    for name, value in {**theirs, **ours, **fixed}.items():
        chosen[name] = value
    try:
        page = bodies(request, chosen)
    except Exception as problem:
        if (refusal := as_refusal(problem)) is None or refusal.status != 400:
            raise
        page = {"results": [], "next": None, "previous": None, "problem": _filter_problem(refusal)}
    return {
        "events": [listed_event(body) for body in page["results"]],
        "is_past": is_past,
        "problem": page.get("problem"),
        # Without the host, which a client chooses.
        "following": page["next"] and f"?{urlsplit(page['next']).query}",
        "preceding": page["previous"] and f"?{urlsplit(page['previous']).query}",
    }


def _filter_problem(refusal: Refusal) -> str:
    """Return the first error of the filters, with what the form calls its field."""
    words = active_words()
    labels = {"date_from": words.since, "date_to": words.until, "search": words.search, "tag": words.tags, "cursor": ""}
    name, texts = next(iter(refusal.errors.items())) if isinstance(refusal, Invalid) else ("", [refusal.msg])
    return ": ".join(filter(None, (labels.get(name, name), in_active_language(str(texts[0])))))


def _refused(refusal: Refusal) -> HttpResponse:
    if refusal.status == 404:
        return render_page("public/not_found.html", status=404)
    title = active_words().impossible
    response = render_page("public/message.html", status=refusal.status, title=title, texts=[refusal_text(refusal)])
    for name, value in refusal.headers.items():
        response.headers[name] = value
    return response
