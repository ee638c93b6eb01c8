"""The pages of the back office in front of a thousand registrations and of a million, in turn.

`python -m bench office`. Exits 1 where a page does not show what it should.
"""

import os
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from statistics import median
from typing import NamedTuple

from django.test import Client

from accounts.models import User
from bench import office_rows as rows
from bench.load import Connection, ask
from bench.rows import durability
from bench.server import gunicorn

WARM_UP = 3  # requests before the clock starts
PAGE_WIDTH, CELL_WIDTH = 42, 20


class Page(NamedTuple):
    """What somebody opens, and what it must show."""

    title: str
    who: int
    path: str
    shows: str


class Found(NamedTuple):
    """How long one page took, in milliseconds, in front of few rows and of many; what was wrong with it."""

    title: str
    milliseconds: tuple[float, float]
    faults: set[str]

    def row(self) -> str:
        few, many = self.milliseconds
        return line(self.title, f"{few:.1f}", f"{many:.1f}", f"{many / few:.2f}")


ADMIN, ORGANIZER = rows.ADMIN, rows.ORGANIZER
EVENTS, REGISTRATIONS = "/admin/events/event/", "/admin/registrations/registration/"
PAGES = [
    Page("dashboard, an admin's", ADMIN, "/admin/", "The next events"),
    Page("dashboard, an organizer's", ORGANIZER, "/admin/", "The next events"),
    Page("events, an admin's", ADMIN, f"{EVENTS}?when=all", "Event number"),
    Page("events, an organizer's", ORGANIZER, f"{EVENTS}?when=all", "Event number"),
    Page("registrations, an admin's", ADMIN, REGISTRATIONS, "@example.org"),
    Page("registrations, an organizer's", ORGANIZER, REGISTRATIONS, "@example.org"),
    Page("search: a rare name", ADMIN, f"{REGISTRATIONS}?q=Quillfeather", rows.RARE_NAME),
    Page("search: a common name", ADMIN, f"{REGISTRATIONS}?q={rows.COMMON_NAME}", rows.COMMON_NAME),
    Page("search: an address", ADMIN, f"{REGISTRATIONS}?q={rows.ADDRESS}", rows.ADDRESS),
    Page("search: an organizer's, a common name", ORGANIZER, f"{REGISTRATIONS}?q={rows.COMMON_NAME}", rows.COMMON_NAME),
]


def event_page(event_id: int) -> Page:
    return Page("the page of an event", ORGANIZER, f"{EVENTS}{event_id}/change/", f"Event number {event_id}")


def run(options: Namespace) -> int:
    """Prints the tables; the exit code."""
    few_rows = os.environ["DATABASE_URL"]
    rows.load_people()
    rows.load_registrations(0, rows.FEW)
    sessions = {user_id: sign_in(user_id) for user_id in (ADMIN, ORGANIZER)}
    many_rows = rows.go_on_in_a_copy()
    started = time.perf_counter()
    rows.load_registrations(rows.FEW, rows.MANY)
    rows.load_crowd()
    print(
        f"{durability()}, {os.cpu_count()} cores, which the client shares. Loaded {rows.MANY:,} registrations in "
        f"{time.perf_counter() - started:.0f} s. Medians of {options.requests} requests, in turn.",
        flush=True,
    )
    with serving(few_rows, options) as few, serving(many_rows, options) as many:
        found = [compare((few, page), (many, page), sessions, options.requests) for page in PAGES]
        print(f"\n{table(f'{rows.FEW:,} registrations', f'{rows.MANY:,}', found)}", flush=True)
        empty, crowded = event_page(rows.EMPTY_EVENT), event_page(rows.CROWDED_EVENT)
        event = compare((many, empty), (many, crowded), sessions, options.requests)
        print(f"\n{table('nobody registered', f'{rows.CROWD:,} people', [event])}", flush=True)
    faults = sorted({fault for one in [*found, event] for fault in one.faults})
    print("\n" + ("\n".join(faults) or "Every page showed what it should."))
    return 1 if faults else 0


@contextmanager
def serving(database_url: str, options: Namespace) -> Iterator[int]:
    os.environ["DATABASE_URL"] = database_url
    with gunicorn(options.workers, options.threads) as port:
        yield port


Asked = tuple[int, Page]  # at which port, for what


def compare(few: Asked, many: Asked, sessions: dict[int, str], requests: int) -> Found:
    """So many requests of each, in turn: what slows the machine for a while slows both sides."""
    faults = set()
    took: tuple[list[float], list[float]] = ([], [])
    # A connection for each page: gunicorn hangs up on one that is idle for some seconds.
    with closing(Connection(few[0])) as to_few, closing(Connection(many[0])) as to_many:
        for _ in range(WARM_UP + requests):
            for connection, (_, page), times in zip((to_few, to_many), (few, many), took, strict=True):
                milliseconds, fault = measure(connection, page, sessions[page.who])
                times.append(milliseconds)
                faults |= {fault} - {""}
    few_median, many_median = (median(times[WARM_UP:]) for times in took)
    return Found(many[1].title, (few_median, many_median), faults)


def measure(connection: Connection, page: Page, session: str) -> tuple[float, str]:
    """The milliseconds of one request, and what was wrong with the answer."""
    request = f"GET {page.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid={session}\r\n\r\n"
    started = time.perf_counter()
    status, body = ask(connection, request.encode())
    milliseconds = 1000 * (time.perf_counter() - started)
    if status == 200 and page.shows.encode() in body:
        return milliseconds, ""
    return milliseconds, f"{page.title} ({page.path}): not a page with “{page.shows}”, status {status}"


def sign_in(user_id: int) -> str:
    """The key of a session, as signing in makes it."""
    client = Client()
    client.force_login(User.objects.get(pk=user_id))
    return client.cookies["sessionid"].value


def table(few: str, many: str, found: Iterable[Found]) -> str:
    """As Markdown."""
    rule = line("-" * PAGE_WIDTH, *["-" * (CELL_WIDTH - 1) + ":"] * 3)
    return "\n".join([line("median, ms", few, many, "ratio"), rule, *(one.row() for one in found)])


def line(title: str, *cells: str) -> str:
    return f"| {title:<{PAGE_WIDTH}} | {' | '.join(f'{cell:>{CELL_WIDTH}}' for cell in cells)} |"
