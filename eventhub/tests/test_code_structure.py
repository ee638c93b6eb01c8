"""The rules of CONTRIBUTING.md about files, functions and names, as far as no linter knows them."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.once

ROOT = Path(settings.BASE_DIR)
APPS = ("accounts", "events", "registrations", "notifications", "checkin", "public_pages", "eventhub")
LONGEST_FILE, LONGEST_FUNCTION = 400, 40
# What Django, DRF and factory-boy look for by this name.
CLASSES_BY_CONVENTION = {"Command", "Meta"}
TOP_OF_EVENTHUB = {
    "apps",
    "audit",
    "checks",
    "datetimes",
    "env",
    "exceptions",
    "form_errors",
    "languages",
    "mail",
    "settings",
    "text_fields",
    "urls",
    "wsgi",
}
NOUNS_IN_ING = {"housekeeping", "logging", "throttling"}


@cache
def source() -> dict[Path, ast.Module]:
    """The parsed source of the service, without tests and migrations."""
    files = chain.from_iterable(sorted((ROOT / app).rglob("*.py")) for app in APPS)
    ours = [file for file in files if not {"tests", "testing", "migrations"} & set(file.parts)]
    return {file.relative_to(ROOT): ast.parse(file.read_text()) for file in [*ours, ROOT / "gunicorn.conf.py"]}


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(node: ast.AST) -> int:
    return node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_400_lines():
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in source()}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_40_lines():
    long = [
        f"{path}: {function.name} has {length(function)} lines"
        for path, module in source().items()
        for function in functions(module)
        if length(function) > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_two_classes_have_one_name():
    names = Counter(
        node.name
        for module in source().values()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and node.name not in CLASSES_BY_CONVENTION
    )
    assert {name for name, count in names.items() if count > 1} == set()


def test_what_is_loose_in_eventhub_is_what_an_engineer_expects_there():
    loose = {path.stem for path in source() if path.parent == Path("eventhub") and path.stem != "__init__"}
    assert {f"eventhub.{name}" for name in loose - TOP_OF_EVENTHUB} == set()


def test_no_module_is_named_by_a_verb():
    verbs = {
        ".".join(path.with_suffix("").parts)
        for path in source()
        if path.stem.endswith("ing") and path.stem not in NOUNS_IN_ING
    }
    assert verbs == set()
