"""One rule for every text of one line, on every path."""

import pytest
from django.core.exceptions import ValidationError

from accounts.models import OrganizerProfile, ServiceToken
from eventhub.spreadsheets.entries import TableRow
from eventhub.testing.responses import invalid, whole
from eventhub.text_fields import clean_details, clean_line
from events.models import Event
from registrations.models import Registration
from registrations.services.attendee_file import build_guest

CONTROL, NUL, BLANK = (
    "Control characters are not allowed.",
    "Null characters are not allowed.",
    "This field may not be blank.",
)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ann Lee", "Ann Lee"),
        (" \tAnn\u200b\u2060\u3000", "Ann"),
        ("\u200b\nAnn\r\n", "Ann"),
        ("\ufeffZoë", "Zoë"),
        ("ab\u00adc", "ab\u00adc"),
        ("I \u2764\ufe0f", "I \u2764\ufe0f"),  # without the selector it is another sign
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e007f"),
        *((text, "") for text in ("\u200b\u200b", "\u3164", "\u2800 \u2800", "\u200e\u200f", "\ufe0f", "\u115f\u1160")),
    ],
)
def test_what_cannot_be_seen_is_stripped_at_the_ends(given, kept):
    assert (clean_line(given), clean_details(given)) == (kept, kept)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("Ann\nLee", CONTROL), ("Ann\x1b[2J", CONTROL), ("Ann\x85Lee", CONTROL), ("Ann\u2028Lee", CONTROL), ("A\0n", NUL)],
)
def test_control_characters_are_refused(text, problem):
    with pytest.raises(ValidationError, match=problem):
        clean_line(text)


def test_details_may_have_lines_and_no_other_control_characters():
    assert clean_details("Gate 1\r\n\tleft\n") == "Gate 1\r\n\tleft"
    with pytest.raises(ValidationError, match=CONTROL):
        clean_details("Gate\x07")


@pytest.mark.parametrize(
    "field",
    [
        *(Event._meta.get_field(name) for name in ("title", "location")),
        *(Registration._meta.get_field(name) for name in ("name", "phone")),
        *(OrganizerProfile._meta.get_field(name) for name in ("name", "contact")),
        ServiceToken._meta.get_field("name"),
    ],
    ids=str,
)
def test_columns_and_their_form_fields_hold_the_rule(field):
    for check in (lambda text: field.clean(text, None), field.formfield().clean):
        assert check("\u200bAnn ") == "Ann"
        with pytest.raises(ValidationError, match=CONTROL):
            check("Ann\nLee")
        if not field.blank:
            with pytest.raises(ValidationError):
                check("\u200b\u200b")


@pytest.mark.django_db
def test_the_api_holds_the_rule(api, olga, bob, make_event, enroll):
    event = make_event(olga)
    seat = enroll(event, bob)
    bodies = {
        f"/events/{event.pk}": ("title", "location"),
        f"/attendees/{seat.pk}": ("name", "phone"),
        f"/users/{olga.pk}/organizer": ("name", "contact"),
    }
    for path, names in bodies.items():
        for name in names:
            assert whole(api(olga).patch(path, {name: "Ann\nLee"})) == invalid(**{name: CONTROL})
            assert api(olga).patch(path, {name: "\u200bAnn\u200b"}).json()[name] == "Ann"
    assert whole(api(olga).patch(f"/attendees/{seat.pk}", {"name": "\u200b\u200b"})) == invalid(name=BLANK)
    assert whole(api(olga).patch(f"/attendees/{seat.pk}", {"contact_details": "a\x07"})) == invalid(
        contact_details=CONTROL
    )


def test_an_import_holds_the_rule():
    row = {"email": "zoe@example.org", "phone": "030 1"}
    assert build_guest(TableRow(1, {**row, "name": "\u200bZoe\u200b"})).name == "Zoe"
    assert build_guest(TableRow(1, {**row, "name": "\u200b"})).name == "zoe"
    assert build_guest(TableRow(1, {**row, "name": "Zoe\nLu"})).problem == f"name: {CONTROL}"
