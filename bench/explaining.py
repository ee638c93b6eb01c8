"""What a request asks of the database, and how PostgreSQL goes about it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection, transaction

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


class Statement(NamedTuple):
    sql: str
    params: Any

    @property
    def is_explainable(self) -> bool:
        return self.sql.lstrip(" (").upper().startswith(VERBS)


class Plan(NamedTuple):
    """How a statement was run: `shape` names its nodes and indexes, `buffers` are the 8 KB pages that it touched."""

    shape: str
    rows: int
    buffers: int
    milliseconds: float
    planning: float
    read_in_vain: int  # rows that a scan read and a condition threw away
    scanned: frozenset[str]  # tables that were read from end to end


class Recorded:
    """The statements of a block, the time that the database took for them, and their plans if those were asked for."""

    def __init__(self, *, explained: bool) -> None:
        self.explained = explained
        self.statements: list[Statement] = []
        self.plans: list[Plan] = []
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statement = Statement(str(sql), params)
        if statement.is_explainable and not many:
            self.statements.append(statement)
            if self.explained:
                self.plans.append(explain(execute, statement, context))
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started


@contextmanager
def recorded(*, explained: bool = False) -> Iterator[Recorded]:
    """Explaining runs each statement twice, and takes back what it did the first time."""
    record = Recorded(explained=explained)
    with connection.execute_wrapper(record):
        yield record


def explain(execute: Callable[..., Any], statement: Statement, context: Any) -> Plan:
    """The plan with which the statement runs at this moment; what it changes is taken back."""
    command = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement.sql}"
    wrappers, connection.execute_wrappers = connection.execute_wrappers, []
    try:
        with transaction.atomic():
            execute(command, statement.params, False, context)
            found = context["cursor"].fetchone()[0]
            transaction.set_rollback(True)
    finally:
        connection.execute_wrappers = wrappers
    return plan_of((found if isinstance(found, list) else json.loads(found))[0])


def plan_of(explained: dict[str, Any]) -> Plan:
    root = explained["Plan"]
    nodes = list(walk(root))
    return Plan(
        shape=shape(root),
        rows=root["Actual Rows"],
        buffers=root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0),
        milliseconds=explained["Execution Time"],
        planning=explained["Planning Time"],
        read_in_vain=sum(
            node["Actual Loops"]
            * (node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0))
            for node in nodes
        ),
        scanned=frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
    )


def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)


SILENT = {"Limit", "Result", "Subquery Scan", "Memoize", "Materialize", "Hash", "Unique"}


def shape(node: dict[str, Any]) -> str:
    """`Nested Loop (event_by_date, accounts_user_pkey)`: the nodes that matter, each with its index or its table."""
    inside = [text for text in map(shape, node.get("Plans", [])) if text]
    kind = node["Node Type"]
    name = node.get("Index Name") or (node.get("Relation Name") if kind in {"Seq Scan", "ModifyTable"} else None)
    if kind in SILENT:
        return ", ".join(inside)
    label = f"{kind} {name}" if name else kind
    return f"{label} ({', '.join(inside)})" if inside else label
