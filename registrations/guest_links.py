"""The links that guests confirm a registration with. They are signed, and bound to a random text of the request."""

from datetime import datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer

from eventhub.exceptions import TokenNotValid
from events.models import EventStatus
from registrations.models import GuestRequest

SALT = "registrations.guests"


def make_token(request: GuestRequest) -> str:
    return _signer().sign(f"{request.pk}-{request.digest[:16]}")


def make_link(request: GuestRequest) -> str:
    return f"{settings.PUBLIC_URL}/r/confirm/{make_token(request)}"


def find_request(token: str, *, now: datetime) -> GuestRequest:
    """Return the request, with its event. Raise TokenNotValid for a token that is not valid, or no longer."""
    try:
        pk, _, begin = _signer().unsign(token).partition("-")
    except BadSignature:
        raise TokenNotValid() from None
    requests = GuestRequest.objects.select_related("event__organizer__profile")
    found: GuestRequest | None = requests.filter(pk=int(pk), digest__startswith=begin, expires_at__gt=now).first()
    if found is None or found.event.status == EventStatus.DRAFT:
        raise TokenNotValid()
    return found


def _signer() -> Signer:
    return Signer(salt=SALT, sep=".")
