"""What pages cost that nobody has chosen to be measured: lists narrowed by any filters, searched for any words, in any
order and as anybody, in front of 1,000, 100,000 and 1,000,000 events.

`python -m bench chance`, with `--keep FOLDER` to load them once: the same requests at every size, and in every run.
Each is asked for once before, so that what is measured does not wait for the disk.
"""

import os
import random
from argparse import Namespace
from typing import NamedTuple

from bench import scale_words as words
from bench.rows import durability
from bench.scale import reading, row
from bench.scale_cases import LISTS, ROLES, VALUES, Case, Query
from bench.scale_client import clients
from bench.scale_sizes import Sizes
from bench.scale_writes import timed
from events.models import Event

PAGE_SIZES = (1, 20, 50, 50, 50, 200)
SHOWN = 10
NAMES = (*words.GIVEN, *words.FAMILY)
TITLES = (*words.KINDS, *words.TOPICS, *words.MANNERS, *words.VENUES, *words.CITIES)


class Took(NamedTuple):
    milliseconds: float
    case: Case


def run(options: Namespace) -> int:
    """Prints how long they took at each size, and which took longest; the exit code."""
    sizes = Sizes(options.sizes)
    print(f"{durability()}, {os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}", flush=True)
    asked, chance = clients(ROLES.values()), random.Random(1)
    took: dict[int, list[Took]] = {size: [] for size in sizes}
    for _ in range(options.requests):
        case, page_size = any_case(chance), chance.choice(PAGE_SIZES)
        for size in sizes:
            with sizes.of(size):
                action = reading(case, asked)(page_size)
                action()
                took[size].append(Took(timed(action)[0], case))
    print(f"\n{table(took)}\n\nThe longest in front of {max(took):,}:\n")
    for milliseconds, case in sorted(took[max(took)], key=lambda one: one.milliseconds, reverse=True)[:SHOWN]:
        print(f"- {milliseconds:.0f} ms: {case.title}, {case.role}")
    sizes.close()
    return 0


def any_case(chance: random.Random) -> Case:
    listing = chance.choice(LISTS)
    query: Query = {}
    for name in listing.view.filterset_class.base_filters:
        if chance.random() < 0.25:
            query[name] = chance.choice(VALUES[listing.model, name])
    if chance.random() < 0.6:
        query["search"] = any_words(chance, TITLES if listing.model is Event else NAMES)
    query["ordering"] = chance.choice(("", "-")) + chance.choice(list(listing.view.orderings))
    return Case(listing, chance.choice(listing.roles), query, chance.random() < 0.3)


def any_words(chance: random.Random, texts: tuple[str, ...]) -> str:
    """A word, or two, or three to five letters of one."""
    first, second = (chance.choice(chance.choice(texts).split()) for _ in range(2))
    at = chance.randrange(max(1, len(first) - 2))
    found = chance.choice((first, f"{first} {second}", first[at : at + chance.randint(3, 5)]))
    return found.ljust(3, "a")


def table(took: dict[int, list[Took]]) -> str:
    head = ("events", "half of them within, ms", "90 of 100", "99 of 100", "the longest")
    lines = [row(list(head)), row(["---:"] * len(head))]
    for size, each in took.items():
        times = sorted(one.milliseconds for one in each)
        marks = (times[int(share * (len(times) - 1))] for share in (0.5, 0.9, 0.99, 1))
        lines.append(row([f"{size:,}", *(f"{mark:.0f}" for mark in marks)]))
    return "\n".join(lines)
