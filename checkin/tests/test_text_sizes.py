"""Sizes of texts on badges. What a browser makes of them is in eventhub/tests/browser/test_print_pages.py."""

import pytest

from checkin.text_sizes import LINE, SMALLEST, breakable, fit, width_of

pytestmark = pytest.mark.once
BOX = {"width": 50, "height": 24, "largest": 13.0}


@pytest.mark.parametrize(
    ("text", "size"),
    [("", 13.0), ("Bo", 13.0), ("Nguyễn Thị Ánh Nguyệt", 6), ("张伟", 13.0), ("Достоевская", 6.0), ("W" * 60, 3.3)],
)
def test_the_longer_a_text_the_smaller_its_letters(text, size):
    fitted = fit(text, **BOX)
    assert (fitted.text, fitted.size) == (text, pytest.approx(size, rel=0.1))


def test_only_a_word_that_would_be_too_small_is_broken():
    assert fit("Достоевская", **BOX).size * 11 * 0.74 <= 50
    assert fit("Wolfeschlegelsteinhausenbergerdorff", **BOX).size > 50 / 35 / 0.74


@pytest.mark.parametrize("letter", ["W", "漢", "Ab ", "م"])
def test_what_fits_in_no_size_is_cut(letter):
    text = letter * 255
    fitted = fit(text, width=30, height=6, largest=13.0)
    assert (fitted.size, fitted.text[-1]) == (SMALLEST, "…")
    assert text.startswith(fitted.text[:-1])
    assert len(fitted.text) > 20


def test_a_box_of_less_than_a_line_has_one_line():
    fitted = fit("Bob the Builder", width=30, height=1.3, largest=13.0)
    assert fitted.size == pytest.approx(1.3 / LINE)
    assert fitted.text == "Bob the Builder"


def test_marks_and_spaces_take_no_room():
    assert fit("Z\u0300\u0301\u0302\u0303", **BOX).size == 13.0
    assert fit("  Bob \n Builder ", **BOX).text == "Bob Builder"


def test_only_what_is_wider_than_a_line_becomes_breakable():
    assert breakable("Bob the Builder", 8) == "Bob the Builder"
    broken = breakable("Wolfeschlegelsteinhausen z\u0300\u0301", 8)
    assert (broken.replace("\u200b", ""), broken.count("\u200b")) == ("Wolfeschlegelsteinhausen z\u0300\u0301", 2)
    assert max(map(width_of, broken.replace("\u200b", " ").split())) <= 8


def test_no_line_ends_between_a_letter_and_its_marks():
    name = "\u0b95\u0bbf" * 12
    parts = breakable(name, 3).split("\u200b")
    assert ("".join(parts), {part[0] for part in parts}, len(parts) > 2) == (name, {"\u0b95"}, True)
