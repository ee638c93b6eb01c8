"""What the measured views are held against: plain Django, the token's signature, one statement written by hand, orjson.

No serializer, no filters, no cursors, no error table; the account behind the token is not looked at. The middleware
and the triggers are the service's own.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

import jwt
import orjson
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

PAGE = 50

EVENTS = """
SELECT e.id, e.title, e.description, e.date_time, e.end_time, e.location, e.organizer_id,
       coalesce(nullif(p.name, ''), u.username), coalesce(p.contact, ''), e.max_capacity, e.seats_taken, e.waitlist,
       e.waitlisted, e.status, e.registration_opens, e.registration_closes, e.created_at, e.updated_at
  FROM events_event e
  JOIN accounts_user u ON u.id = e.organizer_id
  LEFT JOIN accounts_organizerprofile p ON p.user_id = u.id
 WHERE e.status <> 'draft'"""
ONE_EVENT = f"{EVENTS} AND e.id = %s"
PAGE_OF_EVENTS = f"{EVENTS} ORDER BY e.date_time, e.id LIMIT {PAGE + 1}"

REGISTRATION = """
SELECT r.id, r.event_id, e.title, e.date_time, e.location, e.status, r.user_id, r.registration_date, r.status, r.name,
       r.contact_details, r.updated_at"""
PAGE_OF_REGISTRATIONS = f"""{REGISTRATION}
  FROM registrations_registration r JOIN events_event e ON e.id = r.event_id
 WHERE r.event_id = %s AND e.organizer_id = %s
 ORDER BY r.registration_date DESC, r.id DESC LIMIT {PAGE + 1}"""
REGISTER = f"""
WITH r AS (
  INSERT INTO registrations_registration
         (event_id, user_id, status, name, contact_details, registration_date, updated_at)
  SELECT e.id, u.id, 'registered', u.username, u.email, now(), now()
    FROM events_event e, accounts_user u
   WHERE e.id = %s AND u.id = %s AND e.status IN ('upcoming', 'active') AND e.seats_taken < e.max_capacity
  RETURNING *)
{REGISTRATION} FROM r JOIN events_event e ON e.id = r.event_id"""

# The event is locked, and the next in the queue gets the seat; who is being seated by another request is passed over.
CANCEL = f"""
WITH e AS (
  SELECT id, title, date_time, location, status FROM events_event
   WHERE id = (SELECT event_id FROM registrations_registration WHERE id = %(id)s AND user_id = %(user)s)
     FOR NO KEY UPDATE),
c AS (
  UPDATE registrations_registration r
     SET status = 'cancelled', status_since = now(), status_by_id = %(user)s, status_through = 'api', updated_at = now()
    FROM e WHERE r.id = %(id)s AND r.event_id = e.id AND r.status = 'registered'
  RETURNING r.*),
n AS (
  UPDATE registrations_registration
     SET status = 'registered', status_since = now(), status_by_id = %(user)s, status_through = 'api',
         updated_at = now()
   WHERE id = (SELECT w.id FROM registrations_registration w
                WHERE w.event_id = (SELECT event_id FROM c) AND w.status = 'waitlisted'
                ORDER BY w.queue_number LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
  RETURNING id)
{REGISTRATION} FROM c r JOIN e ON e.id = r.event_id"""


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Gives `view` the user id in the token, whose signature and expiry are all that is checked."""

    @csrf_exempt
    @functools.wraps(view)
    def checked(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
        except jwt.InvalidTokenError:
            return answer({"msg": "Token is invalid or expired"}, 401)
        return view(request, int(claims["user_id"]), **kwargs)

    return checked


@signed_in
def register(request: HttpRequest, user_id: int) -> HttpResponse:
    rows = fetch(REGISTER, orjson.loads(request.body)["event_id"], user_id)
    if not rows:
        return answer({"msg": "Event is full", "code": "event_full", "can_wait": True}, 409)
    return answer(attendee_body(rows[0]), 201)


@signed_in
def cancel(request: HttpRequest, user_id: int, pk: int) -> HttpResponse:
    if orjson.loads(request.body) != {"status": "cancelled"}:
        return answer({"msg": "Cancelling is all that this does"}, 400)
    rows = fetch(CANCEL, id=pk, user=user_id)
    return answer(attendee_body(rows[0])) if rows else answer({"msg": "Attendee not found"}, 404)


@signed_in
def events(request: HttpRequest, user_id: int) -> HttpResponse:
    return answer(envelope(request, fetch(PAGE_OF_EVENTS), event_body))


@signed_in
def event(request: HttpRequest, user_id: int, pk: int) -> HttpResponse:
    rows = fetch(ONE_EVENT, pk)
    return answer(event_body(rows[0])) if rows else answer({"msg": "Event not found"}, 404)


@signed_in
def attendees(request: HttpRequest, user_id: int, pk: int) -> HttpResponse:
    return answer(envelope(request, fetch(PAGE_OF_REGISTRATIONS, pk, user_id), attendee_body))


def worker(request: HttpRequest) -> HttpResponse:
    """Which process answers; the load client spreads its connections by it."""
    return answer(os.getpid())


def fetch(sql: str, *parameters: int, **named: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, named or parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def answer(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(body, option=orjson.OPT_UTC_Z), content_type="application/json", status=status)


def envelope(request: HttpRequest, rows: list[Any], body: Callable[[tuple[Any, ...]], Any]) -> dict[str, Any]:
    more = len(rows) > PAGE
    link = f"{request.build_absolute_uri(request.path)}?after={rows[PAGE - 1][0]}" if more else None
    return {"next": link, "previous": None, "results": [body(row) for row in rows[:PAGE]]}


def event_body(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "event_id": row[0],
        "title": row[1],
        "description": row[2],
        "date_time": row[3],
        "end_time": row[4],
        "location": row[5],
        "organizer_id": row[6],
        "organizer": {"user_id": row[6], "name": row[7], "contact": row[8]},
        "max_capacity": row[9],
        "seats_taken": row[10],
        "seats_left": row[9] - row[10],
        "waitlist": row[11],
        "waitlisted": row[12],
        "status": row[13],
        "registration_opens": row[14],
        "registration_closes": row[15],
        "created_at": row[16],
        "updated_at": row[17],
    }


def attendee_body(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "attendee_id": row[0],
        "event_id": row[1],
        "event": {"event_id": row[1], "title": row[2], "date_time": row[3], "location": row[4], "status": row[5]},
        "user_id": row[6],
        "registration_date": row[7],
        "status": row[8],
        "name": row[9],
        "contact_details": row[10],
        "waitlist_position": None,
        "updated_at": row[11],
    }
