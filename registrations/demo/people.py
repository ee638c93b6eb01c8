import unicodedata
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from accounts.models import OrganizerProfile, Role, User
from registrations.demo import texts

ATTENDEES = 2000
# Days ago, before the first event was announced.
ORGANIZERS_JOINED = 400
ATTENDEES_JOINED = (150, 390)
USERNAMES = ("{given}.{family}", "{given}.{family}", "{given}{family}", "{given}_{family}", "{given[0]}{family}")


class Attendee(NamedTuple):
    account: User
    name: str


class Cast(NamedTuple):
    password: str
    admin: User
    profiles: list[OrganizerProfile]
    attendees: list[Attendee]

    @property
    def organizers(self) -> dict[str, User]:
        return {profile.user.username: profile.user for profile in self.profiles}

    @property
    def accounts(self) -> list[User]:
        return [self.admin, *self.organizers.values(), *(attendee.account for attendee in self.attendees)]


def draw_cast(chance: Random, today: datetime) -> Cast:
    data = texts.read("people")
    joined = today - timedelta(days=ORGANIZERS_JOINED)
    profiles = [
        OrganizerProfile(
            user=_account(organizer["username"], Role.ORGANIZER, joined),
            name=organizer["name"],
            contact=organizer["contact"],
            about=organizer["about"],
        )
        for organizer in data["organizers"]
    ]
    return Cast(
        password=data["password"],
        admin=_account(data["admin"]["username"], Role.ADMIN, joined),
        profiles=profiles,
        attendees=_attendees(data["names"]["given"], data["names"]["family"], chance, today),
    )


def _attendees(given: list[str], family: list[str], chance: Random, today: datetime) -> list[Attendee]:
    names = chance.sample([(first, last) for first in given for last in family], ATTENDEES)
    days = sorted((chance.uniform(*ATTENDEES_JOINED) for _ in names), reverse=True)
    taken: set[str] = set()
    attendees = []
    for (first, last), ago in zip(names, days, strict=True):
        username = _username(first, last, taken, chance)
        taken.add(username)
        domain = chance.choice(("example.org", "example.com"))
        account = _account(username, Role.USER, today - timedelta(days=ago), domain)
        attendees.append(Attendee(account, f"{first} {last}"))
    return attendees


def _username(given: str, family: str, taken: set[str], chance: Random) -> str:
    plain = chance.choice(USERNAMES).format(given=_ascii(given), family=_ascii(family))
    username = plain
    while username in taken:
        username = f"{plain}{chance.randint(2, 99)}"
    return username


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def _account(username: str, role: str, joined: datetime, domain: str = "example.org") -> User:
    return User(username=username, email=f"{username}@{domain}", role=role, created_at=joined)
