"""What people do in the back office, from end to end, in a real browser."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events.models import Event
from registrations.models import Registration, Transition

PHONE = {"width": 375, "height": 800}


def statuses(event):
    return dict(Registration.objects.filter(event=event).values_list("name", "status"))


def add_person(page, live_server, event, name, *, may_queue=False):
    page.goto(f"{live_server.url}/admin/registrations/registration/add/?event={event.pk}")
    page.get_by_label("Email address").fill(f"{name.lower()}@example.org")
    page.get_by_label("Name").fill(name)
    if may_queue:
        page.get_by_label("Add to the waiting list if the event is full").check(force=True)
    page.get_by_role("button", name="Save", exact=True).click()


def test_an_organizers_first_event_from_the_empty_dashboard_to_published(sign_in, olga):
    page = sign_in(olga)
    expect(page.get_by_text("Create your first event")).to_be_visible()
    page.get_by_role("link", name="Add event").first.click()
    page.get_by_label("Title").fill("Night of the Telescopes")
    page.get_by_label("Location").fill("Observatory")
    begins = timezone.localtime() + timedelta(days=10)
    page.locator("#id_date_time_0").fill(f"{begins:%Y-%m-%d}")
    page.locator("#id_date_time_1").fill("19:00")
    page.locator("#id_max_capacity").fill("2")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_label("Summary")).to_contain_text("Draft")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_label("Summary")).to_contain_text("Upcoming")
    event = Event.objects.get()
    assert (event.title, event.organizer, event.status, event.max_capacity) == (
        "Night of the Telescopes",
        olga,
        "upcoming",
        2,
    )
    assert list(event.history.values_list("status", "through", "history_user_id")) == [
        ("upcoming", "admin", olga.pk),
        ("draft", "admin", olga.pk),
    ]


def test_filling_an_event_and_the_queue_seated_after_a_cancellation(sign_in, live_server, olga, make_event):
    event = make_event(olga, max_capacity=1)
    page = sign_in(olga)
    add_person(page, live_server, event, "Ann")
    expect(page.get_by_text("Ann has a seat.")).to_be_visible()
    add_person(page, live_server, event, "Ben")
    expect(page.get_by_text("Event is full.", exact=True)).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Ben")
    add_person(page, live_server, event, "Ben", may_queue=True)
    expect(page.get_by_text("Ben is number 1 on the waiting list.")).to_be_visible()
    ann = Registration.objects.get(name="Ann")
    page.goto(f"{live_server.url}/admin/registrations/registration/{ann.pk}/change/")
    page.get_by_role("button", name="Cancel registration").click()
    page.get_by_role("button", name="Cancel registration").click()
    expect(page.get_by_text("Ben got the seat")).to_be_visible()
    assert statuses(event) == {"Ann": "cancelled", "Ben": "registered"}
    ben = Transition.objects.filter(registration__name="Ben").values_list("was", "becomes", "by", "through")
    assert list(ben) == [("", "waitlisted", olga.pk, "admin"), ("waitlisted", "registered", olga.pk, "admin")]


def test_an_import_with_two_bad_rows_and_a_column_to_choose(sign_in, live_server, olga, make_event, tmp_path):
    event = make_event(olga, max_capacity=2)
    people = tmp_path / "people.csv"
    people.write_text(
        "Email,Badge\nann@example.org,Ann\nnot an address,Nobody\nben@example.org,Ben\n,Empty\ncleo@example.org,Cleo\n"
    )
    page = sign_in(olga)
    page.goto(f"{live_server.url}/admin/registrations/registration/import/{event.pk}/")
    page.locator("input[type=file]").set_input_files(people)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("Not used: Badge").click()
    page.get_by_label("Use “Badge” as").select_option("Full name")
    page.get_by_role("button", name="Update preview").click()
    expect(page.get_by_label("Use “Badge” as")).to_have_value("name")
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(5)
    fates = [row.inner_text().split("\t") for row in rows.all()]
    by_line = {int(line): fate.split()[0].lower() for line, _, fate in fates}
    assert by_line == {2: "seat", 3: "error", 4: "seat", 5: "error", 6: "waiting"}
    assert statuses(event) == {}
    page.get_by_role("button", name="Import").click()
    assert statuses(event) == {}
    page.get_by_label(re.compile("Skip 2 rows with errors")).check()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_label("Summary")).to_contain_text("2 / 2")
    assert statuses(event) == {"Ann": "registered", "Ben": "registered", "Cleo": "waitlisted"}


def test_a_strangers_url_shows_nothing_of_it(sign_in, live_server, olga, otto, make_event, enroll):
    theirs = make_event(otto, title="Otto's secret supper")
    guest = enroll(theirs, name="Otto's secret guest")
    page = sign_in(olga)
    for path in (
        f"events/event/{theirs.pk}/change/",
        f"events/event/{theirs.pk}/history/",
        f"events/event/{theirs.pk}/delete/",
        f"registrations/registration/{guest.pk}/change/",
        f"registrations/registration/import/{theirs.pk}/",
        f"registrations/registration/door/{theirs.pk}/",
        f"registrations/registration/?event__id__exact={theirs.pk}",
        f"accounts/user/{otto.pk}/change/",
    ):
        page.goto(f"{live_server.url}/admin/{path}")
        assert "secret" not in page.content(), path


def test_checking_in_on_a_phone_check_in_button(sign_in, live_server, olga, make_event, enroll):
    event = make_event(olga, max_capacity=30, date_time=timezone.now())
    people = {name: enroll(event, name=name) for name in ("Ann Archer", "Ben Baker", "Cleo Cole")}
    page = sign_in(olga)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/admin/registrations/registration/door/{event.pk}/")
    page.get_by_role("searchbox").fill("bak")
    page.get_by_role("searchbox").press("Enter")
    button = page.get_by_role("button", name=re.compile("Ben Baker"))
    box = button.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert min(box["width"], box["height"]) >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    button.click()
    expect(page.locator("#count")).to_contain_text("1 of 3")
    assert statuses(event) == {"Ann Archer": "registered", "Ben Baker": "attended", "Cleo Cole": "registered"}
    page.get_by_role("button", name=re.compile("Undo.*Ben Baker")).first.click()
    expect(page.locator("#count")).to_contain_text("0 of 3")
    people["Ben Baker"].refresh_from_db()
    assert people["Ben Baker"].status == "registered"


def test_what_was_typed_outlives_the_session(sign_in, page, live_server, olga, make_event):
    event = make_event(olga, title="Before")
    sign_in(olga)
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/change/")
    page.get_by_label("Title").fill("After")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill("a passphrase for tests")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Send again").click()
    page.wait_for_url(re.compile("/admin/events/event/"))
    event.refresh_from_db()
    assert event.title == "After"


@pytest.mark.parametrize("who", ["olga", "ada"])
def test_every_page_of_the_menu_asks_nothing_of_another_host(sign_in, live_server, request, who):
    page = sign_in(request.getfixturevalue(who))
    links = {link.get_attribute("href") for link in page.locator("nav a, aside a").all()}
    for link in sorted(href for href in links if href and href.startswith("/admin/") and "logout" not in href):
        assert page.goto(f"{live_server.url}{link}").status == 200, link
