"""The menus of the back office, with only what the user may open."""

from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from accounts.permissions import allowed, team_events

Menu = list[dict[str, Any]]


def sidebar(request: HttpRequest) -> Menu:
    user = cast(User, request.user)
    events, add = reverse("admin:events_event_changelist"), reverse("admin:events_event_add")
    registrations = reverse("admin:registrations_registration_changelist")
    check_in = reverse("admin:registrations_registration_doors")
    programme = [
        _item(request, "Dashboard", "space_dashboard", reverse("admin:index"), exactly=True),
        {**_item(request, "Events", "event", events), "active": _under(request, events) and request.path != add},
    ]
    if allowed(user, "event", "create"):
        programme.append(_item(request, "Add event", "add_circle", add))
    if user.is_organizer or team_events(user, "attendees"):
        people = _item(request, "Registrations", "groups", registrations)
        people["active"] = _under(request, registrations) and not _under(request, check_in)
        programme += [people, _item(request, "Check-in", "how_to_reg", check_in)]
    groups: Menu = [{"items": programme}]
    if allowed(user, "user", "list"):
        accounts = _item(request, "Accounts", "manage_accounts", reverse("admin:accounts_user_changelist"))
        tokens = _item(request, "Service tokens", "key", reverse("admin:accounts_servicetoken_changelist"))
        tasks = _item(
            request,
            "Background tasks",
            "pending_actions",
            reverse("admin:django_tasks_database_dbtaskresult_changelist"),
        )
        emails = _item(request, "Failed emails", "unsubscribe", reverse("admin:notifications_notice_changelist"))
        tags = _item(request, "Categories and tags", "sell", reverse("admin:events_tag_changelist"))
        groups.append({"title": "Administration", "separator": True, "items": [accounts, tags, tokens, tasks, emails]})
    return groups


def own_pages(request: HttpRequest) -> Menu:
    pages = {
        "My profile": "profile",
        "Email preferences": "email_preferences",
        "My calendar feeds": "calendar_feeds",
        "My service tokens": "tokens",
        "Second factor": "second_factor",
        "Change password": "password_change",
    }
    return [{"title": title, "link": reverse(f"admin:{name}")} for title, name in pages.items()]


def _item(request: HttpRequest, title: str, icon: str, link: str, *, exactly: bool = False) -> dict[str, Any]:
    active = request.path == link if exactly else _under(request, link)
    return {"title": title, "icon": icon, "link": link, "active": active}


def _under(request: HttpRequest, link: str) -> bool:
    return request.path.startswith(link)
