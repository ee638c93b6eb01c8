"""What happens past every rule: the clock moves, somebody types SQL, and `check_seats --repair` puts it right."""

import io

from django.core.management import call_command
from hypothesis import strategies as st
from hypothesis.stateful import rule

from registrations.models import Registration, RegistrationStatus
from registrations.tests.histories.model import SEATED, Claim
from registrations.tests.histories.state_machine import (
    ROLES,
    Sides,
    at,
    capacities,
    some,
    there_are_claims,
    there_are_events,
)

statuses = st.sampled_from(RegistrationStatus.values)


class Others(Sides):
    @rule(day=st.sampled_from([5, 15, 25]))
    def move_clock(self, day: int) -> None:
        """Backwards too, which opens an event that was over, and nobody serves its queue then."""
        self.past_the_rules |= day < self.day
        self.day = day
        self.traveller.move_to(at(day))

    @there_are_claims
    @rule(number=some, status=statuses)
    def write_status(self, number: int, status: str) -> None:
        pk, house = self.claim(number)
        claim = house.claims[pk]
        full = status in SEATED and claim.status not in SEATED and house.taken >= house.capacity
        twice = status != "cancelled" == claim.status and house.live(claim.person)
        fits = not full and not twice
        self.write("UPDATE registrations_registration SET status = %s WHERE id = %s", [status, pk], fits)
        if fits and status != claim.status:
            house.put(pk, status)

    @there_are_claims
    @rule(number=some, other=some)
    def write_event(self, number: int, other: int) -> None:
        """Moves a registration to another event."""
        (pk, house), (new, target) = self.claim(number), self.house(other)
        claim = house.claims[pk]
        full = claim.status in SEATED and target.taken >= target.capacity
        twice = claim.status != "cancelled" and target.live(claim.person)
        fits = target is house or not (full or twice)
        self.write("UPDATE registrations_registration SET event_id = %s WHERE id = %s", [new, pk], fits)
        if fits and target is not house:
            house.put(pk, None)
            target.claims[pk] = claim
            target.put(pk, claim.status)

    @there_are_events
    @rule(name=st.sampled_from([*ROLES]), number=some, status=statuses)
    def write_row(self, name: str, number: int, status: str) -> None:
        pk, house = self.house(number)
        full = status in SEATED and house.taken >= house.capacity
        fits = not full and not (status != "cancelled" and house.live(name))
        known = {claim for other in self.houses.values() for claim in other.claims}
        self.write(
            "INSERT INTO registrations_registration"
            " (event_id, user_id, status, name, contact_details, registration_date, updated_at)"
            " SELECT id, %s, %s, 'by hand', '', updated_at, updated_at FROM events_event WHERE id = %s",
            [self.ids[name], status, pk],
            fits,
        )
        if fits:
            (new,) = set(Registration.objects.values_list("pk", flat=True)) - known
            house.claims[new] = Claim(name)
            house.put(new, status)

    @there_are_claims
    @rule(number=some)
    def delete_row(self, number: int) -> None:
        pk, house = self.claim(number)
        self.write("DELETE FROM registrations_registration WHERE id = %s", [pk])
        house.put(pk, None)

    @there_are_events
    @rule(number=some, capacity=capacities)
    def write_capacity(self, number: int, capacity: int) -> None:
        pk, house = self.house(number)
        fits = capacity >= house.taken
        self.write("UPDATE events_event SET max_capacity = %s WHERE id = %s", [capacity, pk], fits)
        house.capacity = capacity if fits else house.capacity

    @there_are_events
    @rule(number=some)
    def write_counts(self, number: int) -> None:
        """Without effect: the database counts again."""
        pk, _ = self.house(number)
        self.write("UPDATE events_event SET seats_taken = 0, waitlisted = 7 WHERE id = %s", [pk])

    @rule()
    def repair(self) -> None:
        call_command("check_seats", repair=True, stdout=io.StringIO())
        for house in self.houses.values():
            house.serve(self.day)
        self.past_the_rules = False
