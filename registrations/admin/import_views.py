"""Import attendees: upload, check columns and rows, confirm. The page in between carries the signed table."""

import threading
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts.models import User
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems
from eventhub.db.retry import retried
from eventhub.spreadsheets.downloads import export_response
from eventhub.spreadsheets.entries import Table, load_table
from eventhub.spreadsheets.sheets import FileError
from events.models import Event
from registrations.admin.check_in_views import find_event
from registrations.admin.import_state import ImportState, column_choices, digest, new_state, read_state, sign
from registrations.services.attendee_file import read_guests
from registrations.services.attendee_import import AttendeeImportReport, ImportOutcome, import_attendees

MAX_ROWS = 10_000
MAX_BYTES = 5 * 1024 * 1024
MAX_COLUMNS = 200
# Of the signed table; Django accepts 2.5 MB of form data.
MAX_CHARACTERS = 2_000_000
SHOWN = 1_000
# A file is read by one thread of a process at a time: several large ones would keep all threads busy, and others out.
READING = threading.Lock()
SECONDS_TO_WAIT = 0.1
BUSY = "Another file is being read. Wait a few seconds and upload yours again."
LARGER = "Split the file, or ask your administrator to run manage.py import_attendees."
EXAMPLE_HEADER = ("Email", "First name", "Last name", "Phone", "Contact details")
EXAMPLE = (
    ("ada@example.org", "Ada", "Lovelace", "", "Table 4, vegetarian"),
    ("grace@example.org", "Grace", "Hopper", "+1 555 0100", ""),
    ("alan@example.org", "", "", "", ""),
)


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV or XLSX file",
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"The first row names the columns. Up to {MAX_ROWS:,} people and {MAX_BYTES // 2**20} MB.",
    )

    def clean_file(self) -> Table:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(f"The file is larger than {MAX_BYTES // 2**20} MB. {LARGER}")
        if not READING.acquire(timeout=SECONDS_TO_WAIT):
            raise forms.ValidationError(BUSY)
        try:
            table = load_table(file.read(), max_rows=MAX_ROWS)
        except FileError as problem:
            hint = f" {LARGER}" if str(problem).startswith("There are more than") else ""
            raise forms.ValidationError(f"{problem}{hint}") from None
        finally:
            READING.release()
        if not table.records:
            raise forms.ValidationError("This file contains no people.")
        if len(table.header) > MAX_COLUMNS:
            raise forms.ValidationError(f"There are more than {MAX_COLUMNS} columns. Remove those that you do not use.")
        return table


def upload(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id)
    if "rows" in request.POST:
        return _continue(model_admin, request, event)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        return _preview(model_admin, request, event, new_state(form.cleaned_data["file"], event), form)
    return _ask(model_admin, request, event, form)


def example(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int, kind: str) -> HttpResponseBase:
    find_event(request, event_id)
    return export_response("xlsx" if kind == "xlsx" else "csv", "example", EXAMPLE_HEADER, EXAMPLE)


def _ask(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, form: forms.Form) -> HttpResponse:
    links = [
        (kind.upper(), reverse("admin:registrations_registration_import_example", args=[event.pk, kind]))
        for kind in ("csv", "xlsx")
    ]
    context = {**_context(model_admin, request, event), "form": form, "examples": links}
    return TemplateResponse(request, "registrations/admin/import.html", context)


def _preview(
    model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, state: ImportState, form: forms.Form
) -> HttpResponse:
    """Show the columns, and the results of the rows if the columns fit."""
    report = None
    if not state.columns.problem:
        try:
            report = _try(request, event, state)
        except REFUSALS as refusal:
            return _refused(model_admin, request, event, form, refusal)
        state = state._replace(shown=digest(report.results))
    signed = sign(request, event, state)
    if len(signed) > MAX_CHARACTERS:
        form.add_error(None, f"This file is too large to preview. {LARGER}")
        return _ask(model_admin, request, event, form)
    used, unused = column_choices(state)
    context = {
        **_context(model_admin, request, event),
        "problem": state.columns.problem,
        "used": used,
        "unused": unused,
        "rows": signed,
        "notes": state.table.notes,
        "row_count": len(state.table.records),
        "reinstate": state.reinstate,
        **(_results(report) if report else {}),
    }
    return TemplateResponse(request, "registrations/admin/import_preview.html", context)


def _try(request: HttpRequest, event: Event, state: ImportState) -> AttendeeImportReport:
    return import_attendees(
        event_id=event.pk,
        rows=read_guests(state.table, state.columns, state.questions),
        by=cast(User, request.user),
        skip_errors=True,
        reinstate=state.reinstate,
        dry_run=True,
    )


def _results(report: AttendeeImportReport) -> dict[str, Any]:
    """Return the results as the page shows them: errors first, then people who are left out."""
    places = {ImportOutcome.ERROR: 0, ImportOutcome.LEFT_OUT: 1}
    first = sorted(report.results, key=lambda result: places.get(result.outcome, 2))
    return {
        "counts": _counts(report),
        "errors": len(report.errors),
        "has_cancelled": report.has_cancelled,
        "results": first[:SHOWN],
        "more": max(0, len(first) - SHOWN),
        "entering": report.counts[ImportOutcome.SEAT] + report.counts[ImportOutcome.QUEUE],
    }


def _continue(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event) -> HttpResponse:
    """Show the preview again with the chosen columns, or import the rows that it showed."""
    state = read_state(request, event)
    if state is None:
        messages.error(request, "This preview has expired. Upload the file again.")
        return HttpResponseRedirect(request.path)
    if "update" in request.POST or state.columns.problem:
        return _preview(model_admin, request, event, state, UploadForm())
    try:
        report = _import_as_shown(event.pk, state, cast(User, request.user), "skip_errors" in request.POST)
    except REFUSALS as refusal:
        return _refused(model_admin, request, event, UploadForm(), refusal)
    if report is None:
        messages.warning(
            request, "Nothing was imported because something has changed. Check the rows and confirm again."
        )
    elif report.is_refused:
        messages.error(request, "Nothing was imported because some rows have errors. Correct the file or skip them.")
    else:
        messages.success(request, f"Imported into “{event.title}”: {_sentence(report)}.")
        return HttpResponseRedirect(reverse("admin:events_event_change", args=[event.pk]))
    return _preview(model_admin, request, event, state, UploadForm())


@retried
def _import_as_shown(event_id: int, state: ImportState, by: User, skip_errors: bool) -> AttendeeImportReport | None:
    guests = read_guests(state.table, state.columns, state.questions)
    with transaction.atomic():
        report = import_attendees(
            event_id=event_id, rows=guests, by=by, skip_errors=skip_errors, reinstate=state.reinstate
        )
        if digest(report.results) != state.shown:
            transaction.set_rollback(True)
            return None
    return report


def _refused(
    model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, form: forms.Form, refusal: Exception
) -> HttpResponse:
    for texts in problems(refusal).values():
        for text in texts:
            messages.error(request, text)
    return _ask(model_admin, request, event, form)


def _context(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event) -> dict[str, Any]:
    return {
        **model_admin.admin_site.each_context(request),
        "title": f"Import attendees: {event.title}",
        "opts": model_admin.opts,
        "event": event,
        "back": reverse("admin:events_event_change", args=[event.pk]),
    }


def _counts(report: AttendeeImportReport) -> list[tuple[str, int, str]]:
    counts = report.counts
    return [
        ("Seat", counts[ImportOutcome.SEAT], "success"),
        ("Waiting list", counts[ImportOutcome.QUEUE], "warning"),
        ("Already registered", counts[ImportOutcome.ALREADY_THERE], "info"),
        ("Left out", counts[ImportOutcome.LEFT_OUT], ""),
        ("Error", counts[ImportOutcome.ERROR], "danger"),
    ]


def _sentence(report: AttendeeImportReport) -> str:
    counts = report.counts
    parts = [f"{counts[ImportOutcome.SEAT]:,} with a seat", f"{counts[ImportOutcome.QUEUE]:,} on the waiting list"]
    if counts[ImportOutcome.ALREADY_THERE]:
        parts.append(f"{counts[ImportOutcome.ALREADY_THERE]:,} already registered")
    if counts[ImportOutcome.LEFT_OUT]:
        parts.append(f"{counts[ImportOutcome.LEFT_OUT]:,} left out")
    if counts[ImportOutcome.ERROR]:
        parts.append(f"{counts[ImportOutcome.ERROR]:,} skipped")
    return ", ".join(parts)
