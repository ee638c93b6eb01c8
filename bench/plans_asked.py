"""Every operation of the API, with who asks for it and what they send, in front of the rows of `scale_rows`."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.test import Client

from accounts import signed_links
from accounts.models import User
from accounts.services import api_tokens
from accounts.services.jwt import token_pair
from bench import scale_rows as rows
from bench import scale_words as words
from events.models import Event
from registrations.models import Registration, RegistrationStatus

PASSWORD = "a passphrase for explaining"
Value = str | Callable[[], str]


class Asked(NamedTuple):
    """`operation` is the verb and the name of the URL; `made` gives path and body, and may write what they need."""

    operation: str
    role: str
    user_id: int | None
    made: Callable[[], tuple[str, Any]]
    status: int = 200
    detail: str = ""
    headers: Callable[[], dict[str, str]] = dict

    @property
    def verb(self) -> str:
        return self.operation.split()[0]


def requests() -> Iterator[Asked]:
    yield from (one for part in (sessions, accounts, events, attendees) for one in part())


def nobody() -> Client:
    return Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)


def at(path: str, body: Any = None) -> Callable[[], tuple[str, Any]]:
    return lambda: (path, body)


ADMIN, BUSY = ("admin", rows.ADMIN), ("organizer", rows.BUSY)
QUIET, PERSON = ("organizer of old events", rows.QUIET), ("user", rows.PERSON)
NOBODY = ("anyone", None)
KEY = {"idempotency-key": "a-key-for-explaining"}
EVENT, CROWD = rows.BUSY_EVENTS[0], rows.CROWDS[1]
HOST = ("organizer of crowds", rows.HOST)


def sessions() -> Iterator[Asked]:
    sign_up = {"username": "somebody-new", "email": "somebody-new@example.org", "password": PASSWORD}
    yield Asked("POST user-register", *NOBODY, at("/users/register", sign_up), 201)
    yield Asked(
        "POST user-login", *NOBODY, lambda: ("/users/login", {"username": signed_up().username, "password": PASSWORD})
    )
    yield Asked("POST token-refresh", *NOBODY, lambda: ("/users/token/refresh", {"refresh": refresh(rows.PERSON)}))
    yield Asked("POST user-logout", *PERSON, lambda: ("/users/logout", {"refresh": refresh(rows.PERSON)}), 204)
    yield Asked(
        "POST user-password-reset", *NOBODY, lambda: ("/users/password/reset", {"email": signed_up().email}), 204
    )
    yield Asked(
        "POST user-password-reset-confirm",
        *NOBODY,
        lambda: ("/users/password/reset/confirm", {"token": link(signed_links.RESET), "password": f"{PASSWORD} anew"}),
        204,
    )
    yield Asked(
        "POST email-verify", *NOBODY, lambda: ("/users/email/verify", {"token": link(signed_links.VERIFICATION)}), 204
    )
    yield Asked("POST email-verification", *PERSON, at("/users/email/verification", {}), 204)


def accounts() -> Iterator[Asked]:
    yield Asked("GET user-me", *PERSON, at("/users/me"))
    yield Asked("GET user-list", *ADMIN, at("/users/"))
    yield Asked("GET user-list", *ADMIN, at("/users/?role=organizer&ordering=created_at"), detail=" by role and date")
    yield Asked("GET user-list", *ADMIN, at("/users/?search=zofia9"), detail=" searched")
    yield Asked("GET user-detail", *PERSON, at(f"/users/{rows.PERSON}"))
    for verb in ("PUT", "PATCH"):
        yield Asked(f"{verb} user-detail", *PERSON, at(f"/users/{rows.PERSON}", {"username": "another-name"}))
    yield Asked("DELETE user-detail", *PERSON, at(f"/users/{rows.PERSON}"), 204)
    yield Asked("GET user-events", *BUSY, at(f"/users/{rows.BUSY}/events"))
    yield Asked("GET user-organizer", *PERSON, at(f"/users/{rows.BUSY}/organizer"))
    for verb in ("PUT", "PATCH"):
        yield Asked(f"{verb} user-organizer", *BUSY, at(f"/users/{rows.BUSY}/organizer", {"about": "Since 2019."}))
    yield Asked("GET user-export", *PERSON, at("/users/me/export"))
    yield Asked("GET user-export", *BUSY, at("/users/me/export"))
    yield Asked("POST token-list", *BUSY, at("/users/me/tokens/", {"name": "door", "scopes": ["events:read"]}), 201)
    yield Asked("GET token-list", *BUSY, at("/users/me/tokens/"))
    yield Asked("DELETE token-detail", *BUSY, lambda: (f"/users/me/tokens/{service_token().token.pk}", None), 204)
    yield Asked(
        "GET event-list",
        "a service token",
        None,
        at("/events/"),
        headers=lambda: {"authorization": f"Bearer {service_token().secret}"},
    )


def events() -> Iterator[Asked]:
    new = {"title": "New", "date_time": "2031-05-01T19:00:00Z", "location": "Hall", "max_capacity": 40}
    for who in (ADMIN, BUSY, PERSON):
        yield Asked("GET event-list", *who, at("/events/"))
    for query, detail in (
        ("upcoming=true", " to come"),
        ("upcoming=false&ordering=title", " over, by title"),
        ("date_from=2026-12-15&ordering=created_at", " from a day on, by creation"),
        ("status=upcoming&ordering=title", " of a status, by title"),
        (f"search={words.RARE_TITLE}", " searched, a rare word"),
        (f"search={words.COMMON_TITLE}", " searched, a common word"),
        (f"location={words.COMMON_PLACE}", " at a place"),
    ):
        yield Asked("GET event-list", *PERSON, at(f"/events/?{query}"), detail=detail)
    yield Asked("POST event-list", *BUSY, at("/events/", new), 201)
    yield Asked("POST event-list", *BUSY, at("/events/", new), 201, ", with a key", lambda: KEY)
    yield Asked("GET event-detail", *PERSON, at(f"/events/{EVENT}"))
    yield Asked("GET event-registration", *PERSON, at(f"/events/{rows.HOT_EVENT}/registration"))
    for verb in ("PUT", "PATCH"):
        yield Asked(f"{verb} event-detail", *BUSY, at(f"/events/{EVENT}", {"title": "Renamed"}))
    organizer = ("its organizer", organizer_of(rows.FULL_EVENT))
    more = at(f"/events/{rows.FULL_EVENT}", {"max_capacity": 1000})
    yield Asked("PATCH event-detail", *organizer, more, detail=", resized with a queue behind it")
    yield Asked("DELETE event-detail", *BUSY, at(f"/events/{EVENT}"), 204)
    for query, detail in (
        ("", ""),
        ("?status=waitlisted", " of a status"),
        ("?ordering=name", " by name"),
        (f"?search={words.COMMON_NAME}", " searched, a common name"),
    ):
        yield Asked("GET event-attendees", *HOST, at(f"/events/{CROWD}/attendees{query}"), detail=detail)


def attendees() -> Iterator[Asked]:
    for who in (ADMIN, BUSY, QUIET, PERSON):
        yield Asked("GET attendee-list", *who, at("/attendees/"))
    yield Asked(
        "GET attendee-list", *BUSY, at("/attendees/?status=waitlisted&ordering=name"), detail=" of a status, by name"
    )
    yield Asked(
        "GET attendee-list", *ADMIN, at(f"/attendees/?search={words.RARE_NAME}"), detail=" searched, a rare name"
    )
    yield Asked(
        "GET attendee-list", *BUSY, at(f"/attendees/?search={words.COMMON_NAME}"), detail=" searched, a common name"
    )
    yield Asked("POST attendee-list", *PERSON, at("/attendees/", {"event_id": rows.HOT_EVENT}), 201)
    seat_wanted = at("/attendees/", {"event_id": rows.HOT_EVENT})
    yield Asked("POST attendee-list", *PERSON, seat_wanted, 201, ", with a key", lambda: KEY)
    yield Asked("POST attendee-list", *PERSON, at("/attendees/", {"event_id": rows.FULL_EVENT}), 409, ", refused")
    queue = {"event_id": rows.FULL_EVENT, "status": "waitlisted"}
    yield Asked("POST attendee-list", *PERSON, at("/attendees/", queue), 201, ", queueing")
    yield Asked("GET attendee-detail", *PERSON, lambda: (item(rows.PERSON), None))
    yield Asked("PUT attendee-detail", *PERSON, lambda: (item(rows.PERSON), {"name": "Somebody"}), detail=", renamed")
    organizer = ("its organizer", organizer_of(rows.FULL_EVENT))
    cancelled = {"status": "cancelled"}
    yield Asked(
        "PATCH attendee-detail", *organizer, lambda: (seat(), cancelled), detail=", cancelled with a queue behind it"
    )
    yield Asked("PATCH attendee-detail", *BUSY, lambda: (door(), {"status": "attended"}), detail=", checked in")
    yield Asked("DELETE attendee-detail", *organizer, lambda: (seat(), None), 204, ", with a queue behind it")


def organizer_of(event_id: int) -> int:
    return int(Event.objects.values_list("organizer", flat=True).get(pk=event_id))


def item(user_id: int) -> str:
    return f"/attendees/{Registration.objects.filter(user=user_id).values_list('pk', flat=True)[0]}"


def seat() -> str:
    seated = Registration.objects.filter(event=rows.FULL_EVENT, status=RegistrationStatus.REGISTERED)
    return f"/attendees/{seated.values_list('pk', flat=True)[0]}"


def door() -> str:
    seated = Registration.objects.filter(event__in=rows.BUSY_EVENTS, status=RegistrationStatus.REGISTERED)
    return f"/attendees/{seated.order_by('event', 'pk').values_list('pk', flat=True)[0]}"


def refresh(user_id: int) -> str:
    return token_pair(User.objects.get(pk=user_id), auth_time=0)["refresh"]


def signed_up() -> User:
    return User.objects.create_user("explained", "explained@example.org", PASSWORD)


def link(purpose: signed_links.Purpose) -> str:
    """What a mail to a new account would have in its link."""
    return signed_links.token_for(signed_up(), purpose)


def service_token() -> api_tokens.NewToken:
    owner = User.objects.get(pk=rows.BUSY)
    return api_tokens.make(owner=owner, name="explained", scopes=["events:read"])
