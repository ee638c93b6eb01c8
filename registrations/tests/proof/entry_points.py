"""What there is to call, asked of the code itself: every operation of the API that writes, every page and action of the
back office, every command, and every public function of the modules that decide."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.management import get_commands
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

OURS = ("accounts", "checkin", "events", "public_pages", "registrations", "eventhub")
READING = {"get", "head", "options"}


def faces() -> set[str]:
    """The names that the table of paths and the list of exceptions use."""
    return {*_operations(), *_pages(), *_actions(), *_commands()}


def rules() -> dict[str, Callable[..., Any]]:
    """The public functions of the modules that decide, by name."""
    found = {}
    for name in rule_modules():
        module = importlib.import_module(name)
        for each, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == name and not each.startswith("_"):
                found[f"rule {name}.{each}"] = function
    return found


def rule_modules() -> list[str]:
    """The modules in `<app>/services/`: every write is a function there."""
    packages = [importlib.import_module(f"{app}.services") for app in ("accounts", "events", "registrations")]
    return [found.name for one in packages for found in pkgutil.walk_packages(one.__path__, f"{one.__name__}.")]


def _operations() -> Iterator[str]:
    """Those of a viewset by its verbs. Any other view outside the back office is a page of its own."""
    for pattern in _flat(get_resolver().url_patterns):
        view = pattern.callback
        if view.__module__.startswith("django.contrib.admin") or getattr(view, "admin_site", None):
            continue
        actions = getattr(view, "actions", None)
        if actions is None:
            yield f"view {pattern.name or str(pattern.pattern).strip('/')}"
            continue
        for verb, action in actions.items():
            if verb not in READING:
                yield f"API {view.cls.__name__}.{action}"


def _pages() -> Iterator[str]:
    for pattern in _flat(admin.site.urls[0]):
        yield f"admin page {pattern.name or pattern.pattern}"


def _actions() -> Iterator[str]:
    """As an admin is offered them, who may do everything."""
    request = RequestFactory().get("/admin/")
    request.user = get_user_model()(role="admin", is_active=True)  # type: ignore[assignment]
    for model, office in admin.site._registry.items():
        for name in office.get_actions(request):
            yield f"admin action {model._meta.label_lower} {name}"


def _commands() -> Iterator[str]:
    for name, app in get_commands().items():
        if str(app).split(".")[0] in OURS:
            yield f"command {name}"


def _flat(patterns: Any) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from _flat(pattern.url_patterns)
        else:
            yield pattern
