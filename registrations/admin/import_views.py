"""Import attendees: upload, preview, confirm. The preview page carries the signed rows."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from django import forms
from django.contrib import messages
from django.core import signing
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
from eventhub.spreadsheets.sheets import FileError
from events.models import Event
from registrations.admin.check_in_views import find_event
from registrations.services.attendee_file import Guest, read_attendees
from registrations.services.attendee_import import AttendeeImportReport, ImportOutcome, RowResult, import_attendees

MAX_ROWS = 10_000
MAX_BYTES = 5 * 1024 * 1024
# Of the signed rows; Django accepts 2.5 MB of form data.
MAX_CHARACTERS = 2_000_000
SECONDS = 60 * 60
SALT = "registrations.import"
SHOWN = 1_000
LARGER = "Split the file, or ask your administrator to run manage.py import_attendees."
EXAMPLE_HEADER = ("Email", "Name", "Contact details")
EXAMPLE = (
    ("ada@example.org", "Ada Lovelace", "Table 4, vegetarian"),
    ("grace@example.org", "Grace Hopper", "+1 555 0100"),
    ("alan@example.org", "", ""),
)


class ImportPreview(NamedTuple):
    guests: list[Guest]
    outcomes: str


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV or XLSX file",
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"The first row names the columns. Up to {MAX_ROWS:,} people and {MAX_BYTES // 2**20} MB.",
    )

    def clean_file(self) -> list[Guest]:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(f"The file is larger than {MAX_BYTES // 2**20} MB. {LARGER}")
        try:
            guests = read_attendees(file.read(), columns={}, max_rows=MAX_ROWS)
        except FileError as problem:
            hint = f" {LARGER}" if str(problem).startswith("There are more than") else ""
            raise forms.ValidationError(f"{problem}{hint}") from None
        if not guests:
            raise forms.ValidationError("This file contains no people.")
        return guests


def upload(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id)
    if "rows" in request.POST:
        return _confirm(model_admin, request, event)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_valid():
        return _preview(model_admin, request, event, form.cleaned_data["file"], form)
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
    model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, guests: Sequence[Guest], form: forms.Form
) -> HttpResponse:
    try:
        report = import_attendees(
            event_id=event.pk, rows=guests, by=cast(User, request.user), skip_errors=True, dry_run=True
        )
    except REFUSALS as refusal:
        return _refused(model_admin, request, event, form, refusal)
    signed = _sign(request, event, ImportPreview(list(guests), _digest(report.results)))
    if len(signed) > MAX_CHARACTERS:
        form.add_error(None, f"This file is too large to preview. {LARGER}")
        return _ask(model_admin, request, event, form)
    first = sorted(report.results, key=lambda result: result.outcome != ImportOutcome.ERROR)
    context = {
        **_context(model_admin, request, event),
        "report": report,
        "counts": _counts(report),
        "errors": len(report.errors),
        "results": first[:SHOWN],
        "more": max(0, len(first) - SHOWN),
        "entering": report.counts[ImportOutcome.SEAT] + report.counts[ImportOutcome.QUEUE],
        "rows": signed,
    }
    return TemplateResponse(request, "registrations/admin/import_preview.html", context)


def _confirm(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event) -> HttpResponse:
    preview = _read(request, event)
    if preview is None:
        messages.error(request, "This preview has expired. Upload the file again.")
        return HttpResponseRedirect(request.path)
    skip_errors = "skip_errors" in request.POST
    try:
        report = _import_as_shown(event.pk, preview, cast(User, request.user), skip_errors)
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
    return _preview(model_admin, request, event, preview.guests, UploadForm())


@retried
def _import_as_shown(event_id: int, preview: ImportPreview, by: User, skip_errors: bool) -> AttendeeImportReport | None:
    with transaction.atomic():
        report = import_attendees(event_id=event_id, rows=preview.guests, by=by, skip_errors=skip_errors)
        if _digest(report.results) != preview.outcomes:
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


def _sign(request: HttpRequest, event: Event, preview: ImportPreview) -> str:
    return signing.dumps([event.pk, request.user.pk, preview.guests, preview.outcomes], salt=SALT, compress=True)


def _read(request: HttpRequest, event: Event) -> ImportPreview | None:
    try:
        event_id, user_id, guests, outcomes = signing.loads(request.POST["rows"], salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    if (event_id, user_id) != (event.pk, request.user.pk):
        return None
    return ImportPreview([Guest(*guest) for guest in guests], outcomes)


def _digest(outcomes: Sequence[RowResult]) -> str:
    return hashlib.sha256("\n".join(result.outcome for result in outcomes).encode()).hexdigest()


def _counts(report: AttendeeImportReport) -> list[tuple[str, int, str]]:
    counts = report.counts
    return [
        ("Seat", counts[ImportOutcome.SEAT], "success"),
        ("Waiting list", counts[ImportOutcome.QUEUE], "warning"),
        ("Already registered", counts[ImportOutcome.ALREADY_THERE], "info"),
        ("Error", counts[ImportOutcome.ERROR], "danger"),
    ]


def _sentence(report: AttendeeImportReport) -> str:
    counts = report.counts
    parts = [f"{counts[ImportOutcome.SEAT]:,} with a seat", f"{counts[ImportOutcome.QUEUE]:,} on the waiting list"]
    if counts[ImportOutcome.ALREADY_THERE]:
        parts.append(f"{counts[ImportOutcome.ALREADY_THERE]:,} already registered")
    if counts[ImportOutcome.ERROR]:
        parts.append(f"{counts[ImportOutcome.ERROR]:,} skipped")
    return ", ".join(parts)
