"""The secret link of a registration: whoever has it may see and cancel that registration, and nothing else.

It is signed, not stored, and bound to the registration and its person. It ends when the registration is deleted or
loses its person, and while the account is deactivated.
"""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare, salted_hmac

from registrations.models import Registration

SALT = "notifications.registration"


def make_token(registration: Registration) -> str:
    return _signer().sign(f"{registration.pk}-{_digest(registration)}")


def make_link(registration: Registration) -> str:
    return f"{settings.PUBLIC_URL}/admin/my-registration/?token={make_token(registration)}"


def find_registration(token: str) -> Registration | None:
    """Return the registration, with its event, or None for a token that is not valid, or no longer."""
    try:
        pk, _, digest = _signer().unsign(token).partition("-")
    except BadSignature:
        return None
    found: Registration | None = (
        Registration.objects.select_related("event__organizer__profile", "user").filter(pk=int(pk)).first()
    )
    if found is None or found.user is None or not found.user.is_active:
        return None
    return found if constant_time_compare(digest, _digest(found)) else None


def _signer() -> Signer:
    return Signer(salt=SALT, sep=".")


def _digest(registration: Registration) -> str:
    """Bind the token to the person too: a registration that belongs to somebody else by now is not theirs."""
    return salted_hmac(SALT, f"{registration.user_id} {registration.event_id}", algorithm="sha256").hexdigest()[:16]
