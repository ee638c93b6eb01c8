"""What is asked at every size: each list for each kind of person, in every order, with every filter and search.

Orders, filters and searched fields are read from the views, so that a new one is measured without a word here; a new
filter only wants values to ask for.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db import connection

from accounts.models import User
from accounts.views.users import Users
from bench import scale_rows as rows
from bench import scale_words as words
from eventhub.api.pagination import Cursor
from eventhub.api.viewsets import ApiViewSet
from events.models import Event
from events.views import Events, UserEvents
from registrations.models import Registration
from registrations.views import Attendees, EventAttendees

ROLES = {
    "admin": rows.ADMIN,
    "organizer of 200 events": rows.BUSY,
    "organizer of old events": rows.QUIET,
    "organizer of crowds": rows.HOST,
    "user": rows.PERSON,
}
DEPTH, SHARE = 1_000_000, 0.9  # how far into a list the deep page is: so many rows, or so much of a shorter list
Query = dict[str, str]


class Listing(NamedTuple):
    """A list of the API: its path, its view, who asks, and what they are asked to be looked through for."""

    title: str
    path: str
    view: type[ApiViewSet]
    roles: tuple[str, ...]
    searches: tuple[str, ...]
    combined: tuple[Query, ...] = ()

    @property
    def model(self) -> Any:
        return self.view.queryset.model


class Case(NamedTuple):
    """One request; `position` (column, descending) makes it the deep page of that order."""

    listing: Listing
    role: str
    query: Query
    deep: bool

    @property
    def title(self) -> str:
        asked = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.listing.title}{f'?{asked}' if asked else ''}{' (deep)' if self.deep else ''}"

    @property
    def order(self) -> tuple[str, bool]:
        text = self.query.get("ordering", self.listing.view.default_ordering)
        return self.listing.view.orderings[text.removeprefix("-")], text.startswith("-")

    def path(self, **more: Any) -> str:
        """What is sent, in front of the rows of the present size."""
        query = {**self.query, **more}
        if self.deep:
            query["cursor"] = cursor(self)
        return f"{self.listing.path}?{urlencode(query)}"


SOON, LATER = (datetime.now(UTC) + timedelta(days=days) for days in (20, 21))
EVENT_SEARCHES = (words.RARE_TITLE, words.COMMON_TITLE, words.UNKNOWN, "candlelight jazz", words.COMMON_PLACE)
# Names that one in 50, one in 90 and one in 1,200 have; one that few have, and one that nobody has.
PEOPLE_SEARCHES = (words.COMMON_NAME, "gantner", "Gantnerson", "adil sato", words.RARE_NAME, words.UNKNOWN)
VALUES: dict[tuple[Any, str], tuple[str, ...]] = {
    (Event, "status"): ("draft", "upcoming", "completed", "cancelled"),
    (Event, "organizer_id"): (str(rows.BUSY), str(rows.QUIET)),
    (Event, "date_from"): (f"{SOON:%Y-%m-%d}",),
    (Event, "date_to"): (f"{SOON:%Y-%m-%d}",),
    (Event, "upcoming"): ("true", "false"),
    (Event, "location"): (words.RARE_PLACE, words.COMMON_PLACE),
    (Event, "has_seats"): ("true", "false"),
    (Registration, "event_id"): (str(rows.BUSY_EVENTS[0]), str(rows.CROWDS[0])),
    (Registration, "user_id"): (str(rows.PERSON),),
    (Registration, "status"): ("registered", "waitlisted", "attended", "cancelled"),
    (User, "role"): ("user", "organizer", "admin"),
}
COMBINED_EVENTS = (
    {"upcoming": "true", "has_seats": "true"},
    {"status": "upcoming", "has_seats": "false"},
    {"status": "upcoming", "location": words.COMMON_PLACE},
    {"upcoming": "true", "search": words.COMMON_TITLE},
    {"date_from": f"{SOON:%Y-%m-%d}", "date_to": f"{LATER:%Y-%m-%d}"},
)
COMBINED_PEOPLE = ({"status": "attended", "search": words.COMMON_NAME},)
READERS = ("admin", "organizer of 200 events", "user")
LISTS = (
    Listing(
        "events", "/events/", Events, ("admin", "organizer of 200 events", "user"), EVENT_SEARCHES, COMBINED_EVENTS
    ),
    Listing("attendees", "/attendees/", Attendees, tuple(ROLES), PEOPLE_SEARCHES, COMBINED_PEOPLE),
    Listing("users", "/users/", Users, ("admin",), ("zofia9", "adil", words.UNKNOWN, "example.org"), ()),
    Listing("users/N/events", f"/users/{rows.BUSY}/events", UserEvents, ("organizer of 200 events",), EVENT_SEARCHES),
    Listing(
        "events/N/attendees of a crowd",
        f"/events/{rows.CROWDS[1]}/attendees",
        EventAttendees,
        ("organizer of crowds",),
        PEOPLE_SEARCHES,
        COMBINED_PEOPLE,
    ),
)


def cases() -> Iterator[Case]:
    """Every list and role in every order, the first page and a deep one; every filter and search in every order."""
    for listing in LISTS:
        for role in listing.roles:
            for order, deep in itertools.product(orders(listing.view), (False, True)):
                yield Case(listing, role, ordered(order), deep)
            for narrowed in narrowings(listing):
                yield Case(listing, role, narrowed, deep=False)
                yield Case(listing, role, narrowed, deep=True)
                for order in other_orders(listing.view):
                    yield Case(listing, role, narrowed | ordered(order), deep=False)


def ordered(order: str) -> Query:
    return {"ordering": order} if order else {}


def orders(view: type[ApiViewSet]) -> list[str]:
    """The default order as nobody asks for it, turned round, and the others."""
    default = view.default_ordering
    turned = default.removeprefix("-") if default.startswith("-") else f"-{default}"
    return ["", turned, *other_orders(view)]


def other_orders(view: type[ApiViewSet]) -> list[str]:
    return [name for name in view.orderings if name != view.default_ordering.removeprefix("-")]


def narrowings(listing: Listing) -> Iterator[Query]:
    for name in listing.view.filterset_class.base_filters:
        yield from ({name: value} for value in VALUES[listing.model, name])
    yield from ({"search": text} for text in listing.searches)
    yield from listing.combined


def cursor(case: Case) -> str:
    """The position of a row that is far into the list, as the `next` of the page before it has it."""
    column, descending = case.order
    value, pk = position(connection.settings_dict["NAME"], case._replace(query={}), column, descending)
    return Cursor(value, pk, False).to_text(f"{case.listing.model._meta.label}:{column}:{descending}")


POSITIONS: dict[Any, tuple[Any, int]] = {}  # which take a while to find


def position(database: str, case: Case, column: str, descending: bool) -> tuple[Any, int]:
    key = (database, case.listing.title, case.role, column, descending)
    if key not in POSITIONS:
        ordered = scope(case).order_by(*(f"-{name}" if descending else name for name in (column, "pk")))
        far = min(DEPTH, int(SHARE * ordered.count()))
        POSITIONS[key] = ordered.values_list(column, "pk")[far]
    return POSITIONS[key]


def scope(case: Case) -> Any:
    """The rows of the list before it is narrowed, said plainly."""
    who = ROLES[case.role]
    if case.listing.view is EventAttendees:
        return Registration.objects.filter(event=rows.CROWDS[1])
    if case.listing.view is UserEvents:
        return Event.objects.filter(organizer=rows.BUSY)
    if case.listing.view is Attendees and who == rows.PERSON:
        return Registration.objects.filter(user=who)
    if case.listing.view is Attendees and who != rows.ADMIN:
        return Registration.objects.filter(event__organizer=who)
    return case.listing.model.objects.all()
