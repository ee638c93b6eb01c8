"""What those do who run events: they announce, change and delete them, and help people at the desk."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounts.models import Role, User
from registrations.models import Registration
from registrations.services import check_in, seats
from registrations.tests.histories.model import MAY_BECOME, House
from registrations.tests.histories.state_machine import (
    ROLES,
    Sides,
    askers,
    at,
    capacities,
    names,
    some,
    there_are_claims,
    there_are_events,
)

ACTIONS: dict[str, check_in.Rule] = {
    "check_in": check_in.check_in,
    "undo_check_in": check_in.undo_check_in,
    "reinstate": check_in.reinstate,
    "cancel": check_in.cancel,
    "requeue": check_in.requeue,
    "remove": check_in.remove,
}
WANTED = {"check_in": "attended", "undo_check_in": "registered", "reinstate": "registered", "cancel": "cancelled"}
ONLY_FROM = {"undo_check_in": "attended", "reinstate": "cancelled", "requeue": "waitlisted"}


class Organizers(Sides):
    @precondition(lambda self: len(self.houses) < 3)
    @rule(
        name=names, capacity=capacities, ends=st.sampled_from([20, 30]), status=st.sampled_from(["upcoming", "draft"])
    )
    def announce(self, name: str, capacity: int, ends: int, status: str) -> None:
        values = {"title": "Talk", "location": "Hall", "max_capacity": capacity, "status": status}
        times = {"date_time": at(1).isoformat(), "end_time": at(ends).isoformat()}
        created = self.ask(
            name, "POST", "/events/", {**values, **times}, lambda: self.require(ROLES[name] != Role.USER), 201
        )
        if created:
            self.houses[created["event_id"]] = House(name, capacity, ends, status)

    def edit(self, asker: str, number: int, key: str, value: Any, model: Callable[[House], bool]) -> None:
        """Sends one value of an event; `model` takes it over, and says whether that changes anything."""
        pk, house = self.house(number)
        name = self.who(asker, house, None)

        def expected() -> None:
            self.see(name, house)
            self.require(self.runs(name, house))
            if model(house):
                house.serve(self.day)

        sent = value.isoformat() if isinstance(value, datetime) else value
        body = self.ask(name, "PATCH", f"/events/{pk}", {key: sent}, expected)
        if body:
            counts = (house.taken, house.capacity - house.taken, len(house.queue))
            assert (body["seats_taken"], body["seats_left"], body["waitlisted"]) == counts

    @there_are_events
    @rule(asker=askers, number=some, capacity=capacities)
    def resize(self, asker: str, number: int, capacity: int) -> None:
        def model(house: House) -> bool:
            self.require(capacity >= house.taken, (409, "capacity_below_taken"))
            was, house.capacity = house.capacity, capacity
            return was != capacity

        self.edit(asker, number, "max_capacity", capacity, model)

    @there_are_events
    @rule(asker=askers, number=some, status=st.sampled_from([*MAY_BECOME]))
    def give_status(self, asker: str, number: int, status: str) -> None:
        """Calls it off, completes it, opens it again, makes it a draft."""

        def model(house: House) -> bool:
            was = house.status
            self.require(status == was or status in MAY_BECOME[was], (400, "invalid"))
            empty = not house.taken and not house.queue
            self.require(empty or status != "draft" or was == "draft", (409, "has_attendees"))
            house.status = status
            return was != status

        self.edit(asker, number, "status", status, model)

    @there_are_events
    @rule(asker=askers, number=some, key=st.sampled_from(["opens", "closes"]), day=st.sampled_from([None, 10, 20]))
    def move_window(self, asker: str, number: int, key: str, day: int | None) -> None:
        def model(house: House) -> bool:
            was = (house.opens, house.closes)
            opens, closes = (day, house.closes) if key == "opens" else (house.opens, day)
            self.require(opens is None or closes is None or opens < closes, (400, "invalid"))
            house.opens, house.closes = opens, closes
            return was != (opens, closes)

        self.edit(asker, number, f"registration_{key}", at(day), model)

    @there_are_events
    @rule(asker=askers, number=some, day=st.sampled_from([20, 30]))
    def move_end(self, asker: str, number: int, day: int) -> None:
        def model(house: House) -> bool:
            was, house.ends = house.ends, day
            return was != day

        self.edit(asker, number, "end_time", at(day), model)

    @there_are_events
    @rule(asker=askers, number=some, on=st.booleans())
    def switch_queue(self, asker: str, number: int, on: bool) -> None:
        def model(house: House) -> bool:
            was, house.waitlist = house.waitlist, on
            return was != on

        self.edit(asker, number, "waitlist", on, model)

    @there_are_events
    @rule(asker=askers, number=some)
    def delete_event(self, asker: str, number: int) -> None:
        pk, house = self.house(number)
        name = self.who(asker, house, None)

        def model() -> None:
            self.see(name, house)
            self.require(self.runs(name, house))
            del self.houses[pk]

        self.ask(name, "DELETE", f"/events/{pk}", None, model, 204)

    @there_are_claims
    @rule(asker=askers, number=some, deed=st.sampled_from([*ACTIONS]))
    def at_the_desk(self, asker: str, number: int, deed: str) -> None:
        """What the buttons of the back office do."""
        pk, house = self.claim(number)
        was, name = house.claims[pk].status, self.who(asker, house, house.claims[pk].person)

        def model() -> None:
            self.require(self.runs(name, house))
            self.require(was in (ONLY_FROM.get(deed, was), WANTED.get(deed)), (400, "invalid"))
            if deed in WANTED:
                house.change(pk, WANTED[deed], True, self.day)
            elif deed == "remove" or house.queue[-1] != pk:
                house.put(pk, None if deed == "remove" else "waitlisted")
                house.serve(self.day)

        registration = Registration.objects.select_related("event").get(pk=pk)
        by = User.objects.get(pk=self.ids[name])
        self.act(lambda: ACTIONS[deed](registration=registration, by=by), model)

    @there_are_events
    @rule(number=some)
    def promote(self, number: int) -> None:
        pk, house = self.house(number)
        before = len(house.queue)
        house.serve(self.day)
        assert seats.promote(event_id=pk) == before - len(house.queue)
