"""Measure random pages: lists with random filters, words and orders, for random people, at several sizes.

`python -m bench chance --keep FOLDER` asks the same requests at every size and in every run. Each is asked once before,
so that no page waits for the disk. A 503 is a page that the statement timeout has stopped.
"""

import os
import random
from argparse import Namespace

from bench import scale_rows as rows
from bench.in_process import answer, expect
from bench.requests import request, token
from bench.rounds import row
from bench.rows import durability
from bench.scale import milliseconds
from bench.scale_cases import LISTS, PEOPLE, Case, Query
from bench.scale_databases import Sizes

PAGE_SIZES = (1, 20, 50, 50, 50, 200)
STOPPED = 503


def run(options: Namespace) -> int:
    """Print how long the pages took at each size, and which took longest."""
    sizes, chance = Sizes(options.sizes), random.Random(1)
    print(f"{durability()}, {os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}", flush=True)
    took: dict[int, list[tuple[float, int, str]]] = {size: [] for size in sizes}
    for _ in range(options.requests):
        case = any_page(chance)
        for size in sizes:
            with sizes.of(size):
                took[size].append(measured(case))
    print(f"\n{table(took)}\n\nThe longest in front of {max(took):,}:\n")
    for time, _, title in sorted(took[max(took)], reverse=True)[:10]:
        print(f"- {time:.0f} ms: {title}")
    sizes.close()
    return 0


def measured(case: Case) -> tuple[float, int, str]:
    """Return the milliseconds, the status, and what was asked."""
    message = request("GET", case.path(), token(PEOPLE[case.who]))
    answered = answer(message)
    if answered[0] != STOPPED:
        expect(answered, 200)
    return milliseconds(lambda: answer(message)), answered[0], f"{case.title}, {case.who}"


def any_page(chance: random.Random) -> Case:
    listing = chance.choice(LISTS)
    query: Query = {"page_size": str(chance.choice(PAGE_SIZES))}
    for name, values in listing.filters.items():
        if chance.random() < 0.25:
            query[name] = chance.choice(values)
    if chance.random() < 0.6:
        query["search"] = any_words(chance, rows.TITLE_WORDS if "date_time" in listing.orders else rows.NAME_WORDS)
    query["ordering"] = chance.choice(("", "-")) + chance.choice(listing.orders).removeprefix("-")
    return Case(listing, chance.choice(listing.people), query, chance.random() < 0.3)


def any_words(chance: random.Random, texts: tuple[str, ...]) -> str:
    """Return a word, two words, or three to five letters of one."""
    first, second = (chance.choice(chance.choice(texts).split()) for _ in range(2))
    at = chance.randrange(max(1, len(first) - 2))
    found = chance.choice((first, f"{first} {second}", first[at : at + chance.randint(3, 5)]))
    return found.ljust(3, "a")


def table(took: dict[int, list[tuple[float, int, str]]]) -> str:
    head = ("events", "half of them within, ms", "90 of 100", "99 of 100", "the longest", "stopped")
    lines = [row(*head), row(*["---:"] * len(head))]
    for size, pages in took.items():
        times = sorted(time for time, _, _ in pages)
        marks = (f"{times[int(share * (len(times) - 1))]:.0f}" for share in (0.5, 0.9, 0.99, 1))
        lines.append(row(f"{size:,}", *marks, sum(status == STOPPED for _, status, _ in pages)))
    return "\n".join(lines)
