"""The page with which people turn off emails, without signing in.

Mail programs unsubscribe with a POST of `List-Unsubscribe=One-Click` to the link (RFC 8058), without cookies. So no
CSRF token is asked for: the secret link alone says whose it is. Programs that check mails open links, so a GET changes
nothing.
"""

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from eventhub.languages import first_language
from events.models import Event, EventStatus
from notifications import tokens
from notifications.models import OptOutScope
from notifications.services import preferences
from notifications.texts import fill, words
from notifications.tokens import Subscription
from notifications.views.links import link_not_valid, link_page


class Choice(NamedTuple):
    scope: str
    label: str
    is_off: bool


@csrf_exempt
def unsubscribe(request: HttpRequest) -> HttpResponse:
    if request.method not in {"GET", "HEAD", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    token = request.POST.get("token") or request.GET.get("token", "")
    about = tokens.find_subscription(token)
    if about is None:
        return link_not_valid(request, of="account")
    event = _event_of(about)
    with translation.override(_language(about, event)):
        return _unsubscribe(request, about, event, token)


def _unsubscribe(request: HttpRequest, about: Subscription, event: Event | None, token: str) -> HttpResponse:
    labels = _labels(about, event)
    if request.method == "POST":
        is_one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        off, on = about.scope if is_one_click else request.POST.get("off"), request.POST.get("on")
        if off in labels:
            preferences.opt_out(about.user_id, off, organizer_id=about.organizer_id, event_id=about.event_id)
        if on in labels:
            preferences.opt_in(about.user_id, on, organizer_id=about.organizer_id, event_id=about.event_id)
    return _page(request, about, labels, token)


def _event_of(about: Subscription) -> Event | None:
    """Return the event unless it is hidden by now, or deleted."""
    events = Event.objects.exclude(status=EventStatus.DRAFT)
    event: Event | None = events.filter(pk=about.event_id or 0).first()
    return event


def _language(about: Subscription, event: Event | None) -> str:
    """Return the language of the mail that the link was in."""
    own = User.objects.filter(pk=about.user_id).values_list("language", flat=True).first()
    return first_language(own or "", event.language if event else "")


def _labels(about: Subscription, event: Event | None) -> dict[str, str]:
    """Return what can be turned off, by scope."""
    labels, said = {}, words().unsubscribe_page
    if event:
        labels[OptOutScope.EVENT.value] = fill(said.event, {"event": event.title})
    organizer = User.objects.select_related("profile").filter(pk=about.organizer_id or 0).first()
    if organizer:
        labels[OptOutScope.ORGANIZER.value] = fill(said.organizer, {"organizer": organizer.public_profile.public_name})
    labels[OptOutScope.EVERYTHING.value] = said.everything
    labels[OptOutScope.REMINDERS.value] = said.reminders
    if about.scope == OptOutScope.DIGESTS or preferences.wants_digest(about.user_id):
        labels[OptOutScope.DIGESTS.value] = said.digests
    return labels


def _page(request: HttpRequest, about: Subscription, labels: dict[str, str], token: str) -> HttpResponse:
    off = preferences.scopes_off(about.user_id, organizer_id=about.organizer_id, event_id=about.event_id)
    choices = [Choice(scope, label, scope in off) for scope, label in labels.items() if not _is_covered(scope, off)]
    choices.sort(key=lambda choice: choice.scope != about.scope)
    said = words().unsubscribe_page
    context: dict[str, Any] = {"title": said.title, "words": said, "choices": choices, "token": token}
    return link_page(request, "notifications/unsubscribe.html", **context)


def _is_covered(scope: str, off: set[str]) -> bool:
    """Return whether a wider scope that is off makes this one superfluous."""
    wider = {
        OptOutScope.EVENT: {OptOutScope.ORGANIZER, OptOutScope.EVERYTHING},
        OptOutScope.ORGANIZER: {OptOutScope.EVERYTHING},
    }
    return bool(wider.get(OptOutScope(scope), set()) & off)
