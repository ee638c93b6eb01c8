"""How long it is known who was there: `purge_personal_data`, and RETENTION_DAYS for housekeeping."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from accounts.services.placeholder_accounts import find_or_create_accounts
from eventhub.testing.concurrency import race
from eventhub.testing.database_search import places_of
from events.models import Event
from registrations.models import Registration
from registrations.services import housekeeping, retention
from registrations.services.seat_audit import find_faults

DAY = timedelta(days=1)
YEAR = 365 * DAY
STATUSES = ["registered", "waitlisted", "attended", "cancelled"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def purge(*arguments):
    out = io.StringIO()
    call_command("purge_personal_data", *arguments, stdout=out)
    return out.getvalue().strip()


def said(registrations=0, accounts=0, prefix=""):
    return (
        f"{prefix}{registrations} registrations anonymized, {accounts} unclaimed accounts deleted, 0 scans anonymized"
    )


def rows():
    return list(Registration.objects.order_by("pk").values_list("status", "user", "name", "contact_details", "phone"))


def counts():
    return list(Event.objects.order_by("pk").values_list("seats_taken", "waitlisted", "max_capacity"))


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def ended(make_event, olga, now):
    """Makes an event that ended so long ago."""
    return lambda ago, **fields: make_event(olga, date_time=now - ago - 2 * DAY, end_time=now - ago, **fields)


# Registrations -------------------------------------------------------------------------------------------------------


def test_people_of_events_that_are_long_over_are_forgotten(ended, enroll, person):
    old, recent = ended(366 * DAY), ended(364 * DAY)
    for event in (old, recent):
        for status in STATUSES:
            who = person(f"quill-{event.pk}-{status}")
            enroll(event, who, status=status, name="Zoe Quill", contact_details="zoe@quill.example", phone="+49 555")
    before, kept = counts(), rows()[4:]
    assert purge("--older-than", "365d") == said(4)
    assert rows() == [*((status, None, "", "", "") for status in STATUSES), *kept]
    assert counts() == before == [(2, 1, 10), (2, 1, 10)]
    assert list(find_faults()) == []


def test_whoever_is_forgotten_is_named_nowhere_beside_their_account(ended, enroll, api, make_event, olga, now, bob):
    event = make_event(olga)
    api(bob).post("/attendees/", {"event_id": event.pk, "name": "Bob Quill", "contact_details": "+49 555"})
    Event.objects.filter(pk=event.pk).update(date_time=now - 2 * YEAR)
    assert purge("--older-than", "365d") == said(1)
    assert places_of("quill", "+49 555") == set()
    row = Registration.objects.get()
    assert (row.status_by, [line.by for line in row.transitions.all()]) == (None, [None])


@pytest.mark.parametrize("status", ["draft", "upcoming", "active", "completed", "cancelled"])
def test_an_event_is_over_by_its_dates_whatever_its_status(ended, enroll, make_event, olga, status):
    enroll(ended(2 * YEAR, status=status))
    enroll(make_event(olga, status=status))
    assert purge("--older-than", "365d") == said(1)


def test_an_event_without_an_end_is_over_with_its_day(settings, make_event, olga, enroll, now):
    settings.TIME_ZONE = "Asia/Tokyo"
    midday = now.replace(hour=3, minute=0, second=0, microsecond=0)  # noon in Tokyo
    enroll(make_event(olga, date_time=midday - 10 * DAY))
    twelve_hours_later = midday + timedelta(hours=12)
    wanted = {twelve_hours_later - timedelta(seconds=1): 0, twelve_hours_later: 1}
    found = {at: retention.anonymize_ended(now=at, older_than=10 * DAY, dry_run=True) for at in wanted}
    assert found == wanted


def test_a_dry_run_says_the_same_and_writes_nothing(ended, enroll, now):
    enroll(ended(2 * YEAR))
    find_or_create_accounts({"zoe@quill.example"})
    User.objects.filter(email="zoe@quill.example").update(created_at=now - 2 * YEAR)
    before = rows()
    assert purge("--older-than", "365d", "--dry-run") == said(1, 1, "Dry run: ")
    assert (rows(), User.objects.filter(email="zoe@quill.example").exists()) == (before, True)


def test_a_second_run_finds_nothing_to_do(ended, enroll):
    enroll(ended(2 * YEAR))
    assert [purge("--older-than", "365d") for _ in range(2)] == [said(1), said()]


def test_a_name_that_outlived_its_account_is_forgotten_too(ended, enroll):
    row = enroll(ended(2 * YEAR), phone="+49 555")
    Registration.objects.filter(pk=row.pk).update(user=None)
    assert purge("--older-than", "365d") == said(1)
    assert rows() == [("registered", None, "", "", "")]


def test_many_are_forgotten_piece_by_piece(ended, enroll, make_event, olga, monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    event, other = ended(2 * YEAR), make_event(olga)
    for _ in range(3):
        enroll(event)
        enroll(other)
    assert purge("--older-than", "365d") == said(3)
    assert [user is None for _, user, *_ in rows()] == [True, False] * 3


def test_an_event_that_was_put_off_meanwhile_keeps_its_people(ended, enroll, monkeypatch, now):
    event = ended(2 * YEAR)
    enroll(event)
    original = retention._anonymize_batch

    def late(some, moment):
        Event.objects.filter(pk=event.pk).update(date_time=now + DAY, end_time=None)
        return original(some, moment)

    monkeypatch.setattr(retention, "_anonymize_batch", late)
    assert purge("--older-than", "365d") == said()
    assert rows()[0][1] is not None


@pytest.mark.parametrize("text", ["365", "0d", "-1d", "36501d", "a year", "1.5d", "٣d", ""])
def test_an_age_is_a_number_of_days(text):
    with pytest.raises(CommandError, match="expected a number of days from 1d to 36500d"):
        purge(f"--older-than={text}")


def test_an_age_has_to_be_given():
    with pytest.raises(CommandError, match="--older-than"):
        purge()


# Accounts ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def guest(now):
    """The account of somebody who was on a list two years ago."""
    pk = find_or_create_accounts({"zoe@quill.example"})["zoe@quill.example"]
    User.objects.filter(pk=pk).update(created_at=now - 2 * YEAR)
    return User.objects.get(pk=pk)


def test_an_account_that_nobody_claimed_goes_with_its_last_registration(guest, ended, enroll):
    enroll(ended(2 * YEAR), guest)
    assert purge("--older-than", "365d") == said(1, 1)
    assert places_of("quill") == set()


def test_an_account_that_is_registered_for_something_stays(guest, ended, enroll):
    enroll(ended(2 * YEAR), guest)
    enroll(ended(3 * DAY), guest)
    assert purge("--older-than", "365d", "--dry-run") == said(1, 0, "Dry run: ")
    assert purge("--older-than", "365d") == said(1, 0)


def test_whoever_has_a_password_stays(guest, now, person):
    person("dora", created_at=now)
    User.objects.update(created_at=now - 2 * YEAR)
    guest.set_password("a passphrase for tests")
    guest.save()
    assert purge("--older-than", "365d") == said()


@pytest.mark.parametrize("change", [{"role": "organizer"}, {"created_at": timezone.now() - 364 * DAY}])
def test_an_organizer_and_a_recent_guest_stay(guest, change):
    User.objects.filter(pk=guest.pk).update(**change)
    assert purge("--older-than", "365d") == said()


def test_a_guest_who_is_registered_meanwhile_stays(guest, make_event, olga, monkeypatch):
    original, event = retention._delete_batch, make_event(olga)

    def late(unclaimed):
        Registration.objects.create(event=event, user=guest, name="Zoe")
        return original(unclaimed)

    monkeypatch.setattr(retention, "_delete_batch", late)
    assert purge("--older-than", "365d") == said()
    assert User.objects.filter(pk=guest.pk).exists()


def test_a_guest_is_asked_about_once_more_under_the_lock(guest, make_event, olga, enroll):
    enroll(make_event(olga), guest)
    found_before = User.objects.filter(pk=guest.pk)  # by a statement that began before the registration was there
    assert retention._delete_batch(found_before) == 0
    assert User.objects.filter(pk=guest.pk).exists()


# Housekeeping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "kept"), [(0, True), (365, False), (10_000, True)])
def test_housekeeping_forgets_after_so_many_days_or_never(settings, guest, ended, enroll, now, days, kept):
    settings.RETENTION_DAYS = days
    enroll(ended(2 * YEAR), guest)
    outcomes = {outcome.what: outcome for outcome in housekeeping.run_chores(now=now, dry_run=False)}
    found = [outcome.rows for what, outcome in outcomes.items() if "RETENTION_DAYS" in what]
    assert found == ([0, 0, 0] if kept else [1, 1, 0])
    assert (rows()[0][1] is not None, User.objects.filter(pk=guest.pk).exists()) == (kept, kept)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_each_row_once(ended, enroll, now):
    event = ended(2 * YEAR, max_capacity=20)
    for _ in range(20):
        enroll(event)
    how = {"now": now, "older_than": YEAR, "dry_run": False}
    found = race([lambda: retention.anonymize_ended(**how)] * 2)
    assert sum(found) == 20
    assert {user for _, user, *_ in rows()} == {None}
