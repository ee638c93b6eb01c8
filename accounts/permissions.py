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


def nobody(user: User, row: Any) -> bool:
    return False


def admin(user: User, row: Any) -> bool:
    return user.is_admin


def organizer(user: User, row: Any) -> bool:
    return user.is_organizer


def organizer_or_member(user: User, row: Any) -> bool:
    return user.is_organizer or bool(user.team_roles)


def oneself(user: User, account: Any) -> bool:
    return account is None or account.pk == user.pk or user.is_admin


def its_organizer(user: User, event: Any) -> bool:
    return event is None or user.is_admin or (user.is_organizer and event.organizer_id == user.pk)


def runs_it(user: User, event: Any) -> bool:
    return user.is_organizer and its_organizer(user, event)


def organizer_of_its_event(user: User, row: Any) -> bool:
    return row is None or its_organizer(user, row.event)


def its_person(user: User, registration: Any) -> bool:
    return registration is None or registration.user_id == user.pk or organizer_of_its_event(user, registration)


def its_owner(user: User, row: Any) -> bool:
    return row is None or row.user_id == user.pk or user.is_admin


class Rule(NamedTuple):
    """Who may do it: by the predicate, or by their role in the team of the row's event."""

    predicate: Predicate
    who: str
    message: str = "Not allowed"
    team: tuple[str, ...] = ()

    def allows(self, user: User, row: Any) -> bool:
        return self.predicate(user, row) or (self.team != () and _is_in_team(user, row, self.team))


def _is_in_team(user: User, row: Any, roles: tuple[str, ...]) -> bool:
    if row is None:
        return any(role in roles for role in user.team_roles.values())
    return getattr(row, "event", row).team_role(user) in roles


# Roles in the team of an event (`TeamRole` in events/models/team.py).
_MANAGER = ("manager",)
_NUMBERS = ("manager", "viewer")
_TEXTS = ("manager", "editor")
_DOOR = ("manager", "helper")
_TEAM = ("manager", "editor", "helper", "viewer")
_DOOR_NUMBERS = ("manager", "helper", "viewer")

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
    ("user", "interests"): Rule(everyone, "anyone signed in: own"),
    ("user", "my_events"): Rule(everyone, "anyone signed in: own"),
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
    ("feed", "create_of_events"): Rule(
        organizer_or_member, "organizer, member of a team, admin", "You must be an organizer to do this"
    ),
    ("feed", "destroy"): Rule(its_owner, "its owner, admin"),
    ("event", "list"): Rule(everyone, "anyone signed in"),
    ("event", "retrieve"): Rule(everyone, "anyone signed in; a draft: its organizer, its team, admin"),
    ("event", "registration"): Rule(
        everyone, "anyone signed in, about oneself; a draft: its organizer, its team, admin"
    ),
    ("event", "calendar"): Rule(everyone, "anyone signed in; a draft: its organizer, its team, admin"),
    ("event", "by_slug"): Rule(everyone, "anyone signed in; a draft: its organizer, its team, admin"),
    ("event", "interest"): Rule(everyone, "anyone signed in, for oneself"),
    ("event", "remove_interest"): Rule(everyone, "anyone signed in, for oneself"),
    ("event", "create"): Rule(organizer, "organizer, admin", "You must be an organizer to create events"),
    ("event", "clone"): Rule(its_organizer, "its organizer, admin"),
    ("event", "assign"): Rule(admin, "admin"),
    ("event", "update"): Rule(its_organizer, "its organizer, admin", "Event not updated", team=_TEXTS),
    ("event", "destroy"): Rule(its_organizer, "its organizer, admin", "Event not deleted"),
    ("event", "attendees"): Rule(its_organizer, "its organizer, admin", team=_DOOR),
    ("event", "statistics"): Rule(its_organizer, "its organizer, admin", team=_NUMBERS),
    ("event", "badges"): Rule(its_organizer, "its organizer, admin", team=_DOOR),
    ("event", "names"): Rule(its_organizer, "its organizer, admin", team=_DOOR),
    ("event", "templates"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "template"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "save_template"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "reset_template"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "preview_template"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "questions"): Rule(everyone, "anyone signed in; a draft: its organizer, its team, admin"),
    ("event", "create_question"): Rule(its_organizer, "its organizer, admin", team=_TEXTS),
    ("event", "order_questions"): Rule(its_organizer, "its organizer, admin", team=_TEXTS),
    ("question", "retrieve"): Rule(everyone, "anyone signed in; of a draft: its organizer, its team, admin"),
    ("question", "update"): Rule(organizer_of_its_event, "organizer of its event, admin", team=_TEXTS),
    ("question", "destroy"): Rule(organizer_of_its_event, "organizer of its event, admin", team=_TEXTS),
    ("tag", "list"): Rule(everyone, "anyone signed in"),
    ("tag", "create"): Rule(admin, "admin"),
    ("tag", "update"): Rule(admin, "admin"),
    ("tag", "destroy"): Rule(admin, "admin"),
    ("tag", "merge"): Rule(admin, "admin"),
    ("event", "open"): Rule(its_organizer, "its organizer, admin", team=_TEAM),
    ("event", "manage"): Rule(
        its_organizer, "its organizer, admin", "You may change the texts of this event only", team=_MANAGER
    ),
    ("event", "export"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "team"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "invite"): Rule(its_organizer, "its organizer, admin"),
    ("membership", "update"): Rule(organizer_of_its_event, "organizer of its event, admin"),
    ("membership", "destroy"): Rule(its_person, "the member, organizer of its event, admin"),
    ("invitation", "destroy"): Rule(organizer_of_its_event, "organizer of its event, admin"),
    ("team", "accept"): Rule(everyone, "anyone signed in, with the address that was invited"),
    ("series", "list"): Rule(organizer, "organizer: own; admin: all", "You must be an organizer to do this"),
    ("series", "create"): Rule(organizer, "organizer, admin", "You must be an organizer to create events"),
    ("series", "preview"): Rule(organizer, "organizer, admin", "You must be an organizer to do this"),
    ("series", "retrieve"): Rule(its_organizer, "its organizer, admin"),
    ("series", "update"): Rule(its_organizer, "its organizer, admin"),
    ("series", "destroy"): Rule(its_organizer, "its organizer, admin"),
    ("series", "events"): Rule(everyone, "anyone signed in"),
    ("series", "register"): Rule(everyone, "anyone signed in, for oneself; its organizer, admin: for others"),
    ("attendee", "list"): Rule(everyone, "anyone signed in: own, and those of own events; admin: all", team=_DOOR),
    ("attendee", "create"): Rule(everyone, "anyone signed in, for oneself"),
    ("attendee", "create_for_others"): Rule(runs_it, "organizer of the event, admin", team=_MANAGER),
    ("attendee", "retrieve"): Rule(its_person, "its user, organizer of its event, admin", team=_DOOR),
    ("attendee", "answers"): Rule(its_person, "its user, organizer of its event, admin", team=_DOOR),
    ("attendee", "save_answers"): Rule(its_person, "its user, organizer of its event, admin", team=_DOOR),
    ("attendee", "calendar"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "notifications"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "resend"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "ticket"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "ticket_svg"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "ticket_png"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "ticket_pdf"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "reissue_ticket"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "confirm"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "update"): Rule(
        its_person, "its user, organizer of its event, admin", "Attendee not updated", team=_DOOR
    ),
    ("attendee", "edit"): Rule(its_person, "its user, organizer of its event, admin", team=_MANAGER),
    ("attendee", "destroy"): Rule(
        its_person, "its user, organizer of its event, admin", "Attendee not deleted", team=_MANAGER
    ),
    ("attendee", "manage"): Rule(organizer_of_its_event, "organizer of its event, admin", team=_MANAGER),
    ("attendee", "check_in"): Rule(organizer_of_its_event, "organizer of its event, admin", team=_DOOR),
    ("message", "list"): Rule(its_organizer, "organizer of its event, admin", team=_MANAGER),
    ("message", "create"): Rule(its_organizer, "organizer of the event, admin; see `BULK_MAIL`", team=_MANAGER),
    ("message", "retrieve"): Rule(its_organizer, "organizer of its event, admin", team=_MANAGER),
    ("message", "stop"): Rule(its_organizer, "organizer of its event, admin", team=_MANAGER),
    ("event", "scans"): Rule(its_organizer, "its organizer, admin", team=_DOOR),
    ("event", "scan"): Rule(its_organizer, "its organizer, admin; a gate token", team=_DOOR),
    ("event", "scan_batch"): Rule(its_organizer, "its organizer, admin; a gate token", team=_DOOR),
    ("event", "doors"): Rule(its_organizer, "its organizer, admin; a gate token", team=_DOOR_NUMBERS),
    ("event", "door_search"): Rule(its_organizer, "its organizer, admin; a gate token", team=_DOOR),
    ("event", "walk_in"): Rule(its_organizer, "its organizer, admin; a gate token", team=_DOOR),
    ("event", "bundle"): Rule(its_organizer, "its organizer, admin; a gate token", team=_DOOR),
    ("event", "checkpoints"): Rule(its_organizer, "its organizer, admin; a gate token", team=_DOOR),
    ("event", "create_checkpoint"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "gate_tokens"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("event", "create_gate_token"): Rule(its_organizer, "its organizer, admin", team=_MANAGER),
    ("checkpoint", "retrieve"): Rule(organizer_of_its_event, "organizer of its event, admin; a gate token", team=_DOOR),
    ("checkpoint", "update"): Rule(organizer_of_its_event, "organizer of its event, admin", team=_MANAGER),
    ("checkpoint", "destroy"): Rule(organizer_of_its_event, "organizer of its event, admin", team=_MANAGER),
    ("scan", "undo"): Rule(organizer_of_its_event, "organizer of its event, admin; a gate token", team=_DOOR),
    ("gate_token", "destroy"): Rule(organizer_of_its_event, "organizer of its event, admin", team=_MANAGER),
    ("gate", "retrieve"): Rule(nobody, "a gate token"),
}


class Scope(StrEnum):
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    ATTENDEES_READ = "attendees:read"
    ATTENDEES_WRITE = "attendees:write"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    PROFILE_READ = "profile:read"
    CHECKIN_READ = "checkin:read"
    CHECKIN_WRITE = "checkin:write"


# The scope behind each operation of the API. It narrows what the table lets the token's owner do, and widens nothing.
# What is not here is closed to every service token: accounts, sign-ins, the tokens themselves.
SCOPES: dict[tuple[str, str], Scope] = {
    ("user", "me"): Scope.PROFILE_READ,
    ("user", "notifications"): Scope.PROFILE_READ,
    ("user", "events"): Scope.EVENTS_READ,
    ("user", "interests"): Scope.PROFILE_READ,
    ("user", "my_events"): Scope.EVENTS_READ,
    ("organizer", "retrieve"): Scope.PROFILE_READ,
    ("event", "list"): Scope.EVENTS_READ,
    ("event", "retrieve"): Scope.EVENTS_READ,
    ("event", "calendar"): Scope.EVENTS_READ,
    ("event", "by_slug"): Scope.EVENTS_READ,
    ("tag", "list"): Scope.EVENTS_READ,
    ("event", "create"): Scope.EVENTS_WRITE,
    ("event", "clone"): Scope.EVENTS_WRITE,
    ("event", "update"): Scope.EVENTS_WRITE,
    ("event", "destroy"): Scope.EVENTS_WRITE,
    ("event", "registration"): Scope.ATTENDEES_READ,
    ("event", "attendees"): Scope.ATTENDEES_READ,
    ("event", "statistics"): Scope.ATTENDEES_READ,
    ("event", "badges"): Scope.ATTENDEES_READ,
    ("event", "names"): Scope.ATTENDEES_READ,
    ("event", "templates"): Scope.NOTIFICATIONS_READ,
    ("event", "template"): Scope.NOTIFICATIONS_READ,
    ("event", "preview_template"): Scope.NOTIFICATIONS_READ,
    ("event", "save_template"): Scope.NOTIFICATIONS_WRITE,
    ("event", "reset_template"): Scope.NOTIFICATIONS_WRITE,
    ("event", "questions"): Scope.EVENTS_READ,
    ("event", "create_question"): Scope.EVENTS_WRITE,
    ("event", "order_questions"): Scope.EVENTS_WRITE,
    ("question", "retrieve"): Scope.EVENTS_READ,
    ("question", "update"): Scope.EVENTS_WRITE,
    ("question", "destroy"): Scope.EVENTS_WRITE,
    ("series", "list"): Scope.EVENTS_READ,
    ("series", "retrieve"): Scope.EVENTS_READ,
    ("series", "preview"): Scope.EVENTS_READ,
    ("series", "events"): Scope.EVENTS_READ,
    ("series", "create"): Scope.EVENTS_WRITE,
    ("series", "update"): Scope.EVENTS_WRITE,
    ("series", "destroy"): Scope.EVENTS_WRITE,
    ("series", "register"): Scope.ATTENDEES_WRITE,
    ("attendee", "list"): Scope.ATTENDEES_READ,
    ("attendee", "retrieve"): Scope.ATTENDEES_READ,
    ("attendee", "answers"): Scope.ATTENDEES_READ,
    ("attendee", "save_answers"): Scope.ATTENDEES_WRITE,
    ("attendee", "calendar"): Scope.ATTENDEES_READ,
    ("attendee", "notifications"): Scope.ATTENDEES_READ,
    ("attendee", "ticket"): Scope.ATTENDEES_READ,
    ("attendee", "ticket_svg"): Scope.ATTENDEES_READ,
    ("attendee", "ticket_png"): Scope.ATTENDEES_READ,
    ("attendee", "ticket_pdf"): Scope.ATTENDEES_READ,
    ("attendee", "create"): Scope.ATTENDEES_WRITE,
    ("attendee", "update"): Scope.ATTENDEES_WRITE,
    ("attendee", "confirm"): Scope.ATTENDEES_WRITE,
    ("attendee", "resend"): Scope.ATTENDEES_WRITE,
    ("attendee", "reissue_ticket"): Scope.ATTENDEES_WRITE,
    ("attendee", "destroy"): Scope.ATTENDEES_WRITE,
    ("message", "list"): Scope.NOTIFICATIONS_READ,
    ("message", "retrieve"): Scope.NOTIFICATIONS_READ,
    ("message", "create"): Scope.NOTIFICATIONS_WRITE,
    ("message", "stop"): Scope.NOTIFICATIONS_WRITE,
    ("event", "scans"): Scope.CHECKIN_READ,
    ("event", "doors"): Scope.CHECKIN_READ,
    ("event", "door_search"): Scope.CHECKIN_READ,
    ("event", "bundle"): Scope.CHECKIN_READ,
    ("event", "checkpoints"): Scope.CHECKIN_READ,
    ("checkpoint", "retrieve"): Scope.CHECKIN_READ,
    ("event", "scan"): Scope.CHECKIN_WRITE,
    ("event", "scan_batch"): Scope.CHECKIN_WRITE,
    ("event", "walk_in"): Scope.CHECKIN_WRITE,
    ("event", "create_checkpoint"): Scope.CHECKIN_WRITE,
    ("checkpoint", "update"): Scope.CHECKIN_WRITE,
    ("checkpoint", "destroy"): Scope.CHECKIN_WRITE,
    ("scan", "undo"): Scope.CHECKIN_WRITE,
}


def team_events(user: User, action: str | None = None) -> list[int]:
    """Return the ids of the events in whose team the user may do that to the event, or be in any role."""
    roles = None if action is None else TABLE["event", action].team
    return [pk for pk, role in user.team_roles.items() if roles is None or role in roles]


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
