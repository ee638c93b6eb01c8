"""Paths through the back office: its bulk actions, buttons, forms and the import."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.utils import timezone

from events.models import Event
from registrations.models import Registration
from registrations.tests.proof.in_process_requests import office, upload
from registrations.tests.proof.outcomes import Call
from registrations.tests.proof.paths import Path
from registrations.tests.proof.scenarios import Scene

EVENTS = "/admin/events/event/"
PEOPLE = "/admin/registrations/registration/"
LIVE = ("registered", "attended", "waitlisted")
# Each deed on a registration, and whom it is for.
ACTIONS = {
    "check_in": ("registered", "waitlisted", "cancelled"),
    "confirm": ("registered",),
    "undo_check_in": ("attended",),
    "reinstate": ("cancelled",),
    "requeue": ("waitlisted",),
    "cancel": LIVE,
    "remove": LIVE,
}
# What the scene of a deed has to have, for it to be done to somebody.
WANTS = {
    "confirm": ("seated",),
    "undo_check_in": ("attended",),
    "requeue": ("waiting",),
    "cancel": ("seated",),
    "remove": ("seated",),
}
# Each step of an event, the scene that it is for, and whether a queue is closed by it or was before.
STEPS = {
    "publish": ("draft", False),
    "open_registration": ("window closed", False),
    "close_registration": (None, False),
    "complete": (None, True),
    "reopen": ("called off", True),
    "withdraw": ("empty", False),
    "cancel": (None, True),
}


def _bulk(name: str) -> Any:
    """The action on two ticked rows."""

    def prepare(scene: Scene, chance: Random) -> Call:
        rows = [scene.row(chance, *ACTIONS[name]) for _ in range(2)]
        if name == "confirm":
            ticked = Registration.objects.filter(pk__in=[row.pk for row in rows], status="registered")
            ticked.update(confirm_by=timezone.now() + timedelta(hours=1))
        return office(scene, scene.organizer, PEOPLE, _ticked(name, [row.pk for row in rows]))

    return prepare


def _button(page: Any) -> Any:
    """One of the deeds, on the page that `page` names."""

    def prepare(scene: Scene, chance: Random) -> Call:
        name = chance.choice(sorted(ACTIONS))
        row = scene.row(chance, *ACTIONS[name])
        fields = {"do": f"{name}:{row.pk}", "confirmed": "yes"}
        return office(scene, scene.organizer, page(row), fields)

    return prepare


def _add(scene: Scene, chance: Random) -> Call:
    known = chance.random() < 0.7
    email = scene.newcomer(chance).email if known else f"stranger{chance.randrange(3)}-{scene.event_ids[0]}@example.org"
    fields = {"event": scene.event(chance).pk, "email": email, "name": "", "contact_details": ""}
    if chance.random() < 0.5:
        fields["may_queue"] = "on"
    return office(scene, scene.organizer, f"{PEOPLE}add/", fields)


def _change_details(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, *LIVE)
    fields = {"name": f"Name {chance.random()}", "contact_details": row.contact_details}
    return office(scene, scene.organizer, f"{PEOPLE}{row.pk}/change/", fields)


def _import(scene: Scene, chance: Random) -> Call:
    path = f"{PEOPLE}import/{scene.event(chance).pk}/"
    options = {"reinstate": "on"} if chance.random() < 0.5 else {}
    return upload(scene, scene.organizer, path, guests(scene, chance), options)


def guests(scene: Scene, chance: Random) -> str:
    """A list of three people: some who are there, some who are new, some of whom have no account."""
    known = chance.sample([user.email for user in scene.everybody()], 2)
    return "\n".join(["email", *known, f"stranger{chance.randrange(3)}-{scene.event_ids[0]}@example.org"])


def _step(name: str) -> Any:
    def prepare(scene: Scene, chance: Random) -> Call:
        events = scene.event_ids if chance.random() < 0.3 else [scene.event_ids[0]]
        return office(scene, scene.organizer, EVENTS, _ticked(name, events))

    return prepare


def _change_event(scene: Scene, chance: Random) -> Call:
    event = scene.event(chance)
    fields = event_fields(event) | {"max_capacity": chance.randint(1, 4)}
    return office(scene, scene.organizer, f"{EVENTS}{event.pk}/change/", fields)


def event_fields(event: Event) -> dict[str, Any]:
    """What a browser sends back of the form of an event."""
    fields: dict[str, Any] = {name: getattr(event, name) for name in ("title", "description", "location")}
    for name in ("date_time", "end_time", "registration_opens", "registration_closes"):
        moment = getattr(event, name)
        fields[f"{name}_0"] = moment.strftime("%Y-%m-%d") if moment else ""
        fields[f"{name}_1"] = moment.strftime("%H:%M:%S") if moment else ""
    fields |= {"notifications": event.notifications, "remind_hours": "24", "language": event.language}
    fields |= {name: getattr(event, name) for name in ("guests", "attendance", "visibility", "slug")}
    return {**fields, "max_capacity": event.max_capacity, "waitlist": "on"}


def _delete_event(scene: Scene, chance: Random) -> Call:
    return office(scene, scene.organizer, f"{EVENTS}{scene.event(chance).pk}/delete/", {"post": "yes"})


def _delete_events(scene: Scene, chance: Random) -> Call:
    return office(
        scene, scene.organizer, EVENTS, _ticked("delete", chance.sample(scene.event_ids, chance.randint(1, 2)))
    )


def _delete_account(scene: Scene, chance: Random) -> Call:
    account = scene.organizer if chance.random() < 0.1 else scene.row(chance, *LIVE).user
    return office(scene, scene.admin, f"/admin/accounts/user/{account.pk}/delete/", {})


def _ticked(action: str, ids: Sequence[int]) -> dict[str, Any]:
    return {"action": action, ACTION_CHECKBOX_NAME: [str(pk) for pk in ids], "confirmed": "yes"}


def _of_list(row: Registration) -> str:
    return PEOPLE


def _of_door(row: Registration) -> str:
    return f"{PEOPLE}door/{row.event_id}/"


def _of_row(row: Registration) -> str:
    return f"{PEOPLE}{row.pk}/do/"


def _page(name: str) -> str:
    return f"admin page {name}"


_PEOPLE_LIST, _EVENT_LIST = (_page(f"{name}_changelist") for name in ("registrations_registration", "events_event"))

PATHS = (
    *(
        Path(
            f"admin action {name} people",
            _bulk(name),
            (_PEOPLE_LIST, f"admin action registrations.registration {name}"),
            WANTS.get(name, ("free",)),
        )
        for name in ACTIONS
    ),
    Path("admin button in the list", _button(_of_list), (_PEOPLE_LIST,)),
    Path("admin button at the door", _button(_of_door), (_page("registrations_registration_door"),)),
    Path("admin button on a person's page", _button(_of_row), (_page("registrations_registration_do"),)),
    Path("admin add person", _add, (_page("registrations_registration_add"),), ("free",)),
    Path("admin change person", _change_details, (_page("registrations_registration_change"),), ("seated",)),
    Path("admin import people", _import, (_page("registrations_registration_import"),)),
    *(
        Path(
            f"admin action {name} events",
            _step(name),
            (_EVENT_LIST, f"admin action events.event {name}"),
            (state or "waiting",),
            may_close=closes,
        )
        for name, (state, closes) in STEPS.items()
    ),
    Path("admin change event", _change_event, (_page("events_event_change"),)),
    Path("admin delete event", _delete_event, (_page("events_event_delete"),)),
    Path("admin delete events", _delete_events, (_EVENT_LIST, "admin action events.event delete")),
    Path("admin delete account", _delete_account, (_page("accounts_user_delete"),), ("seated", "waiting")),
)
