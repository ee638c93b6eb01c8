"""Test data by factory-boy: `EventFactory(full=True)`, `RegistrationFactory(event=event, waitlisted=True)`."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Role, User
from events.models import Event, EventStatus, Membership, TeamRole
from notifications.models import Kind, Notice, Priority, State
from registrations.models import Question, Registration, RegistrationStatus

PASSWORD = "a passphrase for tests"


@cache
def password_hash() -> str:
    """Return one argon2 hash for all accounts, because hashing is slow on purpose."""
    return make_password(PASSWORD)


def from_now(**period: float) -> Callable[[], Any]:
    return lambda: timezone.now() + timedelta(**period)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        organizer = factory.Trait(role=Role.ORGANIZER)
        admin = factory.Trait(role=Role.ADMIN)
        # Made by an import for somebody who has not signed up: nobody can sign in to it.
        unclaimed = factory.Trait(password=factory.LazyFunction(lambda: make_password(None)))

    username = factory.Sequence("guest{}".format)
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    role = Role.USER
    password = factory.LazyFunction(password_hash)

    @factory.post_generation
    def profile(user: User, create: bool, extracted: object, **fields: object) -> None:  # noqa: N805
        if create:
            user.ensure_profile()


def take_every_seat(event: Event, create: bool, extracted: None, **fields: object) -> None:
    RegistrationFactory.create_batch(event.max_capacity, event=event)
    event.refresh_from_db()


def queue_up(event: Event, create: bool, length: int | None, **fields: object) -> None:
    RegistrationFactory.create_batch(length or 1, event=event, waitlisted=True)
    event.refresh_from_db()


class EventFactory(DjangoModelFactory[Event]):
    """An event a week from now, of an organizer of its own.

    `EventFactory(full=True, max_capacity=3)` has no seat left; `EventFactory(with_queue=True, queue=2)` is full, and
    two people are on its waiting list.
    """

    class Meta:
        model = Event
        skip_postgeneration_save = True

    class Params:
        draft = factory.Trait(status=EventStatus.DRAFT)
        past = factory.Trait(date_time=factory.LazyFunction(from_now(days=-7)))
        full = factory.Trait(max_capacity=1, attendees=factory.PostGeneration(take_every_seat))
        with_queue = factory.Trait(full=True, queue=factory.PostGeneration(queue_up))

    title = "Talk"
    location = "Hall"
    max_capacity = 10
    date_time = factory.LazyFunction(from_now(days=7))
    organizer = factory.SubFactory(UserFactory, organizer=True)


class MembershipFactory(DjangoModelFactory[Membership]):
    """A member of an event's team: `MembershipFactory(event=event, user=bob, role="helper")`."""

    class Meta:
        model = Membership
        skip_postgeneration_save = True

    event = factory.SubFactory(EventFactory)
    user = factory.SubFactory(UserFactory)
    role = TeamRole.MANAGER

    @factory.post_generation
    def note(membership: Membership, create: bool, extracted: object, **fields: object) -> None:  # noqa: N805
        membership.user.in_teams = True
        membership.user.__dict__.pop("team_roles", None)
        membership.user.save(update_fields=["in_teams"])


class RegistrationFactory(DjangoModelFactory[Registration]):
    """A registration that is written past the services, whatever they would say to it."""

    class Meta:
        model = Registration

    class Params:
        waitlisted = factory.Trait(status=RegistrationStatus.WAITLISTED)
        attended = factory.Trait(status=RegistrationStatus.ATTENDED)
        cancelled = factory.Trait(status=RegistrationStatus.CANCELLED)

    event = factory.SubFactory(EventFactory)
    user = factory.SubFactory(UserFactory)
    status = RegistrationStatus.REGISTERED
    name = factory.LazyAttribute(lambda registration: registration.user.username)


class QuestionFactory(DjangoModelFactory[Question]):
    """The next question of an event: `QuestionFactory(event=event, type="choice", texts=["Vegan", "Other"])`."""

    class Meta:
        model = Question
        exclude = ("texts",)
        skip_postgeneration_save = True

    event = factory.SubFactory(EventFactory)
    place = factory.LazyAttribute(lambda question: question.event.questions.count() + 1)
    text = factory.Sequence("Question {}".format)
    texts: tuple[str, ...] = ()
    options = factory.LazyAttribute(
        lambda question: [{"id": n, "text": text, "archived": False} for n, text in enumerate(question.texts, 1)]
    )

    @factory.post_generation
    def noted(question: Question, create: bool, extracted: object, **fields: object) -> None:  # noqa: N805
        Event.objects.filter(pk=question.event_id).update(asks_questions=True)
        question.event.refresh_from_db()


def make_confirmation(registration: Registration) -> Notice:
    """Make the notice of a registration's latest change, as if its email had been sent."""
    kind = Kind.QUEUED if registration.status == RegistrationStatus.WAITLISTED else Kind.REGISTERED
    notice: Notice = Notice.objects.create(
        kind=kind,
        priority=Priority.OWN,
        user=registration.user,
        event=registration.event,
        registration=registration,
        transition=registration.transitions.last(),
        state=State.SENT,
    )
    return notice
