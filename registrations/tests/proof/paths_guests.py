"""Paths of people without an account: requests, links, seats on hold and their end, and the page of a registration.

A link is made of its request, as the email makes it; what the task of that email does before, holding a seat, is part
of the race. A few addresses are used by all, so that several links of one address meet.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

from django.utils import timezone

from eventhub.exceptions import Refusal
from notifications.tokens import make_token
from registrations import guest_links
from registrations.models import GuestRequest
from registrations.services import holds
from registrations.tests.proof.in_process_requests import api, public_api, public_form
from registrations.tests.proof.outcomes import Answer, Call, done
from registrations.tests.proof.paths import Path
from registrations.tests.proof.scenarios import Scene

CONFIRM = "/public/registrations/confirm"


def _person(scene: Scene, chance: Random) -> dict[str, str]:
    strangers = [f"stranger{number}-{scene.event_ids[0]}@example.org" for number in range(2)]
    return {"name": "Anna", "email": chance.choice([scene.newcomer(chance).email, *strangers])}


def _request(scene: Scene, chance: Random, wait: bool = False) -> GuestRequest:
    """A request as the service writes it, for the paths that begin with its link."""
    person, event = _person(scene, chance), scene.event(chance)
    return GuestRequest.objects.create(
        event=event,
        **person,
        digest=secrets.token_hex(32),
        payload={"wait": wait},
        expires_at=timezone.now() + timedelta(hours=1),
    )


def _ask_and_confirm(scene: Scene, chance: Random) -> Call:
    event, person = scene.event(chance), _person(scene, chance)
    ask = public_api(f"/public/events/{event.pk}/registrations", {**person, "wait": chance.random() < 0.5})

    def both() -> Answer:
        asked = ask()
        if not asked.accepted:
            return asked
        request = GuestRequest.objects.filter(event=event.pk, email=person["email"]).last()
        if request is None:  # the event has been deleted
            return asked
        holds.hold_for(request)
        return public_api(CONFIRM, {"token": guest_links.make_token(request)})()

    return both


def _confirm(scene: Scene, chance: Random) -> Call:
    """Twice, as by a double click."""
    body = {"token": guest_links.make_token(_request(scene, chance)), "wait": chance.random() < 0.5}
    calls = [public_api(CONFIRM, body), public_api(CONFIRM, body)]
    return lambda: [call() for call in calls][-1]


def _on_pages(scene: Scene, chance: Random) -> Call:
    """The form of the event's page, and the button of the link of another request."""
    event = scene.event(chance)
    ask = public_form(f"/e/{event.pk}/register", _person(scene, chance))
    confirm = public_form(f"/r/confirm/{guest_links.make_token(_request(scene, chance, wait=True))}", {})

    def both() -> Answer:
        asked = ask()
        return asked if asked.is_failure else confirm()

    return both


def _hold(scene: Scene, chance: Random) -> Call:
    request = _request(scene, chance)

    def hold() -> Answer:
        return done("held" if holds.hold_for(request) else "not held")

    return hold


def _after_holding(act: Callable[[Scene, GuestRequest, Random], Call]) -> Callable[[Scene, Random], Call]:
    def prepare(scene: Scene, chance: Random) -> Call:
        request = _request(scene, chance)
        with suppress(Refusal):
            holds.hold(event_id=request.event_id, user=holds.account_of(request), name="Anna")
        return act(scene, request, chance)

    return prepare


def _expire(scene: Scene, request: GuestRequest, chance: Random) -> Call:
    def expire() -> Answer:
        holds.remove_overdue(now=timezone.now() + holds.HELD_FOR, dry_run=False)
        return done()

    return expire


def _confirm_held(scene: Scene, request: GuestRequest, chance: Random) -> Call:
    return public_api(CONFIRM, {"token": guest_links.make_token(request)})


def _confirm_for_them(scene: Scene, request: GuestRequest, chance: Random) -> Call:
    account = holds.account_of(request)
    mine = account.registrations.filter(event=request.event_id).last()
    pk = mine.pk if mine else scene.row(chance, "registered").pk
    return api(scene.organizer, "POST", f"/attendees/{pk}/confirm")


def _page(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, "registered", "waitlisted")
    do = chance.choice([{"do": "cancel"}, {"do": "cancel"}, {"do": "details", "name": f"Name {chance.random()}"}])
    return public_form(f"/r/{make_token(row)}", do)


PAGES = (
    *("view public-register", "view e/<slug:name>/register"),
    *("view guest-confirmation", "view r/confirm/<str:token>"),
)
_CONFIRM = ("API GuestConfirmationViewSet.confirm",)

PATHS = (
    Path("guest asks and confirms", _ask_and_confirm, ("API GuestRequestViewSet.create", *_CONFIRM), ("free",)),
    Path("guest confirms", _confirm, _CONFIRM, ("free",)),
    Path("guest on pages", _on_pages, PAGES, ("free",)),
    Path("guest's seat is held", _hold, (), ("free",)),
    Path("guest's hold ends", _after_holding(_expire), (), ("free",)),
    Path("guest confirms a seat on hold", _after_holding(_confirm_held), _CONFIRM, ("free",)),
    Path(
        "organizer confirms for a guest",
        _after_holding(_confirm_for_them),
        ("API AttendeeConfirmationViewSet.confirm",),
        ("free",),
    ),
    Path("page of a registration", _page, ("view my-registration", "view r/<str:token>"), ("seated",)),
)
