"""The result of a run for programs, and what has fallen behind an earlier one."""

import json
import os
import platform
import shlex
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench import rows
from bench.compare import SIDES, Comparison

# A ratio that is less than this part of the earlier one is a fault; other machines and noise move it by less.
FALLEN = 0.5


def document(by_clients: dict[int, list[Comparison]]) -> dict[str, Any]:
    """When, where and how it was measured, and by clients and work the medians: requests and latencies in seconds."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
        "machine": {"cores": os.cpu_count(), "processor": _processor(), "python": platform.python_version()},
        "database": rows.durability(),
        "clients": {
            str(clients): {one.scenario.name: _medians(one) for one in found} for clients, found in by_clients.items()
        },
    }


def write(path: str, result: dict[str, Any]) -> None:
    Path(path).write_text(json.dumps(result, indent=1) + "\n")


def fallen(result: dict[str, Any], reference: Path) -> Iterable[str]:
    """Each work whose ratio is less than half of what the earlier result has for as many clients."""
    earlier = json.loads(reference.read_text())["clients"]
    for clients, works in result["clients"].items():
        for name, medians in works.items():
            was = earlier.get(clients, {}).get(name, {}).get("ratio", 0)
            if medians["ratio"] < FALLEN * was:
                yield f"{name}, {clients} clients: {medians['ratio']:.2f} of the bare view; it was {was:.2f}"


def _medians(one: Comparison) -> dict[str, Any]:
    sides = {
        name: {
            "per_second": round(median(each.rate for each in one.rounds[side]), 1),
            "p50": round(median(each.p50 for each in one.rounds[side]), 5),
            "p99": round(median(each.p99 for each in one.rounds[side]), 5),
        }
        for side, name in SIDES.items()
    }
    return {"ratio": round(one.ratio(), 3), "rounds": len(next(iter(one.rounds.values()))), **sides}


def _processor() -> str:
    """As Linux names it; elsewhere what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
