"""Conditional requests for static files."""

from contextlib import closing

import pytest

pytestmark = pytest.mark.django_db  # closing an answer looks at the connection
PATH = "/static/unfold/css/styles.css"


def ask(client, verb="get", **headers):
    with closing(getattr(client, verb)(PATH, headers=headers)) as answer:
        return answer.status_code, answer.headers["ETag"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("{}", 304),
        ("W/{}", 304),  # as nginx sends it with a compressed body
        ('"other", W/{}', 304),
        ("*", 304),
        ('"other"', 200),
        ('W/"other", "another"', 200),
        ("", 200),
        ("no tag", 200),
    ],
)
@pytest.mark.parametrize("verb", ["get", "head"])
def test_a_file_is_sent_again_only_where_it_has_changed(client, verb, header, status):
    _, tag = ask(client)
    assert ask(client, verb, if_none_match=header.format(tag)) == (status, tag)
