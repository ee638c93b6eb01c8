"""Rows that a statement gets as one parameter, and what the database makes of them."""

import pytest
from django.db import connection

from accounts.models import User
from eventhub.api.fields import MAX_ID
from eventhub.db.json_rows import among, folded, unfolded

TEXTS = [
    "",
    " ",
    "O'Hara",
    'a "b" \\ c',
    "100 %s {} $1",
    "Main Street 1\nTown\t\r",
    "\u00e9\U0001d11e\u2028\x7f",
    "[1]",
]


def rows_of(rows, columns):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {unfolded(columns)} ORDER BY place", [folded(rows)])
        return cursor.fetchall()


@pytest.mark.django_db
def test_rows_come_out_as_they_went_in_and_in_their_order():
    rows = [(number, text) for number, text in zip([MAX_ID, 0, -1, None, 7, 3, 1, 2], TEXTS, strict=True)]
    assert rows_of(rows, {"number": "bigint", "text": "text"}) == rows
    many = [(str(number),) for number in range(3000)]
    assert rows_of(many, {"text": "text"}) == many
    assert rows_of([], {"text": "text"}) == []


def test_a_condition_on_a_list_finds_those_who_are_in_it(person):
    people = [person(f"p{number}") for number in range(4)]
    asked = User.objects.order_by("pk")
    assert list(asked.filter(pk__in=among([people[0].pk, people[2].pk, MAX_ID], "bigint"))) == [people[0], people[2]]
    assert list(asked.filter(username__in=among(["p3", "p1", "P0", "'"], "text"))) == [people[1], people[3]]
    assert list(asked.filter(pk__in=among([], "bigint"))) == []
