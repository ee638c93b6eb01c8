"""The codes of tickets: their scheme, reading them, and the keys behind them."""

import itertools

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from checkin.models import TicketKey
from checkin.services import ticket_codes, ticket_keys
from checkin.services.ticket_codes import Contents, make_code
from checkin.services.tickets import CodeState, read_code, reissue, ticket_of
from eventhub.testing.concurrency import race
from registrations.models import Registration
from registrations.services import seats

pytestmark = [pytest.mark.once, pytest.mark.django_db]
KEY = bytes(range(32))


@pytest.fixture
def key():
    return TicketKey.objects.create(version=1, key=KEY)


def age(seconds):
    """Make the keys that this process keeps so much older."""
    ticket_keys._kept = ticket_keys._kept._replace(at=ticket_keys._kept.at - seconds)


def read(code, **where):
    reading = read_code(code, **where)
    return reading.state, reading.registration


@pytest.mark.parametrize(
    ("version", "registration_id", "issue", "code"),
    [
        (1, 31, 0, "EH040000003W000K54S3MVVW8N7VHCKR8N"),
        (1, 2**40 - 1, 32_767, "EH07ZZZZZZZXZZYB9TDQHCZNZC91Z7RYW5"),
        (239, 1, 1, "EHXW0000000400382GJ2E6348975XN47FE"),
    ],
)
def test_the_scheme_is_the_one_on_printed_tickets(version, registration_id, issue, code):
    """If this fails, all tickets out there are void. A new scheme begins with another version."""
    TicketKey.objects.create(version=version, key=KEY)
    assert make_code(registration_id, issue) == code
    assert ticket_codes.read(code) == Contents(registration_id, issue)


def test_a_code_is_read_however_it_is_typed(key):
    # With a 0 and a 1, which people take for letters.
    code = next(code for code in (make_code(pk, 0) for pk in itertools.count(1)) if {"0", "1"} <= {*code[10:]})
    contents = ticket_codes.read(code)
    body = code[2:]
    for typed in (
        code,
        code.lower(),
        ticket_codes.spelled(code),
        f"\t{ticket_codes.spelled(code).lower()}\r\n",
        "-".join([code[:2], body[:8], body[8:]]),
        "\N{EN DASH}".join(code),
        code[:2] + body.replace("0", "O").replace("1", "I"),
        code[:2] + body.replace("0", "o").replace("1", "l"),
        "".join(chr(ord(character) + 0xFEE0) for character in code),  # full width, as East Asian keyboards type it
        f"\N{ZERO WIDTH SPACE}{code}\N{ZERO WIDTH SPACE}",
    ):
        assert ticket_codes.read(typed) == contents, typed


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "EH", "EH" + "0" * 31, "EH" + "0" * 33, "EH" + "U" * 32, "XX" + "0" * 32, "0" * 34, "EH" + "0" * 32),
        *(
            "https://example.org/t/EH",
            "💥" * 34,
            "EH" + "İ" * 32,
            "EH" + "\N{FULLWIDTH DIGIT ZERO}" * 32,
            "\0" * 34,
            "EH " * 10**6,
        ),
    ],
)
def test_what_is_no_code_of_ours_is_none(key, text):
    assert read(text) == (CodeState.UNKNOWN, None)


def test_every_changed_character_makes_it_a_wrong_code(key, olga, bob, make_event, enroll):
    code = ticket_of(enroll(make_event(olga), bob)).code
    others = {code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :] for place in range(34)}
    assert {read(other) for other in others} == {(CodeState.UNKNOWN, None)}


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_million_wrong_codes_reach_no_row(key, olga, bob, make_event, enroll):
    registration = enroll(make_event(olga), bob)
    good = make_code(registration.pk, 0)
    said = good[:16]  # version, id and issue, so that all of it but the MAC is right
    with CaptureQueriesContext(connection) as statements:
        for number in range(1_000_000):
            assert ticket_codes.read(f"{said}{number:018}") is None
        assert read("EH" + "Z" * 32) == (CodeState.UNKNOWN, None)  # an unknown version
    assert len(statements) <= 1 + 60 / ticket_keys.RETRY_SECONDS
    assert {sql["sql"].split()[0] for sql in statements} <= {"SELECT"}
    assert not [sql for sql in statements if "registration" in sql["sql"]]
    assert read(good) == (CodeState.GOOD, registration)


# States --------------------------------------------------------------------------------------------------------------


def test_all_states_are_told_apart(olga, bob, eve, make_event, enroll):
    event, other = make_event(olga, max_capacity=1), make_event(olga)
    registration = enroll(event, bob)
    code = ticket_of(registration).code
    waiting = enroll(event, eve, "waitlisted")
    gone = make_code(registration.pk + 1000, 0)
    assert read(code) == read(code, event_id=event.pk) == (CodeState.GOOD, registration)
    assert read(code, event_id=other.pk) == (CodeState.WRONG_EVENT, registration)
    assert read(make_code(waiting.pk, 0)) == (CodeState.NO_SEAT, waiting)
    assert read(gone) == (CodeState.UNKNOWN, None)
    newer = reissue(registration=registration, by=olga).code
    assert read(code) == (CodeState.REVOKED, registration)
    assert read(code, event_id=other.pk) == (CodeState.WRONG_EVENT, registration)
    assert read(newer) == (CodeState.GOOD, registration)
    seats.cancel(registration=registration, by=bob)
    assert read(newer) == (CodeState.NO_SEAT, registration)
    assert read(code) == (CodeState.REVOKED, registration)
    assert read(make_code(waiting.pk, 0)) == (CodeState.GOOD, waiting)
    seats.remove(registration=registration, by=olga)
    assert read(newer) == (CodeState.UNKNOWN, None)


@pytest.mark.parametrize("change", [{"name": "Robert"}, {"status": "attended"}, {"contact_details": "elsewhere"}])
def test_a_correction_keeps_the_code(olga, bob, make_event, enroll, change):
    registration = enroll(make_event(olga), bob)
    code = ticket_of(registration).code
    changed = seats.update(registration=registration, by=olga, **change)
    assert ticket_of(changed).code == code
    assert read(code)[0] == CodeState.GOOD


def test_a_ticket_from_before_a_restore_stays_good(olga, bob, make_event, enroll):
    registration = enroll(make_event(olga), bob)
    newer = reissue(registration=registration, by=olga).code
    Registration.objects.filter(pk=registration.pk).update(issue=0)  # as an older backup has it
    assert read(newer)[0] == CodeState.GOOD


# Keys ----------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_process_keeps_the_keys_and_a_restored_one_is_taken_up():
    first = make_code(1, 0)
    with CaptureQueriesContext(connection) as statements:
        assert make_code(1, 0) == first
        assert ticket_codes.read(first) == Contents(1, 0)
    assert len(statements) == 0
    TicketKey.objects.update(key=KEY)
    age(ticket_keys.KEPT_SECONDS)
    assert ticket_codes.read(first) is None
    restored = make_code(1, 0)
    ticket_keys.forget()  # another process
    assert make_code(1, 0) == restored
    assert ticket_codes.read(restored) == Contents(1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_rotated_key_signs_from_now_on_and_the_old_one_verifies(capsys):
    old = make_code(1, 0)
    call_command("tickets", "--rotate-key")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["1", "2"]
    new = make_code(1, 0)
    assert new[2:4] != old[2:4]
    assert ticket_codes.read(old) == ticket_codes.read(new) == Contents(1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_key_that_another_process_made_is_read_again_soon():
    make_code(1, 0)
    mine = ticket_keys._kept
    ticket_keys.rotate()
    new = make_code(1, 0)
    ticket_keys._kept = mine  # of a process that has not read since
    assert ticket_codes.read(new) is None
    age(ticket_keys.RETRY_SECONDS)
    assert ticket_codes.read(new) == Contents(1, 0)


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_make_the_first_key_make_one():
    codes = race([lambda: (ticket_keys.forget(), make_code(1, 0))[1]] * 4)
    assert len({*codes}) == TicketKey.objects.count() == 1


def test_the_command_says_that_there_is_no_key_yet(capsys):
    call_command("tickets")
    assert capsys.readouterr().out == "There is no key yet. The first ticket makes one.\n"
    assert not User.objects.exists()
