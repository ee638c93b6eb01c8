"""Every migration since the released state may run beside the service that it is for: none locks others out for long,
and the code that was there before goes on serving (docs/operations.md, “Upgrading”)."""

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.models.functions import Now, Random

from eventhub.db.operations import AddIndexInUse
from eventhub.testing.factories import MembershipFactory, QuestionFactory, RegistrationFactory, UserFactory
from eventhub.testing.migration_locks import problems
from eventhub.testing.released_version import RELEASED_UP_TO, migrations_in_git, released_migrations
from events.models import Membership
from registrations.models import AnswerChange, Answers, Question

# Operations whose body is not seen: each was read, and this is why it may run beside the service.
FOLDED = "builds an index concurrently, then drops one so that only a search of the old code uses, which takes longer"
REVIEWED: dict[tuple[str, str], str] = {
    ("accounts", "0007_folded_search"): "creates a function that nothing uses yet",
    ("accounts", "0008_folded_search_index"): FOLDED,
    ("events", "0003_folded_search_index"): FOLDED,
    ("registrations", "0005_folded_search_index"): FOLDED,
    ("accounts", "0005_canonical_addresses"): "rewrites one row at a time, and few of them",
    ("registrations", "0007_mark_added_by_address"): "marks 20,000 rows at a time, and locks no event",
    (
        "registrations",
        "0017_delete_in_database",
    ): "keys of small new tables, one in a transaction",
    ("accounts", "0006_usernames_of_imports"): "renames a thousand at a time, each in one short statement",
}


@pytest.fixture(scope="module")
def plan():
    """All migrations that this code has, in their order."""
    graph = MigrationLoader(None).graph
    return [graph.nodes[key] for key in graph._generate_plan(nodes=graph.leaf_nodes(), at_end=True)]


def test_no_migration_since_the_released_state_stops_the_service(plan):
    state, new, released, found = MigrationLoader(None).project_state([]), set(), released_migrations(), []
    for migration in plan:
        if (migration.app_label, migration.name) in released:
            state = migration.mutate_state(state, preserve=False)
        elif migration.app_label in RELEASED_UP_TO:  # all tables of any other app are new
            found += problems(migration, state, new, set(REVIEWED))
    assert found == []


def test_every_reviewed_migration_is_there_and_not_released(plan):
    names = {(migration.app_label, migration.name) for migration in plan}
    assert set(REVIEWED) - (names - released_migrations()) == set()


def test_the_released_migrations_are_those_of_the_released_commit():
    ours = {(app, name) for app, name in released_migrations() if app in ("accounts", "events", "registrations")}
    assert migrations_in_git() in (None, ours)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite no two releases run side by side")
def test_the_released_code_can_delete_what_new_tables_refer_to():
    """It does not know the tables: PostgreSQL does there what the models say."""
    released = MigrationLoader(None).project_state(list(RELEASED_UP_TO.items())).apps.get_models(True)
    tables = {model._meta.db_table for model in apps.get_models(True)} - {model._meta.db_table for model in released}
    keys = [
        (model._meta.db_table, field.column, field.remote_field.on_delete)
        for model in apps.get_models(True)
        for field in model._meta.local_fields
        if model._meta.db_table in tables and field.remote_field and field.db_constraint
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, attname, confdeltype FROM pg_constraint JOIN pg_attribute"
            " ON attrelid = conrelid AND attnum = conkey[1] WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])",
            [sorted(tables)],
        )
        found = {(table, column): action for table, column, action in cursor.fetchall()}
    letters = {models.CASCADE: "c", models.SET_NULL: "n"}
    assert found == {(table, column): letters[on_delete] for table, column, on_delete in keys}


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite no two releases run side by side")
def test_rows_of_new_tables_go_with_what_they_are_about_and_stay_without_who_made_them():
    membership = MembershipFactory(added_by=UserFactory())
    registration = RegistrationFactory(event=membership.event)
    question = QuestionFactory(event=membership.event)
    Answers.objects.create(registration=registration)
    log = {"question": question, "at": membership.event.date_time, "through": "api"}
    AnswerChange.objects.create(registration=registration, **log)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registrations_registration")
        cursor.execute("DELETE FROM accounts_user WHERE id = %s", [membership.added_by_id])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        membership.refresh_from_db()
        assert (membership.added_by, AnswerChange.objects.count(), Answers.objects.count()) == (None, 0, 0)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("DELETE FROM events_event")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert (Membership.objects.count(), Question.objects.count()) == (0, 0)


# It would notice -----------------------------------------------------------------------------------------------------

TABLE = migrations.CreateModel("Thing", [("id", models.BigAutoField(primary_key=True)), ("text", models.TextField())])
BY_TEXT = models.Index(fields=["text"], name="thing_by_text")
HAS_TEXT = models.CheckConstraint(condition=~models.Q(text=""), name="thing_has_text")


def found(*operations, atomic=True, before=(TABLE,), reviewed=()):
    """How many problems a migration of these operations has, after one that has been released."""
    state = MigrationLoader(None).project_state([])
    for operation in before:
        operation.state_forwards("things", state)
    migration = Migration("0002", "things")
    migration.operations, migration.atomic = list(operations), atomic
    return len(problems(migration, state, set(), set(reviewed)))


def new_field(field):
    return migrations.AddField("thing", "more", field)


def back(apps, schema_editor):
    """Undoes nothing."""


GOOD = {
    "a column that may be empty": new_field(models.TextField(null=True)),
    "a column with a default of the database": new_field(models.TextField(db_default="")),
    "a column with a moment": new_field(models.DateTimeField(db_default=Now())),
    "a reference that the database does not check": new_field(
        models.ForeignKey("things.Thing", models.DO_NOTHING, null=True, db_index=False, db_constraint=False)
    ),
    "texts for people": migrations.AlterField("thing", "text", models.TextField(verbose_name="words", blank=True)),
    "options": migrations.AlterModelOptions("thing", {"verbose_name": "a thing"}),
    "a constraint for new rows": AddConstraintNotValid("thing", HAS_TEXT),
}
BAD = {
    "a column that old code does not fill": new_field(models.TextField(default="")),
    "a column that is computed": new_field(
        models.GeneratedField(expression=models.F("text"), output_field=models.TextField(), db_persist=True)
    ),
    "a column that is random": new_field(models.FloatField(db_default=Random())),
    "a column with an index": new_field(models.TextField(null=True, db_index=True)),
    "a unique column": new_field(models.TextField(null=True, unique=True)),
    "a reference that is checked": new_field(
        models.ForeignKey("things.Thing", models.DO_NOTHING, null=True, db_index=False)
    ),
    "an index": migrations.AddIndex("thing", BY_TEXT),
    "a constraint": migrations.AddConstraint("thing", HAS_TEXT),
    "a unique constraint": migrations.AddConstraint("thing", models.UniqueConstraint(fields=["text"], name="u")),
    "another type": migrations.AlterField("thing", "text", models.CharField(max_length=10)),
    "no more null": migrations.AlterField("thing", "text", models.TextField(null=True)),
    "another name": migrations.RenameField("thing", "text", "words"),
    "a column away": migrations.RemoveField("thing", "text"),
    "a table away": migrations.DeleteModel("Thing"),
    "code that nobody has read": migrations.RunPython(back, back),
    "SQL that nobody has read": migrations.RunSQL("SELECT 1", "SELECT 1"),
}


@pytest.mark.parametrize("case", GOOD)
def test_what_may_run_beside_the_service_is_let_through(case):
    assert found(GOOD[case]) == 0


@pytest.mark.parametrize("case", BAD)
def test_what_may_not_is_noticed(case):
    assert found(BAD[case]) == 1


def test_an_index_is_made_concurrently_outside_of_a_transaction_and_nothing_else_is_there():
    assert found(AddIndexInUse("thing", BY_TEXT), atomic=False) == 0
    assert found(AddIndexConcurrently("thing", BY_TEXT), atomic=False) == 0
    assert found(AddIndexInUse("thing", BY_TEXT), new_field(models.TextField(null=True)), atomic=False) == 1


def test_a_table_that_is_new_may_be_changed_as_one_likes():
    assert found(TABLE, migrations.AddIndex("thing", BY_TEXT), BAD["another type"], before=()) == 0


def test_what_was_read_needs_a_way_back_all_the_same():
    assert found(migrations.RunPython(back, back), reviewed=[("things", "0002")]) == 0
    assert found(migrations.RunPython(back), reviewed=[("things", "0002")]) == 1


def test_an_operation_is_looked_for_in_what_only_the_database_is_told():
    split = migrations.SeparateDatabaseAndState(database_operations=[migrations.AddIndex("thing", BY_TEXT)])
    assert found(split) == 1
