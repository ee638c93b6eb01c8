"""Tables out as CSV and XLSX: every spreadsheet reads them, none runs what is in them, and we read them again."""

import csv
import io
import zipfile
from datetime import UTC, datetime

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eventhub.spreadsheets import exports
from eventhub.spreadsheets.cells import defused, in_zone, restored
from eventhub.spreadsheets.downloads import export_response
from eventhub.spreadsheets.entries import load_table, read_entries, read_records
from eventhub.spreadsheets.exports import csv_lines, write_xlsx

# Closing a download ends its request, of which Django tells the database.
pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

MOMENT = datetime(2031, 5, 1, 16, 30, 15, tzinfo=UTC)


def as_csv(header, rows):
    return b"".join(csv_lines(header, rows))


def as_xlsx(header, rows, title="People"):
    file = io.BytesIO()
    write_xlsx(file, title, header, rows)
    return file.getvalue()


BOTH = pytest.mark.parametrize("write", [as_csv, as_xlsx])


def opened(content):
    """The sheets of a workbook as openpyxl, which is stricter than we are, reads them: title and rows."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


# Formulas ------------------------------------------------------------------------------------------------------------

DEFUSED = [
    ("=1+1", "'=1+1"),
    ('=HYPERLINK("http://evil.example","x")', '\'=HYPERLINK("http://evil.example","x")'),
    ("+49 30 123", "'+49 30 123"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t'=1"),
    ("\rx", "'\rx"),
    ("\nx", "'\nx"),
    ("  =1", "'  =1"),
    ("\u00a0=1", "'\u00a0=1"),
    ('"=1', "'\"=1"),
    ("\uff1d1", "'\uff1d1"),
    ("\uff0b1", "'\uff0b1"),
    ("\uff0d1", "'\uff0d1"),
    ("\uff20x", "'\uff20x"),
    ("\u200b=1", "'\u200b=1"),
    ("\ufeff\u2060-1", "'\ufeff\u2060-1"),
    ("\u034f\xad@x", "'\u034f\xad@x"),
    ("\u202e\u3164\u2800+1", "'\u202e\u3164\u2800+1"),
    ("\u200b\tx", "'\u200b\tx"),
    ("|cmd", "'|cmd"),
    ("%0A", "'%0A"),
    ("\uff5cx", "'\uff5cx"),
    ("\uff05x", "'\uff05x"),
    ("#N/A", "'#N/A"),
    (" #REF! ", "' #REF! "),
    ("'#NV", "''#NV"),
    ("a;=1", "a;'=1"),
    ('a; "=1', "a;' \"=1"),
    ("a\n=1", "a\n'=1"),
    ("a\t-1", "a\t'-1"),
    ("'=1", "''=1"),
    ("''=1", "'''=1"),
]
HARMLESS = [
    "",
    "Zoe",
    "a=1",
    "a, +49",
    "a-b",
    "zoe@example.org",
    "'twas",
    "5",
    "a; b",
    "a\nb",
    "…",
    "ÅÄÖ =1",
    "50 %",
    "a|b",
    "#1",
    "#N/A?",
]


@pytest.mark.parametrize(("text", "safe"), DEFUSED)
def test_what_a_spreadsheet_would_run_is_quoted_and_read_back_as_it_was(text, safe):
    assert defused(text) == safe
    assert restored(safe) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_everything_else_is_left_alone(text):
    assert defused(text) == restored(text) == text


@given(st.lists(st.sampled_from([*"=+-@\uff1d'\"; \t\r\na|\u200b\x85", "#REF!"])).map("".join))
@example("'\n")
def test_restoring_undoes_defusing_whatever_the_text(text):
    assert restored(defused(text)) == text
    assert defused(text) != text or not text.strip() or not text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("text", ["\n" * 200_000, " " * 200_000, ";" * 200_000, "'" * 200_000, "\n " * 100_000])
def test_a_long_text_takes_no_longer_than_its_length(text):
    assert restored(defused(text)) == text


@BOTH
def test_no_cell_of_an_export_is_a_formula_and_numbers_stay_numbers(write):
    rows = [[-5, text] for text, _ in DEFUSED]
    content = write(["-n", "=t"], rows)
    if write is as_csv:
        assert list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))) == [
            ["'-n", "'=t"],
            *(["-5", safe] for _, safe in DEFUSED),
        ]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert {cell.data_type for cell in sheet["A"][1:]} == {"n"}
        assert {cell.data_type for cell in sheet["B"]} == {"s"}
        cells = [cell.value.replace("_x000D_", "\r") for cell in sheet["B"][1:]]
        assert cells == [safe for _, safe in DEFUSED]


def test_in_a_country_of_semicolons_no_cell_begins_with_a_formula():
    """Excel there splits our CSV at them, and does not see the quotes, which stand after commas."""
    content = as_csv(["id", "name"], [[7, text] for text, _ in DEFUSED]).decode("utf-8-sig")
    unseen = ' "\u00a0\u200b\ufeff\u2060\x01\xad\u202e\u3164\u2800'
    cells = [cell.strip(unseen) for line in content.splitlines() for cell in line.split(";")]
    assert [
        cell
        for cell in cells
        if cell.startswith((*"=+-@|%", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\uff5c", "\uff05"))
    ] == []


# There and back ------------------------------------------------------------------------------------------------------


@BOTH
def test_what_was_written_is_read_again(write):
    texts = [text for text, _ in DEFUSED] + [text for text in HARMLESS if text]
    texts += ["one\ntwo", 'a "b", c;d', "東京 😀", "00123", "#N/A", "TRUE", "a_x000D_b", "<&>", "\x01\x1f"]
    texts += ["<r><t>a</t></r>", "<r>"]
    content = write(["line", "text"], [[number, text] for number, text in enumerate(texts)])
    entries = read_entries(load_table(content, max_rows=1000), fields={"line": (), "text": ()}, columns={})
    assert [entry.texts for entry in entries] == [
        {"line": str(number), "text": text.strip()} for number, text in enumerate(texts)
    ]


def test_csv_is_utf_8_with_a_mark_and_lines_that_end_as_on_windows():
    content = as_csv(["Name", "n"], [["Zoë", 1], [None, None], ['a,"b"\nc', 2]])
    assert content == '\ufeffName,n\r\nZoë,1\r\n,\r\n"a,""b""\nc",2\r\n'.encode()


def test_csv_comes_in_pieces_of_many_lines():
    pieces = csv_lines(["n"], ([number] for number in range(100_000)))
    assert len(next(pieces)) in range(exports.CHUNK, exports.CHUNK + 100)
    assert len(list(pieces)) < 12


@BOTH
@pytest.mark.parametrize(("zone", "text"), [("UTC", "2031-05-01 16:30:15"), ("Europe/Berlin", "2031-05-01 18:30:15")])
def test_times_are_those_of_the_servers_zone_and_the_header_says_so(settings, write, zone, text):
    settings.TIME_ZONE = zone
    content = write([in_zone("Begins")], [[MOMENT], [None]])
    assert in_zone("Begins") == f"Begins ({zone})"
    (record,) = list(read_records(content, max_rows=9))[1:]
    assert record.cells == [text if write is as_csv else text.replace(" ", "T")]
    if write is as_xlsx:
        cell = openpyxl.load_workbook(io.BytesIO(content)).active["A2"]
        assert (cell.value, cell.is_date) == (datetime.fromisoformat(text), True)


@BOTH
@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (datetime(2031, 10, 26, 0, 30, tzinfo=UTC), "2031-10-26 02:30:00"),
        (datetime(2031, 10, 26, 1, 30, tzinfo=UTC), "2031-10-26 02:30:00+01:00"),
        (datetime(2031, 5, 1, 16, 30, 15, 1, tzinfo=UTC), "2031-05-01 18:30:15.000001"),
        (datetime(1900, 1, 2, tzinfo=UTC), "1900-01-02 01:00:00"),
        (datetime(2031, 5, 1, tzinfo=UTC).date(), "2031-05-01"),
    ],
)
def test_a_time_is_written_so_that_it_is_read_as_the_same(settings, write, cell, text):
    settings.TIME_ZONE = "Europe/Berlin"
    (record,) = load_table(write(["t"], [[cell]]), max_rows=9).records
    if write is as_xlsx and text == "2031-10-26 02:30:00":  # a time of the workbook, not a text
        text = text.replace(" ", "T")
    assert record.cells == [text]


# XLSX ----------------------------------------------------------------------------------------------------------------


def test_a_workbook_holds_texts_as_texts_and_leaves_empty_cells_out():
    content = as_xlsx(["a", "b", "c"], [["1", None, 2], ["TRUE", "", " x "]])
    assert opened(content) == {"People": [["a", "b", "c"], ["1", None, 2], ["TRUE", None, " x "]]}


def test_what_xml_cannot_hold_does_not_stop_an_export():
    content = as_xlsx(["t"], [["\x00\x0b\x1f"], ["\ud800\ufffe"], ["a\r\nb\rc"], ["_x0041_"]])
    assert [record.cells for record in load_table(content, max_rows=9).records] == [
        ["_x0000_"],  # and those around a text go as spaces do
        ["\ufffd\ufffd"],
        ["a\nb\rc"],
        ["_x0041_"],
    ]


def test_a_text_is_cut_where_a_cell_ends():
    rows = opened(as_xlsx(["t"], [["x" * 32_767], ["x" * 32_768]]))["People"][1:]
    assert rows == [["x" * 32_767], [f"{'x' * 32_766}…"]]


@pytest.mark.parametrize(("rows", "sheets"), [(0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_what_a_sheet_does_not_hold_goes_on_in_a_further_one(monkeypatch, rows, sheets):
    monkeypatch.setattr(exports, "SHEET_ROWS", 4)
    content = as_xlsx(["n"], iter([number] for number in range(rows)))
    tables = opened(content)
    assert list(tables) == ["People", "People 2", "People 3"][: len(sheets)]
    assert [len(table) - 1 for table in tables.values()] == sheets
    assert [cells for table in tables.values() for cells in table[1:]] == [[number] for number in range(rows)]
    assert {tuple(table[0]) for table in tables.values()} == {("n",)}


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Talk", ["Talk", "Talk 2"]),
        ("a/b\\c?d*e:f[g]", ["a b c d e f g", "a b c d e f g 2"]),
        ("x" * 40, ["x" * 31, "x" * 29 + " 2"]),
        ("😀" * 20, ["😀" * 15, "😀" * 14 + " 2"]),
        ("'quoted'", ["quoted", "quoted 2"]),
        ('<"&">\x00\n', ['<"&">', '<"&"> 2']),
        (" ", ["Sheet", "Sheet 2"]),
    ],
)
def test_a_sheet_is_called_as_excel_allows(monkeypatch, title, names):
    monkeypatch.setattr(exports, "SHEET_ROWS", 2)
    assert list(opened(as_xlsx(["n"], [[1], [2]], title))) == names


def test_a_row_that_is_not_as_wide_as_the_header_is_our_mistake():
    with pytest.raises(ValueError, match="shorter"):
        as_xlsx(["a", "b"], [[1]])


# Downloads -----------------------------------------------------------------------------------------------------------


def downloaded(kind, name="Guests"):
    response = export_response(kind, name, ["Name"], iter([["Zoe"], ["=1"]]))
    content = b"".join(response.streaming_content)
    response.close()
    return response, content


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("csv", "text/csv; charset=utf-8"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_a_download_says_what_it_is_and_is_to_be_saved(kind, content_type):
    response, content = downloaded(kind)
    assert {name: response.headers[name] for name in ("Content-Type", "Content-Disposition")} == {
        "Content-Type": content_type,
        "Content-Disposition": f'attachment; filename="guests.{kind}"',
    }
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert [record.cells for record in read_records(content, max_rows=9)] == [["Name"], ["Zoe"], ["'=1"]]


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ('a/b\\"c\r\nSet-Cookie: x', 'attachment; filename="abc-set-cookie-x.csv"'),
        ("Größe 東京", "attachment; filename*=utf-8''gr%C3%B6%C3%9Fe-%E6%9D%B1%E4%BA%AC.csv"),
        ("..", 'attachment; filename="export.csv"'),
    ],
)
def test_a_download_is_called_by_a_name_that_any_system_takes(name, disposition):
    assert downloaded("csv", name)[0].headers["Content-Disposition"] == disposition


def test_rows_of_csv_are_read_while_they_are_sent():
    rows = iter([["x" * exports.CHUNK], ["y"]])
    response = export_response("csv", "x", ["Name"], rows)
    next(iter(response.streaming_content))
    assert list(rows) == [["y"]]


def test_the_file_of_a_workbook_is_gone_when_it_was_sent_or_could_not_be_made(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    response = export_response("xlsx", "x", ["Name"], [["Zoe"]])
    file = response.file_to_stream
    assert zipfile.is_zipfile(file)
    file.seek(0)
    b"".join(response.streaming_content)
    response.close()
    assert file.closed
    with pytest.raises(ZeroDivisionError):
        export_response("xlsx", "x", ["Name"], ([1 // 0] for _ in range(1)))
    assert list(tmp_path.iterdir()) == []
