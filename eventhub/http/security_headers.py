"""Security and caching headers: one set for each kind of page.

The API's responses are data: nothing may be loaded, framed or run on their behalf. The docs and the back office load
their own files and nothing else. Alpine, which unfold uses, needs `eval`; inline scripts are allowed nowhere.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

DATA = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
DOCS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
OFFICE = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
# Nobody stores personal data on its way. A browser may store an event, and asks by its ETag whether it is still good.
NO_STORE = {"Cache-Control": "no-store"}
REVALIDATED = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

Headers = Mapping[str, tuple[str, str]]


def headers(content_security: str, **others: str) -> Headers:
    """Return the headers of one kind of page as Django stores them, by lower-case names."""
    everywhere = {
        "Content-Security-Policy": content_security,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    }
    return {name.lower(): (name, value) for name, value in {**everywhere, **others}.items()}


OF_DATA = headers(DATA)
OF_PERSONAL_DATA = headers(DATA, **NO_STORE)
OF_EVENTS = headers(DATA, **REVALIDATED)
OF_DOCS = headers(DOCS)
OF_OFFICE = headers(OFFICE, **NO_STORE)
# The same for everybody.
PUBLIC = {"/", "/schema", "/schema/", "/healthz", "/healthz/", "/readyz", "/readyz/"}


class SecurityHeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        headers: Any = response.headers
        # As `headers.setdefault` for each, in a fraction of the time.
        headers._store = {**policy(request.path_info, has_tag="etag" in headers._store), **headers._store}
        return response


def policy(path: str, *, has_tag: bool) -> Headers:
    match path.split("/", 2)[1:2]:
        case ["events"]:
            return OF_EVENTS if has_tag else OF_PERSONAL_DATA
        case ["admin"] | ["t"]:
            return OF_OFFICE
        case ["docs"]:
            return OF_DOCS
        case ["static"]:
            return OF_DATA
    return OF_DATA if path in PUBLIC else OF_PERSONAL_DATA
