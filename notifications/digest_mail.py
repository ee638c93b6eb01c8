"""The summary for an organizer as a mail, with the numbers at the time of sending."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from eventhub.datetimes import written, zone_named
from eventhub.languages import first_language
from eventhub.mail import one_line, site_name
from notifications.mails import headers_of
from notifications.models import Notice
from notifications.selectors.digests import EventNews, get_news
from notifications.services.preferences import unsubscribe_link
from notifications.texts import fill, words
from notifications.texts.vocabulary import DigestWording


def compose_digest(notice: Notice) -> EmailMultiAlternatives:
    with translation.override(first_language(notice.user.language)):
        frame = _frame(notice, words().digest)
        text = "" + render_to_string("notifications/mails/digest.txt", frame)
        html = render_to_string("notifications/mails/digest.html", frame)
    message = EmailMultiAlternatives(frame["subject"], text, to=[notice.user.email], headers=headers_of(notice))
    message.attach_alternative(html, "text/html")
    return message


def _frame(notice: Notice, wording: DigestWording) -> dict[str, Any]:
    news = get_news(notice)
    totals = {"new": str(news.new), "cancelled": str(news.cancelled)}
    period = {"begins": _written(notice.digest_from), "ends": _written(notice.digest_until)}
    return {
        "language": translation.get_language(),
        "subject": fill(wording.subject, totals),
        "hello": fill(wording.hello, {"name": one_line(notice.user.public_profile.public_name)}),
        "intro": fill(wording.intro, period),
        "events": [_shown(event, wording) for event in news.events],
        "others": fill(wording.others, {"number": str(news.others)}) if news.others else "",
        "events_link": _link("admin:events_event_changelist"),
        "why": fill(wording.why, {"site": site_name()}),
        "stop": wording.stop,
        "unsubscribe": unsubscribe_link(notice.user),
    }


def _shown(event: EventNews, wording: DigestWording) -> dict[str, Any]:
    numbers = {name: str(getattr(event, name)) for name in ("new", "cancelled", "waiting", "taken", "seats")}
    return {
        "title": one_line(event.title),
        "date": written(event.date_time, None, zone_named(event.time_zone)),
        "numbers": [fill(each, numbers) for each in wording.numbers],
        "link": _link("admin:events_event_change", event.event_id),
    }


def _written(moment: datetime | None) -> str:
    return written(moment, None) if moment else ""


def _link(page: str, *args: int) -> str:
    return settings.PUBLIC_URL + reverse(page, args=args)
