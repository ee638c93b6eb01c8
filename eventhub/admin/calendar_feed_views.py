"""The page of one's own calendar feeds."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.forms.calendar_feeds import CalendarFeedForm
from accounts.models import User
from eventhub.admin.login import page
from eventhub.admin.model_admin import REFUSALS, problems
from eventhub.api.fields import could_be_id
from registrations.services import calendar_feeds


def feeds(request: HttpRequest) -> HttpResponse:
    if "revoke" in request.POST:
        return _revoke(request)
    form = CalendarFeedForm(request.POST if request.method == "POST" else None, request=request)
    if form.is_valid():
        try:
            made = form.save()
        except REFUSALS as refusal:
            form.add_error(None, [text for texts in problems(refusal).values() for text in texts])
        else:
            # The URL is shown once, as the response to the POST that created it.
            return page(request, "eventhub/admin/new_calendar_feed.html", title="New calendar feed", made=made)
    owned = calendar_feeds.list_feeds(cast(User, request.user)).order_by("-created_at", "-pk")
    context: dict[str, Any] = {"form": form, "feeds": owned}
    return page(request, "eventhub/admin/calendar_feeds.html", title="My calendar feeds", **context)


def _revoke(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    number = request.POST["revoke"]
    feed = calendar_feeds.list_feeds(user).filter(pk=int(number)).first() if could_be_id(number) else None
    if feed is None:
        raise Http404
    calendar_feeds.revoke_feed(feed=feed, by=user)
    messages.success(request, f"The calendar feed “{feed}” was revoked.")
    return redirect("admin:calendar_feeds")
