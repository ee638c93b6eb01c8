"""What people do: they register, queue, leave, come again, and delete their accounts."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from accounts.models import Role
from registrations.models import RegistrationStatus
from registrations.tests.histories.model import Claim
from registrations.tests.histories.state_machine import (
    ROLES,
    Sides,
    askers,
    names,
    some,
    there_are_claims,
    there_are_events,
)


class People(Sides):
    @there_are_events
    @rule(asker=askers, whom=names, number=some, wanted=st.sampled_from(["registered", "waitlisted"]))
    def register(self, asker: str, whom: str, number: int, wanted: str) -> None:
        """Oneself, or, for who runs the event, anybody."""
        pk, house = self.house(number)
        name, got = self.who(asker, house, whom), ""

        def model() -> None:
            nonlocal got
            self.require(name == whom or ROLES[name] != Role.USER)
            self.see(name, house)
            self.require(name == whom or self.runs(name, house))
            got = house.place(whom, wanted, self.runs(name, house), self.day)

        body = {"event_id": pk, "status": wanted} | ({} if name == whom else {"user_id": self.ids[whom]})
        foretold = self.clients[name].get(f"/events/{pk}/registration")
        created = self.ask(name, "POST", "/attendees/", body, model, 201)
        if name == whom:
            self.as_foretold(foretold, wanted)
        if created:
            house.claims[created["attendee_id"]] = claim = Claim(whom)
            house.put(created["attendee_id"], got)
            house.serve(self.day)
            position = len(house.queue) if claim.status == "waitlisted" else None
            found = (created["user_id"], created["status"], created["waitlist_position"])
            assert found == (self.ids[whom], claim.status, position)

    def as_foretold(self, foretold: Any, wanted: str) -> None:
        """What somebody was told who asked beforehand is what came."""
        told, came = foretold.json(), self.answer.json()
        if foretold.status_code != 200:
            assert (foretold.status_code, told) == (self.answer.status_code, came)
        elif told["allowed"]:
            assert (self.answer.status_code, came["status"]) == (201, "registered")
        elif wanted == "waitlisted" and told["can_wait"]:
            assert self.answer.status_code == 201
        else:
            assert (self.answer.status_code, came) == (409, {key: told[key] for key in came})

    @there_are_claims
    @rule(asker=askers, number=some, wanted=st.sampled_from(RegistrationStatus.values))
    def change(self, asker: str, number: int, wanted: str) -> None:
        """Cancels, takes up again, queues, checks in or undoes that: the contract's table from \\ to."""
        pk, house = self.claim(number)
        name = self.who(asker, house, house.claims[pk].person)

        def model() -> None:
            self.see(name, house)
            self.require(name == house.claims[pk].person or self.runs(name, house))
            house.change(pk, wanted, self.runs(name, house), self.day)

        changed = self.ask(name, "PATCH", f"/attendees/{pk}", {"status": wanted}, model)
        assert changed is None or changed["status"] == house.claims[pk].status

    @there_are_claims
    @rule(asker=askers, number=some)
    def remove(self, asker: str, number: int) -> None:
        pk, house = self.claim(number)
        name = self.who(asker, house, house.claims[pk].person)

        def model() -> None:
            self.see(name, house)
            self.require(name == house.claims[pk].person or self.runs(name, house))
            self.require(house.claims[pk].status != "attended" or self.runs(name, house))
            house.put(pk, None)
            house.serve(self.day)

        self.ask(name, "DELETE", f"/attendees/{pk}", None, model, 204)

    @rule(name=st.sampled_from([*ROLES]))
    def delete_account(self, name: str) -> None:
        """Whoever has gone comes back at once, as somebody new."""

        def model() -> None:
            own = [pk for pk, house in self.houses.items() if house.organizer == name]
            self.require(name != "ada", (409, "last_admin"))
            self.require(not any(self.houses[pk].claims for pk in own), (409, "has_events"))
            for house in self.houses.values():
                for pk in [pk for pk, claim in house.claims.items() if claim.person == name]:
                    if house.is_over(self.day):
                        house.claims[pk].person = None
                    else:
                        house.put(pk, None)
                        house.serve(self.day)
            for pk in own:
                del self.houses[pk]

        if self.ask(name, "DELETE", f"/users/{self.ids[name]}", None, model, 204) is not None:
            self.come(name)
