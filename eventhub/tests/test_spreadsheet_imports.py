"""Tables in files are read as people and their spreadsheets write them, and hostile ones are refused in a sentence."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime, time, timedelta
from itertools import islice

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.spreadsheets import encodings, entries, sheets, workbooks
from eventhub.spreadsheets.cells import NOT_COMPUTED
from eventhub.spreadsheets.entries import Table, load_table, read_entries, read_records
from eventhub.spreadsheets.sheets import FileError, Record

pytestmark = [pytest.mark.once, pytest.mark.slow]

TABLE = [(1, ["email", "name"]), (2, ["zoe@example.org", "Zoe"])]


def at(text):
    """A time without an offset, as the cells of a workbook are."""
    return datetime.fromisoformat(text)


def read(content, max_rows=1000):
    """The rows of a file, all of which are seen and can be read, as plain tuples."""
    content = content.encode() if isinstance(content, str) else content
    records = list(read_records(content, max_rows=max_rows))
    assert [record for record in records if record.problem or record.hidden] == []
    return [(record.line, record.cells) for record in records]


def problems(content):
    """The line and problem of each row that cannot be read, and the lines of the others."""
    records = list(read_records(content.encode() if isinstance(content, str) else content, max_rows=1000))
    return [(record.line, record.problem) if record.problem else record.line for record in records]


def refusal(content, max_rows=1000):
    with pytest.raises(FileError) as refused:
        read(content, max_rows)
    return str(refused.value)


# CSV -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "email,name\nzoe@example.org,Zoe\n",
        "\ufeffemail,name\r\nzoe@example.org,Zoe\r\n",
        "email;name\nzoe@example.org;Zoe\n",
        "\ufeffemail\tname\r\nzoe@example.org\tZoe",
        ' email ,"name"\nzoe@example.org,  Zoe  \n,\n',
    ],
)
def test_csv_is_read_as_spreadsheets_of_any_country_write_it(content):
    assert read(content) == TABLE


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("email", [["email"]]),
        ("name; first,email", [["name; first", "email"]]),
        ('"name, first";email;phone', [["name, first", "email", "phone"]]),
        ('"a;b";c', [["a;b", "c"]]),
        ('"a\tb",c', [["a\tb", "c"]]),
        ("Nachname, Vorname;E-Mail\nL, A;a@x", [["Nachname, Vorname", "E-Mail"], ["L, A", "a@x"]]),
        ("Name, Vorname, Titel;E-Mail\nL, A, B;a@x", [["Name, Vorname, Titel", "E-Mail"], ["L, A, B", "a@x"]]),
        ("E-Mail;Kommst du (ja,nein,x)?\na@x;ja\nb@x", [["E-Mail", "Kommst du (ja,nein,x)?"], ["a@x", "ja"], ["b@x"]]),
        ("Name, Phone (home;work), Email\nA, 1, a@x", [["Name", "Phone (home;work)", "Email"], ["A", "1", "a@x"]]),
    ],
)
def test_the_delimiter_is_the_one_that_fits_most_rows(content, rows):
    assert [cells for _, cells in read(content)] == rows


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\nemail;name\nzoe@example.org;Zoe\n",
        "\ufeffSEP=|\r\nemail|name\r\nzoe@example.org|Zoe\r\n",
        '"sep=,"\nemail,name\nzoe@example.org,Zoe',
        "sep=;;\nemail;name\nzoe@example.org;Zoe",
        "sep=\t\nemail\tname\nzoe@example.org\tZoe",
    ],
)
def test_a_line_that_tells_excel_the_delimiter_is_obeyed_and_is_no_header(content):
    assert read(content) == [(line + 1, cells) for line, cells in TABLE]


@pytest.mark.parametrize(
    ("encoding", "notes"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("cp1252", ["The file is not in UTF-8. It was read as Windows-1252; if letters look wrong, save it in UTF-8."]),
        ("utf-16", ["The file was read as UTF-16."]),
        ("utf-16-le", ["The file was read as UTF-16."]),
        ("utf-16-be", ["The file was read as UTF-16."]),
        ("utf-32", ["The file was read as UTF-32."]),
    ],
)
def test_a_file_is_read_in_the_encoding_that_it_has_which_is_named(encoding, notes):
    table = load_table("email;name\r\njürgen@example.org;Jürgen Groß\r\n".encode(encoding), max_rows=9)
    assert table == Table(["email", "name"], [Record(2, ["jürgen@example.org", "Jürgen Groß"])], notes)


def test_a_byte_that_is_not_utf_8_is_an_error_of_its_row_where_the_rest_is():
    content = "email,name\na@x,Zoë\nb@x,J\u00fcrgen\n".encode().replace("\u00fc".encode(), b"\xfc")
    for mark in (b"", b"\xef\xbb\xbf"):
        table = load_table(mark + content, max_rows=9)
        assert table.records == [Record(2, ["a@x", "Zoë"]), Record(3, [], sheets.NOT_UTF_8)]
    old = "email\nZoë Ç©\nJürgen Gröne\n".encode("cp1252")
    assert load_table(old, max_rows=9).records[1] == Record(3, ["Jürgen Gröne"])


STRAY = (2, sheets.STRAY_QUOTE)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('a,b\n"zoe,1\nbob,2\n', [1, STRAY, 3]),
        ('a,b\n"5" pipe",1\nbob,2\n', [1, STRAY, 3]),
        ('a,b\n"zoe"x,1\nbob,"2\n3"\nann,4\n', [1, STRAY, 3, 5]),
        ('a,b\nx,"zoe\nbob,"Bob"\nann,4\n', [1, STRAY, 3, 4]),
        ('a,b\n"zoe\n"bob\nann,4\n', [1, STRAY, (3, sheets.STRAY_QUOTE), 4]),
        ("a,b\nzoe\0,1\nbob,2\n", [1, (2, sheets.HAS_NUL), 3]),
        (f"a,b\n{'x' * 2**18}\nbob,2\n", [1, (2, sheets.TOO_LONG), 3]),
        (f"a,b\n{'x,' * 2000}\nbob,2\n", [1, (2, sheets.TOO_WIDE), 3]),
        ('a,b\n"bob\n2",3\nsays ""hi"",4\n', [1, 2, 4]),
    ],
)
def test_a_row_that_cannot_be_read_is_one_problem_and_the_others_are_read(content, found):
    assert problems(content) == found


def test_quotes_that_are_never_closed_take_no_longer_than_the_file():
    assert refusal("a,b\n" + 'a","x\n' * 100_000, 100_000).endswith("There are too many of them.")


def test_rows_are_named_by_the_line_they_begin_on():
    assert read('a,b\n\n"one\ntwo",\r\n , \n3,\n') == [(1, ["a", "b"]), (3, ["one\ntwo", ""]), (6, ["3", ""])]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \r\n\t", "The file is empty."),
        (b"\xef\xbb\xbfespa\xf1a\n", "line 1: This is not UTF-8. Save the file in UTF-8."),
        (b"email\n\x81\x8d", "line 2: This is not Windows-1252. Save the file in UTF-8."),
        (b"\xff\xfee\0m", "line 1: This is not UTF-16. Save the file in UTF-8."),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512,
            "This is an Excel file of the old kind, or one with a password; save it as .xlsx, or as CSV.",
        ),
        (b'"zoe', f"line 1: {sheets.STRAY_QUOTE}"),
        (b"\n" + b"x," * 2000, f"line 2: {sheets.TOO_WIDE}"),
        (b"e\1mail\0\n", f"line 1: {sheets.HAS_NUL}"),
    ],
)
def test_a_text_that_is_no_table_is_refused_in_a_sentence(content, sentence):
    with pytest.raises(FileError) as refused:
        load_table(content, max_rows=9)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_holds_as_many_rows_as_the_caller_takes(kind):
    rows = [["email"], *([f"p{number}@example.org"] for number in range(3))]
    content = workbook(rows) if kind == "xlsx" else "\n".join(cells[0] for cells in rows)
    assert len(read(content, max_rows=3)) == 4
    assert refusal(content, max_rows=2) == "There are more than 2 rows."


def test_a_file_that_is_too_large_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(encodings, "MAX_BYTES", 2**20)
    assert refusal(b"x" * (2**20 + 1)) == "The file is larger than 1 MB."


# XLSX ----------------------------------------------------------------------------------------------------------------


def workbook(rows):
    """A workbook as openpyxl writes it."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


PARTS = {
    "package": "_rels/.rels",
    "book": "xl/workbook.xml",
    "relations": "xl/_rels/workbook.xml.rels",
    "sheet1": "xl/worksheets/sheet1.xml",
    "styles": "xl/styles.xml",
    "texts": "xl/sharedStrings.xml",
}


def repacked(content=None, *, leave_out=(), compression=zipfile.ZIP_DEFLATED, **parts):
    """The workbook with these of its PARTS instead of its own, or besides."""
    source = zipfile.ZipFile(io.BytesIO(content or workbook([["email"]])))
    contents = {name: source.read(name) for name in source.namelist() if name not in leave_out}
    if "texts" in parts:
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
        relation = f'<Relationship Id="texts" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
        before = contents[PARTS["relations"]].decode()
        contents[PARTS["relations"]] = before.replace("</Relationships>", relation).encode()
    contents |= {PARTS[part]: text for part, text in parts.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, text in contents.items():
            target.writestr(name, text)
    return file.getvalue()


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(rows, before=""):
    return f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def in_one_cell(text):
    return sheet(f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>')


def test_a_workbook_is_known_by_what_is_in_it_and_its_rows_by_their_numbers():
    content = workbook([["email", None, " name "], [], ["zoe@example.org"], [None, "  "], [None, None, "Zoe"]])
    assert read(content) == [(1, ["email", "", "name"]), (3, ["zoe@example.org"]), (5, ["", "", "Zoe"])]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (5, "5"),
        (5.0, "5"),
        (-0.5, "-0.5"),
        (0.1, "0.1"),
        (493012345678, "493012345678"),
        (1e20, "1e+20"),
        (True, "TRUE"),
        (False, "FALSE"),
        (date(2031, 5, 1), "2031-05-01"),
        (at("2031-05-01T18:30:00"), "2031-05-01T18:30:00"),
        (at("2031-05-01"), "2031-05-01T00:00:00"),
        (at("2031-05-01T23:59:59"), "2031-05-01T23:59:59"),
        (time(18, 30), "18:30:00"),
        ("#N/A", "#N/A"),
        (timedelta(hours=30, minutes=5), "30:05:00"),
        ("00123", "00123"),
        ("a < b & c", "a < b & c"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_a_cell_says_what_people_see_in_it(cell, text):
    assert read(workbook([["x"], ["x", cell]])) == [(1, ["x"]), (2, ["x", text])]


def test_a_formula_is_its_value():
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>A1&amp;"x"</f><v>2x</v></c></row>'
    assert read(repacked(sheet1=sheet(rows))) == [(1, ["2", "2x"])]


def test_a_formula_without_its_value_is_an_error_of_its_row():
    rows = (
        '<row><c t="str"><v>email</v></c><c t="str"><v>name</v></c></row><row><c t="str"><v>zoe</v></c><c><f>A1</f><v/>'
        '</c></row><row><c t="str"><v>bob</v></c><c t="str"><f>A9</f><v></v></c></row>'
    )
    assert entered(repacked(sheet1=sheet(rows))) == [
        (2, {"email": "zoe", "name": NOT_COMPUTED}, entries.UNCOMPUTED.format("name")),
        (3, {"email": "bob", "name": ""}, ""),
    ]


def test_shared_texts_are_read_whole_without_how_they_are_pronounced():
    texts = (
        f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>plain</x:t></x:si><x:si><x:r><x:t>rich </x:t></x:r><x:r><x:t>text</x:t>'
        "</x:r></x:si><x:si><x:t>東京</x:t><x:rPh sb='0' eb='2'><x:t>トウキョウ</x:t></x:rPh></x:si><x:si/></x:sst>"
    )
    cells = "".join(f'<c t="s"><v>{number}</v></c>' for number in range(4))
    content = repacked(sheet1=sheet(f"<row>{cells}</row><row><c r='B9' t='s'><v>0</v></c></row>"), texts=texts)
    assert read(content) == [(1, ["plain", "rich text", "東京"]), (2, ["", "plain"])]


def test_control_characters_are_read_as_excel_spells_them_and_nul_never():
    content = repacked(sheet1=in_one_cell("a_x000D_\nb_x005F_x000D_c_x0000__xD800_"))
    assert read(content) == [(1, ["a\r\nb_x000D_c_x0000__xD800_"])]


def test_dates_are_counted_from_the_year_that_the_workbook_says():
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append([at("2031-05-01T18:30:00")])
    file = io.BytesIO()
    book.save(file)
    assert read(file.getvalue()) == [(1, ["2031-05-01T18:30:00"])]


def test_a_date_that_is_none_is_the_number_that_it_is():
    book = openpyxl.Workbook()
    book.active.append([1])
    book.active["A1"].number_format = "yyyy-mm-dd"
    file = io.BytesIO()
    book.save(file)
    rows = '<row><c s="1"><v>1e12</v></c><c s="1"><v>47969</v></c><c s="77"><v>47969</v></c></row>'
    assert read(repacked(file.getvalue(), sheet1=sheet(rows))) == [(1, ["1000000000000", "2031-05-01", "47969"])]


def test_the_first_sheet_that_is_seen_and_no_chart_is_read():
    book = openpyxl.Workbook()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_chartsheet("Chart", 0)
    book.create_sheet("People").append(["email"])
    book.create_sheet("More").append(["other"])
    file = io.BytesIO()
    book.save(file)
    assert read(file.getvalue()) == [(1, ["email"])]
    notes = ["Only the first sheet was read. Not read: “Sheet”, “More”."]
    assert load_table(file.getvalue(), max_rows=9) == Table(["email"], [], notes)


# Hostile and broken workbooks ----------------------------------------------------------------------------------------

ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
FOREIGN = io.BytesIO()
with zipfile.ZipFile(FOREIGN, "w") as foreign:
    foreign.writestr("readme.txt", "Hello")
SMALL_SHEET = workbook([["email"], ["zoe@example.org"]])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: repacked(sheet1=in_one_cell("&i;").replace("<w", f"{ENTITIES}]><w", 1)), "it defines entities."),
        (lambda: repacked(sheet1=sheet("", before='<!DOCTYPE x SYSTEM "file:///etc/passwd">')), "it defines entities."),
        (lambda: repacked(texts=f"{ENTITIES}]><sst/>"), "it defines entities."),
        (lambda: repacked(styles=f"{ENTITIES}]><styleSheet/>"), "it defines entities."),
        (
            lambda: repacked(sheet1=sheet("", before=f"{ENTITIES}]>").encode("utf-16")),
            "it defines entities.",
        ),
        (lambda: SMALL_SHEET[:-40], "File is not a zip file"),
        (lambda: SMALL_SHEET[: len(SMALL_SHEET) // 2], "File is not a zip file"),
        (lambda: b"PK", "File is not a zip file"),
        (lambda: repacked(sheet1=sheet("<row>")), "mismatched tag: line 1, column 95"),
        (lambda: repacked(sheet1="email,name"), "syntax error: line 1, column 0"),
        (lambda: repacked(sheet1=""), "no element found: line 1, column 0"),
        (lambda: repacked(sheet1=sheet('<row><c t="s"><v>9</v></c></row>')), "list index out of range"),
        (lambda: repacked(sheet1=sheet("<row><c><v>two</v></c></row>")), "could not convert string to float: 'two'"),
        (lambda: repacked(sheet1=sheet('<row><c r="1A"/></row>')), "There is no cell 1A."),
        (
            lambda: repacked(sheet1=sheet(f"<row a='{'x' * 3 * 2**20}'/>")),
            "xl/worksheets/sheet1.xml has a tag without an end.",
        ),
        (lambda: repacked(compression=zipfile.ZIP_LZMA), "_rels/.rels is packed as no workbook is."),
        (
            lambda: repacked(leave_out=["xl/worksheets/sheet1.xml"]),
            "\"There is no item named 'xl/worksheets/sheet1.xml' in the archive\"",
        ),
    ],
)
def test_a_broken_workbook_is_refused_in_a_sentence(content, sentence):
    assert refusal(content()) == f"The workbook is broken: {sentence}"


TOO_MANY = (
    "The workbook has more than 110,000 rows, cells and texts, with the empty ones. Copy what you need into a new "
    "workbook, or save the sheet as CSV."
)


def bomb():
    return repacked(sheet1=sheet(" " * (workbooks.MAX_BYTES + 1)))


def lying_bomb():
    """The directory says that the sheet has 100 bytes, where it has 64 MB."""
    content = bytearray(bomb())
    real = (workbooks.MAX_BYTES + 1 + len(sheet(""))).to_bytes(4, "little")
    assert content.count(real) == 2
    return bytes(content).replace(real, (100).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (bomb, "The workbook is too large: xl/worksheets/sheet1.xml unpacks to more than 64 MB."),
        (lying_bomb, "The workbook is broken: Bad CRC-32 for file 'xl/worksheets/sheet1.xml'"),
        (
            lambda: repacked(styles="<styleSheet>" + "<xf/>" * 2**20 + "</styleSheet>"),
            "The workbook is too large: xl/styles.xml unpacks to more than 4 MB.",
        ),
        (lambda: repacked(sheet1=in_one_cell("x" * 2**20)), sheets.TOO_LONG),
        (lambda: repacked(texts=f"<sst><si><t>{'x' * 2**18}</t></si></sst>"), sheets.TOO_LONG),
        (lambda: repacked(sheet1=sheet(f"<row>{'<c/>' * 2**17}</row>")), TOO_MANY),
        (lambda: repacked(sheet1=sheet("<row/>" * 2**17)), TOO_MANY),
        (lambda: repacked(sheet1=sheet("<x/>" * 2**17)), TOO_MANY),
        (lambda: repacked(texts=f"<sst>{'<si/>' * 2**17}</sst>"), TOO_MANY),
        (
            lambda: repacked(sheet1=sheet("<row><c r='ALL1'><v>1</v></c></row>" * 200)),
            TOO_MANY,
        ),
        (
            lambda: repacked(sheet1=sheet("".join(["<x ", *(f"a{number}='' " for number in range(200)), "/>"]))),
            "The workbook is broken: xl/worksheets/sheet1.xml has a tag with more than 100 attributes.",
        ),
        (
            lambda: repacked(
                texts=f"<sst><si><t> {'x' * 131_000}</t></si></sst>",
                sheet1=sheet('<row><c t="s"><v>0</v></c></row>' * 600),
            ),
            "The workbook is too large: its cells have more than 67,108,864 characters.",
        ),
        (FOREIGN.getvalue, "This is an archive, and no XLSX workbook."),
        (lambda: repacked(book=f'<workbook xmlns="{MAIN}"/>'), "There is no table in the workbook."),
        (lambda: repacked(book="<workbook><sheet/></workbook>"), "There is no table in the workbook."),
        (lambda: repacked(relations="<Relationships/>"), "There is no table in the workbook."),
        (lambda: repacked(package="<Relationships/>"), "This is an archive, and no XLSX workbook."),
        (lambda: b"PK" + b"PK\x01\x02" * 10_001, "The workbook has more than 10000 parts."),
    ],
)
def test_a_workbook_past_the_bounds_is_refused_with_little_memory(content, sentence):
    content = content()
    tracemalloc.start()
    try:
        assert refusal(content) == sentence
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


EMPTY = '<c r="XFD1" s="1"/>'


@pytest.mark.parametrize(
    "rows",
    [
        lambda: f"<row>{'<c/>' * 2**17}</row>",
        lambda: f"<row>{EMPTY * 2**15}</row>",
        lambda: "<row/>" * 2**17,
        lambda: '<row r="1048576"/>' * 2**15,
        lambda: f"<row>{'<x>' * 10_000}{'</x>' * 10_000}</row>",
    ],
)
def test_what_is_empty_takes_no_memory_however_much_there_is_of_it(rows):
    content = repacked(sheet1=sheet(rows() + "<row r='9999999'><c r='B1'><v>1</v></c></row>"))
    tracemalloc.start()
    try:
        assert read(content, max_rows=10_000) == [(9999999, ["", "1"])]
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_a_part_with_a_password_is_refused():
    content = bytearray(SMALL_SHEET)
    position = content.index(b"PK\x01\x02")
    while position != -1:
        content[position + 8] |= 1
        position = content.find(b"PK\x01\x02", position + 1)
    assert refusal(bytes(content)).endswith("is encrypted, password required for extraction")


def spoiled(content):
    """The bytes with a few of them changed, left out or added."""
    edits = st.lists(st.tuples(st.integers(0, len(content)), st.integers(0, 4), st.binary(max_size=4)), max_size=6)

    def apply(edits):
        result = bytearray(content)
        for position, cut, piece in edits:
            result[position : position + cut] = piece
        return bytes(result)

    return edits.map(apply)


STORED = repacked(SMALL_SHEET, compression=zipfile.ZIP_STORED)


@given(content=st.one_of(spoiled(SMALL_SHEET), spoiled(STORED), spoiled(b"email,name\nzoe,Zoe\n"), st.binary()))
def test_whatever_a_file_holds_it_is_rows_or_a_sentence(content):
    try:
        rows, sentence = list(read_records(content, max_rows=1000)), "none is needed"
    except FileError as failure:
        rows, sentence = [], str(failure)
    assert sentence != ""
    assert [row for row in rows if not any(row.cells) and not row.problem] == []


# Entries -------------------------------------------------------------------------------------------------------------

FIELDS = {"email": ("e-mail", "mail"), "name": ("full name",)}


def entered(text, fields=FIELDS, required=("email",), **columns):
    table = load_table(text.encode() if isinstance(text, str) else text, max_rows=10)
    return [tuple(entry) for entry in read_entries(table, fields=fields, required=required, columns=columns)]


@pytest.mark.parametrize("header", ["email,name", "EMAIL,Full Name", "E-Mail,full_name", "Mail,NAME", "x,mail,name"])
def test_a_column_may_be_called_by_any_name_of_its_field(header):
    cells = "zoe,Zoe" if header.count(",") == 1 else "?,zoe,Zoe"
    assert entered(f"{header}\n{cells}") == [(2, {"email": "zoe", "name": "Zoe"}, "")]


def test_the_fields_own_name_comes_before_the_others_and_a_given_one_before_all():
    table = "Mail,email,e-mail\n1,2,3\n"
    assert entered(table) == [(2, {"email": "2"}, "")]
    assert entered(table, email="MAIL") == [(2, {"email": "1"}, "")]


@pytest.mark.parametrize(
    ("table", "columns", "sentence"),
    [
        ("name\n", {}, 'email: There is no column "email", only name.'),
        ("email,mail\n", {"email": "e-mail"}, 'email: There is no column "e-mail", only email, mail.'),
        ("email\n", {"name": "who"}, 'name: There is no column "who", only email.'),
        ("email,Email\n", {}, 'The column "email" is there 2 times.'),
        ("x" * 600, {}, f'email: There is no column "email", only {"x" * 500}....'),
    ],
)
def test_a_column_that_is_missing_or_there_twice_is_named(table, columns, sentence):
    with pytest.raises(FileError) as refused:
        entered(table, **columns)
    assert str(refused.value) == sentence


def test_a_workbook_without_a_row_is_an_empty_file():
    with pytest.raises(FileError, match="The file is empty"):
        load_table(workbook([]), max_rows=1)


def test_cells_that_are_left_out_are_empty_and_more_than_the_header_has_are_a_problem():
    assert entered("email,name\nzoe\nbob,Bob,,\neve,Eve,,x\n") == [
        (2, {"email": "zoe", "name": ""}, ""),
        (3, {"email": "bob", "name": "Bob"}, ""),
        (4, {"email": "eve", "name": "Eve"}, "There are 4, and 2 in the header."),
    ]


def test_a_row_that_cannot_be_read_is_an_entry_with_a_problem():
    assert entered('email,name\n"zoe,Zoe\nbob,Bob\n') == [
        (2, {"email": "", "name": ""}, sheets.STRAY_QUOTE),
        (3, {"email": "bob", "name": "Bob"}, ""),
    ]


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#NV", "#NAME?", "#DIV/0!", "#BEZUG!", "Err:502", "####"])
def test_an_error_of_the_spreadsheet_is_a_problem_in_a_column_that_is_used(error):
    assert entered(f"email,name,note\nzoe,{error},x\nbob,Bob,{error}\neve,'{error},x\n") == [
        (2, {"email": "zoe", "name": error}, f"name shows {error}, an error of the spreadsheet."),
        (3, {"email": "bob", "name": "Bob"}, ""),
        (4, {"email": "eve", "name": error}, ""),
    ]


def test_an_error_cell_of_a_workbook_is_an_error_whatever_it_is_called():
    rows = "<row><c t='e'><v>#REF!</v></c><c t='e'><v>#NEW_IN_2040!</v></c></row>"
    assert read(repacked(sheet1=sheet(rows))) == [(1, ["#REF!", "#VALUE!"])]


def test_spaces_that_do_not_break_and_signs_that_nobody_sees_do_not_make_another_header():
    assert entered("\u00a0Full\u00a0Name\u200b,\ufeffE-Mail\nZoe,zoe\n") == [(2, {"email": "zoe", "name": "Zoe"}, "")]


def test_rows_that_a_workbook_hides_are_left_out_and_named():
    book, file = openpyxl.Workbook(), io.BytesIO()
    for number in range(1, 9):
        book.active.append([f"row {number}"])
    for number in (1, 4, 6, 7):
        book.active.row_dimensions[number].hidden = True
    book.save(file)
    assert load_table(file.getvalue(), max_rows=9) == Table(
        ["row 2"],
        [Record(line, [f"row {line}"]) for line in (3, 5, 8)],
        ["Hidden rows were left out: 1, 4, 6-7."],
    )


def test_rows_are_read_one_by_one():
    lines = ("x@example.org\n" for _ in range(100_000))
    records = read_records(f"email\n{''.join(lines)}".encode(), max_rows=200_000)
    assert [record.line for record in islice(records, 3)] == [1, 2, 3]
    assert next(records).line == 4
    assert entries.MAX_SHOWN == 500
