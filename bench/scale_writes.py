"""The path of a registration, and the figures of the dashboard, in front of each size."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from bench import scale_rows as rows
from bench.explaining import recorded
from bench.scale_cases import ROLES
from bench.scale_client import ask, client
from registrations.models import Registration, RegistrationStatus
from registrations.selectors import dashboard

FIGURES = (dashboard.stage, dashboard.totals, dashboard.activity, dashboard.next_events, dashboard.concerns)
Prepare = Callable[[int | None], Callable[[], int]]  # for a page of so many rows, where it is about a page
Action = tuple[str, str, Prepare]


def timed(action: Callable[[], int]) -> tuple[float, float]:
    """Milliseconds of the whole, and of the database's part in it."""
    with recorded() as record:
        started = time.perf_counter()
        action()
        whole = time.perf_counter() - started
    return 1000 * whole, 1000 * record.seconds


def actions() -> Iterator[Action]:
    yield "register, and delete that again", "user", in_and_out
    yield "refused by a full event", "user", refusal
    yield "cancel with a queue behind it, and queue again", "organizer", cancel_and_queue
    for role in ("admin", "organizer of 200 events", "organizer of old events"):
        for figure in FIGURES:
            yield f"dashboard: {figure.__name__}", role, figures_of(figure, ROLES[role])


def in_and_out(_rows: int | None) -> Callable[[], int]:
    """Each time somebody else, whose row goes again."""
    person = stranger()
    who = client(person)

    def register() -> int:
        attendee = ask(who, "POST", "/attendees/", {"event_id": rows.HOT_EVENT}, status=201)["attendee_id"]
        ask(who, "DELETE", f"/attendees/{attendee}", status=204)
        return 1

    return register


def refusal(_rows: int | None) -> Callable[[], int]:
    who = client(stranger())

    def refused() -> int:
        ask(who, "POST", "/attendees/", {"event_id": rows.FULL_EVENT}, status=409)
        return 1

    return refused


def cancel_and_queue(_rows: int | None) -> Callable[[], int]:
    """Whoever is seated longest goes, the queue moves up, and they stand at its end."""
    organizer = Registration.objects.filter(event=rows.FULL_EVENT).values_list("event__organizer", flat=True)[0]
    who = client(organizer)

    def cancel() -> int:
        seated = Registration.objects.filter(event=rows.FULL_EVENT, status=RegistrationStatus.REGISTERED)
        first = seated.order_by("status_since", "pk").values_list("pk", flat=True)[0]
        ask(who, "PATCH", f"/attendees/{first}", {"status": "cancelled"})
        ask(who, "PATCH", f"/attendees/{first}", {"status": "waitlisted"})
        return 1

    return cancel


def stranger() -> int:
    """Somebody whose account is in no event that the measurement writes to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM accounts_user u WHERE role = 'user' AND is_active AND id > %s AND NOT EXISTS (SELECT 1 FROM"
            " registrations_registration r WHERE r.user_id = u.id AND r.event_id IN (%s, %s)) ORDER BY id LIMIT 1",
            [rows.CAST, rows.HOT_EVENT, rows.FULL_EVENT],
        )
        return int(cursor.fetchone()[0])


def figures_of(figure: Callable[..., Any], user_id: int) -> Prepare:
    def prepare(_rows: int | None) -> Callable[[], int]:
        user = User.objects.get(pk=user_id)

        def ask_for_it() -> int:
            figure(user=user, now=timezone.now())
            return 1

        return ask_for_it

    return prepare
