"""The page "Email preferences" of the back office: the same as /users/me/notifications."""

import re

import pytest
from django.test import Client

from notifications.models import OptOut
from notifications.services.preferences import opt_out, preferences_of, save_preferences

pytestmark = [pytest.mark.once, pytest.mark.django_db]

PAGE = "/admin/email-preferences/"
ALL_ON = {"reminders": "on", "messages": "on", "digest": "none", "language": ""}


@pytest.fixture
def office(olga):
    client = Client()
    client.force_login(olga)
    return client


def shown(page):
    """Return the rows of what was turned off: kind, name, and the value of the button."""
    rows = re.findall(r"<tr>\s*<td.*?>(.*?)</td>\s*<th.*?>(.*?)</th>\s*<td><button.*?value=\"(\d+)\"", page.text, re.S)
    return [(kind, name.replace("&#x27;", "'"), value) for kind, name, value in rows]


@pytest.mark.parametrize(
    ("sent", "saved"),
    [
        (ALL_ON, ("all", [], "none", "")),
        ({"messages": "on", "digest": "weekly"}, ("essential", [], "weekly", "")),
        ({"reminders": "on", "digest": "daily", "language": "de"}, ("all", ["everything"], "daily", "de")),
    ],
)
def test_what_is_saved_is_what_the_api_shows_and_the_page_shows_again(office, olga, api, sent, saved):
    answer = office.post(PAGE, sent, follow=True)
    assert "Your email preferences were saved." in answer.text
    body = api(olga).get("/users/me/notifications").json()
    scopes = [each["scope"] for each in body["opt_outs"]]
    assert (body["notices"], scopes, body["digest"], body["language"]) == saved
    assert re.findall(r'name="(reminders|messages)"[^>]* checked[ >]', answer.text) == [
        name for name in sent if sent[name] == "on"
    ]
    for name in ("digest", "language"):
        if name in sent:
            assert re.search(rf'<option value="{sent[name]}"\s+selected', answer.text)


def test_what_was_turned_off_by_links_is_named_and_taken_back_one_by_one(office, olga, otto, make_event):
    otto.profile.name = "Otto's Walks"
    otto.profile.save()
    public, draft = make_event(otto, title="Walk"), make_event(otto, title="Secret", status="draft")
    for event in (public, draft):
        opt_out(olga.pk, "event", event_id=event.pk)
    opt_out(olga.pk, "organizer", organizer_id=otto.pk)
    page = office.get(PAGE)
    names = [("Organizer", "Otto's Walks"), ("Event", "An event that is not public"), ("Event", "Walk")]
    rows = shown(page)
    assert [row[:2] for row in rows] == names
    assert "Secret" not in page.text
    after = office.post(PAGE, {"on": rows[2][2]}, follow=True)
    assert [row[:2] for row in shown(after)] == names[:2]
    assert "You will get messages again: Walk." in after.text
    office.post(PAGE, ALL_ON)  # leaves these as they are
    assert [each.scope for each in preferences_of(olga).opt_outs] == ["event", "organizer"]


def test_nobody_changes_what_another_person_turned_off(office, olga, otto, bob, make_event):
    opt_out(bob.pk, "organizer", organizer_id=otto.pk)
    for number in (str(OptOut.objects.get().pk), "0", "x", ""):
        assert office.post(PAGE, {"on": number}).status_code == 404
    assert OptOut.objects.count() == 1


def test_an_unknown_interval_is_refused_and_a_get_changes_nothing(office, olga):
    save_preferences(user=olga, notices="essential", digest="daily")
    answer = office.post(PAGE, {**ALL_ON, "digest": "hourly"})
    assert "Select a valid choice. hourly is not one of the available choices." in answer.text
    office.get(PAGE, ALL_ON)
    assert preferences_of(olga)[1:] == ("essential", [], "daily", "")
