"""What the pages show of events, in the active language."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from eventhub.datetimes import written, zone_named
from eventhub.exceptions import ClosedReason, EventFull, Refusal, RegistrationClosed
from eventhub.http import captcha
from events.models import Attendance, Event, Guests, Visibility
from events.models.tag_list import in_order
from events.services.slugs import page_path
from public_pages import structured_data
from public_pages.forms.guests import GuestForm, questions_form
from public_pages.guest_texts import guest_words
from public_pages.seats import Seats, ShownSeats, shown_seats
from public_pages.selectors.events import previous_start
from public_pages.texts import WORDS, Words
from registrations.exceptions import ChangeClosed

# Longer texts are shown without links: to look for them takes too long.
MAX_LINKIFIED = 20_000
SUMMARY_LENGTH = 200


def active_words() -> Words:
    return WORDS[str(translation.get_language())]


def listed_event(body: dict[str, Any]) -> dict[str, Any]:
    """Return what a list shows of an event, of its body in the API."""
    words = active_words()
    shown = ShownSeats(body["seats"], body["seats_left"], body["max_capacity"])
    closed = words.closed.get(ClosedReason.CANCELLED) if body["status"] == "cancelled" else None
    return {
        "path": body["url"].removeprefix(settings.PUBLIC_URL),
        "title": body["title"],
        "when": written(body["date_time"], body["end_time"], zone_named(body["time_zone"])),
        "where": words.online if body["attendance"] == Attendance.ONLINE else body["location"],
        "seats": closed or seats_text(shown, can_wait=body["waitlist"]),
    }


def event_context(event: Event, *, now: datetime) -> dict[str, Any]:
    words, url = active_words(), f"{settings.PUBLIC_URL}{page_path(event)}"
    reason = event.closed_reason(now)
    language = str(translation.get_language())
    data = structured_data.event_data(event, url=url, now=now, language=language, moved_from=previous_start(event))
    return {
        "event": event,
        "url": url,
        "summary": Truncator(" ".join(event.description.split())).chars(SUMMARY_LENGTH),
        "when": written(event.date_time, event.end_time, event.zone),
        "starts": event.date_time.astimezone(event.zone).isoformat(timespec="minutes"),
        "places": _places(event, words),
        "text": linkified(event.description),
        "profile": event.organizer.public_profile,
        "contact": linkified(event.organizer.public_profile.contact),
        "seats": None if reason else seats_text(shown_seats(event), can_wait=event.takes_queue(now)),
        "seats_left": event.free_for_newcomers(now),
        "closed_reason": reason,
        "closed": _closed(event, reason, words),
        "calendar": f"/public/events/{event.slug or event.pk}.ics",
        # Empty where nobody could get a seat, nor a place on the waiting list.
        "register_url": f"/admin/register/{event.slug or event.pk}/" if event.takes_people(now) else "",
        "tags": in_order(event.tag_list),
        "data": structured_data.script_text(data),
        "is_listed": event.visibility == Visibility.PUBLIC,
        **(guest_forms(event, now) if event.guests != Guests.NO and not reason else {}),
    }


def guest_forms(event: Event, now: datetime) -> dict[str, Any]:
    """Return the form that guests register with. It is the same for everybody."""
    can_wait = event.takes_queue(now)
    initial = {"language": str(translation.get_language()), "wait": event.free_for_newcomers(now) <= 0}
    return {
        "guest_form": GuestForm(initial=initial, can_wait=can_wait) if can_wait or event.seats_left > 0 else None,
        "guest_questions": questions_form(event),
        "said": guest_words(),
        "register_path": f"{page_path(event)}/register",
        "captcha": settings.CAPTCHA_SITE_KEY if captcha.is_on() else "",
        "captcha_script": settings.CAPTCHA_SCRIPT_URL,
    }


def refusal_text(refusal: Refusal, event: Event | None = None, *, of_guest: bool = False) -> str:
    """Return why something is not possible, in the active language."""
    words = active_words()
    if isinstance(refusal, RegistrationClosed) and event is not None:
        closed = _closed(event, event.closed_reason(timezone.now()), words)
        return closed or words.refusals[refusal.code]
    if isinstance(refusal, ChangeClosed):
        return words.refusals[refusal.deadline].format(when=written(refusal.closed_since, None, refusal.zone))
    can_wait = isinstance(refusal, EventFull) and refusal.extra["can_wait"]
    codes = [f"guest.{refusal.code}"] if of_guest else []
    codes += [f"{refusal.code}.can_wait"] if can_wait else [refusal.code]
    return next((words.refusals[code] for code in codes if code in words.refusals), words.refusals["other"])


def seats_text(shown: ShownSeats, *, can_wait: bool) -> str:
    words = active_words()
    if shown.state == Seats.NONE:
        return words.queue if can_wait else words.none
    if shown.left is None:
        return words.few if shown.state == Seats.FEW else words.free
    return words.of.format(left=shown.left, capacity=shown.capacity)


def linkified(text: str) -> SafeString | str:
    """Return the text with links, escaped; without them if it is very long."""
    return mark_safe(urlize(text, nofollow=True, autoescape=True)) if len(text) <= MAX_LINKIFIED else text  # noqa: S308


def _places(event: Event, words: Words) -> list[str]:
    on_site = [*dict.fromkeys(filter(None, (event.venue, event.location, event.address)))]
    if event.attendance == Attendance.ONLINE:
        return [words.online]
    return [*on_site, words.online] if event.attendance == Attendance.MIXED else on_site


def _closed(event: Event, reason: ClosedReason | None, words: Words) -> str:
    if reason == ClosedReason.NOT_OPEN_YET and event.registration_opens is not None:
        return words.opens.format(when=written(event.registration_opens, None, event.zone))
    return words.closed.get(reason, "") if reason else ""
