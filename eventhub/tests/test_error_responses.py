"""Every refusal of every layer is one JSON object with the contract's status, `msg` and `code`; and which one wins."""

import json
import logging
import re
from datetime import timedelta

import pytest
from django.core import exceptions as django_errors
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError, transaction
from django.http import Http404, UnreadablePostError
from django.test import Client
from django.urls import path
from django.utils import timezone
from rest_framework import exceptions as drf
from rest_framework_simplejwt.tokens import AccessToken

from accounts import signed_links
from accounts.models import User
from accounts.services import api_tokens, token_secrets
from accounts.services.jwt import issue_tokens
from checkin.models import Checkpoint
from checkin.services import admission, gate_tokens, ticket_keys
from checkin.services.judgement import Attempt, Door
from eventhub.api import throttling
from eventhub.api.viewsets import ApiViewSet, PublicViewSet
from eventhub.exceptions import EventFull, EventNotFound
from eventhub.testing.contract_client import ContractClient, document, token_for
from eventhub.testing.factories import (
    PASSWORD,
    EventFactory,
    MembershipFactory,
    QuestionFactory,
    RegistrationFactory,
    UserFactory,
    make_confirmation,
)
from eventhub.testing.responses import (
    BAD_TOKEN,
    CONFLICT,
    CRASH,
    INACCESSIBLE,
    LAST_ADMIN,
    NO_ATTENDEE,
    NO_EVENT,
    NO_HEADER,
    NO_PATH,
    NO_USER,
    NOT_ADMIN,
    NOT_ALLOWED,
    TOO_LARGE,
    UNAVAILABLE,
    USER_EXISTS,
    invalid,
    media,
    refusal,
    whole,
)
from events.mails import PREFIX
from events.models import Tag, TeamInvitation
from events.services import slugs
from events.services.series import create_series
from notifications.models import Message
from registrations import guest_links
from registrations.models import GuestRequest
from registrations.services import calendar_feeds

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.django_db]

JSON = "application/json"
NUL = "Null characters are not allowed."
NO_INTEGER = "A valid integer is required."


# Every operation of the document -------------------------------------------------------------------------------------


class Documented:
    """An operation of the OpenAPI document."""

    def __init__(self, template, verb, operation):
        self.template, self.verb = template, verb.upper()
        self.public = "security" not in operation
        self.has_body = "requestBody" in operation
        self.example = operation["requestBody"]["content"][JSON]["example"] if self.has_body else None
        self.status = int(next(iter(operation["responses"])))
        self.query = "?search=bob" if template.endswith("/search") else ""

    def __str__(self):
        return f"{self.verb} {self.template}"

    def path(self, ids):
        kind = self.template.split("/{id}")[0].split("/")[-1]
        pk = ids.get(str(self), ids.get(kind))
        path = self.template.replace("{id}", str(pk)).replace("{message_id}", str(ids["message"]))
        path = path.replace("{name}", str(ids["events"])).replace("{slug}", "talk")
        return path.replace("{secret}", ids["secret"]).replace("{kind}", "reminder")


OPERATIONS = [
    Documented(template, verb, operation)
    for template, operations in document()["paths"].items()
    for verb, operation in operations.items()
]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
each_private = pytest.mark.parametrize("operation", [o for o in OPERATIONS if not o.public], ids=str)
each_public = pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.public and o.has_body], ids=str)
each_with_body = pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.has_body], ids=str)


@pytest.fixture(scope="module")
def rows(module_rows):
    """A row of each kind, to which ada may do everything."""
    ada, otto = UserFactory(username="ada", role="admin"), UserFactory(username="otto", role="organizer")
    event = EventFactory(organizer=ada, guests="confirm_first")
    QuestionFactory(event=event, pk=13)
    token = api_tokens.create_token(owner=ada, name="Website", scopes=["events:read"]).token
    made = calendar_feeds.create_feed(owner=ada, kind="events")
    scanned = admission.scan(Door(event.pk, ada), Attempt(registration_id=RegistrationFactory(event=event).pk))
    gate = gate_tokens.create_token(event=event, by=ada, name="North door")
    ticket_keys.rotate()
    secret = token_secrets.new_secret(PREFIX)
    invited = {"email": ada.email, "role": "viewer", "expires_at": timezone.now() + timedelta(days=1)}
    invitation = TeamInvitation.objects.create(
        event=EventFactory(organizer=otto), digest=token_secrets.digest_of(secret), **invited
    )
    slugs.choose(event, "talk")
    slugs.keep(event)
    event.save()
    tag, other = (Tag.objects.create(slug=slug, name=slug) for slug in ("jazz", "art"))
    series = create_series(
        organizer=ada,
        rule="FREQ=DAILY;COUNT=2",
        values={"title": "Course", "max_capacity": 5, "date_time": timezone.now() + timedelta(days=1)},
    )
    asked = GuestRequest.objects.create(
        event=event,
        name="Anna",
        email="anna@example.org",
        digest="1" * 64,
        expires_at=timezone.now() + timedelta(days=1),
    )
    return {
        "guest": guest_links.make_token(asked),
        "team-members": MembershipFactory(event=event, user=otto).pk,
        "team-invitations": invitation.pk,
        "invitation": secret,
        "users": otto.pk,
        "organizers": ada.pk,
        "tokens": token.pk,
        "calendar-feeds": made.feed.pk,
        "secret": made.secret,
        "events": event.pk,
        "series": series.pk,
        "tags": tag.pk,
        "other tag": other.pk,
        "checkpoints": Checkpoint.objects.create(event=event, name="Dinner").pk,
        "questions": QuestionFactory(event=event, pk=12, type="choice", texts=["Fish", "Vegan"]).pk,
        "gate-tokens": gate.token.pk,
        "gate": gate.secret,
        "scans": scanned.scan.pk,
        "message": Message.objects.create(event=event, by=ada, subject="News", body="...", recipients=0).pk,
        "POST /attendees/{id}/confirm": RegistrationFactory(event=event, confirm_by=timezone.now()).pk,
        "attendees": make_confirmation(RegistrationFactory(event=event, user=otto)).registration_id,
    }


@pytest.fixture
def ids(db, rows):
    return rows


@pytest.fixture
def ada(ids):
    return User.objects.get(username="ada")


@pytest.fixture
def otto(ids):
    return User.objects.get(username="otto")


@pytest.fixture
def send(api, ada, ids):
    """Sends an operation as ada, with raw bytes or else with a body that succeeds."""
    refresh = {"refresh": issue_tokens(ada, auth_time=0)["refresh"]}
    instead_of_examples = {
        "POST /attendees/": {"event_id": ids["events"]},
        "POST /events/{id}/scans": {"attendee_id": ids["attendees"]},
        "POST /tags/{id}/merge": {"into": ids["other tag"]},
        "POST /users/login": {"username": "ada", "password": PASSWORD},
        "POST /users/email/verify": {"token": signed_links.make_token(ada, signed_links.VERIFICATION)},
        "POST /users/logout": refresh,
        "POST /public/registrations/confirm": {"token": ids["guest"]},
        "POST /users/password/reset/confirm": {
            "token": signed_links.make_token(ada, signed_links.RESET),
            "password": f"{PASSWORD} that is new",
        },
        "POST /users/token/refresh": refresh,
        "POST /team/accept": {"token": ids["invitation"]},
    }

    def request(operation, raw=None, *, path=None, content_type=JSON, client=None, **extra):
        if raw is None:
            body = instead_of_examples.get(str(operation), operation.example)
            raw = json.dumps(body) if operation.has_body else ""
        client = client or (api() if operation.public else ContractClient(token_of(operation, ada, ids)))
        path = f"{path or operation.path(ids)}{operation.query}"
        return client.generic(operation.verb, path, raw, content_type, **extra)

    return request


def token_of(operation, user, ids):
    return ids["gate"] if operation.template == "/gate" else token_for(user)


def test_the_document_has_all_operations_of_the_contract():
    described = """
        GET POST /attendees/, GET PUT PATCH DELETE /attendees/{id}, GET PUT PATCH /attendees/{id}/answers,
        GET /attendees/{id}/calendar.ics,
        POST /attendees/{id}/confirm,
        GET /attendees/{id}/notifications, POST /attendees/{id}/notifications/resend,
        GET /attendees/{id}/ticket, GET /attendees/{id}/ticket.pdf, GET /attendees/{id}/ticket.png,
        GET /attendees/{id}/ticket.svg, POST /attendees/{id}/ticket/reissue,
        GET /calendars/{secret}.ics,
        GET PUT PATCH DELETE /checkpoints/{id},
        GET POST /events/, GET PUT PATCH DELETE /events/{id}, GET /events/{id}/attendees, GET /events/{id}/badges.pdf,
        GET /events/{id}/bundle, GET /events/{id}/calendar.ics, GET POST /events/{id}/checkpoints/,
        POST /events/{id}/clone,
        GET /events/{id}/doors, GET /events/{id}/doors/search, GET POST /events/{id}/gate-tokens/,
        PUT DELETE /events/{id}/interest,
        GET POST /events/{id}/messages/, GET /events/{id}/messages/{message_id},
        POST /events/{id}/messages/{message_id}/stop, GET /events/{id}/names.pdf,
        GET POST /events/{id}/questions/, POST /events/{id}/questions/order, GET /events/{id}/registration,
        GET POST /events/{id}/scans, POST /events/{id}/scans/batch, GET /events/{id}/statistics,
        GET POST /events/{id}/team/, GET /events/{id}/templates, GET PUT PATCH DELETE /events/{id}/templates/{kind},
        POST /events/{id}/templates/{kind}/preview, POST /events/{id}/walk-ins,
        GET /events/by-slug/{slug},
        GET /gate, DELETE /gate-tokens/{id},
        GET /public/events/, GET /public/events.ics, GET /public/events/{name}, GET /public/events/{name}.ics,
        POST /public/events/{name}/registrations/, GET /public/organizers/{id}, POST /public/registrations/confirm,
        GET PUT PATCH DELETE /questions/{id}, POST /scans/{id}/undo,
        GET POST /series/, GET PUT PATCH DELETE /series/{id}, POST /series/{id}/attendees, GET /series/{id}/events,
        POST /series/preview,
        GET POST /tags/, PUT PATCH DELETE /tags/{id}, POST /tags/{id}/merge,
        DELETE /team-invitations/{id}, PUT PATCH DELETE /team-members/{id}, POST /team/accept,
        GET /users/, GET PUT PATCH DELETE /users/{id}, GET /users/{id}/events, GET PUT PATCH /users/{id}/organizer,
        POST /users/email/verification, POST /users/email/verify,
        POST /users/login, POST /users/logout, GET /users/me,
        GET POST /users/me/calendar-feeds/, DELETE /users/me/calendar-feeds/{id}, GET /users/me/events,
        GET /users/me/export, GET /users/me/interests,
        GET PUT PATCH /users/me/notifications,
        GET POST /users/me/tokens/, DELETE /users/me/tokens/{id},
        POST /users/password/reset, POST /users/password/reset/confirm,
        POST /users/register, POST /users/token/refresh
    """
    rows = [row.split() for row in described.split(",")]
    assert [str(operation) for operation in OPERATIONS] == [f"{verb} {row[-1]}" for row in rows for verb in row[:-1]]


# Paths ---------------------------------------------------------------------------------------------------------------

VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"]
UNKNOWN_PATHS = [
    "/nope",
    "/nope/",
    "/event",
    "/EVENTS/",
    "/events//1",
    "/users/-1",
    "/users/1.5",
    "/users/bob",
    "/users/1/2",
    "/users/1/password",
    "/users/login/now",
    "/users/%31%00",
    "/users/%FF",
    "/nope%0A",
    "/no%0Ape",
    f"/users/{'9' * 5000}",
    "/administrator",
    "/statics",
    "/api/events/",
    "/favicon.ico",
    "/.env",
]
debug_or_not = pytest.mark.parametrize("debug", [False, True], ids=["", "DEBUG"])


@debug_or_not
@pytest.mark.parametrize("path", UNKNOWN_PATHS)
def test_an_unknown_path_is_not_found_with_any_verb(settings, path, debug):
    settings.DEBUG = debug
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    answers = {verb: client.generic(verb, path, "{}", JSON) for verb in VERBS}
    assert {verb: whole(answer) for verb, answer in answers.items()} == dict.fromkeys(VERBS, NO_PATH)
    assert {answer.headers["Content-Type"] for answer in answers.values()} == {JSON}


def test_an_unknown_path_is_not_found_by_who_is_signed_in_either(api, ada):
    assert whole(api(ada).get("/nope")) == NO_PATH


def test_an_unknown_path_asks_the_database_nothing(api, django_assert_num_queries):
    with django_assert_num_queries(0):
        api().get("/nope", headers={"authorization": "Bearer garbage"})


@each_operation
def test_both_spellings_of_a_path_answer_alike(send, operation, ids):
    """Neither is a redirect, which would lose the body. What a request changes is undone before the next."""
    path = operation.path(ids)
    answers = []
    for spelling in (path, path[:-1] if path.endswith("/") else f"{path}/"):
        with transaction.atomic():
            answers.append(send(operation, path=spelling))
            transaction.set_rollback(True)
    assert [answer.status_code for answer in answers] == [operation.status] * 2
    assert outline(answers[0]) == outline(answers[1])


def outline(answer):
    """A body without what every new row and every token has of its own."""
    body = json.dumps(whole(answer)[1], default=repr)
    own = r"id|at|server_time|\w+_until|nonce|cursor|x|\w+_id|\w+_at|registration_date|token|refresh|url|webcal_url"
    return re.sub(rf'"({own})": [^,}}]+', r'"\1"', body)


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.verb == "GET"], ids=str)
def test_head_is_get_without_a_body(api, ada, ids, operation):
    client = Client(headers={"authorization": f"Bearer {token_of(operation, ada, ids)}", "x-request-id": "1"})
    path = f"{operation.path(ids)}{operation.query}"
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.getvalue(), head.headers) == (200, b"", got.headers)
    got.close()


# Who asks ------------------------------------------------------------------------------------------------------------


@each_private
def test_without_a_header_one_is_told_that_it_is_missing(api, send, operation):
    answer = send(operation, client=api())
    assert (whole(answer), answer.headers["WWW-Authenticate"]) == (NO_HEADER, 'Bearer realm="api"')


@pytest.mark.parametrize("scheme", ["Token", "Basic", "JWT", "Bearers", "X-Bearer"])
def test_another_scheme_is_no_header(api, bob, scheme):
    authorization = f"{scheme} {token_for(bob)}"
    answer = api().get("/users/me", headers={"authorization": authorization})
    assert (whole(answer), answer.headers["WWW-Authenticate"]) == (NO_HEADER, 'Bearer realm="api"')


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_read_in_any_case(api, bob, scheme):
    answer = api().get("/users/me", headers={"authorization": f"{scheme} {token_for(bob)}"})
    assert (answer.status_code, answer.json()["username"]) == (200, bob.username)


@pytest.mark.parametrize("header", ["", " "])
def test_an_empty_header_is_no_header(api, header):
    assert whole(api().get("/users/me", headers={"authorization": header})) == NO_HEADER


@pytest.mark.parametrize("rest", ["", "a b", "garbage", "..", "a.b.c", "ünicode", "x" * 8000, "\x00"])
def test_a_token_that_is_none_is_not_valid(api, rest):
    answer = api().get("/users/me", headers={"authorization": f"Bearer {rest}"})
    assert (whole(answer), answer.headers["WWW-Authenticate"]) == (BAD_TOKEN, 'Bearer realm="api"')


@each_private
def test_a_token_that_has_expired_is_not_valid(send, operation, ada):
    token = AccessToken.for_user(ada)
    token.set_exp(from_time=token.current_time, lifetime=-token.lifetime)
    assert whole(send(operation, client=ContractClient(str(token)))) == BAD_TOKEN


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}], ids=["deactivated", "new password"])
def test_a_token_of_an_account_that_has_changed_is_not_valid(api, bob, change):
    client = api(bob)
    User.objects.filter(pk=bob.pk).update(**change)
    assert whole(client.get("/users/me")) == BAD_TOKEN


def test_a_token_of_a_deleted_account_is_not_valid(api, bob):
    client = api(bob)
    bob.delete()
    assert whole(client.get("/users/me")) == BAD_TOKEN


@each_public
def test_public_operations_do_not_look_at_the_header(send, operation):
    expected = whole(send(operation, b"{}"))
    assert expected[0] == 400
    for header in ("Bearer garbage", "Bearer", "Token x", "Basic eDp5"):
        assert whole(send(operation, b"{}", headers={"authorization": header})) == expected


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/schema/", "/docs/"])
def test_health_and_documents_do_not_look_at_the_header(path):
    assert Client().get(path, headers={"authorization": "Bearer garbage"}).status_code == 200


# Bodies that do not parse --------------------------------------------------------------------------------------------

NO_JSON = {
    "cut off": b'{"name": "x"',
    "a word": b"nonsense",
    "a comma too many": b'{"name": "x",}',
    "single quotes": b"{'name': 'x'}",
    "two values": b"{} {}",
    "white space": b"  \n",
    "a form": b"name=x&about=y",
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": Infinity}',
    "minus Infinity": b'{"name": -Infinity}',
    "a number past all floats": b'{"name": 1e999}',
    "a line break in a text": b'{"name": "x\ny"}',
    "a NUL byte in a text": b'{"name": "x\x00y"}',
    "a NUL byte": b"\x00",
    "no UTF-8": b'{"name": "\xff"}',
    "Latin-1": '{"name": "é"}'.encode("latin-1"),
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "an overlong form": b'{"name": "\xc0\xaf"}',
    "a lone high surrogate": b'{"name": "\\ud800"}',
    "a lone low surrogate": b'{"name": "\\udc00x"}',
    "an encoded surrogate": b'{"name": "\xed\xa0\x80"}',
    "a surrogate in a key": b'{"\\ud800": 1}',
    "nested 33 deep": b'{"x":' + b"[" * 32 + b"1" + b"]" * 32 + b"}",
    "nested a thousand deep": b"[" * 1000 + b"]" * 1000,
    "nested objects a thousand deep": b'{"x":' * 1000 + b"1" + b"}" * 1000,
    "nested a hundred thousand deep": b"[" * 100_000 + b"]" * 100_000,
    "opened a hundred thousand times": b"[" * 100_000,
}


def parse_error(answer):
    body = answer.json()
    return answer.status_code, body["code"], body["msg"].startswith("JSON parse error - "), sorted(body)


PARSE_ERROR = (400, "parse_error", True, ["code", "msg"])


@pytest.mark.parametrize("raw", NO_JSON.values(), ids=NO_JSON.keys())
def test_a_body_that_is_no_json_does_not_parse(api, olga, raw):
    answer = api(olga).generic("PATCH", f"/users/{olga.pk}/organizer", raw)
    assert parse_error(answer) == PARSE_ERROR
    assert olga.profile.public_name == "olga"


@each_with_body
def test_no_operation_takes_a_body_that_is_no_json(send, operation):
    assert parse_error(send(operation, b"{")) == PARSE_ERROR


@pytest.mark.parametrize("opening", [b"[", b'{"x":'])
def test_nesting_32_deep_is_allowed(api, olga, opening):
    closing = b"]" if opening == b"[" else b"}"
    raw = b'{"name": "x", "colour": ' + opening * 31 + b"1" + closing * 31 + b"}"
    assert api(olga).generic("PATCH", f"/users/{olga.pk}/organizer", raw).json()["name"] == "x"


def test_a_wide_body_is_not_a_deep_one(api, olga):
    raw = json.dumps({"name": "x", "colour": [[{}] for _ in range(1000)]})
    assert api(olga).generic("PATCH", f"/users/{olga.pk}/organizer", raw).json()["name"] == "x"


def test_of_a_key_that_comes_twice_the_last_counts(api, olga):
    answer = api(olga).generic("PATCH", f"/users/{olga.pk}/organizer", b'{"name": "x", "name": "y"}')
    assert (answer.status_code, answer.json()["name"]) == (200, "y")


def test_every_character_of_unicode_comes_back(api, olga):
    text = "".join(map(chr, [*range(1, 0xD800, 97), *range(0xE000, 0x110000, 4999), 0x1F600])).strip()
    assert api(olga).patch(f"/users/{olga.pk}/organizer", {"about": text}).json()["about"] == text


# Bodies that are no object -------------------------------------------------------------------------------------------


NO_OBJECT = {'[{"event_id": 1}]': "list", "[]": "list", '"x"': "str", "5": "int", "1.5": "float", "true": "bool"}


@each_with_body
def test_a_body_that_is_no_object_is_not_valid(send, operation):
    for raw, kind in NO_OBJECT.items():
        problem = f"Invalid data. Expected a dictionary, but got {kind}."
        assert whole(send(operation, raw)) == invalid(non_field_errors=problem)
    assert whole(send(operation, "null")) == invalid(non_field_errors="No data provided")


@each_with_body
def test_no_body_at_all_is_an_empty_object(send, operation):
    answers = []
    for nothing in ("", "{}"):
        with transaction.atomic():
            answers.append(send(operation, nothing))
            transaction.set_rollback(True)
    assert answers[0].status_code == answers[1].status_code
    assert outline(answers[0]) == outline(answers[1])


# Texts and numbers that no column holds ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "path", "body", "field"),
    [
        ("POST", "/users/login", {"username": "b\x00b", "password": "x"}, "username"),
        ("POST", "/users/login", {"username": "bob", "password": "\x00"}, "password"),
        ("POST", "/users/token/refresh", {"refresh": "\x00"}, "refresh"),
        ("POST", "/users/logout", {"refresh": "\x00"}, "refresh"),
        ("PATCH", "/users/{users}", {"current_password": "\x00"}, "current_password"),
        ("PATCH", "/users/{users}/organizer", {"name": "\x00"}, "name"),
        ("PATCH", "/users/{users}/organizer", {"contact": "\x00"}, "contact"),
        ("PATCH", "/users/{users}/organizer", {"about": "\x00"}, "about"),
        ("PATCH", "/events/{events}", {"title": "\x00"}, "title"),
        ("PATCH", "/events/{events}", {"description": "\x00"}, "description"),
        ("PATCH", "/events/{events}", {"location": "\x00"}, "location"),
        ("PATCH", "/attendees/{attendees}", {"name": "\x00"}, "name"),
        ("PATCH", "/attendees/{attendees}", {"contact_details": "\x00"}, "contact_details"),
    ],
)
def test_a_nul_character_is_in_no_text(api, ada, ids, verb, path, body, field):
    assert whole(api(ada).send(verb, path.format(**ids), body)) == invalid(**{field: NUL})


LARGE = [2**31, 2**63 - 1, 2**63, 2**64 - 1]
HUGE = [2**64, -(2**63) - 1, 10**30, 10**400]


@pytest.mark.parametrize(
    ("path", "verbs", "refused"),
    [
        ("/users/{}", ["GET", "PATCH", "DELETE"], NO_USER),
        ("/users/{}/events", ["GET"], NO_USER),
        ("/users/{}/organizer", ["GET", "PATCH"], NO_USER),
        ("/events/{}", ["GET", "PATCH", "DELETE"], NO_EVENT),
        ("/events/{}/attendees", ["GET"], NO_EVENT),
        ("/attendees/{}", ["GET", "PATCH", "DELETE"], NO_ATTENDEE),
    ],
)
def test_a_number_in_a_path_that_no_column_holds_is_nobodys(api, ada, path, verbs, refused):
    for verb in verbs:
        answers = {number: whole(api(ada).send(verb, path.format(number))) for number in [*LARGE, *HUGE] if number > 0}
        assert answers == dict.fromkeys(answers, refused)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/events/", "organizer_id"),
        ("/attendees/", "event_id"),
        ("/attendees/", "user_id"),
        ("/users/{users}/events", "organizer_id"),
        ("/events/{events}/attendees", "user_id"),
        ("/events/{events}/attendees", "event_id"),
    ],
)
def test_a_number_in_a_filter_that_no_column_holds_matches_nothing(api, ada, ids, path, name):
    client, nothing = api(ada), (200, {"next": None, "previous": None, "results": []})
    numbers = [*LARGE, *HUGE, -1, 0]
    answers = {number: whole(client.get(f"{path.format(**ids)}?{name}={number}")) for number in numbers}
    assert answers == dict.fromkeys(numbers, nothing)


@pytest.mark.parametrize(
    ("verb", "path", "name", "refused"),
    [
        ("POST", "/attendees/", "event_id", NO_EVENT),
        ("POST", "/attendees/", "user_id", NO_USER),
        ("PATCH", "/events/{events}", "organizer_id", invalid(organizer_id="This user is not an organizer.")),
        ("PATCH", "/attendees/{attendees}", "event_id", invalid(event_id="This cannot be changed.")),
        ("PATCH", "/attendees/{attendees}", "user_id", invalid(user_id="This cannot be changed.")),
    ],
)
def test_a_number_in_a_body_that_no_column_holds_is_nobodys(api, ada, ids, verb, path, name, refused):
    client, rest = api(ada), {"event_id": ids["events"]} if verb == "POST" else {}
    numbers = [*LARGE, -1, 0]
    answers = {number: whole(client.send(verb, path.format(**ids), {**rest, name: number})) for number in numbers}
    assert answers == dict.fromkeys(numbers, refused)


@pytest.mark.parametrize("number", HUGE, ids=["2^64", "-2^63-1", "10^30", "10^400"])
@pytest.mark.parametrize("name", ["max_capacity", "organizer_id"])
def test_a_number_past_64_bits_is_not_valid(api, ada, ids, name, number):
    answer = api(ada).generic("PATCH", f"/events/{ids['events']}", f'{{"{name}": {number}}}')
    if number == 10**400:  # past all floats, too
        assert parse_error(answer) == PARSE_ERROR
    else:
        assert whole(answer) == invalid(**{name: NO_INTEGER})


# Media types and sizes -----------------------------------------------------------------------------------------------


@each_with_body
def test_a_body_that_is_not_said_to_be_json_is_not_supported(send, operation):
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"):
        reason = f'Unsupported media type "{content_type}" in request.'
        assert whole(send(operation, b'{"x": 1}', content_type=content_type)) == media(415, reason)


@each_with_body
def test_a_body_that_is_not_said_to_be_anything_is_not_supported(send, operation):
    answer = send(operation, b'{"x": 1}', content_type=JSON, CONTENT_TYPE="")
    assert whole(answer) == media(415, 'Unsupported media type "" in request.')


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;v=1"]
)
def test_json_may_be_announced_in_other_ways(api, olga, content_type):
    answer = api(olga).generic("PATCH", f"/users/{olga.pk}/organizer", b'{"name": "x"}', content_type)
    assert (answer.status_code, answer.json()["name"]) == (200, "x")


@each_with_body
def test_a_body_past_the_limit_is_too_large(settings, send, operation):
    settings.MAX_BODY_BYTES = 1024
    assert whole(send(operation, b"{}" + b" " * 1023)) == TOO_LARGE


def test_a_body_at_the_limit_is_not_too_large(settings, api, olga):
    settings.MAX_BODY_BYTES = 1024
    raw = b'{"name": "x"}'.ljust(1024)
    assert api(olga).generic("PATCH", f"/users/{olga.pk}/organizer", raw).json()["name"] == "x"


def test_a_body_of_many_megabytes_is_too_large(api, olga):
    raw = b'{"about": "' + b"x" * 20_000_000 + b'"}'
    assert whole(api(olga).generic("PATCH", f"/users/{olga.pk}/organizer", raw)) == TOO_LARGE


def test_the_limit_can_be_above_djangos_own(settings, api, olga):
    settings.MAX_BODY_BYTES = 4_000_000
    about = "x" * 3_000_000
    assert api(olga).patch(f"/users/{olga.pk}/organizer", {"about": about}).json()["about"] == about


NOT_ACCEPTABLE = media(406, "Could not satisfy the request Accept header.")


@each_operation
def test_who_accepts_no_json_is_told_so_in_json(send, operation):
    others = "audio/*, video/*;q=0.5" if "." in operation.template else "text/*, image/*;q=0.5"
    for accept in ("text/html", "application/xml", "nonsense", others):
        answer = send(operation, headers={"accept": accept})
        assert (whole(answer), answer.headers["Content-Type"]) == (NOT_ACCEPTABLE, JSON)


@pytest.mark.parametrize("accept", ["*/*", "application/*", "text/html, application/json;q=0.1", "text/html,*/*;q=0.8"])
def test_who_accepts_json_among_others_gets_it(api, bob, accept):
    answer = api(bob).get("/users/me", headers={"accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, JSON)


# Verbs ---------------------------------------------------------------------------------------------------------------

TEMPLATES = sorted({operation.template for operation in OPERATIONS})


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_verb_that_a_path_does_not_know_is_not_allowed(api, ada, ids, template):
    here = [operation for operation in OPERATIONS if operation.template == template]
    known = {operation.verb for operation in here}
    client = api() if here[0].public else api(ada)
    for verb in set(VERBS) - known:
        answer = client.generic(verb, here[0].path(ids), "{}")
        assert whole(answer) == media(405, f'Method "{verb}" not allowed.')
        assert set(answer.headers["Allow"].split(", ")) == known | ({"HEAD"} if "GET" in known else set())


@debug_or_not
@pytest.mark.parametrize("path", ["/", "/schema/", "/schema", "/docs/", "/docs", "/healthz", "/healthz/", "/readyz"])
def test_health_and_documents_are_only_read(settings, path, debug):
    settings.DEBUG = debug
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    for verb in set(VERBS) - {"GET"}:
        answer = client.generic(verb, path, "{}", JSON)
        assert whole(answer) == media(405, f'Method "{verb}" not allowed.')
        assert answer.headers["Allow"] == "GET, HEAD"


# Which refusal wins: 404 for a path, 401, 405, 429, a role's 403, a row's 404, a row's 403, 413/415/400, 409 ----------

NOBODY = 999_999
OVER_THE_RATE = refusal(429, "Request was throttled. Expected available in 60 seconds.", "throttled")
NOT_AN_ORGANIZER = refusal(403, "You must be an organizer to create events", "permission_denied")
BAD_BODIES = [
    pytest.param(b"{", JSON, id="no JSON"),
    pytest.param(b"[]", JSON, id="no object"),
    pytest.param(b"x" * 2_000_000, JSON, id="too large"),
    pytest.param(b"x", "text/plain", id="not said to be JSON"),
    pytest.param(b'{"username": "", "title": "", "name": null, "status": "x"}', JSON, id="not valid"),
]
each_bad_body = pytest.mark.parametrize(("raw", "content_type"), BAD_BODIES)


@pytest.fixture
def throttled(monkeypatch):
    """Everybody who is signed in has asked too often."""
    monkeypatch.setattr(throttling.GeneralThrottle, "allow_request", lambda *args: False)
    monkeypatch.setattr(throttling.GeneralThrottle, "wait", lambda self: 60)


def test_an_unknown_path_wins_over_a_missing_header_and_a_bad_token(api):
    assert whole(api().get("/nope")) == NO_PATH
    assert whole(ContractClient("garbage").get("/nope")) == NO_PATH


def test_a_missing_header_and_a_bad_token_win_over_a_wrong_verb(api):
    assert whole(api().delete("/users/me")) == NO_HEADER
    assert whole(ContractClient("garbage").delete("/users/me")) == BAD_TOKEN


@pytest.mark.usefixtures("throttled")
def test_a_missing_header_and_a_bad_token_win_over_a_throttle(api):
    assert whole(api().get("/users/me")) == NO_HEADER
    assert whole(ContractClient("garbage").get("/users/me")) == BAD_TOKEN


@pytest.mark.usefixtures("throttled")
def test_a_wrong_verb_wins_over_a_throttle(api, bob):
    assert whole(api(bob).delete("/users/me")) == media(405, 'Method "DELETE" not allowed.')


def test_a_wrong_verb_wins_over_the_role_and_the_row(api, bob):
    assert whole(api(bob).delete("/users/")) == media(405, 'Method "DELETE" not allowed.')
    assert whole(api(bob).post(f"/users/{NOBODY}")) == media(405, 'Method "POST" not allowed.')


def test_a_wrong_verb_wins_over_what_is_accepted(api, bob):
    answer = api(bob).delete("/users/me", headers={"accept": "text/html"})
    assert whole(answer) == media(405, 'Method "DELETE" not allowed.')


@pytest.mark.usefixtures("throttled")
@pytest.mark.parametrize("path", ["/users/", f"/users/{NOBODY}"])
def test_a_throttle_wins_over_the_role_and_the_row(api, bob, path):
    assert whole(api(bob).get(path)) == OVER_THE_RATE


@pytest.mark.usefixtures("throttled")
@each_bad_body
def test_a_throttle_wins_over_the_body(api, bob, raw, content_type):
    assert whole(api(bob).generic("POST", "/attendees/", raw, content_type)) == OVER_THE_RATE


def test_the_role_wins_over_a_row_that_is_not_there(api, bob, eve, ada):
    """Who registers nobody may not register another, whatever the event; who creates no events, for no organizer."""
    assert whole(api(bob).post("/attendees/", {"event_id": NOBODY, "user_id": eve.pk})) == NOT_ALLOWED
    assert whole(api(bob).post("/events/", {"organizer_id": NOBODY})) == NOT_AN_ORGANIZER


@each_bad_body
def test_the_role_wins_over_the_body(api, bob, raw, content_type):
    assert whole(api(bob).generic("POST", "/events/", raw, content_type)) == NOT_AN_ORGANIZER


def test_a_row_that_is_not_there_wins_over_whose_it_would_be(api, bob, eve, olga, otto, make_event, enroll):
    for verb in ("GET", "PATCH", "DELETE"):
        assert whole(api(bob).send(verb, f"/users/{NOBODY}")) == NO_USER
        assert whole(api(bob).send(verb, f"/attendees/{NOBODY}")) == NO_ATTENDEE
    assert whole(api(olga).post("/attendees/", {"event_id": NOBODY, "user_id": eve.pk})) == NO_EVENT
    draft = make_event(olga, status="draft")
    for verb in ("PATCH", "DELETE"):
        assert whole(api(otto).send(verb, f"/events/{draft.pk}")) == NO_EVENT
    assert whole(api(otto).get(f"/events/{draft.pk}/attendees")) == NO_EVENT
    assert whole(api(otto).post("/attendees/", {"event_id": draft.pk, "user_id": eve.pk})) == NO_EVENT


@each_bad_body
@pytest.mark.parametrize(
    ("path", "refused"),
    [
        (f"/users/{NOBODY}", NO_USER),
        (f"/users/{NOBODY}/organizer", NO_USER),
        (f"/events/{NOBODY}", NO_EVENT),
        (f"/attendees/{NOBODY}", NO_ATTENDEE),
    ],
)
def test_a_row_that_is_not_there_wins_over_the_body(api, ada, path, refused, raw, content_type):
    assert whole(api(ada).generic("PATCH", path, raw, content_type)) == refused


@each_bad_body
@pytest.mark.parametrize(
    ("path", "msg"),
    [
        ("/users/{users}", "Resource inaccessible"),
        ("/users/{users}/organizer", "Resource inaccessible"),
        ("/events/{events}", "Event not updated"),
        ("/attendees/{attendees}", "Attendee not updated"),
    ],
)
def test_a_row_that_is_not_ones_own_wins_over_the_body(api, olga, ids, path, msg, raw, content_type):
    answer = api(olga).generic("PATCH", path.format(**ids), raw, content_type)
    assert whole(answer) == refusal(403, msg, "permission_denied")


def test_a_row_that_is_not_ones_own_wins_over_other_fields_of_the_body(api, olga, otto, eve, make_event):
    event = make_event(otto)
    assert whole(api(olga).post("/attendees/", {"event_id": event.pk, "user_id": eve.pk, "name": ""})) == NOT_ALLOWED
    assert whole(api(olga).post("/events/", {"organizer_id": otto.pk, "title": ""})) == NOT_ALLOWED


def test_signing_in_again_wins_over_other_fields_of_the_body(api, bob):
    """It is a 403 like the others."""
    stale = api(bob, signed_in_at=0)
    refused = refusal(403, "Sign in again to change this", "reauthentication_required")
    assert whole(stale.patch(f"/users/{bob.pk}", {"email": "new@example.org", "username": ""})) == refused
    assert whole(stale.patch(f"/users/{bob.pk}", {"password": "12345", "role": "owner"})) == refused
    assert whole(stale.patch(f"/users/{bob.pk}", {"password": "12345", "role": "admin"})) == refused


def test_a_row_that_is_not_ones_own_wins_over_a_conflict(api, bob, ada, olga, otto, make_event, enroll):
    enroll(make_event(olga))
    assert whole(api(bob).delete(f"/users/{ada.pk}")) == INACCESSIBLE
    assert whole(api(otto).delete(f"/users/{olga.pk}")) == INACCESSIBLE


def test_a_body_that_is_not_valid_wins_over_a_conflict(api, ada, bob, make_event):
    blank = invalid(username="This field may not be blank.")
    assert whole(api(ada).patch(f"/users/{ada.pk}", {"role": "user", "username": ""})) == blank
    body = {"username": "bob", "email": "nonsense", "password": "correct horse battery"}
    assert whole(api().post("/users/register", body)) == invalid(email="Enter a valid email address.")
    event = make_event(ada, full=True)
    answer = api(bob).post("/attendees/", {"event_id": event.pk, "name": ""})
    assert whole(answer) == invalid(name="This field may not be blank.")


def test_a_weak_password_wins_over_a_name_that_is_taken(api, bob, eve):
    weak = invalid(password="This password is entirely numeric.")
    body = {"username": "bob", "email": "zoe@example.org", "password": "7204918365"}
    assert whole(api().post("/users/register", body)) == weak
    assert whole(api(bob).patch(f"/users/{bob.pk}", {"username": "eve", "password": "7204918365"})) == weak


# Faults inside, and conflicts that only the database sees -------------------------------------------------------------


RAISED = {
    "a bug": (ValueError("the secret"), CRASH),
    "a bug in a lookup": (KeyError("the secret"), CRASH),
    "a number too large for SQLite": (OverflowError("the secret"), CRASH),
    "an endless recursion": (RecursionError("the secret"), CRASH),
    "a wrong statement": (ProgrammingError("the secret"), CRASH),
    "an error that shows no message": (AssertionError(), CRASH),
    "the database is away": (OperationalError("the secret"), UNAVAILABLE),
    "the connection is closed": (InterfaceError("the secret"), UNAVAILABLE),
    "a constraint": (IntegrityError("the secret"), CONFLICT),
    "a value that no column holds": (DataError("the secret"), refusal(400, "Invalid request", "invalid")),
    "Django's 404": (Http404("the secret"), NO_PATH),
    "Django's 403": (django_errors.PermissionDenied("the secret"), NOT_ALLOWED),
    "a suspicious operation": (
        django_errors.SuspiciousOperation("the secret"),
        refusal(400, "Invalid request", "invalid"),
    ),
    "Django's limit": (django_errors.RequestDataTooBig("the secret"), TOO_LARGE),
    "a client that hung up": (UnreadablePostError("the secret"), refusal(400, "Malformed request.", "parse_error")),
    "Django's validation": (django_errors.ValidationError("Too late."), invalid(non_field_errors="Too late.")),
    "Django's validation of a field": (
        django_errors.ValidationError({"end_time": ["Too late."], "title": ["Too long.", "Too loud."]}),
        invalid(end_time="Too late.", title=["Too long.", "Too loud."]),
    ),
    "DRF's validation": (drf.ValidationError("Too late."), invalid(non_field_errors="Too late.")),
    "DRF's validation of a list": (
        drf.ValidationError({"events": [{"title": ["Too long."]}]}),
        refusal(400, "events: Too long.", "invalid", errors={"events": [{"title": ["Too long."]}]}),
    ),
    "DRF's 404": (drf.NotFound(), refusal(404, "Not found.", "not_found")),
    "a refusal of ours": (EventNotFound(), NO_EVENT),
    "a refusal that says more": (EventFull(can_wait=True), refusal(409, "Event is full", "event_full", can_wait=True)),
}


class Raising(PublicViewSet):
    resource = "crash"

    def crash(self, request, name):
        raise RAISED[name][0]


class RaisingWhileAuthenticating(ApiViewSet):
    resource = "crash"

    def get_authenticators(self):
        class Broken:
            def authenticate(self, request):
                raise OperationalError("the secret")

        return [Broken()]

    def crash(self, request):
        raise AssertionError("unreachable")


class Doubling(PublicViewSet):
    """Runs into a constraint that nobody foresaw, in the middle of a transaction."""

    resource = "crash"

    def crash(self, request):
        with transaction.atomic():
            for _ in range(2):
                User.objects.create(username="zoe", email="zoe@example.org")


def plain(request, name):
    raise RAISED[name][0]


from eventhub.urls import handler400, handler403, handler404, handler500  # noqa: E402, F401  (this is a URLconf, too)

urlpatterns = [
    path("crash/<str:name>", Raising.as_view({"get": "crash", "post": "crash"})),
    path("plain/<str:name>", plain),
    path("authenticating", RaisingWhileAuthenticating.as_view({"get": "crash"})),
    path("doubling", Doubling.as_view({"post": "crash"})),
]
with_these_views = pytest.mark.urls(__name__)


@debug_or_not
@with_these_views
@pytest.mark.parametrize("name", RAISED)
def test_whatever_a_view_raises_has_its_answer(settings, caplog, name, debug):
    caplog.set_level(logging.CRITICAL)
    settings.DEBUG = debug
    answer = Client(raise_request_exception=False).get(f"/crash/{name}")
    assert whole(answer) == RAISED[name][1]
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers.get("Retry-After") == ("5" if answer.status_code == 503 else None)


@with_these_views
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a bug", CRASH),
        ("Django's 404", NO_PATH),
        ("Django's 403", NOT_ALLOWED),
        ("a suspicious operation", refusal(400, "Invalid request", "invalid")),
    ],
)
def test_what_a_view_outside_the_api_raises_is_answered_alike(caplog, name, expected):
    caplog.set_level(logging.CRITICAL)
    assert whole(Client(raise_request_exception=False).get(f"/plain/{name}")) == expected


@with_these_views
def test_a_fault_is_logged_with_its_trace(caplog):
    Client(raise_request_exception=False).get("/crash/a bug")
    (record,) = [record for record in caplog.records if record.name == "eventhub.errors"]
    assert record.getMessage() == "GET /crash/{name} failed"
    assert str(record.exc_info[1]) == "the secret"


@with_these_views
@pytest.mark.parametrize("name", ["a constraint", "a value that no column holds", "a refusal of ours"])
def test_a_refusal_is_no_fault_in_the_log(caplog, name):
    Client(raise_request_exception=False).get(f"/crash/{name}")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@with_these_views
def test_a_database_that_is_away_while_a_token_is_looked_at_is_a_503():
    answer = Client(raise_request_exception=False).get("/authenticating")
    assert (whole(answer), answer.headers["Retry-After"]) == (UNAVAILABLE, "5")


@with_these_views
def test_a_conflict_that_the_database_reports_leaves_nothing_behind():
    assert whole(Client(raise_request_exception=False).post("/doubling")) == CONFLICT
    assert not User.objects.filter(username="zoe").exists()


def test_a_host_that_we_are_not_is_a_400():
    answer = Client(raise_request_exception=False).get("/healthz", headers={"host": "evil.example"})
    assert whole(answer) == refusal(400, "Invalid request", "invalid")


def test_a_query_of_too_many_parameters_is_a_400(api, bob):
    query = "&".join(f"x{n}=1" for n in range(2000))
    assert whole(api(bob).get(f"/events/?{query}")) == refusal(400, "Invalid request", "invalid")


# Conflicts of the table that have no file of their own ----------------------------------------------------------------


def test_the_conflicts_of_accounts(api, ada, bob):
    body = {"username": "bob", "email": "zoe@example.org", "password": PASSWORD}
    assert whole(api().post("/users/register", body)) == USER_EXISTS
    assert whole(api(ada).delete(f"/users/{ada.pk}")) == LAST_ADMIN
    assert whole(api(bob).get("/users/")) == NOT_ADMIN
