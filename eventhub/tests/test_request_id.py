"""The id of a request, and the lines that are written of it."""

import io
import json
import logging
import re

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from eventhub.http import request_id
from eventhub.observability import logging as logs
from eventhub.observability.redaction import method_of, route_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

MADE_HERE = re.compile("[0-9a-f]{32}")


@pytest.fixture
def written(settings):
    """What the log holds as JSON, line by line."""
    settings.LOG_FORMAT = "json"
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(logs.JsonFormatter())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def requests_of(lines):
    """The lines about requests, without what differs from one run to the next."""
    names = ("user_id", "route", "method", "status", "queries")
    return [tuple(line[name] for name in names) for line in lines if line["logger"] == "eventhub.requests"]


# The id --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["7", "Root=1-67891233-abcdef012345678912345678", "a.b_c-D" * 18])
def test_an_id_that_came_with_the_request_is_kept(given):
    assert Client().get("/healthz", headers={"x-request-id": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["", "x" * 129, "two words", "bob@example.org", "a\tb", 'a"b', "a\\b", "a/b", "é", "<b>", "a;b", "a\r\nb"]
)
def test_another_is_replaced(given):
    answer = Client().get("/healthz", headers={"x-request-id": given})
    assert MADE_HERE.fullmatch(answer.headers["X-Request-ID"])


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/healthz", 200),
        ("GET", "/events/", 401),
        ("POST", "/users/login", 400),
        ("DELETE", "/schema/", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/metrics", 404),
        ("GET", "/admin/", 302),
        ("GET", "/admin/nowhere/", 302),
        ("POST", "/admin/login/", 200),
        ("GET", "/static/eventhub/admin.css", 200),
        ("GET", "/static/nowhere", 404),
        ("GET", "/docs/", 200),
    ],
)
def test_every_answer_has_one(verb, path, status):
    answer = Client().generic(verb, path, content_type="application/json")
    assert (answer.status_code, bool(MADE_HERE.fullmatch(answer.headers["X-Request-ID"]))) == (status, True)
    answer.close()


def test_two_requests_have_two():
    first, second = (Client().get("/healthz").headers["X-Request-ID"] for _ in range(2))
    assert first != second


def test_an_answer_that_no_view_gives_has_one(settings):
    settings.SECURE_SSL_REDIRECT = True
    answers = Client().get("/events/"), Client().get("/healthz", headers={"host": "elsewhere.example"})
    assert [answer.status_code for answer in answers] == [301, 400]
    assert all(MADE_HERE.fullmatch(answer.headers["X-Request-ID"]) for answer in answers)


# The line of a request -----------------------------------------------------------------------------------------------


def test_as_text_there_is_no_line_of_a_request(settings, written):
    settings.LOG_FORMAT = "text"
    Client().get("/healthz")
    assert written() == []


def test_a_request_is_one_line(written, api, bob):
    answer = api(bob).get("/users/me")
    (line,) = written()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line.pop("milliseconds") > 0
    assert line.pop("process") > 0
    assert line == {
        "level": "INFO",
        "logger": "eventhub.requests",
        "message": "request",
        "request_id": answer.headers["X-Request-ID"],
        "user_id": bob.pk,
        "route": "/users/me",
        "method": "GET",
        "status": 200,
        "queries": 1,
    }


@pytest.mark.django_db(transaction=True)
def test_a_line_says_who_which_route_how_and_with_how_many_statements(written, api, bob, olga, make_event):
    event = make_event(olga)
    api(bob).get(f"/events/{event.pk}?secret=1")
    api(bob).post("/attendees", {"event_id": event.pk})
    api(bob).post("/attendees/", {"event_id": event.pk})
    api().get("/users/me")
    api().get("/no/such/path")
    api().send("BREW", "/events/")
    assert requests_of(written()) == [
        (bob.pk, "/events/{id}", "GET", 200, 2),
        (bob.pk, "/attendees/", "POST", 201, 3),
        (bob.pk, "/attendees/", "POST", 409, 2),
        (None, "/users/me", "GET", 401, 0),
        (None, "other", "GET", 404, 0),
        (None, "/events/", "other", 401, 0),
    ]


def test_in_the_back_office_the_session_says_who(written, office, ada, make_event):
    event = make_event(ada)
    office(ada).get(f"/admin/events/event/{event.pk}/change/")
    Client().get("/admin/login/")
    Client().get("/admin/static")
    lines = requests_of(written())
    assert [line[:4] for line in lines] == [
        (ada.pk, "/admin/events/event/{object_id}/change/", "GET", 200),
        (None, "/admin/login/", "GET", 200),
        (None, "other", "GET", 302),
    ]


def test_an_answer_that_is_sent_piece_by_piece_is_a_line_when_it_has_been_sent(written, office, ada, make_event):
    make_event(ada)
    answer = office(ada).get("/admin/events/event/export/csv/")
    before = requests_of(written())
    b"".join(answer.streaming_content)
    answer.close()
    assert (before, [line[1] for line in requests_of(written())]) == ([], ["/admin/events/event/export/{kind}/"])


def test_the_session_is_not_asked_for_the_sake_of_the_log(django_assert_num_queries, bob):
    request = RequestFactory().get("/admin/")
    request.user = SimpleLazyObject(lambda: User.objects.get())
    with django_assert_num_queries(0):
        assert request_id.user_id_of(request) is None
    request._cached_user = bob
    assert request_id.user_id_of(request) == bob.pk


# Addresses -----------------------------------------------------------------------------------------------------------


def test_nothing_is_written_of_where_a_client_is(written, api, bob):
    api(bob).get("/users/me", REMOTE_ADDR="203.0.113.9")
    assert "203.0.113.9" not in json.dumps(written())


@pytest.mark.parametrize(("proxies", "seen"), [(0, "10.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.1")])
def test_an_operator_may_have_it_as_far_as_the_proxies_are_known(settings, written, proxies, seen):
    settings.LOG_CLIENT_ADDRESS = True
    settings.NUM_PROXIES = proxies
    forwarded = {"x-forwarded-for": "6.6.6.6, 198.51.100.1, 203.0.113.9"}
    Client().get("/healthz", headers=forwarded, REMOTE_ADDR="10.0.0.1")
    assert [line["address"] for line in written()] == [seen]


# Routes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/events/7", "/events/{id}"),
        ("/events/7/", "/events/{id}"),
        ("/events", "/events/"),
        ("/users/3/organizer/", "/users/{id}/organizer"),
        ("/events/bob@example.org", "other"),
        ("/admin/accounts/user/bob@example.org/change/", "/admin/accounts/user/{object_id}/change/"),
        ("/admin/bob@example.org/", "other"),
        ("/docs", "/docs/"),
    ],
)
def test_a_route_is_a_pattern_in_the_contracts_spelling(path, route):
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path)
    assert route_of(request) == route


def test_what_is_no_route_has_one_name():
    request = RequestFactory().generic("BREW", "/bob@example.org")
    assert (method_of(request), route_of(request)) == ("other", "other")
    assert route_of(RequestFactory().get("/static/eventhub/bob@example.org")) == "/static/"
