"""What the README says of the permission table, the configuration and the commands is what the code says."""

import re
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands

from accounts.permissions import SCOPES, TABLE, Scope

README = (Path(settings.BASE_DIR) / "README.md").read_text()


def section(title):
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_readme_prints_the_permission_table():
    rows = [f"| {resource} | {action.replace('_', ' ')} | {rule.who} |" for (resource, action), rule in TABLE.items()]
    text = section("Who may do what").split("\n### ")[0]
    printed = [line for line in text.splitlines() if line.startswith("|")]
    assert printed == ["| what | action | who |", "| --- | --- | --- |", *rows]


def test_the_readme_says_what_each_scope_opens():
    opened = {
        scope: ", ".join(f"{resource} {action}" for (resource, action), needed in SCOPES.items() if needed == scope)
        for scope in Scope
    }
    text = section("Who may do what").split("\n### Service tokens\n")[1]
    printed = [line for line in text.splitlines() if line.startswith("| `")]
    assert printed == [f"| `{scope}` | {what} |" for scope, what in opened.items()]


def test_the_readme_names_every_variable():
    root = Path(settings.BASE_DIR)
    source = (root / "eventhub/settings.py").read_text() + (root / "gunicorn.conf.py").read_text()
    variables = set(re.findall(r"""(?:read|environ\.get)\(\s*["']([A-Z_]+)["']""", source)) - {"ENV_FILE"}
    rows = [line.split("|")[1] for line in section("Configuration").splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)} == variables


def test_the_readme_names_our_commands():
    ours = {name for name, app in get_commands().items() if app in {"accounts", "events", "eventhub", "registrations"}}
    named = {line.split("`")[1].split()[0] for line in section("Commands").splitlines() if line.startswith("| `")}
    assert named == ours | {"db_worker", "createsuperuser"}
