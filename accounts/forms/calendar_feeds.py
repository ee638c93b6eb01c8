from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.forms.account import ConfirmForm
from registrations.models import FeedKind
from registrations.services import calendar_feeds
from registrations.services.calendar_feeds import NewFeed


class CalendarFeedForm(ConfirmForm):
    kind = forms.ChoiceField(
        label="Shows", choices=FeedKind.choices, initial=FeedKind.EVENTS, widget=UnfoldAdminSelectWidget
    )
    field_order = ("kind", "current_password")

    def save(self) -> NewFeed:
        owner = self.request.user
        return calendar_feeds.create_feed(owner=owner, kind=self.cleaned_data["kind"])  # type: ignore[arg-type]
