"""The permission table: who may do what, and the scope that a service token needs. API and back office read it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ServiceToken, User
from eventhub.exceptions import EmailNotVerified, Forbidden, InsufficientScope

Predicate = Callable[[User, Any], bool]


# May `user` do it to `row`? With None for the row: may they do it at all, as far as their role goes? ------------------


def everyone(user: User, row: Any) -> bool:
    return True


def admin(user: User, row: Any) -> bool:
    return user.is_admin


def organizer(user: User, row: Any) -> bool:
    return user.is_organizer


def oneself(user: User, account: Any) -> bool:
    return account is None or account.pk == user.pk or user.is_admin


def its_organizer(user: User, event: Any) -> bool:
    return event is None or user.is_admin or (user.is_organizer and event.organizer_id == user.pk)


def runs_it(user: User, event: Any) -> bool:
    return user.is_organizer and its_organizer(user, event)


def organizer_of_its_event(user: User, registration: Any) -> bool:
    return registration is None or its_organizer(user, registration.event)


def its_person(user: User, registration: Any) -> bool:
    return registration is None or registration.user_id == user.pk or organizer_of_its_event(user, registration)


def its_owner(user: User, row: Any) -> bool:
    return row is None or row.user_id == user.pk or user.is_admin


class Rule(NamedTuple):
    allows: Predicate
    who: str
    message: str = "Not allowed"


_ACCOUNT = Rule(oneself, "oneself, admin", "Resource inaccessible")

TABLE: dict[tuple[str, str], Rule] = {
    ("user", "list"): Rule(admin, "admin", "You must be an admin to access"),
    ("user", "me"): Rule(everyone, "anyone signed in"),
    ("user", "export"): Rule(everyone, "anyone signed in: own"),
    ("user", "notifications"): Rule(everyone, "anyone signed in: own"),
    ("user", "save_notifications"): Rule(everyone, "anyone signed in: own"),
    ("user", "logout"): Rule(everyone, "anyone signed in"),
    ("user", "send_verification"): Rule(everyone, "anyone signed in"),
    ("user", "retrieve"): _ACCOUNT,
    ("user", "update"): _ACCOUNT,
    ("user", "destroy"): _ACCOUNT,
    ("user", "events"): _ACCOUNT,
    ("user", "make_admin"): Rule(admin, "admin"),
    ("user", "create"): Rule(admin, "admin"),
    ("user", "deactivate"): Rule(admin, "admin"),
    ("user", "trust_to_write"): Rule(admin, "admin"),
    ("user", "end_sign_ins"): _ACCOUNT,
    ("user", "reset_second_factor"): Rule(admin, "admin"),
    ("task", "list"): Rule(admin, "admin"),
    ("notification", "list_failed"): Rule(admin, "admin"),
    ("notification", "try_again"): Rule(admin, "admin"),
    ("organizer", "retrieve"): Rule(everyone, "anyone signed in"),
    ("organizer", "update"): _ACCOUNT,
    ("token", "list"): Rule(everyone, "anyone signed in: own"),
    ("token", "see_all"): Rule(admin, "admin"),
    ("token", "create"): Rule(everyone, "anyone signed in, for oneself"),
    ("token", "destroy"): Rule(its_owner, "its owner, admin"),
    ("feed", "list"): Rule(everyone, "anyone signed in: own"),
    ("feed", "create"): Rule(everyone, "anyone signed in, for oneself"),
    ("feed", "create_of_events"): Rule(organizer, "organizer, admin", "You must be an organizer to do this"),
    ("feed", "destroy"): Rule(its_owner, "its owner, admin"),
    ("event", "list"): Rule(everyone, "anyone signed in"),
    ("event", "retrieve"): Rule(everyone, "anyone signed in; a draft: its organizer, admin"),
    ("event", "registration"): Rule(everyone, "anyone signed in, about oneself; a draft: its organizer, admin"),
    ("event", "calendar"): Rule(everyone, "anyone signed in; a draft: its organizer, admin"),
    ("event", "create"): Rule(organizer, "organizer, admin", "You must be an organizer to create events"),
    ("event", "assign"): Rule(admin, "admin"),
    ("event", "update"): Rule(its_organizer, "its organizer, admin", "Event not updated"),
    ("event", "destroy"): Rule(its_organizer, "its organizer, admin", "Event not deleted"),
    ("event", "attendees"): Rule(its_organizer, "its organizer, admin"),
    ("event", "statistics"): Rule(its_organizer, "its organizer, admin"),
    ("event", "templates"): Rule(its_organizer, "its organizer, admin"),
    ("event", "template"): Rule(its_organizer, "its organizer, admin"),
    ("event", "save_template"): Rule(its_organizer, "its organizer, admin"),
    ("event", "reset_template"): Rule(its_organizer, "its organizer, admin"),
    ("event", "preview_template"): Rule(its_organizer, "its organizer, admin"),
    ("attendee", "list"): Rule(everyone, "anyone signed in: own, and those of own events; admin: all"),
    ("attendee", "create"): Rule(everyone, "anyone signed in, for oneself"),
    ("attendee", "create_for_others"): Rule(runs_it, "organizer of the event, admin"),
    ("attendee", "retrieve"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "calendar"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "notifications"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "resend"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "ticket"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "ticket_svg"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "ticket_png"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "ticket_pdf"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "reissue_ticket"): Rule(its_person, "its user, organizer of its event, admin"),
    ("attendee", "update"): Rule(its_person, "its user, organizer of its event, admin", "Attendee not updated"),
    ("attendee", "destroy"): Rule(its_person, "its user, organizer of its event, admin", "Attendee not deleted"),
    ("attendee", "check_in"): Rule(organizer_of_its_event, "organizer of its event, admin"),
    ("message", "list"): Rule(its_organizer, "organizer of its event, admin"),
    ("message", "create"): Rule(its_organizer, "organizer of the event, admin; see `BULK_MAIL`"),
    ("message", "retrieve"): Rule(its_organizer, "organizer of its event, admin"),
    ("message", "stop"): Rule(its_organizer, "organizer of its event, admin"),
}


class Scope(StrEnum):
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    ATTENDEES_READ = "attendees:read"
    ATTENDEES_WRITE = "attendees:write"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    PROFILE_READ = "profile:read"


# The scope behind each operation of the API. It narrows what the table lets the token's owner do, and widens nothing.
# What is not here is closed to every service token: accounts, sign-ins, the tokens themselves.
SCOPES: dict[tuple[str, str], Scope] = {
    ("user", "me"): Scope.PROFILE_READ,
    ("user", "notifications"): Scope.PROFILE_READ,
    ("user", "events"): Scope.EVENTS_READ,
    ("organizer", "retrieve"): Scope.PROFILE_READ,
    ("event", "list"): Scope.EVENTS_READ,
    ("event", "retrieve"): Scope.EVENTS_READ,
    ("event", "calendar"): Scope.EVENTS_READ,
    ("event", "create"): Scope.EVENTS_WRITE,
    ("event", "update"): Scope.EVENTS_WRITE,
    ("event", "destroy"): Scope.EVENTS_WRITE,
    ("event", "registration"): Scope.ATTENDEES_READ,
    ("event", "attendees"): Scope.ATTENDEES_READ,
    ("event", "statistics"): Scope.ATTENDEES_READ,
    ("event", "templates"): Scope.NOTIFICATIONS_READ,
    ("event", "template"): Scope.NOTIFICATIONS_READ,
    ("event", "preview_template"): Scope.NOTIFICATIONS_READ,
    ("event", "save_template"): Scope.NOTIFICATIONS_WRITE,
    ("event", "reset_template"): Scope.NOTIFICATIONS_WRITE,
    ("attendee", "list"): Scope.ATTENDEES_READ,
    ("attendee", "retrieve"): Scope.ATTENDEES_READ,
    ("attendee", "calendar"): Scope.ATTENDEES_READ,
    ("attendee", "notifications"): Scope.ATTENDEES_READ,
    ("attendee", "ticket"): Scope.ATTENDEES_READ,
    ("attendee", "ticket_svg"): Scope.ATTENDEES_READ,
    ("attendee", "ticket_png"): Scope.ATTENDEES_READ,
    ("attendee", "ticket_pdf"): Scope.ATTENDEES_READ,
    ("attendee", "create"): Scope.ATTENDEES_WRITE,
    ("attendee", "update"): Scope.ATTENDEES_WRITE,
    ("attendee", "resend"): Scope.ATTENDEES_WRITE,
    ("attendee", "reissue_ticket"): Scope.ATTENDEES_WRITE,
    ("attendee", "destroy"): Scope.ATTENDEES_WRITE,
    ("message", "list"): Scope.NOTIFICATIONS_READ,
    ("message", "retrieve"): Scope.NOTIFICATIONS_READ,
    ("message", "create"): Scope.NOTIFICATIONS_WRITE,
    ("message", "stop"): Scope.NOTIFICATIONS_WRITE,
}


def allowed(user: User, resource: str, action: str, row: Any = None) -> bool:
    """Return whether `user` may act on `row`, or on some row without one."""
    return TABLE[resource, action].allows(user, row)


def require(user: User, resource: str, action: str, row: Any = None) -> None:
    """Raise the table's 403 unless the action is allowed."""
    if not allowed(user, resource, action, row):
        raise Forbidden(TABLE[resource, action].message)


def require_scope(auth: object, resource: str, action: str) -> None:
    if isinstance(auth, ServiceToken):
        scope = SCOPES.get((resource, action))
        if scope not in auth.scopes:
            raise InsufficientScope(scope)


def require_verified(user: User) -> None:
    """Raise EmailNotVerified where a verified address is required; accounts that were never asked pass."""
    if settings.EMAIL_VERIFICATION == "required" and user.email_verified is False:
        raise EmailNotVerified()


class TablePermission(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        require_scope(request.auth, view.resource, view.action)
        require(request.user, view.resource, view.action)  # type: ignore[arg-type]
        return True

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        require(request.user, view.resource, view.action, obj)  # type: ignore[arg-type]
        return True

    @staticmethod
    def scope(view: Any) -> str | None:
        return SCOPES.get((view.resource, view.action))
