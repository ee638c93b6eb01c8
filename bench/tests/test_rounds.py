"""What is made of the rounds of two sides."""

import json
from collections import Counter
from pathlib import Path

from bench.api import fallen
from bench.load import Round
from bench.rounds import Comparison, Sample, table
from bench.scenarios import Scenario

SCENARIO = Scenario("event", "one event", 200, lambda side: iter(()))


def comparison(*rates: tuple[float, float], status: int = 200, difference: str = "") -> Comparison:
    samples = {
        side: [Sample(Round(pair[place], 0.01, 0.02, 0.03, 0.1, Counter()), 1000 / pair[place]) for pair in rates]
        for place, side in enumerate(("ours", "bare"))
    }
    return Comparison(SCENARIO, samples, {side: Counter({status: 3}) for side in samples}, difference)


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    found = comparison((50, 100), (90, 100), (160, 200))
    assert (found.ratio(), round(found.cpu_ratio(), 3)) == (0.8, 0.8)
    cells = [cell.strip() for cell in table([found], 8).splitlines()[2].split("|")[1:-1]]
    assert cells == ["one event", "90", "10 / 20", "11.11", "100", "10 / 20", "10.00", "0.80", "0.80"]


def test_an_unexpected_answer_is_a_fault_and_so_is_a_body_of_another_shape() -> None:
    assert comparison((1, 1)).faults() == []
    assert comparison((1, 1), status=500).faults() == [
        f"event, {side}: answered {{500: 3}}" for side in ("ours", "bare")
    ]
    assert comparison((1, 1), difference="one has less").faults() == ["event: one has less"]


def test_only_what_has_halved_by_both_ratios_has_fallen(tmp_path: Path) -> None:
    reference = tmp_path / "reference.json"
    reference.write_text(json.dumps({"clients": {"8": {"event": {"ratio": 1.0, "cpu_ratio": 0.8}}}}))
    slow, noisy, new = ({"ratio": 0.4, "cpu_ratio": cpu} for cpu in (0.3, 0.7, 0.1))
    assert list(fallen({"clients": {"8": {"event": noisy, "new": new}}}, reference)) == []
    faults = list(fallen({"clients": {"8": {"event": slow}}}, reference))
    assert faults == ["event, 8 clients: 0.40 of the bare view; it was 1.00"]
