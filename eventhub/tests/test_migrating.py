"""What migrations of tables in use do when they are run again."""

import pytest
from django.db import IntegrityError, connection, models
from django.db.migrations.loader import MigrationLoader

from eventhub.migrating import AddIndexInUse, indexes_of_expressions
from events.models import Event

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's migrations are made whole or not at all"),
]

NAME = "event_by_place"
WAYS = {
    "of columns": AddIndexInUse("event", models.Index(fields=["location"], name=NAME)),
    "of expressions": indexes_of_expressions("events.event", {NAME: "(location)"}),
}


def run(operation):
    before = MigrationLoader(None).project_state([("events", "0008_edges_of_stretches_and_full_events")])
    after = before.clone()
    operation.state_forwards("events", after)
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("events", editor, before, after)


def index():
    """Its number, and whether it is good."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid, indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [NAME])
        return cursor.fetchone()


@pytest.fixture(autouse=True)
def without_it(transactional_db):
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {NAME}")


@pytest.mark.parametrize("way", WAYS)
def test_an_index_that_an_interrupted_run_has_made_stays(way):
    run(WAYS[way])
    made, is_good = index()
    run(WAYS[way])
    assert (index(), is_good) == ((made, True), True)


@pytest.mark.parametrize("way", WAYS)
def test_an_index_that_an_interrupted_run_has_left_unfinished_is_made_anew(way, olga, make_event):
    make_event(olga, location="Hall"), make_event(olga, location="Hall")
    table = Event._meta.db_table
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON {table} (location)")
    unfinished, is_good = index()
    assert not is_good
    run(WAYS[way])
    assert (index() == (unfinished, True), index()[1]) == (False, True)
