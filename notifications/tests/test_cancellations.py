"""Who is told of a cancellation or a removed registration, in which words, and where the reason appears."""

import html
import json
import time

import icalendar
import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts.models import User
from eventhub.audit import Channel, acting_through
from events.models import Event
from notifications import mails
from notifications.models import Notice
from notifications.services.retention import delete_old
from notifications.tokens import make_link
from registrations.models import Registration, Removal, Transition
from registrations.selectors.personal_data import write_export
from registrations.services import account_deletion, event_changes, retention, seats

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "The <room> is too small.\nSorry!"


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, title="Night of the Telescopes", max_capacity=1)


@pytest.fixture
def seated(event, bob, enroll):
    return enroll(event, bob, name="Bob")


def bodies():
    return [(message.to, message.subject, message.body.split("\n\nWhen:")[0]) for message in mail.outbox]


def methods():
    """Return method, UID and SEQUENCE of the calendar part of each mail, or None."""
    found = []
    for message in mail.outbox:
        parts = [part for part in message.message().walk() if part.get_content_type() == "text/calendar"]
        calendars = [icalendar.Calendar.from_ical(part.get_payload(decode=True)) for part in parts]
        entries = [(str(each["METHOD"]), str(each.events[0]["UID"]), each.events[0]["SEQUENCE"]) for each in calendars]
        found += entries or [None]
    return found


def test_who_cancels_gets_a_receipt_and_others_a_notice_with_the_reason(api, olga, bob, eve, event, seated, deliver):
    waiting = seats.join_queue(event=event, user=eve, by=eve)
    deliver()
    mail.outbox.clear()
    client = api(olga)
    assert client.patch(f"/attendees/{seated.pk}", {"status": "cancelled", "reason": f"  {REASON} "}).status_code == 200
    deliver()
    api(eve).patch(f"/attendees/{waiting.pk}", {"status": "cancelled", "reason": "ignored"})
    deliver()
    hello, title = "Hello {},\n\n", "Night of the Telescopes"
    assert bodies() == [
        (["bob@example.org"], f"Your registration is cancelled: {title}",
         f"{hello.format('Bob')}olga cancelled your registration for {title}.\n\n{REASON}"),
        (["eve@example.org"], f"You have a seat: {title}", bodies()[1][2]),
        (["eve@example.org"], f"You gave your seat back: {title}",
         f"{hello.format('eve')}You gave your seat back: you are no longer registered for {title}."),
    ]  # fmt: skip
    assert "The &lt;room&gt; is too small.<br>Sorry!" in mail.outbox[0].alternatives[0].content
    assert list(Transition.objects.exclude(reason="").values_list("registration", "reason")) == [(seated.pk, REASON)]


def test_without_a_reason_there_is_no_empty_paragraph(api, olga, event, seated, eve, deliver):
    queued = Registration.objects.create(event=event, user=eve, status="waitlisted")
    for row, who in ((queued, eve), (seated, olga)):
        api(who).patch(f"/attendees/{row.pk}", {"status": "cancelled"})
    deliver()
    assert [subject for _, subject, _ in bodies()] == [
        "You left the waiting list: Night of the Telescopes",
        "Your registration is cancelled: Night of the Telescopes",
    ]
    assert all("\n\n\n" not in message.body for message in mail.outbox)
    assert "<p></p>" not in mail.outbox[1].alternatives[0].content


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"reason": "x"}, "Give a reason only for a cancellation."),
        ({"status": "attended", "reason": "x"}, "Give a reason only for a cancellation."),
        ({"status": "cancelled", "reason": "x" * 501}, "Ensure this field has no more than 500 characters."),
        ({"status": "cancelled", "reason": "a\x07"}, "Control characters are not allowed."),
    ],
)
def test_reasons_that_cannot_be(api, olga, seated, body, problem):
    answer = api(olga).patch(f"/attendees/{seated.pk}", body)
    assert (answer.status_code, answer.json()["errors"]) == (400, {"reason": [problem]})


def test_a_reason_is_seen_exported_and_erased(office, olga, bob, seated, client):
    path = f"/admin/registrations/registration/{seated.pk}"
    confirm = office(olga).post(f"{path}/do/", {"do": f"cancel:{seated.pk}"})
    assert '<textarea name="reason"' in confirm.content.decode()
    office(olga).post(f"{path}/do/", {"do": f"cancel:{seated.pk}", "confirmed": "yes", "reason": "a\x07"})
    seated.refresh_from_db()
    assert seated.status == "registered"
    sent = REASON.replace("\n", "\r\n")
    office(olga).post(f"{path}/do/", {"do": f"cancel:{seated.pk}", "confirmed": "yes", "reason": sent})
    shown = html.escape(REASON).replace("\n", "<br>")
    assert shown in office(olga).get(f"{path}/change/").content.decode()
    assert shown in client.get(make_link(seated)).content.decode()
    with write_export(account=bob) as file:
        assert [line["reason"] for line in json.load(file)["registrations_log"]] == ["", REASON]
    with write_export(account=olga) as file:
        assert REASON not in json.dumps(json.load(file)["deeds"])
    retention.anonymize(Registration.objects.filter(pk=seated.pk))
    assert list(Transition.objects.values_list("reason", "by")) == [("", None), ("", olga.pk)]


def test_the_bulk_action_tells_everybody_the_reason(office, olga, event, enroll, seated):
    other = enroll(event, status="waitlisted")
    data = {"action": "cancel", "_selected_action": [seated.pk, other.pk], "confirmed": "yes", "reason": "Fire"}
    office(olga).post("/admin/registrations/registration/", data)
    cancelled = Transition.objects.filter(becomes="cancelled").order_by("registration")
    assert list(cancelled.values_list("registration", "reason")) == [(seated.pk, "Fire"), (other.pk, "Fire")]


def test_organizers_whom_no_admin_trusts_write_nothing_to_added_addresses(api, olga, event, bob, deliver):
    added = Registration.objects.create(event=event, user=bob, added_by_address=True)
    api(olga).patch(f"/attendees/{added.pk}", {"status": "cancelled", "reason": "Buy now"})
    deliver()
    assert "Buy now" not in mail.outbox[0].body
    User.objects.filter(pk=olga.pk).update(is_trusted_to_write=True)
    Notice.objects.update(state="queued")
    deliver()
    assert "Buy now" in mail.outbox[1].body


def test_a_reason_is_written_once_and_to_cancellations_only(olga, seated):
    with pytest.raises(Exception, match="stays written"):
        Transition.objects.update(reason="x")
    seats.cancel(registration=seated, by=olga)
    line = Transition.objects.filter(becomes="cancelled")
    assert line.update(reason="x") == 1
    for change in ({"reason": "y"}, {"reason": ""}, {"by": None, "reason": "x"}, {"at": timezone.now()}):
        with pytest.raises(Exception, match="stays written"):
            line.update(**change)


def by_organizer(client, office, row):
    client.delete(f"/attendees/{row.pk}")


def by_office(client, office, row):
    path = f"/admin/registrations/registration/{row.pk}/do/"
    office.post(path, {"do": f"remove:{row.pk}", "confirmed": "yes"})


@pytest.mark.parametrize("status", ["registered", "waitlisted", "cancelled"])
@pytest.mark.parametrize("remove", [by_organizer, by_office])
def test_who_is_removed_is_told_as_if_cancelled(api, office, olga, bob, event, enroll, deliver, remove, status):
    row = enroll(event, bob, name="Bob", status=status)
    deliver()
    remove(api(olga), office(olga), row)
    expected = [] if status == "cancelled" else [("bob", "cancelled", "sent")]
    assert deliver() == expected
    if status == "registered":
        assert bodies()[0][2] == "Hello Bob,\n\nolga cancelled your registration for Night of the Telescopes."
        ((method, uid, _),) = methods()
        assert (method, uid.split("@")[0]) == ("CANCEL", f"event-{event.pk}")
    else:
        assert methods() == [None] * len(expected)


def test_the_calendar_entry_of_a_removed_registration_is_cancelled(api, olga, bob, event, deliver, later):
    api(bob).post("/attendees/", {"event_id": event.pk})
    deliver()
    with later(seconds=3):
        api(olga).delete(f"/attendees/{Registration.objects.get().pk}")
        deliver()
    (request, uid, first), (cancel, same_uid, second) = methods()
    assert (request, cancel, uid, first < second) == ("REQUEST", "CANCEL", same_uid, True)


def test_of_changes_within_a_second_the_later_one_has_the_later_stamp(api, bob, event, deliver, monkeypatch):
    """Programs ignore a cancellation that is not newer than the invitation (RFC 5546, 2.1.5)."""
    monkeypatch.setattr(mails, "sleep", time.sleep)
    time.sleep(1 - time.time() % 1)
    pk = api(bob).post("/attendees/", {"event_id": event.pk}).json()["attendee_id"]
    deliver()
    api(bob).patch(f"/attendees/{pk}", {"status": "cancelled"})
    deliver()
    invitation, cancellation = [
        icalendar.Calendar.from_ical(part.get_payload(decode=True)).events[0]
        for message in mail.outbox
        for part in message.message().walk()
        if part.get_content_type() == "text/calendar"
    ]
    assert invitation["SEQUENCE"] <= cancellation["SEQUENCE"]
    assert invitation["DTSTAMP"].dt < cancellation["DTSTAMP"].dt


def test_who_removes_their_own_gets_a_receipt(api, bob, seated, deliver):
    api(bob).delete(f"/attendees/{seated.pk}")
    assert deliver() == [("bob", "cancelled", "sent")]
    assert mail.outbox[0].subject == "You gave your seat back: Night of the Telescopes"


@pytest.mark.parametrize(("telling", "expected"), [("usual", 0), ("all", 1), ("none", 0)])
def test_raw_sql_tells_if_the_event_says_so(event, seated, deliver, telling, expected):
    Event.objects.update(notifications=telling)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM registrations_registration WHERE id = %s", [seated.pk])
    assert Removal.objects.values_list("through", "by", "was").get() == ("database", None, "registered")
    assert len(deliver()) == expected


def test_a_removal_is_not_told_once_the_person_is_registered_again(api, olga, bob, event, seated, deliver):
    api(olga).delete(f"/attendees/{seated.pk}")
    api(bob).post("/attendees/", {"event_id": event.pk})
    assert sorted(deliver()) == [("bob", "cancelled", "skipped"), ("bob", "registered", "sent")]


@pytest.mark.parametrize(
    ("status", "told"),
    [("upcoming", [("bob", "event_cancelled", "sent")]), ("cancelled", [("bob", "event_cancelled", "skipped")])],
)
def test_the_people_of_a_deleted_event_are_told_that_it_is_cancelled(olga, event, seated, deliver, status, told):
    event.status = status
    event.save()
    deliver()
    Notice.objects.all().delete()
    mail.outbox.clear()
    with acting_through(Channel.API, olga.pk):
        event_changes.delete_event(event_id=event.pk)
    delete_old(now=timezone.now(), dry_run=False)
    assert deliver() == told
    if status == "upcoming":
        assert bodies()[0][1] == "Cancelled: Night of the Telescopes"
        assert methods()[0][:1] == ("CANCEL",)


def test_erasing_an_account_tells_nobody_and_leaves_nothing(event, bob, seated, deliver):
    with acting_through(Channel.API, bob.pk):
        account_deletion.delete_account(account_id=bob.pk)
    assert deliver() == []
    assert not Removal.objects.exists()


def test_the_export_and_housekeeping_cover_removals(bob, olga, seated, later):
    seats.remove(registration=seated, by=olga)
    with write_export(account=bob) as file:
        (line,) = json.load(file)["removed_registrations"]
    assert (line["registration_id"], line["was"], line["name"]) == (seated.pk, "registered", "Bob")
    with later(days=91):
        delete_old(now=timezone.now(), dry_run=False)
    assert not Removal.objects.exists()
