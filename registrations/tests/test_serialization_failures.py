"""What a rule does that PostgreSQL will not serialize: it begins again, a bounded number of times, and is then a 503.

The failures are the database's own: a trigger on every table that rules write raises them, so many times, whatever
transaction is rolled back meanwhile. What is asked for comes from the proof's table of paths.
"""

import inspect

import pytest
from django.db import connection

from eventhub.db import retry
from eventhub.db.retry import ATTEMPTS, retried
from registrations.tests.proof import scenarios
from registrations.tests.proof.entry_points import rules
from registrations.tests.proof.outcomes import of_exception
from registrations.tests.proof.rounds import Round
from registrations.tests.proof.table import NO_SEAT, PATHS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock, and no serialization failures"),
]

TABLES = ("registrations_registration", "events_event", "accounts_user")
RULE_PATHS = [path for path in PATHS if not path.is_raw]
TRIES = 20
FOREVER = 10_000


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def failing(monkeypatch, settings):
    """Lets the next so many writes fail; called without a number, how often one has."""
    settings.ALLOWED_HOSTS = ["localhost"]
    monkeypatch.setattr(retry.time, "sleep", lambda seconds: None)
    sql("CREATE SEQUENCE failures MINVALUE 0 START 0")  # which no rollback takes back
    sql("CREATE TABLE failing (times bigint)")
    sql(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF (SELECT count(*) FROM failing WHERE times > 0) > 0 AND nextval('failures') < (SELECT times FROM failing)"
        " THEN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$"
    )
    for table in TABLES:
        sql(f"CREATE TRIGGER fail BEFORE INSERT OR UPDATE OR DELETE ON {table} EXECUTE FUNCTION fail()")

    def set_or_count(times=None):
        if times is None:
            return sql("SELECT CASE WHEN is_called THEN last_value + 1 ELSE 0 END FROM failures")[0][0]
        sql(f"DELETE FROM failing; INSERT INTO failing VALUES ({times}); SELECT setval('failures', 0, false)")
        return times

    yield set_or_count
    for table in TABLES:
        sql(f"DROP TRIGGER fail ON {table}")
    sql("DROP FUNCTION fail")
    sql("DROP TABLE failing")
    sql("DROP SEQUENCE failures")


def answer_of(path, failing, times):
    """What the path comes to in one scene after the other, until it has written something, which failed `times`. In
    each a seat was freed by hand, so that there is something to be given on."""
    for number in range(TRIES):
        round_ = Round(path, path, number, seed=1)
        failing(0)
        (scene,) = scenarios.build([round_.plan()])
        sql(f"UPDATE registrations_registration SET status = 'cancelled' WHERE id = {scene.rows[1][0].pk}")
        call = path.prepare(scene, round_.chance)
        failing(times)
        try:
            answer = call()
        except Exception as problem:
            answer = of_exception(problem)
        finally:
            scene.close()
        if failing():
            return answer
    raise AssertionError(f"{path.name} wrote nothing")


@pytest.mark.parametrize("path", RULE_PATHS, ids=lambda path: path.name)
def test_what_cannot_be_serialized_is_begun_again_and_then_given_up(path, failing):
    assert not answer_of(path, failing, times=ATTEMPTS - 1).is_failure
    answer = answer_of(path, failing, times=FOREVER)
    if path.name.startswith(("API", "admin")):  # who is at the shell sees what the database has said
        assert answer.code == "unavailable"
    else:
        assert answer.code in ("unavailable", "serialization")
    # Each rule gives up by itself, where a path goes through several.
    assert failing() % ATTEMPTS == 0


def test_every_rule_with_a_transaction_of_its_own_is_begun_again():
    again = retried(lambda: None).__code__

    def begins_again(rule):
        return rule.__code__ is again or (hasattr(rule, "__wrapped__") and begins_again(rule.__wrapped__))

    once = {
        name
        for name, rule in rules().items()
        if "transaction.atomic()" in inspect.getsource(rule) and not begins_again(rule)
    }
    assert {name for name in once if f"module {inspect.getmodule(rules()[name]).__name__}" not in NO_SEAT} == set()
