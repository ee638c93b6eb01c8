"""A form that is shown again takes people to what is wrong with it, and a calendar to the date of its field."""

from datetime import UTC, datetime

import pytest

# The element with the focus: its id, and whether it can be seen, clear of every bar.
FOCUS = """
() => {
  const element = document.activeElement, box = element.getBoundingClientRect();
  const seen = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return [element.id || element.className.split(" ")[0], Boolean(seen) && element.contains(seen)];
}
"""


def errors_on_top(page):
    return [(link.get_attribute("href"), link.inner_text()) for link in page.locator(".errornote a").all()]


@pytest.mark.parametrize("size", [(1280, 700), (375, 667)])
def test_the_first_wrong_field_has_the_focus_and_is_seen(sign_in, live_server, olga, make_event, size):
    event = make_event(olga)
    page = sign_in(olga)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/change/")
    page.locator("#id_max_capacity").fill("0")
    page.locator("#id_registration_closes_0").fill("tomorrow")
    page.locator("#id_registration_closes_1").fill("noon")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()
    assert page.evaluate(FOCUS) == ["id_max_capacity", True]
    assert [href for href, _ in errors_on_top(page)] == [
        "#id_max_capacity",
        "#id_registration_closes",
        "#id_registration_closes",
    ]
    page.locator(".errornote a").last.click()
    assert page.evaluate(FOCUS) == ["id_registration_closes_0", True]
    page.locator(".errornote a").first.click()
    assert page.evaluate(FOCUS) == ["id_max_capacity", True]
    assert page.url.endswith("/change/")


@pytest.mark.parametrize(
    ("path", "button", "errors", "focus"),
    [
        ("events/event/add/", "Save", ["#id_title", "#id_location", "#id_date_time", "#id_max_capacity"], "id_title"),
        ("registrations/registration/add/", "Save", ["#id_event", "#id_email"], "select2-selection"),
        ("tokens/", "Create token", ["#id_name", "#id_scopes"], "id_name"),
        (
            "password_change/",
            "Change password",
            ["#id_old_password", "#id_new_password1", "#id_new_password2"],
            "id_old_password",
        ),
    ],
)
def test_an_empty_form_lists_its_errors_with_links(sign_in, live_server, olga, path, button, errors, focus):
    page = sign_in(olga)
    page.goto(f"{live_server.url}/admin/{path}")
    page.get_by_role("button", name=button, exact=True).click()
    page.locator(".errornote").first.wait_for()
    page.wait_for_load_state()
    assert (page.evaluate(FOCUS), [href for href, _ in errors_on_top(page)]) == ([focus, True], errors)


def test_the_calendar_of_a_date_opens_at_it(sign_in, live_server, olga, make_event):
    event = make_event(olga, date_time=datetime(2031, 5, 31, 19, tzinfo=UTC))
    page = sign_in(olga)
    page.goto(f"{live_server.url}/admin/events/event/{event.pk}/change/")
    assert page.locator("#id_date_time_0").input_value() == "31 May 2031"
    page.locator("#calendarlink0").click()
    assert page.locator("#calendarin0 caption").inner_text() == "May 2031"
