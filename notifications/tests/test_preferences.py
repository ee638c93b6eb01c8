"""Which mails people do not want, and the tokens of the links with which they say so."""

import pytest
from django.core.mail import EmailMessage
from django.core.signing import Signer
from django.db import IntegrityError, transaction
from django.utils import timezone

from notifications import tokens
from notifications.models import OptOut, OptOutScope
from notifications.services import preferences, retention
from notifications.tokens import Subscription

pytestmark = pytest.mark.django_db

EVERYTHING, ORGANIZER, EVENT, REMINDERS, DIGESTS = OptOutScope


@pytest.fixture
def event(olga, make_event):
    return make_event(olga)


@pytest.mark.parametrize(
    ("scope", "stops"),
    [
        (EVERYTHING, {"this", "next", "foreign"}),
        (ORGANIZER, {"this", "next"}),
        (EVENT, {"this"}),
        (REMINDERS, set()),
        (DIGESTS, {"summaries"}),
    ],
)
def test_a_scope_stops_its_messages_of_that_person_alone(scope, stops, event, olga, otto, bob, eve, make_event):
    about = {"this": event, "next": make_event(olga), "foreign": make_event(otto), "summaries": None}
    people = [bob.pk, eve.pk]
    for _ in range(2):  # again changes nothing
        preferences.opt_out(bob.pk, scope, organizer_id=olga.pk, event_id=event.pk)
    found = {name: preferences.opted_out(people, each) for name, each in about.items()}
    assert found == {name: {bob.pk} if name in stops else set() for name in about}
    assert (preferences.wants_reminders(bob.pk), preferences.wants_reminders(eve.pk)) == (scope != REMINDERS, True)
    assert OptOut.objects.count() == 1
    preferences.opt_in(bob.pk, scope, organizer_id=olga.pk, event_id=event.pk)
    assert not OptOut.objects.exists()


def test_an_opt_out_ends_with_its_person_organizer_and_event(event, olga, bob, eve, otto):
    preferences.opt_out(bob.pk, EVERYTHING)
    preferences.opt_out(eve.pk, ORGANIZER, organizer_id=otto.pk)
    preferences.opt_out(eve.pk, EVENT, event_id=event.pk)
    for gone in (bob, otto, event):
        gone.delete()
    assert not OptOut.objects.exists()


def test_housekeeping_deletes_what_a_previous_release_has_left(event, bob):
    preferences.opt_out(bob.pk, EVENT, event_id=event.pk)
    preferences.opt_out(bob.pk, EVENT, event_id=event.pk + 1)
    preferences.opt_out(bob.pk + 1000, EVERYTHING)
    retention.delete_old(now=timezone.now(), dry_run=False)
    assert list(OptOut.objects.values_list("user", "event")) == [(bob.pk, event.pk)]


@pytest.mark.parametrize(
    "wrong", [{"scope": EVENT}, {"scope": ORGANIZER, "event": 1}, {"scope": EVERYTHING, "event": 1}]
)
def test_the_database_refuses_an_opt_out_of_no_scope(wrong, event, bob):
    named = {"event": event} if "event" in wrong else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        OptOut.objects.create(user=bob, **{**wrong, **named})


def test_a_token_names_the_person_the_scope_and_where_the_mail_came_from(event, olga, bob):
    for scope in OptOutScope:
        about = tokens.subscription_of(bob, event, scope=scope)
        assert about == Subscription(bob.pk, scope, olga.pk, event.pk)
        assert tokens.find_subscription(tokens.make_unsubscribe_token(about)) == about
    summary = tokens.subscription_of(bob)
    assert tokens.find_subscription(tokens.make_unsubscribe_token(summary)) == Subscription(bob.pk, DIGESTS)


def test_tokens_of_another_kind_and_invented_ones_are_not_valid(event, bob, enroll):
    registration = enroll(event, bob)
    token = tokens.make_unsubscribe_token(tokens.subscription_of(bob, event))
    foreign = (
        *("", "x", "💥", token[:-1], token.replace(f"{bob.pk}-", f"{event.organizer_id}-", 1)),
        token.replace("organizer", "everything"),
        tokens.make_token(registration),
        Signer(sep=".").sign(token.partition(".")[0]),
    )
    assert [tokens.find_subscription(each) for each in foreign] == [None] * len(foreign)
    assert tokens.find_registration(token) is None
    assert tokens.find_subscription(token)
    registration.delete()
    bob.delete()
    assert tokens.find_subscription(token) is None


def test_the_headers_of_a_mail_carry_the_link_in_one_piece(event, bob, settings):
    settings.PUBLIC_URL = "https://events.a-name-of-quite-some-length.example.org"
    headers = preferences.unsubscribe_headers(bob, event)
    link = preferences.unsubscribe_link(bob, event)
    assert link.startswith(f"{settings.PUBLIC_URL}/admin/unsubscribe/?token=")
    assert headers == {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    assert f" <{link}>\n" in EmailMessage("Talk", "", to=[bob.email], headers=headers).message().as_string()
