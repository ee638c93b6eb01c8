"""The factories' traits, which other tests rely on."""

import pytest
from django.utils import timezone

from eventhub.testing.factories import PASSWORD, EventFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_an_account_is_an_attendee_who_can_sign_in():
    user = UserFactory()
    assert (user.username, user.email, user.role) == ("guest1", "guest1@example.org", "user")
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("role", ["organizer", "admin"])
def test_organizers_and_admins_have_a_public_profile(role):
    user = UserFactory(**{role: True})
    assert user.role == role
    assert user.profile.public_name == user.username


def test_nobody_can_sign_in_to_an_unclaimed_account():
    assert not UserFactory(unclaimed=True).has_usable_password()


def test_an_event_is_announced_free_and_next_week():
    event = EventFactory()
    assert (event.status, event.seats_taken, event.waitlisted) == ("upcoming", 0, 0)
    assert event.date_time > timezone.now()
    assert event.organizer.role == "organizer"


def test_the_traits_of_an_event():
    assert EventFactory(draft=True).status == "draft"
    assert EventFactory(past=True).date_time < timezone.now()
    full, queued = EventFactory(full=True, max_capacity=3), EventFactory(with_queue=True)
    assert (full.seats_taken, full.seats_left, full.waitlisted) == (3, 0, 0)
    assert (queued.seats_taken, queued.seats_left, queued.waitlisted) == (1, 0, 1)
    assert EventFactory(with_queue=True, queue=3).waitlisted == 3


@pytest.mark.parametrize("status", ["waitlisted", "attended", "cancelled"])
def test_the_traits_of_a_registration(status):
    assert RegistrationFactory(**{status: True}).status == status
    assert RegistrationFactory().status == "registered"
