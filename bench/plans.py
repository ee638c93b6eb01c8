"""How PostgreSQL runs each statement of the API, for each role: `python -m bench plans`, with `--write FILE` as a page.

Every operation of eventhub/urls.py is asked for in front of the largest of the given sizes, and every statement that
it sends is explained before it is run; what a request changes is taken back. Exits 1 where an operation of the API is
not among those asked for, or an answer is not the expected one.
"""

import os
import re
from argparse import Namespace
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from django.db import transaction
from django.urls import URLPattern, get_resolver

from bench import plans_asked as asked
from bench.explaining import Plan, Statement, recorded
from bench.rows import durability
from bench.scale import row
from bench.scale_client import ask, client
from bench.scale_rows import counts
from bench.scale_sizes import Sizes

HEAD = ["operation", "who", "statement", "how", "rows", "pages", "ms"]


class Line(NamedTuple):
    operation: str
    who: str
    statement: Statement
    plan: Plan


def run(options: Namespace) -> int:
    sizes = Sizes(options.sizes)
    with sizes.of(max(sizes)):
        missing = sorted(operations_of_the_api() - {one.operation for one in asked.requests()})
        lines = [line for one in asked.requests() for line in lines_of(one)]
        text = page(lines, options)
    sizes.close()
    if options.write:
        Path(options.write).write_text(text, encoding="utf-8")
    else:
        print(text)
    print("\n".join(f"not asked for: {name}" for name in missing))
    return 1 if missing else 0


def operations_of_the_api() -> set[str]:
    """As `GET event-list`, from the URLs themselves; the other spelling of a path has no name."""
    found = set()
    for pattern in get_resolver("eventhub.urls").url_patterns:
        actions = getattr(getattr(pattern, "callback", None), "actions", None)
        if isinstance(pattern, URLPattern) and pattern.name and actions:
            found |= {f"{verb.upper()} {pattern.name}" for verb in actions}
    return found


def lines_of(one: asked.Asked) -> Iterator[Line]:
    """Twice, since the first time in a session the server reads its own catalogue; everything is taken back."""
    who = client(one.user_id) if one.user_id else asked.nobody()
    for explained in (False, True):
        with transaction.atomic():
            path, body = one.made()
            headers = one.headers()
            with recorded(explained=explained) as record:
                ask(who, one.verb, path, body, status=one.status, headers=headers)
            transaction.set_rollback(True)
    for statement, plan in zip(record.statements, record.plans, strict=True):
        yield Line(f"{one.operation}{one.detail}", one.role, statement, plan)


def page(lines: list[Line], options: Namespace) -> str:
    texts: dict[str, str] = {}
    table = [row(HEAD), row(["---"] * 4 + ["---:"] * 3)]
    before: tuple[str, str] | None = None
    for (operation, who, text, shape), same in groupby(lines, alike):
        number = texts.setdefault(text, f"s{len(texts) + 1}")
        told = (operation, who)
        cells = list(told) if told != before else ["", ""]
        before = told
        plans = [line.plan for line in same]
        times = f" x {len(plans)}" if len(plans) > 1 else ""
        cost = [f"{sum(plan.rows for plan in plans):,}", f"{sum(plan.buffers for plan in plans):,}"]
        took = f"{sum(plan.milliseconds for plan in plans):.1f}"
        table.append(row([*cells, f"[{number}](#{number}){times}", shape, *cost, took]))
    return "\n".join([*heading(options), *table, "", "## The statements", "", *details(texts)])


def alike(line: Line) -> tuple[str, str, str, str]:
    """What a statement that is sent again and again has in common with the one before."""
    return line.operation, line.who, normalized(line.statement.sql), how(line.plan)


def heading(options: Namespace) -> list[str]:
    rows = ", ".join(f"{count:,} rows in `{table}`" for table, count in counts().items())
    command = f"python -m bench plans --sizes {max(options.sizes)} --write docs/statements.md"
    return [
        "# Every statement of the API, and how PostgreSQL runs it",
        "",
        f"Written by `{command}`: {durability()}, {os.cpu_count()} cores, {rows}.",
        "*how* names the nodes of the plan that PostgreSQL chose, with their indexes (what only passes rows on is",
        "left out); *rows* is what the statement returns, *pages* the blocks of 8 KB that it touched, in memory or",
        "not, *ms* its time, once, on a machine that did nothing else. Pages say more than times. A write shows",
        "what its own statement touched; what an AFTER trigger does is in its time alone. The statement that finds",
        "the account behind a token stands once for each request. Who asks: an organizer of 200 events, one whose",
        "events are older than nearly everything else, one of crowds of 50,000, a user who is in thirty events, an",
        "admin. What is sent n times in a row stands once (`x n`), with the sum of its costs; what a search asks the",
        "planner beforehand (`EXPLAIN`) is left out. Sequential scans are of tables that were empty or nearly so.",
        "",
        "What is measured at three sizes is in [scale.md](scale.md).",
        "",
    ]


def how(plan: Plan) -> str:
    return f"`{plan.shape}`" if plan.shape else "one row made"


def details(texts: dict[str, str]) -> Iterable[str]:
    for text, number in texts.items():
        yield f'<details id="{number}"><summary>{number}: <code>{summary(text)}</code></summary>\n'
        yield f"```sql\n{text}\n```\n\n</details>\n"


def summary(text: str) -> str:
    return re.sub(r"\s+", " ", text)[:90].replace("<", "&lt;").replace("`", "")


CLAUSES = "FROM|WHERE|ORDER BY|LIMIT|INNER JOIN|LEFT OUTER JOIN|UNION ALL|CROSS JOIN|RETURNING|VALUES|SET"


def normalized(sql: str) -> str:
    """Without quotes, a long list of values cut short, the table left out where there is but one; a clause a line."""
    text = re.sub(r"\s+", " ", sql).strip().replace('"', "")
    text = re.sub(r"IN \(%s(, %s)+\)", "IN (%s, ...)", text)
    tables = set(re.findall(r"(?:FROM|JOIN|INTO|UPDATE) (\w+)", text))
    if len(tables) == 1:
        text = text.replace(f"{tables.pop()}.", "")
    return re.sub(rf" ({CLAUSES}) ", r"\n\1 ", text)
