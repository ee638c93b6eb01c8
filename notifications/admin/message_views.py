"""Writing to the people of a filtered list: the form, its preview, and stopping what is being sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems
from eventhub.admin.time_field import TimeOfDayField
from eventhub.text_fields import DetailsFormField, LineFormField
from events.admin.actions import counted_people
from events.models import Event
from notifications.admin.audience_links import SEARCH_VAR, STATUS_VAR
from notifications.models import Kind, Message
from notifications.previews import preview
from notifications.services import messages
from notifications.services.audience import Audience, statuses_of
from notifications.texts import Wording
from registrations.admin import status
from registrations.admin.check_in_views import find_event
from registrations.models import RegistrationStatus

FIELDS = ("subject", "body", "send_at_0", "send_at_1", "send_at_2")
MEANINGS = (
    ("{name}", "the person's name"),
    ("{event}", "the title of the event"),
    ("{date}", "when it takes place"),
    ("{place}", "where it takes place"),
    ("{organizer}", "the organizer's name"),
    ("{link}", "the person's own page, to see and cancel the registration"),
)


class MessageForm(forms.Form):
    subject = LineFormField(max_length=200, widget=UnfoldAdminTextInputWidget)
    body = DetailsFormField(label="Text", max_length=10_000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 12}))
    send_at = TimeOfDayField(label="Send at", required=False, help_text="Leave empty to send it now.")

    def __init__(self, data: Mapping[str, Any] | None, *, zone: ZoneInfo) -> None:
        super().__init__(data)
        send_at: Any = self.fields["send_at"]
        send_at.in_zone(zone)
        if zone != timezone.get_default_timezone():
            send_at.help_text = f"{send_at.help_text} Time zone: {zone.key}."


def write(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event, user = find_event(request, event_id), cast(User, request.user)
    if not messages.may_write(user, event):
        raise Http404
    is_sent = request.method == "POST"
    form = MessageForm(request.POST if is_sent else None, zone=event.zone)
    message = _compose(event, user, form, _audience(request)) if is_sent and form.is_valid() else None
    if message and "confirmed" in request.POST:
        try:
            messages.send(message)
        except REFUSALS as refusal:
            _show(form, refusal)
        else:
            notes.success(request, _done(message))
            return HttpResponseRedirect(reverse("admin:events_event_change", args=[event.pk]))
    shows_preview = message is not None and "edit" not in request.POST and not form.errors
    return _page(model_admin, request, event, form, message if shows_preview else None)


def stop(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int, message_id: int) -> HttpResponse:
    event = find_event(request, event_id)
    message = Message.objects.filter(event=event, pk=message_id).first()
    if message is None:
        raise Http404
    if request.method == "POST":
        messages.stop(message=message, by=cast(User, request.user))
        notes.success(request, f"Stopped: “{message.subject}”. What was already sent stays sent.")
    return HttpResponseRedirect(reverse("admin:events_event_change", args=[event.pk]))


def _audience(request: HttpRequest) -> Audience:
    """Return the filter of the list that led here."""
    wanted, chosen = Audience(), request.GET.get(STATUS_VAR, "")
    if chosen in RegistrationStatus.values:
        wanted["status"] = [chosen]
    if text := request.GET.get(SEARCH_VAR, "").replace("\x00", "").strip():
        wanted["search"] = text
    return wanted


def _compose(event: Event, user: User, form: MessageForm, wanted: Audience) -> Message | None:
    values: dict[str, Any] = form.cleaned_data
    try:
        return messages.compose_message(event=event, by=user, wanted=wanted, **values)
    except REFUSALS as refusal:
        _show(form, refusal)
        return None


def _show(form: MessageForm, refusal: Exception) -> None:
    for field, texts in problems(refusal).items():
        form.add_error(field if field in form.fields else None, texts)


def _page(
    model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, form: MessageForm, message: Message | None
) -> HttpResponse:
    user, wanted = cast(User, request.user), _audience(request)
    number = messages.count_people(event=event, by=user, wanted=wanted)
    listed = {"event__id__exact": str(event.pk), **request.GET.dict()}
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Write to attendees: {event.title}",
        "opts": model_admin.opts,
        "form": form,
        "people": counted_people(number),
        "has_people": number > 0,
        "who": _in_words(wanted),
        "placeholders": MEANINGS,
        "hidden": [(name, request.POST.get(name, "")) for name in FIELDS],
        "sample": message and preview(event, Kind.MESSAGE, Wording(message.subject, message.body)),
        "send_at": message and message.send_at and begins_at(message.send_at, event.zone),
        "back": f"{reverse('admin:registrations_registration_changelist')}?{urlencode(listed)}",
    }
    template = "preview_message" if message else "write"
    return TemplateResponse(request, f"notifications/admin/{template}.html", context)


def _in_words(wanted: Audience) -> str:
    """Say who is meant: “registered or checked in”, found by the search."""
    labels = [label.lower() for each, label in status.LABELS.items() if each in statuses_of(wanted)]
    who = " or ".join([", ".join(labels[:-1]), labels[-1]] if labels[1:] else labels)
    text = wanted.get("search")
    return f"{who}, found by “{text}”" if text else who


def _done(message: Message) -> str:
    when: datetime | None = message.send_at
    people = counted_people(message.recipients)
    return f"The email to {people} waits for its time." if when else f"The email to {people} is being sent."
