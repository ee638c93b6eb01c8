"""What every answer tells a browser about its use: a policy for each kind of page, as constants.

The API's answers are data: nothing may be loaded, framed or run on their behalf. The pages of the docs and of the back
office load what lies beside them and nothing else. unfold's scripts (Alpine) make functions of the texts in their
attributes, so there `eval` is allowed; inline scripts are nowhere.
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
# Personal data is kept nowhere on its way, nor by a browser. An event may be, by whoever asked for it: its ETag says
# whether it is still good.
NOT_KEPT = {"Cache-Control": "no-store"}
REVALIDATED = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

Headers = Mapping[str, tuple[str, str]]


def headers(content_security: str, **others: str) -> Headers:
    """Of one kind of page; as Django keeps them, by their names in small letters."""
    everywhere = {
        "Content-Security-Policy": content_security,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    }
    return {name.lower(): (name, value) for name, value in {**everywhere, **others}.items()}


OF_DATA = headers(DATA)
OF_PERSONAL_DATA = headers(DATA, **NOT_KEPT)
OF_EVENTS = headers(DATA, **REVALIDATED)
OF_DOCS = headers(DOCS)
OF_OFFICE = headers(OFFICE, **NOT_KEPT)
# What is the same for everybody.
PUBLIC = {"/", "/schema", "/schema/", "/healthz", "/healthz/", "/readyz", "/readyz/"}


class Policies:
    """Middleware, the outermost of ours: what an answer does not say by itself is said by its kind."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        headers: Any = response.headers
        # As `headers.setdefault` for each, in a fraction of the time: these are known to be good.
        headers._store = {**policy(request.path_info, has_tag="etag" in headers._store), **headers._store}
        return response


def policy(path: str, *, has_tag: bool) -> Headers:
    """The headers of an answer to that path."""
    match path.split("/", 2)[1:2]:
        case ["events"]:
            return OF_EVENTS if has_tag else OF_PERSONAL_DATA
        case ["admin"]:
            return OF_OFFICE
        case ["docs"]:
            return OF_DOCS
        case ["static"]:
            return OF_DATA
    return OF_DATA if path in PUBLIC else OF_PERSONAL_DATA
