"""What the bench of bulk operations makes of what it has seen."""

import threading
import time

import pytest

from bench.bulk import Took, during, operations_table, traffic_table
from bench.bulk_traffic import Sample, summary, traffic
from bench.tests.test_load import serving

CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
NONE = {"requests": 0, "p50": 0.0, "p99": 0.0, "slowest": 0.0, "statuses": {}}


def test_latencies_are_summed_up_in_milliseconds() -> None:
    samples = [Sample(0.0, n / 1000, 201 if n else 503) for n in range(200)]
    found = {"requests": 200, "p50": 100.0, "p99": 198.0, "slowest": 199.0, "statuses": {503: 1, 201: 199}}
    assert summary(samples)._asdict() == found
    assert summary([])._asdict() == NONE


def test_what_was_on_its_way_at_any_time_of_an_operation_is_seen_beside_it() -> None:
    before, into, inside, after = (Sample(due, 1.0, 201) for due in (0.0, 1.5, 2.5, 3.5))
    assert during([before, into, inside, after], Took(2.0, 3.0, 0, 0.0)) == [into, inside]


def test_people_register_as_often_as_was_asked_for() -> None:
    with serving(*[CREATED] * 20) as port:
        with traffic(port, [(7, "token")] * 20, clients=2, rate=20) as samples:
            threading.Event().wait(0.3)
        assert {sample.status for sample in samples} == {201}
        assert 2 <= len(samples) <= 14
        assert all(sample.due < time.perf_counter() for sample in samples)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_who_is_answered_with_nonsense_hangs_up() -> None:
    with serving(b"nonsense\r\n", *[CREATED] * 9) as port, traffic(port, [(7, "token")], clients=1, rate=20) as samples:
        threading.Event().wait(0.1)
    assert samples == []


def test_the_tables_have_a_line_for_each_operation() -> None:
    one = {"ours_seconds": 2.0, "plain_seconds": 1.0, "ratio": 2.0, "ours_writes": 5, "plain_writes": 1}
    lines = operations_table(1000, {"resize": {**one, "peak_megabytes": 0.0}}).splitlines()
    assert lines[2] == "| a resize that seats those 100 | 2.000 | 1.000 | 2.00 | 5 | 1 |  |"
    beside = {"nothing": {"ours": {**NONE, "lock_wait": 1.2}}}
    text = traffic_table({"beside": beside, "newcomers": {**NONE, "slowest": 1500.0, "statuses": {503: 2, 201: 1}}})
    assert text.splitlines()[2:] == [
        "| beside nothing, ours | 0 | 0 | 0 | 1 | 0 |",
        "",
        "For the event of an import: 1.5 s at most; 1 of 201, 2 of 503.",
    ]
