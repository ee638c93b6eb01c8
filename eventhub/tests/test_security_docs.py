"""Every test that docs/security.md names is there."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.once

ROOT = Path(settings.BASE_DIR)
NAMED = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs/security.md").read_text())


def test_every_test_that_the_page_names_is_there():
    tests = [(path, name) for path, name in NAMED if Path(path).name.startswith("test_")]
    gone = [
        f"{path}::{name}"
        for path, name in tests
        if not (ROOT / path).is_file() or (name and f"\ndef {name}(" not in (ROOT / path).read_text())
    ]
    assert (gone, len(tests) > 40) == ([], True)


def test_every_other_file_that_it_names_is_there():
    assert [path for path, _ in NAMED if not (ROOT / path).is_file()] == []


def test_every_file_of_attacks_is_on_it():
    here = {str(path.relative_to(ROOT)) for path in (ROOT / "eventhub/tests/attacks").glob("test_*.py")}
    assert here - {path for path, _ in NAMED} == set()
