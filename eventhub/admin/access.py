"""Access to the back office: how far a request's sign-in has come."""

from enum import Enum, auto

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from accounts.services import second_factor


class Access(Enum):
    SIGNED_OUT = auto()
    NO_ROLE = auto()  # signed in, but neither organizer nor admin
    NEEDS_CODE = auto()  # has a second factor and has not entered a code yet
    NEEDS_SECOND_FACTOR = auto()  # has none, and ADMIN_REQUIRE_2FA demands one
    GRANTED = auto()


def access_of(request: HttpRequest) -> Access:
    if not request.user.is_authenticated:
        return Access.SIGNED_OUT
    user = request.user
    if not (user.is_active and user.is_staff):
        return Access.NO_ROLE
    if getattr(user, "otp_device", None):
        return Access.GRANTED
    if _has_second_factor(request, user):
        return Access.NEEDS_CODE
    return Access.NEEDS_SECOND_FACTOR if settings.ADMIN_REQUIRE_2FA else Access.GRANTED


def _has_second_factor(request: HttpRequest, user: User) -> bool:
    known: dict[int, bool] = request.__dict__.setdefault("second_factors", {})
    if user.pk not in known:
        known[user.pk] = second_factor.is_set_up(user)
    return known[user.pk]
