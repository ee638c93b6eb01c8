"""Exports as downloads."""

import tempfile
from collections.abc import Iterable, Sequence
from typing import Literal

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.text import slugify

from eventhub.spreadsheets.exports import Row, csv_lines, write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Kind = Literal["csv", "xlsx"]


def export_response(kind: Kind, name: str, header: Sequence[str], rows: Iterable[Row]) -> HttpResponseBase:
    """Return the table as a download; CSV is sent while `rows` are read."""
    response: StreamingHttpResponse
    if kind == "csv":
        response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
        try:
            write_xlsx(file, name, header, rows)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        response = FileResponse(file, content_type=XLSX)
    filename = f"{slugify(name, allow_unicode=True) or 'export'}.{kind}"
    response.headers["Content-Disposition"] = str(content_disposition_header(True, filename))
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
