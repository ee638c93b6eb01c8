"""The function that folds case and marks is the same in Python, which SQLite calls, and in PostgreSQL."""

import pytest
from django.db import connection

from eventhub.db.text_search import FOLD, fold

pytestmark = pytest.mark.django_db

FOLDED = {
    "Anna BO": "anna bo",
    "Zoë Żółć": "zoe zolc",
    "Łukasz Øst Đorđe Ħal Ŧ ıİ": "lukasz ost dorde hal t ii",
    "Groß GROẞ Ærø Œuvre Þór": "gross gross aero oeuvre thor",
    "ﬁn \uff21\uff11 Ⅷ": "fin a1 viii",
    "нёй \u03cc\u03c2": "неи \u03bf\u03c3",
    "東京 ｶ": "東京 カ",
    "100% \\ _\n'": "100% \\ _\n'",
    "🙂 \u0301": "🙂 ",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), [*FOLDED.items(), (None, None)])
def test_texts_are_folded_alike_everywhere(text, expected):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {FOLD}(%s)", [text])
        assert (fold(text), cursor.fetchone()[0]) == (expected, expected)
