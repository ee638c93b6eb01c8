from datetime import timedelta

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.forms.account import ConfirmForm
from accounts.models import ServiceToken
from accounts.permissions import Scope
from accounts.services import api_tokens
from accounts.services.api_tokens import LIFETIME, NewToken
from eventhub.text_fields import LineFormField

OPENS = {
    Scope.EVENTS_READ: "See events (events:read)",
    Scope.EVENTS_WRITE: "Create, change and delete events, with their registrations (events:write)",
    Scope.ATTENDEES_READ: "See who is registered, with name and contact details (attendees:read)",
    Scope.ATTENDEES_WRITE: "Register people, check them in, change and cancel registrations (attendees:write)",
    Scope.NOTIFICATIONS_READ: "See the mails of your events (notifications:read)",
    Scope.NOTIFICATIONS_WRITE: "Change the mails of your events, and write to their attendees (notifications:write)",
    Scope.PROFILE_READ: "See your account, and the public profiles of organizers (profile:read)",
    Scope.CHECKIN_READ: "See the doors of your events: scans, numbers and checkpoints (checkin:read)",
    Scope.CHECKIN_WRITE: "Scan tickets at your events, undo scans, and change checkpoints (checkin:write)",
}
DAYS = (30, LIFETIME.days, 180, 365)


class TokenForm(ConfirmForm):
    name = LineFormField(
        max_length=ServiceToken._meta.get_field("name").max_length,
        help_text="For example the program that will use it.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        choices=[(scope.value, text) for scope, text in OPENS.items()],
        help_text="A token never has more rights than you have.",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    days = forms.TypedChoiceField(
        label="Expires after",
        choices=[(days, f"{days} days") for days in DAYS],
        coerce=int,
        initial=LIFETIME.days,
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("name", "scopes", "days", "current_password")

    def save(self) -> NewToken:
        now, wanted = timezone.now(), self.cleaned_data
        return api_tokens.create_token(
            owner=self.request.user,  # type: ignore[arg-type]
            name=wanted["name"],
            scopes=wanted["scopes"],
            expires_at=now + timedelta(days=wanted["days"]),
            now=now,
        )
