"""The page of one registration in the back office, its buttons and the bulk actions, and adding somebody by hand."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from checkin.services.checkpoints import entrance_of
from eventhub.testing.concurrency import race
from eventhub.testing.factories import QuestionFactory
from events.models import Event
from registrations.models import Answers, Registration
from registrations.services import seat_audit, seats

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.django_db]

LIST = "/admin/registrations/registration/"
ADD = f"{LIST}add/"


def page_of(row):
    return f"{LIST}{row.pk}/change/"


def press(client, row, name, **more):
    """The button on the page of a registration."""
    return client.post(f"{LIST}{row.pk}/do/", {"do": f"{name}:{row.pk}", **more})


def bulk(client, rows, name, **more):
    return client.post(LIST, {"action": name, "_selected_action": [getattr(row, "pk", row) for row in rows], **more})


def told(response):
    """What the page after this answer tells."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def statuses(*rows):
    return [Registration.objects.get(pk=row.pk).status for row in rows]


@pytest.fixture
def full(olga, make_event, enroll):
    """An event of olga's with one seat, taken, and two people waiting for it."""
    event = make_event(olga, max_capacity=1)
    seat = enroll(event, name="Anna")
    return [seat, *(enroll(event, name=name, status="waitlisted") for name in ("Bob", "Carla"))]


# Buttons and actions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "was", "becomes", "says"),
    [
        ("check_in", "registered", "attended", "Anna: checked in."),
        ("check_in", "attended", "attended", "Anna: already checked in."),
        ("check_in", "cancelled", "attended", "Anna: checked in."),
        ("check_in", "waitlisted", "attended", "Anna: checked in."),
        ("undo_check_in", "attended", "registered", "Anna: check-in undone."),
        ("undo_check_in", "registered", "registered", "Anna: not checked in."),
        (
            "undo_check_in",
            "cancelled",
            "cancelled",
            "Anna: This is for people who are checked in, not cancelled.",
        ),
        ("reinstate", "cancelled", "registered", "Anna: reinstated."),
        ("reinstate", "registered", "registered", "Anna: already registered."),
        (
            "reinstate",
            "attended",
            "attended",
            "Anna: This is for people who are cancelled, not checked in.",
        ),
        ("cancel", "registered", "cancelled", "Anna: cancelled."),
        ("cancel", "attended", "cancelled", "Anna: cancelled."),
        ("cancel", "cancelled", "cancelled", "Anna: already cancelled."),
        (
            "requeue",
            "registered",
            "registered",
            "Anna: This is for people who are on the waiting list, not registered.",
        ),
    ],
)
@pytest.mark.parametrize("way", ["button", "bulk", "row"])
def test_a_deed_does_the_same_wherever_it_is_asked_for(office, olga, make_event, enroll, way, name, was, becomes, says):
    row = enroll(make_event(olga), name="Anna", status=was)
    client = office(olga)
    if way == "button":
        answer = press(client, row, name, confirmed="yes")
    elif way == "bulk":
        answer = bulk(client, [row], name, confirmed="yes")
    else:
        answer = client.post(LIST, {"do": f"{name}:{row.pk}", "confirmed": "yes"})
    assert (answer.status_code, statuses(row), told(answer)) == (302, [becomes], [says])


def test_a_cancellation_says_whom_the_queue_seated(office, olga, full):
    answer = press(office(olga), full[0], "cancel", confirmed="yes")
    assert told(answer) == ["Anna: cancelled. Bob got the seat."]
    assert statuses(*full) == ["cancelled", "registered", "waitlisted"]


def test_a_removal_says_so_too_and_leaves_no_name_in_the_journal(office, olga, full):
    answer = press(office(olga), full[0], "remove", confirmed="yes")
    assert (answer.url, told(answer)) == (LIST, ["Anna: removed. Bob got the seat."])
    assert not Registration.objects.filter(pk=full[0].pk).exists()
    assert statuses(*full[1:]) == ["registered", "waitlisted"]
    (entry,) = LogEntry.objects.all()
    assert (entry.user, entry.object_repr) == (olga, f"Registration {full[0].pk} for Talk")


@pytest.mark.parametrize("name", ["cancel", "remove"])
def test_what_gives_a_seat_away_asks_first(office, olga, full, name):
    for answer in (press(office(olga), full[0], name), bulk(office(olga), full, name)):
        assert answer.status_code == 200
        assert statuses(*full) == ["registered", "waitlisted", "waitlisted"]
    assert "3 registrations" in answer.content.decode()
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', answer.content.decode())
    assert [pair for pair in hidden if pair[0] != "csrfmiddlewaretoken"] == [
        ("action", name),
        # who waits before who has a seat, so that nobody is seated by it who is to go as well
        *(("_selected_action", str(row.pk)) for row in (*full[1:], full[0])),
        ("confirmed", "yes"),
    ]


def test_django_s_own_page_for_deleting_asks_and_deletes_by_the_rules(office, olga, full):
    page = office(olga).get(f"{LIST}{full[0].pk}/delete/").content.decode()
    assert f'action="{LIST}{full[0].pk}/do/"' in page
    office(olga).post(f"{LIST}{full[0].pk}/delete/", {"post": "yes"})
    assert statuses(*full) == ["registered", "waitlisted", "waitlisted"]


def test_there_is_no_bulk_deletion_past_the_rules(office, ada, full):
    bulk(office(ada), full, "delete_selected", post="yes")
    assert len(statuses(*full)) == 3


def test_many_at_once(office, olga, make_event, enroll):
    event = make_event(olga, date_time=timezone.now())
    rows = [enroll(event, name=f"n{n}") for n in range(3)]
    done = enroll(event, name="done", status="attended")
    assert told(bulk(office(olga), [*rows, done], "check_in")) == [
        "3 registrations: checked in.",
        "done: already checked in.",
    ]
    rows.append(done)
    assert told(bulk(office(olga), rows, "cancel", confirmed="yes")) == ["4 registrations: cancelled."]
    assert told(bulk(office(olga), rows, "cancel", confirmed="yes")) == ["4 registrations: already cancelled."]


def test_each_refusal_is_told_and_the_others_are_done(office, olga, full, enroll):
    gone = enroll(full[0].event, name="Dora", status="cancelled")
    answer = bulk(office(olga), [*full, gone], "reinstate")
    assert told(answer) == [
        "Anna: already registered.",
        "Bob: This is for people who are cancelled, not on the waiting list.",
        "Carla: This is for people who are cancelled, not on the waiting list.",
        "Dora: Event is full.",
    ]


def test_those_who_wait_are_moved_in_their_order(office, olga, full, enroll):
    last = enroll(full[0].event, name="Dora", status="waitlisted")
    bulk(office(olga), [full[2], full[1]], "requeue")
    order = Registration.objects.waiting().order_by("queue_number")
    assert list(order) == [last, full[1], full[2]]
    assert list(seat_audit.find_faults()) == []


def test_moving_the_last_to_the_end_changes_nothing(office, olga, full):
    assert told(press(office(olga), full[2], "requeue")) == ["Carla: already at the end of the waiting list."]


def test_moving_to_the_end_seats_the_next_where_a_seat_is_free_beside_the_queue(office, olga, full):
    Registration.objects.filter(pk=full[0].pk).update(status="cancelled")  # past the rules, so that nobody is seated
    answer = press(office(olga), full[1], "requeue")
    assert statuses(*full) == ["cancelled", "waitlisted", "registered"]
    assert told(answer) == ["Bob: moved to the end of the waiting list. Carla got the seat."]


def test_a_row_s_button_leads_back_to_the_list_as_it_was(office, olga, make_event, enroll):
    row = enroll(make_event(olga, date_time=timezone.now()))
    answer = office(olga).post(f"{LIST}?q=guest&p=1", {"do": f"check_in:{row.pk}"})
    assert (answer.url, statuses(row)) == (f"{LIST}?q=guest&p=1", ["attended"])


@pytest.mark.parametrize("what", ["", "check_in", "check_in:", "check_in:x", f"check_in:{'9' * 30}", "x:{pk}", ":"])
def test_nonsense_is_answered_with_a_message(office, olga, full, what):
    answer = office(olga).post(LIST, {"do": what.format(pk=full[0].pk)})
    assert told(answer) == ["This registration no longer exists."]


def test_nothing_is_done_by_a_link(office, olga, full):
    for path in (f"{LIST}{full[0].pk}/do/", f"{LIST}?do=check_in:{full[0].pk}", f"{LIST}{full[0].pk}/delete/"):
        office(olga).get(path, {"do": f"check_in:{full[0].pk}", "confirmed": "yes"})
    assert statuses(*full) == ["registered", "waitlisted", "waitlisted"]


def test_forms_are_safe_from_other_sites(full, olga):
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    assert press(client, full[0], "check_in").status_code == 403
    assert statuses(full[0]) == ["registered"]


# Not theirs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["check_in", "cancel", "remove", "reinstate", "requeue", "undo_check_in"])
def test_what_is_not_theirs_is_not_there(office, otto, bob, full, name):
    for who in (otto, bob):
        client = office(who)
        for more in ({}, {"confirmed": "yes"}):
            answers = [
                press(client, full[0], name, **more),
                bulk(client, full, name, **more),
                client.post(LIST, {"do": f"{name}:{full[0].pk}", **more}),
                client.post(f"{LIST}{full[0].pk}/delete/", {"do": f"{name}:{full[0].pk}", **more}),
            ]
            said = [answer.content.decode() + " ".join(told(answer)) for answer in answers]
            assert ["Anna" in text or "Talk" in text for text in said] == [False] * 4
    assert statuses(*full) == ["registered", "waitlisted", "waitlisted"]


@pytest.mark.parametrize("path", ["change/", "delete/", "history/"])
def test_a_foreign_page_is_like_none(office, otto, full, path):
    answers = [office(otto).get(f"{LIST}{pk}/{path}", follow=True) for pk in (full[0].pk, 999_999)]
    pages = [answer.content.decode().replace(str(full[0].pk), "N").replace("999999", "N") for answer in answers]
    assert [("Anna" in page, "Talk" in page) for page in pages] == [(False, False)] * 2
    assert [answer.status_code for answer in answers] == [200, 200]


def test_one_s_own_registration_for_somebody_else_s_event_is_not_theirs(office, olga, otto, make_event, enroll):
    row = enroll(make_event(olga), otto)
    assert office(otto).get(page_of(row)).status_code == 302
    press(office(otto), row, "check_in")
    assert statuses(row) == ["registered"]


# The page ------------------------------------------------------------------------------------------------------------


def test_the_buttons_suit_the_state(office, olga, full):
    def buttons(row):
        page = office(olga).get(page_of(row)).content.decode()
        return re.findall(r'name="do"\s+value="(\w+):\d+"', page)

    assert buttons(full[0]) == ["check_in", "cancel", "remove"]
    assert buttons(full[1]) == ["requeue", "cancel", "remove"]
    assert buttons(full[2]) == ["cancel", "remove"]  # the last of the waiting list
    seats.update(registration=full[0], by=olga, status="attended")
    assert buttons(full[0]) == ["undo_check_in", "cancel", "remove"]
    seats.cancel(registration=full[1], by=olga)
    assert buttons(full[1]) == ["remove"]
    seats.resize(event_id=full[0].event_id, max_capacity=3)
    assert buttons(full[1]) == ["check_in", "reinstate", "remove"]


def test_details_are_changed_and_nothing_else(office, olga, bob, full):
    row = full[1]
    fields = {"name": "Roberta", "contact_details": "Gate 2", "status": "attended", "user": bob.pk, "event": 0}
    assert office(olga).post(page_of(row), fields).status_code == 302
    changed = Registration.objects.get(pk=row.pk)
    assert (changed.name, changed.contact_details) == ("Roberta", "Gate 2")
    assert (changed.status, changed.user_id, changed.event_id) == ("waitlisted", row.user_id, row.event_id)


@pytest.mark.parametrize(("name", "is_told"), [("Roberta", True), ("Zoë B.", False)])
def test_a_new_name_says_that_it_deletes_answers(office, olga, make_event, enroll, bob, name, is_told):
    row = enroll(make_event(olga), bob, name="Zoe B", contact_details="")
    question = QuestionFactory(event=row.event)
    Answers.objects.create(registration=row, answers={str(question.pk): "nuts"})
    page = office(olga).post(page_of(row), {"name": name, "contact_details": ""}, follow=True)
    assert ("The answers about the person were deleted, since the name is another one." in page.text) == is_told


def test_a_registration_that_goes_meanwhile_is_a_message(office, olga, full, monkeypatch):
    original = seats.update

    def late(**values):
        Registration.objects.filter(pk=full[2].pk).delete()
        return original(**values)

    monkeypatch.setattr(seats, "update", late)
    page = office(olga).post(page_of(full[2]), {"name": "Kept", "contact_details": ""})
    assert page.status_code in (200, 302)


def test_the_account_is_for_admins(office, olga, ada, make_event, enroll, person):
    row = enroll(make_event(olga), person("zora", email="zora@secret.example"), name="Z", contact_details="")
    pages = [office(who).get(page_of(row)).content.decode() for who in (olga, ada)]
    assert [("zora" in page, "secret.example" in page) for page in pages] == [(False, False), (True, True)]


def test_the_page_takes_as_many_queries_in_a_long_log_beside_fifty_others(office, olga, ada, make_event, enroll):
    event = make_event(olga, full=True)
    row = enroll(event, status="waitlisted")

    clients = [office(olga), office(ada)]

    def count(client):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page_of(row)).status_code == 200
        return len(captured)

    counts = [count(client) for client in clients]
    for _ in range(50):
        enroll(event, status="waitlisted")
        seats.requeue(registration=row, by=olga)
    assert [count(client) for client in clients] == counts
    # the session, the account and its second factor; the registration, its place and its log; the registration again;
    # its emails, and whether a confirmation could be sent again; its scans
    assert counts == [10, 10]


def test_a_check_in_takes_few_statements_and_many_as_many_each(office, olga, make_event, enroll):
    event = make_event(olga, max_capacity=100, date_time=timezone.now())
    entrance_of(event.pk)

    def count(rows):
        client = office(olga)
        with CaptureQueriesContext(connection) as captured:
            bulk(client, rows, "check_in")
        return len(captured)

    one = count([enroll(event)])
    fifty = count([enroll(event) for _ in range(50)])
    # Inside this test's transaction: a savepoint, the row with its event, a savepoint, the change, and two releases;
    # between these the entrance, and that the person is inside and by whom they were let in.
    assert (fifty - one) / 49 == 9


# Adding --------------------------------------------------------------------------------------------------------------


def add(client, event, email="new@example.org", query="", **fields):
    return client.post(f"{ADD}{query}", {"event": getattr(event, "pk", event), "email": email, **fields})


def errors(page):
    assert page.status_code == 200
    return dict(page.context["adminform"].form.errors)


@pytest.mark.parametrize("who", ["olga", "ada"])
def test_somebody_new_gets_a_seat_and_an_account_that_nobody_can_sign_in_to(office, request, olga, make_event, who):
    event = make_event(olga)
    client = office(request.getfixturevalue(who))
    answer = add(client, event, "New@Example.org", name="Nina", contact_details="Gate 1", phone="030 1")
    row = Registration.objects.get()
    assert (answer.url, told(answer)) == (page_of(row), ["Nina has a seat."])
    assert (row.name, row.contact_details, row.phone) == ("Nina", "New@Example.org, Gate 1", "030 1")
    assert (row.status, row.status_through) == ("registered", "admin")
    assert (row.user.email, row.user.has_usable_password()) == ("new@example.org", False)


def test_without_a_name_nothing_of_the_account_is_told(office, olga, make_event, person):
    person("realname", email="x.y@example.org")
    add(office(olga), make_event(olga), "X.Y@example.org")
    row = Registration.objects.get()
    assert (row.user.username, row.name, row.contact_details) == ("realname", "X.Y", "X.Y@example.org")


def test_the_answer_is_the_same_with_and_without_an_account(office, olga, make_event, person):
    person("known")
    client = office(olga)
    answers = [add(client, make_event(olga), f"{name}@example.org", name="N") for name in ("known", "unknown")]
    pages = [client.get(answer.url).content.decode() for answer in answers]
    assert [told(answer)[-1] for answer in answers] == ["N has a seat."] * 2
    for page in pages:
        assert ("known@" in page.replace("unknown@", "known@")) is True  # as typed, where contact details are asked for
        assert "realname" not in page


def test_a_refusal_keeps_what_was_typed_and_makes_no_account(office, olga, full):
    event = full[0].event
    page = add(office(olga), event, "new@example.org", name="Nina", contact_details="Gate 1")
    assert errors(page) == {"event": ["Event is full."]}
    html = page.content.decode()
    assert [text in html for text in ("new@example.org", "Nina", "Gate 1", "Talk")] == [True] * 4
    assert not User.objects.filter(email="new@example.org").exists()


def test_the_queue_on_request(office, olga, full):
    answer = add(office(olga), full[0].event, name="Nina", may_queue="on")
    assert told(answer) == ["Nina is number 3 on the waiting list."]


def test_refusals_stand_beside_their_field(office, olga, bob, make_event, enroll):
    mine = make_event(olga)
    enroll(mine, bob)
    cancelled = make_event(olga, status="cancelled")
    client = office(olga)
    assert errors(add(client, mine, bob.email)) == {"email": ["Already registered for this event."]}
    assert errors(add(client, cancelled)) == {"event": ["Registration is closed: the event is cancelled."]}
    assert errors(add(client, mine, "no address")) == {"email": ["Enter a valid email address."]}
    assert errors(add(client, mine, "")) == {"email": ["This field is required."]}
    assert errors(add(client, "")) == {"event": ["This field is required."]}
    assert list(errors(add(client, mine, name="x" * 256))) == ["name"]
    assert list(errors(add(client, mine, f"{'x' * 250}@example.org"))) == ["email"]
    assert Registration.objects.count() == 1


@pytest.mark.parametrize("event", ["foreign", "x", "9" * 40, "-1", "0"])
def test_an_event_that_is_not_theirs_cannot_be_chosen(office, olga, otto, make_event, event):
    foreign = make_event(otto, title="Secret")
    pk = foreign.pk if event == "foreign" else event
    page = add(office(olga), pk)
    assert list(errors(page)) == ["event"]
    preset = office(olga).get(f"{ADD}?event={pk}")
    assert (preset.status_code, "Secret" in preset.content.decode(), "Secret" in page.content.decode()) == (
        200,
        False,
        False,
    )
    assert Registration.objects.count() == 0


def test_the_event_is_preset_and_stays_for_the_next(office, olga, make_event):
    event = make_event(olga, title="Chosen")
    assert "Chosen" in office(olga).get(f"{ADD}?event={event.pk}").content.decode()
    answer = add(office(olga), event, _addanother="1")
    assert answer.url == f"{ADD}?event={event.pk}"


def test_whoever_is_no_organizer_adds_nobody(office, bob, olga, make_event):
    add(office(bob), make_event(olga))
    assert Registration.objects.count() == 0


# At once -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_check_ins_at_once_are_one(office, olga, ada, make_event, enroll):
    for _ in range(3):
        row = enroll(make_event(olga, date_time=timezone.now()), name="Anna")
        clients = [office(who) for who in (olga, ada)]
        answers = race([lambda client=client, row=row: press(client, row, "check_in") for client in clients])
        assert sorted(told(answer)[0] for answer in answers) == [
            "Anna: already checked in.",
            "Anna: checked in.",
        ]
        assert [line.becomes for line in row.transitions.all()] == ["registered", "attended"]


@pytest.mark.django_db(transaction=True)
def test_two_cancellations_at_once_seat_two_and_name_each_once(office, olga, ada, make_event, enroll):
    for _ in range(3):
        event = make_event(olga, max_capacity=2)
        rows = [enroll(event, name=name) for name in ("Anna", "Ben")]
        for name in ("Carla", "Dora", "Emil"):
            enroll(event, name=name, status="waitlisted")
        clients = [office(who) for who in (olga, ada)]
        answers = race(
            [
                lambda client=client, row=row: press(client, row, "cancel", confirmed="yes")
                for client, row in zip(clients, rows, strict=True)
            ]
        )
        seated = sorted(re.findall(r"cancelled\. (\w+) got the seat", " ".join(told(answer)[0] for answer in answers)))
        assert seated == ["Carla", "Dora"]
        assert Event.objects.get(pk=event.pk).waitlisted == 1
        assert list(seat_audit.find_faults()) == []


@pytest.mark.django_db(transaction=True)
def test_moving_in_the_queue_beside_others_who_join_gives_each_a_number(office, olga, api, person, make_event, enroll):
    people = [person(f"p{n}") for n in range(4)]
    for _ in range(3):
        event = make_event(olga, full=True)
        first, second = enroll(event, status="waitlisted"), enroll(event, status="waitlisted")
        clients = [office(olga), office(olga)]
        joins = [
            lambda who=who, event=event: api(who).post("/attendees/", {"event_id": event.pk, "status": "waitlisted"})
            for who in people
        ]
        race(
            [
                lambda: press(clients[0], first, "requeue"),  # noqa: B023
                lambda: press(clients[1], second, "requeue"),  # noqa: B023
                *joins,
            ]
        )
        numbers = list(Registration.objects.waiting().filter(event=event).values_list("queue_number", flat=True))
        assert len(set(numbers)) == len(numbers) == 6
        assert list(seat_audit.find_faults()) == []
