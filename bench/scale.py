"""What the API costs in front of 1,000 events and of many more, with ten times as many registrations.

`python -m bench scale --sizes 1000 100000 --keep FOLDER` loads them once. Every case is asked for at each size in turn,
in this process and by one client, so that code and database are measured and nothing else. Exits 1 where an answer is
not the expected one.
"""

import os
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from statistics import median
from typing import Any, NamedTuple

from django.db import connection

from bench import scale_rows as rows
from bench.explain import recorded
from bench.in_process import fetch
from bench.requests import token
from bench.rounds import row
from bench.rows import durability
from bench.scale_cases import PEOPLE, Case, cases
from bench.scale_databases import Sizes

BOUND = 1.3
Action = Callable[[], Any]


class Work(NamedTuple):
    """A measurement. `prepare` is called once at each size and returns the function to repeat."""

    title: str
    who: str
    prepare: Callable[[], Action]


def run(options: Namespace) -> int:
    sizes = Sizes(options.sizes)
    work = [*map(reading, cases()), *writes()]
    measure(sizes, (one for one in work if not options.match or options.match in f"{one.who}: {one.title}"), options)
    return 0


def measure(sizes: Sizes, work: Iterable[Work], options: Namespace) -> None:
    """Print a table: the medians in milliseconds at each size, and the pages that the statements touch."""
    print(f"{durability()}, {os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}\n")
    head = [*(f"{size:,}, ms" for size in sizes), "ratio", *(f"{size:,}, pages" for size in sizes), "statements"]
    print(row("what", "who", *head), row("---", "---", *["---:"] * len(head)), sep="\n", flush=True)
    count = over = 0
    for one in work:
        times, pages, statements = compare(sizes, one, options.rounds)
        ratio = times[-1] / times[0]
        count, over = count + 1, over + (ratio > BOUND)
        shown = f"**{ratio:.2f}**" if ratio > BOUND else f"{ratio:.2f}"
        cells = [*(f"{each:.1f}" for each in times), shown, *(f"{each:,}" for each in pages), statements]
        print(row(one.title, one.who, *cells), flush=True)
    print(f"\n{count} measured, {over} over {BOUND}.")
    sizes.close()


def compare(sizes: Sizes, work: Work, rounds: int) -> tuple[list[float], list[int], int]:
    """Return medians and pages by size, and the number of statements at the last."""
    actions: dict[int, Action] = {}
    pages = []
    for size in sizes:
        with sizes.of(size):
            actions[size] = work.prepare()
            with recorded() as record:
                actions[size]()
            pages.append(sum(plan.pages for plan in record.plans))
    took: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(1 + rounds):
        for size, action in actions.items():
            with sizes.of(size):
                took[size].append(milliseconds(action))
    return [median(times[1:]) for times in took.values()], pages, len(record.plans)


def milliseconds(action: Action) -> float:
    started = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - started)


def reading(case: Case) -> Work:
    def prepare() -> Action:
        path, who = case.path(), token(PEOPLE[case.who])
        return lambda: fetch("GET", path, who)

    return Work(case.title, case.who, prepare)


def writes() -> Iterator[Work]:
    yield Work("register, and delete that again", "user", register_and_delete)
    yield Work("refusal at a full event", "user", refusal)
    yield Work("cancel with a queue behind it, and queue again", "organizer", cancel_and_queue)


def register_and_delete() -> Action:
    who = token(stranger())

    def action() -> None:
        made = fetch("POST", "/attendees/", who, {"event_id": rows.HOT_EVENT}, status=201)
        fetch("DELETE", f"/attendees/{made['attendee_id']}", who, status=204)

    return action


def refusal() -> Action:
    who = token(stranger())
    return lambda: fetch("POST", "/attendees/", who, {"event_id": rows.FULL_EVENT}, status=409)


def cancel_and_queue() -> Action:
    who = token(value("SELECT organizer_id FROM events_event WHERE id = %s", rows.FULL_EVENT))
    seated = "SELECT min(id) FROM registrations_registration WHERE event_id = %s AND status = 'registered'"

    def action() -> None:
        path = f"/attendees/{value(seated, rows.FULL_EVENT)}"
        fetch("PATCH", path, who, {"status": "cancelled"})
        fetch("PATCH", path, who, {"status": "waitlisted"})

    return action


def stranger() -> int:
    """Return an account without registrations for the events that are written to."""
    return value(
        "SELECT min(id) FROM accounts_user WHERE role = 'user' AND is_active AND id > %s AND id NOT IN"
        " (SELECT user_id FROM registrations_registration WHERE event_id IN (%s, %s))",
        *(rows.CAST, rows.HOT_EVENT, rows.FULL_EVENT),
    )


def value(sql: str, *parameters: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.fetchone()[0])
