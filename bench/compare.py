"""Two checkouts of the project measured in turn on one machine: `python -m bench compare --before FOLDER`.

Each has a database of its own in one PostgreSQL, filled with the same rows, and its own gunicorn with its own
gunicorn.conf.py. Both get the same requests. A checkout needs its migrations, `manage.py`, `eventhub.wsgi` and, where
its requirements are others, a `.venv`. Exits 1 where an answer was not the expected one, the bodies differ in shape, or
an event holds other rows than it counts.
"""

from argparse import Namespace
from contextlib import AbstractContextManager
from pathlib import Path

from bench import rows
from bench.api import document, introduction, measure, sizes, write
from bench.rounds import Target
from bench.scenarios import scenarios
from bench.server import HERE, Server, gunicorn, new_database


def run(options: Namespace) -> int:
    """Print a table with the ratio of the later checkout to the earlier one. Return the exit code."""
    checkouts = {"after": Path(options.after or HERE).resolve(), "before": Path(options.before).resolve()}
    urls = {name: new_database(name, checkout) for name, checkout in checkouts.items()}
    for url in urls.values():
        loaded = rows.load(url, **sizes(options))
    print(introduction(options), flush=True)
    chosen = scenarios(loaded, options.only)

    def serve(name: str) -> AbstractContextManager[Server]:
        return gunicorn(options.workers, options.threads, checkout=checkouts[name], url=urls[name])

    with serve("after") as after, serve("before") as before:
        targets = (Target("after", "", after, urls["after"]), Target("before", "", before, urls["before"]))
        found = {clients: measure(options, targets, chosen, clients) for clients in options.clients}
    if options.json:
        write(options.json, document(found))
    faults = [fault for each in found.values() for one in each for fault in one.faults()]
    faults += [f"{name}: {fault}" for name, url in urls.items() for fault in rows.check(loaded, url)[1]]
    print("\n".join(["", *faults]) if faults else "\nCounts, rows and answers agree.")
    return 1 if faults else 0
