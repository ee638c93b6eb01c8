"""What migrations of tables in use do when they were interrupted, and are run again."""

import pytest
from django.db import IntegrityError, connection, models
from django.db.migrations.loader import MigrationLoader

from eventhub.db.operations import AddIndexInUse, RemoveIndexInUse, folded_search_index
from events.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite nothing is left unfinished")

NAME, TABLE = "event_by_place", Event._meta.db_table
ADDED = AddIndexInUse("event", models.Index(fields=["location"], name=NAME))
REMOVED = RemoveIndexInUse("event", NAME)
WAYS = {
    "adding": (ADDED, "database_forwards"),
    "taking back a removal": (REMOVED, "database_backwards"),
}
WAYS_BACK = {
    "removing": (REMOVED, "database_forwards"),
    "taking back": (ADDED, "database_backwards"),
}


def run(operation, way):
    """As migrate does, from a state with the index or to one."""
    without = MigrationLoader(None).project_state([("events", "0002_search_index")])
    with_it = without.clone()
    ADDED.state_forwards("events", with_it)
    before, after = (with_it, without) if (operation, way) in WAYS_BACK.values() else (without, with_it)
    with connection.schema_editor(atomic=False) as editor:
        getattr(operation, way)("events", editor, before, after)


def index():
    """What tells it from another of its name, and whether it is good; None where there is none."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT rootpage, 1 FROM sqlite_master WHERE type = 'index' AND name = %s", [NAME])
        else:
            cursor.execute("SELECT indexrelid, indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [NAME])
        return cursor.fetchone()


@pytest.fixture(autouse=True)
def without_it(transactional_db):
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {NAME}")


@pytest.fixture(params=WAYS)
def making(request):
    return WAYS[request.param]


@pytest.fixture(params=WAYS_BACK)
def dropping(request):
    return WAYS_BACK[request.param]


def test_an_index_that_an_interrupted_run_has_made_stays(making):
    run(*making)
    made = index()
    run(*making)
    assert (made is not None, index()) == (True, made)


def test_an_index_that_an_interrupted_run_has_dropped_is_not_missed(dropping):
    run(*WAYS["adding"])
    run(*dropping)
    run(*dropping)
    assert index() is None


@on_postgresql
def test_an_index_that_an_interrupted_run_has_left_unfinished_is_made_anew(making, olga, make_event):
    make_event(olga, location="Hall"), make_event(olga, location="Hall")
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON {TABLE} (location)")
    (unfinished, was_good) = index()
    run(*making)
    (made, is_good) = index()
    assert (was_good, is_good, made == unfinished) == (False, True, False)


@on_postgresql
def test_the_index_of_a_search_is_exchanged_for_the_folded_one_and_back():
    fields = ["title", "description", "location"]
    exchange = folded_search_index("events.Event", fields, replaced=fields)
    state = MigrationLoader(None).project_state([("events", "0002_search_index")])
    shown = []
    # Each twice, as after an interruption; at the end as the other tests need it.
    for way in ("database_backwards", "database_backwards", "database_forwards", "database_forwards"):
        with connection.schema_editor(atomic=False) as editor:
            getattr(exchange, way)("events", editor, state, state)
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'event%%search' AND relkind = 'i'")
            shown += cursor.fetchall()
    assert shown == [("event_search",)] * 2 + [("event_text_search",)] * 2
