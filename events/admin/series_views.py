"""The series of an event: its rule and its dates. What a change does is shown before it is done."""

from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts.models import User
from accounts.permissions import allowed
from eventhub.admin import bulk
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems, sentence
from events.admin.series_forms import RuleForm, rule_in_words
from events.models import Event, EventStatus, Series
from events.services.series import PREVIEWED
from notifications.services import clones
from registrations.admin.check_in_views import find_event
from registrations.services import series_changes
from registrations.services.series_changes import SeriesEdit

WHY = {
    series_changes.HAS_PEOPLE: "people have registered",
    series_changes.EDITED: "edited by hand",
    "capacity_below_taken": "more seats are taken",
    "has_attendees": "people are registered",
}
STEPS = {
    "publish": (EventStatus.UPCOMING, "Publish all dates", "primary"),
    "cancel": (EventStatus.CANCELLED, "Cancel all dates to come", "danger"),
}

COPY = "copy"
QUESTIONS = {
    "cancel": "People who have registered stay registered.",
    COPY: "Their questions, words for emails and team are replaced by those of this date.",
}


def event_urls(model_admin: ScopedModelAdmin) -> list[URLPattern]:
    page = model_admin.admin_site.admin_view(partial(series_page, model_admin))
    return [path("<int:event_id>/series/", page, name="events_event_series")]


def series_page(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    """Make an event a series, or show and change the series that it belongs to."""
    event = find_event(request, event_id)
    if not allowed(cast(User, request.user), "series", "update", event):
        raise Http404
    series = Series.objects.filter(pk=event.series_id or 0).first()
    step = next((name for name in (*STEPS, COPY, "delete") if name in request.POST), None)
    if series is not None and step:
        return _all_dates(model_admin, request, event, series, step)
    first = timezone.localtime(event.date_time, event.zone).date() if series is None else series.wall.date()
    form = RuleForm(request.POST if request.method == "POST" else None, first=first, rule=series.rule if series else "")
    edit = _change(event, series, form, dry_run=True) if request.method == "POST" and form.is_valid() else None
    if edit is not None and request.POST.get(bulk.CONFIRMED) == edit.series.rule:
        done = _change(event, series, form, dry_run=False)
        if done is not None:
            messages.success(request, _sentence(done) if series else f"{_counted(len(done.created) + 1)} planned.")
            return redirect(request.path)
    context = {
        "title": f"{'Series' if series else 'Repeat'}: {event.title}",
        "form": form,
        "event": event,
        "series": series,
        "words": series and rule_in_words(series.rule),
        "rows": series and series.dates.select_related("event").order_by("original_start"),
        "steps": [
            (name, label, variant) for name, (_, label, variant) in STEPS.items() if series and _fits(series, name)
        ],
        "edit": edit and _shown(edit, event, is_new=series is None),
        "back": reverse("admin:events_event_change", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "events/admin/series.html", context)


def _change(event: Event, series: Series | None, form: RuleForm, *, dry_run: bool) -> SeriesEdit | None:
    rule = form.cleaned_data["rule"]
    try:
        if series is None:
            return series_changes.repeat_event(event_id=event.pk, rule=rule, dry_run=dry_run)
        return series_changes.edit_series(series_id=series.pk, values={}, rule=rule, dry_run=dry_run)
    except REFUSALS as refusal:
        for texts in problems(refusal).values():
            form.add_error(None, texts)
        return None


def _shown(edit: SeriesEdit, event: Event, *, is_new: bool) -> dict[str, Any]:
    """Return what a change would do, as its page shows it."""
    created = ([event] if is_new else []) + edit.created
    return {
        "rule": edit.series.rule,
        "words": rule_in_words(edit.series.rule),
        "label": "Make these dates" if is_new else "Change the series",
        "created": [when(each) for each in created[:PREVIEWED]],
        "more": max(0, len(created) - PREVIEWED),
        "goes_on": edit.series.made_until is not None,
        "deleted": [when(each) for each in edit.deleted],
        "kept": kept_rows(edit),
    }


def when(event: Event) -> str:
    return begins_at(event.date_time, event.zone, "D, j N Y, H:i")


def kept_rows(edit: SeriesEdit) -> list[str]:
    return [f"{when(kept.event)}: {WHY.get(kept.why, kept.why)}" for kept in edit.kept]


def _sentence(edit: SeriesEdit) -> str:
    parts = [f"{_counted(len(edit.created))} added", f"{_counted(len(edit.deleted))} deleted"]
    return f"The series was changed: {', '.join(parts)}, {len(edit.kept):,} left as they were."


def _counted(number: int) -> str:
    return f"{number:,} date{'' if number == 1 else 's'}"


def _fits(series: Series, step: str) -> bool:
    status = series.template.get("status")
    return bool(status == EventStatus.DRAFT if step == "publish" else status != EventStatus.CANCELLED)


def _take(step: str, event: Event, series: Series, *, dry_run: bool) -> tuple[str, str, list[str]]:
    """Take a step; return its label, the look of its button, and a line for each date."""
    if step == "delete":
        done = series_changes.delete_series(series_id=series.pk, dry_run=dry_run)
        rows = [f"{when(each)} is deleted" for each in done.deleted]
        return "Delete series", "danger", [*rows, *(f"{when(each)} stays as a single event" for each in done.kept)]
    if step == COPY:
        copied = clones.copy_to_following(event_id=event.pk, dry_run=dry_run)
        rows = [when(each) for each in copied.changed]
        kept = [f"{when(each)} (keeps its questions: people have registered)" for each in copied.kept]
        return "Copy to later dates", "primary", [*rows, *kept]
    status, label, variant = STEPS[step]
    edit = series_changes.edit_series(series_id=series.pk, values={"status": status}, dry_run=dry_run)
    rows = [when(each) for each in edit.changed] + [f"{row} (stays as it is)" for row in kept_rows(edit)]
    return label, variant, rows


def _all_dates(
    model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, series: Series, step: str
) -> HttpResponse:
    """Publish, cancel or delete all dates to come, after showing which."""
    is_confirmed = bulk.CONFIRMED in request.POST
    page, back = request.path, reverse("admin:events_event_changelist")
    try:
        label, variant, rows = _take(step, event, series, dry_run=not is_confirmed)
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
        return redirect(page)
    if is_confirmed:
        messages.success(request, f"{label}: done.")
        return redirect(back if step == "delete" else page)
    return bulk.confirmation(
        model_admin,
        request,
        title=f"{label}?",
        what=label,
        question=QUESTIONS.get(step, ""),
        variant=variant,
        rows=rows,
        selected=len(rows),
        hidden=[(step, "yes"), (bulk.CONFIRMED, "yes")],
        post_to=page,
        back=page,
    )
