"""Writing to the people of a filtered list in the back office."""

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from accounts.services.accounts import apply_changes
from eventhub.testing.factories import RegistrationFactory
from events.models import Event
from notifications.models import Message
from notifications.services import fan_outs, mail_queue
from notifications.services.delivery import Delivery

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/registrations/registration/"
WORDS = {"subject": "News about {event}", "body": "Hello {name},\n\n<b>see</b> https://example.org"}


@pytest.fixture(autouse=True)
def for_organizers(settings):
    settings.BULK_MAIL = "organizers"


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Talk", max_capacity=100)


def read(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def link_in(answer):
    found = re.search(r'href="([^"]*/messages/[^"]*)"', answer.content.decode())
    return found and html.unescape(found[1])


@pytest.mark.slow
def test_the_filter_of_the_list_is_the_audience(office, olga, bob, eve, event, enroll):
    enroll(event, bob, name="Bob Smith")
    enroll(event, eve, name="Eve Smith", status="waitlisted")
    enroll(event, name="Zoe Jones")
    client = office(olga)
    link = link_in(client.get(f"{LIST}?event__id__exact={event.pk}&status__exact=registered&q=smi"))
    assert link == f"{LIST}messages/{event.pk}/?status__exact=registered&q=smi"
    assert "goes to 1 person : registered, found by “smi”" in read(client.get(link))
    preview = client.post(link, WORDS)
    assert "<b>" not in preview.content.decode().split('aria-label="Preview"')[1].split("</section>")[0]
    assert "Hello Robin Example, <b>see</b> https://example.org" in read(preview)
    assert not Message.objects.exists()
    assert "Hello {name}" in read(client.post(link, {**WORDS, "edit": "yes"}))
    sent = client.post(link, {**WORDS, "confirmed": "yes"}, follow=True)
    assert "The email to 1 person is being sent." in read(sent)
    Delivery().run()
    assert [message.to for message in mail.outbox] == [[bob.email]]
    assert "News about {event} Sent 1 of 1 sent" in read(client.get(f"/admin/events/event/{event.pk}/change/"))


@pytest.mark.parametrize(
    ("who", "query"),
    [
        ("olga", ""),  # of all events
        ("olga", "event__id__exact={event}&registration_date_from=2020-01-01"),
        ("ada", "event__id__exact={foreign}"),
    ],
)
def test_there_is_no_button_where_the_filter_is_no_audience(
    settings, office, olga, otto, ada, event, make_event, enroll, who, query
):
    foreign = make_event(otto)
    enroll(event)
    enroll(foreign)
    settings.BULK_MAIL = "off" if who == "ada" else "organizers"
    listed = office({"olga": olga, "ada": ada}[who]).get(f"{LIST}?{query.format(event=event.pk, foreign=foreign.pk)}")
    assert (listed.status_code, link_in(listed)) == (200, None)


def test_an_admins_search_finds_whom_the_list_shows(office, ada, bob, event, enroll):
    enroll(event, bob, name="Somebody")
    client = office(ada)
    link = link_in(client.get(f"{LIST}?event__id__exact={event.pk}&q=bob@exam"))
    client.post(link, {**WORDS, "confirmed": "yes"})
    assert Message.objects.get().recipients == 1
    Delivery().run()
    assert [message.to for message in mail.outbox] == [[bob.email]]


def test_what_is_wrong_is_said_beside_the_field(office, olga, event, enroll):
    enroll(event)
    client, page = office(olga), f"{LIST}messages/{event.pk}/"
    answer = client.post(page, {"subject": "{foo}", "body": "", "confirmed": "yes"})
    assert "This field is required." in read(answer)
    answer = client.post(page, {**WORDS, "subject": "{foo}", "confirmed": "yes"})
    assert "{foo} is not known here. Known: {name}" in read(answer)
    for _ in range(3):
        client.post(page, {**WORDS, "confirmed": "yes"})
    answer = client.post(page, {**WORDS, "confirmed": "yes"})
    assert "This event has had its messages for today. Try again tomorrow." in read(answer)
    assert Message.objects.count() == 3


def test_a_message_is_sent_at_its_time_by_the_clock_of_the_event(office, api, olga, event, enroll):
    enroll(event)
    Event.objects.update(time_zone="Asia/Tokyo")
    later = timezone.localtime(timezone.now() + timedelta(days=1), ZoneInfo("Asia/Tokyo"))
    at = {"send_at_0": f"{later:%Y-%m-%d}", "send_at_1": f"{later:%H:%M}", "send_at_2": ""}
    client, page = office(olga), f"{LIST}messages/{event.pk}/"
    preview = client.post(page, {**WORDS, **at}).content.decode()
    assert f'name="send_at_0" value="{later:%Y-%m-%d}"' in preview
    assert "waits for its time" in read(client.post(page, {**WORDS, **at, "confirmed": "yes"}, follow=True))
    assert f"To be sent on {later.day} {later:%b %Y, %H:%M} (JST)" in read(
        client.get(f"/admin/events/event/{event.pk}/change/")
    )
    api(olga).post(f"/events/{event.pk}/messages/", {"subject": "a", "body": "b", "send_at": f"{later:%Y-%m-%dT%H:%M}"})
    times = Message.objects.values_list("send_at", flat=True)
    assert [*times] == [later.replace(second=0, microsecond=0)] * 2


def test_sending_is_stopped_on_the_page_of_the_event(office, olga, event):
    RegistrationFactory.create_batch(60, event=event)
    client, page = office(olga), f"/admin/events/event/{event.pk}/change/"
    client.post(f"{LIST}messages/{event.pk}/", {**WORDS, "confirmed": "yes"})
    fan_outs.expand_next()
    mail_queue.send_next()
    shown = client.get(page)
    assert "Being sent 50 of 60 sent Stop sending" in read(shown)
    stop = re.search(r'action="([^"]*/stop/)"', shown.content.decode())[1]
    client.get(stop)
    assert Message.objects.get().state == "sending"
    assert "Stopped 50 of 60 sent, 10 not sent" in read(client.post(stop, follow=True))


@pytest.mark.parametrize("verb", ["get", "post"])
def test_foreign_events_look_like_none(office, olga, otto, bob, event, enroll, verb):
    enroll(event)
    office(olga).post(f"{LIST}messages/{event.pk}/", {**WORDS, "confirmed": "yes"})
    message = Message.objects.get()
    for page in (f"{LIST}messages/{event.pk}/", f"{LIST}messages/{event.pk}/{message.pk}/stop/"):
        assert getattr(office(otto), verb)(page, {**WORDS, "confirmed": "yes"}).status_code == 404
    message.refresh_from_db()
    assert message.state == "queued"


def test_who_is_not_trusted_has_no_page(settings, office, olga, event, enroll):
    settings.BULK_MAIL = "trusted"
    enroll(event)
    page = f"{LIST}messages/{event.pk}/"
    assert office(olga).get(page).status_code == 404
    apply_changes(account_id=olga.pk, changes={"is_trusted_to_write": True})
    assert office(olga).get(page).status_code == 200
