"""Gate tokens: what ends one, and that none opens anything but the door of its event."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role
from accounts.services import token_secrets
from checkin.models import GateToken
from checkin.services import gate_tokens
from eventhub.exceptions import TokenNotValid
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.responses import BAD_TOKEN, whole

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(make_event, olga):
    """Makes a token past the API: its row and its text."""

    def make(event=None, **values):
        event, secret = event or make_event(olga), token_secrets.new_secret(gate_tokens.PREFIX)
        expires_at = values.pop("expires_at", timezone.now() + timedelta(days=400))
        digest = token_secrets.digest_of(secret)
        values = {"name": "North door", "created_by": event.organizer, **values}
        return GateToken.objects.create(event=event, digest=digest, expires_at=expires_at, **values), secret

    return make


def is_good(secret, **values):
    try:
        gate_tokens.authenticate_token(secret, **values)
    except TokenNotValid:
        return False
    return True


def test_a_token_is_found_with_all_that_a_scan_needs_in_one_query(made, django_assert_num_queries):
    token, secret = made()
    with django_assert_num_queries(1):
        found = gate_tokens.authenticate_token(secret)
        assert (found, found.event.organizer.role, found.checkpoint) == (token, Role.ORGANIZER, None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda secret: secret[:-1] + ("a" if secret[-1] != "a" else "b"),
        lambda secret: secret[:-1],
        lambda secret: secret + "0",
        lambda secret: "evh_" + secret[4:],
        lambda secret: "evg_",
        lambda secret: secret[:8] + "\N{REPLACEMENT CHARACTER}" + secret[9:],
    ],
)
def test_a_mistyped_one_costs_no_query(made, django_assert_num_queries, spoil):
    _, secret = made()
    with django_assert_num_queries(0):
        assert not is_good(spoil(secret))


def test_it_ends_when_it_expires_and_when_it_is_revoked(made):
    token, secret = made(expires_at=timezone.now() + timedelta(hours=1))
    assert is_good(secret)
    assert not is_good(secret, now=token.expires_at)
    GateToken.objects.update(revoked_at=timezone.now())
    assert not is_good(secret)


def test_it_ends_a_day_after_the_event_wherever_that_is_moved(made):
    token, secret = made()
    event = token.event
    over = event.ends + timedelta(hours=24)
    assert [is_good(secret, now=over - timedelta(seconds=1)), is_good(secret, now=over)] == [True, False]
    event.date_time += timedelta(days=3)
    event.end_time = event.end_time and event.end_time + timedelta(days=3)
    event.save()
    assert is_good(secret, now=over)


@pytest.mark.parametrize(
    ("change", "works"),
    [
        ({"is_active": False}, False),
        ({"role": Role.USER}, False),
        ({"role": Role.ADMIN}, True),
        ({"sign_in_generation": 7}, True),
    ],
)
def test_it_works_while_the_organizer_runs_events(made, change, works):
    token, secret = made()
    type(token.event.organizer).objects.filter(pk=token.event.organizer_id).update(**change)
    assert is_good(secret) is works


@pytest.mark.parametrize(("maker", "works"), [("olga", False), ("ada", True)])
def test_it_ends_with_its_makers_right_to_run_the_event(made, make_event, request, otto, maker, works):
    token, secret = made(make_event(request.getfixturevalue("olga")), created_by=request.getfixturevalue(maker))
    assert is_good(secret)
    token.event.organizer = otto
    token.event.save()
    assert is_good(secret) is works


def test_it_ends_with_its_makers_account(made, ada):
    _, secret = made(created_by=ada)
    assert is_good(secret)
    ada.delete()
    assert not is_good(secret)


def test_it_acts_for_whoever_runs_the_event_now(made, ada):
    token, secret = made(created_by=ada)
    token.event.organizer = ada
    token.event.save()
    assert gate_tokens.authenticate_token(secret).event.organizer == ada


@pytest.mark.parametrize(("status", "works"), [("draft", True), ("completed", True), ("cancelled", True)])
def test_the_status_of_the_event_does_not_end_it(made, make_event, olga, status, works):
    _, secret = made(make_event(olga, status=status))
    assert is_good(secret) is works


def test_it_is_gone_with_its_event(made):
    token, secret = made()
    token.event.delete()
    assert not is_good(secret)


def test_its_use_is_written_down_once_a_minute(made):
    token, _ = made()
    now, used = timezone.now(), []
    for seconds in (0, 59, 60):
        gate_tokens.record_use(token, now=now + timedelta(seconds=seconds))
        token.refresh_from_db()
        used.append((token.last_used_at - now).total_seconds())
    assert used == [0, 0, 60]


@pytest.mark.parametrize("path", ["/events/", "/attendees/", "/users/me", "/users/me/tokens/", "/users/me/export"])
def test_it_opens_nothing_else(made, path):
    _, secret = made()
    assert whole(ContractClient(secret).get(path)) == BAD_TOKEN
