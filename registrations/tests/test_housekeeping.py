"""`manage.py housekeeping`: each chore does its own, says how much, and stands in nobody's way."""

import io
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.services.jwt import issue_tokens, refresh
from eventhub.testing.concurrency import race
from events.models import Event
from registrations.services import housekeeping

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KNOWN = {
    "event statuses updated": "events",
    "expired refresh tokens deleted": "tokens",
    "expired cache entries deleted": "cache",
    "expired back office sessions deleted": "sessions",
}

pytestmark = pytest.mark.django_db


def run(*arguments):
    """The lines that the command wrote, those of its errors, and its exit status."""
    out, errors = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command("housekeeping", *arguments, stdout=out, stderr=errors, no_color=True)
    except CommandError as problem:
        status = problem.returncode
    return out.getvalue().splitlines(), errors.getvalue().splitlines(), status


def lines(prefix="", **counts):
    """What it says, of chores that found nothing as well."""
    return [f"{prefix}{chore.what}: {counts.get(KNOWN.get(chore.what), 0)}" for chore in housekeeping.CHORES]


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def tokens(bob, now):
    """One that has expired and was used up, one that has expired, and one that is good."""
    used_up = issue_tokens(bob, auth_time=0)["refresh"]
    refresh(used_up)
    issue_tokens(bob, auth_time=0)
    first, second, good = OutstandingToken.objects.order_by("pk")
    OutstandingToken.objects.filter(pk__in=[first.pk, second.pk]).update(expires_at=now - DAY)
    assert list(BlacklistedToken.objects.values_list("token_id", flat=True)) == [first.pk]
    return first, second, good


@pytest.fixture
def house(make_event, olga, now, tokens):
    """Something for each chore, and beside it what has to stay."""
    cache.set("kept", 1, 3600)
    cache.set("gone", 1, 3600)
    Session.objects.create(session_key="kept", session_data="", expire_date=now + HOUR)
    Session.objects.create(session_key="gone", session_data="", expire_date=now - HOUR)
    with connection.cursor() as cursor:
        past = connection.ops.adapt_datetimefield_value((now - HOUR).replace(microsecond=0))
        cursor.execute("UPDATE eventhub_cache SET expires = %s WHERE cache_key LIKE '%%gone'", [past])
    over = make_event(olga, date_time=now - DAY, end_time=now - HOUR, slug="over")
    to_come = make_event(olga, slug="to-come")
    return over, to_come


def what_is_there():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM eventhub_cache ORDER BY cache_key")
        cached = [key.rpartition(":")[2] for (key,) in cursor.fetchall()]
    return (
        list(Event.objects.order_by("pk").values_list("status", flat=True)),
        OutstandingToken.objects.count(),
        BlacklistedToken.objects.count(),
        cached,
        list(Session.objects.order_by("session_key").values_list("session_key", flat=True)),
    )


BEFORE = (["upcoming", "upcoming"], 3, 1, ["gone", "kept"], ["gone", "kept"])
AFTER = (["completed", "upcoming"], 1, 0, ["kept"], ["kept"])


def test_each_chore_does_its_own_and_says_how_much(house):
    assert what_is_there() == BEFORE
    assert run() == (lines(events=1, tokens=2, cache=1, sessions=1), [], 0)
    assert what_is_there() == AFTER


def test_a_second_run_finds_nothing_to_do(house):
    run()
    assert run() == (lines(), [], 0)
    assert what_is_there() == AFTER


def test_a_dry_run_says_the_same_and_writes_nothing(house):
    assert run("--dry-run") == (lines("Dry run: ", events=1, tokens=2, cache=1, sessions=1), [], 0)
    assert what_is_there() == BEFORE


def test_a_token_that_expires_in_this_moment_stays(tokens, now):
    """Somebody may just be using it up."""
    OutstandingToken.objects.update(expires_at=timezone.now() - timedelta(seconds=30))
    assert run() == (lines(), [], 0)
    assert OutstandingToken.objects.count() == 3


@pytest.mark.parametrize("problem", [OperationalError("canceling statement due to lock timeout"), ValueError("no")])
def test_a_chore_that_fails_does_not_stop_the_others(house, monkeypatch, problem):
    def failing(*, now, dry_run):
        raise problem

    first, *others = housekeeping.CHORES
    monkeypatch.setattr(housekeeping, "CHORES", (first._replace(do=failing), *others))
    said, errors, status = run()
    assert said == lines(tokens=2, cache=1, sessions=1)[1:]
    assert (errors, status) == ([f"{first.what}: failed ({type(problem).__name__}: {problem})"], 1)
    assert what_is_there() == (BEFORE[0], *AFTER[1:])


def test_an_event_that_fails_does_not_stop_the_others(make_event, olga, now, monkeypatch):
    from registrations.services import event_lifecycle

    bad, good = (make_event(olga, date_time=now - DAY, end_time=now - HOUR, slug=slug) for slug in ("bad", "good"))
    edit_event = event_lifecycle.edit_event

    def failing(*, event_id, **changes):
        if event_id == bad.pk:
            raise OperationalError("canceling statement due to lock timeout")
        return edit_event(event_id=event_id, **changes)

    monkeypatch.setattr(event_lifecycle, "edit_event", failing)
    said, errors, status = run()
    assert (said, len(errors), status) == (lines()[1:], 1, 1)
    assert [Event.objects.get(pk=event.pk).status for event in (bad, good)] == ["upcoming", "completed"]


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_a_chore_lost_is_made_again_for_the_next(house, monkeypatch):
    def losing(*, now, dry_run):
        connection.connection.close()
        connection.cursor().execute("SELECT 1")

    first, *others = housekeeping.CHORES
    monkeypatch.setattr(housekeeping, "CHORES", (first._replace(do=losing), *others))
    said, errors, status = run()
    assert (said, len(errors), status) == (lines(tokens=2, cache=1, sessions=1)[1:], 1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_each_thing_once(make_event, olga, bob, now):
    for _ in range(10):
        make_event(olga, date_time=now - DAY, end_time=now - HOUR)
        issue_tokens(bob, auth_time=0)
        Session.objects.create(session_key=f"s{_}", session_data="", expire_date=now - HOUR)
    OutstandingToken.objects.update(expires_at=now - DAY)
    keep = partial(housekeeping.run_chores, now=timezone.now(), dry_run=False)
    outcomes = race([lambda: list(keep()) for _ in range(3)])
    assert [outcome.problem for house in outcomes for outcome in house if outcome.problem] == []
    assert what_is_there() == (["completed"] * 10, 0, 0, [], [])
    assert sum(house[0].rows for house in outcomes) == 10


def test_where_the_cache_is_no_table_its_chore_finds_nothing(settings, house):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert run() == (lines(events=1, tokens=2, sessions=1), [], 0)
