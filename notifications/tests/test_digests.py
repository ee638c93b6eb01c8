"""Summaries for organizers: when they are made, what they say, and how they are stopped."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Digest, OrganizerProfile
from eventhub.testing.concurrency import race
from eventhub.testing.mailbox import mail_server
from events.models import Event
from notifications.digest_mail import compose_digest
from notifications.models import Kind, Notice, OptOut, OptOutScope, Priority, State
from notifications.selectors.digests import MOST_EVENTS, EventNews, get_news
from notifications.services import digests, mail_queue, preferences, retention
from notifications.services.delivery import Delivery
from registrations.models import Registration

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
# A Tuesday; what happens here is told on Wednesday, or a Monday later.
TUESDAY = datetime(2027, 3, 9, 12, tzinfo=UTC)
WEDNESDAY = datetime(2027, 3, 10, 6, tzinfo=UTC)
MONDAY = datetime(2027, 3, 15, 6, tzinfo=UTC)


def choose(user, digest=Digest.DAILY, *, at=TUESDAY):
    with time_machine.travel(at, tick=False):
        preferences.save_preferences(user=user, digest=digest)


def make(at):
    """Make what is due at a time, ten minutes after which it is made, and return whose."""
    digests.make_digests(now=at + digests.GRACE)
    return list(Notice.objects.order_by("pk").values_list("user__username", "digest_from", "digest_until"))


@pytest.fixture
def told(olga, make_event, enroll):
    """Let Olga choose a summary, and somebody register for an event of hers."""

    def happen(digest=Digest.DAILY, **event):
        choose(olga, digest)
        return enroll(make_event(olga, **event), registration_date=TUESDAY + timedelta(hours=1))

    return happen


@pytest.mark.parametrize(
    ("digest", "now", "end"),
    [
        (Digest.DAILY, "2027-03-10T04:59:59", "2027-03-09T05:00:00"),
        (Digest.DAILY, "2027-03-10T05:00:00", "2027-03-10T05:00:00"),
        (Digest.DAILY, "2027-03-28T04:30:00", "2027-03-28T04:00:00"),  # the clocks went forward
        (Digest.WEEKLY, "2027-03-08T04:59:59", "2027-03-01T05:00:00"),
        (Digest.WEEKLY, "2027-03-08T05:00:00", "2027-03-08T05:00:00"),
        (Digest.WEEKLY, "2027-03-14T23:00:00", "2027-03-08T05:00:00"),
    ],
)
def test_days_end_at_six_and_weeks_on_monday_in_the_time_zone_of_the_site(settings, digest, now, end):
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override("Europe/Berlin"):
        found = digests.latest_end(digest, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(end).replace(tzinfo=UTC)


@pytest.mark.parametrize(("digest", "end"), [(Digest.DAILY, WEDNESDAY), (Digest.WEEKLY, MONDAY)])
def test_a_summary_is_made_once_when_its_time_has_ended(told, digest, end):
    told(digest)
    second = timedelta(seconds=1)
    assert make(end - second) == []
    for moment in (end, end + second, end + DAY / 2):
        assert make(moment) == [("olga", TUESDAY, end)]
    notice = Notice.objects.get()
    assert (notice.kind, notice.priority, notice.event) == (Kind.DIGEST, Priority.BULK, None)


def test_nothing_is_made_if_nothing_happened(olga, otto, make_event, enroll):
    choose(olga)
    event = make_event(olga, status="active")
    enroll(event, registration_date=TUESDAY - timedelta(seconds=1))
    enroll(event, registration_date=WEDNESDAY)
    enroll(event, registration_date=TUESDAY - DAY, status="cancelled", status_since=TUESDAY - timedelta(seconds=1))
    enroll(make_event(otto), registration_date=TUESDAY)
    assert make(WEDNESDAY) == []
    # The next one begins where this one would have ended.
    assert make(WEDNESDAY + DAY) == [("olga", WEDNESDAY, WEDNESDAY + DAY)]


def test_the_first_begins_with_the_choice_and_another_interval_goes_on(told, olga):
    told()
    assert make(WEDNESDAY) == [("olga", TUESDAY, WEDNESDAY)]
    choose(olga, Digest.WEEKLY, at=WEDNESDAY + DAY)
    assert OrganizerProfile.objects.get(user=olga).digest_until == WEDNESDAY
    choose(olga, Digest.NONE, at=WEDNESDAY + DAY)
    assert OrganizerProfile.objects.get(user=olga).digest_until is None
    choose(olga, Digest.WEEKLY, at=WEDNESDAY + DAY)
    assert OrganizerProfile.objects.get(user=olga).digest_until == WEDNESDAY + DAY


def test_after_an_interruption_one_summary_covers_a_month_at_most(told):
    registration = told()
    ends = WEDNESDAY + 40 * DAY
    Registration.objects.filter(pk=registration.pk).update(registration_date=ends - DAY)
    assert make(ends) == [("olga", ends - digests.LONGEST, ends)]


def test_many_organizers_are_served_in_pieces(person, make_event, enroll, monkeypatch):
    monkeypatch.setattr(digests, "AT_ONCE", 2)
    for name in ("one", "two", "three"):
        organizer = person(name, role="organizer")
        choose(organizer)
        enroll(make_event(organizer), registration_date=TUESDAY)
    now = WEDNESDAY + digests.GRACE
    assert [digests.make_digests(now=now) for _ in range(3)] == [2, 1, 0]
    assert sorted(Notice.objects.values_list("user__username", flat=True)) == ["one", "three", "two"]


@pytest.mark.django_db(transaction=True)
def test_two_deliverers_make_one(told):
    told()
    now = WEDNESDAY + digests.GRACE
    race([lambda: digests.make_digests(now=now)] * 4)
    assert Notice.objects.count() == 1


def test_a_process_that_saw_it_due_before_another_made_it_makes_none(told, olga):
    told()
    profile = OrganizerProfile.objects.select_related("user").get(user=olga)
    for _ in range(2):
        digests._make(profile, WEDNESDAY, WEDNESDAY)
    assert Notice.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(
            kind=Kind.DIGEST, priority=4, user=olga, digest_from=TUESDAY + DAY / 2, digest_until=WEDNESDAY
        )


@pytest.mark.parametrize(
    "wrong", [{}, {"digest_from": TUESDAY}, {"digest_until": WEDNESDAY}, {"digest_from": DAY, "digest_until": DAY}]
)
def test_the_database_refuses_a_notice_of_no_time(olga, wrong):
    times = {name: TUESDAY if value == DAY else value for name, value in wrong.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(kind=Kind.DIGEST, priority=4, user=olga, **times)


@pytest.fixture
def several(olga, otto, make_event, enroll):
    """Make three events of Olga's with news, one without, and one of somebody else's."""
    choose(olga)
    inside, before = TUESDAY + timedelta(hours=1), TUESDAY - DAY
    late = make_event(olga, title="Late", date_time=MONDAY + DAY, max_capacity=3, time_zone="Asia/Tokyo")
    early = make_event(olga, title="Early", date_time=MONDAY, max_capacity=2)
    draft = make_event(olga, title="Draft", date_time=MONDAY, status="draft")
    quiet = make_event(olga, title="Quiet")
    for _ in range(2):
        enroll(early, registration_date=inside)
    enroll(early, registration_date=inside, status="waitlisted")
    enroll(early, registration_date=before, status="waitlisted")
    enroll(late, registration_date=before, status="attended")
    enroll(late, registration_date=before, status="cancelled", status_since=inside)
    enroll(late, registration_date=inside, status="cancelled", status_since=inside)
    enroll(draft, registration_date=before, status="cancelled", status_since=TUESDAY)
    enroll(quiet, registration_date=before, status="cancelled", status_since=before)
    enroll(make_event(otto), registration_date=inside)
    make(WEDNESDAY)
    return Notice.objects.get(), early, late, draft


def test_the_numbers_of_each_event_are_right(several):
    notice, early, late, draft = several
    assert get_news(notice) == (
        4,
        3,
        [
            EventNews(early.pk, "Early", MONDAY, new=3, cancelled=0, waiting=2, taken=2, seats=2),
            EventNews(draft.pk, "Draft", MONDAY, new=0, cancelled=1, waiting=0, taken=0, seats=10),
            EventNews(late.pk, "Late", MONDAY + DAY, 1, 2, waiting=0, taken=1, seats=3, time_zone="Asia/Tokyo"),
        ],
        0,
    )


def test_the_mail_says_them_and_links_to_the_events(several, olga, settings):
    notice, early, _, _ = several
    settings.PUBLIC_URL = "https://events.example.org"
    olga.profile.name = "Olga's Lectures"
    olga.profile.save()
    notice.refresh_from_db()
    mail = compose_digest(notice)
    page = f"https://events.example.org/admin/events/event/{early.pk}/change/"
    assert (mail.subject, mail.to) == ("Your events: 4 new, 3 cancelled", [olga.email])
    assert mail.body.startswith(
        "Hello Olga's Lectures,\n\nThis is what happened at your events from Tuesday, 9 March 2027, 12:00 (UTC) to"
        " Wednesday, 10 March 2027, 06:00 (UTC).\n\nEarly\nMonday, 15 March 2027, 06:00 (UTC)\nNew: 3 · Cancelled: 0 ·"
        f" Waiting: 2 · Seats taken: 2 of 2\n{page}\n\nDraft\n"
    )
    html = mail.alternatives[0].content
    assert f'<a href="{page}" style="color: #1f2937; font-weight: bold">Early</a>' in html
    link = preferences.unsubscribe_link(olga)
    assert mail.extra_headers == {
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Message-ID": f"<{notice.uid}@events.example.org>",
    }
    assert mail.body.endswith(f"\nStop these summaries: {link}\n")
    assert f'<a href="{link}" ' in html


def test_it_is_in_the_language_of_its_person(several, olga, settings):
    settings.PUBLIC_URL = "https://events.example.org"
    notice, early, _, _ = several
    type(olga).objects.filter(pk=olga.pk).update(language="de")
    mail = compose_digest(Notice.objects.get(pk=notice.pk))
    assert mail.subject == "Ihre Veranstaltungen: 4 neu, 3 storniert"
    assert mail.body.startswith(
        "Guten Tag olga,\n\nvon Dienstag, 9. März 2027, 12:00 Uhr (UTC) bis Mittwoch, 10. März 2027, 06:00 Uhr (UTC)"
        " hat sich bei Ihren Veranstaltungen Folgendes getan.\n\nEarly\nMontag, 15. März 2027, 06:00 Uhr (UTC)\nNeu: 3"
        f" · Storniert: 0 · Wartend: 2 · Plätze belegt: 2 von 2\nhttps://events.example.org/admin/events/event/{early.pk}/"
    )
    assert mail.body.endswith(
        "--\nSie bekommen diese Zusammenfassung, weil Sie sie bei events.example.org gewählt haben.\nDiese"
        f" Zusammenfassungen abbestellen: {preferences.unsubscribe_link(olga)}\n"
    )
    assert '<html lang="de">' in mail.alternatives[0].content


def test_a_title_can_become_neither_markup_nor_a_header_nor_a_placeholder(told, olga):
    told(title="<b>{number}\u202e & {site}</b>")
    make(WEDNESDAY)
    mail = compose_digest(Notice.objects.get())
    assert "\n<b>{number} & {site}</b>\n" in mail.body
    assert ">&lt;b&gt;{number} &amp; {site}&lt;/b&gt;</a>" in mail.alternatives[0].content
    assert mail.message()["Subject"] == "Your events: 1 new, 0 cancelled"


def test_a_thousand_events_make_a_readable_mail_in_as_many_statements_as_one(told, olga, enroll, person):
    first = told()
    make(WEDNESDAY)
    notice = Notice.objects.get()

    def statements():
        with CaptureQueriesContext(connection) as queries:
            message = compose_digest(Notice.objects.select_related("user__profile").get(pk=notice.pk))
        return len(queries), message

    few, _ = statements()
    event, others = Event.objects.get(), 1000 - 1
    bob = person("bob")
    Event.objects.bulk_create(
        Event(title=f"No. {n}", location="x", date_time=event.date_time, organizer=olga, max_capacity=1)
        for n in range(others)
    )
    new = Event.objects.exclude(pk=event.pk)
    Registration.objects.bulk_create(
        Registration(event=each, user=bob, registration_date=first.registration_date) for each in new
    )
    enroll(new.last(), registration_date=first.registration_date, status="waitlisted")
    many, mail = statements()
    assert (few, many) == (3, 3)
    assert len(re.findall(r"^New: ", mail.body, re.M)) == MOST_EVENTS
    assert f"\nAnd {1000 - MOST_EVENTS} more: http" in mail.body
    assert mail.subject == "Your events: 1001 new, 0 cancelled"
    # The event with the most news is among them, though it is the last.
    assert "\nNo. 998\n" in mail.body
    assert max(len(mail.body), len(mail.alternatives[0].content)) < 20_000


@pytest.mark.django_db(transaction=True)
def test_the_delivery_makes_and_sends_it_and_one_click_stops_the_next(told, olga, bob, enroll):
    event = told().event
    with mail_server() as mailbox, time_machine.travel(WEDNESDAY + digests.GRACE) as clock:
        for _ in range(2):
            Delivery().run()
        (mail,) = (each for each in mailbox.mails if "Your events" in each["Subject"])
        link = mail["List-Unsubscribe"].strip("<>")
        path = "/admin/unsubscribe/?" + link.partition("?")[2]
        assert Client().get(path).status_code == 200
        assert not OptOut.objects.exists()
        client = Client(enforce_csrf_checks=True)
        assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert list(OptOut.objects.values_list("user", "scope")) == [(olga.pk, OptOutScope.DIGESTS)]
        # Others mails are as wanted as before.
        assert (preferences.opted_out([olga.pk], event), preferences.wants_reminders(olga.pk)) == (set(), True)
        clock.shift(DAY)
        enroll(event, registration_date=WEDNESDAY + DAY / 2)
        Delivery().run()
        assert Notice.objects.filter(kind=Kind.DIGEST).count() == 1
        assert preferences.preferences_of(olga).digest == "none"
        client.post(path, {"on": OptOutScope.DIGESTS})
        clock.shift(DAY)
        enroll(event, registration_date=WEDNESDAY + 1.5 * DAY)
        Delivery().run()
    told_of = Notice.objects.filter(kind=Kind.DIGEST).values_list("digest_from", "digest_until", "state")
    assert list(told_of.order_by("pk")) == [
        (TUESDAY, WEDNESDAY, State.SENT),
        (WEDNESDAY + DAY, WEDNESDAY + 2 * DAY, State.SENT),
    ]


def test_nothing_is_made_with_notifications_off(told, settings):
    told()
    settings.NOTIFICATIONS = False
    with time_machine.travel(WEDNESDAY + DAY):
        Delivery().run()
    assert not Notice.objects.exists()


PREVENTED = [
    (lambda olga: type(olga).objects.update(is_active=False), "the account is deactivated"),
    (lambda olga: type(olga).objects.update(email_verified=False), "the address is not confirmed"),
    (lambda olga: type(olga).objects.filter(pk=olga.pk).update(role="user"), "the person organizes no events"),
    (lambda olga: preferences.opt_out(olga.pk, OptOutScope.DIGESTS), "the person does not want it"),
]


@pytest.mark.parametrize(("change", "why"), PREVENTED)
def test_who_must_not_get_it_gets_none_made(told, olga, settings, change, why):
    settings.EMAIL_VERIFICATION = "required"
    told()
    change(olga)
    assert make(WEDNESDAY) == []
    assert OrganizerProfile.objects.get(user=olga).digest_until == WEDNESDAY


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("change", "why"),
    [
        *PREVENTED,
        (lambda olga: choose(olga, Digest.NONE), "the person does not want it"),
        (lambda olga: Registration.objects.all().delete(), "nothing happened"),
    ],
)
def test_what_is_not_true_any_more_when_it_is_sent_is_skipped(told, olga, settings, change, why):
    settings.EMAIL_VERIFICATION = "required"
    told()
    make(WEDNESDAY)
    change(olga)
    with mail_server() as mailbox:
        mail_queue.send_next()
    assert mailbox.mails == []
    assert list(Notice.objects.values_list("state", "why")) == [(State.SKIPPED, why)]


@pytest.mark.django_db(transaction=True)
def test_one_that_failed_is_seen_and_tried_again_by_admins(told, olga, ada, office):
    told()
    make(WEDNESDAY)
    with mail_server() as mailbox:
        mailbox.refused = {olga.email: "550 no such mailbox"}
        mail_queue.send_next()
    page = office(ada).get("/admin/notifications/notice/")
    assert "Summary for the organizer" in page.text
    data = {"action": "try_again", "_selected_action": [Notice.objects.get().pk]}
    assert office(ada).post("/admin/notifications/notice/", data).status_code == 302
    with mail_server() as mailbox:
        mail_queue.send_next()
        assert [mail["Subject"] for mail in mailbox.mails] == ["Your events: 1 new, 0 cancelled"]


def test_the_export_lists_it_and_housekeeping_and_deletion_remove_it(told, olga, api):
    registration = told()
    make(WEDNESDAY)
    exported = api(olga).get("/users/me/export").json()
    assert [(each["kind"], each["event_id"], each["digest_until"]) for each in exported["notices"]] == [
        ("digest", None, "2027-03-10T06:00:00Z")
    ]
    assert exported["organizer_profile"]["digest"] == "daily"
    retention.delete_old(now=timezone.now(), dry_run=False)
    assert Notice.objects.count() == 1
    notice = Notice.objects.get()
    notice.end(State.SENT, at=WEDNESDAY)
    retention.delete_old(now=notice.created_at + 91 * DAY, dry_run=False)
    assert not Notice.objects.exists()
    Notice.objects.create(kind=Kind.DIGEST, priority=4, user=olga, digest_from=TUESDAY, digest_until=WEDNESDAY)
    registration.event.delete()
    assert api(olga).delete(f"/users/{olga.pk}").status_code == 204
    assert not Notice.objects.exists()
