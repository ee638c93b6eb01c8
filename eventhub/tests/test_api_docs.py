"""What the service says about itself: the way in, the OpenAPI document, Swagger UI, and whether it is well."""

import json
import re
from datetime import UTC, datetime
from io import StringIO

import jsonschema_rs
import pytest
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from accounts.models import User
from accounts.permissions import SCOPES
from eventhub.testing.factories import PASSWORD
from eventhub.testing.responses import refusal, whole
from events.models import Event
from registrations import triggers

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.django_db]

SCHEMA_TYPE = "application/vnd.oai.openapi+json;version=3.1"


@pytest.fixture(scope="module")
def document():
    return json.loads(Client().get("/schema/").content)


def operations(document):
    return [
        (f"{verb.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for verb, operation in item.items()
    ]


# The way in ----------------------------------------------------------------------------------------------------------


def test_the_root_links_to_what_there_is():
    here = "http://testserver"
    assert whole(Client().get("/")) == (
        200,
        {
            "name": "EventHub",
            "admin": f"{here}/admin/",
            "docs": f"{here}/docs/",
            "schema": f"{here}/schema/",
            "events": f"{here}/events/",
            "health": f"{here}/healthz",
            "ready": f"{here}/readyz",
        },
    )


def test_every_link_of_the_root_leads_somewhere(api, ada):
    links = [link for link in Client().get("/").json().values() if link.startswith("http")]
    statuses = {link: api(ada).get(link.removeprefix("http://testserver")).status_code for link in links}
    assert statuses == {link: 302 if link.endswith("/admin/") else 200 for link in links}


# The document --------------------------------------------------------------------------------------------------------


def test_the_document_is_valid_openapi_3_1(document):
    validate(document, cls=OpenAPIV31SpecValidator)
    assert (document["openapi"], document["info"]["title"], document["info"]["version"]) == (
        "3.1.0",
        "EventHub",
        "1.0.0",
    )


def test_the_document_says_its_media_type():
    for path in ("/schema/", "/schema"):
        answer = Client().get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, SCHEMA_TYPE)


def test_the_generator_has_nothing_to_complain_about(tmp_path):
    out = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(out), stderr=StringIO())
    assert out.read_text().startswith("openapi: 3.1.0\n")


def test_every_operation_has_a_summary_and_a_name_of_its_own(document):
    odd = [
        name
        for name, operation in operations(document)
        if not re.fullmatch(r"[A-Z][^\n`]{3,120}[^.\n`]", operation["summary"])
    ]
    names = [operation["operationId"] for _, operation in operations(document)]
    assert (odd, len(names)) == ([], len(set(names)))


def test_only_the_contracts_spelling_is_in_the_document(document):
    assert [path for path in document["paths"] if path.endswith("/")] == [
        "/attendees/",
        "/events/",
        "/events/{id}/checkpoints/",
        "/events/{id}/gate-tokens/",
        "/events/{id}/messages/",
        "/events/{id}/questions/",
        "/events/{id}/team/",
        "/public/events/",
        "/public/events/{name}/registrations/",
        "/series/",
        "/tags/",
        "/users/",
        "/users/me/calendar-feeds/",
        "/users/me/tokens/",
    ]


def test_every_body_has_an_example_that_fits_its_schema(document):
    def check(name, media):
        schema = {**media["schema"], "components": document["components"]}
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(media["example"])
        seen.append(name)

    seen = []
    for name, operation in operations(document):
        if "requestBody" in operation:
            check(name, operation["requestBody"]["content"]["application/json"])
        for status, answer in operation["responses"].items():
            if status < "400" and "content" in answer:
                ((_, content),) = answer["content"].items()
                check(name, content)
    bare = {"POST /users/email/verification"}  # nothing goes in, and nothing comes out
    assert set(seen) >= {name for name, _ in operations(document) if not name.startswith("DELETE")} - bare


def test_no_body_publishes_a_docstring_or_contradicts_its_answer(document):
    bodies = {name: schema for name, schema in document["components"]["schemas"].items() if name.endswith("Request")}
    assert {name for name, schema in bodies.items() if "description" in schema} == set()
    for name, operation in operations(document):
        answer = operation["responses"].get("201") or operation["responses"].get("200", {})
        if "requestBody" in operation and "content" in answer:
            sent = operation["requestBody"]["content"]["application/json"]["example"]
            got = answer["content"]["application/json"]["example"]
            shared = sent.keys() & got.keys()
            assert {key: got[key] for key in shared} == {key: sent[key] for key in shared}, name


def test_what_an_absent_key_means_is_said_where_it_means_a_value(document):
    schemas = document["components"]["schemas"]
    defaults = {
        (name, key): field["default"]
        for name, schema in schemas.items()
        for key, field in schema.get("properties", {}).items()
        if "default" in field
    }
    series = {key: value for (name, key), value in defaults.items() if name == "SeriesInputRequest"}
    assert series == {key: value for (name, key), value in defaults.items() if name == "EventInputRequest"}
    defaults = {(name, key): value for (name, key), value in defaults.items() if name != "SeriesInputRequest"}
    assert defaults == {
        ("AttendeeInputRequest", "status"): "registered",
        ("CheckpointInputRequest", "reentry"): "never",
        ("CloneInputRequest", "with"): ["questions", "templates", "team"],
        ("ConfirmationInputRequest", "wait"): False,
        ("EventInputRequest", "description"): "",
        ("EventInputRequest", "notifications"): "usual",
        ("EventInputRequest", "language"): "",
        ("EventInputRequest", "time_zone"): "",
        ("EventInputRequest", "attendance"): "offline",
        ("EventInputRequest", "venue"): "",
        ("EventInputRequest", "address"): "",
        ("EventInputRequest", "online_url"): "",
        ("EventInputRequest", "guests"): "no",
        ("EventInputRequest", "status"): "upcoming",
        ("EventInputRequest", "hides_seats"): False,
        ("EventInputRequest", "visibility"): "public",
        ("EventInputRequest", "waitlist"): True,
        ("GuestRequestInputRequest", "wait"): False,
        ("MessageInputRequest", "dry_run"): False,
        ("OfflineScanInputRequest", "kind"): "in",
        ("ScanInputRequest", "force"): False,
        ("ScanInputRequest", "kind"): "in",
        ("SeriesAttendeeInputRequest", "status"): "registered",
        ("SeriesPreviewInputRequest", "time_zone"): "",
        ("SignUpInputRequest", "role"): "user",
        ("TagInputRequest", "kind"): "category",
    }
    event = Event()
    of_events = {key: value for (name, key), value in defaults.items() if name == "EventInputRequest"}
    assert of_events == {key: getattr(event, key) for key in of_events}
    assert User().role == "user"


def test_a_time_in_a_request_may_be_a_date(document):
    either = [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]
    nullable = [*either, {"type": "null"}]
    schemas = document["components"]["schemas"]
    times = {
        f"{name} {key}": field["oneOf"]
        for name, schema in schemas.items()
        for key, field in schema.get("properties", {}).items()
        if name.endswith("Request")
        and "Series" not in name
        and key in {"date_time", "end_time", "registration_opens", "expires_at"}
    }
    assert times == {
        "CloneInputRequest date_time": either,
        "EventInputRequest date_time": either,
        "EventInputRequest end_time": nullable,
        "EventInputRequest registration_opens": nullable,
        "GateTokenInputRequest expires_at": nullable,
        "PatchedEventInputRequest date_time": either,
        "PatchedEventInputRequest end_time": nullable,
        "PatchedEventInputRequest registration_opens": nullable,
        "TokenInputRequest expires_at": either,
    }
    filters = {
        parameter["name"]: parameter["schema"]
        for _, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["name"].startswith("date_")
    }
    assert filters == {"date_from": {"oneOf": either}, "date_to": {"oneOf": either}}
    assert schemas["Event"]["properties"]["date_time"] == either[0]


def test_the_introduction_says_what_every_client_needs(document):
    topics = re.findall(r"^\*\*(\w+(?: \w+)?)\.\*\*", document["info"]["description"], re.MULTILINE)
    assert topics == ["Signing in", "Errors", "Lists", "Times", "Changes"]


def test_every_parameter_has_a_type_that_its_values_are_of(document):
    """As JSON: an identifier is a whole number, and `true` no text. Orders have names for programs."""
    odd = {
        f"{name} {parameter['name']}": parameter["schema"]
        for name, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not is_sound(parameter["name"], parameter["schema"])
    }
    assert odd == {}
    scopes = document["components"]["schemas"]["ScopesEnum"]
    assert scopes["x-enum-varnames"] == [scope.replace(":", "_").upper() for scope in scopes["enum"]]


def is_sound(name, schema):
    if "oneOf" in schema:
        return all(is_sound(name, one) for one in schema["oneOf"])
    if schema["type"] == "array":
        return is_sound(name, schema["items"])
    if name == "ordering":
        names = [f"{order.removeprefix('-')}{'_desc' * order.startswith('-')}".upper() for order in schema["enum"]]
        return schema["x-enum-varnames"] == names
    kinds = {"integer"} if name.endswith("id") else {"string"} if "enum" in schema else {"string", "integer", "boolean"}
    return schema["type"] in kinds


COMMON = {("406", "not_acceptable"), ("429", "throttled"), ("500", "error"), ("503", "unavailable")}
SIGNED_IN = COMMON | {("401", "not_authenticated"), ("401", "token_not_valid"), ("403", "insufficient_scope")}
BODY = {
    ("400", "parse_error"),
    ("400", "invalid"),
    ("409", "conflict"),
    ("413", "too_large"),
    ("415", "unsupported_media_type"),
}
LIST = {("400", "invalid")}
DENIED, MISSING, CONFLICT = ("403", "permission_denied"), ("404", "not_found"), ("409", "conflict")
UNVERIFIED = ("403", "email_not_verified")
LATE = ("409", "change_closed")
NO_SEAT = {("409", "already_registered"), ("409", "registration_closed"), ("409", "event_full")}
GUEST = {MISSING, ("403", "guests_not_allowed"), ("409", "registration_closed"), ("409", "event_full")}
TAGGED = {("412", "precondition_failed")}
KEYED = {("422", "idempotency_key_reused")}
# What their answers hold is seen once, and kept nowhere.
SECRET_ANSWERS = {"POST /users/me/tokens/", "POST /users/me/calendar-feeds/", "POST /events/{id}/gate-tokens/"}
# The nonce in their bodies is the key: a refusal is kept, too.
WITH_NONCES = {
    "POST /events/{id}/scans",
    "POST /events/{id}/scans/batch",
    "POST /events/{id}/walk-ins",
    "POST /scans/{id}/undo",
}
REUSED = ("422", "nonce_reused")
ACCOUNT = {
    DENIED,
    MISSING,
    ("403", "reauthentication_required"),
    ("409", "username_exists"),
    ("409", "email_exists"),
    ("409", "has_events"),
    ("409", "last_admin"),
}
SLUG_TAKEN, TAG_EXISTS = ("409", "slug_taken"), ("409", "tag_exists")
EVENT = {DENIED, MISSING, SLUG_TAKEN, ("409", "capacity_below_taken"), ("409", "has_attendees")}
QUESTION = {DENIED, MISSING, ("409", "question_in_use")}
TICKET = {DENIED, MISSING, ("409", "no_ticket")}
PRINTED = {DENIED, MISSING, ("400", "invalid"), ("409", "too_many_for_a_file"), ("501", "not_installed")}
CODES = {
    "GET /attendees/": SIGNED_IN | LIST,
    "POST /attendees/": SIGNED_IN | BODY | KEYED | NO_SEAT | {DENIED, MISSING, UNVERIFIED},
    "GET /attendees/{id}": SIGNED_IN | TAGGED | {DENIED, MISSING},
    "PUT /attendees/{id}": SIGNED_IN | TAGGED | BODY | NO_SEAT | {DENIED, MISSING, UNVERIFIED, LATE},
    "PATCH /attendees/{id}": SIGNED_IN | TAGGED | BODY | NO_SEAT | {DENIED, MISSING, UNVERIFIED, LATE},
    "DELETE /attendees/{id}": SIGNED_IN | TAGGED | {DENIED, MISSING, CONFLICT, LATE},
    "GET /attendees/{id}/answers": SIGNED_IN | TAGGED | {DENIED, MISSING},
    "PUT /attendees/{id}/answers": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING, ("409", "answers_closed")},
    "PATCH /attendees/{id}/answers": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING, ("409", "answers_closed")},
    "GET /attendees/{id}/calendar.ics": SIGNED_IN | TAGGED | {DENIED, MISSING},
    "GET /attendees/{id}/notifications": SIGNED_IN | LIST | {DENIED, MISSING},
    "POST /attendees/{id}/notifications/resend": SIGNED_IN
    | KEYED
    | {DENIED, MISSING, UNVERIFIED, CONFLICT, ("400", "invalid"), ("409", "nothing_to_send")},
    "GET /attendees/{id}/ticket": SIGNED_IN | TAGGED | TICKET,
    "GET /attendees/{id}/ticket.svg": SIGNED_IN | TAGGED | TICKET,
    "GET /attendees/{id}/ticket.png": SIGNED_IN | TAGGED | TICKET,
    "GET /attendees/{id}/ticket.pdf": SIGNED_IN | TAGGED | TICKET | {("501", "not_installed")},
    "POST /attendees/{id}/ticket/reissue": SIGNED_IN | KEYED | TICKET | {CONFLICT, ("400", "invalid")},
    "POST /attendees/{id}/confirm": SIGNED_IN
    | KEYED
    | {DENIED, MISSING, CONFLICT, ("400", "invalid"), ("409", "not_offered")},
    "GET /events/{id}/calendar.ics": SIGNED_IN | TAGGED | {MISSING},
    "GET /events/": SIGNED_IN | LIST,
    "POST /events/": SIGNED_IN | BODY | KEYED | {DENIED, SLUG_TAKEN},
    "GET /events/{id}": SIGNED_IN | TAGGED | {MISSING},
    "PUT /events/{id}": SIGNED_IN | TAGGED | BODY | EVENT,
    "PATCH /events/{id}": SIGNED_IN | TAGGED | BODY | EVENT,
    "DELETE /events/{id}": SIGNED_IN | TAGGED | {DENIED, MISSING, CONFLICT},
    "GET /series/": SIGNED_IN | LIST | {DENIED},
    "POST /series/": SIGNED_IN | BODY | KEYED | {DENIED},
    "POST /series/preview": SIGNED_IN | BODY | KEYED | {DENIED},
    "GET /series/{id}": SIGNED_IN | TAGGED | {DENIED, MISSING},
    "PUT /series/{id}": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING},
    "PATCH /series/{id}": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING},
    "DELETE /series/{id}": SIGNED_IN | TAGGED | {DENIED, MISSING, CONFLICT},
    "GET /series/{id}/events": SIGNED_IN | LIST | {MISSING},
    "POST /series/{id}/attendees": SIGNED_IN | BODY | KEYED | {DENIED, MISSING, UNVERIFIED},
    "POST /events/{id}/clone": SIGNED_IN | BODY | KEYED | {DENIED, MISSING},
    "GET /events/by-slug/{slug}": SIGNED_IN | TAGGED | {MISSING},
    "PUT /events/{id}/interest": SIGNED_IN | BODY | {MISSING},
    "DELETE /events/{id}/interest": SIGNED_IN | {MISSING, CONFLICT},
    "GET /tags/": SIGNED_IN | LIST,
    "POST /tags/": SIGNED_IN | BODY | KEYED | {DENIED, TAG_EXISTS},
    "PUT /tags/{id}": SIGNED_IN | BODY | {DENIED, MISSING, TAG_EXISTS},
    "PATCH /tags/{id}": SIGNED_IN | BODY | {DENIED, MISSING, TAG_EXISTS},
    "DELETE /tags/{id}": SIGNED_IN | {DENIED, MISSING, CONFLICT},
    "POST /tags/{id}/merge": SIGNED_IN | BODY | KEYED | {DENIED, MISSING},
    "GET /users/me/interests": SIGNED_IN | LIST,
    "GET /events/{id}/attendees": SIGNED_IN | LIST | {DENIED, MISSING},
    "GET /users/me/events": SIGNED_IN | LIST,
    "GET /events/{id}/team/": SIGNED_IN | {DENIED, MISSING},
    "POST /events/{id}/team/": SIGNED_IN
    | BODY
    | KEYED
    | {DENIED, MISSING, UNVERIFIED, ("409", "already_member"), ("409", "team_full")},
    "PUT /team-members/{id}": SIGNED_IN | BODY | {DENIED, MISSING},
    "PATCH /team-members/{id}": SIGNED_IN | BODY | {DENIED, MISSING},
    "DELETE /team-members/{id}": SIGNED_IN | {DENIED, MISSING, CONFLICT},
    "DELETE /team-invitations/{id}": SIGNED_IN | {DENIED, MISSING, CONFLICT},
    "POST /team/accept": SIGNED_IN | BODY | KEYED | {DENIED, ("409", "already_member"), ("410", "invitation_gone")},
    "GET /events/{id}/gate-tokens/": SIGNED_IN | LIST | {DENIED, MISSING},
    "POST /events/{id}/gate-tokens/": SIGNED_IN
    | BODY
    | {DENIED, MISSING, ("409", "event_over"), ("409", "too_many_gate_tokens")},
    "DELETE /gate-tokens/{id}": SIGNED_IN | {DENIED, MISSING, CONFLICT},
    "GET /gate": SIGNED_IN | {DENIED},
    "GET /events/{id}/bundle": SIGNED_IN | LIST | {DENIED, MISSING},
    "POST /events/{id}/scans": SIGNED_IN
    | BODY
    | {DENIED, MISSING, REUSED}
    | {("404", "ticket_unknown"), ("403", "force_not_allowed"), ("409", "wrong_event"), ("409", "ticket_revoked")}
    | {("409", "not_registered"), ("409", "already_in"), ("409", "not_inside"), ("409", "checkpoint_closed")}
    | {("409", "event_full")},
    "POST /events/{id}/scans/batch": SIGNED_IN | BODY | {DENIED, MISSING},
    "POST /events/{id}/walk-ins": SIGNED_IN
    | BODY
    | {DENIED, MISSING, REUSED, ("409", "registration_closed"), ("409", "event_full")},
    "POST /scans/{id}/undo": SIGNED_IN
    | BODY
    | {DENIED, MISSING, REUSED, ("409", "nothing_to_undo"), ("409", "undone_already"), ("409", "too_late")},
    "GET /events/{id}/badges.pdf": SIGNED_IN | PRINTED,
    "GET /events/{id}/names.pdf": SIGNED_IN | PRINTED,
    "GET /events/{id}/statistics": SIGNED_IN | TAGGED | {DENIED, MISSING},
    "GET /events/{id}/checkpoints/": SIGNED_IN | LIST | {DENIED, MISSING},
    "POST /events/{id}/checkpoints/": SIGNED_IN
    | BODY
    | KEYED
    | {DENIED, MISSING, ("409", "checkpoint_name_taken"), ("409", "too_many_checkpoints")},
    "GET /checkpoints/{id}": SIGNED_IN | TAGGED | {DENIED, MISSING},
    "PUT /checkpoints/{id}": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING, ("409", "checkpoint_name_taken")},
    "PATCH /checkpoints/{id}": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING, ("409", "checkpoint_name_taken")},
    "DELETE /checkpoints/{id}": SIGNED_IN
    | TAGGED
    | {DENIED, MISSING, CONFLICT, ("409", "is_entrance"), ("409", "has_scans")},
    "GET /events/{id}/questions/": SIGNED_IN | LIST | {MISSING},
    "POST /events/{id}/questions/": SIGNED_IN | BODY | KEYED | {DENIED, MISSING, ("409", "too_many_questions")},
    "POST /events/{id}/questions/order": SIGNED_IN | BODY | KEYED | {DENIED, MISSING},
    "GET /questions/{id}": SIGNED_IN | TAGGED | {MISSING},
    "PUT /questions/{id}": SIGNED_IN
    | TAGGED
    | BODY
    | QUESTION
    | {("409", "has_answers"), ("409", "too_many_questions")},
    "PATCH /questions/{id}": SIGNED_IN
    | TAGGED
    | BODY
    | QUESTION
    | {("409", "has_answers"), ("409", "too_many_questions")},
    "DELETE /questions/{id}": SIGNED_IN | TAGGED | QUESTION | {CONFLICT},
    "GET /events/{id}/scans": SIGNED_IN | LIST | {DENIED, MISSING},
    "GET /events/{id}/doors": SIGNED_IN | TAGGED | {DENIED, MISSING},
    "GET /events/{id}/doors/search": SIGNED_IN | LIST | {DENIED, MISSING},
    "GET /events/{id}/messages/": SIGNED_IN | LIST | {DENIED, MISSING},
    "POST /events/{id}/messages/": SIGNED_IN
    | BODY
    | KEYED
    | {DENIED, MISSING, ("403", "messages_not_allowed"), ("409", "too_many_messages")},
    "GET /events/{id}/messages/{message_id}": SIGNED_IN | {DENIED, MISSING},
    "POST /events/{id}/messages/{message_id}/stop": SIGNED_IN | KEYED | {DENIED, MISSING, CONFLICT, ("400", "invalid")},
    "GET /events/{id}/registration": SIGNED_IN | {MISSING},
    "GET /events/{id}/templates": SIGNED_IN | LIST | {DENIED, MISSING},
    "GET /events/{id}/templates/{kind}": SIGNED_IN | TAGGED | LIST | {DENIED, MISSING},
    "PUT /events/{id}/templates/{kind}": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING},
    "PATCH /events/{id}/templates/{kind}": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING},
    "DELETE /events/{id}/templates/{kind}": SIGNED_IN | TAGGED | LIST | {DENIED, MISSING, CONFLICT},
    "POST /events/{id}/templates/{kind}/preview": SIGNED_IN | BODY | KEYED | {DENIED, MISSING},
    "GET /users/": SIGNED_IN | LIST | {DENIED},
    "GET /users/{id}": SIGNED_IN | TAGGED | {DENIED, MISSING},
    "PUT /users/{id}": SIGNED_IN | TAGGED | BODY | ACCOUNT,
    "PATCH /users/{id}": SIGNED_IN | TAGGED | BODY | ACCOUNT,
    "DELETE /users/{id}": SIGNED_IN
    | TAGGED
    | {DENIED, MISSING, CONFLICT, ("409", "has_events"), ("409", "last_admin")},
    "GET /users/{id}/events": SIGNED_IN | LIST | {DENIED, MISSING},
    "GET /users/{id}/organizer": SIGNED_IN | TAGGED | {MISSING},
    "PUT /users/{id}/organizer": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING},
    "PATCH /users/{id}/organizer": SIGNED_IN | TAGGED | BODY | {DENIED, MISSING},
    "POST /users/email/verification": SIGNED_IN | KEYED | {CONFLICT, ("400", "invalid")},
    "POST /users/email/verify": COMMON | BODY | {("401", "token_not_valid")},
    "POST /users/login": COMMON | BODY | {("401", "invalid_credentials")},
    "POST /users/logout": SIGNED_IN | BODY | KEYED,
    "GET /users/me": SIGNED_IN | TAGGED,
    "GET /users/me/export": SIGNED_IN | {("403", "reauthentication_required")},
    "GET /users/me/notifications": SIGNED_IN | TAGGED,
    "PUT /users/me/notifications": SIGNED_IN | TAGGED | BODY,
    "PATCH /users/me/notifications": SIGNED_IN | TAGGED | BODY,
    "GET /calendars/{secret}.ics": COMMON | TAGGED | {MISSING},
    "GET /public/events/": COMMON | LIST,
    "GET /public/events.ics": COMMON | LIST,
    "GET /public/events/{name}": COMMON | {MISSING},
    "GET /public/events/{name}.ics": COMMON | {MISSING},
    "GET /public/organizers/{id}": COMMON | {MISSING},
    "POST /public/events/{name}/registrations/": COMMON | BODY | GUEST | {("400", "captcha_failed")},
    "POST /public/registrations/confirm": COMMON | BODY | GUEST | {("401", "token_not_valid"), DENIED, UNVERIFIED},
    "GET /users/me/calendar-feeds/": SIGNED_IN | LIST,
    "POST /users/me/calendar-feeds/": SIGNED_IN
    | BODY
    | {DENIED, ("403", "reauthentication_required"), ("409", "too_many_feeds")},
    "DELETE /users/me/calendar-feeds/{id}": SIGNED_IN | {MISSING, CONFLICT},
    "GET /users/me/tokens/": SIGNED_IN | LIST,
    "POST /users/me/tokens/": SIGNED_IN | BODY | {("403", "reauthentication_required"), ("409", "too_many_tokens")},
    "DELETE /users/me/tokens/{id}": SIGNED_IN | {MISSING, CONFLICT},
    "POST /users/password/reset": COMMON | BODY,
    "POST /users/password/reset/confirm": COMMON | BODY | {("401", "token_not_valid")},
    "POST /users/register": COMMON | BODY | {("409", "user_exists")},
    "POST /users/token/refresh": COMMON | BODY | {("401", "token_not_valid")},
}


def test_every_operation_names_its_refusals(document):
    documented = {
        name: {
            (status, example["value"]["code"])
            for status, answer in operation["responses"].items()
            if status >= "400"
            for example in answer["content"]["application/json"]["examples"].values()
        }
        for name, operation in operations(document)
    }
    assert documented == CODES


def test_what_is_about_one_item_takes_conditions_and_answers_with_its_etag(document):
    tagged = {name for name, operation in operations(document) if "412" in operation["responses"]}
    conditional = {
        name
        for name, operation in operations(document)
        if {"If-Match", "If-None-Match"} <= {given["name"] for given in operation.get("parameters", [])}
    }
    with_etag = {
        (name.split()[0], status)
        for name, operation in operations(document)
        for status, answer in operation["responses"].items()
        if "ETag" in answer.get("headers", {})
    }
    assert conditional == tagged == {name for name, codes in CODES.items() if codes >= TAGGED}
    assert with_etag == {("GET", "200"), ("GET", "304"), ("PUT", "200"), ("PATCH", "200"), ("POST", "201")}


def test_every_post_of_who_is_signed_in_takes_an_idempotency_key_but_where_the_answer_is_a_secret(document):
    posts = {
        name: operation
        for name, operation in operations(document)
        if name.startswith("POST") and operation.get("security")
    }
    keyed = {
        name
        for name, operation in posts.items()
        if any(given["name"] == "Idempotency-Key" for given in operation.get("parameters", []))
    }
    assert posts.keys() - keyed == SECRET_ANSWERS | WITH_NONCES
    assert keyed == {name for name, codes in CODES.items() if codes >= KEYED}
    replayed = {
        name
        for name, operation in operations(document)
        for status, answer in operation["responses"].items()
        if "Idempotent-Replayed" in answer.get("headers", {}) and status < "300"
    }
    assert replayed == keyed


def test_every_refusal_has_the_one_error_body(document):
    refs = {
        json.dumps(answer["content"]["application/json"]["schema"])
        for _, operation in operations(document)
        for status, answer in operation["responses"].items()
        if status >= "400"
    }
    assert refs == {'{"$ref": "#/components/schemas/Error"}'}


def test_refusals_name_their_headers(document):
    """And every answer in the tests has them: see `hold_against_document`."""
    named = {
        (status, *answer.get("headers", {}))
        for _, operation in operations(document)
        for status, answer in operation["responses"].items()
        if status >= "400"
    }
    assert {names for names in named if len(names) > 1} == {
        ("401", "WWW-Authenticate"),
        ("429", "Retry-After"),
        ("503", "Retry-After"),
    }
    assert named.isdisjoint({("401",), ("429",), ("503",)})


def test_every_operation_says_whether_it_takes_a_token(document):
    public = {name for name, operation in operations(document) if "security" not in operation}
    assert public == {
        "GET /calendars/{secret}.ics",
        "GET /public/events.ics",
        "GET /public/events/",
        "GET /public/events/{name}",
        "GET /public/events/{name}.ics",
        "GET /public/organizers/{id}",
        "POST /public/events/{name}/registrations/",
        "POST /public/registrations/confirm",
        "POST /users/email/verify",
        "POST /users/login",
        "POST /users/password/reset",
        "POST /users/password/reset/confirm",
        "POST /users/register",
        "POST /users/token/refresh",
    }
    schemes = document["components"]["securitySchemes"]
    assert {name: (scheme["scheme"], scheme["bearerFormat"]) for name, scheme in schemes.items()} == {
        "bearer": ("bearer", "JWT"),
        "service_token": ("bearer", "evh_..."),
        "gate_token": ("bearer", "evg_..."),
    }


def test_every_operation_says_which_scope_a_service_token_needs(document):
    documented = {
        operation["operationId"].removesuffix("_partially"): [
            scope for way in operation["security"] for scopes in way.values() for scope in scopes
        ]
        for _, operation in operations(document)
        if "security" in operation
    }
    scopes = {f"{resource}_{action}": [scope.value] for (resource, action), scope in SCOPES.items()}
    assert documented == {name: scopes.get(name, []) for name in documented}
    assert scopes.keys() <= documented.keys()


def test_the_operations_at_the_door_say_that_they_take_a_gate_token(document):
    said = {name for name, operation in operations(document) if {"gate_token": []} in operation.get("security", [])}
    assert "GET /gate" in said
    assert [
        name
        for name in said
        if not name.partition(" ")[2].startswith(("/gate", "/events/", "/scans/", "/checkpoints/"))
    ] == []


def test_a_password_only_goes_in(document):
    with_password = {
        name
        for name, schema in document["components"]["schemas"].items()
        if any("password" in key for key in schema.get("properties", {}))
    }
    assert with_password == {
        "CalendarFeedInputRequest",
        "LoginInputRequest",
        "NewPasswordInputRequest",
        "PatchedAccountInputRequest",
        "SignUpInputRequest",
        "TokenInputRequest",
    }


# Swagger UI ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json", "nonsense"])
@pytest.mark.parametrize("path", ["/docs/", "/docs"])
def test_swagger_ui_is_a_page(path, accept):
    answer = Client().get(path, headers={"accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_swagger_ui_asks_no_other_host_for_anything():
    page = Client().get("/docs/").content.decode()
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
    assert len(loaded) >= 4
    script = next(path for path in loaded if "script" in path)
    program = Client().get(script)
    assert (program.status_code, program.headers["Content-Type"]) == (200, "application/javascript")
    for text in (page, program.content.decode()):
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) == []
    for path in loaded:
        assert path.startswith(("/static/", "/docs/"))
        answer = Client().get(path)
        assert (answer.status_code, len(answer.getvalue()) > 0) == (200, True)
        answer.close()


def test_swagger_ui_reads_our_document():
    program = Client().get("/docs/?script=").content.decode()
    assert '"/schema/"' in program


# Health --------------------------------------------------------------------------------------------------------------

OK = (200, {"status": "ok"})


def unready(reason):
    return refusal(503, f"Temporarily unavailable: {reason}", "unavailable")


@pytest.fixture
def broken(monkeypatch):
    def with_error(error):
        def refuse(*args, **kwargs):
            raise error

        monkeypatch.setattr(connection, "cursor", refuse)

    return with_error


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/readyz", "/readyz/"])
def test_a_service_that_is_well_says_so_to_everybody(path):
    answer = Client().get(path)
    assert whole(answer) == OK
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_process_lives_without_its_database(broken, django_assert_num_queries):
    broken(OperationalError("the secret"))
    with django_assert_num_queries(0):
        assert whole(Client().get("/healthz")) == OK


@pytest.mark.parametrize("error", [OperationalError("the secret"), InterfaceError("the secret")])
def test_it_is_not_ready_while_the_database_is_away(broken, error):
    broken(error)
    answer = Client().get("/readyz")
    assert whole(answer) == unready("the database does not answer")
    assert answer.headers["Retry-After"] == "5"


def test_it_is_not_ready_before_all_migrations_are_applied():
    MigrationRecorder(connection).Migration.objects.filter(app="accounts").order_by("name").last().delete()
    answer = Client().get("/readyz")
    assert whole(answer) == unready("migrations are not applied")
    assert answer.headers["Retry-After"] == "5"


def test_it_is_not_ready_while_a_trigger_is_missing():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TRIGGER registrations_seats_ins ON registrations_registration")
        else:
            cursor.execute(f"DROP TRIGGER {next(iter(triggers.sqlite.TRIGGERS))}")
    answer = Client().get("/readyz")
    assert whole(answer) == unready("the seat triggers are missing; run migrate")
    assert answer.headers["Retry-After"] == "5"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_asked_without_https(settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert whole(Client().get(path)) == OK
    assert Client().get("/events/").status_code == 301


# Times ---------------------------------------------------------------------------------------------------------------

MOMENT = datetime(2031, 7, 1, 16, 30, 15, 250_000, tzinfo=UTC)
TEXT = "2031-07-01T16:30:15.250000Z"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
def test_times_go_out_in_utc_whatever_the_zone(settings, api, ada, make_event, enroll, zone):
    settings.TIME_ZONE = zone
    times = dict.fromkeys(("date_time", "registration_closes", "created_at", "updated_at"), MOMENT)
    event = make_event(ada)
    Event.objects.filter(pk=event.pk).update(**times)
    row = enroll(event, ada)
    type(row).objects.filter(pk=row.pk).update(registration_date=MOMENT, updated_at=MOMENT)
    User.objects.filter(pk=ada.pk).update(created_at=MOMENT, updated_at=MOMENT)
    client = api(ada)
    shown = client.get(f"/events/{event.pk}").json()
    assert {name: shown[name] for name in times} == dict.fromkeys(times, TEXT)
    shown = client.get(f"/attendees/{row.pk}").json()
    assert (shown["registration_date"], shown["updated_at"], shown["event"]["date_time"]) == (TEXT, TEXT, TEXT)
    shown = client.get("/users/me").json()
    assert (shown["created_at"], shown["updated_at"]) == (TEXT, TEXT)


def test_a_time_without_a_fraction_has_none(api, ada, make_event):
    event = make_event(ada, date_time=MOMENT.replace(microsecond=0))
    assert api(ada).get(f"/events/{event.pk}").json()["date_time"] == "2031-07-01T16:30:15Z"


@pytest.mark.parametrize(
    ("zone", "given", "shown"),
    [
        ("UTC", "2031-07-01T18:00:00", "2031-07-01T18:00:00Z"),
        ("Europe/Berlin", "2031-07-01T18:00:00", "2031-07-01T16:00:00Z"),
        ("Europe/Berlin", "2031-01-01T18:00:00", "2031-01-01T17:00:00Z"),
        ("Europe/Berlin", "2031-07-01T18:00:00Z", "2031-07-01T18:00:00Z"),
        ("Europe/Berlin", "2031-07-01T18:00:00+16:29", "2031-07-01T01:31:00Z"),
        ("Asia/Tokyo", "2031-07-01", "2031-06-30T15:00:00Z"),
    ],
)
def test_a_time_without_an_offset_is_read_in_the_servers_zone(settings, api, olga, zone, given, shown):
    settings.TIME_ZONE = zone
    body = {"title": "Talk", "location": "Hall", "max_capacity": 1, "date_time": given}
    assert api(olga).post("/events/", body).json()["date_time"] == shown


def test_a_password_is_in_no_answer(api, ada):
    body = {"username": "zoe", "email": "zoe@example.org", "password": PASSWORD}
    made = api().post("/users/register", body)
    zoe = User.objects.get(username="zoe")
    signed_in = api().post("/users/login", body)
    changed = api(zoe).patch(f"/users/{zoe.pk}", {"password": PASSWORD + "!", "current_password": PASSWORD})
    listed = api(ada).get("/users/")
    assert [answer.status_code for answer in (made, signed_in, changed, listed)] == [201, 200, 200, 200]
    for answer in (made, signed_in, changed, listed):
        assert b"passphrase" not in answer.content
        assert b"argon2" not in answer.content
