"""Random histories of whatever can change a seat, each step held against the model: its answer, and the whole state.

Hypothesis makes them up, the same ones in every run, and prints the shortest that fails. HISTORIES=500 tries so many,
and other ones each time.
"""

import os

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from registrations.tests.histories.attendee_steps import People
from registrations.tests.histories.model import SEATED
from registrations.tests.histories.organizer_steps import Organizers
from registrations.tests.histories.outside_steps import Others
from registrations.tests.histories.state_machine import PEOPLE, capacities, names, some

pytestmark = pytest.mark.slow

# The rules are the same Python on both; what SQLite does in its own way, triggers, is in each step.
USUAL, STEPS = (60 if connection.vendor == "postgresql" else 30), 40


class Histories(People, Organizers, Others):
    """All that anybody does."""

    @initialize(capacity=capacities)
    def begin(self, capacity):
        """Two events, one of them full and with a queue."""
        self.announce("olga", 1, 20, "upcoming")
        self.announce("otto", capacity, 20, "upcoming")
        for name in PEOPLE:
            self.register(name, name, 0, "waitlisted")

    def beside_queues(self):
        """Those who are seated in an event where others wait, by their places among all claims."""
        claims = [(pk, house) for house in self.houses.values() for pk in house.claims]
        return [
            (place, house)
            for place, (pk, house) in enumerate(claims)
            if house.queue and house.claims[pk].status in SEATED
        ]

    @precondition(beside_queues)
    @rule(number=some, name=names, deed=st.sampled_from(["register", "check_in"]))
    def seize(self, number, name, deed):
        """A seat is freed past the rules, and then asked for by a newcomer, or for the last in the queue."""
        beside = self.beside_queues()
        place, house = beside[number % len(beside)]
        self.delete_row(place)
        if deed == "register":
            self.register("its person", name, list(self.houses.values()).index(house), "registered")
        else:
            claims = [pk for other in self.houses.values() for pk in other.claims]
            self.at_the_desk("ada", claims.index(house.queue[-1]), "check_in")

    @precondition(beside_queues)
    @rule(number=some)
    def vanish(self, number):
        """The account of somebody whose seat others wait for is deleted."""
        beside = self.beside_queues()
        place, _ = beside[number % len(beside)]
        pk, house = self.claim(place)
        if name := house.claims[pk].person:
            self.delete_account(name)


@pytest.mark.django_db(transaction=True)
def test_every_history_is_as_the_model_says():
    asked = int(os.environ.get("HISTORIES", "0"))
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=asked or USUAL,
            stateful_step_count=STEPS,
            derandomize=not asked,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
