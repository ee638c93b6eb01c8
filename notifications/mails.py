"""A notice as a mail, made of the facts at the time of sending."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.mime.image import MIMEImage
from time import sleep
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.html import linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

from accounts.email_addresses import AddressField, normalize_email
from accounts.models import User
from eventhub.datetimes import written, zone_named
from eventhub.languages import first_language
from eventhub.mail import BIDI, HEADERS, one_line, site_name
from events.calendar_entry import Invitee, Method, calendar_entry, last_modified
from events.models import Event
from events.services.slugs import page_url
from notifications.models import OF_INTEREST, Kind, Notice, OptOutScope
from notifications.services import audience
from notifications.services.fan_outs import LINK, changed_values
from notifications.services.preferences import unsubscribe_headers, unsubscribe_link
from notifications.services.templates import wording_for
from notifications.texts import Wording, fill, words
from notifications.tokens import make_answers_link, make_link
from registrations.confirmation_extras import Extra, extras_of
from registrations.models import SEATED, Registration, RegistrationStatus, Transition

SECOND = timedelta(seconds=1)
# What is left of a paragraph whose placeholder has no value.
EMPTY = re.compile(r"\n\s*\n\s*\n")
# The mails that people can turn off with one click, and what the click turns off.
CAN_UNSUBSCRIBE: dict[str, str] = {
    Kind.REMINDER: OptOutScope.REMINDERS,
    Kind.MESSAGE: OptOutScope.ORGANIZER,
    Kind.DIGEST: OptOutScope.DIGESTS,
    **dict.fromkeys(OF_INTEREST, OptOutScope.EVENT),
}
TELLS_LINK = (Kind.REGISTERED, Kind.SEATED, Kind.REMINDER, Kind.EVENT_CHANGED)
NO_CALENDAR = (Kind.QUEUED, Kind.TICKET, Kind.REMINDER, Kind.ANSWERS, Kind.MESSAGE)
BUTTON = " "  # no placeholder: what the button says where it is not the usual


class RenderedMail(NamedTuple):
    subject: str
    text: str
    html: str


def compose(notice: Notice) -> EmailMultiAlternatives:
    """Make the mail of a notice, to its account's address, in its language."""
    with translation.override(first_language(notice.user.language, notice.event.language)):
        values = values_of(notice)
        extras = _extras(notice)
        rendered = render(_wording(notice), values, notice.event, extras, online=_online_link(notice))
    message = EmailMultiAlternatives(
        rendered.subject,
        rendered.text,
        to=[notice.user.email],
        reply_to=_reply_to(notice.event.organizer),
        headers=headers_of(notice),
    )
    message.attach_alternative(rendered.html, "text/html")
    method = calendar_method(notice)
    if method:
        entry = calendar_entry(
            notice.event,
            method=method,
            stamp=_stamp(notice),
            attendee=Invitee(values["name"], notice.user.email),
            status_since=_status_since(notice),
        )
        # As an alternative and not as a file: programs take it for an invitation then, and show it once.
        message.attach_alternative(entry.decode(), f"text/calendar; method={method}")
    _embed(message, extras)
    return message


def _online_link(notice: Notice) -> str | None:
    has_link = notice.kind in TELLS_LINK and notice.registration
    return notice.registration.online_link(timezone.now()) if has_link and notice.registration else None


def _extras(notice: Notice) -> list[Extra]:
    has_extras = notice.kind in (Kind.REGISTERED, Kind.SEATED, Kind.TICKET) and notice.registration
    return extras_of(notice.registration) if has_extras and notice.registration else []


def _embed(message: EmailMultiAlternatives, extras: Sequence[Extra]) -> None:
    """Put the pictures into the mail: programs load none from elsewhere unless asked."""
    for number, extra in enumerate(extras):
        picture = MIMEImage(extra.make_picture(), "png")
        picture.add_header("Content-ID", f"<{_cid(number)}>")
        picture.add_header("Content-Disposition", "inline", filename=f"{extra.label.lower()}.png")
        message.mixed_subtype = "related"  # type: ignore[attr-defined]  # missing in django-stubs
        message.attach(picture)


def _cid(number: int) -> str:
    return f"extra-{number}"


def _wording(notice: Notice) -> Wording:
    if notice.fan_out and notice.fan_out.message:
        return Wording(notice.fan_out.message.subject, notice.fan_out.message.body)
    if notice.kind == Kind.CANCELLED and is_own(notice):
        receipts = words().receipts
        return receipts.queue if former_status(notice) == RegistrationStatus.WAITLISTED else receipts.seat
    if notice.kind in OF_INTEREST:
        return words().of_interest[notice.kind]
    return wording_for(notice.registration, notice.event, notice.kind)


def headers_of(notice: Notice) -> dict[str, str]:
    scope = CAN_UNSUBSCRIBE.get(notice.kind)
    unsubscribe = unsubscribe_headers(notice.user, notice.event, scope=scope) if scope else {}
    return {**HEADERS, **unsubscribe, "Message-ID": f"<{notice.uid}@{urlsplit(settings.PUBLIC_URL).hostname}>"}


def render(
    wording: Wording,
    values: Mapping[str, str],
    event: Event,
    extras: Sequence[Extra] = (),
    online: str | None = None,
) -> RenderedMail:
    """Fill the words, and put them into the frame of all mails."""
    subject = " ".join(fill(wording.subject, values).split())
    frame = {
        "subject": subject,
        "language": translation.get_language(),
        "words": words().frame,
        "why": fill(words().frame.why, {"site": site_name()}),
        "organizer": values["organizer"],
        "contact": event.organizer.public_profile.contact,
        "unsubscribe": values.get("unsubscribe"),
        "online": online,
        "extras": [(extra, _cid(number)) for number, extra in enumerate(extras)],
    }
    # A plain text to which nobody has escaped anything: pages must not take it for safe.
    body = EMPTY.sub("\n\n", fill(wording.body, values))
    text = "" + render_to_string("notifications/mails/notice.txt", {**frame, "body": body})
    html = render_to_string("notifications/mails/notice.html", {**frame, "body": _html(wording.body, values)})
    return RenderedMail(subject, text, html)


def calendar_method(notice: Notice) -> Method | None:
    """Return what a mail does to the calendar of somebody with a seat, or None."""
    registration = notice.registration
    if settings.INVITES == "off" or notice.kind in NO_CALENDAR:
        return None
    if notice.kind == Kind.CANCELLED or notice.removal:
        return None if former_status(notice) == RegistrationStatus.WAITLISTED else Method.CANCEL
    if registration is None or registration.status not in SEATED:
        return None
    return _method(Method.CANCEL if notice.kind == Kind.EVENT_CANCELLED else Method.REQUEST)


def _status_since(notice: Notice) -> datetime | None:
    if notice.removal:
        return notice.removal.at
    return notice.registration.status_since if notice.registration else None


def _stamp(notice: Notice) -> datetime:
    """Return the time, after waiting for the second that follows the change.

    SEQUENCE counts seconds, so that of two changes within one is the same, and the later DTSTAMP decides (RFC 5546,
    2.1.5), which has seconds, too. A first registration has nothing to be later than.
    """
    if not (notice.transition and notice.transition.was == ""):
        changed = last_modified(notice.event, _status_since(notice))
        left = (changed.replace(microsecond=0) + SECOND - timezone.now()).total_seconds()
        sleep(min(max(left, 0), 1))
    return timezone.now()


def _method(method: Method) -> Method:
    return Method.PUBLISH if settings.INVITES == "publish" and method == Method.REQUEST else method


def values_of(notice: Notice) -> dict[str, str]:
    """Return the values of the placeholders, each on one line except for the list of changes."""
    event, registration = notice.event, notice.registration
    values = {
        "name": name_of(notice),
        "event": event.title,
        "date": written(event.date_time, event.end_time, event.zone),
        "place": event.place,
        "organizer": event.organizer.public_profile.public_name,
    }
    values = {name: one_line(value) for name, value in values.items()}
    values["link"] = make_link(registration) if registration else page_url(event) or settings.PUBLIC_URL
    if notice.kind == Kind.ANSWERS and registration:
        values |= {"link": make_answers_link(registration), BUTTON: words().registration_page.answer}
    if scope := CAN_UNSUBSCRIBE.get(notice.kind):
        values["unsubscribe"] = unsubscribe_link(notice.user, event, scope=scope)
    if notice.kind == Kind.QUEUED and registration:
        values["position"] = str(registration.waitlist_position() or 1)
    if notice.kind == Kind.CANCELLED:
        values["by"] = values["organizer"]
        values["reason"] = reason_of(registration, notice.transition) if registration and notice.transition else ""
    if notice.kind == Kind.EVENT_CHANGED and notice.fan_out:
        values["changes"] = "\n".join(_changes(event, changed_values(notice.fan_out, registration)))
    return values


def name_of(notice: Notice) -> str:
    about = notice.registration or notice.removal
    return (about and about.name) or notice.user.username


def is_own(notice: Notice) -> bool:
    """Return whether the person did it themselves."""
    cause = notice.transition or notice.removal
    return cause is not None and cause.by_id == notice.user_id


def former_status(notice: Notice) -> str:
    cause = notice.transition or notice.removal
    return cause.was if cause else ""


def reason_of(registration: Registration, transition: Transition) -> str:
    """Return why a registration was cancelled, in the organizer's words.

    As with messages, organizers whom no admin trusts write nothing to people whom they added by address.
    """
    if registration.added_by_address and not audience.is_trusted(registration.event.organizer):
        return ""
    return BIDI.sub("", transition.reason)


def _changes(event: Event, changed: Mapping[str, Any]) -> Iterator[str]:
    former_zone = zone_named(changed.get("time_zone", event.time_zone))
    for name, was in changed.items():
        if name == LINK:  # the link itself is below, for those who may see it
            yield words().values.link_changed if event.online_url else words().values.link_gone
        else:
            now = getattr(event, name)
            yield change_line(name, now=_shown(name, now, event.zone), before=_shown(name, was, former_zone))


def change_line(name: str, *, now: str, before: str) -> str:
    values = words().values
    return fill(values.change, {"field": values.fields[name], "now": now, "before": before})


def _shown(name: str, value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return written(value, None, zone)
    if name == "time_zone":
        return zone.key
    if name == "attendance":
        return words().values.attendance[value]
    return one_line(value) if value else words().values.nothing


def _html(body: str, values: Mapping[str, str]) -> SafeString:
    """Turn a text with placeholders into HTML. A paragraph that is the link alone becomes a button."""
    parts: list[str] = []
    for paragraph in body.split("\n\n"):
        if paragraph.strip() == "{link}":
            frame = words().frame
            button = {"link": values["link"], "says": values.get(BUTTON, frame.button), "copy_link": frame.copy_link}
            parts.append(render_to_string("accounts/mails/button.html", button))
        elif filled := fill(paragraph, values).strip():
            parts.append(linebreaks(urlize(filled, autoescape=True)))
    return mark_safe("\n".join(parts))  # noqa: S308  (`urlize` has escaped the text)


def _reply_to(organizer: User) -> list[str] | None:
    """Let answers go to the organizer where the contact of their profile is an address."""
    address = normalize_email(organizer.public_profile.contact)
    try:
        AddressField().run_validators(address)
    except ValidationError:
        return None
    return [address] if address else None
