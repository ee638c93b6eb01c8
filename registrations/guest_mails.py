"""The mail with the link that a guest confirms a registration with.

It goes to an address that anybody may have typed, so it repeats nothing that was typed with it, and of the organizer's
words the title alone.
"""

from datetime import datetime

from django.utils import timezone, translation
from django.utils.formats import date_format

from accounts.mails import HOUR, send_mail
from accounts.models import User
from accounts.signed_links import fingerprint
from eventhub.api import credential_limit
from eventhub.datetimes import written
from eventhub.languages import Language, first_language
from eventhub.mail import one_line
from eventhub.tasks import task
from events.models import Event, Guests
from registrations import guest_links
from registrations.models import GuestRequest
from registrations.services import holds

SUBJECTS = {Language.EN: "Confirm your registration: {event}", Language.DE: "Bestätigen Sie Ihre Anmeldung: {event}"}
TEMPLATES = {Language.EN: "registrations/mails/confirm", Language.DE: "registrations/mails/de/confirm"}
MOST_AN_HOUR = 10  # to one address


@task
def send_link(request_id: int) -> None:
    """Mail the link of a request. For an event that holds seats, hold one first, if it may be held."""
    now = timezone.now()
    request = GuestRequest.objects.select_related("event").filter(pk=request_id, expires_at__gt=now).first()
    if request is None:
        return
    if credential_limit.count(f"mail:guest:{fingerprint(request.email)}", seconds=HOUR).so_far > MOST_AN_HOUR:
        return
    held_until = holds.hold_for(request) if request.event.guests == Guests.HOLD else None
    language = _language(request)
    with translation.override(language):
        facts = _facts(request.event, held_until)
    subject = SUBJECTS[language].format(event=facts["event"])
    send_mail(language, request.email, subject, TEMPLATES[language], link=guest_links.make_link(request), **facts)


def _language(request: GuestRequest) -> Language:
    """Return the language that the guest chose, or that of an account with the address, or of the event."""
    own = User.objects.filter(email__lower=request.email).values_list("language", flat=True).first()
    return Language(first_language(request.payload.get("language", ""), own or "", request.event.language))


def _facts(event: Event, held_until: datetime | None) -> dict[str, str]:
    when = written(event.date_time, event.end_time, event.zone)
    held = date_format(timezone.localtime(held_until, event.zone), "H:i T") if held_until else ""
    return {"event": one_line(event.title), "date": when, "held_until": held}
