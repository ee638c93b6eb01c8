"""Who stands at the door of the back office, and where the door sends them."""

from enum import Enum, auto

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from accounts.services import second_factor


class Standing(Enum):
    OUT = auto()  # not signed in, or not any more
    STRANGER = auto()  # signed in, without a role that has to do here
    NEEDS_CODE = auto()  # has a second factor, and has not shown it
    NEEDS_SECOND_FACTOR = auto()  # has none, where ADMIN_REQUIRE_2FA asks for one
    INSIDE = auto()


def standing(request: HttpRequest) -> Standing:
    """How far whoever sends this request has come."""
    if not request.user.is_authenticated:
        return Standing.OUT
    user = request.user
    if not (user.is_active and user.is_staff):
        return Standing.STRANGER
    if getattr(user, "otp_device", None):
        return Standing.INSIDE
    if _has_second_factor(request, user):
        return Standing.NEEDS_CODE
    return Standing.NEEDS_SECOND_FACTOR if settings.ADMIN_REQUIRE_2FA else Standing.INSIDE


def _has_second_factor(request: HttpRequest, user: User) -> bool:
    """Asked of the database once a request."""
    known: dict[int, bool] = request.__dict__.setdefault("second_factors", {})
    if user.pk not in known:
        known[user.pk] = second_factor.is_set_up(user)
    return known[user.pk]
