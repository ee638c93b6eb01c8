"""The team of an event: invitations, roles, and that who is removed is out with the next request."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import StoredAnswer
from accounts.permissions import Scope
from accounts.services import api_tokens
from checkin.services import gate_tokens
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import MembershipFactory, UserFactory
from eventhub.testing.mailbox import text_of, token_in
from eventhub.testing.responses import BAD_TOKEN, DONE, NO_EVENT, NOT_ALLOWED, refusal, whole
from events.exceptions import AlreadyMember, InvitationGone, TeamFull
from events.models import Event, Membership, TeamInvitation
from events.services import team
from events.services.clones import copy_team
from registrations.models import Registration
from registrations.services.account_deletion import delete_account
from registrations.services.housekeeping import run_chores

pytestmark = pytest.mark.django_db

GONE = refusal(410, "This invitation is no longer valid", "invitation_gone")


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Night of the Telescopes", status="draft")


@pytest.fixture
def invite(api, olga, event, django_capture_on_commit_callbacks):
    """Invites over the API, and sends the mail; the answer."""

    def post(email, role="helper", by=None, **extra):
        with django_capture_on_commit_callbacks(execute=True):
            return api(by or olga).post(f"/events/{event.pk}/team/", {"email": email, "role": role}, **extra)

    return post


@pytest.fixture
def join(event):
    """Makes somebody a member past the API."""
    return lambda user, role="manager", of=None: MembershipFactory(event=of or event, user=user, role=role)


def ids(answer, key):
    return [row[key] for row in answer.json()["results"]]


# Inviting and accepting -----------------------------------------------------------------------------------------------


def test_the_answer_is_the_same_whether_or_not_the_address_has_an_account(invite, bob):
    answers = [whole(invite(email)) for email in ("bob@example.org", "nobody@example.org")]
    assert answers == [(202, {"email": email, "role": "helper"}) for email in ("bob@example.org", "nobody@example.org")]
    assert [sent.to for sent in mail.outbox] == [["bob@example.org"], ["nobody@example.org"]]


def test_the_link_of_the_mail_makes_its_reader_a_member_once(invite, api, bob, event, olga):
    assert whole(api(bob).get(f"/events/{event.pk}")) == NO_EVENT
    invite("Bob@Example.org", "viewer")
    (sent,) = mail.outbox
    assert sent.subject == "Help run “Night of the Telescopes”"
    assert f"http://127.0.0.1:8000/admin/team-invitation/?token={token_in(sent)}\n" in text_of(sent)
    accepted = api(bob).post("/team/accept", {"token": token_in(sent)})
    member = Membership.objects.get()
    assert (accepted.status_code, accepted.json()["member_id"]) == (200, member.pk)
    assert (member.event, member.user, member.role, member.added_by) == (event, bob, "viewer", olga)
    assert api(bob).get(f"/events/{event.pk}").status_code == 200
    assert whole(api(bob).post("/team/accept", {"token": token_in(sent)})) == GONE
    listed = api(olga).get(f"/events/{event.pk}/team/").json()
    assert (listed["invitations"], [row["username"] for row in listed["members"]]) == ([], ["bob"])


def test_inviting_and_accepting_may_be_repeated_under_a_key(invite, api, bob):
    key = {"headers": {"idempotency-key": "k"}}
    invited = [invite("Bob@Example.org", **key) for _ in range(2)]
    (sent,) = mail.outbox
    accepted = [api(bob).post("/team/accept", {"token": token_in(sent)}, **key) for _ in range(2)]
    assert [answer.status_code for answer in (*invited, *accepted)] == [202, 202, 200, 200]
    for first, again in (invited, accepted):
        assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    delete_account(account_id=bob.pk)
    assert not StoredAnswer.objects.exists()


def test_a_german_reads_german(invite, person):
    person("grete", language="de")
    invite("grete@example.org")
    (sent,) = mail.outbox
    assert sent.subject == "Helfen Sie mit bei „Night of the Telescopes“"
    assert "Sie können sehen, wer kommt, und Menschen einlassen." in text_of(sent)


def test_a_link_is_for_the_account_of_its_address_until_it_expires(invite, api, bob, eve):
    invite("bob@example.org")
    body = {"token": token_in(mail.outbox[0])}
    other = refusal(403, "This invitation is for another email address", "permission_denied")
    assert whole(api(eve).post("/team/accept", body)) == other
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert whole(api(bob).post("/team/accept", body)) == GONE
    assert whole(api(bob).post("/team/accept", {"token": "evi_guessed"})) == GONE
    assert Membership.objects.count() == 0


def test_a_second_invitation_takes_the_place_of_the_first(invite, api, bob):
    invite("bob@example.org", "viewer")
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        invite("bob@example.org", "editor")
        first, second = ({"token": token_in(sent)} for sent in mail.outbox)
        assert whole(api(bob).post("/team/accept", first)) == GONE
        assert api(bob).post("/team/accept", second).json()["role"] == "editor"


def test_a_link_works_on_where_a_second_invitation_follows_at_once_without_a_mail(invite, api, bob):
    invite("bob@example.org", "viewer")
    invite("bob@example.org", "editor")
    (sent,) = mail.outbox
    assert api(bob).post("/team/accept", {"token": token_in(sent)}).json()["role"] == "editor"


def test_who_is_invited_anew_after_a_withdrawal_gets_a_mail(invite, olga, bob):
    invite("bob@example.org")
    team.withdraw(invitation=TeamInvitation.objects.get(), by=olga)
    invite("bob@example.org")
    assert len(mail.outbox) == 2


def test_a_link_that_was_withdrawn_is_gone(invite, api, olga, bob):
    invite("bob@example.org")
    invitation = TeamInvitation.objects.get()
    assert whole(api(olga).delete(f"/team-invitations/{invitation.pk}")) == DONE
    assert whole(api(bob).post("/team/accept", {"token": token_in(mail.outbox[0])})) == GONE


def test_who_is_in_the_list_is_not_invited_again(invite, join, bob):
    join(bob)
    known = refusal(409, "This person is in the team already", "already_member")
    assert [whole(invite(email)) for email in ("bob@example.org", "olga@example.org")] == [known, known]
    assert mail.outbox == []


def test_a_team_has_a_bound(monkeypatch, event, olga, join, bob, eve):
    monkeypatch.setattr(team, "MAX_TEAM", 2)
    join(bob)
    for _ in range(2):  # of the same address
        team.invite(event=event, email="nadia@example.org", role="viewer", by=olga)
    with pytest.raises(TeamFull):
        team.invite(event=event, email="eve@example.org", role="viewer", by=olga)


def test_nobody_fills_mailboxes(monkeypatch, invite):
    monkeypatch.setattr(team, "MOST_INVITATIONS_AN_HOUR", 2)
    answers = [invite(f"person{n}@example.org") for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    invite("person0@example.org")
    assert len(mail.outbox) == 2


# Roles ---------------------------------------------------------------------------------------------------------------


def test_an_editor_changes_texts_only(api, join, bob, event):
    join(bob, "editor")
    path = f"/events/{event.pk}"
    assert api(bob).patch(path, {"title": "Night of the Comets", "max_capacity": 10}).status_code == 200
    refused = refusal(403, "You may change the texts of this event only", "permission_denied")
    for change in ({"max_capacity": 11}, {"status": "upcoming"}, {"title": "Seized", "waitlist": False}):
        assert whole(api(bob).patch(path, change)) == refused
    event.refresh_from_db()
    assert (event.title, event.max_capacity, event.status) == ("Night of the Comets", 10, "draft")


def test_a_helper_checks_people_in_and_changes_nothing_else(api, join, bob, event, enroll):
    join(bob, "helper")
    path = f"/attendees/{enroll(event, name='Nadia').pk}"
    assert api(bob).patch(path, {"status": "attended"}).json()["status"] == "attended"
    assert api(bob).patch(path, {"status": "registered"}).json()["status"] == "registered"
    for change in ({"status": "cancelled"}, {"name": "Zoe"}, {"name": "Zoe", "status": "attended"}):
        assert whole(api(bob).patch(path, change)) == NOT_ALLOWED
    row = Registration.objects.get()
    assert (row.name, row.status) == ("Nadia", "registered")


@pytest.mark.parametrize("status", ["cancelled", "waitlisted"])
def test_a_helper_lets_nobody_in_who_has_no_seat(api, office, join, bob, make_event, olga, enroll, status):
    event = make_event(olga)
    join(bob, "helper", of=event)
    row = enroll(event, status=status)
    answers = [api(bob).patch(f"/attendees/{row.pk}", {"status": to}) for to in ("attended", "registered")]
    assert [answer.status_code for answer in answers] == [403, 409 if status == "waitlisted" else 403]
    office(bob).post(f"/admin/registrations/registration/{row.pk}/do/", {"do": f"check_in:{row.pk}"})
    page = office(bob).get(f"/admin/registrations/registration/{row.pk}/change/")
    assert (page.status_code, "Check in" in page.text) == (200, False)
    row.refresh_from_db()
    assert row.status == status


def test_a_manager_changes_everything_but_the_team_and_whose_it_is(api, join, bob, eve, event):
    join(bob)
    member = join(eve, "viewer")
    assert api(bob).patch(f"/events/{event.pk}", {"max_capacity": 11}).json()["max_capacity"] == 11
    assert api(bob).get(f"/events/{event.pk}/team/").status_code == 200
    answers = [
        api(bob).post(f"/events/{event.pk}/team/", {"email": "x@example.org", "role": "manager"}),
        api(bob).patch(f"/team-members/{member.pk}", {"role": "manager"}),
        api(bob).delete(f"/team-members/{member.pk}"),
        api(bob).patch(f"/events/{event.pk}", {"organizer_id": bob.pk}),
    ]
    assert [whole(answer) for answer in answers] == [NOT_ALLOWED] * 4
    assert whole(api(bob).delete(f"/events/{event.pk}"))[0] == 403


def test_a_new_organizer_leaves_the_team(api, join, ada, otto, event):
    join(otto, "helper")
    assert api(ada).patch(f"/events/{event.pk}", {"organizer_id": otto.pk}).status_code == 200
    assert Membership.objects.count() == 0


# Being removed -------------------------------------------------------------------------------------------------------


def test_who_is_removed_is_out_with_the_next_request(api, join, bob, olga, event, enroll):
    member, path = join(bob), f"/events/{event.pk}/attendees"
    enroll(event)
    token = ContractClient(api_tokens.create_token(owner=bob, name="Board", scopes={Scope.ATTENDEES_READ}).secret)
    gate = ContractClient(gate_tokens.create_token(event=event, by=bob, name="Door").secret)
    asked = [(api(bob), path), (token, path), (gate, "/gate"), (api(bob), "/attendees/")]
    assert [client.get(where).status_code for client, where in asked] == [200, 200, 200, 200]
    assert whole(api(olga).delete(f"/team-members/{member.pk}")) == DONE
    answers = [whole(client.get(where)) for client, where in asked]
    assert answers[:3] == [NO_EVENT, NO_EVENT, BAD_TOKEN]
    assert answers[3][1]["results"] == []


def test_a_repeated_acceptance_says_nothing_to_who_has_left(api, invite, bob):
    invite(bob.email)
    token = token_in(mail.outbox[0])

    def accept():
        return api(bob).post("/team/accept", {"token": token}, headers={"Idempotency-Key": "once"})

    first, again = accept(), accept()
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (200, first.json(), "true")
    assert whole(api(bob).delete(f"/team-members/{first.json()['member_id']}")) == DONE
    assert whole(accept()) == GONE


def test_a_member_may_leave(api, join, bob):
    member = join(bob, "viewer")
    assert whole(api(bob).delete(f"/team-members/{member.pk}")) == DONE
    assert Membership.objects.count() == 0


def test_another_role_takes_effect_at_once(api, join, olga, bob, event):
    member, client, path = join(bob, "viewer"), api(bob), f"/events/{event.pk}/attendees"
    assert whole(client.get(path)) == NOT_ALLOWED
    assert api(olga).patch(f"/team-members/{member.pk}", {"role": "helper"}).json()["role"] == "helper"
    assert client.get(path).status_code == 200


# Lists ---------------------------------------------------------------------------------------------------------------


def test_a_member_finds_their_events_by_role(api, join, otto, olga, make_event, event):
    own, other = make_event(otto), make_event(olga)
    join(otto, "helper"), join(otto, "viewer", of=other)
    make_event(olga, status="draft")
    found = {
        query: set(ids(api(otto).get(f"/users/me/events{query}"), "event_id"))
        for query in ("", "?role=organizer", "?role=helper", "?role=viewer,organizer", "?role=editor")
    }
    assert found == {
        "": {own.pk, event.pk, other.pk},
        "?role=organizer": {own.pk},
        "?role=helper": {event.pk},
        "?role=viewer,organizer": {other.pk, own.pk},
        "?role=editor": set(),
    }
    assert set(ids(api(otto).get("/events/?status=draft"), "event_id")) == {event.pk}


@pytest.mark.parametrize("teams", [1, 11])  # below and above MAX_PARTS
@pytest.mark.parametrize("who", ["bob", "otto"])
def test_a_list_of_people_has_own_ones_and_those_of_the_events_that_one_helps_at(
    request, api, join, olga, make_event, enroll, who, teams
):
    user = request.getfixturevalue(who)
    events = [make_event(olga) for _ in range(teams)]
    seen = [enroll(event) for event in events] + [enroll(events[0], user), enroll(make_event(olga), user)]
    for event in events:
        join(user, "helper", of=event)
    numbers = make_event(olga)
    join(user, "viewer", of=numbers)
    enroll(numbers), enroll(make_event(olga))
    if who == "otto":
        seen.append(enroll(make_event(user)))
    expected = {row.pk for row in seen}
    for query in ("", "?ordering=name", "?status=registered"):
        found = ids(api(user).get(f"/attendees/{query}"), "attendee_id")
        assert (len(found), set(found)) == (len(expected), expected)


def test_a_member_pays_one_statement_and_nobody_else_any(api, join, bob, eve, olga, make_event, enroll):
    event = make_event(olga)
    join(bob, "helper", of=event)
    enroll(event)
    counts = {}
    for who in (bob, eve, olga):
        for path in (f"/events/{event.pk}", "/events/", "/attendees/"):
            with CaptureQueriesContext(connection) as captured:
                assert api(who).get(path).status_code == 200
            counts.setdefault(who.username, []).append(len(captured))
    assert counts["eve"] == counts["olga"]
    assert [more - usual for more, usual in zip(counts["bob"], counts["eve"], strict=True)] == [1, 1, 1]


# Lifetime ------------------------------------------------------------------------------------------------------------


def test_housekeeping_deletes_expired_invitations(event, olga):
    team.invite(event=event, email="nadia@example.org", role="viewer", by=olga)
    later = timezone.now() + timedelta(days=8)
    assert TeamInvitation.objects.count() == 1
    results = {result.what: result.rows for result in run_chores(now=later, dry_run=False)}
    assert results["expired invitations to teams deleted"] == 1
    assert TeamInvitation.objects.count() == 0


def test_with_an_account_go_its_memberships_and_invitations(event, olga, join, bob):
    team.invite(event=event, email="bob@example.org", role="viewer", by=olga)
    join(bob)
    delete_account(account_id=bob.pk)
    assert (Membership.objects.count(), TeamInvitation.objects.count()) == (0, 0)
    assert Event.objects.filter(pk=event.pk).exists()


def test_a_copy_has_the_team_of_its_model(event, olga, join, bob, eve, make_event, api):
    join(bob, "helper"), join(eve, "viewer")
    copy = make_event(olga, status="draft")
    copy_team(event=event, copy=copy)
    assert [(each.user, each.role) for each in copy.memberships.order_by("role")] == [(bob, "helper"), (eve, "viewer")]
    assert api(bob).get(f"/events/{copy.pk}").status_code == 200


def test_the_history_names_roles_and_nobody(event, olga, join, bob):
    team.add_member(event=event, user=bob, role="helper", by=olga)
    team.remove(membership=Membership.objects.get(), by=olga)
    reasons = event.history.order_by("-history_id").values_list("history_change_reason", flat=True)[:2]
    assert [*reasons] == ["Helper left the team", "Helper joined the team"]


def test_an_organizer_is_no_member(event, olga):
    with pytest.raises(AlreadyMember):
        team.add_member(event=event, user=olga, role="viewer", by=None)


def test_a_token_of_nothing_is_gone():
    with pytest.raises(InvitationGone):
        team.find_invitation("evi_")


# The command ---------------------------------------------------------------------------------------------------------


def run(*args):
    out = StringIO()
    call_command("team", *map(str, args), stdout=out)
    return out.getvalue()


def test_operators_add_list_and_remove(event, olga, bob):
    team.invite(event=event, email="nadia@example.org", role="viewer", by=olga)
    assert run(event.pk, "--add", "bob", "--role", "manager") == "manager: bob\nviewer: nadia@example.org (invited)\n"
    assert (
        run(event.pk, "--add", "bob") == run(event.pk, "--list") == "helper: bob\nviewer: nadia@example.org (invited)\n"
    )
    assert run(event.pk, "--remove", "bob") == "viewer: nadia@example.org (invited)\n"


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--remove", "bob"], "bob is not in the team."),
        (["--add", "nobody"], "No account named nobody."),
        (["--add", "olga"], "This person is in the team already."),
    ],
)
def test_the_command_says_what_is_wrong(event, bob, args, problem):
    with pytest.raises(CommandError, match=problem):
        run(event.pk, *args)


def test_two_invitations_at_once_are_one(event, olga):
    UserFactory()
    for role in ("viewer", "editor"):
        team.invite(event=event, email="nadia@example.org", role=role, by=olga)
    assert [*TeamInvitation.objects.values_list("email", "role")] == [("nadia@example.org", "editor")]
