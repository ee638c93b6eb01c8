"""The helpers at the door of an event: their gate tokens, and a new one as a QR code."""

from collections.abc import Mapping
from typing import Any, cast

import segno
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from accounts.models import User
from checkin.models import AFTER_EVENT, Checkpoint, GateToken
from checkin.services import checkpoints, gate_tokens
from checkin.services.gate_tokens import NewGateToken
from checkin.ticket_files import QUIET_ZONE
from eventhub.admin import bulk
from eventhub.admin.field_values import begins_at
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems, sentence
from eventhub.api.fields import could_be_id
from eventhub.text_fields import LineFormField
from events.models import Event
from registrations.admin.check_in_views import find_event

LABEL = "Revoke access"
QUESTION = "The phone stops working at the door at once. What it has scanned stays."


class GateTokenForm(forms.Form):
    name = LineFormField(
        max_length=GateToken._meta.get_field("name").max_length,
        help_text="Whose phone it is, or at which door. Scans are listed under this name.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    checkpoint = forms.ModelChoiceField(
        Checkpoint.objects.none(),
        required=False,
        empty_label="Chosen on the phone",
        widget=UnfoldAdminSelectWidget,
    )
    search = forms.BooleanField(
        label="May search by name",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Also to add people who come without a registration.",
    )
    force = forms.BooleanField(
        label="May let people in anyway",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Even if a ticket is refused, for example because it was used before.",
    )

    def __init__(self, data: Mapping[str, Any] | None, *, event: Event) -> None:
        super().__init__(data)
        self.event = event
        choice: Any = self.fields["checkpoint"]
        choice.queryset = Checkpoint.objects.filter(event=event)

    def save(self, by: User) -> NewGateToken:
        values = self.cleaned_data
        return gate_tokens.create_token(
            event=self.event,
            by=by,
            name=values["name"],
            checkpoint=values["checkpoint"],
            may=[right for right in gate_tokens.RIGHTS if values[right]],
        )


def helpers(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event, user = find_event(request, event_id, "gate_tokens"), cast(User, request.user)
    if "revoke" in request.POST:
        return _revoke(model_admin, request, event)
    checkpoints.entrance_of(event.pk)  # so that it can be chosen
    form = GateTokenForm(request.POST if request.method == "POST" else None, event=event)
    if form.is_valid():
        try:
            made = form.save(user)
        except REFUSALS as refusal:
            form.add_error(None, [text for texts in problems(refusal).values() for text in texts])
        else:
            # The token is shown once, as the response to the POST that created it.
            return _show(model_admin, request, event, made)
    now, scans = timezone.now(), gate_tokens.count_scans(event)
    tokens = (
        gate_tokens.list_tokens(event)
        .select_related("event", "checkpoint", "created_by")
        .order_by("-created_at", "-pk")
    )
    context = {
        "title": f"Helpers at the door: {event.title}",
        "form": form,
        "rows": [(token, token.is_live(now), scans.get(token.pk, 0)) for token in tokens],
        "ends": begins_at(event.ends + AFTER_EVENT, event.zone),
        "is_over": event.ends + AFTER_EVENT <= now,
        "back": reverse("admin:events_event_change", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "checkin/admin/helpers.html", context)


def _show(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, made: NewGateToken) -> HttpResponse:
    context = {
        "title": f"Access for “{made.token}”",
        "made": made,
        "ends": begins_at(made.token.ends_at, event.zone),
        "event": event,
        "picture": segno.make_qr(made.url, error="m").svg_data_uri(
            border=QUIET_ZONE, scale=8, dark="#000", light="#fff"
        ),
        "back": reverse("admin:events_event_helpers", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "checkin/admin/new_gate_token.html", context)


def _revoke(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event) -> HttpResponse:
    number, back = request.POST["revoke"], reverse("admin:events_event_helpers", args=[event.pk])
    token = gate_tokens.list_tokens(event).filter(pk=int(number)).first() if could_be_id(number) else None
    if token is None:
        raise Http404
    if bulk.CONFIRMED not in request.POST:
        return bulk.confirmation(
            model_admin,
            request,
            title=f"{LABEL}?",
            what=LABEL,
            question=QUESTION,
            variant="danger",
            rows=[str(token)],
            selected=1,
            hidden=[("revoke", str(token.pk)), (bulk.CONFIRMED, "yes")],
            post_to=back,
            back=back,
        )
    try:
        gate_tokens.revoke_token(token=token, by=cast(User, request.user))
    except REFUSALS as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, f"The access of “{token}” was revoked.")
    return redirect(back)
