"""An event's emails: the list of all kinds, and the words of one with a preview."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from eventhub.admin import bulk
from eventhub.admin.model_admin import REFUSALS, ScopedModelAdmin, problems
from eventhub.api.etags import Precondition, tag_of
from eventhub.exceptions import PreconditionFailed, TemplateNotFound
from eventhub.languages import Language
from events.models import Event
from notifications.admin import event_messages, outcomes
from notifications.models import Kind
from notifications.previews import invented_values, preview
from notifications.services import templates
from notifications.services.audience import is_trusted
from notifications.services.halts import stop_emails
from notifications.services.templates import MAX_BODY, MAX_SUBJECT, EventWording
from notifications.texts import Wording
from registrations.admin.check_in_views import find_event

RESET, RESET_LANGUAGE = "Back to the default words", "Back to the words for all languages"
STOP = "stop"
# When people get each email.
OCCASIONS: dict[str, str] = {
    Kind.REGISTERED: "When somebody gets a seat",
    Kind.QUEUED: "When somebody joins the waiting list",
    Kind.SEATED: "When somebody on the waiting list gets a seat",
    Kind.TICKET: "When a ticket was reissued",
    Kind.CANCELLED: "When you cancel or remove somebody's registration",
    Kind.EVENT_CHANGED: "Five minutes after you last changed the title, the time, the place or the online link",
    Kind.EVENT_CANCELLED: "When you cancel the event",
    Kind.EVENT_REOPENED: "When you reopen the event after cancelling it",
    Kind.ANSWERS: "When you ask people for answers that they owe",
    Kind.REMINDER: "Before the event begins, at the hours set on the event's page",
}
MEANINGS = {
    "name": "The person's name",
    "event": "The event's title",
    "date": "When the event takes place",
    "place": "Where the event takes place",
    "organizer": "The organizer's public name",
    "link": "The link to the person's registration. Alone in a paragraph, it becomes a button.",
    "position": "The person's place on the waiting list",
    "changes": "What has changed, one line each",
    "reason": "Why you cancelled it, if you gave a reason. Without one, an empty paragraph is left out.",
    "by": "The organizer's public name",
}


class WordingForm(forms.Form):
    """The words of one kind. `opened` is their edition when the form was opened."""

    subject = forms.CharField(max_length=MAX_SUBJECT, strip=False, widget=UnfoldAdminTextInputWidget)
    body = forms.CharField(
        label="Text", max_length=MAX_BODY, strip=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 14})
    )
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None, *, event: Event, present: EventWording) -> None:
        super().__init__(data, initial={**present.wording._asdict(), "opened": present.edition})
        self.event, self.present = event, present

    @property
    def words(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("subject", "body")}

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                self.wording = templates.change(self.present, **self.words)
            except REFUSALS as refusal:
                self._refuse(refusal)
        return self.cleaned_data

    def save(self) -> bool:
        """Save the words, and return whether that was possible."""
        condition = Precondition(match=tag_of(self.cleaned_data["opened"], b""))
        try:
            templates.save_template(
                event=self.event,
                kind=self.present.kind,
                language=self.present.language,
                condition=condition,
                **self.words,
            )
        except PreconditionFailed:
            edition = templates.wording_of(self.event, self.present.kind, self.present.language).edition
            self.data = {**self.words, "opened": edition}
            self.add_error(None, "Someone else changed this email. Save again to overwrite it.")
        except REFUSALS as refusal:
            self._refuse(refusal)
        return not self.errors

    def _refuse(self, refusal: Exception) -> None:
        for name, texts in problems(refusal).items():
            self.add_error(name or None, forms.ValidationError(texts))


def emails(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int) -> HttpResponse:
    event = find_event(request, event_id, "templates")
    if STOP in request.POST and cast(User, request.user).is_admin:
        return _stop(model_admin, request, event)
    languages = templates.own_languages(event)
    rows = [
        (words, OCCASIONS[words.kind], reverse("admin:events_event_email", args=[event.pk, words.kind]), own)
        for words in templates.wordings_of(event)
        for own in [[Language(language).label for language in languages.get(words.kind, ())]]
    ]
    context = {"title": f"Emails: {event.title}", "rows": rows, "event": event, "back": _page_of(event)}
    context["messages_sent"] = event_messages.rows(event, cast(User, request.user))
    context |= outcomes.event_context(event, cast(User, request.user))
    return bulk.page(model_admin, request, "notifications/admin/emails.html", context)


def _stop(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event) -> HttpResponse:
    if bulk.CONFIRMED in request.POST:
        stopped = stop_emails(event_id=event.pk)
        messages.success(request, f"Stopped {stopped:,} {'email' if stopped == 1 else 'emails'}.")
        return redirect(request.path)
    what = "Stop waiting emails"
    question = "Emails that have not been sent yet are never sent. Emails about later changes go out as usual."
    hidden = [(STOP, "1"), (bulk.CONFIRMED, "yes")]
    context = {"title": f"{what}?", "what": what, "question": question, "variant": "danger", "back": request.path}
    return bulk.confirmation(model_admin, request, rows=[event.title], selected=1, hidden=hidden, post_to="", **context)


def email(model_admin: ScopedModelAdmin, request: HttpRequest, event_id: int, kind: str) -> HttpResponse:
    """Show, preview, save or reset the words of one kind."""
    event = find_event(request, event_id, "templates")
    language = request.GET.get("language", "")
    try:
        present = templates.wording_of(event, kind, language)
    except TemplateNotFound:
        raise Http404 from None
    if "reset" in request.POST:
        return _reset(model_admin, request, event, present)
    form = WordingForm(request.POST if request.method == "POST" else None, event=event, present=present)
    if form.is_valid() and "preview" not in request.POST and form.save():
        messages.success(request, f"The email “{present.label}” was saved.")
        return redirect(request.get_full_path())
    return _show(model_admin, request, form)


def _show(model_admin: ScopedModelAdmin, request: HttpRequest, form: WordingForm) -> HttpResponse:
    event, present = form.event, form.present
    values = invented_values(event, present.kind, present.language)
    shown: Wording | None = getattr(form, "wording", None) if form.is_bound else present.wording
    context = {
        "title": f"{present.label}: {event.title}",
        "form": form,
        "present": present,
        "is_trusted": is_trusted(event.organizer),
        "occasion": OCCASIONS[present.kind],
        "placeholders": [(f"{{{name}}}", MEANINGS[name], values[name]) for name in present.placeholders],
        "preview": shown and preview(event, present.kind, shown, present.language),
        "is_unsaved": shown != present.wording,
        "reset": _reset_label(present),
        "languages": [("", "All languages"), *Language.choices],
        "to_preview": {"formaction": "#preview"},
        "back": reverse("admin:events_event_emails", args=[event.pk]),
    }
    return bulk.page(model_admin, request, "notifications/admin/email.html", context)


def _reset(model_admin: ScopedModelAdmin, request: HttpRequest, event: Event, present: EventWording) -> HttpResponse:
    what = _reset_label(present)
    if bulk.CONFIRMED in request.POST:
        templates.reset_template(event=event, kind=present.kind, language=present.language)
        messages.success(request, f"The email “{present.label}” has the {what.removeprefix('Back to the ')} again.")
        return redirect(request.get_full_path())
    return bulk.confirmation(
        model_admin,
        request,
        title=f"{what}?",
        what=what,
        question="Your own words for this email are deleted. This cannot be undone.",
        variant="danger",
        rows=[f"{present.label}: {present.subject}"],
        selected=1,
        hidden=[("reset", "1"), (bulk.CONFIRMED, "yes")],
        post_to="",
        back=request.get_full_path(),
    )


def _reset_label(present: EventWording) -> str:
    return RESET if present.otherwise == present.default else RESET_LANGUAGE


def _page_of(event: Event) -> str:
    return reverse("admin:events_event_change", args=[event.pk])
