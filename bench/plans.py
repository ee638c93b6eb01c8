"""Every statement of the API and how PostgreSQL runs it: `python -m bench plans --sizes 100000`.

Each operation of eventhub/urls.py is asked for in front of the largest size, and what it changes is taken back. Exits 1
where an operation of the API is missing here.
"""

import re
from argparse import Namespace
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from django.db import transaction
from django.urls import get_resolver

from accounts import signed_links
from accounts.models import User
from accounts.services import api_tokens
from accounts.services.jwt import issue_tokens
from bench import scale_rows as rows
from bench.explain import Plan, recorded
from bench.in_process import answer
from bench.requests import request, token
from bench.scale import value
from bench.scale_cases import PEOPLE, cases
from bench.scale_databases import Sizes

PASSWORD = "a passphrase for explaining"
SECRET = {"password": PASSWORD}
NEW_EVENT = {"title": "New", "date_time": "2031-05-01T19:00:00Z", "location": "Hall", "max_capacity": 40}
LISTS = ("event-list", "user-events", "attendee-list", "event-attendees", "user-list")  # measured by scale_cases


class Operation(NamedTuple):
    """`name` is the verb and the name of the URL. `make` may write rows, and returns path and body."""

    name: str
    who: int | None
    make: Callable[[], tuple[str, Any]]


def run(options: Namespace) -> int:
    """Print each operation with its statements. Return the exit code."""
    sizes, known = Sizes(options.sizes), set[str]()
    with sizes.of(max(sizes)):
        for one in everything():
            known.add(one.name)
            if options.match and options.match not in one.name:
                continue
            print(f"\n## {one.name}\n")
            for (sql, shape), same in groupby(explained(one), lambda plan: (normalized(plan.sql), plan.shape)):
                each = list(same)
                times = f"{len(each)} x " if len(each) > 1 else ""
                pages, time = sum(plan.pages for plan in each), sum(plan.milliseconds for plan in each)
                print(f"{sql}\n  -> {times}{shape or 'one row'}: {each[0].rows} rows, {pages} pages, {time:.1f} ms")
    sizes.close()
    missing = sorted(operations_of_the_api() - known - {f"GET {name}" for name in LISTS})
    print("".join(f"\nmissing: {name}" for name in missing))
    return 1 if missing else 0


def everything() -> Iterator[Operation]:
    for case in cases():
        yield Operation(f"GET {case.title}, {case.who}", PEOPLE[case.who], lambda case=case: (case.path(), None))
    yield from operations()


def explained(one: Operation) -> list[Plan]:
    """Ask twice, since a new session reads PostgreSQL's catalogue first, and take back every change."""
    for _ in range(2):
        with transaction.atomic():
            path, body = one.make()
            message = request(one.name.split()[0], path, token(one.who) if one.who else "", body)
            with recorded() as record:
                status, text = answer(message)
            transaction.set_rollback(True)
        if status >= 500:
            raise SystemExit(f"{one.name}: {status} {text!r}")
    return record.plans


def operations_of_the_api() -> set[str]:
    """Return for example `GET event-detail`, from the URLs. The other spelling of a path has no name."""
    found = set()
    for pattern in get_resolver("eventhub.urls").url_patterns:
        actions = getattr(getattr(pattern, "callback", None), "actions", None)
        if getattr(pattern, "name", None) and actions:
            found |= {f"{verb.upper()} {pattern.name}" for verb in actions if verb != "head"}
    return found


def operations() -> Iterator[Operation]:
    """Yield one request for each operation that is not a list."""

    def at(name: str, who: int | None, path: str, body: Any = None) -> Operation:
        return Operation(name, who, lambda: (path, body))

    event, full, me = rows.BUSY_EVENTS[0], rows.FULL_EVENT, rows.PERSON
    host = value("SELECT organizer_id FROM events_event WHERE id = %s", full)
    seat = "SELECT min(id) FROM registrations_registration WHERE event_id = %s AND status = 'registered'"
    seated, at_door = (value(seat, each) for each in (full, event))
    own = value("SELECT min(id) FROM registrations_registration WHERE user_id = %s", me)
    yield at("POST user-register", None, "/users/register", {"username": "new", "email": "n@example.org", **SECRET})
    yield Operation("POST user-login", None, lambda: ("/users/login", {"username": new_user().username, **SECRET}))
    yield Operation("POST token-refresh", None, lambda: ("/users/token/refresh", refresh()))
    yield Operation("POST user-logout", me, lambda: ("/users/logout", refresh()))
    yield Operation("POST user-password-reset", None, lambda: ("/users/password/reset", {"email": new_user().email}))
    yield Operation("POST user-password-reset-confirm", None, lambda: ("/users/password/reset/confirm", link(True)))
    yield Operation("POST email-verify", None, lambda: ("/users/email/verify", link(False)))
    yield at("POST email-verification", me, "/users/email/verification", {})
    yield at("GET user-me", me, "/users/me")
    yield at("GET user-detail", me, f"/users/{me}")
    for verb in ("PUT", "PATCH"):
        yield at(f"{verb} user-detail", me, f"/users/{me}", {"username": "another-name"})
        yield at(f"{verb} user-organizer", rows.BUSY, f"/users/{rows.BUSY}/organizer", {"about": "Since 2019."})
    yield at("DELETE user-detail", me, f"/users/{me}")
    yield at("GET user-organizer", me, f"/users/{rows.BUSY}/organizer")
    yield at("GET user-export", rows.BUSY, "/users/me/export")
    yield at("POST token-list", rows.BUSY, "/users/me/tokens/", {"name": "door", "scopes": ["events:read"]})
    yield at("GET token-list", rows.BUSY, "/users/me/tokens/")
    yield Operation("DELETE token-detail", rows.BUSY, lambda: (f"/users/me/tokens/{new_token()}", None))
    yield at("POST event-list", rows.BUSY, "/events/", NEW_EVENT)
    yield at("GET event-detail", me, f"/events/{event}")
    yield at("PUT event-detail", rows.BUSY, f"/events/{event}", {"title": "Renamed"})
    yield at("PATCH event-detail", host, f"/events/{full}", {"max_capacity": 1000})
    yield at("DELETE event-detail", rows.BUSY, f"/events/{event}")
    yield at("GET event-registration", me, f"/events/{rows.HOT_EVENT}/registration")
    yield at("POST attendee-list", me, "/attendees/", {"event_id": rows.HOT_EVENT})
    yield at("POST attendee-list", me, "/attendees/", {"event_id": full})
    yield at("POST attendee-list", me, "/attendees/", {"event_id": full, "status": "waitlisted"})
    yield at("GET attendee-detail", me, f"/attendees/{own}")
    yield at("PUT attendee-detail", me, f"/attendees/{own}", {"name": "Somebody"})
    yield at("PATCH attendee-detail", host, f"/attendees/{seated}", {"status": "cancelled"})
    yield at("PATCH attendee-detail", rows.BUSY, f"/attendees/{at_door}", {"status": "attended"})
    yield at("DELETE attendee-detail", host, f"/attendees/{seated}")


def new_user() -> User:
    return User.objects.create_user("explained", "explained@example.org", PASSWORD)


def refresh() -> dict[str, str]:
    return {"refresh": issue_tokens(User.objects.get(pk=rows.PERSON), auth_time=0)["refresh"]}


def link(is_reset: bool) -> dict[str, str]:
    purpose = signed_links.RESET if is_reset else signed_links.VERIFICATION
    return {"token": signed_links.make_token(new_user(), purpose), "password": f"{PASSWORD} anew"}


def new_token() -> int:
    return api_tokens.create_token(
        owner=User.objects.get(pk=rows.BUSY), name="explained", scopes=["events:read"]
    ).token.pk


def normalized(sql: str) -> str:
    """Return a statement without quotes and with long lists of values cut short."""
    return re.sub(r"IN \(%s(, %s)+\)", "IN (%s, ...)", re.sub(r"\s+", " ", sql).strip().replace('"', ""))
