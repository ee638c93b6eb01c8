"""Security and caching headers: one set for each kind of page.

The API's responses are data: nothing may be loaded, framed or run on their behalf. The docs and the back office load
their own files and nothing else. Alpine, which unfold uses, needs `eval`; inline scripts are allowed nowhere.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
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
# The camera, a worker that finds codes in its pictures, and one that keeps the page for when there is no network.
SCAN = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; manifest-src 'self'; connect-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
# The public pages, which have no script but data in one. Their logo may be elsewhere: SITE_LOGO.
PAGE = (
    "default-src 'none'; {captcha}style-src 'self'; img-src 'self' data:{logo}; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)
# What loads the captcha of the form for guests, where the site has one.
CAPTCHA = "script-src {0}; frame-src {0}; connect-src {0}; "
SENSORS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
# Nobody stores personal data on its way. A browser may store an event, and asks by its ETag whether it is still good.
NO_STORE = {"Cache-Control": "no-store"}
REVALIDATED = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

Headers = Mapping[str, tuple[str, str]]


def headers(content_security: str, **others: str) -> Headers:
    """Return the headers of one kind of page as Django stores them, by lower-case names."""
    everywhere = {
        "Content-Security-Policy": content_security,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": SENSORS,
    }
    return {name.lower(): (name, value) for name, value in {**everywhere, **others}.items()}


OF_DATA = headers(DATA)
OF_PERSONAL_DATA = headers(DATA, **NO_STORE)
OF_EVENTS = headers(DATA, **REVALIDATED)
OF_DOCS = headers(DOCS)
OF_OFFICE = headers(OFFICE, **NO_STORE)
OF_SCAN_PAGE = headers(
    SCAN, **{"Permissions-Policy": SENSORS.replace("camera=()", "camera=(self)"), "Cache-Control": "no-cache"}
)
# What any page may read, and the script that shows it there (public_pages/).
SHARED = {"Cross-Origin-Resource-Policy": "cross-origin"}
OF_PUBLIC_DATA = headers(DATA, **NO_STORE, **SHARED)
OF_WIDGET = headers(DATA, **SHARED)
# The same for everybody.
PUBLIC = {"/", "/schema", "/schema/", "/healthz", "/healthz/", "/readyz", "/readyz/"}


@functools.cache
def of_pages(logo: str, script: str = "") -> Headers:
    origin, captcha = _origin(logo), _origin(script)
    policy = PAGE.format(logo=f" {origin}" if origin else "", captcha=CAPTCHA.format(captcha) if captcha else "")
    return headers(policy, **NO_STORE)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


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
        case ["scan"]:
            return OF_SCAN_PAGE
        case ["docs"]:
            return OF_DOCS
        case ["e"] | ["o"] | ["r"]:
            return of_pages(settings.SITE_LOGO, settings.CAPTCHA_SCRIPT_URL)
        case ["public"] | ["sitemap.xml"]:
            return OF_PUBLIC_DATA
        case ["static"] if path.startswith("/static/public/"):
            return OF_WIDGET
        case ["static"]:
            return OF_DATA
    return OF_DATA if path in PUBLIC else OF_PERSONAL_DATA
