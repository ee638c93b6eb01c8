"""DRF's router with the contract's paths: collections end in a slash, items and actions do not."""

import functools
from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from rest_framework.routers import DynamicRoute, Route, SimpleRouter


class ContractRouter(SimpleRouter):
    """Answers both spellings of the slash. PUT and PATCH are one action, because both keep absent keys."""

    routes = [
        Route("{prefix}/", {"get": "list", "post": "create"}, "{basename}-list", False, {}),
        DynamicRoute("{prefix}/{url_path}", "{basename}-{url_name}", False, {}),
        Route(
            "{prefix}/{lookup}",
            {"get": "retrieve", "put": "update", "patch": "update", "delete": "destroy"},
            "{basename}-detail",
            True,
            {},
        ),
        DynamicRoute("{prefix}/{lookup}/{url_path}", "{basename}-{url_name}", True, {}),
    ]

    def __init__(self) -> None:
        super().__init__(use_regex_path=False)

    def get_lookup_regex(self, viewset: Any, lookup_prefix: str = "") -> str:
        """Add `lookup_suffix`, for a viewset whose item belongs to a row, such as `/users/7/organizer`."""
        lookup: str = super().get_lookup_regex(viewset, lookup_prefix)
        return lookup + getattr(viewset, "lookup_suffix", "")

    def get_urls(self) -> list[Any]:
        return [spelling for url in super().get_urls() for spelling in (url, _alias(url))]


def both_spellings(route: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """Return the URL of a view that is not DRF's, with and without the slash at its end."""
    url = path(route, view, name=name)
    return [url, _alias(url)]


def _alias(url: Any) -> URLPattern:
    """Return the other spelling, which has no name and is left out of the OpenAPI document."""
    route = str(url.pattern)

    @functools.wraps(url.callback)
    def alias(*args: Any, **kwargs: Any) -> Any:
        return url.callback(*args, **kwargs)

    alias.is_slash_alias = True  # type: ignore[attr-defined]
    return path(route[:-1] if route.endswith("/") else f"{route}/", alias)
