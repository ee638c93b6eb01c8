"""`manage.py backup FILE`: a whole copy or none, under its name only once it is good, for its owner's eyes."""

import io
import os
import shutil
import sqlite3
import stat
from contextlib import closing

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from eventhub.db.sqlite_backup import BackupError, back_up
from eventhub.testing.concurrency import race
from eventhub.testing.small_disk import filled, small_disk
from registrations.triggers import sqlite as triggers

pytestmark = pytest.mark.django_db(transaction=True)
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's backup")


def run(target):
    """The lines that the command wrote, those of its errors, and with what it refused."""
    out, errors = io.StringIO(), io.StringIO()
    try:
        call_command("backup", str(target), stdout=out, stderr=errors, no_color=True)
        refusal = None
    except CommandError as problem:
        refusal = str(problem)
    return out.getvalue().splitlines(), errors.getvalue().splitlines(), refusal


def rows(path, sql):
    with closing(sqlite3.connect(path)) as copy:
        return copy.execute(sql).fetchall()


@pytest.fixture
def whole(tmp_path_factory):
    """A good backup."""
    path = tmp_path_factory.mktemp("whole") / "main.sqlite3"
    back_up(path)
    return path


@pytest.fixture
def database(tmp_path):
    """The path of the database that is backed up: another one, by hand."""
    path = tmp_path / "main.sqlite3"
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(connection.settings_dict, "NAME", str(path))
        yield path
        connection.close()  # which the command may have made to it


@on_sqlite
def test_the_copy_has_all_rows_and_the_triggers_in_one_file_for_its_owner_alone(olga, make_event, enroll, tmp_path):
    registration = enroll(make_event(olga))
    target = tmp_path / "copy.sqlite3"
    said, errors, refusal = run(target)
    assert (said, errors, refusal) == (
        [f"{target}: {target.stat().st_size:,} bytes, 2 accounts, 1 events, 1 registrations."],
        [],
        None,
    )
    assert os.listdir(tmp_path) == ["copy.sqlite3"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert rows(target, "SELECT id, status FROM registrations_registration") == [(registration.pk, "registered")]
    assert rows(target, "SELECT seats_taken FROM events_event") == [(1,)]
    there = {name for (name,) in rows(target, "SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    assert there == set(triggers.TRIGGERS)


@on_sqlite
def test_what_is_not_committed_is_not_in_it(olga, make_event, tmp_path):
    event = make_event(olga)
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        somebody.execute("UPDATE events_event SET title = 'Half done'")
        assert run(tmp_path / "copy")[2] is None
        somebody.execute("ROLLBACK")
    assert rows(tmp_path / "copy", "SELECT id, title FROM events_event") == [(event.pk, "Talk")]


@on_sqlite
@pytest.mark.parametrize("there", ["a file", "a folder", "a link that leads nowhere"])
def test_nothing_is_overwritten(tmp_path, there):
    target = tmp_path / "there"
    if there == "a file":
        target.write_text("older")
    elif there == "a folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / "nowhere")
    assert run(target) == ([], [], f"{target}: is there already, and is not overwritten.")
    assert os.listdir(tmp_path) == ["there"]
    assert there != "a file" or target.read_text() == "older"


@on_sqlite
def test_of_two_at_once_one_writes_the_file(tmp_path):
    target = tmp_path / "copy"

    def attempt():
        try:
            return back_up(target).size
        except BackupError as problem:
            return str(problem)

    outcomes = race([attempt] * 4)
    assert [one for one in outcomes if isinstance(one, int)] == [target.stat().st_size]
    assert {one.split(": ")[1].split(" ")[0] for one in outcomes if isinstance(one, str)} == {"is"}
    assert os.listdir(tmp_path) == ["copy"]


@on_sqlite
def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    assert run(tmp_path / "nowhere" / "copy")[2] == f"{tmp_path}/nowhere/copy: No such file or directory."
    assert run(tmp_path / "file" / "copy")[2] == f"{tmp_path}/file/copy: Not a directory."
    with small_disk(tmp_path / "disk", "ro") as disk:
        assert run(disk / "copy")[2] == f"{disk}/copy: Read-only file system."


@on_sqlite
def test_a_full_disk_is_a_clear_error_and_nothing_is_left(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        with filled(disk):
            assert run(disk / "copy")[2] == f"{disk}/copy: database or disk is full."
        assert os.listdir(disk) == []
        assert run(disk / "copy")[2] is None


@on_sqlite
def test_where_there_is_no_database_there_is_no_backup(database, tmp_path):
    assert run(tmp_path / "copy") == ([], [], f"{database}: There is no database.")
    assert os.listdir(tmp_path) == []


@on_sqlite
def test_a_damaged_database_gets_no_backup_that_looks_good(whole, database, tmp_path):
    """An index that no longer says what its table says: every row can still be read."""
    shutil.copy(whole, database)
    with closing(sqlite3.connect(database)) as by_hand:
        by_hand.execute("CREATE TABLE straw (text)")
        by_hand.execute("CREATE INDEX straw_by_text ON straw (text)")
        by_hand.execute("INSERT INTO straw VALUES ('a needle')")
        by_hand.commit()
    before, needle, behind = database.read_bytes().rpartition(b"a needle")
    assert needle in before
    database.write_bytes(before + b"a noodle" + behind)
    said, errors, refusal = run(tmp_path / "copy")
    assert (said, errors) == ([], [])
    assert refusal.startswith(
        "The database is damaged, and so would be its copy: row 1 missing from index straw_by_text"
    )
    assert os.listdir(tmp_path) == [database.name]


@on_sqlite
def test_what_is_wrong_in_the_database_is_said_and_copied_all_the_same(olga, make_event, tmp_path):
    make_event(olga)
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as by_hand:
        definitions = by_hand.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in definitions:
            by_hand.execute(f"DROP TRIGGER {name}")
        by_hand.execute("UPDATE events_event SET seats_taken = 3, organizer_id = 10000000")
        by_hand.commit()
        try:
            said, errors, refusal = run(tmp_path / "copy")
        finally:
            by_hand.execute("DELETE FROM events_event")
            for _, definition in definitions:
                by_hand.execute(definition)
            by_hand.commit()
    assert (len(said), refusal) == (1, None)
    assert errors == [
        "Also in the database itself: rows that refer to others which are not there: 1",
        "Also in the database itself: events whose counts are wrong, which check_seats --repair mends: 1",
    ]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL has its own")
def test_on_postgresql_it_says_what_to_use_instead(tmp_path):
    said, errors, refusal = run(tmp_path / "copy")
    assert (said, errors) == ([], [])
    assert "pg_dump --format=custom" in refusal
    assert os.listdir(tmp_path) == []
