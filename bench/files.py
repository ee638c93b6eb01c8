"""Source files of the project that each request passes through: `python -m bench files`.

Counted by `sys.setprofile` in this process, in the second request of a kind, when everything has been loaded.
"""

import sys
import sysconfig
from argparse import Namespace
from pathlib import Path
from types import FrameType
from typing import Any

from bench import rows
from bench.in_process import answer, expect
from bench.requests import token
from bench.scenarios import Scenario, Side, get, scenarios
from bench.server import HERE


def run(options: Namespace) -> int:
    """Print the number of files, and their paths, for each scenario and for two searches."""
    loaded = rows.load(people=120, hot_events=1, queues=1, queued=60)
    searches = {"/events/?search=number": loaded.people[0], "/attendees/?search=person": rows.organizer_of(1)}
    every = scenarios(loaded)
    every += [Scenario(path, path, 200, get(path, token(user_id))) for path, user_id in searches.items()]
    for scenario in every:
        if options.only is None or scenario.name in options.only:
            found = passed(scenario)
            print(f"{scenario.title}: {len(found)} files\n  " + "\n  ".join(found))
    return 0


def passed(scenario: Scenario) -> list[str]:
    requests = scenario.requests(Side("ours", "", answer))
    expect(answer(next(requests)), scenario.status)
    seen: set[str] = set()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            seen.add(frame.f_code.co_filename)

    message = next(requests)
    sys.setprofile(watch)
    try:
        answered = answer(message)
    finally:
        sys.setprofile(None)
    expect(answered, scenario.status)
    return sorted(str(path.relative_to(HERE)) for path in map(Path, seen) if is_ours(path))


def is_ours(path: Path) -> bool:
    """Tell whether a file is of the project itself, and neither installed nor of the benchmarks."""
    others = (HERE / "bench", HERE / ".venv", Path(sysconfig.get_paths()["purelib"]))
    return path.is_relative_to(HERE) and not any(path.is_relative_to(folder) for folder in others)
