"""A small world of fixed ids, so that whoever makes up requests meets rows in it: the same ids for every kind.

Of what they may meet there is each case: one's own, a stranger's, a draft of either, and a number that is nobody's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Role, ServiceToken
from eventhub.testing.contract_client import token_for
from eventhub.testing.factories import EventFactory, RegistrationFactory, UserFactory, make_confirmation
from notifications.models import Message
from registrations.models import CalendarFeed

FIRST = 1_000_001  # far from what the database gives to new rows
IDS = list(range(FIRST, FIRST + 8))

PEOPLE = {
    "bob": Role.USER,
    "olga": Role.ORGANIZER,
    "ada": Role.ADMIN,
    "eve": Role.USER,
    "otto": Role.ORGANIZER,
    "zoe": Role.ADMIN,
    "ida": Role.ADMIN,  # deactivated
}
# Whose, in which status, with how many seats, and in how many days.
EVENTS = [
    ("olga", "upcoming", 3, 7),
    ("otto", "draft", 3, 7),
    ("olga", "active", 1, 1),
    ("otto", "upcoming", 1, 7),
    ("olga", "draft", 2, 7),
    ("otto", "completed", 2, -7),
]
# For which event, whose, in which status.
REGISTRATIONS = [
    (0, "bob", "registered"),
    (1, "bob", "registered"),
    (2, "bob", "registered"),
    (2, "eve", "waitlisted"),
    (3, "olga", "attended"),
    (3, "eve", "cancelled"),
    (5, "eve", "attended"),
    (0, "eve", "registered"),
]
ROLES = ("anonymous", "bob", "olga", "ada")


class Scene:
    """The rows. `people`, `events` and `registrations` are as the lists above have them."""

    def __init__(self) -> None:
        self.people = {
            name: UserFactory(pk=pk, username=name, role=role, is_trusted_to_write=True)
            for pk, (name, role) in zip(IDS, PEOPLE.items(), strict=False)
        }
        now = timezone.now()
        self.events = [
            EventFactory(
                pk=pk,
                organizer=self.people[organizer],
                title=f"Talk {pk}",
                status=status,
                max_capacity=seats,
                date_time=now + timedelta(days=days),
            )
            for pk, (organizer, status, seats, days) in zip(IDS, EVENTS, strict=False)
        ]
        self.registrations = [
            RegistrationFactory(pk=pk, event=self.events[event], user=self.people[name], status=status)
            for pk, (event, name, status) in zip(IDS, REGISTRATIONS, strict=True)
        ]
        self.tokens = {name: token_for(user) for name, user in self.people.items()}
        self.service_tokens = [
            ServiceToken.objects.create(
                pk=pk,
                user=user,
                name="Calendar",
                digest=f"nobody knows {pk}",
                scopes=["events:read"],
                bond=user.get_session_auth_hash(),
                created_at=now,
                expires_at=now + timedelta(days=7),
            )
            for pk, user in zip(IDS, self.people.values(), strict=False)
        ]
        self.calendar_feeds = [
            CalendarFeed.objects.create(
                pk=pk, user=user, kind="registrations", digest=f"nobody knows {pk}", bond=user.get_session_auth_hash()
            )
            for pk, user in zip(IDS, self.people.values(), strict=False)
        ]
        for event in self.events:  # with the event's id
            Message.objects.create(
                pk=event.pk, event=event, by=event.organizer, subject="News", body="...", recipients=0
            )
        for registration in self.registrations:
            if registration.status in ("registered", "waitlisted"):
                make_confirmation(registration)
        self.people["ida"].is_active = False
        self.people["ida"].save()

    def headers(self, who: str) -> dict[str, str]:
        """What signs a request of theirs; nothing for `anonymous`."""
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}


@contextmanager
def undone(run_callbacks: Callable[..., Any]) -> Iterator[None]:
    """What happens inside is undone in the end, after what waits for a commit has run as well."""
    with transaction.atomic():
        with run_callbacks(execute=True):
            yield
        transaction.set_rollback(True)
