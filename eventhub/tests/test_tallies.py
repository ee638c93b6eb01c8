"""Counts that processes share: what one counts all see, and nobody's count is ever less than it was."""

import multiprocessing
import time

import pytest
import time_machine

from eventhub.tallies import SLOTS, Tallies, new_memory

DAY = 86400


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        yield clock


def in_a_process(work):
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0


def joined(memory, row):
    tallies = Tallies()
    tallies.join(memory, row=row)
    return tallies


def taken(tallies, subject="bob", most=10, times=20):
    return sum(tallies.count(subject, most=most, seconds=DAY) for _ in range(times))


def test_what_one_process_counts_all_see():
    memory = new_memory(4)

    def four(row):
        assert taken(joined(memory, row), times=4) == 4

    for row in range(2):
        in_a_process(lambda row=row: four(row))
    assert taken(joined(memory, 3)) == 2


def test_a_process_that_takes_a_row_over_goes_on_counting():
    memory = new_memory(1)
    in_a_process(lambda: taken(joined(memory, 0), times=4))
    assert taken(joined(memory, 0)) == 6


def test_processes_that_count_at_the_same_time_lose_nothing():
    memory, processes, each = new_memory(4), 4, 2000
    start = time.monotonic() + 0.3

    def many(row):
        tallies = joined(memory, row)
        while time.monotonic() < start:
            pass
        taken(tallies, most=10**6, times=each)

    context = multiprocessing.get_context("fork")
    started = [context.Process(target=many, args=(row,)) for row in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert taken(joined(memory, 5), most=processes * each + 1, times=3) == 1


def test_with_more_processes_than_rows_two_share_one():
    memory = new_memory(1)
    assert taken(joined(memory, 0), times=4) == 4
    assert taken(joined(memory, 1), times=4) == 4
    assert taken(joined(memory, 2)) == 2


def test_a_window_ends(noon):
    tallies = Tallies()
    noon.shift(59)
    assert [tallies.count("bob", most=1, seconds=60) for _ in range(2)] == [True, False]
    noon.shift(1)
    assert [tallies.count("bob", most=1, seconds=60) for _ in range(2)] == [True, False]


def test_each_subject_is_counted_alone():
    """Also among as many as there are slots: to be held up by others takes two of them at once."""
    tallies = Tallies()
    for n in range(SLOTS // 8):
        tallies.count(f"somebody {n}", most=10, seconds=DAY)
    refused = [n for n in range(1000) if taken(tallies, f"another {n}", times=10) < 9]
    assert len(refused) < 10


def test_nobody_can_know_which_subjects_share_a_slot():
    """The hash has a key, which is new with every start."""

    def slots():
        tallies = Tallies()
        tallies.count("bob", most=1, seconds=DAY)
        return [at for at, cell in enumerate(tallies._cells) if cell]

    assert slots() != slots()


@pytest.mark.parametrize("subject", ["", "ü\ud800", "a\x00b", "x" * 10_000])
def test_a_subject_may_be_any_text(subject):
    assert taken(Tallies(), subject) == 10
