"""The demo as it stands in a database that was empty: a programme that people believe and the rules of seats allow."""

import io
import re
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import OrganizerProfile, User
from checkin.models import Presence, Scan
from checkin.services.presence import state_of
from eventhub import datetimes
from eventhub.testing.contract_client import ContractClient
from events.models import Event
from notifications.models import Message, Notice
from notifications.services.delivery import Delivery
from registrations.models import LIVE, Registration, Transition
from registrations.selectors import dashboard
from registrations.selectors.answer_totals import answer_totals
from registrations.selectors.dashboard import Reason
from registrations.selectors.open_answers import people_owing
from registrations.services.seat_audit import find_faults

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(scope="module", autouse=True)
def demo(django_db_setup, django_db_blocker):
    """What the command printed. The demo is there for all tests of this module, and gone after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        out = io.StringIO()
        call_command("demo", stdout=out)
        yield out.getvalue()
        transaction.set_rollback(True)


def tally(rows, field):
    return dict(Counter(rows.values_list(field, flat=True)))


def each_series_once():
    """The events, and of a weekly one its first date."""
    dates = Event.objects.filter(series=OuterRef("series")).order_by("date_time")
    return Event.objects.filter(Q(series=None) | Q(pk=Subquery(dates.values("pk")[:1])))


def test_one_event_shows_whose_emails_were_sent_and_one_that_failed():
    notices = Notice.objects.all()
    (event,) = Event.objects.filter(pk__in=notices.values("event"))
    assert (event.status, event.waitlisted) == ("upcoming", max(Event.objects.values_list("waitlisted", flat=True)))
    states = tally(notices, "state")
    assert states == {"sent": notices.count() - 1, "failed": 1}
    assert tally(notices, "kind").keys() == {"registered", "queued", "cancelled", "message"}
    sent, scheduled = Message.objects.filter(event=event, by=event.organizer).order_by("created_at")
    assert (sent.state, sent.recipients) == ("done", notices.filter(fan_out__message=sent).count())
    assert (scheduled.state, scheduled.recipients) == ("queued", event.seats_taken + event.waitlisted)
    assert timezone.now() < scheduled.send_at < event.date_time


def test_no_email_is_ever_sent_of_it(settings):
    """Whatever day it is: nobody is reminded, and the scheduled message stays a picture."""
    settings.NOTIFICATIONS = True
    before = Notice.objects.count()
    begins = Event.objects.filter(date_time__gt=timezone.now() + timedelta(hours=23)).values_list(
        "date_time", flat=True
    )
    for moment in [timezone.now(), *(moment - timedelta(hours=23) for moment in sorted(begins))]:
        with time_machine.travel(moment):
            assert Delivery().run() == 0
    assert (Notice.objects.count(), mail.outbox) == (before, [])


# The rules -----------------------------------------------------------------------------------------------------------


def test_every_count_and_every_queue_is_right():
    assert list(find_faults()) == []


def test_every_event_keeps_the_rules_of_events():
    for event in Event.objects.all():
        event.full_clean()


def test_nobody_with_a_seat_came_after_somebody_who_waits():
    for event in Event.objects.filter(waitlisted__gt=0):
        live = event.registrations.filter(status__in=LIVE).order_by("registration_date")
        waits = [status == "waitlisted" for status in live.values_list("status", flat=True)]
        assert waits == [False] * event.seats_taken + [True] * event.waitlisted


def test_queues_are_numbered_in_the_order_of_registering():
    for event in Event.objects.filter(waitlisted__gt=0):
        queue = event.registrations.waiting().order_by("registration_date")
        assert list(queue.values_list("queue_number", flat=True)) == list(range(1, event.waitlisted + 1))


def test_everybody_registered_while_it_was_possible():
    too_early = Q(registration_date__lt=F("event__created_at")) | Q(
        registration_date__lt=F("event__registration_opens")
    )
    too_late = (
        Q(registration_date__gt=F("event__date_time"))
        | Q(registration_date__gt=F("event__registration_closes"))
        | Q(registration_date__gt=datetimes.start_of_day(timezone.now()))
    )
    before_signing_up = Q(registration_date__lt=F("user__created_at"))
    assert Registration.objects.filter(too_early | too_late | before_signing_up).count() == 0


def test_nobody_attended_what_has_not_begun_and_nobody_registered_for_a_draft():
    impossible = Q(status="attended", event__date_time__gt=timezone.now()) | Q(event__status="draft")
    assert Registration.objects.filter(impossible).count() == 0


# What there is to see ------------------------------------------------------------------------------------------------


def test_accounts():
    assert tally(User.objects, "role") == {"admin": 1, "organizer": 3, "user": 2000}
    named = OrganizerProfile.objects.exclude(Q(name="") | Q(contact="") | Q(about=""))
    assert tally(named, "user__role") == {"organizer": 3}
    assert OrganizerProfile.objects.count() == 4


def test_events_in_every_state():
    assert tally(each_series_once(), "status") == {
        "draft": 4,
        "upcoming": 17,
        "active": 6,
        "completed": 10,
        "cancelled": 3,
    }
    assert set(tally(Event.objects, "organizer__role")) == {"organizer"}


def test_full_houses_with_and_without_a_queue_and_half_empty_ones():
    announced = Event.objects.filter(status__in=["upcoming", "active"])
    assert announced.filter(has_free_seats=False, waitlisted__gt=0).count() == 9
    assert announced.filter(has_free_seats=False, waitlist=False, waitlisted=0).count() == 2
    assert announced.filter(seats_taken__gt=0, seats_taken__lte=F("max_capacity") / 2).count() == 5


def test_windows_that_are_open_over_and_to_come():
    now = timezone.now()
    announced = Event.objects.filter(status="upcoming")
    assert announced.filter(registration_opens__gt=now).count() == 1
    assert announced.filter(registration_closes__lt=now).count() == 1
    assert announced.filter(registration_opens__lt=now, registration_closes__gt=now).count() == 1


def test_registrations_in_every_state():
    statuses = tally(Registration.objects, "status")
    assert set(statuses) == {"registered", "waitlisted", "attended", "cancelled"}
    assert min(statuses.values()) > 100
    assert Registration.objects.filter(status="registered", event__status="completed").exists()


def test_every_status_came_about_when_it_could_have():
    now = timezone.now()
    never = (
        Q(status__in=["registered", "waitlisted"]) & ~Q(status_since=F("registration_date"))
        | Q(status="cancelled", status_since__lt=F("registration_date"))
        | Q(status="cancelled", status_since__gt=F("event__date_time"))
        | Q(status="attended", status_since__lt=F("event__date_time") - timedelta(minutes=15))
        | Q(status="attended", status_since__gt=F("event__last_mark"))
        | Q(status_since__gt=now)
    )
    assert Registration.objects.filter(never).count() == 0


def test_the_log_tells_how_it_came_about():
    steps = Counter(Transition.objects.values_list("was", "becomes", "through"))
    statuses = tally(Registration.objects, "status")
    scanned = Scan.objects.filter(
        result="admitted", checkpoint__is_entrance=True, gate__isnull=False, entries=1
    ).count()
    assert scanned > 0
    assert steps == {
        ("", "registered", "api"): statuses["registered"] + statuses["attended"] + statuses["cancelled"],
        ("", "waitlisted", "api"): statuses["waitlisted"],
        ("registered", "attended", "admin"): statuses["attended"] - scanned,
        ("registered", "attended", "api"): scanned,
        ("registered", "cancelled", "api"): statuses["cancelled"],
    }
    last = Transition.objects.filter(registration=OuterRef("pk")).order_by("-id")
    shown = Registration.objects.annotate(at=Subquery(last.values("at")[:1]), by=Subquery(last.values("by")[:1]))
    assert shown.exclude(at=F("status_since"), by=F("status_by")).count() == 0


def test_the_dashboard_has_something_to_say():
    user, now = User.objects.get(username="lanternhouse"), timezone.now()
    days, _ = dashboard.get_activity(user=user, now=now)
    assert min(day.registered for day in days[:-1]) > 0
    assert sum(day.cancelled for day in days) > 10
    concerns = [(concern.reason, concern.event.title) for concern in dashboard.get_concerns(user=user, now=now)]
    assert concerns == [
        (Reason.HALF_EMPTY, "Story Slam at Midnight"),
        (Reason.DRAFT_NEAR, "Open-Air Cinema"),
        (Reason.LONG_QUEUE, "Jazz in the Boiler Room"),
    ]


def test_the_event_that_is_on_has_doors_with_scans_of_every_kind():
    (event,) = Event.objects.filter(checkpoints__is_entrance=False)
    assert event.date_time < timezone.now() < event.end_time
    assert list(event.checkpoints.values_list("name", "reentry")) == [("Entrance", "after_exit"), ("Workshop", "never")]
    assert [gate.may for gate in event.gate_tokens.order_by("pk")] == [["search"], []]
    assert set(tally(event.scans, "result")) == {
        "admitted", "left", "undone", "already_in", "not_registered", "ticket_unknown"
    }  # fmt: skip
    assert event.scans.count() < 150
    assert not event.scans.filter(Q(at__gt=timezone.now()) | ~Q(at=F("received_at"))).exists()
    entrance = Presence.objects.filter(checkpoint__is_entrance=True)
    came = event.registrations.filter(status="attended")
    assert set(entrance.values_list("registration", flat=True)) == set(came.values_list("pk", flat=True))
    states = {
        presence.registration_id: vars(state_of(presence.registration.scans.filter(checkpoint=presence.checkpoint_id)))
        for presence in entrance.select_related("registration")
    }
    assert states == {
        presence.registration_id: {name: getattr(presence, name) for name in states[presence.registration_id]}
        for presence in entrance
    }


def test_one_event_asks_questions_and_some_of_its_people_owe_answers():
    (event,) = Event.objects.filter(asks_questions=True)
    people = Registration.objects.filter(event=event, status__in=LIVE).count()
    assert 0 < people_owing(event).count() < people / 2
    assert [(totals.type, totals.answered > 0) for totals in answer_totals(event)] == [
        ("yes_no", True),
        ("choice", True),
        ("choice", True),
    ]


def test_texts_are_all_different():
    for field in ("title", "description"):
        assert [
            text for text, times_used in tally(each_series_once(), field).items() if times_used > 1 or not text
        ] == []


def test_usernames_are_ascii_and_addresses_lead_nowhere():
    accepts = ASCIIUsernameValidator()
    for username, email in User.objects.values_list("username", "email"):
        accepts(username)
        assert re.fullmatch(re.escape(username) + r"@example\.(org|com)", email)


# Signing in ----------------------------------------------------------------------------------------------------------


def test_the_summary_counts_the_rows_and_names_accounts_that_can_sign_in(demo):
    first, second, *people, _, _ = demo.splitlines()
    rows = f"{User.objects.count():,} accounts, 40 events, {Registration.objects.count():,} registrations"
    assert first == f"The demo is ready: {rows}."
    password = second.removeprefix('Sign in with the password "').removesuffix('" as')
    usernames = [line.split()[0] for line in people]
    assert usernames[:-1] == ["admin", "lanternhouse", "runners", "workbench"]
    assert [authenticate(username=username, password=password).username for username in usernames] == usernames


def test_the_attendee_of_the_summary_has_registrations_in_every_state(demo):
    username, _, name = demo.splitlines()[-3].split(maxsplit=2)
    own = Registration.objects.filter(user__username=username)
    assert set(tally(own, "status")) == {"registered", "waitlisted", "attended", "cancelled"}
    assert set(tally(own, "name")) == {name}


def test_the_ticket_of_the_summary_is_let_in_by_the_link_to_the_scan_page(client, demo, settings):
    scan_page, ticket = (line.split()[-1].removeprefix(settings.PUBLIC_URL) for line in demo.splitlines()[-2:])
    page = client.get(ticket)
    assert (page.status_code, "data:image/svg+xml" in page.text) == (200, True)
    path, _, secret = scan_page.partition("#")
    assert (path, client.get(path).status_code) == ("/scan/", 200)
    gate = ContractClient(secret)
    event = gate.get("/gate").json()["event"]
    with transaction.atomic():
        answer = gate.post(f"/events/{event['event_id']}/scans", {"code": ticket.removeprefix("/t/")})
        assert (answer.status_code, answer.json()["result"]) == (201, "admitted")
        transaction.set_rollback(True)


def test_all_share_one_hash():
    assert User.objects.values("password").distinct().count() == 1
