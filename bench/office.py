"""The pages of the back office at several sizes, in turn: `python -m bench office --sizes 1000 100000`.

The rows are those of `bench scale`. Exits 1 where a page does not show what it should.
"""

from argparse import Namespace
from collections.abc import Iterator

from django.test import Client

from accounts.models import User
from bench import scale_rows as rows
from bench.in_process import answer
from bench.requests import request
from bench.scale import Action, Work, measure
from bench.scale_databases import Sizes

ADMIN, ORGANIZER = ("admin", rows.ADMIN), ("organizer", rows.BUSY)
EVENTS, REGISTRATIONS = "/admin/events/event/", "/admin/registrations/registration/"
PAGES = (
    *((title, who, path, shows) for who in (ADMIN, ORGANIZER) for title, path, shows in (
        ("dashboard", "/admin/", "ext events"),
        ("events", f"{EVENTS}?when=all", ", no. "),
        ("registrations", REGISTRATIONS, "@example.org"),
        ("search: a common name", f"{REGISTRATIONS}?q={rows.COMMON_NAME}", rows.COMMON_NAME),
    )),
    ("search: a rare name", ADMIN, f"{REGISTRATIONS}?q=Quillfeather", rows.RARE_NAME),
    ("an event", ORGANIZER, f"{EVENTS}{rows.BUSY_EVENTS[0]}/change/", "no. 1"),
    ("an event with a crowd", ("organizer of crowds", rows.HOST), f"{EVENTS}{rows.CROWDS[1]}/change/", "no. 222"),
)  # fmt: skip


def run(options: Namespace) -> int:
    sizes = Sizes(options.sizes)
    measure(sizes, (one for one in pages() if not options.match or options.match in one.title), options)
    return 0


def pages() -> Iterator[Work]:
    for title, (who, user_id), path, shows in PAGES:
        yield Work(title, who, lambda user_id=user_id, path=path, shows=shows: opening(user_id, path, shows))


def opening(user_id: int, path: str, shows: str) -> Action:
    client = Client()
    client.force_login(User.objects.get(pk=user_id))
    message = request("GET", path, headers={"Cookie": f"sessionid={client.cookies['sessionid'].value}"})

    def action() -> None:
        status, body = answer(message)
        if status != 200 or shows.encode() not in body:
            raise SystemExit(f"{path}: not a page with “{shows}”, status {status}")

    return action
