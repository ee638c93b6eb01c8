"""Numbers of a workbook are dates and times where its formats show them as such."""

import io
from datetime import datetime

import openpyxl
import pytest

from eventhub.spreadsheets.entries import read_records
from eventhub.spreadsheets.number_formats import BUILTIN, Format, number_format

pytestmark = pytest.mark.once

DAY, EVENING = datetime.fromisoformat("2031-05-01"), datetime.fromisoformat("2031-05-01T18:30")
DATE, TIME, BOTH = Format(has_date=True), Format(has_time=True), Format(has_date=True, has_time=True)
ELAPSED, NUMBER = Format(has_time=True, is_elapsed=True), Format()


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("yyyy-mm-dd", DATE),
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", DATE),
        ("[$-de-CH]d. mmmm yyyy;@", DATE),
        ('dddd", den "d/m/yy', DATE),
        ("yyyy\\h", DATE),
        ("d.m.yyyy_h", DATE),
        ("*sd.m.yyyy", DATE),
        ("[White]mmm yy", DATE),
        ("[Red][>=1]d/m", DATE),
        ('d;"s;h"', DATE),
        ('[$-411]ggge"年"m"月"d"日"', DATE),
        ("m", DATE),
        ('dd.mm.yyyy "um" hh:mm "Uhr"', BOTH),
        ("yyyy-mm-dd\\Thh:mm:ss.000", BOTH),
        ("[$-409]m/d/yy h AM/PM;@", BOTH),
        ("[Cyan]hh:mm", TIME),
        ("mm:ss", TIME),
        ("h A/P", TIME),
        ("[h]:mm", ELAPSED),
        ("[MM]:ss.0", ELAPSED),
        ("[Blue][s]", ELAPSED),
        ("General", NUMBER),
        ('0 "days"', NUMBER),
        ("[Red]0.00", NUMBER),
        ("[$kr.-41D] #,##0", NUMBER),
        ("0.00E+00", NUMBER),
        ("0\\d", NUMBER),
        ("0_d", NUMBER),
        ('"dd', NUMBER),
        ("[<100]0;d.m.yyyy", DATE),
        ("[<100]d.m.yyyy;0", NUMBER),
        ("0;d.m.yyyy", NUMBER),
        ("d.m.yyyy;;", DATE),
        (BUILTIN[14], DATE),
        (BUILTIN[22], BOTH),
        (BUILTIN[31], DATE),
        (BUILTIN[32], TIME),
        (BUILTIN[44], NUMBER),
        (BUILTIN[46], ELAPSED),
    ],
)
def test_a_format_shows_a_number_as_excel_reads_it(code, shown):
    assert number_format(code).of(47969.75) == shown


def test_each_of_the_sections_is_for_some_numbers():
    code = number_format("d.m.yyyy;0;h:mm")
    assert [code.of(number) for number in (2, -2, 0)] == [DATE, NUMBER, TIME]
    assert [number_format("d;0").of(number) for number in (2, -2, 0)] == [DATE, NUMBER, DATE]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "2031-05-01"),
        ('d.m.yyyy "(Sa, So geschlossen)"', "2031-05-01"),
        ('d.m.yyyy "ab" h:mm', "2031-05-01T18:30:00"),
        ("[hh]:mm", "1151274:30:00"),
    ],
)
def test_a_cell_has_a_time_of_day_where_its_format_shows_one(code, text):
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append([EVENING])
    book.active["A1"].number_format = code
    book.save(file)
    assert [record.cells for record in read_records(file.getvalue(), max_rows=9)] == [[text]]


def test_a_date_in_iso_8601_is_shown_as_its_format_says():
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.iso_dates = True
    book.active.append([DAY, EVENING])
    book.active["A1"].number_format = "d/m/yy"
    book.save(file)
    assert [record.cells for record in read_records(file.getvalue(), max_rows=9)] == [
        ["2031-05-01", "2031-05-01T18:30:00"]
    ]


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("0000000000", 301234567, "0301234567"),
        ('"+"0', 4930123, "+4930123"),
        ("+0", 4930123, "+4930123"),
        ("\\+00\\ 000\\-0", 49301234, "+4930 123-4"),
        ("00000", 1067, "01067"),
        ("(000) 000-0000", 5550100, "(000) 555-0100"),
        ("0", 5, ""),
        ("0.00", 5, ""),
        ("#,##0", 5000, ""),
        ('0" tickets"', 2, ""),
        ("00000", 10.5, ""),
        ("00000", -5, ""),
    ],
)
def test_a_telephone_number_is_read_as_its_format_shows_it(code, number, text):
    assert number_format(code).plain(number) == text
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append([number])
    book.active["A1"].number_format = code
    book.save(file)
    (record,) = read_records(file.getvalue(), max_rows=9)
    assert record.cells == [text or str(number)]
