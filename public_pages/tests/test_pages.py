"""The public pages: what stands in them, in which language, and what a title can do to them."""

import json
import re
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from django.utils import timezone

from eventhub.exceptions import Unavailable
from events.models import Event
from public_pages import theme
from public_pages.views import pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def night(olga, make_event):
    return make_event(
        olga,
        title="Night of the Telescopes",
        description="Bring a coat. More at https://example.org/night?a=1&b=2",
        location="Observatory",
        date_time=datetime(2027, 5, 1, 19, tzinfo=UTC),
        end_time=datetime(2027, 5, 1, 20, tzinfo=UTC),
        max_capacity=40,
        time_zone="Europe/Berlin",
    )


def data_of(page):
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL)
    return json.loads(text)


def test_the_page_of_an_event(client, settings, night):
    settings.PUBLIC_URL = "https://events.example.org"
    page = client.get(f"/e/{night.pk}")
    assert (page.status_code, page.headers["Vary"]) == (200, "Accept-Language")
    for text in (
        '<html lang="en">',
        "<title>Night of the Telescopes | EventHub</title>",
        "Saturday, 1 May 2027, 21:00 to 22:00 (CEST)",
        '<a href="https://example.org/night?a=1&amp;b=2" rel="nofollow">',
        "40 of 40 free",
        f'<link rel="canonical" href="https://events.example.org/e/{night.pk}">',
        'property="og:title" content="Night of the Telescopes"',
        f'href="/public/events/{night.pk}.ics"',
        f'href="/o/{night.organizer_id}"',
        f'href="/admin/register/{night.pk}/"',
        "You need an account to register: here, or in an app",
    ):
        assert text in page.text, text
    assert not re.search(r"<script(?! type=\"application/ld\+json\")| style=| on\w+=", page.text)


def test_it_is_in_german_for_who_reads_german(client, night):
    page = client.get(f"/e/{night.pk}", headers={"accept-language": "de-AT,en;q=0.5"})
    for text in ('<html lang="de">', "Samstag, 1. Mai 2027, 21:00 bis 22:00 Uhr (MESZ)", "40 von 40 frei", "Anmeldung"):
        assert text in page.text, text
    assert '<html lang="en">' in client.get("/e/", headers={"accept-language": "xx, *;q=0.5"}).text


NASTY = "</script><script>alert(1)</script><!--  & \" ' \u2028"


def test_a_refusal_is_a_page_in_the_language_of_the_reader(client, night, monkeypatch):
    monkeypatch.setattr(pages, "find_event", Mock(side_effect=Unavailable))
    page = client.get("/e/night", headers={"accept-language": "de"})
    assert (page.status_code, page.headers["Retry-After"], page.headers["Cache-Control"]) == (503, "5", "no-store")
    assert "Das geht gerade nicht. Bitte versuchen Sie es in ein paar Minuten noch einmal." in page.text


def test_a_title_cannot_leave_its_place(client, olga, make_event):
    olga.profile.name = olga.profile.about = NASTY
    olga.profile.save()
    event = make_event(olga, title=NASTY, description=NASTY, location=NASTY, venue=NASTY)
    pages = [client.get(path) for path in (f"/e/{event.pk}", "/e/", f"/o/{olga.pk}", "/sitemap.xml")]
    assert {page.status_code for page in pages} == {200}
    assert [page.text.count("alert(1)</script>") for page in pages] == [0, 0, 0, 0]
    assert data_of(pages[0])["name"] == event.title


def test_the_data_of_an_event(client, settings, night):
    settings.PUBLIC_URL = "https://events.example.org"
    url = f"https://events.example.org/e/{night.pk}"
    assert data_of(client.get(f"/e/{night.pk}")) == {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": "Night of the Telescopes",
        "description": night.description,
        "startDate": "2027-05-01T21:00:00+02:00",
        "endDate": "2027-05-01T22:00:00+02:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": {"@type": "Place", "name": "Observatory", "address": "Observatory"},
        "organizer": {
            "@type": "Organization",
            "name": "olga",
            "url": f"https://events.example.org/o/{night.organizer_id}",
        },
        "isAccessibleForFree": True,
        "inLanguage": "en",
        "offers": {"@type": "Offer", "url": url, "price": 0, "availability": "https://schema.org/InStock"},
        "maximumAttendeeCapacity": 40,
        "remainingAttendeeCapacity": 40,
    }


def test_the_link_of_an_online_event_is_for_who_has_a_seat(client, night):
    Event.objects.update(attendance="online", online_url="https://meet.example.org/secret")
    page = client.get(f"/e/{night.pk}")
    assert "meet.example.org" not in page.text
    assert data_of(page)["location"]["@type"] == "VirtualLocation"


@pytest.mark.parametrize(
    ("values", "sentence", "offers"),
    [
        ({"status": "cancelled"}, "This event is cancelled.", False),
        ({"status": "completed"}, "This event is over.", False),
        ({"registration_closes": datetime(2026, 1, 1, tzinfo=UTC)}, "Registration is closed.", False),
        ({"registration_opens": datetime(2027, 4, 1, 8, tzinfo=UTC)}, "Registration opens on", True),
    ],
)
def test_who_cannot_register_is_told_why(client, night, values, sentence, offers):
    Event.objects.update(**values)
    page = client.get(f"/e/{night.pk}")
    assert sentence in page.text
    assert "/admin/register/" not in page.text
    assert ("offers" in data_of(page)) == offers


def test_the_list_shows_what_comes_and_on_request_what_was(client, olga, night, make_event):
    past = make_event(olga, title="Long ago", date_time=timezone.now() - timedelta(days=30))
    assert night.title in client.get("/e/").text
    assert past.title not in client.get("/e/").text
    assert night.title not in client.get("/e/?upcoming=false").text
    assert past.title in client.get("/e/?upcoming=false").text
    assert night.title in client.get("/e/?utm_source=mail&search=&date_from=&date_to=").text
    assert night.title not in client.get("/e/?search=nothing").text
    wrong = client.get("/e/?date_from=yesterday&cursor=x")
    assert (wrong.status_code, "These filters cannot be used:" in wrong.text) == (200, True)
    assert "Enter a date such as 2026-05-01." in wrong.text
    german = client.get("/e/?cursor=x", headers={"accept-language": "de"}).text
    assert ("Diese Seite der Liste gibt es nicht." in german, "cursor" in german) == (True, False)


def test_pages_of_a_list_lead_on(client, olga, make_event):
    for number in range(25):
        make_event(olga, title=f"Talk {number:02}", date_time=timezone.now() + timedelta(days=number + 1))
    for path in ("/e/", f"/o/{olga.pk}"):
        page = client.get(path)
        (link,) = re.findall(r'rel="next" href="(\?[^"]+)"', page.text)
        following = client.get(path + link.replace("&amp;", "&"))
        assert ("Talk 19" in page.text, "Talk 20" in page.text, "Talk 24" in following.text) == (True, False, True)


def test_a_page_is_small(client, night):
    sizes = [len(client.get(path).content) for path in (f"/e/{night.pk}", "/e/theme.css")]
    sizes.append(len(b"".join(client.get("/static/public/public.css"))))
    sizes.append(len(b"".join(client.get("/static/eventhub/favicon.svg"))))
    assert sum(sizes) < 50_000


def test_the_site_map_has_the_pages(client, night):
    xml = client.get("/sitemap.xml").text
    assert re.findall("<loc>http://127.0.0.1:8000(.*?)</loc>", xml) == [
        "/e/",
        f"/o/{night.organizer_id}",
        f"/e/{night.pk}",
    ]


@pytest.mark.parametrize("colour", ["#ffff00", "#000000", "#ffffff", "#777777", "#0f6b68", "#ff0000"])
def test_every_colour_can_be_read(colour):
    for background in (theme.LIGHT, theme.DARK):
        assert theme.contrast(theme.readable(colour, background), background) >= theme.CONTRAST
    assert theme.readable("#0f6b68", theme.LIGHT) == "#0f6b68"


def test_the_theme_is_the_sites(client, settings, night):
    settings.SITE_NAME, settings.SITE_COLOUR = "City & Stars", "#ffff00"
    settings.SITE_LOGO = "https://cdn.example.org/logo.svg"
    page = client.get("/e/")
    assert "<title>Events | City &amp; Stars</title>" in page.text
    assert '<img src="https://cdn.example.org/logo.svg" alt="City &amp; Stars"' in page.text
    assert "img-src 'self' data: https://cdn.example.org;" in page.headers["Content-Security-Policy"]
    (address,) = re.findall(r'href="(/e/theme\.css\?v=\w+)"', page.text)
    styles = client.get(address)
    assert (styles.headers["Content-Type"], "#ffff00" in styles.text) == ("text/css; charset=utf-8", True)
    assert theme.readable("#ffff00", theme.LIGHT) in styles.text
