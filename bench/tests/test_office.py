"""What the bench of the back office makes of the pages that it is answered."""

import pytest

from bench.office import WARM_UP, Found, Page, compare, table
from bench.tests.test_load import serving

PAGE = Page("the list", 1, "/list/", "Talk")


def answer(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %s X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@pytest.mark.parametrize(
    ("status", "body", "faults"),
    [
        (b"200", b"A Talk", set()),
        (b"200", b"nothing", {"the list (/list/): not a page with “Talk”, status 200"}),
        (b"302", b"Talk", {"the list (/list/): not a page with “Talk”, status 302"}),
    ],
)
def test_a_page_must_show_what_it_should(status: bytes, body: bytes, faults: set[str]) -> None:
    answers = [answer(status, body)] * (WARM_UP + 2) * 2
    with serving(*answers) as port:
        found = compare((port, PAGE), (port, PAGE), {1: "session"}, requests=2)
    assert (found.title, found.faults, min(found.milliseconds) > 0) == ("the list", faults, True)


def test_the_table_sets_many_rows_beside_few() -> None:
    found = Found("the list", (10.04, 15.06), set())
    assert [cell.strip() for cell in found.row().split("|")[1:-1]] == ["the list", "10.0", "15.1", "1.50"]
    assert {len(line) for line in table("few", "many", [found]).splitlines()} == {len(found.row())}
