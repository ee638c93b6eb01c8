"""What a mail says, and that nothing in it can be turned against anybody."""

import html
import re
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.utils import timezone

from eventhub.datetimes import written
from eventhub.languages import Language
from events.models import EventChange
from events.services.slugs import page_url
from notifications.mails import CAN_UNSUBSCRIBE, compose
from notifications.models import OF_INTEREST, FanOut, Kind, Notice
from notifications.services.preferences import unsubscribe_link
from notifications.texts import KINDS, PLACEHOLDERS, VOCABULARIES, fill, find_problem
from notifications.texts.placeholders import PLACEHOLDER
from notifications.tokens import find_registration, make_link, make_token
from registrations import confirmation_extras
from registrations.models import Registration, Transition

pytestmark = pytest.mark.django_db


@pytest.fixture
def notice(olga, bob, make_event, enroll):
    """Make an unsaved notice of a registration."""

    def make(kind=Kind.REGISTERED, status="registered", name="Bob", **fields):
        registration = enroll(make_event(olga, **fields), bob, status=status, name=name)
        transition = Transition.objects.filter(registration=registration).last()
        return Notice(kind=kind, user=bob, event=registration.event, registration=registration, transition=transition)

    return make


def entry_of(message):
    """Return the method and the event of the calendar part, or None."""
    for part in message.message().walk():
        if part.get_content_type() == "text/calendar":
            calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
            (event,) = calendar.walk("VEVENT")
            assert part.get_param("method") == str(calendar["METHOD"])
            return str(calendar["METHOD"]), event
    return None


@pytest.mark.parametrize(
    ("kind", "status", "method"),
    [
        (Kind.REGISTERED, "registered", "REQUEST"),
        (Kind.SEATED, "registered", "REQUEST"),
        (Kind.QUEUED, "waitlisted", None),
        (Kind.CANCELLED, "cancelled", "CANCEL"),
        (Kind.EVENT_CANCELLED, "registered", "CANCEL"),
        (Kind.EVENT_CANCELLED, "waitlisted", None),
        (Kind.EVENT_CHANGED, "attended", "REQUEST"),
        (Kind.EVENT_REOPENED, "registered", "REQUEST"),
        (Kind.REMINDER, "registered", None),
    ],
)
def test_a_mail_about_a_seat_carries_the_entry_of_its_one_recipient(notice, bob, kind, status, method):
    entry = entry_of(compose(notice(kind, status)))
    assert (entry and entry[0]) == method
    if entry:
        assert str(entry[1]["ATTENDEE"]) == f"mailto:{bob.email}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_of_a_mail_leads_to_a_page_for_people(client, notice, kind):
    """No link leads to the JSON of the API, and none of the person's own is in the calendar, which people share."""
    about = notice(kind, "registered")
    message = compose(about)
    texts = [message.body, message.alternatives[0][0]]
    links = {html.unescape(link) for text in texts for link in re.findall(r"https?://[^\s\"<]+", text)}
    assert [client.get(link).headers["Content-Type"] for link in links] == ["text/html; charset=utf-8"] * len(links)
    entry = entry_of(message)
    assert entry is None or re.findall(r"http\S+", entry[1].to_ical().decode()) == [page_url(about.event)]


def test_entries_can_be_left_out(notice, settings):
    settings.INVITES = "off"
    assert entry_of(compose(notice())) is None
    settings.INVITES = "publish"
    Registration.objects.all().delete()
    assert entry_of(compose(notice()))[0] == "PUBLISH"


HOSTILE = [
    "Party\r\nBcc: victim@example.org",
    "{link} {settings} {name.__class__} {0} {{7*7}}",
    "<script>alert(1)</script>",
    "Abend \u202egnp.exe",
    'Ann" <ann@example.org>',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_titles_and_names_are_text_and_nothing_else(notice, text):
    made = notice(name="Bob")
    made.event.title = made.event.location = made.registration.name = text  # past every check of ours
    message = compose(made).message()
    assert set(message.keys()) == {
        *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID"),
        *("Auto-Submitted", "X-Auto-Response-Suppress"),
    }
    texts = [part for part in message.walk() if part.get_content_type() in ("text/plain", "text/html")]
    plain, html = (part.get_payload(decode=True).decode() for part in texts)
    assert "\u202e" not in plain + html
    assert "<script>" not in html
    shown = " ".join(text.replace("\u202e", "").split())
    assert f"You have a seat at {shown}." in plain


def test_a_value_is_never_filled_again():
    assert fill("{name} comes", {"name": "{link}", "link": "secret"}) == "{link} comes"


def placeholders(texts):
    """Return the placeholders of texts, in whatever texts are inside of each other."""
    if isinstance(texts, str):
        return sorted(PLACEHOLDER.findall(texts))
    if isinstance(texts, dict):
        return {key: placeholders(text) for key, text in texts.items()}
    return [placeholders(text) for text in texts]


def test_all_languages_say_the_same_with_known_placeholders():
    assert set(PLACEHOLDERS) == set(Kind.values)
    assert set(VOCABULARIES) == set(Language.values) == {"en", "de"}
    for vocabulary in VOCABULARIES.values():
        assert {find_problem(text, kind) for kind, words in vocabulary.defaults.items() for text in words} == {None}
        assert placeholders(vocabulary) == placeholders(VOCABULARIES["en"])


DATE = "Samstag, 1. Mai 2027, 21:00 bis 23:30 Uhr (MESZ)"
FACTS = f"Wann: {DATE}\nWo: Sternwarte"
OFFER = "Hier können Sie Ihre Anmeldung ansehen, in Ihren Kalender eintragen oder stornieren:"
FOOT = """
--
Fragen zur Veranstaltung: olga
Sie bekommen diese E-Mail, weil Sie bei 127.0.0.1:8000 registriert sind.
"""


@pytest.mark.parametrize(
    ("kind", "status", "subject", "says"),
    [
        (
            Kind.REGISTERED,
            "registered",
            "Sie sind angemeldet: Sternennacht",
            f"Sie haben einen Platz für „Sternennacht“.\n\n{FACTS}\n\n{OFFER}\n\n{{link}}",
        ),
        (
            Kind.QUEUED,
            "waitlisted",
            "Sie stehen auf der Warteliste: Sternennacht",
            "„Sternennacht“ ist ausgebucht. Sie stehen auf Platz 1 der Warteliste. Sobald Sie an der Reihe sind,"
            f" bekommen Sie einen Platz, und wir schreiben Ihnen.\n\n{FACTS}\n\n{OFFER}\n\n{{link}}",
        ),
        (
            Kind.CANCELLED,
            "cancelled",
            "Ihre Anmeldung ist storniert: Sternennacht",
            f"Ihre Anmeldung für „Sternennacht“ wurde von olga storniert.\n\n{FACTS}",
        ),
    ],
)
def test_a_german_mail(settings, monkeypatch, notice, kind, status, subject, says):
    monkeypatch.setattr(confirmation_extras, "EXTRAS", [])  # a word and a code, in no language
    settings.TIME_ZONE = "Europe/Berlin"
    begins = datetime(2027, 5, 1, 19, tzinfo=UTC)
    times = {"date_time": begins, "end_time": begins + timedelta(hours=2, minutes=30)}
    made = notice(kind, status, title="Sternennacht", location="Sternwarte", **times)
    made.user.language = "de"
    link = make_link(made.registration)
    message = compose(made)
    body = f"Guten Tag Bob,\n\n{says.format(link=link)}\n\nolga\n{FOOT}"
    assert (message.subject, message.body.strip("\n")) == (subject, body.strip("\n"))
    shown = message.alternatives[0].content
    assert '<html lang="de">' in shown
    if kind != Kind.CANCELLED:
        assert ">Anmeldung ansehen</a>" in shown
        assert "Oder kopieren Sie diesen Link in Ihren Browser:" in shown


@pytest.mark.parametrize(
    ("own", "of_event", "site", "language"),
    [
        ("", "", "en", "en"),
        ("", "", "de", "de"),
        ("", "de", "en", "de"),
        ("", "en", "de", "en"),
        ("de", "", "en", "de"),
        ("en", "de", "de", "en"),
        ("xx", "de", "en", "de"),
        ("xx", "yy", "en", "en"),
    ],
)
def test_the_persons_language_wins_then_the_events_then_the_sites(settings, notice, own, of_event, site, language):
    settings.MAIL_LANGUAGE = site
    made = notice(language=of_event)
    made.user.language = own
    starts = {"en": "You are registered: ", "de": "Sie sind angemeldet: "}
    assert compose(made).subject == f"{starts[language]}{made.event.title}"


def test_a_change_is_told_in_german(notice):
    made = notice(Kind.EVENT_CHANGED, location="Sternwarte")
    made.event.date_time = datetime(2027, 5, 2, 1, tzinfo=UTC)
    was = {"title": made.event.title, "date_time": "2027-03-01T19:00:00+00:00", "end_time": None, "location": "Hof"}
    made.event.time_zone, was["time_zone"] = "Asia/Tokyo", ""
    made.event.venue, was["venue"] = "Kuppel", ""
    made.event.attendance, was["attendance"] = "mixed", "offline"
    was |= {"online_url": "https://old.example.org", "online_from": None}
    change = EventChange(event=made.event, at=timezone.now(), was=was, becomes={})
    made.transition, made.fan_out = None, FanOut(event=made.event, change=change)
    made.user.language = "de"
    assert (
        "\n\nBeginn: Sonntag, 2. Mai 2027, 10:00 Uhr (JST) (bisher: Montag, 1. März 2027, 19:00 Uhr (UTC))"
        "\nZeitzone: Asia/Tokyo (bisher: UTC)\nOrt: Sternwarte (bisher: Hof)\nVeranstaltungsort: Kuppel (bisher: keine"
        " Angabe)\nTeilnahme: vor Ort und online (bisher: vor Ort)\nEs gibt keinen Online-Link mehr.\n\n"
    ) in compose(made).body


@pytest.mark.parametrize(
    ("contact", "reply_to"),
    [
        ("", []),
        ("0171 1234", []),
        ("Hello@example.org", ["hello@example.org"]),
        ("hello@münchen.example", ["hello@xn--mnchen-3ya.example"]),
        (f"hello@{'ü' * 63}.example", []),  # no header can hold it
    ],
)
def test_answers_go_to_the_organizer_who_has_an_address(notice, olga, contact, reply_to):
    olga.profile.contact = contact
    olga.profile.save()
    message = compose(notice())
    assert message.reply_to == reply_to
    assert message.message().as_bytes()


def test_a_link_is_of_one_registration_and_one_person(notice, eve):
    registration = notice().registration
    token = make_token(registration)
    assert find_registration(token) == registration
    assert find_registration(f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}") is None
    Registration.objects.filter(pk=registration.pk).update(user=eve)
    assert find_registration(token) is None
    Registration.objects.filter(pk=registration.pk).update(user=None)
    assert find_registration(token) is None
    registration.delete()
    assert find_registration(token) is None


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (datetime(2027, 3, 28, 4, tzinfo=UTC), "22:00 (CET) to Sunday, 28 March 2027, 06:00 (CEST)"),
        (datetime(2027, 3, 27, 22, tzinfo=UTC), "22:00 to 23:00 (CET)"),
        (None, "22:00 (CET)"),
    ],
)
def test_a_time_over_a_change_of_clocks_names_both_zones(settings, ends, expected):
    settings.TIME_ZONE = "Europe/Berlin"
    assert written(datetime(2027, 3, 27, 21, tzinfo=UTC), ends) == f"Saturday, 27 March 2027, {expected}"


def test_times_are_written_for_people(settings, notice):
    made = notice(
        date_time=timezone.datetime.fromisoformat("2027-05-01T19:00:00+00:00"),
        end_time=timezone.datetime.fromisoformat("2027-05-01T23:00:00+00:00"),
    )
    assert "When: Saturday, 1 May 2027, 19:00 to 23:00 (UTC)\n" in compose(made).body


@pytest.mark.parametrize("kind", KINDS)
def test_only_mails_that_can_be_turned_off_have_a_link_for_it(notice, bob, kind):
    made = notice(kind)
    message = compose(made)
    link = unsubscribe_link(bob, made.event, scope=CAN_UNSUBSCRIBE.get(kind, "everything"))
    found = {name: value for name, value in message.extra_headers.items() if name.startswith("List-")}
    bodies = [message.body, message.alternatives[0].content]
    if kind in CAN_UNSUBSCRIBE:
        assert found == {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        assert all(link in body for body in bodies)
    else:
        assert found == {}
        assert not any("nsubscribe" in body for body in bodies)
    assert set(CAN_UNSUBSCRIBE) == {Kind.REMINDER, Kind.MESSAGE, Kind.DIGEST, *OF_INTEREST}
