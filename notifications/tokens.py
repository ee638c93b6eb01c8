"""The secret links of mails. They are signed, not stored.

Whoever has the link of a registration may see and cancel that registration, and nothing else. It is bound to the
registration and its person. It ends when the registration is deleted or loses its person, and while the account is
deactivated or the event a draft. Who has cancelled for a private event sees that, and of the event no more.

Whoever has a link to unsubscribe may turn off mails to that person, and turn them on again. It ends with the account.
"""

from typing import NamedTuple

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from events.models import Event, EventStatus
from notifications.models import OptOutScope
from registrations.models import Registration

SALT = "notifications.registration"
UNSUBSCRIBE_SALT = "notifications.unsubscribe"


class Subscription(NamedTuple):
    """What a link to unsubscribe is about. `scope` is what one click turns off."""

    user_id: int
    scope: str
    organizer_id: int | None = None
    event_id: int | None = None


def make_token(registration: Registration) -> str:
    return _signer().sign(f"{registration.pk}-{_digest(registration)}")


def make_link(registration: Registration) -> str:
    return f"{settings.PUBLIC_URL}/r/{make_token(registration)}"


def make_answers_link(registration: Registration) -> str:
    return f"{settings.PUBLIC_URL}/admin/my-answers/?token={make_token(registration)}"


def find_registration(token: str, *, even_hidden: bool = False) -> Registration | None:
    """Return the registration, with its event, or None for a token that is not valid, or no longer.

    `even_hidden`: also for a private event whose person has cancelled, and no longer sees it.
    """
    try:
        pk, _, digest = _signer().unsign(token).partition("-")
    except BadSignature:
        return None
    found: Registration | None = (
        Registration.objects.select_related("event__organizer__profile", "user").filter(pk=int(pk)).first()
    )
    if found is None or found.user is None or not found.user.is_active:
        return None
    is_private = even_hidden and found.event.status != EventStatus.DRAFT
    if not is_private and not found.event.is_visible_to(found.user):  # such as a draft again
        return None
    return found if constant_time_compare(digest, _digest(found)) else None


def subscription_of(user: User, event: Event | None = None, *, scope: str = OptOutScope.ORGANIZER) -> Subscription:
    """Return what a mail to that person can be unsubscribed from: about that event, or a summary of all."""
    if event is None:
        return Subscription(user.pk, OptOutScope.DIGESTS)
    return Subscription(user.pk, scope, event.organizer_id, event.pk)


def make_unsubscribe_token(about: Subscription) -> str:
    parts = (about.user_id, about.scope, about.organizer_id or 0, about.event_id or 0)
    return _signer(UNSUBSCRIBE_SALT).sign("-".join(map(str, parts)))


def make_unsubscribe_link(about: Subscription) -> str:
    return f"{settings.PUBLIC_URL}/admin/unsubscribe/?token={make_unsubscribe_token(about)}"


def find_subscription(token: str) -> Subscription | None:
    """Return what the link is about, or None for a token that is not valid, or whose account is gone."""
    try:
        user_id, scope, organizer_id, event_id = _signer(UNSUBSCRIBE_SALT).unsign(token).split("-")
    except BadSignature:
        return None
    found = Subscription(int(user_id), scope, int(organizer_id) or None, int(event_id) or None)
    return found if User.objects.filter(pk=found.user_id).exists() else None


def _signer(salt: str = SALT) -> Signer:
    return Signer(salt=salt, sep=".")


def _digest(registration: Registration) -> str:
    """Bind the token to the person too: a registration that belongs to somebody else by now is not theirs."""
    return salted_hmac(SALT, f"{registration.user_id} {registration.event_id}", algorithm="sha256").hexdigest()[:16]
