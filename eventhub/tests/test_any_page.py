"""Whatever is asked of a list, its page is the one that a single plain statement finds: in which way the first rows
are found sooner (eventhub/merging.py, eventhub/searching.py) hangs on what PostgreSQL expects of large tables."""

import os
import random
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from accounts.models import User
from eventhub.api.pagination import KeysetPagination
from eventhub.merging import MergedQuerySet
from eventhub.tests.test_large_tables import LISTS, ROLES, VALUES, Case, large_tables  # noqa: F401 (a fixture)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite finds all first rows by plain statements"),
]

# FUZZ=1000: so many pages, other ones each time.
ASKED = int(os.environ.get("FUZZ", "0"))
PAGES = ASKED or 300


@pytest.fixture
def pages(monkeypatch):
    """Of each page that is asked for, its rows and whether there are others behind and before it, and the same as a
    plain statement finds it."""
    found: list[tuple[Any, Any]] = []
    read = KeysetPagination.paginate_queryset

    def both(self: Any, queryset: Any, request: Any, view: Any = None) -> Any:
        with monkeypatch.context() as plain:
            plain.setattr(MergedQuerySet, "__getitem__", QuerySet.__getitem__)
            expected = read(self, queryset, request, view), bool(self.next_link), bool(self.previous_link)
        rows = read(self, queryset, request, view)
        found.append(((rows, bool(self.next_link), bool(self.previous_link)), expected))
        return rows

    monkeypatch.setattr(KeysetPagination, "paginate_queryset", both)
    return found


def narrowed(view: Any, chance: random.Random) -> dict[str, str]:
    """Some of the filters that a list offers, perhaps a search for one or two words of any frequency, in any order."""
    offered = {name: VALUES[view.queryset.model, name] for name in view.filterset_class.base_filters}
    offered |= {name: (f"20{chance.randint(24, 28)}-0{chance.randint(1, 9)}-11",) for name in offered if "date" in name}
    query = {name: chance.choice(values) for name, values in offered.items() if chance.random() < 0.25}
    if chance.random() < 0.6:
        digits = ("".join(chance.choices("0123456789abcdef", k=chance.randint(2, 4))) for _ in range(2))
        words = [*digits, "qza", "qzb"][chance.randrange(3) :][: chance.randint(1, 2)]
        query["search"] = " ".join(words).ljust(3, "0")
    query["ordering"] = chance.choice(("", "-")) + chance.choice(list(view.orderings))
    query["page_size"] = str(chance.choice((1, 7, 50, 200)))
    return query


def test_any_page_of_any_list_is_what_a_plain_statement_finds(api, large_tables, pages):  # noqa: F811
    chance = random.Random(None if ASKED else 1)
    signed = {role: api(User.objects.get(pk=pk)).defaults["HTTP_AUTHORIZATION"] for role, pk in ROLES.items()}
    clients = {role: Client(headers={"authorization": token}) for role, token in signed.items()}
    for _ in range(PAGES):
        path, view, roles = chance.choice(LISTS)
        case = Case(path, view, chance.choice(roles), narrowed(view, chance), chance.random() < 0.3)
        answer = clients[case.role].get(case.url())
        assert answer.status_code == 200, (case, answer.content)
        found, expected = pages[-1]
        assert found == expected, case
    assert len(pages) == PAGES
    assert sum(len(rows) > 0 for (rows, *_), _ in pages) > PAGES / 4
