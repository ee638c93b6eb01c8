"""The checkpoints of an event: their list with a form for a new one, and the page of one."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from checkin.models import Checkpoint, Reentry
from checkin.services import checkpoints
from eventhub.admin import bulk
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems, sentence
from eventhub.admin.time_field import TimeOfDayField
from eventhub.text_fields import LineFormField
from events.models import Event
from registrations.admin.check_in_views import find_event

LABEL = "Delete checkpoint"
QUESTION = "Phones that have access to this checkpoint alone lose it."


class CheckpointForm(forms.Form):
    name = LineFormField(
        max_length=Checkpoint._meta.get_field("name").max_length,
        help_text="Such as a session, a meal or a day.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    reentry = forms.ChoiceField(
        label="Come in again", choices=Reentry.choices, initial=Reentry.NEVER, widget=UnfoldAdminSelectWidget
    )
    opens = TimeOfDayField(required=False, help_text="Nobody is let in before. Empty: any time.")
    closes = TimeOfDayField(required=False, help_text="Nobody is let in from then on. Empty: any time.")

    def __init__(self, data: Mapping[str, Any] | None, *, zone: ZoneInfo, checkpoint: Checkpoint | None = None) -> None:
        names = ("name", "reentry", "opens", "closes")
        super().__init__(data, initial={name: getattr(checkpoint, name) for name in names} if checkpoint else None)
        opens: Any = self.fields["opens"]
        closes: Any = self.fields["closes"]
        closes.end_of_day = True
        opens.in_zone(zone)
        closes.in_zone(zone)
        if zone != timezone.get_default_timezone():
            opens.help_text = f"{opens.help_text} Time zone: {zone.key}."

    def attempt(self, save: Any, **about: Any) -> bool:
        """Save with a service. Show its refusal beside the field."""
        if not self.is_valid():
            return False
        try:
            save(values=self.cleaned_data, **about)
        except REFUSALS as refusal:
            code = getattr(refusal, "code", "")
            for field, texts in problems(refusal).items():
                name = field or ("name" if code == "checkpoint_name_taken" else "")
                self.add_error(name if name in self.fields else None, texts)
            return False
        return True


def checkpoint_list(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id, "create_checkpoint")
    checkpoints.entrance_of(event.pk)
    form = CheckpointForm(request.POST if request.method == "POST" else None, zone=event.zone)
    if request.method == "POST" and form.attempt(checkpoints.create_checkpoint, event_id=event.pk):
        messages.success(request, f"The checkpoint “{form.cleaned_data['name']}” was added.")
        return redirect(request.path)
    context = {
        "title": f"Checkpoints: {event.title}",
        "form": form,
        "event": event,
        "rows": Checkpoint.objects.filter(event=event),
        "back": reverse("admin:events_event_change", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "checkin/admin/checkpoints.html", context)


def checkpoint_page(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int, pk: int) -> HttpResponse:
    event = find_event(request, event_id, "create_checkpoint")
    checkpoint = Checkpoint.objects.filter(event=event, pk=pk).first()
    if checkpoint is None:
        raise Http404
    back = reverse("admin:events_event_checkpoints", args=[event.pk])
    if "delete" in request.POST:
        return _delete(model_admin, request, event, checkpoint, back)
    data = request.POST if request.method == "POST" else None
    form = CheckpointForm(data, zone=event.zone, checkpoint=checkpoint)
    if request.method == "POST" and form.attempt(checkpoints.update_checkpoint, checkpoint=checkpoint):
        messages.success(request, f"The checkpoint “{form.cleaned_data['name']}” was changed.")
        return redirect(back)
    context = {
        "title": f"{checkpoint}: {event.title}",
        "form": form,
        "checkpoint": checkpoint,
        "back": back,
    }
    return bulk.page(model_admin, request, "checkin/admin/checkpoint.html", context)


def _delete(
    model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, checkpoint: Checkpoint, back: str
) -> HttpResponse:
    page = reverse("admin:events_event_checkpoint", args=[event.pk, checkpoint.pk])
    if bulk.CONFIRMED not in request.POST:
        return bulk.confirmation(
            model_admin,
            request,
            title=f"{LABEL}?",
            what=LABEL,
            question=QUESTION,
            variant="danger",
            rows=[str(checkpoint)],
            selected=1,
            hidden=[("delete", "yes"), (bulk.CONFIRMED, "yes")],
            post_to=page,
            back=page,
        )
    try:
        checkpoints.delete_checkpoint(checkpoint=checkpoint)
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
        return redirect(page)
    messages.success(request, f"The checkpoint “{checkpoint}” was deleted.")
    return redirect(back)
