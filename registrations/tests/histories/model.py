"""What the contract says of seats, in as few lines as it takes: the random histories are held against it.

Days stand for times, and names for people. Nothing here knows how the service does it.
"""

from dataclasses import dataclass, field

SEATED = ("registered", "attended")
MAY_BECOME = {
    "draft": ("upcoming", "active"),
    "upcoming": ("active", "completed", "cancelled", "draft"),
    "active": ("upcoming", "completed", "cancelled", "draft"),
    "completed": ("active",),
    "cancelled": ("upcoming", "active"),
}


class RefusedError(Exception):
    """A refusal: the status and the code of its answer."""


@dataclass
class Claim:
    """A registration: whose it is (None once the account is deleted), and its status."""

    person: str | None
    status: str = "cancelled"


@dataclass
class House:
    """An event, with its claims by id and the ids of its queue in order. `opens`, `closes` and `ends` are days."""

    organizer: str
    capacity: int
    ends: int
    status: str = "upcoming"
    waitlist: bool = True
    opens: int | None = None
    closes: int | None = None
    claims: dict[int, Claim] = field(default_factory=dict)
    queue: list[int] = field(default_factory=list)

    @property
    def taken(self) -> int:
        return sum(claim.status in SEATED for claim in self.claims.values())

    def live(self, person: str | None) -> list[int]:
        """The person's live claims; nobody's claims are no obstacle to each other."""
        return [
            pk for pk, claim in self.claims.items() if person and claim.person == person and claim.status != "cancelled"
        ]

    def is_open(self, day: int) -> bool:
        inside = (self.opens is None or self.opens <= day) and (self.closes is None or day < self.closes)
        return self.status in ("upcoming", "active") and inside and day < self.ends

    def is_over(self, day: int) -> bool:
        return self.status == "completed" or day >= self.ends

    def serves(self, day: int) -> bool:
        """Whether its queue is served."""
        return self.status not in ("completed", "cancelled") and day < self.ends

    def idle(self, day: int) -> bool:
        """Whether somebody waits beside a free seat, which only what is past every rule can bring about."""
        return self.taken < self.capacity and bool(self.queue) and self.serves(day)

    # The rules, in twenty lines --------------------------------------------------------------------------------------

    def place(self, person: str | None, wanted: str, runs: bool, day: int) -> str:
        """What someone without a claim gets: the status wanted, or a seat for who would have queued."""
        if self.live(person):
            raise RefusedError(409, "already_registered")
        if self.status == "cancelled" or not (runs or self.is_open(day)):
            raise RefusedError(409, "registration_closed")
        if self.taken < self.capacity and not (self.queue and self.serves(day)):
            return "registered" if wanted == "waitlisted" else wanted
        if wanted == "waitlisted" and self.waitlist and self.serves(day):
            return "waitlisted"
        raise RefusedError(409, "event_full")

    def change(self, pk: int, wanted: str, runs: bool, day: int) -> None:
        """The contract's table from \\ to."""
        was, first = self.claims[pk].status, self.queue[:1] == [pk] or not self.serves(day)
        if was in SEATED and wanted == "waitlisted":
            raise RefusedError(400, "invalid")
        if was != wanted and "attended" in (was, wanted) and not runs:
            raise RefusedError(403, "permission_denied")
        if was == "cancelled" != wanted:
            wanted = self.place(self.claims[pk].person, wanted, runs, day)
        may_sit_down = wanted == "attended" and first and self.taken < self.capacity
        if was == "waitlisted" and wanted in SEATED and not may_sit_down:
            raise RefusedError(409, "event_full")
        if was != wanted:
            self.put(pk, wanted)
            self.serve(day)

    def serve(self, day: int) -> None:
        while self.idle(day):
            self.put(self.queue[0], "registered")

    def put(self, pk: int, status: str | None) -> None:
        """Gives a claim a status, None to forget it; who begins to wait does so behind all others."""
        self.queue = [other for other in self.queue if other != pk] + [pk] * (status == "waitlisted")
        if status is None:
            del self.claims[pk]
        else:
            self.claims[pk].status = status
