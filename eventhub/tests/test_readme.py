"""The tables in README.md and docs/ agree with the code."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from accounts.permissions import SCOPES, TABLE, Scope

pytestmark = pytest.mark.once

ROOT = Path(settings.BASE_DIR)


def section(page, title):
    return (ROOT / page).read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows_of(text):
    return [line for line in text.splitlines() if line.startswith("|")]


def test_a_page_prints_the_permission_table():
    cells = [
        [resource, action.replace("_", " "), rule.who, *([", ".join(rule.team)] if rule.team else [])]
        for (resource, action), rule in TABLE.items()
    ]
    rows = [f"| {' | '.join(row)} |" for row in cells]
    printed = rows_of((ROOT / "docs/permissions.md").read_text())
    assert printed == ["| what | action | who | in the team |", "| --- | --- | --- | --- |", *rows]


def test_the_page_on_the_api_says_what_each_scope_opens():
    opened = {
        scope: ", ".join(f"{resource} {action}" for (resource, action), needed in SCOPES.items() if needed == scope)
        for scope in Scope
    }
    printed = rows_of(section("docs/api.md", "Service tokens"))
    assert printed[2:] == [f"| `{scope}` | {what} |" for scope, what in opened.items()]


def test_the_page_on_configuration_names_every_variable():
    source = (ROOT / "eventhub/settings.py").read_text() + (ROOT / "gunicorn.conf.py").read_text()
    variables = set(re.findall(r"""(?:read|environ\.get)\(\s*["']([A-Z_]+)["']""", source)) - {"ENV_FILE"}
    cells = [row.split("|")[1] for row in rows_of((ROOT / "docs/configuration.md").read_text()) if "`" in row]
    assert {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)} == variables


def test_the_page_on_operations_names_our_commands():
    apps = {"accounts", "checkin", "events", "eventhub", "notifications", "public_pages", "registrations"}
    ours = {name for name, app in get_commands().items() if app in apps}
    named = {row.split("`")[1].split()[0] for row in rows_of(section("docs/operations.md", "Commands")) if "`" in row}
    assert named == ours | {"db_worker", "createsuperuser"}


def test_links_between_the_pages_lead_somewhere():
    """Relative links name a file, and anchors name a heading of it."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
    broken = []
    for page in pages:
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.name}: {link}")
    assert broken == []


def anchors(page):
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_file_that_the_pages_name_is_there():
    code = re.compile(
        r"`((?:accounts|checkin|events|registrations|notifications|eventhub|bench|docs)/[\w/.-]+?)(?:::\w+)?`"
    )
    named = {
        (page.name, path)
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for path in code.findall(page.read_text())
    }
    assert sorted(name for name in named if not (ROOT / name[1]).exists()) == []


def test_every_name_that_the_architecture_page_puts_in_a_file_is_there():
    """For "`name` in `path.py`" and "`one` and `other` in `path.py`"."""
    page = " ".join((ROOT / "docs/architecture.md").read_text().split())
    found = re.findall(r"((?:`[\w.]+`(?:,? and |, | with )?)+) in `([\w/]+\.py)`", page)
    named = [(path, name.split(".")[-1]) for names, path in found for name in re.findall(r"`([\w.]+)`", names)]
    missing = [f"{path}: {name}" for path, name in named if not re.search(rf"\b{name}\b", (ROOT / path).read_text())]
    assert (missing, len(named) > 15) == ([], True)


def test_the_pages_stay_short():
    lines = {page.name: len(page.read_text().splitlines()) for page in (ROOT / "docs").glob("*.md")}
    assert sum(lines.values()) <= 2150
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200
