"""Who may read /metrics, and what becomes of the counters when something happens."""

import re
from ipaddress import ip_network

import pytest
from django.db import OperationalError, transaction
from django.test import Client, RequestFactory

from eventhub import tasks
from eventhub.observability import metrics
from eventhub.testing.responses import BAD_TOKEN, NO_HEADER, NO_PATH, NOT_ALLOWED, media, whole
from eventhub.wsgi import Application
from registrations.models import Registration
from registrations.selectors import dashboard
from registrations.services import seats

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TOKEN = "a-token-for-whoever-reads-metrics"


@pytest.fixture(autouse=True)
def counting(settings):
    settings.METRICS = True
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    metrics.counters.cache_clear()
    yield
    metrics.counters.cache_clear()


def read(**extra):
    """The samples of the page that are of ours, by name and labels."""
    answer = Client().get("/metrics", **extra)
    assert answer.status_code == 200, answer.content
    found = re.findall(r"^(eventhub_[^ ]+) ([0-9.e+-]+)$", answer.content.decode(), re.MULTILINE)
    return {name.removeprefix("eventhub_"): float(value) for name, value in found}


def counted(prefix):
    return {name: value for name, value in read().items() if name.startswith(prefix) and "_created" not in name}


# Who may read --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_without_the_setting_there_is_no_such_page(settings, verb, path):
    settings.METRICS = False
    assert whole(Client().generic(verb, path)) == NO_PATH


def test_the_page_is_what_prometheus_reads():
    answer = Client().get("/metrics")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    assert "no-store" in answer.headers["Cache-Control"]
    assert whole(Client().post("/metrics")) == media(405, 'Method "POST" not allowed.')


def test_with_a_token_whoever_has_it_may_read_and_nobody_else(settings):
    settings.METRICS_TOKEN = TOKEN
    for scheme in ("Bearer", "bearer"):
        assert read(headers={"authorization": f"{scheme} {TOKEN}"}, REMOTE_ADDR="203.0.113.9")
    assert whole(Client().get("/metrics")) == NO_HEADER
    assert whole(Client().get("/metrics", headers={"authorization": f"Basic {TOKEN}"})) == NO_HEADER
    for wrong in ("", "x", f"{TOKEN}x", TOKEN[:-1], "ä" * 16):
        assert whole(Client().get("/metrics", headers={"authorization": f"Bearer {wrong}"})) == BAD_TOKEN


def test_an_account_is_no_token(settings, api, ada):
    settings.METRICS_TOKEN = TOKEN
    assert whole(api(ada).get("/metrics")) == BAD_TOKEN


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_may_read(address):
    assert read(REMOTE_ADDR=address)


@pytest.mark.parametrize("address", ["203.0.113.9", "127.0.0.2", "2001:db8::1", "", "unix:", "127.0.0.1.example"])
def test_another_may_not(address):
    assert whole(Client().get("/metrics", REMOTE_ADDR=address)) == NOT_ALLOWED


@pytest.mark.parametrize(
    "header", [{"x-forwarded-for": "::1"}, {"forwarded": "for=127.0.0.1"}, {"x-real-ip": "127.0.0.1"}, {"via": "x"}]
)
def test_through_a_proxy_that_is_not_known_nobody_may(header):
    assert whole(Client().get("/metrics", headers=header, REMOTE_ADDR="127.0.0.1")) == NOT_ALLOWED


@pytest.mark.parametrize(
    ("forwarded", "may"),
    [
        ("10.1.2.3", True),
        ("203.0.113.9", False),
        ("10.1.2.3, 203.0.113.9", False),  # what the client wrote itself, and what the proxy saw
        ("203.0.113.9, 10.1.2.3", True),
    ],
)
def test_behind_a_proxy_its_word_counts_and_not_the_clients(settings, forwarded, may):
    settings.NUM_PROXIES, settings.METRICS_ADDRESSES = 1, [ip_network("10.1.0.0/16")]
    answer = Client().get("/metrics", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR="127.0.0.1")
    assert answer.status_code == (200 if may else 403)


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("127.0.0.1", "127.0.0.1", "200 OK"),
        ("127.0.0.1", "203.0.113.9", "403 Forbidden"),
        ("::ffff:127.0.0.1", "127.0.0.1", "200 OK"),
        ("", "127.0.0.1", "200 OK"),  # through a socket in the file system
        ("10.1.2.3", "127.0.0.1", "403 Forbidden"),
        ("2001:db8::1", "::1", "403 Forbidden"),
    ],
)
def test_an_address_counts_only_from_a_proxy_that_is_trusted(settings, peer, forwarded, status):
    settings.NUM_PROXIES = 1
    assert status_through_wsgi("/metrics", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded) == status


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", "200 OK"), ("10.1.2.3", "301 Moved Permanently")])
def test_a_scheme_counts_only_from_a_proxy_that_is_trusted(settings, peer, status):
    settings.NUM_PROXIES, settings.SECURE_SSL_REDIRECT = 1, True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert status_through_wsgi("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https") == status


def test_it_is_read_without_https(settings):
    settings.SECURE_SSL_REDIRECT = True
    assert read()


def status_through_wsgi(path, **environ):
    statuses = []
    request = RequestFactory().get(path, HTTP_HOST="testserver", **environ)
    Application()(request.environ, lambda status, headers: statuses.append(status)).close()
    return statuses[0]


# What is counted -----------------------------------------------------------------------------------------------------


def test_requests_by_route_verb_and_status(api, bob):
    api(bob).get("/users/me")
    api(bob).get("/users/me/")
    api().get("/users/me")
    for path in ("/no/such/path", "/nor/this"):
        api().get(path)
    api().send("BREW", "/users/me")
    assert counted("requests_total") == {
        'requests_total{method="GET",route="/users/me",status="200"}': 2,
        'requests_total{method="GET",route="/users/me",status="401"}': 1,
        'requests_total{method="GET",route="other",status="404"}': 2,
        'requests_total{method="other",route="/users/me",status="401"}': 1,
    }
    assert counted("request_seconds_count") == {
        'request_seconds_count{method="GET",route="/metrics"}': 1,
        'request_seconds_count{method="GET",route="/users/me"}': 3,
        'request_seconds_count{method="GET",route="other"}': 2,
        'request_seconds_count{method="other",route="/users/me"}': 1,
    }
    assert read()["requests_in_progress"] == 1


def seats_counted():
    names = ("registrations_", "cancellations_", "promotions_")
    return {name.replace("_total", ""): value for name, value in counted(names).items() if value}


def test_who_gets_in_who_does_not_and_who_moves_up(api, olga, bob, eve, otto, make_event):
    event = make_event(olga, max_capacity=1)
    body = {"event_id": event.pk}
    first = api(bob).post("/attendees/", body).json()["attendee_id"]
    for who in (bob, eve):
        api(who).post("/attendees/", body)
    api(eve).post("/attendees/", {**body, "status": "waitlisted"})
    assert seats_counted() == {
        'registrations{outcome="registered"}': 1,
        'registrations{outcome="waitlisted"}': 1,
        'registrations_refused{code="already_registered"}': 1,
        'registrations_refused{code="event_full"}': 1,
    }
    api(bob).patch(f"/attendees/{first}", {"status": "cancelled"})
    api(bob).patch(f"/attendees/{first}", {"status": "cancelled"})
    api(olga).patch(f"/events/{event.pk}", {"max_capacity": 2})
    api(bob).patch(f"/attendees/{first}", {"status": "registered"})
    api(bob).patch(f"/attendees/{first}", {"name": "Bob"})
    api(bob).delete(f"/attendees/{first}")
    assert seats_counted() == {
        'registrations{outcome="registered"}': 2,
        'registrations{outcome="waitlisted"}': 1,
        'registrations_refused{code="already_registered"}': 1,
        'registrations_refused{code="event_full"}': 1,
        "cancellations": 2,
        "promotions": 1,
    }


def test_seats_that_are_added_are_given_to_the_queue(api, olga, make_event, enroll):
    event = make_event(olga, full=True)
    for _ in range(3):
        enroll(event, status="waitlisted")
    api(olga).patch(f"/events/{event.pk}", {"max_capacity": 3})
    assert seats_counted() == {"promotions": 2}


def test_what_is_rolled_back_is_not_counted(olga, bob, eve, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    held = enroll(event, bob)
    enroll(event, eve, status="waitlisted")
    with transaction.atomic():
        seats.cancel(registration=held, by=bob)
        transaction.set_rollback(True)
    assert (seats_counted(), Registration.objects.get(pk=held.pk).status) == ({}, "registered")


def test_without_the_setting_nothing_is_counted(settings, api, olga, bob, make_event):
    settings.METRICS = False
    body = {"event_id": make_event(olga, max_capacity=1).pk}
    assert [api(bob).post("/attendees/", body).status_code for _ in range(2)] == [201, 409]
    assert metrics.counters.cache_info().currsize == 0
    settings.METRICS = True
    assert seats_counted() == {}
    assert counted("requests_total") == {'requests_total{method="GET",route="/metrics",status="200"}': 1}


# What is asked for ---------------------------------------------------------------------------------------------------


@tasks.task
def idle():
    pass


GAUGES = ("events_to_come", "seats", "seats_taken", "queue_length", "tasks_waiting", "database_up")


def test_events_to_come_their_seats_and_queues(olga, otto, make_event, enroll):
    first, second = make_event(olga, max_capacity=2), make_event(otto, max_capacity=5, status="active")
    make_event(olga, status="draft")
    make_event(olga, status="cancelled")
    tasks.later(idle)
    for event, status in ((first, "registered"), (first, "attended"), (first, "waitlisted"), (second, "registered")):
        enroll(event, status=status)
    found = read()
    assert [found[name] for name in GAUGES] == [2, 7, 3, 1, 1, 1]
    assert found['build_info{version="1.0.0"}'] == 1


def test_the_page_on_monitoring_names_every_metric(settings):
    page = (settings.BASE_DIR / "docs" / "monitoring.md").read_text().split("\n## Metrics\n")[1].split("\n## ")[0]
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `eventhub_"))
    shown = re.findall(r"^# TYPE (\w+)", Client().get("/metrics").content.decode(), re.MULTILINE)
    named = re.findall(r"`(eventhub_\w+)", rows)
    assert sorted(named) == sorted(name for name in shown if not name.endswith("_created"))


def test_while_the_database_is_away_the_rest_is_still_told(monkeypatch):
    def away(**kwargs):
        raise OperationalError("the secret")

    monkeypatch.setattr(dashboard, "get_totals", away)
    found = read()
    assert [found.get(name) for name in GAUGES] == [None, None, None, None, 0, 0]
