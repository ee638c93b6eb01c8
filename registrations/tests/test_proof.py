"""The proof that anyone can run (registrations/tests/proof): that it leaves no path out, that a short run of it holds,
and that it would notice."""

import cProfile
import csv
import subprocess
import sys

import pytest
from django.conf import settings as service
from django.db import connection
from django.utils import timezone

from registrations.models import Registration
from registrations.services import seats
from registrations.tests.proof import notices, rule_checks, scenarios
from registrations.tests.proof.entry_points import faces, rule_modules, rules
from registrations.tests.proof.options import SABOTAGES
from registrations.tests.proof.outcomes import Told, of_exception
from registrations.tests.proof.rounds import Crew, Round
from registrations.tests.proof.sabotage import SABOTAGE
from registrations.tests.proof.series import rounds_of, run
from registrations.tests.proof.table import BY_NAME, NO_SEAT, PATHS

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

THREADS = 6
TRIES = 20  # of a path alone, each in another scene; who is turned away comes again
KIND = {"postgresql": "postgres", "sqlite": "sqlite"}[connection.vendor]
BOTH, POSTGRES = ("postgresql", "sqlite"), ("postgresql",)


@pytest.fixture(autouse=True)
def _as_on_this_machine(settings):
    settings.ALLOWED_HOSTS = ["localhost"]


def alone(path):
    """What the path comes to with nobody else there, until it is accepted."""
    answers = []
    while len(answers) < TRIES and not any(answer.accepted for answer in answers):
        answers.append(called(path, len(answers)))
    return answers


def called(path, number):
    round_ = Round(path, path, number, seed=1)
    (scene,) = scenarios.build([round_.plan()])
    try:
        return path.prepare(scene, round_.chance)()
    except Exception as problem:
        return of_exception(problem)
    finally:
        scene.close()


def ran(function, codes):
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function.__code__ in codes


def race(*pairs, numbers=range(1)):
    """The results of these pairs of paths, by name, in the rounds of these numbers."""
    rounds = [Round(BY_NAME[one], BY_NAME[other], number, 1) for number in numbers for one, other in pairs]
    with Crew(THREADS).at_work() as crew:
        return list(run(crew, rounds))


def prove(*arguments):
    command = [sys.executable, "-m", "registrations.tests.proof", "--on", KIND, "--processes", "1", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=service.BASE_DIR, timeout=120, check=False)


# Nothing is left out -------------------------------------------------------------------------------------------------


def test_every_face_is_on_a_path_or_says_why_it_changes_no_seat():
    covered = {face for path in PATHS for face in path.covers}
    listed = {face for face in NO_SEAT if face.split()[0] not in ("module", "rule")}
    assert covered | listed == faces()
    assert covered & listed == set()


def test_paths_are_accepted_where_nobody_is_in_their_way_and_come_by_every_rule_that_changes_seats():
    with cProfile.Profile() as profile:
        answers = {path.name: alone(path) for path in PATHS}
    assert [name for name, got in answers.items() if not any(answer.accepted for answer in got)] == []
    assert [name for name, got in answers.items() if any(answer.is_failure for answer in got)] == []
    codes = {entry.code for entry in profile.getstats()}
    silent = {face.removeprefix("module ") for face in NO_SEAT if face.startswith("module ")}
    passed_by = {name for name, rule in rules().items() if rule.__module__ not in silent and not ran(rule, codes)}
    assert passed_by == {face for face in NO_SEAT if face.startswith("rule ")}
    assert silent <= set(rule_modules())


def test_names_are_unique_and_known_to_the_command_line():
    assert len(BY_NAME) == len(PATHS)
    assert set(SABOTAGES) == set(SABOTAGE)


# It holds ------------------------------------------------------------------------------------------------------------


def test_every_path_beside_the_next_breaks_no_rule():
    names = list(BY_NAME)
    results = race(*zip(names, [*names[1:], names[0]], strict=True))
    assert [(result.names, result.violations, result.evidence) for result in results if result.violations] == []
    assert {sum(result.operations) for result in results} == {THREADS}
    assert all(result.looks for result in results)


# It would notice -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "pair", "noticed", "where"),
    [
        ("triggers", ("API register", "SQL INSERT registrations"), "rule 1", BOTH),
        ("check", ("ORM bulk_create()", "SQL INSERT registrations"), "rule 1", POSTGRES),
        ("unique", ("SQL INSERT registrations", "ORM bulk_create()"), "rule 4", BOTH),
        ("locks", ("API join the queue", "API cancel"), "rule 2", POSTGRES),
        ("queue", ("API cancel", "API delete registration"), "rule 2", BOTH),
        ("notices", ("API register", "API cancel"), "rule 5", BOTH),
    ],
)
def test_what_is_taken_away_is_noticed(missing, pair, noticed, where, monkeypatch):
    if connection.vendor not in where:
        pytest.skip("SQLite can drop no constraint, and lets nobody else write meanwhile")
    monkeypatch.setattr(notices, "SECONDS", 0)  # what the reader has passed stays untold
    # A busy machine may let few meet in the moment that matters: until it is noticed, up to 400 rounds.
    with SABOTAGE[missing]():
        results = (result for first in range(0, 400, 20) for result in race(pair, numbers=range(first, first + 20)))
        assert any(noticed in text for result in results for text in result.violations)


def test_who_is_seated_before_someone_who_waited_longer_is_noticed(make_event, enroll, olga):
    event = make_event(olga, max_capacity=1)
    seat, first, second = (enroll(event, status=status) for status in ("registered", "waitlisted", "waitlisted"))
    seats.requeue(registration=first, by=olga)
    seats.cancel(registration=seat, by=olga)
    assert rule_checks.order([event.pk]) == []
    Registration.objects.filter(pk=second.pk).update(status="cancelled")
    enroll(event)
    assert rule_checks.order([event.pk]) == [
        f"rule 2: event {event.pk}: {Registration.objects.latest('pk').pk} got a seat while [{first.pk}] waited"
    ]


def test_who_jumps_the_queue_is_noticed(make_event, enroll, olga):
    event = make_event(olga, max_capacity=3)
    rows = [enroll(event, status="waitlisted") for _ in range(3)]
    now = timezone.now()
    Registration.objects.filter(pk__in=[row.pk for row in rows[:2]]).update(status="registered", status_since=now)
    assert rule_checks.order([event.pk]) == []
    late = enroll(event, status="waitlisted")
    Registration.objects.filter(pk=late.pk).update(status="attended")
    ids = f"[{late.pk}] got seats while [{rows[2].pk}, {late.pk}] waited, in this order"
    assert rule_checks.order([event.pk]) == [f"rule 2: event {event.pk}: {ids}"]


def test_a_promise_that_is_not_kept_is_noticed(make_event, enroll, olga):
    kept, gone, event = enroll(make_event(olga)), enroll(make_event(olga)), make_event(olga)
    told = [Told(row.pk, row.event_id) for row in (kept, gone)]
    assert rule_checks.answered(told) == []
    gone.delete()
    lost = f"rule 3: {told[1].registration_id} of event {gone.event_id} was promised and is gone"
    assert rule_checks.answered(told) == [lost]
    gone.event.delete()
    assert rule_checks.answered(told) == []
    assert rule_checks.answered([told[0], told[0]]) == [
        f"rule 3: two people were told of one registration: {[kept.pk] * 2}"
    ]
    assert rule_checks.look([event.pk], is_raw=False) == []


# As it is run --------------------------------------------------------------------------------------------------------


def test_it_prints_every_pair_and_exits_with_0(tmp_path):
    file = tmp_path / "rows.csv"
    proof = prove("--only", "API register", "API cancel", "--rounds", "2", "--rows", str(file))
    assert (proof.stderr, proof.returncode) == ("", 0)
    assert "3 pairs of paths, 2 rounds each of " in proof.stdout
    assert proof.stdout.endswith("The rules held.\n")
    with file.open(newline="") as rows:
        table = list(csv.DictReader(rows))
    assert [(row["path"], row["other"], row["rounds"], row["violations"]) for row in table] == [
        ("API register", "API register", "2", "0"),
        ("API register", "API cancel", "2", "0"),
        ("API cancel", "API cancel", "2", "0"),
    ]


def test_a_violation_is_told_with_all_that_is_known_of_it_and_exits_with_1():
    proof = prove("--only", "SQL DELETE registrations", "API cancel", "--rounds", "2", "--sabotage", "queue")
    assert proof.returncode == 1
    assert "VIOLATION on " in proof.stdout
    assert "registration {'id': " in proof.stdout
    assert f'Again: python -m registrations.tests.proof --on {KIND} --seed 1 --rounds 50 --only "' in proof.stdout
    assert proof.stdout.endswith("The rules did NOT hold, or were not put to the test.\n")


def test_a_path_that_is_not_there_is_no_path():
    with pytest.raises(KeyError, match="API regster"):
        rounds_of(["API register", "API regster"], times=1, seed=1)


def test_every_pair_is_in_it_once_a_round():
    rounds = rounds_of([], times=2, seed=1)
    pairs = [frozenset({one.one.name, one.other.name}) for one in rounds]
    assert len(pairs) == len(PATHS) * (len(PATHS) + 1)
    assert len(set(pairs)) == len(pairs) / 2
    assert len(rounds_of(["API cancel"], times=1, seed=1)) == len(PATHS)
