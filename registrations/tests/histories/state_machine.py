"""The service and its model, side by side: how a step is taken on both, and what must hold after each."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.models import Role, User
from accounts.services.jwt import issue_tokens
from eventhub.exceptions import Refusal
from eventhub.testing.contract_client import ContractClient
from eventhub.testing.factories import UserFactory
from events.models import Event
from registrations.models import Registration, Transition
from registrations.services import seat_audit
from registrations.tests.histories.model import Claim, House, RefusedError

DAY_0 = datetime(2030, 1, 1, tzinfo=UTC)
PEOPLE = ("ann", "ben", "cleo")
ROLES = {**dict.fromkeys(PEOPLE, Role.USER), "olga": Role.ORGANIZER, "otto": Role.ORGANIZER, "ada": Role.ADMIN}
TABLES = (
    *("checkin_scan", "checkin_presence", "checkin_checkpoint"),
    *("registrations_registration", "registrations_transition", "registrations_removal"),
    *("events_event", "events_eventslug", "events_historicalevent"),
    *("token_blacklist_outstandingtoken", "accounts_organizerprofile", "accounts_user"),
)
names = st.sampled_from([*ROLES])
askers = st.sampled_from([*["its organizer"] * 4, *["its person"] * 3, "ada", "otto", "ann"])  # mostly who may
some = st.integers(0, 5)  # which of those that there are
capacities = st.integers(1, 3)
there_are_events = precondition(lambda self: self.houses)
there_are_claims = precondition(lambda self: any(house.claims for house in self.houses.values()))


def at(day: int | None) -> datetime | None:
    return None if day is None else DAY_0 + timedelta(days=day)


def lasting_token(user: User, since: datetime) -> str:
    """An access token that is good from then on, whatever the clock does."""
    token = RefreshToken(issue_tokens(user, auth_time=0)["refresh"]).access_token
    token.set_iat(at_time=since)
    token.set_exp(from_time=since, lifetime=timedelta(days=1000))
    return str(token)


def refusal_of(model: Callable[[], Any]) -> tuple[Any, ...] | None:
    """Takes the model's step: the status and the code of its refusal, or None."""
    try:
        model()
    except RefusedError as refusal:
        return refusal.args
    return None


class Sides(RuleBasedStateMachine):
    """Everything is committed, and deleted after each history: no transaction of the test hides anything."""

    def __init__(self) -> None:
        super().__init__()
        self.day = 5
        self.clock = time_machine.travel(at(self.day))
        self.traveller = self.clock.start()
        self.houses: dict[int, House] = {}
        self.past_the_rules = False  # since the last repair
        self.audited = ""
        self.clients: dict[str, ContractClient] = {}
        self.ids: dict[str, int] = {}
        for name in ROLES:
            self.come(name)

    def teardown(self) -> None:
        self.clock.stop()
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DELETE FROM {table}")

    def come(self, name: str) -> None:
        """A new account of that name, with a token that outlasts every history."""
        user = UserFactory(username=name, role=ROLES[name])
        self.ids[name], self.clients[name] = user.pk, ContractClient(lasting_token(user, since=DAY_0))

    # What is chosen, and who may ------------------------------------------------------------------------------------

    def house(self, number: int) -> tuple[int, House]:
        return list(self.houses.items())[number % len(self.houses)]

    def claim(self, number: int) -> tuple[int, House]:
        """The id of a registration, and its house."""
        claims = [(pk, house) for house in self.houses.values() for pk in house.claims]
        return claims[number % len(claims)]

    def who(self, asker: str, house: House, person: str | None) -> str:
        """A name for `asker`, in the house and for the claim of that person."""
        return {"its organizer": house.organizer, "its person": person or "ada"}.get(asker, asker)

    def runs(self, name: str, house: House) -> bool:
        return name in ("ada", house.organizer)

    def require(self, allowed: bool, refusal: tuple[int, str] = (403, "permission_denied")) -> None:
        if not allowed:
            raise RefusedError(*refusal)

    def see(self, name: str, house: House) -> None:
        self.require(house.status != "draft" or self.runs(name, house), (404, "not_found"))

    # A step on both sides -------------------------------------------------------------------------------------------

    def ask(self, name: str, verb: str, path: str, body: Any, model: Callable[[], Any], good: int = 200) -> Any:
        """Sends a request and holds its answer against the model's; the body, None where it was refused."""
        self.answer = answer = self.clients[name].send(verb, path, body)
        found = answer.json() if answer.content else {}
        expected = refusal_of(model) or (good, None)
        assert (answer.status_code, found.get("code")) == expected
        return found if answer.status_code == good else None

    def act(self, act: Callable[[], Any], model: Callable[[], Any]) -> None:
        """The same for a rule, which refuses by an exception."""
        expected = refusal_of(model)
        if expected is None:
            act()
            return
        with pytest.raises(Refusal) as raised:
            act()
        assert (raised.value.status, raised.value.code) == expected

    def write(self, statement: str, values: list[Any], fits: bool = True) -> None:
        """SQL past every rule, which the database itself takes or refuses."""
        self.past_the_rules = True
        with connection.cursor() as cursor:
            if fits:
                cursor.execute(statement, values)
                return
            with pytest.raises(IntegrityError):
                cursor.execute(statement, values)

    # What must always hold ------------------------------------------------------------------------------------------

    @invariant()
    def the_database_is_as_the_model_says(self) -> None:
        rows = list(Registration.objects.order_by("queue_number", "pk").select_related("user"))
        for pk, house in self.houses.items():
            mine = [row for row in rows if row.event_id == pk]
            assert {row.pk: Claim(row.user and row.user.username, row.status) for row in mine} == house.claims
            assert [row.pk for row in mine if row.status == "waitlisted"] == house.queue
        fields = ("status", "max_capacity", "seats_taken", "waitlisted")
        assert {pk: values for pk, *values in Event.objects.values_list("pk", *fields)} == {
            pk: [house.status, house.capacity, house.taken, len(house.queue)] for pk, house in self.houses.items()
        }

    @invariant()
    def nobody_sits_without_a_seat_or_twice(self) -> None:
        for house in self.houses.values():
            assert house.taken <= house.capacity
            assert all(len(house.live(name)) <= 1 for name in ROLES)

    @invariant()
    def nobody_waits_beside_a_free_seat(self) -> None:
        """But where something past the rules freed it; then the audit says so, until it is repaired."""
        idle = [pk for pk, house in self.houses.items() if house.idle(self.day)]
        assert self.past_the_rules or not idle
        if self.audited != (state := repr((self.day, self.houses))):  # the slowest of all this
            assert [fault.event_id for fault in seat_audit.find_faults()] == sorted(idle)
            self.audited = state

    @invariant()
    def the_log_tells_how_each_came_to_be_so(self) -> None:
        last: dict[int, str] = {}
        for pk, was, becomes in Transition.objects.order_by("pk").values_list("registration", "was", "becomes"):
            assert last.get(pk, "") == was
            last[pk] = becomes
        assert last == {pk: claim.status for house in self.houses.values() for pk, claim in house.claims.items()}
