"""`manage.py demo`: what it is given, what it refuses, what it says, and that it repeats itself."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.models import OrganizerProfile, User
from events.models import Event
from registrations.demo import story
from registrations.models import Registration

pytestmark = pytest.mark.slow

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def demo(*arguments, out=None):
    """What it printed."""
    out = out or io.StringIO()
    call_command("demo", *arguments, stdout=out)
    return out.getvalue()


def counts():
    return tuple(model.objects.count() for model in (User, OrganizerProfile, Event, Registration))


def drawn(demo):
    """Rows as plain values."""
    return (
        [(user.username, user.email, user.role, user.created_at) for user in demo.cast.accounts],
        [
            (event.title, event.organizer.username, event.date_time, event.created_at, event.max_capacity)
            for event in demo.events
        ],
        [
            (row.event.title, row.user.username, row.status, row.name, row.registration_date)
            for row in demo.registrations
        ],
    )


# Repeatable ----------------------------------------------------------------------------------------------------------


def test_the_same_seed_on_the_same_day_draws_the_same_rows():
    once = drawn(story.draw(seed=7, now=NOON))
    assert once == drawn(story.draw(seed=7, now=NOON + timedelta(hours=11)))
    assert once != drawn(story.draw(seed=8, now=NOON))
    assert once != drawn(story.draw(seed=7, now=NOON + timedelta(days=1)))


@pytest.mark.django_db
def test_what_is_written_is_what_was_drawn():
    rows = story.draw(seed=7, now=NOON)
    expected = drawn(rows)
    wrote = []
    story.write(rows, wrote=wrote.append)
    assert sum(wrote) == rows.size
    registrations = Registration.objects.select_related("event", "user").order_by("pk")
    cast = rows.cast._replace(profiles=list(OrganizerProfile.objects.exclude(name="").order_by("pk")))
    users = list(User.objects.order_by("pk"))
    assert [(user.username, user.email, user.role, user.created_at) for user in users] == expected[0]
    assert drawn(story.Demo(cast, list(Event.objects.order_by("pk")), list(registrations)))[1:] == expected[1:]
    assert {user.created_at - user.updated_at for user in users} == {timedelta(0)}
    assert {row.status_since - row.updated_at for row in registrations} == {timedelta(0)}


# Empty or not --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_database_with_a_user_is_refused(bob):
    with pytest.raises(CommandError, match=r"The database is not empty\. Use --force"):
        demo()
    assert counts() == (1, 0, 0, 0)


@pytest.mark.django_db
def test_if_empty_leaves_a_database_with_a_user_alone(bob):
    assert demo("--if-empty") == "The database is not empty. No demo data was added.\n"
    assert counts() == (1, 0, 0, 0)


@pytest.mark.once
@pytest.mark.django_db
def test_if_empty_fills_an_empty_database_and_a_terminal_sees_it_grow():
    printed = demo("--if-empty", out=Terminal())
    bar, summary = printed.split("\n", 1)
    assert bar.split("\r")[-1] == f"[{'#' * 40}] 100%"
    assert summary.startswith("The demo is ready: 2,004 accounts, 40 events")
    assert counts()[:3] == (2004, 4, 45)


@pytest.mark.once
@pytest.mark.django_db
def test_force_adds_the_demo_to_what_is_there(bob, olga, make_event, enroll):
    row = enroll(make_event(olga), bob)
    assert demo("--force").startswith("The demo is ready: 2,004 accounts, 40 events")
    assert counts()[:3] == (2006, 5, 46)
    assert list(bob.registrations.all()) == [row]


# All or nothing ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [{"username": "Runners"}, {"username": "elsewhere", "email": "runners@example.org"}],
    ids=["username in another case", "address"],
)
def test_a_taken_username_or_address_is_said_and_nothing_is_added(person, fields):
    person(**fields)
    with pytest.raises(
        CommandError,
        match="Nothing was added: the username or address of admin, lanternhouse, runners, workbench or of",
    ):
        demo("--force")
    assert counts() == (1, 0, 0, 0)


@pytest.mark.django_db
def test_a_failure_on_the_way_leaves_nothing_behind():
    rows = story.draw(seed=7, now=NOON)
    rows.registrations[-1].status = "unheard of"
    with pytest.raises(Exception, match="registration_status_is_known"):
        story.write(rows, wrote=lambda number: None)
    assert counts() == (0, 0, 0, 0)


@pytest.mark.parametrize("arguments", [["--force", "--if-empty"], ["--seed", "x"]])
def test_options_that_make_no_sense_are_refused(arguments):
    with pytest.raises(CommandError):
        demo(*arguments)
