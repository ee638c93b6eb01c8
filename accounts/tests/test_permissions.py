"""THE permission table as a matrix: role, action, and whose row it is."""

import pytest
from django.urls import get_resolver
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import Role, ServiceToken, User
from accounts.permissions import SCOPES, TABLE, Scope, allowed, require, require_scope
from checkin.models import GateToken
from eventhub.exceptions import Forbidden, InsufficientScope
from events.models import Event, Membership, TeamRole
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

AT_THE_DOOR = {"none": None, "own": GateToken(event=event(ME)), "foreign": GateToken(event=event(OTHER))}

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
    ("user", "interests"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
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
    **dict.fromkeys(
        (("event", action) for action in ("by_slug", "interest", "remove_interest")),
        (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ),
    ("tag", "list"): ({"none": None}, {"none": ALL}),
    **dict.fromkeys(
        (("tag", action) for action in ("create", "update", "destroy", "merge")), ({"none": None}, {"none": ADMINS})
    ),
    ("event", "calendar"): (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("event", "questions"): (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("question", "retrieve"): (AT_THE_DOOR, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("event", "create"): (EVENTS, {"none": ORGANIZERS, "own": ORGANIZERS, "foreign": ORGANIZERS}),
    ("event", "clone"): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ("event", "assign"): (EVENTS, {"none": ADMINS, "own": ADMINS, "foreign": ADMINS}),
    ("event", "update"): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ("event", "destroy"): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    **{
        ("event", name): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS})
        for name in ("open", "manage", "export", "team", "invite")
    },
    ("user", "my_events"): (ACCOUNTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("team", "accept"): (ANY_ROW, {"none": ALL, "own": ALL, "foreign": ALL}),
    **{
        (resource, action): (AT_THE_DOOR, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS})
        for resource, action in [("membership", "update"), ("invitation", "destroy")]
    },
    ("membership", "destroy"): (
        {
            "none": None,
            "own": Membership(user_id=ME, event=event(OTHER)),
            "of own event": Membership(user_id=OTHER, event=event(ME)),
            "foreign": Membership(user_id=OTHER, event=event(OTHER)),
        },
        {"none": ALL, "own": ALL, "of own event": ORGANIZERS, "foreign": ADMINS},
    ),
    **dict.fromkeys(
        [
            ("event", "attendees"),
            ("event", "statistics"),
            ("event", "badges"),
            ("event", "names"),
            ("event", "create_question"),
            ("event", "order_questions"),
            ("event", "templates"),
            ("event", "template"),
            ("event", "save_template"),
            ("event", "reset_template"),
            ("event", "preview_template"),
            ("message", "list"),
            ("message", "create"),
            ("message", "retrieve"),
            ("message", "stop"),
            *(
                ("event", name)
                for name in (
                    *("scans", "scan", "scan_batch", "doors", "door_search", "walk_in", "bundle"),
                    *("checkpoints", "create_checkpoint", "gate_tokens", "create_gate_token"),
                )
            ),
        ],
        (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ),
    ("series", "list"): (EVENTS, {"none": ORGANIZERS, "own": ORGANIZERS, "foreign": ORGANIZERS}),
    ("series", "create"): (EVENTS, {"none": ORGANIZERS, "own": ORGANIZERS, "foreign": ORGANIZERS}),
    ("series", "preview"): (EVENTS, {"none": ORGANIZERS, "own": ORGANIZERS, "foreign": ORGANIZERS}),
    ("series", "retrieve"): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ("series", "update"): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ("series", "destroy"): (EVENTS, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ("series", "events"): (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("series", "register"): (EVENTS, {"none": ALL, "own": ALL, "foreign": ALL}),
    ("attendee", "list"): (REGISTRATIONS, dict.fromkeys(REGISTRATIONS, ALL)),
    ("attendee", "create"): (REGISTRATIONS, dict.fromkeys(REGISTRATIONS, ALL)),
    ("attendee", "create_for_others"): (EVENTS, {"none": ORGANIZERS, "own": ORGANIZERS, "foreign": ADMINS}),
    **dict.fromkeys(
        [
            ("attendee", name)
            for name in (
                *("retrieve", "calendar", "notifications", "resend", "update", "edit", "destroy"),
                *("answers", "save_answers"),
                *("ticket", "ticket_svg", "ticket_png", "ticket_pdf", "reissue_ticket", "confirm"),
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
    **dict.fromkeys(
        [("checkpoint", name) for name in ("retrieve", "update", "destroy")]
        + [("scan", "undo"), ("gate_token", "destroy"), ("question", "update"), ("question", "destroy")],
        (AT_THE_DOOR, {"none": ALL, "own": ORGANIZERS, "foreign": ADMINS}),
    ),
    ("gate", "retrieve"): (ANY_ROW, dict.fromkeys(ANY_ROW, NOBODY)),
    **dict.fromkeys(
        [("attendee", "check_in"), ("attendee", "manage")],
        (
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
    ("series", "create"): "You must be an organizer to create events",
    ("series", "list"): "You must be an organizer to do this",
    ("series", "preview"): "You must be an organizer to do this",
    ("event", "update"): "Event not updated",
    ("event", "destroy"): "Event not deleted",
    ("event", "manage"): "You may change the texts of this event only",
    ("attendee", "update"): "Attendee not updated",
    ("attendee", "destroy"): "Attendee not deleted",
}


def test_the_matrix_has_every_row_of_the_table():
    assert EXPECTED.keys() == TABLE.keys()


@pytest.mark.parametrize(("resource", "action"), EXPECTED)
def test_the_table_says_who_may(resource, action):
    rows, expected = EXPECTED[resource, action]
    found = {
        whose: {role for role in Role if allowed(User(pk=ME, role=role), resource, action, rows[whose])}
        for whose in rows
    }
    assert found == expected


@pytest.mark.parametrize(("resource", "action"), EXPECTED)
def test_who_may_not_is_told_so_in_the_contracts_words(monkeypatch, resource, action):
    monkeypatch.setitem(TABLE, (resource, action), TABLE[resource, action]._replace(predicate=lambda user, row: False))
    with pytest.raises(Forbidden) as refused:
        require(User(pk=ME), resource, action)
    assert (refused.value.msg, refused.value.code) == (
        MESSAGES.get((resource, action), "Not allowed"),
        "permission_denied",
    )


# What the roles of a team add. Whatever is missing here, the team may not.
MANAGER, EDITOR, HELPER, VIEWER = TeamRole
IN_TEAMS = {
    ("event", "update"): {MANAGER, EDITOR},
    **{("event", name): {MANAGER, EDITOR} for name in ("create_question", "order_questions")},
    **{("question", name): {MANAGER, EDITOR} for name in ("update", "destroy")},
    ("event", "open"): {*TeamRole},
    **{("event", name): {MANAGER} for name in ("manage", "export", "team")},
    ("event", "statistics"): {MANAGER, VIEWER},
    ("event", "doors"): {MANAGER, HELPER, VIEWER},
    **{
        ("event", name): {MANAGER, HELPER}
        for name in (
            *("attendees", "badges", "names", "scans", "scan", "scan_batch", "door_search", "walk_in", "bundle"),
            "checkpoints",
        )
    },
    **{
        ("event", name): {MANAGER}
        for name in (
            *("templates", "template", "save_template", "reset_template", "preview_template"),
            *("create_checkpoint", "gate_tokens", "create_gate_token"),
        )
    },
    **{
        ("attendee", name): {MANAGER, HELPER}
        for name in ("list", "retrieve", "check_in", "update", "answers", "save_answers")
    },
    **{
        ("attendee", name): {MANAGER}
        for name in (
            *("create_for_others", "calendar", "notifications", "resend", "edit", "destroy", "manage"),
            *("ticket", "ticket_svg", "ticket_png", "ticket_pdf", "reissue_ticket", "confirm"),
        )
    },
    **{("message", name): {MANAGER} for name in ("list", "create", "retrieve", "stop")},
    ("checkpoint", "retrieve"): {MANAGER, HELPER},
    ("scan", "undo"): {MANAGER, HELPER},
    **{key: {MANAGER} for key in [("checkpoint", "update"), ("checkpoint", "destroy"), ("gate_token", "destroy")]},
}


def member(role, of):
    user = User(pk=ME, role=U)
    user.team_roles = {of.pk: role}
    return user


def test_the_table_says_what_each_role_in_a_team_adds():
    assert {key: set(rule.team) for key, rule in TABLE.items() if rule.team} == IN_TEAMS


@pytest.mark.parametrize(("resource", "action"), EXPECTED)
def test_a_team_may_at_its_event_what_the_table_adds(resource, action):
    rows = {name: row for name, row in EXPECTED[resource, action][0].items() if row is not None}
    for row in (row for row in rows.values() if isinstance(getattr(row, "event", row), Event)):
        of = getattr(row, "event", row)
        stranger = allowed(User(pk=ME, role=U), resource, action, row)
        may = {role for role in TeamRole if allowed(member(role, of), resource, action, row)}
        elsewhere = {role for role in TeamRole if allowed(member(role, Event(pk=70)), resource, action, row)}
        nobody = set(TeamRole) if stranger else set()
        assert (may, elsewhere) == (nobody | IN_TEAMS.get((resource, action), set()), nobody)


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
        ("GuestRequestViewSet", "create"),
        ("GuestConfirmationViewSet", "confirm"),
        ("PublicEventViewSet", "list"),
        ("PublicEventViewSet", "retrieve"),
        ("PublicCalendarViewSet", "events"),
        ("PublicCalendarViewSet", "retrieve"),
        ("PublicOrganizerViewSet", "retrieve"),
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
    *(("event", name) for name in ("gate_tokens", "create_gate_token")),
    ("gate_token", "destroy"),
    ("gate", "retrieve"),
    *(("event", action) for action in ("interest", "remove_interest")),
    *(("tag", action) for action in ("create", "update", "destroy", "merge")),
    *(("event", name) for name in ("team", "invite")),
    *(("membership", name) for name in ("update", "destroy")),
    ("invitation", "destroy"),
    ("team", "accept"),
}


def test_every_operation_has_a_scope_or_is_closed_to_service_tokens():
    signed_in = {(view.resource, action) for view, action in operations() if not view.public}
    assert signed_in == SCOPES.keys() | CLOSED
    assert SCOPES.keys() & CLOSED == set()


def missing(scope, resource, action):
    """Return the scope that a token of that one lacks: None where no scope would do, "nothing" where it does."""
    try:
        require_scope(ServiceToken(scopes=[scope.value]), resource, action)
    except InsufficientScope as refused:
        return refused.scope
    return "nothing"


@pytest.mark.parametrize(("resource", "action"), sorted(SCOPES.keys() | CLOSED | {("user", "an operation to come")}))
def test_a_token_of_one_scope_opens_what_that_names(resource, action):
    needed = SCOPES.get((resource, action))
    expected = {scope: "nothing" if scope == needed else needed for scope in Scope}
    assert {scope: missing(scope, resource, action) for scope in Scope} == expected


@pytest.mark.parametrize("auth", [None, AccessToken()])
def test_whoever_signs_in_needs_no_scope(auth):
    require_scope(auth, "user", "list")
