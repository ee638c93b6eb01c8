"""What became of emails, in the back office."""

import re

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from notifications.models import FanOut, Kind, Message, Notice, Priority, State
from notifications.selectors.messages import count_by_state
from notifications.selectors.notices import count_by_kind
from registrations.models import Transition

pytestmark = pytest.mark.django_db

REFUSED, OPTED_OUT = "SMTPRecipientsRefused 550", "the person does not want it"


@pytest.fixture
def event(olga, make_event):
    return make_event(olga, max_capacity=500)


@pytest.fixture
def tell(event, enroll):
    """Make a registration and its notice: `tell(Kind.REMINDER, State.SENT)`."""

    def make(kind=Kind.REGISTERED, state=State.SENT, why="", **fields):
        registration = enroll(event, **fields)
        ended = state in (State.SENT, State.FAILED, State.SKIPPED)
        Notice.objects.create(
            kind=kind,
            priority=Priority.OWN,
            user=registration.user,
            event=event,
            registration=registration,
            transition=Transition.objects.filter(registration=registration).first(),
            state=state,
            why=why,
            attempts=state == State.FAILED,
            done_at=timezone.now() if ended else None,
        )
        return registration

    return make


@pytest.fixture
def emails_page(office, event):
    def read(reader):
        return office(reader).get(f"/admin/events/event/{event.pk}/emails/").content.decode()

    return read


def rows(page):
    """The cells of the table of numbers, each as its texts."""
    section = page.partition('id="outcomes"')[2].partition("</section>")[0].partition("<tbody>")[2]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in section.split("</tr>")]
    return [[" ".join(strip_tags(cell.replace("<br>", " ")).split()) for cell in row] for row in cells if row]


def test_an_event_shows_numbers_and_reasons_by_kind(tell, emails_page, olga, ada):
    for why in (REFUSED, REFUSED, "SMTPDataError 554"):
        tell(state=State.FAILED, why=why)
    for state in (State.SENT, State.SENT, State.QUEUED, State.SENDING):
        tell(state=state)
    tell(Kind.REMINDER, State.SKIPPED, "something newer happened")
    tell(Kind.REMINDER, State.SKIPPED, OPTED_OUT)
    expected = [
        [
            *("Registration confirmed", "2", "2"),
            *("3 2: the mail server refused the address (550) 1: the mail server refused the email (554)", "0"),
        ],
        ["Reminder", "0", "0", "0", f"2 1: something newer happened 1: {OPTED_OUT}"],
    ]
    assert rows(emails_page(olga)) == rows(emails_page(ada)) == expected


def test_numbers_do_not_tell_who_had_an_account(tell, emails_page, olga, ada, event):
    tell(Kind.REMINDER, State.SKIPPED, OPTED_OUT, added_by_address=True)
    removed = tell(Kind.REMINDER, State.SKIPPED, "the address is not confirmed")
    type(removed).objects.filter(pk=removed.pk).delete()
    tell(Kind.REMINDER, State.SKIPPED, OPTED_OUT, user=olga, added_by_address=True)
    tell(Kind.REMINDER, State.FAILED, REFUSED, name="Ann Hill", added_by_address=True)
    pages = emails_page(olga), emails_page(ada)
    assert rows(pages[0]) == [["Reminder", "3", "0", "0", f"1 {OPTED_OUT}"]]
    refused = "1 the mail server refused the address (550)"
    skipped = f"3 2: {OPTED_OUT} 1: the address is not confirmed"
    assert rows(pages[1]) == [["Reminder", "0", "0", refused, skipped]]
    assert ["Ann Hill" in page for page in pages] == [False, True]


def test_an_event_names_whose_emails_failed(tell, emails_page, olga, ada):
    row = tell(state=State.FAILED, why=REFUSED, name="Ann Hill")
    gone = tell(state=State.FAILED, why=REFUSED, name="Removed Person")
    type(gone).objects.filter(pk=gone.pk).delete()
    for reader in (olga, ada):
        failed = emails_page(reader).partition('id="failed"')[2].partition("</section>")[0]
        assert f'href="/admin/registrations/registration/{row.pk}/change/">Ann Hill</a>' in failed
        # Nothing tells any more whether the person was added by address.
        assert ("a registration that was removed" in failed) is reader.is_admin
        assert "Removed Person" not in failed


def test_an_event_costs_as_many_queries_with_many_emails(tell, emails_page, olga, django_assert_num_queries):
    tell(state=State.FAILED, why=REFUSED)
    with CaptureQueriesContext(
        connection,
    ) as few:
        emails_page(olga)
    for number in range(20):
        tell(list(Kind)[number % 4], State.FAILED, f"SMTPDataError {550 + number}")
    with CaptureQueriesContext(connection) as many:
        emails_page(olga)
    assert len(many) == len(few)


def test_only_its_organizer_and_admins_see_an_events_emails(event, office, olga, otto, ada, bob):
    pages = [office(who).get(f"/admin/events/event/{event.pk}/emails/").status_code for who in (olga, ada, otto)]
    assert pages == [200, 200, 404]
    assert office(bob).get(f"/admin/events/event/{event.pk}/emails/").status_code == 403


# One registration ----------------------------------------------------------------------------------------------------


def emails_of(client, registration):
    page = client.get(f"/admin/registrations/registration/{registration.pk}/change/").content.decode()
    section = page.partition('id="emails"')[2].partition("</section>")[0]
    return " ".join(strip_tags(section.partition(">")[2]).split())


def test_a_registration_shows_its_emails_and_sends_the_confirmation_again(tell, office, olga, otto, bob):
    row = tell(user=bob)
    client, path = office(olga), f"/admin/registrations/registration/{row.pk}/send-again/"
    assert re.search(r"Registration confirmed Sent Send confirmation again$", emails_of(client, row))
    assert office(otto).post(path).status_code == 404
    assert client.get(path).status_code == 302
    assert Notice.objects.get().state == State.SENT
    answer = client.post(path, follow=True)
    assert "The confirmation will be sent again." in answer.content.decode()
    assert Notice.objects.get().state == State.QUEUED
    assert "Registration confirmed Waits" in emails_of(client, row)
    for _ in range(4):
        client.post(path)
    assert "This was sent again too often. Try again tomorrow." in client.post(path, follow=True).content.decode()
    assert mail.outbox == []


def test_a_registration_without_a_confirmation_offers_none(tell, office, olga, event, enroll):
    row = enroll(event)
    assert emails_of(office(olga), row) == "Emails No emails about this registration."
    answer = office(olga).post(f"/admin/registrations/registration/{row.pk}/send-again/", follow=True)
    assert "There is no confirmation that could be sent again." in answer.content.decode()


def test_a_registration_does_not_tell_whether_there_was_an_account(tell, office, olga, ada):
    row = tell(state=State.SKIPPED, why="the address is not confirmed", added_by_address=True)
    assert re.search("Registration confirmed Sent Send confirmation again$", emails_of(office(olga), row))
    assert re.search("Not sent the address is not confirmed Send", emails_of(office(ada), row))


# Failed ones, for admins ---------------------------------------------------------------------------------------------

FAILED = "/admin/notifications/notice/"


def test_admins_see_failed_emails_and_try_them_again(tell, office, ada):
    rows = [tell(state=State.FAILED, why=REFUSED, name=name) for name in ("Ann Hill", "Ben Hill")]
    tell(name="Sent Person")
    page = office(ada).get(FAILED).content.decode()
    assert [name in page for name in ("Ann Hill", "Ben Hill", "Sent Person")] == [True, True, False]
    assert "the mail server refused the address (550)" in page
    chosen = Notice.objects.get(registration=rows[0])
    form = {"action": "try_again", "_selected_action": [chosen.pk]}
    assert "1 email will be tried again." in office(ada).post(FAILED, form, follow=True).content.decode()
    assert dict(Notice.objects.values_list("registration__name", "state")) == {
        "Ann Hill": "queued",
        "Ben Hill": "failed",
        "Sent Person": "sent",
    }


def test_admins_try_all_failed_emails_again(tell, office, ada):
    for _ in range(3):
        tell(state=State.FAILED, why=REFUSED)
    chosen = Notice.objects.first()
    form = {"action": "try_again", "_selected_action": [chosen.pk], "select_across": "1"}
    assert "3 emails will be tried again." in office(ada).post(FAILED, form, follow=True).content.decode()


def test_nobody_else_sees_failed_emails(tell, office, olga, bob):
    notice = Notice.objects.get(registration=tell(state=State.FAILED, why=REFUSED))
    assert office(olga).get(FAILED).status_code == 403
    form = {"action": "try_again", "_selected_action": [notice.pk]}
    assert office(olga).post(FAILED, form).status_code == 403
    assert office(bob).get(FAILED).status_code == 403
    assert Notice.objects.get().state == State.FAILED


@pytest.mark.once
def test_numbers_of_fifty_thousand_emails_come_from_an_index(event, olga):
    """All but the reasons, and what is hidden, which only emails that were not sent have."""
    message = Message.objects.create(event=event, by=olga, subject="Soon", body="", recipients=0)
    FanOut.objects.create(key="message:1", kind=Kind.MESSAGE, event=event, message=message, not_before=timezone.now())
    with CaptureQueriesContext(connection) as captured:
        count_by_kind(event, olga)
        count_by_state(event.pk, [message.pk], reader=olga)
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    with connection.cursor() as cursor:
        plans = [cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchone()[3] for sql in counts]
    found = [re.sub(r"SEARCH notifications_notice USING (.*?INDEX notice_by_event) .*", r"\1", plan) for plan in plans]
    whole, part = "COVERING INDEX notice_by_event", "INDEX notice_by_event"
    assert found == [whole, part, part, whole, part]
