"""Every list of the API: its envelope, its pages in both directions, and what it does with whatever is asked of it."""

import itertools
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import ServiceToken, User
from checkin.models import Checkpoint, Scan
from eventhub.testing.contract_client import document
from eventhub.testing.factories import EventFactory, RegistrationFactory, UserFactory
from eventhub.testing.responses import invalid, whole
from events.models import Event, Interest, Series, SeriesDate, Tag
from notifications.models import FanOut, Kind, Message, Notice
from registrations.models import CalendarFeed, Question, Registration

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
ROWS = 7

# Each list with the key of its rows, and the column behind each of its orders.
LISTS = {
    "/users/": ("user_id", {"username": "username", "created_at": "created_at"}),
    "/events/": ("event_id", {"date_time": "date_time", "title": "title", "created_at": "created_at"}),
    "/users/{ada}/events": ("event_id", {"date_time": "date_time", "title": "title", "created_at": "created_at"}),
    "/public/events/": ("event_id", {"date_time": "date_time", "title": "title", "created_at": "created_at"}),
    "/users/me/interests": ("event_id", {"date_time": "date_time", "title": "title", "created_at": "created_at"}),
    "/tags/": ("tag_id", {"name": "name"}),
    "/users/me/events": ("event_id", {"date_time": "date_time", "title": "title", "created_at": "created_at"}),
    "/attendees/": ("attendee_id", {"registration_date": "registration_date", "name": "name"}),
    "/events/{event}/attendees": ("attendee_id", {"registration_date": "registration_date", "name": "name"}),
    "/events/{event}/messages/": ("message_id", {"created_at": "created_at"}),
    "/series/": ("series_id", {"created_at": "created_at", "title": "title"}),
    "/series/{series}/events": ("event_id", {"date_time": "date_time", "title": "title", "created_at": "created_at"}),
    "/events/{event}/checkpoints/": ("checkpoint_id", {"name": "name"}),
    "/events/{event}/questions/": ("question_id", {"place": "place"}),
    "/events/{event}/scans": ("scan_id", {"scan_id": "id"}),
    "/attendees/{attendee}/notifications": ("notification_id", {"created_at": "created_at"}),
    "/users/me/tokens/": ("token_id", {"created_at": "created_at"}),
    "/users/me/calendar-feeds/": ("feed_id", {"created_at": "created_at"}),
}
DEFAULTS = {
    "/users/": "username",
    "/events/": "date_time",
    "/users/{ada}/events": "date_time",
    "/public/events/": "date_time",
    "/users/me/interests": "date_time",
    "/tags/": "name",
    "/users/me/events": "date_time",
    "/attendees/": "-registration_date",
    "/events/{event}/attendees": "-registration_date",
    "/events/{event}/messages/": "-created_at",
    "/series/": "-created_at",
    "/series/{series}/events": "date_time",
    "/events/{event}/checkpoints/": "name",
    "/events/{event}/questions/": "place",
    "/events/{event}/scans": "-scan_id",
    "/attendees/{attendee}/notifications": "-created_at",
    "/users/me/tokens/": "-created_at",
    "/users/me/calendar-feeds/": "-created_at",
}
MODELS = {
    "user_id": User,
    "event_id": Event,
    "tag_id": Tag,
    "attendee_id": Registration,
    "message_id": Message,
    "series_id": Series,
    "checkpoint_id": Checkpoint,
    "question_id": Question,
    "scan_id": Scan,
    "notification_id": Notice,
    "token_id": ServiceToken,
    "feed_id": CalendarFeed,
}
NOT_SEARCHED = {  # they are few, or name nobody
    "/tags/",
    *("/events/{event}/scans", "/events/{event}/gate-tokens/", "/events/{event}/questions/"),
    *("/events/{event}/messages/", "/events/{event}/checkpoints/", "/attendees/{attendee}/notifications"),
    *("/users/me/tokens/", "/users/me/calendar-feeds/", "/series/"),
}
each_list = pytest.mark.parametrize("template", LISTS)
each_searched_list = pytest.mark.parametrize("template", [one for one in LISTS if one not in NOT_SEARCHED])
each_order = pytest.mark.parametrize(
    ("template", "ordering"),
    [(template, f"{sign}{order}") for template, (_, orders) in LISTS.items() for order in orders for sign in ("", "-")],
)


@pytest.fixture(scope="module")
def rows(module_rows):
    """Seven rows in every list, in no order at all; texts and times are each shared by two or three of them."""
    ada = UserFactory(username="ada", role="admin")
    for n in range(ROWS - 1):
        UserFactory(username=f"account{(n * 5) % 7}")
    moments = [NOON + timedelta(hours=(n * 5) % 3) for n in range(ROWS)]
    for user, moment in zip(User.objects.order_by("pk"), moments, strict=True):
        User.objects.filter(pk=user.pk).update(created_at=moment)
    events = [EventFactory(organizer=ada, title=f"Talk {(n * 5) % 3}", date_time=moments[-n]) for n in range(ROWS)]
    for event, moment in zip(events, moments, strict=True):
        Event.objects.filter(pk=event.pk).update(created_at=moment)
    for n, event in enumerate(events):
        Interest.objects.create(user=ada, event=event)
        Tag.objects.create(slug=f"tag-{n}", name=f"Tag {(n * 5) % 3}", kind="category")
    for n, user in enumerate(User.objects.order_by("pk")):
        RegistrationFactory(event=events[0], user=user, name=f"Guest {(n * 5) % 3}", registration_date=moments[n])
    kept = {"user": ada, "bond": ada.get_session_auth_hash()}
    expires = {"expires_at": NOON + timedelta(days=365)}
    for n, moment in enumerate(moments):
        ServiceToken.objects.create(name="Website", digest=f"{n}", scopes=[], created_at=moment, **kept, **expires)
        CalendarFeed.objects.create(kind="events", digest=f"{n}", created_at=moment, **kept)
        Message.objects.create(event=events[0], by=ada, subject="News", body="...", recipients=0, created_at=moment)
    Question.objects.bulk_create(Question(event=events[0], text="?", place=(n * 5) % 3) for n in range(ROWS))
    for n in range(ROWS):
        door = Checkpoint.objects.create(event=events[0], name=f"Door {(n * 5) % 7}", is_entrance=n == 3)
        scan = {"kind": "in", "result": "ticket_unknown", "at": NOON}
        Scan.objects.create(event=events[0], checkpoint=door, nonce=UUID(int=n), **scan)
    for n, moment in enumerate(moments):
        about = {"rule": "FREQ=DAILY;COUNT=2", "time_zone": "UTC", "starts": NOON, "created_at": moment}
        about["template"] = {"max_capacity": 5}
        series = Series.objects.create(organizer=ada, title=f"Course {(n * 5) % 3}", **about)
    for event in events:
        SeriesDate.objects.create(series=series, event=event, original_start=NOON + timedelta(days=event.pk))
    registration = Registration.objects.get(user=ada)
    for n, moment in enumerate(moments):
        fan_out = FanOut.objects.create(key=f"{n}", kind=Kind.REMINDER, event=events[0], not_before=moment)
        about = {"kind": Kind.REMINDER, "priority": 3, "event": events[0], "registration": registration, "user": ada}
        Notice.objects.create(fan_out=fan_out, created_at=moment, **about)
    return {"ada": ada.pk, "event": events[0].pk, "series": series.pk, "attendee": registration.pk}


@pytest.fixture
def ada(db, rows):
    return User.objects.get(pk=rows["ada"])


@pytest.fixture
def lists(api, ada, rows):
    """Make a client for ada, an admin, and the path of a list."""
    return lambda template: (api(ada), template.format(**rows))


def expected(template, ordering):
    """The keys of all rows in an order, the key being the second criterion in the same direction."""
    model = MODELS[LISTS[template][0]]
    name = ordering.removeprefix("-")
    rows = sorted(model.objects.values_list(LISTS[template][1][name], "pk"), reverse=ordering.startswith("-"))
    return [pk for _, pk in rows]


def keys(template, answer):
    assert answer.status_code == 200
    assert list(answer.json()) == ["next", "previous", "results"]
    return [row[LISTS[template][0]] for row in answer.json()["results"]]


def relative(url):
    """A link as a path: links are absolute, to the host that was asked."""
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc) == ("http", "testserver")
    return f"{parts.path}?{parts.query}"


def walk(client, template, path, link="next"):
    """The pages from `path` on, each as its keys, and the answer that the last one was."""
    pages = []
    while True:
        answer = client.get(path)
        pages.append(keys(template, answer))
        if answer.json()[link] is None:
            return pages, answer
        path = relative(answer.json()[link])


def in_pages(rows, size):
    return [rows[n : n + size] for n in range(0, len(rows), size)]


# Walking -------------------------------------------------------------------------------------------------------------


@each_list
def test_a_list_that_fits_on_a_page_has_no_links(lists, template):
    client, path = lists(template)
    body = client.get(path).json()
    assert (body["next"], body["previous"], len(body["results"])) == (None, None, ROWS)


@each_searched_list
def test_an_empty_list_is_an_empty_page(lists, template):
    client, path = lists(template)
    answer = client.get(f"{path}?search=nothing-has-this-text")
    assert whole(answer) == (200, {"next": None, "previous": None, "results": []})


@each_list
def test_a_list_has_its_own_order(lists, template):
    client, path = lists(template)
    assert keys(template, client.get(path)) == expected(template, DEFAULTS[template])
    assert keys(template, client.get(f"{path}?ordering=")) == expected(template, DEFAULTS[template])


def test_the_compiled_first_page_shows_each_person_their_own_rows(api, person, make_event, enroll):
    """The first page is compiled once for each role, so it is asked for by two people of each role in turn."""
    people = [person(f"{role}{n}", role=role) for role in ("user", "organizer", "admin") for n in (1, 2)]
    events = [make_event(each, title=f"Talk of {each}") for each in people if each.is_organizer]
    for event in events:
        make_event(event.organizer, status="draft")
        enroll(event, people[event.pk % 2])
    paths = ["/events/", "/attendees/", *(f"/users/{each.organizer_id}/events" for each in events)]
    paths += [f"/events/{each.pk}/attendees" for each in events]
    for path, who in itertools.product(paths, people):
        first, every = api(who).get(path), api(who).get(f"{path}?ordering=&page_size=50")
        assert (first.status_code, first.json().get("results")) == (every.status_code, every.json().get("results"))


@each_order
def test_pages_are_walked_to_the_end_and_back(lists, template, ordering):
    """Forwards over every row once, and back over the same rows, with as many to a page."""
    client, path = lists(template)
    rows = expected(template, ordering)
    for size in (2, 3):
        pages, last = walk(client, template, f"{path}?ordering={ordering}&page_size={size}")
        assert pages == in_pages(rows, size)
        back, first = walk(client, template, relative(last.json()["previous"]), "previous")
        before_last = rows[: -len(pages[-1])]
        assert back == [page[::-1] for page in in_pages(before_last[::-1], size)]
        again, _ = walk(client, template, relative(first.json()["next"]))
        assert list(itertools.chain(back[-1], *again)) == rows


@each_list
def test_the_first_page_has_no_previous_and_the_last_no_next(lists, template):
    client, path = lists(template)
    first = client.get(f"{path}?page_size=4").json()
    second = client.get(relative(first["next"])).json()
    assert (first["previous"], second["next"]) == (None, None)
    back = client.get(relative(second["previous"])).json()
    assert (back["results"], back["previous"]) == (first["results"], None)


def test_a_page_that_is_just_full_is_the_last(lists):
    client, path = lists("/events/")
    assert client.get(f"{path}?page_size={ROWS}").json()["next"] is None
    first = client.get(f"{path}?page_size={ROWS - 1}").json()
    assert len(client.get(relative(first["next"])).json()["results"]) == 1


@each_list
def test_links_keep_the_question(lists, template):
    client, path = lists(template)
    first = client.get(f"{path}?page_size=2&ordering={DEFAULTS[template]}").json()
    second = client.get(relative(first["next"])).json()
    for link in (first["next"], second["next"], second["previous"]):
        query = parse_qs(urlsplit(link).query)
        assert query.pop("cursor")
        assert query == {"page_size": ["2"], "ordering": [DEFAULTS[template]]}


def test_links_keep_every_value_of_a_list(lists):
    client, path = lists("/events/")
    first = client.get(f"{path}?status=upcoming&status=draft&location=H%26&page_size=2&location=").json()
    assert first["errors"] == {"location": ["Give this parameter only once."]}
    first = client.get(f"{path}?status=upcoming&status=draft&location=all&page_size=2").json()
    query = parse_qs(urlsplit(first["next"]).query)
    assert query.pop("cursor")
    assert query == {"status": ["upcoming", "draft"], "location": ["all"], "page_size": ["2"]}


@pytest.mark.parametrize("ordering", ["date_time", "-title"])
def test_events_of_several_statuses_are_read_from_the_index_of_each(lists, ordering):
    client, path = lists("/events/")
    for n, pk in enumerate(Event.objects.values_list("pk", flat=True)):
        Event.objects.filter(pk=pk).update(status=("upcoming", "active", "completed")[n % 3])
    with CaptureQueriesContext(connection) as captured:
        pages, _ = walk(client, "/events/", f"{path}?status=active,upcoming&page_size=2&ordering={ordering}")
    over = set(Event.objects.filter(status="completed").values_list("pk", flat=True))
    assert pages == in_pages([pk for pk in expected("/events/", ordering) if pk not in over], 2)
    unions = {query["sql"].count("UNION ALL") for query in captured if "LIMIT 3" in query["sql"]}
    assert unions == {1 if connection.vendor == "postgresql" else 0}


def test_a_filtered_list_stays_filtered_over_its_pages(lists):
    client, _ = lists("/events/")
    pages, last = walk(client, "/events/", "/events/?search=talk%200&page_size=1&ordering=-created_at")
    found = Event.objects.filter(title="Talk 0").order_by("-created_at", "-pk").values_list("pk", flat=True)
    assert pages == [[pk] for pk in found]
    assert len(pages) > 2
    back, _ = walk(client, "/events/", relative(last.json()["previous"]), "previous")
    assert back == pages[-2::-1]


@pytest.mark.parametrize("path", ["/events/", "/events"])
def test_links_are_spelled_as_the_request_was(lists, path):
    client, _ = lists("/events/")
    assert urlsplit(client.get(f"{path}?page_size=1").json()["next"]).path == path


def test_links_go_to_the_host_that_was_asked(lists):
    client, path = lists("/events/")
    answer = client.get(f"{path}?page_size=1", headers={"host": "localhost:8000"}, secure=True)
    assert answer.json()["next"].startswith("https://localhost:8000/events/?")


# While others write --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ordering", ["date_time", "-date_time", "title", "-title"])
def test_rows_that_come_and_go_move_nobody_elses_page(lists, ada, make_event, ordering):
    """Everything that stays is seen once, whatever is written around the cursor between two pages."""
    client, path = lists("/events/")
    start = f"{path}?ordering={ordering}&page_size=2"
    before = expected("/events/", ordering)
    first = client.get(start).json()
    seen = [row["event_id"] for row in first["results"]]
    Event.objects.filter(pk__in=[before[0], before[1], before[3]]).delete()  # the cursor's own row among them
    for title, hours in (("Talk", -9), ("Talk 1", 1), ("Zzz", 9)):
        make_event(ada, title=title, date_time=NOON + timedelta(hours=hours))
    pages, last = walk(client, "/events/", relative(first["next"]))
    seen += itertools.chain(*pages)
    stayed = [pk for pk in before if pk not in {before[3]}]
    assert [pk for pk in seen if pk in stayed] == stayed
    assert len(seen) == len(set(seen))
    back, _ = walk(client, "/events/", relative(last.json()["previous"]), "previous")
    all_now = [pk for page in reversed(back) for pk in page] + pages[-1]
    assert all_now == expected("/events/", ordering)


def test_a_row_that_moves_is_found_at_its_new_place(lists):
    client, path = lists("/events/")
    rows = expected("/events/", "title")
    first = client.get(f"{path}?ordering=title&page_size=3").json()
    Event.objects.filter(pk=rows[0]).update(title="Zzz")
    pages, _ = walk(client, "/events/", relative(first["next"]))
    assert list(itertools.chain(*pages)) == [*rows[3:], rows[0]]


def test_a_page_whose_rows_are_all_gone_leads_back_to_the_beginning(lists):
    client, path = lists("/events/")
    rows = expected("/events/", "date_time")
    beginning = f"http://testserver{path}?page_size=4"
    first = client.get(beginning).json()
    second = client.get(relative(first["next"])).json()
    Event.objects.filter(pk__in=rows[:4]).delete()
    gone = client.get(relative(second["previous"]))
    assert whole(gone) == (200, {"next": beginning, "previous": None, "results": []})
    Event.objects.all().delete()
    gone = client.get(relative(first["next"]))
    assert whole(gone) == (200, {"next": None, "previous": beginning, "results": []})


# What a page costs ---------------------------------------------------------------------------------------------------


@each_order
def test_a_page_is_one_query_that_skips_and_counts_nothing(lists, django_assert_num_queries, template, ordering):
    client, path = lists(template)
    first = client.get(f"{path}?ordering={ordering}&page_size=3").json()
    of_a_row = template.startswith(("/users/{ada}/", "/events/{event}/", "/series/{series}/", "/attendees/{attendee}/"))
    asked = 1 if template.startswith("/public/") else 2 + of_a_row  # who asks; whose list it is; the page
    with django_assert_num_queries(asked) as queries:
        client.get(relative(first["next"]))
    sql = queries[-1]["sql"].upper()
    assert ("LIMIT 4" in sql, "OFFSET" in sql, "COUNT(" in sql) == (True, False, False)


# The size of a page --------------------------------------------------------------------------------------------------

NO_SIZE = invalid(page_size="Enter a whole number from 1 to 200.")


@each_list
def test_a_page_has_as_many_rows_as_asked(lists, template):
    client, path = lists(template)
    sizes = {"1": 1, "3": 3, "200": ROWS, "007": ROWS, "": ROWS}
    assert {size: len(client.get(f"{path}?page_size={size}").json()["results"]) for size in sizes} == sizes


@each_list
def test_another_size_is_an_error(lists, template):
    client, path = lists(template)
    sizes = ["0", "201", "-1", "1.5", "1e1", "x", "٣", "%2B1", "9" * 5000, "%00", "null", "1%202"]
    answers = {size: whole(client.get(f"{path}?page_size={size}")) for size in sizes}
    assert answers == dict.fromkeys(sizes, NO_SIZE)


def test_a_page_has_fifty_rows_unless_another_size_is_set(settings, lists, person):
    client, path = lists("/users/")
    UserFactory.create_batch(60)
    assert len(client.get(path).json()["results"]) == 50
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "PAGE_SIZE": 20}
    assert len(client.get(path).json()["results"]) == 20


# Cursors, orders and searches that are none --------------------------------------------------------------------------

NO_CURSOR = invalid(cursor="This cursor is not of this list.")


def cursor_of(client, url):
    return quote(parse_qs(urlsplit(client.get(url).json()["next"]).query)["cursor"][0])


@each_list
def test_a_cursor_that_is_none_is_an_error(lists, template):
    client, path = lists(template)
    cursors = ["x", "%00", "%FF", "a:b:c", "::", "é", "x" * 5000, "eyJhIjoxfQ", "null"]
    answers = {cursor: whole(client.get(f"{path}?cursor={cursor}")) for cursor in cursors}
    assert answers == dict.fromkeys(cursors, NO_CURSOR)


def test_a_link_stays_short_whatever_it_points_at(api, olga, make_event):
    """The worst: a title and a search of 255 letters of four bytes. gunicorn takes 8,190 bytes, nginx as many."""
    emoji = "".join(chr(0x1F400 + n) for n in range(255))
    events = [make_event(olga, title=emoji) for _ in range(3)]
    first = api(olga).get(f"/events/?ordering=title&page_size=1&search={quote(emoji)}").json()
    assert len(first["next"]) < 5000
    assert len(parse_qs(urlsplit(first["next"]).query)["cursor"][0]) < 1500
    pages, _ = walk(api(olga), "/events/", relative(first["next"]))
    assert pages == [[event.pk] for event in events[1:]]


@each_list
def test_a_cursor_that_was_changed_is_an_error(lists, template):
    client, path = lists(template)
    cursor = cursor_of(client, f"{path}?page_size=1")
    for n in (0, len(cursor) // 2, len(cursor) - 1):
        changed = cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :]
        assert whole(client.get(f"{path}?page_size=1&cursor={changed}")) == NO_CURSOR


@each_order
def test_a_cursor_of_another_order_is_an_error(lists, template, ordering):
    client, path = lists(template)
    cursor = cursor_of(client, f"{path}?page_size=1&ordering={ordering}")
    others = [f"{sign}{order}" for order in LISTS[template][1] for sign in ("", "-")]
    answers = {other: whole(client.get(f"{path}?ordering={other}&cursor={cursor}"))[0] for other in others}
    assert answers == {other: 200 if other == ordering else 400 for other in others}


def test_a_cursor_of_another_list_is_an_error(lists):
    paths = {"/users/": "created_at", "/events/": "created_at", "/attendees/": "registration_date"}
    client, _ = lists("/users/")
    for path, ordering in paths.items():
        cursor = cursor_of(client, f"{path}?page_size=1&ordering={ordering}")
        for other, other_ordering in paths.items():
            answer = client.get(f"{other}?ordering={other_ordering}&cursor={cursor}")
            assert answer.status_code == (200 if other == path else 400)


@each_list
def test_an_order_that_a_list_does_not_have_is_an_error(lists, template):
    client, path = lists(template)
    orders = list(LISTS[template][1])
    unknown = ["id", "-", f"--{orders[0]}", f"{orders[0]},{orders[0]}", f"{orders[0]}%00", "pk", "password", "user__id"]
    answers = {ordering: whole(client.get(f"{path}?ordering={ordering}")) for ordering in unknown}
    assert answers == dict.fromkeys(unknown, invalid(ordering=f"Choose one of {', '.join(orders)}."))


SEARCHES = {
    "a": "Enter at least 3 characters.",
    "%20ab%20": "Enter at least 3 characters.",
    "a" * 256: "Enter at most 255 characters.",
    "a+" * 2000: "Enter at most 255 characters.",
    "abc%00": "Null characters are not allowed.",
}


@each_searched_list
def test_a_search_that_is_too_short_too_long_or_no_text_is_an_error(lists, template):
    client, path = lists(template)
    answers = {search: whole(client.get(f"{path}?search={search}")) for search in SEARCHES}
    assert answers == {search: invalid(search=problem) for search, problem in SEARCHES.items()}


@each_searched_list
def test_any_other_search_is_answered(lists, template):
    client, path = lists(template)
    searches = ["", "%20%20%20%20", "xyz", "a+" * 127 + "b", "%25%5F%5C", "'\";--", "ß" * 255]
    assert {client.get(f"{path}?search={search}").status_code for search in searches} == {200}


@each_list
def test_a_parameter_that_a_list_does_not_know_or_take_twice_is_named(lists, template):
    client, path = lists(template)
    known = ", ".join(sorted(PARAMETERS[template]))
    unknown = f"Unknown parameter. Choose one of {known}."
    asked = {
        "page=2": {"page": unknown},
        "organizer=1&Search=abc": {"organizer": unknown, "Search": unknown},
        "%20ordering=": {" ordering": unknown},
        "=": {"": unknown},
        "page_size=5&page_size=5&offset=3": {"page_size": "Give this parameter only once.", "offset": unknown},
        "cursor=&cursor=": {"cursor": "Give this parameter only once."},
    }
    answers = {query: whole(client.get(f"{path}?{query}")) for query in asked}
    assert answers == {query: invalid(**problems) for query, problems in asked.items()}


# Anything at all -----------------------------------------------------------------------------------------------------

EVENT_FILTERS = [
    "status",
    "organizer_id",
    "series_id",
    "date_from",
    "date_to",
    "upcoming",
    "location",
    "tag",
    "has_seats",
]
PARAMETERS = {
    "/users/": ["role"],
    "/events/": EVENT_FILTERS,
    "/users/{ada}/events": EVENT_FILTERS,
    "/public/events/": EVENT_FILTERS,
    "/users/me/interests": EVENT_FILTERS,
    "/tags/": ["kind"],
    "/users/me/events": [*EVENT_FILTERS, "role"],
    "/attendees/": ["event_id", "user_id", "status"],
    "/events/{event}/attendees": ["event_id", "user_id", "status", "answers", "answers_complete"],
    "/events/{event}/messages/": [],
    "/series/": [],
    "/series/{series}/events": EVENT_FILTERS,
    "/events/{event}/checkpoints/": [],
    "/events/{event}/questions/": [],
    "/events/{event}/gate-tokens/": [],
    "/events/{event}/scans": ["checkpoint_id", "attendee_id", "gate_token_id", "result"],
    "/attendees/{attendee}/notifications": [],
    "/users/me/tokens/": [],
    "/users/me/calendar-feeds/": [],
}
SHARED = ["cursor", "ordering", "page_size"]
PARAMETERS = {path: [*own, *SHARED, *([] if path in NOT_SEARCHED else ["search"])] for path, own in PARAMETERS.items()}

near_times = st.from_regex(r"[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9:.,]{0,15}([+-][0-9:]{0,6}|Z)?)?", fullmatch=True)
near_numbers = st.from_regex(r"[+-]?[0-9]{1,40}([.e_][0-9]{1,5})?", fullmatch=True)
words = st.sampled_from(["true", "false", "draft", "admin", "registered", "-title", "username", "attendee"])
values = st.one_of(
    st.text().map(str.encode),
    st.binary(),
    near_times.map(str.encode),
    near_numbers.map(str.encode),
    words.map(str.encode),
)


def test_the_lists_of_the_document_are_the_lists_of_this_file():
    documented = {
        path: {parameter["name"] for parameter in operations["get"]["parameters"]} - {"id"}
        for path, operations in document()["paths"].items()
        if "page_size" in str(operations.get("get"))
    }
    here = {
        template.format(ada="{id}", event="{id}", series="{id}", attendee="{id}"): set(names)
        for template, names in PARAMETERS.items()
    }
    assert documented == here


@each_list
def test_nothing_that_a_list_is_asked_is_a_fault(lists, template):
    """A page or a 400 in the contract's form (the client looks), for any text or bytes in any parameter."""
    client, path = lists(template)

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(st.dictionaries(st.sampled_from(PARAMETERS[template]), values, min_size=1, max_size=3))
    @example({"date_from": b"4569-03-15T10:48:22+16:29"})
    @example({"date_to": b"0001-01-01T00:00:00+14:00"})
    @example({"date_to": b"9999-12-31"})
    def ask(parameters):
        query = "&".join(f"{name}={quote(value)}" for name, value in parameters.items())
        assert client.get(f"{path}?{query}").status_code in {200, 400}

    ask()
