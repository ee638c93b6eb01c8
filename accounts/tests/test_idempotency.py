"""Idempotency-Key: what was done under a key is done once, and answered as it was the first time."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.idempotency import store
from accounts.idempotency.decorator import parse_key, people_in
from accounts.models import StoredAnswer, User
from accounts.services.jwt import issue_tokens
from eventhub.testing.concurrency import race
from eventhub.testing.contract_client import ContractClient, token_for
from eventhub.testing.responses import (
    BAD_TOKEN,
    DONE,
    NO_EVENT,
    NO_HEADER,
    NO_USER,
    NOT_ALLOWED,
    invalid,
    refusal,
    whole,
)
from events.models import Event
from registrations.models import Registration

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

REUSED = refusal(422, "This Idempotency-Key was used for another request", "idempotency_key_reused")
BAD_KEY = invalid(**{"Idempotency-Key": "1 to 255 visible ASCII characters, in double quotes or without any."})
TALK = {"title": "Talk", "location": "Hall", "max_capacity": 3, "date_time": "2031-05-01T18:00:00Z"}
DAY = timedelta(hours=24)


def under(key):
    return {"headers": {"idempotency-key": key}}


def headers(answer):
    """Those that an answer has for being what it is, without what differs from one answer to the next."""
    return {name: text for name, text in answer.headers.items() if name not in ("X-Request-ID", "Idempotent-Replayed")}


@pytest.fixture
def again():
    """Sends a request twice under a key: the first answer, after the second was found to be the same."""

    def twice(client, path, body, key="a-key"):
        first, second = (client.post(path, body, **under(key)) for _ in range(2))
        assert (second.content, headers(second)) == (first.content, headers(first))
        assert second.status_code == first.status_code
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
        return first

    return twice


@pytest.fixture
def sending(api):
    """A POST under a key, to be sent in a race."""

    def prepare(who, path, body, key):
        return partial(api(who).post, path, body, **under(key))

    return prepare


# A success is answered again -----------------------------------------------------------------------------------------


def test_a_registration_that_is_sent_again_is_made_once(again, api, bob, olga, make_event):
    event = make_event(olga)
    answer = again(api(bob), "/attendees/", {"event_id": event.pk})
    row = Registration.objects.get()
    assert (answer.status_code, answer.json()["attendee_id"]) == (201, row.pk)
    # Without the key it is told what it would be told today.
    assert api(bob).post("/attendees/", {"event_id": event.pk}).json()["code"] == "already_registered"


def test_a_place_in_the_queue_is_taken_once(again, api, bob, olga, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    seat = enroll(event)
    answer = again(api(bob), "/attendees/", {"event_id": event.pk, "status": "waitlisted"})
    assert answer.json()["waitlist_position"] == 1
    seat.delete()
    late = api(bob).post("/attendees/", {"event_id": event.pk, "status": "waitlisted"}, **under("a-key"))
    assert late.json() == answer.json()


def test_an_event_that_is_sent_again_is_made_once(again, api, olga):
    assert again(api(olga), "/events/", TALK).json()["event_id"] == Event.objects.get().pk


def test_who_signs_out_twice_has_signed_out(again, api, bob):
    refresh = {"refresh": issue_tokens(bob, auth_time=0)["refresh"]}
    assert whole(again(api(bob), "/users/logout", refresh)) == DONE
    assert whole(api(bob).post("/users/logout", refresh)) == BAD_TOKEN


def test_the_first_answer_stands_whatever_has_become_of_it(again, api, bob, olga, make_event):
    event = make_event(olga, max_capacity=1)
    body = {"event_id": event.pk}
    first = again(api(bob), "/attendees/", body)
    path = f"/attendees/{first.json()['attendee_id']}"
    assert whole(api(bob).delete(path)) == DONE
    Event.objects.update(status="cancelled", title="Another title")
    assert api(bob).post("/attendees/", body, **under("a-key")).json() == first.json()
    assert Registration.objects.count() == 0


def test_a_token_of_ones_sign_in_or_another_is_the_same_person(api, bob, olga, make_event):
    body = {"event_id": make_event(olga).pk}
    first = api(bob).post("/attendees/", body, **under("k"))
    second = ContractClient(token_for(bob, signed_in_at=1)).post("/attendees/", body, **under("k"))
    assert whole(second) == whole(first)


# The same request ----------------------------------------------------------------------------------------------------


def test_both_spellings_of_the_path_are_the_same_request(api, olga):
    first = api(olga).post("/events/", TALK, **under("k"))
    assert whole(api(olga).post("/events", TALK, **under("k"))) == whole(first)
    assert Event.objects.count() == 1


def test_the_order_of_a_bodys_keys_and_its_spaces_are_nothing_to_it(api, bob, olga, make_event):
    event = make_event(olga)
    texts = (f'{{"event_id": {event.pk}, "name": "B"}}', f'{{"name":"B",\n "event_id":{event.pk}}}')
    answers = [api(bob).generic("POST", "/attendees/", text, **under("k")) for text in texts]
    assert whole(answers[0]) == whole(answers[1])
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_another_request_under_the_same_key_is_refused(api, bob, olga, make_event):
    one, two = make_event(olga), make_event(olga)
    first = api(olga).post("/attendees/", {"event_id": one.pk}, **under("k"))
    for path, body in (
        ("/attendees/", {"event_id": two.pk}),
        ("/attendees/", {"event_id": one.pk, "name": "Olga"}),
        ("/attendees/", {"event_id": str(one.pk)}),
        ("/attendees/", {}),
        ("/events/", {"event_id": one.pk}),
        ("/users/logout", {"event_id": one.pk}),
    ):
        assert whole(api(olga).post(path, body, **under("k"))) == REUSED
    assert whole(api(olga).post("/attendees/", {"event_id": one.pk}, **under("k"))) == whole(first)
    assert Registration.objects.count() == 1


def test_keys_of_different_people_do_not_meet(api, bob, eve, olga, make_event):
    event = make_event(olga)
    answers = [api(who).post("/attendees/", {"event_id": event.pk}, **under("k")) for who in (bob, eve)]
    assert [answer.json()["user_id"] for answer in answers] == [bob.pk, eve.pk]


# What is refused is not kept -----------------------------------------------------------------------------------------


def test_a_refusal_leaves_the_key_free(again, api, bob, olga, make_event, enroll):
    event = make_event(olga, max_capacity=1)
    seat = enroll(event)
    body = {"event_id": event.pk}
    for _ in range(2):
        answer = api(bob).post("/attendees/", body, **under("a-key"))
        assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (409, False)
    assert api(bob).post("/attendees/", {}, **under("a-key")).status_code == 400
    assert whole(api(bob).post("/attendees/", {"event_id": 987654}, **under("a-key"))) == NO_EVENT
    assert StoredAnswer.objects.count() == 0
    seat.delete()
    assert again(api(bob), "/attendees/", body).status_code == 201


NO_KEYS = [
    *("", " ", '"', '""', '"abc', 'abc"', 'a"b', "a b", "a,a", '"a","a"', '"a"; b=1', "a" * 256, '"' + "a" * 256 + '"'),
    *("\u00e4", "\x00", "a\tb", '"\\x"', "\x7f", '"a\\"'),
]


def test_what_is_no_key_is_refused(api, bob, olga, make_event):
    event = make_event(olga)
    for key in NO_KEYS:
        assert whole(api(bob).post("/attendees/", {"event_id": event.pk}, **under(key))) == BAD_KEY
    assert Registration.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ('"8e03978e-40d5-43e8-bc93-6894a57f9324"', "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ('"a,b"', "a,b"),
        (r'"a\"b\\c"', r'a"b\c'),
        ("!#$%&'()*+-./09:;<=>?@AZ[]^_`az{|}~", "!#$%&'()*+-./09:;<=>?@AZ[]^_`az{|}~"),
        ("a" * 255, "a" * 255),
        ('"' + "a" * 255 + '"', "a" * 255),
    ],
)
def test_a_key_is_a_string_of_a_structured_field_or_bare(sent, key):
    assert parse_key(sent) == key


def test_a_key_means_the_same_with_quotes_and_without(api, olga):
    first = api(olga).post("/events/", TALK, **under('"k"'))
    assert whole(api(olga).post("/events/", TALK, **under("k"))) == whole(first)


def test_refusals_in_the_contracts_order(api, bob, eve, olga, person, make_event):
    event = make_event(olga)
    assert whole(api().post("/events/", TALK, **under(""))) == NO_HEADER
    assert whole(api(bob).post("/events/", TALK, **under("")))[0] == 403
    assert whole(api(bob).post("/attendees/", {"event_id": 987654}, **under(""))) == BAD_KEY
    assert api(bob).generic("POST", "/attendees/", "{", **under("k")).json()["code"] == "parse_error"
    assert api(bob).generic("POST", "/attendees/", "{}", "text/plain", **under("k")).status_code == 415
    zoe = person("zoe", role="organizer")
    first = api(zoe).post("/events/", TALK, **under("k"))
    assert first.status_code == 201
    # Who has lost the role since has lost the answer with it, and so has who is signed out.
    User.objects.filter(pk=zoe.pk).update(role="user")
    assert whole(api(zoe).post("/events/", TALK, **under("k")))[0] == 403
    User.objects.filter(pk=zoe.pk).update(is_active=False)
    assert whole(api(zoe).post("/events/", TALK, **under("k"))) == BAD_TOKEN
    assert whole(api(bob).post("/attendees/", {"event_id": event.pk, "user_id": eve.pk}, **under("k"))) == NOT_ALLOWED


def test_a_key_is_nothing_to_what_needs_none(api, bob):
    assert api(bob).get("/users/me", **under("")).status_code == 200
    assert api(bob).patch(f"/users/{bob.pk}", {"username": "robert"}, **under("k")).status_code == 200
    zoe = {"username": "zoe", "email": "zoe@example.org", "password": "a passphrase for zoe"}
    assert api().post("/users/register", zoe, **under("k")).status_code == 201
    assert api().post("/users/login", zoe, **under("k")).status_code == 200
    assert StoredAnswer.objects.count() == 0


# How long, and whose -------------------------------------------------------------------------------------------------


def test_a_key_is_kept_for_a_day(api, bob, olga, make_event):
    event = make_event(olga, date_time=timezone.now() + timedelta(days=90))
    body = {"event_id": event.pk}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = api(bob).post("/attendees/", body, **under("k"))
        clock.shift(DAY - timedelta(microseconds=1))
        assert whole(api(bob).post("/attendees/", body, **under("k"))) == whole(first)
        clock.shift(timedelta(microseconds=1))
        assert api(bob).post("/attendees/", body, **under("k")).json()["code"] == "already_registered"
        Registration.objects.update(status="cancelled")
        anew = api(bob).post("/attendees/", body, **under("k"))
        assert (anew.status_code, anew.json()["attendee_id"] != first.json()["attendee_id"]) == (201, True)
        assert whole(api(bob).post("/attendees/", body, **under("k"))) == whole(anew)


def test_housekeeping_forgets_what_is_older(api, olga, monkeypatch):
    monkeypatch.setattr(store, "AT_ONCE", 2)
    now = timezone.now()
    for number in range(7):
        api(olga).post("/events/", TALK, **under(str(number)))
    StoredAnswer.objects.filter(key__lt="5").update(created_at=now - DAY)
    StoredAnswer.objects.filter(key="5").update(created_at=now - DAY + timedelta(microseconds=1))
    assert (store.forget_answers(now=now, dry_run=True), StoredAnswer.objects.count()) == (5, 7)
    assert store.forget_answers(now=now, dry_run=False) == 5
    assert set(StoredAnswer.objects.values_list("key", flat=True)) == {"5", "6"}
    assert store.forget_answers(now=now, dry_run=False) == 0


def test_nothing_of_an_account_is_kept_that_is_erased(api, olga, bob, eve, ada, make_event):
    """Neither what it was answered, nor what others were answered about it."""
    event = make_event(olga)
    api(bob).post("/attendees/", {"event_id": event.pk}, **under("own"))
    api(ada).post("/attendees/", {"event_id": make_event(olga).pk, "user_id": bob.pk}, **under("by-ada"))
    api(olga).post("/attendees/", {"event_id": make_event(olga).pk, "user_id": bob.pk}, **under("by-olga"))
    api(olga).post("/attendees/", {"event_id": event.pk, "user_id": eve.pk}, **under("of-eve"))
    assert StoredAnswer.objects.count() == 4
    assert whole(api(bob).delete(f"/users/{bob.pk}")) == DONE
    assert [stored.key for stored in StoredAnswer.objects.all()] == ["of-eve"]
    body = {"event_id": event.pk, "user_id": bob.pk}
    assert whole(api(olga).post("/attendees/", body, **under("by-olga"))) == NO_USER


def test_an_answer_is_forgotten_with_everybody_whom_it_names(api, olga, ada, make_event):
    event = make_event(ada)
    api(ada).post("/events/", {**TALK, "organizer_id": olga.pk}, **under("of-olga"))
    api(ada).post("/attendees/", {"event_id": event.pk}, **under("of-ada"))
    Event.objects.filter(organizer=olga).delete()
    assert whole(api(ada).delete(f"/users/{olga.pk}")) == DONE
    assert [stored.key for stored in StoredAnswer.objects.all()] == ["of-ada"]


def test_people_are_found_at_any_depth():
    body = {"user_id": 1, "organizer_id": None, "event": {"organizer_id": 2, "past": [{"user_id": 3}, 4]}, "id": 5}
    assert sorted(people_in(body)) == [1, 2, 3]


# Rights --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lose", "answer"),
    [
        (lambda event, olga, otto: Event.objects.update(organizer=otto), NOT_ALLOWED),
        (lambda event, olga, otto: User.objects.filter(pk=olga.pk).update(role="user"), NOT_ALLOWED),
        (lambda event, olga, otto: Event.objects.update(organizer=otto, status="draft"), NO_EVENT),
        (lambda event, olga, otto: event.delete(), NO_EVENT),
    ],
    ids=["reassigned", "demoted", "hidden", "deleted"],
)
def test_who_has_lost_the_right_is_not_answered_again(api, olga, otto, bob, make_event, lose, answer):
    event = make_event(olga)
    body = {"event_id": event.pk, "user_id": bob.pk}
    assert api(olga).post("/attendees/", body, **under("k")).status_code == 201
    Registration.objects.all().delete()
    lose(event, olga, otto)
    assert whole(api(olga).post("/attendees/", body, **under("k"))) == answer


def test_only_the_answer_is_kept_of_a_request(api, bob):
    """No secret that it brought: the body is in a digest alone."""
    refresh = issue_tokens(bob, auth_time=0)["refresh"]
    api(bob).post("/users/logout", {"refresh": refresh}, **under("k"))
    stored = StoredAnswer.objects.values().get()
    assert refresh not in str(stored)
    assert (stored["status"], stored["body"], len(stored["fingerprint"])) == (204, "", 64)


# What it costs -------------------------------------------------------------------------------------------------------


def statements(client, body, **extra):
    with CaptureQueriesContext(connection) as captured:
        assert client.post("/attendees/", body, **extra).status_code == 201
    return [query["sql"].split()[0] for query in captured]


@pytest.mark.django_db(transaction=True)
def test_who_sends_no_key_pays_nothing_for_it(api, bob, eve, olga, make_event):
    body = {"event_id": make_event(olga).pk}
    assert statements(api(bob), body) == ["SELECT", "SELECT", "INSERT"]
    plain = statements(api(eve), body, **under("k"))
    # The account; the claim, looked at; the event; the registration, in a savepoint of its own; the answer.
    assert [word for word in plain if word not in ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")] == [
        *["SELECT", "INSERT", "SELECT", "SELECT", "INSERT", "UPDATE"]
    ]
    # The account; the claim, which is there already, and its answer; the event, which is still theirs to see.
    plain = statements(api(eve), body, **under("k"))
    assert [word for word in plain if word not in ("BEGIN", "COMMIT")] == ["SELECT", "INSERT", "SELECT", "SELECT"]


# At the same moment --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wanted", ["registered", "waitlisted"])
def test_sixteen_at_once_get_one_registration_and_sixteen_equal_answers(sending, bob, olga, make_event, enroll, wanted):
    for round_ in range(3):
        event = make_event(olga, max_capacity=1)
        if wanted == "waitlisted":
            enroll(event)
        body, key = {"event_id": event.pk, "status": wanted}, f"key-{round_}"
        answers = race([sending(bob, "/attendees/", body, key) for _ in range(16)])
        assert len({(answer.status_code, answer.content, answer.headers["ETag"]) for answer in answers}) == 1
        assert (answers[0].status_code, answers[0].json()["status"]) == (201, wanted)
        assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": 15}
        assert event.registrations.filter(user=bob).count() == 1


@pytest.mark.django_db(transaction=True)
def test_different_requests_under_one_key_at_once_are_one_and_refusals(sending, olga):
    for round_ in range(3):
        Event.objects.all().delete()
        bodies = [{**TALK, "title": f"Talk {number % 4}"} for number in range(12)]
        answers = race([sending(olga, "/events/", body, f"key-{round_}") for body in bodies])
        assert Counter(answer.status_code for answer in answers) == {201: 3, 422: 9}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
        assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_people_with_the_same_key_compete_for_seats_as_ever(sending, person, olga, make_event):
    people = [person(f"p{number}") for number in range(5)]
    for round_ in range(3):
        event = make_event(olga, max_capacity=2)
        body, key = {"event_id": event.pk}, f"key-{round_}"
        answers = race([sending(who, "/attendees/", body, key) for who in people for _ in range(2)])
        # Of who was refused the twin may have come later, and was refused as well.
        assert Counter(answer.status_code for answer in answers) == {201: 4, 409: 6}
        assert len({answer.content for answer in answers if answer.status_code == 201}) == 2
        event.refresh_from_db()
        assert (event.seats_taken, event.registrations.count()) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_a_day_old_is_taken_again_once(sending, bob, olga, make_event):
    for round_ in range(3):
        event = make_event(olga)
        body, key = {"event_id": event.pk}, f"key-{round_}"
        old = sending(bob, "/attendees/", body, key)()
        event.registrations.all().delete()
        StoredAnswer.objects.update(created_at=timezone.now() - DAY)
        chore = partial(store.forget_answers, now=timezone.now(), dry_run=False)
        _, *answers = race([chore, *(sending(bob, "/attendees/", body, key) for _ in range(8))])
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers} - {old.content}) == 1
        assert event.registrations.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_erased_meanwhile_leaves_no_answer(sending, call, person, olga, ada, make_event):
    for round_ in range(4):
        leaver, event = person(f"leaver{round_}"), make_event(olga)
        own, by_olga = {"event_id": event.pk}, {"event_id": event.pk, "user_id": leaver.pk}
        answers = race(
            [
                *(sending(leaver, "/attendees/", own, "k") for _ in range(2)),
                sending(olga, "/attendees/", by_olga, f"k{round_}"),
                call(ada, "DELETE", f"/users/{leaver.pk}"),
            ]
        )
        assert answers[-1].status_code == 204
        assert {answer.status_code for answer in answers[:-1]} <= {201, 401, 404, 409}
        assert (StoredAnswer.objects.count(), event.registrations.count()) == (0, 0)
