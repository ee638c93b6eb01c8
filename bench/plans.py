"""How PostgreSQL runs each statement of the API, for each role: `python -m bench plans`, with `--write FILE` as a page.

Every operation of eventhub/urls.py is asked for in front of the largest of the given sizes, and every statement that
it sends is explained before it is run; what a request changes is taken back. Exits 1 where an operation of the API is
not among those asked for, or an answer is not the expected one.
"""

import os
import re
from argparse import Namespace
from collections.abc import Iterable, Iterator
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
            with recorded(explained=explained) as record:
                ask(who, one.verb, path, body, status=one.status)
            transaction.set_rollback(True)
    for statement, plan in zip(record.statements, record.plans, strict=True):
        yield Line(f"{one.operation}{one.detail}", one.role, statement, plan)


def page(lines: list[Line], options: Namespace) -> str:
    texts: dict[str, str] = {}
    table = [row(HEAD), row(["---"] * 4 + ["---:"] * 3)]
    before: tuple[str, str] | None = None
    for line in lines:
        text = normalized(line.statement.sql)
        number = texts.setdefault(text, f"s{len(texts) + 1}")
        told = (line.operation, line.who)
        cells = list(told) if told != before else ["", ""]
        before = told
        cost = [f"{line.plan.rows:,}", f"{line.plan.buffers:,}", f"{line.plan.milliseconds:.1f}"]
        table.append(row([*cells, f"[{number}](#{number})", how(line.plan), *cost]))
    return "\n".join([*heading(options), *table, "", "## The statements", "", *details(texts)])


def heading(options: Namespace) -> list[str]:
    rows = ", ".join(f"{count:,} rows in `{table}`" for table, count in counts().items())
    command = f"python -m bench plans --sizes {max(options.sizes)} --write docs/statements.md"
    return [
        "# Every statement of the API, and how PostgreSQL runs it",
        "",
        f"Written by `{command}`: {durability()}, {os.cpu_count()} cores, {rows}.",
        "*how* names the nodes of the plan that PostgreSQL chose, with their indexes (what only passes rows on is",
        "left out); *rows* is what the statement returns, *pages* the blocks of 8 KB that it touched, in memory or",
        "not, *ms* its time, once, on a machine that was doing other things. Pages say more than times. A write shows",
        "what its own statement touched; what an AFTER trigger does is in its time alone. The statement that finds",
        "the account behind a token stands once for each request. Who asks: an organizer of 200 events, one whose",
        "events are older than nearly everything else, one of crowds of 50,000, a user who is in thirty events, an",
        "admin.",
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
