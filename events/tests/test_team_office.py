"""The back office for members of a team, whose account may be no organizer's; the page of the team and of its links."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import User
from eventhub.testing.factories import PASSWORD, MembershipFactory
from eventhub.testing.mailbox import token_in
from events.models import Event, Membership, TeamInvitation, TeamRole
from events.services import team
from events.services.events import TEXT_FIELDS
from registrations.models import Registration

pytestmark = [pytest.mark.once, pytest.mark.django_db]

MANAGER, EDITOR, HELPER, VIEWER = TeamRole
ALL = {*TeamRole}
PAGES = {
    "/admin/": ALL,
    "/admin/events/event/": ALL,
    "/admin/events/event/{event}/change/": ALL,
    "/admin/events/event/{event}/history/": ALL,
    "/admin/events/event/{event}/questions/": {MANAGER, EDITOR},
    "/admin/events/event/{event}/emails/": {MANAGER},
    "/admin/events/event/{event}/helpers/": {MANAGER},
    "/admin/events/event/{event}/checkpoints/": {MANAGER},
    "/admin/events/event/{event}/team/": {MANAGER},
    "/admin/events/event/{event}/badges/": {MANAGER, HELPER},
    "/admin/events/event/{event}/names/": {MANAGER, HELPER},
    "/admin/events/event/{event}/names/print/": {MANAGER, HELPER},
    "/admin/events/event/{event}/doors/": {MANAGER, HELPER, VIEWER},
    "/admin/events/event/{event}/delete/": set(),
    "/admin/events/event/add/": set(),
    "/admin/events/event/export/csv/": ALL,
    "/admin/registrations/registration/": {MANAGER, HELPER},
    "/admin/registrations/registration/door/": ALL,  # the choice of an event: for some, of none
    "/admin/registrations/registration/door/{event}/": {MANAGER, HELPER},
    "/admin/registrations/registration/{attendee}/change/": {MANAGER, HELPER},
    "/admin/registrations/registration/{attendee}/delete/": {MANAGER},
    "/admin/registrations/registration/export.csv": {MANAGER},
    "/admin/registrations/registration/import/{event}/": {MANAGER},
    "/admin/registrations/registration/statistics/{event}/": {MANAGER, VIEWER},
    "/admin/registrations/registration/add/": {MANAGER},
    "/admin/accounts/user/": set(),
}


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Night of the Telescopes")


@pytest.fixture
def attendee(event, enroll):
    return enroll(event, name="Nadia Quill")


@pytest.fixture
def member(office, bob, event):
    """A browser of bob, whose account is no organizer's, in a role."""

    def make(role):
        MembershipFactory(event=event, user=bob, role=role)
        return office(bob)

    return make


@pytest.mark.slow
@pytest.mark.parametrize("role", TeamRole)
def test_a_member_opens_what_the_table_says(member, event, attendee, make_event, otto, role):
    client = member(role)
    opened = {
        page for page in PAGES if client.get(page.format(event=event.pk, attendee=attendee.pk)).status_code == 200
    }
    assert opened == {page for page, roles in PAGES.items() if role in roles}
    other = make_event(otto)
    foreign = {
        page for page in PAGES if "{event}" in page and client.get(page.format(event=other.pk)).status_code == 200
    }
    assert foreign == set()


def text_of_page(answer):
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


@pytest.mark.slow
@pytest.mark.parametrize("role", TeamRole)
def test_only_who_sees_people_reads_a_name(member, event, attendee, role):
    client = member(role)
    pages = [page.format(event=event.pk, attendee=attendee.pk) for page in PAGES]
    shown = any("Nadia Quill" in text_of_page(client.get(page)) for page in pages)
    shown |= any("Quill" in client.get(f"{page}?people-q=Quill").content.decode() for page in pages[2:3])
    assert shown is (role in (MANAGER, HELPER))


def test_who_is_in_no_team_any_more_is_out(member, event):
    client = member(HELPER)
    assert client.get("/admin/").status_code == 200
    Membership.objects.all().delete()
    assert client.get("/admin/").status_code == 403


@pytest.mark.slow
def test_links_on_the_page_of_the_event_open(member, event, attendee):
    for role in TeamRole:
        Membership.objects.all().delete()
        client = member(role)
        page = client.get(f"/admin/events/event/{event.pk}/change/").content.decode()
        section = page.partition('aria-label="Summary"')[2].partition("<form")[0]
        links = re.findall(r'href="(/admin/[^"]+)"', section)
        assert [link for link in links if client.get(link.replace("&amp;", "&")).status_code != 200] == []


def test_an_editor_saves_texts_and_nothing_else(member, event):
    client = member(EDITOR)
    page = client.get(f"/admin/events/event/{event.pk}/change/")
    form = page.context["adminform"].form
    assert {name for name, field in form.fields.items() if not field.disabled} <= TEXT_FIELDS | {"opened"}
    data = {name: form[name].value() or "" for name, field in form.fields.items() if not field.disabled}
    hidden = dict(re.findall(r'name="([\w-]+)" value="([^"]*)"', page.content.decode()))
    data |= {name: value for name, value in hidden.items() if name not in form.fields and not name.startswith("csrf")}
    answer = client.post(f"/admin/events/event/{event.pk}/change/", {**data, "title": "Comets", "max_capacity": "99"})
    assert answer.status_code == 302
    event.refresh_from_db()
    assert (event.title, event.max_capacity) == ("Comets", 10)


@pytest.mark.parametrize(("role", "status"), [(MANAGER, "cancelled"), (EDITOR, "upcoming"), (VIEWER, "upcoming")])
def test_only_a_manager_takes_steps(member, event, role, status):
    data = {"action": "cancel", "_selected_action": event.pk, "confirmed": "yes", "come_back": "1"}
    member(role).post("/admin/events/event/?when=all", data)
    event.refresh_from_db()
    assert event.status == status


@pytest.mark.parametrize("role", [MANAGER, HELPER])
def test_a_helper_checks_in_and_cancels_nobody(member, attendee, role):
    client, page = member(role), f"/admin/registrations/registration/{attendee.pk}/do/"
    client.post(page, {"do": f"check_in:{attendee.pk}", "confirmed": "yes"})
    assert Registration.objects.get().status == "attended"
    client.post(page, {"do": f"undo_check_in:{attendee.pk}", "confirmed": "yes"})
    client.post(page, {"do": f"cancel:{attendee.pk}", "confirmed": "yes"})
    assert Registration.objects.get().status == ("cancelled" if role == MANAGER else "registered")
    client.post(f"/admin/registrations/registration/{attendee.pk}/change/", {"name": "Seized"})
    assert (Registration.objects.get().name == "Nadia Quill") is (role == HELPER)


# The page of the team ------------------------------------------------------------------------------------------------


@pytest.fixture
def page(event):
    return f"/admin/events/event/{event.pk}/team/"


def test_an_organizer_invites_changes_and_removes(office, olga, bob, event, page):
    client = office(olga)
    assert client.post(page, {"email": "Nadia@example.org", "role": "editor"}).status_code == 302
    assert [*TeamInvitation.objects.values_list("email", "role")] == [("nadia@example.org", "editor")]
    shown = client.get(page).content.decode()
    assert "nadia@example.org" in shown
    client.post(page, {"withdraw": TeamInvitation.objects.get().pk})
    assert TeamInvitation.objects.count() == 0
    member = MembershipFactory(event=event, user=bob, role="viewer")
    client.post(page, {"give_role": member.pk, f"role-{member.pk}": "helper"})
    assert Membership.objects.get().role == "helper"
    assert "Remove from team?" in client.post(page, {"remove": member.pk}).content.decode()
    client.post(page, {"remove": member.pk, "confirmed": "yes"})
    assert Membership.objects.count() == 0


def test_a_refusal_stands_in_the_form(office, olga, page):
    shown = office(olga).post(page, {"email": "olga@example.org", "role": "editor"}).content.decode()
    assert "This person is in the team already." in shown


def test_a_manager_reads_the_team_and_changes_nothing(member, eve, event, page):
    client = member(MANAGER)
    other = MembershipFactory(event=event, user=eve, role="viewer")
    assert "eve@example.org" in client.get(page).content.decode()
    client.post(page, {"remove": other.pk, "confirmed": "yes"})
    client.post(page, {"email": "x@example.org", "role": "manager"})
    assert (Membership.objects.count(), TeamInvitation.objects.count()) == (2, 0)


# The page of an invitation -------------------------------------------------------------------------------------------


@pytest.fixture
def link(event, olga, django_capture_on_commit_callbacks):
    """Invites an address; the link of the mail."""

    def invite(email):
        with django_capture_on_commit_callbacks(execute=True):
            team.invite(event=event, email=email, role="helper", by=olga)
        return f"/admin/team-invitation/?token={token_in(mail.outbox.pop())}"

    return invite


def join(client, link):
    return client.post("/admin/team-invitation/", {"token": link.partition("token=")[2]})


def test_who_is_signed_in_joins_with_one_button(office, bob, event, link):
    address, client = link("bob@example.org"), office(bob)
    shown = client.get(address)
    assert (shown.status_code, "Join the team" in shown.content.decode()) == (200, True)
    assert Membership.objects.count() == 0
    joined = join(client, address)
    assert joined.headers["Location"] == reverse("admin:events_event_change", args=[event.pk])
    assert client.get(joined.headers["Location"]).status_code == 200
    assert client.get(address).status_code == 410


def test_another_account_is_told_which_one_to_use(office, eve, link):
    address = link("bob@example.org")
    shown = join(office(eve), address).content.decode()
    assert "This invitation is for another email address." in shown
    assert Membership.objects.count() == 0


def test_who_is_no_organizer_signs_in_to_accept(client, bob, eve, link):
    address = link("bob@example.org")
    onward = join(client, address).headers["Location"]
    assert onward.startswith("/admin/login/?next=%2Fadmin%2Fteam-invitation%2F")
    signed_in = client.post(onward, {"username": "bob", "password": PASSWORD})
    assert signed_in.headers["Location"] == address
    assert join(client, address).status_code == 302
    assert Membership.objects.get().user == bob


def test_who_is_not_invited_and_no_organizer_cannot_sign_in(client, eve, link):
    link("bob@example.org")
    assert client.post("/admin/login/", {"username": "eve", "password": PASSWORD}).status_code == 200
    assert client.get("/admin/").status_code == 302


def test_who_has_no_account_gets_one(client, link, django_capture_on_commit_callbacks):
    address = link("nadia@example.org")
    with django_capture_on_commit_callbacks(execute=True):
        sent = client.post("/admin/team-invitation/", {"token": address.partition("token=")[2], "account": "1"})
    assert "nadia@example.org" in sent.content.decode()
    (reset,) = mail.outbox
    body = {"token": token_in(reset), "password": f"{PASSWORD} 2", "repeat": f"{PASSWORD} 2"}
    client.post("/admin/new-password/", body)
    nadia = User.objects.get(email="nadia@example.org")
    client.force_login(nadia)
    assert join(client, address).status_code == 302
    assert Membership.objects.get().user == nadia


def test_a_link_of_nothing_is_gone(client):
    assert client.get("/admin/team-invitation/?token=evi_x").status_code == 410
    assert client.post("/admin/team-invitation/").status_code == 410
    assert client.put("/admin/team-invitation/").status_code == 405


@pytest.mark.parametrize("role", TeamRole)
def test_only_who_may_change_the_event_reads_its_online_link(office, event, bob, role):
    Event.objects.filter(pk=event.pk).update(online_url="https://meet.example.org/1")
    MembershipFactory(event=event, user=bob, role=role)
    page = office(bob).get(reverse("admin:events_event_change", args=[event.pk]))
    assert (b"meet.example.org" in page.content) is (role in {MANAGER, EDITOR})
