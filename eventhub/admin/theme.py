"""Name, colours and menus of the back office, as unfold's settings."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static

NAME = "EventHub"

# Teal, from 600 on darker than Tailwind's, so that it passes WCAG AA with white.
PRIMARY = {
    "50": "oklch(98.4% .014 180.72)",
    "100": "oklch(95.3% .051 180.801)",
    "200": "oklch(91% .096 180.426)",
    "300": "oklch(85.5% .138 181.071)",
    "400": "oklch(77.7% .152 181.912)",
    "500": "oklch(70.4% .14 182.503)",
    "600": "oklch(49% .093 186.391)",
    "700": "oklch(43.7% .078 188.216)",
    "800": "oklch(38.6% .063 188.416)",
    "900": "oklch(33% .055 190)",
    "950": "oklch(27.7% .046 192.524)",
}


def favicon(request: HttpRequest) -> str:
    return static("eventhub/favicon.svg")


def stylesheet(request: HttpRequest) -> str:
    return static("eventhub/admin.css")


def form_script(request: HttpRequest) -> str:
    return static("eventhub/forms.js")


def bare_context() -> dict[str, Any]:
    from unfold.settings import get_config  # reads the settings, which import this module

    return {
        "site_title": NAME,
        "colors": get_config()["COLORS"],
        "styles": [static("eventhub/admin.css")],
        "site_favicons": [{"rel": "icon", "type": "image/svg+xml", "href": static("eventhub/favicon.svg")}],
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": NAME,
    "SITE_HEADER": NAME,
    "SITE_URL": None,
    "SITE_SYMBOL": "event_seat",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": favicon}],
    "SHOW_BACK_BUTTON": True,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [stylesheet],
    "SCRIPTS": [form_script],
    "COLORS": {
        "primary": PRIMARY,
        # Darker than unfold's, which is too pale on its grey.
        "font": {"subtle-light": "var(--color-base-600)"},
    },
    "SIDEBAR": {"navigation": "eventhub.admin.navigation.sidebar"},
    "ACCOUNT": {"navigation": "eventhub.admin.navigation.own_pages"},
    "DASHBOARD_CALLBACK": "eventhub.admin.dashboard.dashboard",
}
