"""What may be told of where a request went: nothing that its client has chosen freely."""

import functools
import re
from typing import Any

OTHER = "other"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def method_of(request: Any) -> str:
    """The verb; `other` for one that nobody knows."""
    return request.method if request.method in METHODS else OTHER


def route_of(request: Any) -> str:
    """The pattern of the URL, such as `/events/{id}`, in the contract's spelling; `other` where there is none."""
    if request is None:
        return OTHER
    match = request.resolver_match
    if match is None:
        return "/static/" if request.path_info.startswith("/static/") else OTHER
    return _spelled(match.route, getattr(match.func, "is_slash_alias", False))


@functools.lru_cache(maxsize=1000)
def _spelled(route: str, is_alias: bool) -> str:
    if "^" in route or "(?" in route:  # a regular expression is what catches all that is nothing else
        return OTHER
    if is_alias:
        route = route[:-1] if route.endswith("/") else f"{route}/"
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f"{{{'id' if found[1] == 'pk' else found[1]}}}", route)
