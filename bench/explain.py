"""The statements of a block and the plans with which PostgreSQL runs them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection, transaction

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
SILENT = {"Limit", "Result", "Subquery Scan", "Memoize", "Materialize", "Hash", "Unique"}


class Plan(NamedTuple):
    """How a statement ran: `shape` names its nodes and indexes, `pages` are the 8 KB blocks that it touched."""

    sql: str
    shape: str
    rows: int
    pages: int
    milliseconds: float


class Recorder:
    """Wrapper of statements that explains each before it runs, and takes back what that changed."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if str(sql).lstrip(" (").upper().startswith(VERBS) and not many:
            wrappers, connection.execute_wrappers = connection.execute_wrappers, []
            try:
                self.plans.append(explain(execute, str(sql), params, context))
            finally:
                connection.execute_wrappers = wrappers
        return execute(sql, params, many, context)


@contextmanager
def recorded() -> Iterator[Recorder]:
    recorder = Recorder()
    with connection.execute_wrapper(recorder):
        yield recorder


def explain(execute: Callable[..., Any], sql: str, params: Any, context: Any) -> Plan:
    with transaction.atomic():
        execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params, False, context)
        found = context["cursor"].fetchone()[0]
        transaction.set_rollback(True)
    explained = (found if isinstance(found, list) else json.loads(found))[0]
    root = explained["Plan"]
    pages = root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0)
    return Plan(sql, shape(root), root["Actual Rows"], pages, explained["Execution Time"])


def shape(node: dict[str, Any]) -> str:
    """Return for example `Nested Loop (event_by_date, accounts_user_pkey)`: the nodes with their index or table."""
    inside = ", ".join(text for text in map(shape, node.get("Plans", [])) if text)
    kind = node["Node Type"]
    name = node.get("Index Name") or (node.get("Relation Name") if kind in {"Seq Scan", "ModifyTable"} else None)
    if kind in SILENT:
        return inside
    label = f"{kind} {name}" if name else kind
    return f"{label} ({inside})" if inside else label
