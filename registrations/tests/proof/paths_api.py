"""Paths through the API."""

from random import Random
from typing import Any

from eventhub.testing.factories import QuestionFactory
from events.models import Event
from registrations.tests.proof.in_process_requests import api
from registrations.tests.proof.outcomes import Answer, Call
from registrations.tests.proof.paths import Path
from registrations.tests.proof.scenarios import Scene

LIVE = ("registered", "attended", "waitlisted")


def _register(scene: Scene, chance: Random) -> Call:
    return api(scene.newcomer(chance), "POST", "/attendees/", {"event_id": scene.event(chance).pk})


def _register_with_answers(scene: Scene, chance: Random) -> Call:
    event = scene.event(chance)
    question = QuestionFactory(event=event, required="yes")
    body = {"event_id": event.pk, "answers": {str(question.pk): "Nuts"}}
    if chance.random() < 0.5:
        body["status"] = "waitlisted"
    return api(scene.newcomer(chance), "POST", "/attendees/", body)


def _register_again(scene: Scene, chance: Random) -> Call:
    """Sent twice under one key, by somebody who has not seen the first answer. It ends with the event."""
    event = scene.event(chance)
    body: dict[str, Any] = {"event_id": event.pk}
    if chance.random() < 0.5:
        body["status"] = "waitlisted"
    send = api(scene.newcomer(chance), "POST", "/attendees/", body, key=f"key-{chance.random()}")

    def twice() -> Answer:
        first, second = send(), send()
        is_gone = second.code == "not_found" and not Event.objects.filter(pk=event.pk).exists()
        if first.accepted and second != first and not is_gone:
            return Answer(f"{second.code} after {first.code}", is_failure=True)
        return second

    return twice


def _join_queue(scene: Scene, chance: Random) -> Call:
    body = {"event_id": scene.event(chance).pk, "status": "waitlisted"}
    return api(scene.newcomer(chance), "POST", "/attendees/", body)


def _add(scene: Scene, chance: Random) -> Call:
    """By the account, by its address, or by an address that has none."""
    newcomer = scene.newcomer(chance)
    stranger = f"stranger{chance.randrange(3)}-{scene.event_ids[0]}@example.org"
    who = chance.choice([{"user_id": newcomer.pk}, {"email": newcomer.email}, {"email": stranger}])
    body: dict[str, Any] = {"event_id": scene.event(chance).pk, **who}
    if chance.random() < 0.3:
        body["status"] = "waitlisted"
    return api(chance.choice([scene.organizer, scene.admin]), "POST", "/attendees/", body)


def _cancel(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, *LIVE)
    who = scene.organizer if row.status == "attended" else chance.choice([row.user, scene.organizer])
    return api(who, "PATCH", f"/attendees/{row.pk}", {"status": "cancelled"})


def _come_back(status: str) -> Any:
    def prepare(scene: Scene, chance: Random) -> Call:
        row = scene.row(chance, "cancelled")
        return api(chance.choice([row.user, scene.organizer]), "PATCH", f"/attendees/{row.pk}", {"status": status})

    return prepare


def _check_in(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, "registered", "waitlisted", "cancelled")
    return api(scene.organizer, "PATCH", f"/attendees/{row.pk}", {"status": "attended"})


def _undo_check_in(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, "attended")
    return api(scene.organizer, "PATCH", f"/attendees/{row.pk}", {"status": "registered"})


def _rename(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, *LIVE)
    return api(row.user, "PUT", f"/attendees/{row.pk}", {"name": f"Name {chance.random()}"})


def _delete(scene: Scene, chance: Random) -> Call:
    row = scene.row(chance, *LIVE)
    return api(chance.choice([row.user, scene.organizer]), "DELETE", f"/attendees/{row.pk}")


def _resize(scene: Scene, chance: Random) -> Call:
    event = scene.event(chance)
    return api(scene.organizer, "PATCH", f"/events/{event.pk}", {"max_capacity": chance.randint(1, 4)})


def _reopen(scene: Scene, chance: Random) -> Call:
    """Called off, or over, and open again."""
    path, ended = f"/events/{scene.event(chance).pk}", chance.choice(["cancelled", "completed"])
    close = api(scene.organizer, "PATCH", path, {"status": ended})
    again = api(scene.organizer, "PATCH", path, {"status": "active"})

    def both() -> Answer:
        closed = close()
        return closed if closed.is_failure else again()

    return both


def _delete_event(scene: Scene, chance: Random) -> Call:
    return api(scene.organizer, "DELETE", f"/events/{scene.event(chance).pk}")


def _delete_account(scene: Scene, chance: Random) -> Call:
    """Of somebody who is in both events, more often than not; now and then the organizer's, which is refused."""
    account = scene.organizer if chance.random() < 0.1 else scene.row(chance, *LIVE).user
    return api(chance.choice([account, scene.admin]), "DELETE", f"/users/{account.pk}")


_CREATE, _UPDATE, _DESTROY = (f"API AttendeeViewSet.{name}" for name in ("create", "update", "destroy"))
_EVENT = "API EventViewSet.update"

PATHS = (
    Path("API register", _register, (_CREATE,), ("free",)),
    Path("API join the queue", _join_queue, (_CREATE,)),
    Path("API register with answers", _register_with_answers, (_CREATE,), ("free",)),
    Path("API register, sent again", _register_again, (_CREATE,), ("free",)),
    Path("API organizer adds", _add, (_CREATE,), ("free",)),
    Path("API cancel", _cancel, (_UPDATE,)),
    Path("API reinstate", _come_back("registered"), (_UPDATE,), ("free",)),
    Path("API queue again", _come_back("waitlisted"), (_UPDATE,)),
    Path("API check in", _check_in, (_UPDATE,), ("free",)),
    Path("API undo check-in", _undo_check_in, (_UPDATE,), ("attended",)),
    Path("API change name", _rename, (_UPDATE,), ("seated",)),
    Path("API delete registration", _delete, (_DESTROY,), ("seated",)),
    Path("API resize", _resize, (_EVENT,)),
    Path("API call off, reopen", _reopen, (_EVENT,), ("waiting",), may_close=True),
    Path("API delete event", _delete_event, ("API EventViewSet.destroy",)),
    Path("API delete account", _delete_account, ("API UserViewSet.destroy",), ("seated", "waiting")),
)
