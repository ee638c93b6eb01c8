"""The lists that are measured at every size: paths, people who ask, orders, filters and searches."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db import connection

from accounts.models import User
from bench import scale_rows as rows
from eventhub.api.pagination import Cursor
from events.models import Event
from registrations.models import Registration

PEOPLE = {
    "admin": rows.ADMIN,
    "organizer of 200 events": rows.BUSY,
    "organizer of old events": rows.QUIET,
    "organizer of crowds": rows.HOST,
    "user": rows.PERSON,
}
DEPTH, SHARE = 1_000_000, 0.9  # a deep page begins so far into the list, or so far into a shorter one
Query = dict[str, str]


class Listing(NamedTuple):
    """A list of the API. The first of `orders` is the default, `scope` are the rows that somebody sees in it."""

    title: str
    path: str
    scope: Callable[[int], Any]
    people: tuple[str, ...]
    orders: tuple[str, ...]
    filters: dict[str, tuple[str, ...]]
    searches: tuple[str, ...]
    combined: tuple[Query, ...] = ()


class Case(NamedTuple):
    """One page of a list."""

    listing: Listing
    who: str
    query: Query
    deep: bool = False

    @property
    def title(self) -> str:
        asked = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.listing.title}{f'?{asked}' if asked else ''}{' (deep)' if self.deep else ''}"

    def path(self) -> str:
        """Return the request for the database of the present size."""
        query = dict(self.query)
        if self.deep:
            order = query.get("ordering", self.listing.orders[0])
            query["cursor"] = deep_cursor(connection.settings_dict["NAME"], self.listing.title, self.who, order)
        return f"{self.listing.path}?{urlencode(query)}" if query else self.listing.path


def attendees_of(user_id: int) -> Any:
    if user_id == rows.ADMIN:
        return Registration.objects.all()
    field = "user" if user_id == rows.PERSON else "event__organizer"
    return Registration.objects.filter(**{field: user_id})


SOON, LATER = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (20, 21))
EVENT_ORDERS = ("date_time", "-date_time", "title", "created_at")
EVENT_FILTERS = {
    "status": ("upcoming", "completed", "cancelled", "draft"),
    "organizer_id": (str(rows.BUSY), str(rows.QUIET)),
    "date_from": (SOON,),
    "date_to": (SOON,),
    "upcoming": ("true", "false"),
    "location": (rows.RARE_PLACE, rows.COMMON_PLACE),
    "has_seats": ("true", "false"),
}
EVENT_SEARCHES = (rows.RARE_TITLE, rows.COMMON_TITLE, rows.UNKNOWN, "candlelight jazz")
EVENTS_COMBINED = (
    {"upcoming": "true", "has_seats": "true"},
    {"status": "upcoming", "location": rows.COMMON_PLACE},
    {"upcoming": "true", "search": rows.COMMON_TITLE},
    {"date_from": SOON, "date_to": LATER},
)
ATTENDEE_ORDERS = ("-registration_date", "registration_date", "name")
STATUSES = {"status": ("registered", "waitlisted", "attended", "cancelled")}
ATTENDEE_FILTERS = {**STATUSES, "event_id": (str(rows.BUSY_EVENTS[0]), str(rows.CROWDS[0]))}
ATTENDEE_SEARCHES = (rows.COMMON_NAME, "adil sato", rows.RARE_NAME, rows.UNKNOWN)
ATTENDEES_COMBINED = (
    {"status": "attended", "search": rows.COMMON_NAME},
    {"status": "registered", "ordering": "name"},
)
LISTS = (
    Listing(
        *("events", "/events/", lambda user_id: Event.objects.all(), ("admin", "organizer of 200 events", "user")),
        *(EVENT_ORDERS, EVENT_FILTERS, EVENT_SEARCHES, EVENTS_COMBINED),
    ),
    Listing(
        *("users/N/events", f"/users/{rows.BUSY}/events", lambda user_id: Event.objects.filter(organizer=rows.BUSY)),
        *(("organizer of 200 events",), EVENT_ORDERS, {"upcoming": ("true", "false")}, EVENT_SEARCHES),
    ),
    Listing(
        *("attendees", "/attendees/", attendees_of, tuple(PEOPLE), ATTENDEE_ORDERS),
        *(ATTENDEE_FILTERS, ATTENDEE_SEARCHES, ATTENDEES_COMBINED),
    ),
    Listing(
        *("events/N/attendees of a crowd", f"/events/{rows.CROWDS[1]}/attendees"),
        lambda user_id: Registration.objects.filter(event=rows.CROWDS[1]),
        *(("organizer of crowds",), ATTENDEE_ORDERS, STATUSES, ATTENDEE_SEARCHES, ATTENDEES_COMBINED),
    ),
    Listing(
        *("users", "/users/", lambda user_id: User.objects.all(), ("admin",), ("username", "-username", "created_at")),
        *({"role": ("user", "organizer", "admin")}, ("zofia9", "adil", rows.UNKNOWN)),
    ),
)


def cases() -> Iterator[Case]:
    """Yield every list for everybody who has it: first and deep page in each order, then each filter and search."""
    for listing in LISTS:
        for who in listing.people:
            for order in listing.orders:
                query = {"ordering": order} if order != listing.orders[0] else {}
                yield Case(listing, who, query)
                yield Case(listing, who, query, deep=True)
            for name, values in listing.filters.items():
                yield from (Case(listing, who, {name: value}) for value in values)
            yield from (Case(listing, who, {"search": text}) for text in listing.searches)
            yield from (Case(listing, who, query) for query in listing.combined)


@cache
def deep_cursor(database: str, title: str, who: str, order: str) -> str:
    """Return the cursor of a row far into the list, as the `next` of the page before it has it."""
    listing = next(listing for listing in LISTS if listing.title == title)
    column, descending = order.removeprefix("-"), order.startswith("-")
    scope = listing.scope(PEOPLE[who])
    far = min(DEPTH, int(SHARE * scope.count()))
    ordered = scope.order_by(*(f"-{name}" if descending else name for name in (column, "pk")))
    value, pk = ordered.values_list(column, "pk")[far]
    return Cursor(value, pk, False).to_text(f"{scope.model._meta.label}:{column}:{descending}")
