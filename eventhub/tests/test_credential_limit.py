"""Counts that stand between an attacker and a password: exact, however many come at once, in every kind of cache."""

import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventhub.api import credential_limit
from eventhub.testing.concurrency import race
from eventhub.testing.postgresql_clusters import until
from eventhub.testing.responses import UNAVAILABLE, whole

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NO_REDIS = "redis://127.0.0.1:1/0"
CACHES = {
    "database": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "eventhub_cache"},
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "attempts"},
}


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    """A Redis of our own, where the machine has one; its socket."""
    if (server := shutil.which("redis-server")) is None:
        pytest.skip("there is no redis-server")
    path = tmp_path_factory.mktemp("redis") / "socket"
    process = subprocess.Popen(
        [server, "--port", "0", "--unixsocket", path, "--save", "", "--dir", path.parent], stdout=subprocess.DEVNULL
    )
    until(path.exists)
    yield path
    process.kill()
    process.wait()


@pytest.fixture
def some_cache(request, settings):
    kept = CACHES.get(request.param) or {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"unix://{request.getfixturevalue('redis')}",
    }
    settings.CACHES = {"default": kept}
    cache.clear()
    yield request.param
    cache.clear()


every_cache = pytest.mark.parametrize("some_cache", ["database", "memory", "redis"], indirect=True)
# Redis has a clock of its own, which cannot be set.
every_cache_of_our_time = pytest.mark.parametrize("some_cache", ["database", "memory"], indirect=True)


@pytest.mark.django_db
@every_cache_of_our_time
def test_a_window_begins_with_the_first_and_ends_whatever_comes(some_cache):
    with time_machine.travel(NOON, tick=False) as clock:
        assert credential_limit.count("bob", seconds=60) == (1, NOON.timestamp() + 60)
        clock.shift(59)
        assert [credential_limit.count("bob", seconds=60).so_far for _ in range(3)] == [2, 3, 4]
        assert credential_limit.count("bob", seconds=60).wait == 1
        assert credential_limit.count("eve", seconds=60).so_far == 1
        clock.shift(1)
        assert credential_limit.count("bob", seconds=60) == (1, NOON.timestamp() + 120)


@pytest.mark.django_db(transaction=True)
@every_cache
def test_each_of_those_that_come_at_once_gets_a_number_of_its_own(some_cache):
    for subject in ("bob", "eve"):
        counted = race([lambda subject=subject: credential_limit.count(subject, seconds=3600)] * 16)
        assert sorted(each.so_far for each in counted) == list(range(1, 17))
        assert len({each.ends for each in counted}) == 1


@pytest.mark.django_db(transaction=True)
@every_cache_of_our_time
def test_so_do_those_that_come_when_a_window_ends(some_cache):
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(5):
            credential_limit.count("bob", seconds=60)
        clock.shift(60)
        counted = race([lambda: credential_limit.count("bob", seconds=60)] * 16)
    assert sorted(each.so_far for each in counted) == list(range(1, 17))


@pytest.mark.django_db
def test_in_the_database_an_attempt_is_one_statement():
    with CaptureQueriesContext(connection) as captured:
        credential_limit.count("bob", seconds=60)
        credential_limit.count("bob", seconds=60)
    assert len(captured) == 2


@pytest.mark.django_db
def test_where_the_cache_does_not_answer_nobody_may_guess(settings, client):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": NO_REDIS}}
    settings.THROTTLE_CREDENTIALS = "20/min"
    form = {"username": "bob", "password": "a guess"}
    answer = client.post("/users/login", form, "application/json")
    assert (whole(answer), answer.headers["Retry-After"]) == (UNAVAILABLE, "5")
    assert client.post("/admin/login/", form).status_code == 503


def kept():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM eventhub_cache")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_what_has_ended_is_cleared_away_by_those_that_come_later():
    with time_machine.travel(NOON, tick=False) as clock:
        for n in range(50):
            credential_limit.count(f"flood:{n:02}", seconds=60)
        credential_limit.count("another", seconds=3600)
        clock.shift(timedelta(minutes=1))
        credential_limit.count("throttle:ffff", seconds=60)
        assert kept() == 52
        credential_limit.count("throttle:ff00", seconds=60)
        assert kept() == 3


@pytest.mark.django_db
def test_clearing_away_takes_its_time(monkeypatch):
    monkeypatch.setattr(credential_limit, "SWEEP_ROWS", 10)
    with time_machine.travel(NOON, tick=False) as clock:
        for n in random.sample(range(1, 51), 50):
            credential_limit.count(f"flood:{n:02}", seconds=60)
        clock.shift(timedelta(minutes=1))
        credential_limit.count("throttle:ff00", seconds=60)
        assert kept() == 41
