"""Views to compare with: plain Django, the token's signature, one statement written by hand, orjson.

They have no serializer, filters, permissions or error table, and never look up the account behind the token. The
middleware and the triggers are the project's own.
"""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

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
       e.waitlisted, e.status, e.registration_opens, e.registration_closes, e.notifications, e.language, e.series_id,
       e.time_zone, e.attendance, e.venue, e.address, e.latitude, e.longitude, e.online_from, e.cancel_until,
       e.edit_until, e.transfer_until, e.visibility, e.slug, e.guests, e.hides_seats, e.created_at, e.updated_at,
       e.remind_hours, (SELECT jsonb_agg(jsonb_build_object('slug', t.slug, 'name', t.name, 'kind', t.kind))
                          FROM events_eventtag et JOIN events_tag t ON t.id = et.tag_id WHERE et.event_id = e.id)
  FROM events_event e
  JOIN accounts_user u ON u.id = e.organizer_id
  LEFT JOIN accounts_organizerprofile p ON p.user_id = u.id
 WHERE e.status <> 'draft'"""
REGISTRATION = """
SELECT r.id, r.event_id, e.title, e.date_time, e.location, e.status, r.user_id, r.registration_date, r.status, r.name,
       r.contact_details, r.phone, r.updated_at, r.confirm_by"""
OF_EVENT = f"""{REGISTRATION}
  FROM registrations_registration r JOIN events_event e ON e.id = r.event_id
 WHERE r.event_id = %s AND e.organizer_id = %s"""
NEWEST_FIRST = f" ORDER BY r.registration_date DESC, r.id DESC LIMIT {PAGE + 1}"
OF_ORGANIZER = f"""{REGISTRATION}
  FROM ((SELECT r.* FROM registrations_registration r
          WHERE r.organizer_id = %(user)s {{after}}{NEWEST_FIRST})
        UNION ALL
        (SELECT r.* FROM registrations_registration r
          WHERE r.user_id = %(user)s AND r.organizer_id <> %(user)s {{after}}{NEWEST_FIRST})) r
  JOIN events_event e ON e.id = r.event_id{NEWEST_FIRST}"""
REGISTER = f"""
WITH r AS (
  INSERT INTO registrations_registration
         (event_id, user_id, status, name, contact_details, registration_date, updated_at)
  SELECT e.id, u.id, 'registered', u.username, u.email, now(), now()
    FROM events_event e, accounts_user u
   WHERE e.id = %s AND u.id = %s AND e.status IN ('upcoming', 'active') AND e.seats_taken < e.max_capacity
  RETURNING *)
{REGISTRATION} FROM r JOIN events_event e ON e.id = r.event_id"""
# The event is locked and the next in the queue gets the seat. Rows that other requests are seating are skipped.
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
CHECK_IN = f"""
WITH r AS (
  UPDATE registrations_registration
     SET status = 'attended', status_since = now(), status_by_id = %(user)s, status_through = 'api', updated_at = now()
   WHERE id = %(id)s AND status = 'registered'
     AND event_id IN (SELECT id FROM events_event WHERE organizer_id = %(user)s)
  RETURNING *)
{REGISTRATION} FROM r JOIN events_event e ON e.id = r.event_id"""
EVENT_KEYS = (
    *("event_id", "title", "description", "date_time", "end_time", "location", "organizer_id", "max_capacity"),
    *("seats_taken", "waitlist", "waitlisted", "status", "registration_opens", "registration_closes"),
    *("notifications", "language", "series_id", "time_zone", "attendance", "venue", "address", "latitude", "longitude"),
    *("online_from", "cancel_until", "edit_until", "transfer_until", "visibility", "slug", "guests", "hides_seats"),
    *("created_at", "updated_at"),
)
ATTENDEE_KEYS = (
    "attendee_id",
    "event_id",
    "user_id",
    "registration_date",
    "status",
    "name",
    "contact_details",
    "phone",
    "updated_at",
    "confirm_by",
)
CHANGES = {"cancelled": CANCEL, "attended": CHECK_IN}


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give `view` the user id in the token. Only signature and expiry are checked."""

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
def registrations(request: HttpRequest, user_id: int) -> HttpResponse:
    if request.method == "GET":
        return page_of_organizer(request, user_id)
    rows = fetch(REGISTER, orjson.loads(request.body)["event_id"], user_id)
    if not rows:
        return answer({"msg": "Event is full", "code": "event_full", "can_wait": True}, 409)
    return answer(attendee_body(rows[0]), 201)


@signed_in
def registration(request: HttpRequest, user_id: int, pk: int) -> HttpResponse:
    rows = fetch(CHANGES[orjson.loads(request.body)["status"]], id=pk, user=user_id)
    return answer(attendee_body(rows[0])) if rows else answer({"msg": "Attendee not found"}, 404)


def page_of_organizer(request: HttpRequest, user_id: int) -> HttpResponse:
    values: dict[str, Any] = {"user": user_id}
    if after := request.GET.get("after"):
        values["time"], values["id"] = position(after)
    where = "AND (r.registration_date, r.id) < (%(time)s, %(id)s)" if after else ""
    return answer(envelope(request, fetch(OF_ORGANIZER.format(after=where), **values), attendee_body, 7))


@signed_in
def events(request: HttpRequest, user_id: int) -> HttpResponse:
    where, values = "", []
    if status := request.GET.get("status"):
        where, values = f"{where} AND e.status = %s", [*values, status]
    if day := request.GET.get("date_from"):
        where, values = f"{where} AND e.date_time >= %s", [*values, datetime.fromisoformat(f"{day}T00:00:00+00:00")]
    if after := request.GET.get("after"):
        where, values = f"{where} AND (e.date_time, e.id) > (%s, %s)", [*values, *position(after)]
    rows = fetch(f"{EVENTS}{where} ORDER BY e.date_time, e.id LIMIT {PAGE + 1}", *values)
    return answer(envelope(request, rows, event_body, 3))


@signed_in
def event(request: HttpRequest, user_id: int, pk: int) -> HttpResponse:
    rows = fetch(f"{EVENTS} AND e.id = %s", pk)
    return answer(event_body(rows[0])) if rows else answer({"msg": "Event not found"}, 404)


@signed_in
def attendees(request: HttpRequest, user_id: int, pk: int) -> HttpResponse:
    status = request.GET.get("status")
    where, values = (" AND r.status = %s", [status]) if status else ("", [])
    rows = fetch(f"{OF_EVENT}{where}{NEWEST_FIRST}", pk, user_id, *values)
    return answer(envelope(request, rows, attendee_body, 7))


def fetch(sql: str, *parameters: Any, **named: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, named or parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def answer(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(body, option=orjson.OPT_UTC_Z), content_type="application/json", status=status)


def envelope(
    request: HttpRequest, rows: list[Any], body: Callable[[tuple[Any, ...]], Any], time: int
) -> dict[str, Any]:
    """Return a page. `time` is the column of the order, which the link to the next page holds with the id."""
    link = None
    if len(rows) > PAGE:
        query = request.GET.copy()
        query["after"] = f"{rows[PAGE - 1][time].isoformat()},{rows[PAGE - 1][0]}"
        link = f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
    previous = request.build_absolute_uri() if "after" in request.GET else None
    return {"next": link, "previous": previous, "results": [body(row) for row in rows[:PAGE]]}


def position(text: str) -> tuple[datetime, int]:
    time, _, pk = text.partition(",")
    return datetime.fromisoformat(time), int(pk)


def event_body(row: tuple[Any, ...]) -> dict[str, Any]:
    body = dict(zip(EVENT_KEYS, row[:7] + row[9:-2], strict=True))
    body["organizer"] = {"user_id": row[6], "name": row[7], "contact": row[8]}
    body["seats_left"] = row[9] - row[10]
    body["remind_hours"], body["tags"] = (orjson.loads(text or "[]") for text in row[-2:])  # Django leaves JSON as text
    zone = ZoneInfo(body["time_zone"] or settings.TIME_ZONE)
    begins, ends = body["date_time"], body["end_time"]
    body["local"] = {"begins": begins.astimezone(zone).isoformat(), "ends": ends and ends.astimezone(zone).isoformat()}
    body["online_url"] = None
    return body


def attendee_body(row: tuple[Any, ...]) -> dict[str, Any]:
    body = dict(zip(ATTENDEE_KEYS, row[:2] + row[6:], strict=True))
    body["event"] = {"event_id": row[1], "title": row[2], "date_time": row[3], "location": row[4], "status": row[5]}
    body["waitlist_position"] = body["online_url"] = None
    return body
