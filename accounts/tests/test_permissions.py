"""THE permission table as a matrix: role, action, and whose row it is."""

import itertools

import pytest
from django.urls import get_resolver
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import Role, ServiceToken, User
from accounts.permissions import SCOPES, TABLE, Scope, allowed, require, require_scope
from eventhub.exceptions import Forbidden, InsufficientScope
from events.models import Event
from registrations.models import Registration

pytestmark = pytest.mark.once

U, O, A = Role.USER, Role.ORGANIZER, Role.ADMIN  # noqa: E741
ALL, ORGANIZERS, ADMINS, NOBODY = {U, O, A}, {O, A}, {A}, set()
ME, OTHER = 1, 2


def account(owner):
    return User(pk=owner, role=O)


def event(owner):
    return Event(pk=7, organizer_id=owner)


def registration(owner, organizer=OTHER):
    return Registration(pk=8, user_id=owner, event=event(organizer))


ANY_ROW = {"none": None, "own": account(ME), "foreign": account(OTHER)}
ACCOUNTS = ANY_ROW
TOKENS = {"none": None, "own": ServiceToken(user_id=ME), "foreign": ServiceToken(user_id=OTHER)}
EVENTS = {"none": None, "own": event(ME), "foreign": event(OTHER)}
REGISTRATIONS = {
    "none": None,
    "own": registration(ME),
    "foreign": registration(OTHER),
    "in own event": registration(OTHER, organizer=ME),
    "own in own event": registration(ME, organizer=ME),
    "of a deleted account": registration(None),
}

# Who may, by action and whose row it is. "none" is the question that comes before any row is looked up.
EXPECTED = {
    ("user", "list"): (ACCOUNTS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("user", "me"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("user", "export"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("user", "notifications"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("user", "save_notifications"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("user", "logout"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("user", "send_verification"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("user", "retrieve"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ADMINS}),
    ("user", "update"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ADMINS}),
    ("user", "destroy"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ADMINS}),
    ("user", "events"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ADMINS}),
    ("user", "make_admin"): (ACCOUNTS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("user", "create"): (ACCOUNTS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("user", "deactivate"): (ACCOUNTS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("user", "end_sign_ins"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ADMINS}),
    ("user", "reset_second_factor"): (ACCOUNTS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("user", "trust_to_write"): (ACCOUNTS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("notification", "list_failed"): (ANY_ROW, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("notification", "try_again"): (ANY_ROW, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("task", "list"): (ANY_ROW, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("organizer", "retrieve"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("organizer", "update"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ADMINS}),
    ("token", "list"): (TOKENS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("token", "see_all"): (TOKENS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("token", "create"): (TOKENS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("token", "destroy"): (TOKENS, {"none": ALL, "own": ALL, "foreign": ADMINS}),
    ("feed", "list"): (TOKENS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("feed", "create"): (TOKENS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("feed", "create_of_events"): (TOKENS, {"none": ORGANIZERS, "own": ORGANIZERS, "foreign": ORGANIZERS}),
    ("feed", "destroy"): (TOKENS, {"none": ALL, "own": ALL, "foreign": ADMINS}),
    ("event", "list"): (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("event", "retrieve"): (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("event", "registration"): (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("event", "calendar"): (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("event", "create"): (EVENTS, {"none": ORGANIZERS, "own": ORGANIZERS, "foreign": ORGANIZERS}),
    ("event", "assign"): (EVENTS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("event", "update"): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ("event", "destroy"): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    **dict.fromkeys(
        [
            ("event", "attendees"),
            ("event", "statistics"),
            ("event", "templates"),
            ("event", "template"),
            ("event", "save_template"),
            ("event", "reset_template"),
            ("event", "preview_template"),
            ("message", "list"),
            ("message", "create"),
            ("message", "retrieve"),
            ("message", "stop"),
        ],
        (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ),
    ("attendee", "list"): (REGISTRATIONS, dict.fromkeys(REGISTRATIONS, ALL)),
    ("attendee", "create"): (REGISTRATIONS, dict.fromkeys(REGISTRATIONS, ALL)),
    ("attendee", "create_for_others"): (EVENTS, {"none": ORGANIZERS, "own": ORGANIZERS, "foreign": ADMINS}),
    **dict.fromkeys(
        [
            ("attendee", name)
            for name in (
                *("retrieve", "calendar", "notifications", "resend", "update", "destroy"),
                *("ticket", "ticket_svg", "ticket_png", "ticket_pdf", "reissue_ticket"),
            )
        ],
        (
            REGISTRATIONS,
            {
                "none": ALL,
                "own": ALL,
                "foreign": ADMINS,
                "in own event": ORGANIZERS,
                "own in own event": ALL,
                "of a deleted account": ADMINS,
            },
        ),
    ),
    ("attendee", "check_in"): (
        REGISTRATIONS,
        {
            "none": ALL,
            "own": ADMINS,
            "foreign": ADMINS,
            "in own event": ORGANIZERS,
            "own in own event": ORGANIZERS,
            "of a deleted account": ADMINS,
        },
    ),
}
MESSAGES = {
    ("user", "list"): "You must be an admin to access",
    ("user", "retrieve"): "Resource inaccessible",
    ("user", "update"): "Resource inaccessible",
    ("user", "destroy"): "Resource inaccessible",
    ("user", "events"): "Resource inaccessible",
    ("user", "end_sign_ins"): "Resource inaccessible",
    ("organizer", "update"): "Resource inaccessible",
    ("feed", "create_of_events"): "You must be an organizer to do this",
    ("event", "create"): "You must be an organizer to create events",
    ("event", "update"): "Event not updated",
    ("event", "destroy"): "Event not deleted",
    ("attendee", "update"): "Attendee not updated",
    ("attendee", "destroy"): "Attendee not deleted",
}
CELLS = [
    pytest.param(role, resource, action, row, role in roles[whose], id=f"{role} {resource}.{action} {whose}")
    for (resource, action), (rows, roles) in EXPECTED.items()
    for (whose, row), role in itertools.product(rows.items(), Role)
]


def test_the_matrix_has_every_row_of_the_table():
    assert EXPECTED.keys() == TABLE.keys()


@pytest.mark.parametrize(("role", "resource", "action", "row", "may"), CELLS)
def test_the_table_says_who_may(role, resource, action, row, may):
    assert allowed(User(pk=ME, role=role), resource, action, row) is may


@pytest.mark.parametrize(("resource", "action"), EXPECTED)
def test_who_may_not_is_told_so_in_the_contracts_words(monkeypatch, resource, action):
    monkeypatch.setitem(TABLE, (resource, action), TABLE[resource, action]._replace(allows=lambda user, row: False))
    with pytest.raises(Forbidden) as refused:
        require(User(pk=ME), resource, action)
    assert (refused.value.msg, refused.value.code) == (
        MESSAGES.get((resource, action), "Not allowed"),
        "permission_denied",
    )


def operations():
    """The view and the action behind every path and verb of the API."""
    for pattern in get_resolver().url_patterns:
        view = getattr(pattern, "callback", None)
        if hasattr(view, "actions"):
            yield from ((view.cls, action) for action in view.actions.values())


@pytest.mark.parametrize(
    ("resource", "action"), sorted({(view.resource, action) for view, action in operations() if not view.public})
)
def test_every_action_that_is_not_public_is_in_the_table(resource, action):
    assert (resource, action) in TABLE


def test_only_these_are_public():
    public = {(view.__name__, action) for view, action in operations() if view.public}
    assert public == {
        ("SignUpViewSet", "register"),
        ("SessionViewSet", "login"),
        ("SessionViewSet", "refresh"),
        ("PasswordResetViewSet", "reset"),
        ("PasswordResetViewSet", "confirm"),
        ("EmailVerificationViewSet", "verify"),
        ("CalendarViewSet", "retrieve"),
    }


# Scopes --------------------------------------------------------------------------------------------------------------

# What no service token may do, whatever it was made for. A new operation has to be here, or have a scope.
CLOSED = {
    *(
        ("user", action)
        for action in ("list", "retrieve", "update", "destroy", "export", "logout", "send_verification")
    ),
    *((resource, action) for resource in ("token", "feed") for action in ("list", "create", "destroy")),
    ("organizer", "update"),
    ("user", "save_notifications"),
}


def test_every_operation_has_a_scope_or_is_closed_to_service_tokens():
    signed_in = {(view.resource, action) for view, action in operations() if not view.public}
    assert signed_in == SCOPES.keys() | CLOSED
    assert SCOPES.keys() & CLOSED == set()


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize(("resource", "action"), sorted(SCOPES.keys() | CLOSED | {("user", "an operation to come")}))
def test_a_token_of_one_scope_opens_what_that_names(resource, action, scope):
    needed = SCOPES.get((resource, action))
    token = ServiceToken(scopes=[scope.value])
    if needed == scope:
        require_scope(token, resource, action)
        return
    with pytest.raises(InsufficientScope) as refused:
        require_scope(token, resource, action)
    assert refused.value.scope == needed


@pytest.mark.parametrize("auth", [None, AccessToken()])
def test_whoever_signs_in_needs_no_scope(auth):
    require_scope(auth, "user", "list")
