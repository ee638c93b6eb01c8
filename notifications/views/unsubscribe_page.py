"""The page with which people turn off emails, without signing in.

Mail programs unsubscribe with a POST of `List-Unsubscribe=One-Click` to the link (RFC 8058), without cookies. So no
CSRF token is asked for: the secret link alone says whose it is. Programs that check mails open links, so a GET changes
nothing.
"""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from eventhub.admin.login import page
from events.models import Event, EventStatus
from notifications import tokens
from notifications.models import OptOutScope
from notifications.services import preferences
from notifications.tokens import Subscription
from notifications.views.links import link_not_valid, without_referrer


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
        return link_not_valid(request, ends="when the account is deleted")
    labels = _labels(about)
    if request.method == "POST":
        is_one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        off, on = about.scope if is_one_click else request.POST.get("off"), request.POST.get("on")
        if off in labels:
            preferences.opt_out(about.user_id, off, organizer_id=about.organizer_id, event_id=about.event_id)
        if on in labels:
            preferences.opt_in(about.user_id, on, organizer_id=about.organizer_id, event_id=about.event_id)
    return _page(request, about, labels, token)


def _labels(about: Subscription) -> dict[str, str]:
    """Return what can be turned off, by scope. An event that is hidden by now, or deleted, has no name."""
    labels = {}
    event = Event.objects.filter(pk=about.event_id or 0).exclude(status=EventStatus.DRAFT).first()
    if event:
        labels[OptOutScope.EVENT.value] = f"Messages about {event.title}"
    organizer = User.objects.select_related("profile").filter(pk=about.organizer_id or 0).first()
    if organizer:
        labels[OptOutScope.ORGANIZER.value] = f"All messages from {organizer.public_profile.public_name}"
    labels[OptOutScope.EVERYTHING.value] = "Messages from all organizers"
    labels[OptOutScope.REMINDERS.value] = "Reminders before events"
    if about.scope == OptOutScope.DIGESTS or preferences.wants_digest(about.user_id):
        labels[OptOutScope.DIGESTS.value] = "Summaries of your events"
    return labels


def _page(request: HttpRequest, about: Subscription, labels: dict[str, str], token: str) -> HttpResponse:
    off = preferences.scopes_off(about.user_id, organizer_id=about.organizer_id, event_id=about.event_id)
    choices = [Choice(scope, label, scope in off) for scope, label in labels.items() if not _is_covered(scope, off)]
    choices.sort(key=lambda choice: choice.scope != about.scope)
    return without_referrer(
        page(request, "notifications/unsubscribe.html", title="Unsubscribe", choices=choices, token=token)
    )


def _is_covered(scope: str, off: set[str]) -> bool:
    """Return whether a wider scope that is off makes this one superfluous."""
    wider = {
        OptOutScope.EVENT: {OptOutScope.ORGANIZER, OptOutScope.EVERYTHING},
        OptOutScope.ORGANIZER: {OptOutScope.EVERYTHING},
    }
    return bool(wider.get(OptOutScope(scope), set()) & off)
