"""A small world of fixed ids, so that whoever makes up requests meets rows in it: the same ids for every kind.

Of what they may meet there is each case: one's own, a stranger's, a draft of either, and a number that is nobody's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import Role, ServiceToken
from accounts.services import token_secrets
from checkin.models import Checkpoint, GateToken, Scan
from eventhub.testing.contract_client import token_for
from eventhub.testing.factories import (
    EventFactory,
    MembershipFactory,
    QuestionFactory,
    RegistrationFactory,
    UserFactory,
    make_confirmation,
)
from events.mails import PREFIX
from events.models import Event, EventSlug, EventTag, Series, SeriesDate, Tag, TeamInvitation
from notifications.models import Message
from registrations.guest_links import make_token
from registrations.models import Answers, CalendarFeed, GuestRequest, Registration

FIRST = 1_000_001  # far from what the database gives to new rows
IDS = list(range(FIRST, FIRST + 11))

PEOPLE = {
    "bob": Role.USER,
    "olga": Role.ORGANIZER,
    "ada": Role.ADMIN,
    "eve": Role.USER,
    "otto": Role.ORGANIZER,
    "zoe": Role.ADMIN,
    "ida": Role.ADMIN,  # deactivated
    # In the teams of olga's active event and of her draft.
    "max": Role.USER,
    "edda": Role.ORGANIZER,
    "hela": Role.USER,
    "vic": Role.USER,
}
TEAM = {"max": "manager", "edda": "editor", "hela": "helper", "vic": "viewer"}
TEAM_EVENTS = (2, 4)
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
            for pk, (event, name, status) in zip(IDS, REGISTRATIONS, strict=False)
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
        self.gate_tokens = [
            GateToken.objects.create(pk=event.pk, event=event, name="Door", digest=f"nobody knows {event.pk}")
            for event in self.events
        ]
        self.checkpoints = [Checkpoint.objects.create(pk=event.pk, event=event, name="Dinner") for event in self.events]
        self.scans = [self._scan(event, now) for event in self.events]
        EventSlug.objects.create(slug="talk", event=self.events[0])
        Event.objects.filter(pk=self.events[0].pk).update(slug="talk")
        self.tags = [Tag.objects.create(pk=event.pk, slug=f"tag-{event.pk}", name="Tag") for event in self.events]
        EventTag.objects.bulk_create(
            EventTag(tag=tag, event=event) for tag, event in zip(self.tags, self.events, strict=True)
        )
        roles = [(place, name, role) for place in TEAM_EVENTS for name, role in TEAM.items()]
        self.memberships = [
            MembershipFactory(pk=pk, event=self.events[place], user=self.people[name], role=role)
            for pk, (place, name, role) in zip(IDS, roles, strict=False)
        ]
        self.invitations = [
            TeamInvitation.objects.create(
                pk=event.pk,
                event=event,
                email="nadia@example.org",
                role="viewer",
                digest=f"nobody knows {event.pk}",
                expires_at=now + timedelta(days=7),
            )
            for event in self.events
        ]
        self.questions = [QuestionFactory(pk=event.pk, event=event, text="Allergies?") for event in self.events]
        for registration in self.registrations:
            Answers.objects.create(registration=registration, answers={str(registration.event_id): "Nuts"})
        self.series = [self._series(event) for event in self.events]
        for event in self.events:  # with the event's id
            Message.objects.create(
                pk=event.pk, event=event, by=event.organizer, subject="News", body="...", recipients=0
            )
        for registration in self.registrations:
            if registration.status in ("registered", "waitlisted"):
                make_confirmation(registration)
        self.people["ida"].is_active = False
        self.people["ida"].save()

    def _series(self, event: Event) -> Series:
        """A series of one date, with the event's id, that is seen as the event is."""
        about = {"title": event.title, "location": event.location, "max_capacity": event.max_capacity}
        series: Any = Series.objects.create(
            pk=event.pk,
            organizer=event.organizer,
            title=event.title,
            rule="FREQ=WEEKLY;COUNT=1",
            time_zone="UTC",
            starts=event.date_time,
            template=about,
        )
        SeriesDate.objects.create(series=series, event=event, original_start=event.date_time)
        Event.objects.filter(pk=event.pk).update(series=series)
        series.event = event
        return series  # type: ignore[no-any-return]

    def _scan(self, event: Event, now: datetime) -> Scan:
        """Somebody who has come in; a check of nothing where nobody is registered."""
        # With an id of its own: one that the database gives might be NOBODYS.
        entrance = Checkpoint.objects.create(pk=event.pk + 1000, event=event, name="Entrance", is_entrance=True)
        person = next((row for row in self.registrations if row.event == event), None)
        kind, result = ("in", "admitted") if person else ("check", "ticket_unknown")
        return Scan.objects.create(
            pk=event.pk,
            event=event,
            checkpoint=entrance,
            registration=person,
            nonce=UUID(int=event.pk),
            kind=kind,
            result=result,
            at=now,
        )

    def invite(self, who: str) -> str:
        """Invite somebody to the team of a stranger's event; the secret of the link."""
        secret = token_secrets.new_secret(PREFIX)
        values = {"role": "viewer", "expires_at": timezone.now() + timedelta(days=7)}
        values["digest"] = token_secrets.digest_of(secret)
        address = {"event": self.events[5], "email": self.people[who].email}
        TeamInvitation.objects.update_or_create(**address, defaults=values)
        return secret

    def ask_as_guest(self, who: str) -> str:
        """Ask for a seat of olga's event to come without signing in; the token of the link."""
        Event.objects.filter(pk=self.events[0].pk).update(guests="confirm_first")
        address = {"event": self.events[0], "email": self.people[who].email}
        secret = {"digest": f"{who:x<64}", "expires_at": timezone.now() + timedelta(days=1)}
        request = GuestRequest.objects.create(name="Guest", **address, **secret)
        return make_token(request)

    def hold_a_seat(self) -> None:
        """Let the first registration wait for its person to confirm it."""
        held_until = timezone.now() + timedelta(minutes=30)
        Registration.objects.filter(pk=self.registrations[0].pk).update(confirm_by=held_until)

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
