"""A clock that jumps while people register and queue, on whichever database this runs."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from eventhub.testing.concurrency import race
from eventhub.testing.contract_client import ContractClient
from events.models import Event
from registrations.models import Registration
from registrations.services import seat_audit
from registrations.tests.histories.state_machine import lasting_token

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clients(person):
    since = timezone.now() - timedelta(days=2)
    return [ContractClient(lasting_token(person(f"p{number}"), since)) for number in range(12)]


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=-1)])
def test_nobody_overtakes_in_the_queue_by_a_clock_that_jumps(clients, olga, make_event, jump):
    with time_machine.travel(timezone.now()) as clock:
        event = make_event(olga, max_capacity=1)

        def queue(some):
            calls = [
                lambda client=client: client.post("/attendees/", {"event_id": event.pk, "status": "waitlisted"})
                for client in some
            ]
            answers = race([*calls, lambda: clock.shift(jump)])[:-1]
            assert [answer.status_code for answer in answers] == [201] * len(some)
            return {answer.json()["attendee_id"] for answer in answers}

        earlier, later = queue(clients[:6]), queue(clients[6:])
        assert list(seat_audit.find_faults()) == []
        organizer = ContractClient(lasting_token(olga, timezone.now() - timedelta(days=9)))
        assert organizer.patch(f"/events/{event.pk}", {"max_capacity": len(earlier)}).status_code == 200
        seated = Registration.objects.filter(status="registered").values_list("pk", flat=True)
        assert set(seated) == earlier
        assert list(seat_audit.find_faults()) == []
    assert Registration.objects.waiting().count() == len(later)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=-1)])
def test_the_last_seats_are_given_once_whatever_the_clock_says(clients, olga, make_event, jump):
    with time_machine.travel(timezone.now()) as clock:
        event = make_event(olga, max_capacity=3)
        calls = [lambda client=client: client.post("/attendees/", {"event_id": event.pk}) for client in clients]
        answers = race([*calls, lambda: clock.shift(jump)])[:-1]
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 9
        assert Event.objects.get().seats_taken == 3
        assert list(seat_audit.find_faults()) == []
