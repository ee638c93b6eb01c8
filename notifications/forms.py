from django import forms
from django.http import QueryDict
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from accounts.models import Digest, User
from eventhub.languages import Language
from notifications.models import OptOutScope
from notifications.services import preferences
from notifications.services.preferences import Notices, Unwanted

EVERYTHING = Unwanted(OptOutScope.EVERYTHING)


class PreferencesForm(forms.Form):
    reminders = forms.BooleanField(
        label="Reminders", required=False, widget=UnfoldBooleanSwitchWidget, help_text="Before events that you attend."
    )
    messages = forms.BooleanField(
        label="Messages from organizers",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="What organizers write to the attendees of their events.",
    )
    digest = forms.ChoiceField(
        label="Summary of my events",
        choices=Digest.choices,
        widget=UnfoldAdminSelectWidget,
        help_text="New registrations, cancellations and waiting lists. You get none if nothing happened.",
    )
    language = forms.ChoiceField(
        label="Language of my emails",
        required=False,
        choices=[("", "The language of the event"), *Language.choices],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, sent: QueryDict | None, *, user: User) -> None:
        self.user, present = user, preferences.preferences_of(user)
        initial = {
            "reminders": present.notices == Notices.ALL,
            "messages": EVERYTHING not in present.opt_outs,
            "digest": present.digest,
            "language": present.language,
        }
        super().__init__(sent, initial=initial)

    def save(self) -> None:
        wanted = self.cleaned_data
        notices = Notices.ALL if wanted["reminders"] else Notices.ESSENTIAL
        preferences.save_preferences(
            user=self.user, notices=notices, digest=wanted["digest"], language=wanted["language"]
        )
        switch = preferences.opt_in if wanted["messages"] else preferences.opt_out
        switch(self.user.pk, OptOutScope.EVERYTHING)
