"""Requests as no client of ours makes them: headers, methods, paths, encodings, bodies. Each has an answer of the
contract's, and none is a fault: through Django with Hypothesis, the same ones in every run (FUZZ=1000: so many others),
and as bytes through a socket at a real gunicorn."""

import json
import os
import re
import socket
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eventhub.tests.attacks.operations import OPERATIONS
from eventhub.tests.attacks.scene import IDS, Scene, undone
from eventhub.wsgi import Request

pytestmark = pytest.mark.slow

ASKED = int(os.environ.get("FUZZ", "0"))
FUZZ = settings(
    max_examples=ASKED or 60,
    derandomize=not ASKED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
JSON = "application/json"
CODES = {200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422}


@pytest.fixture(scope="module")
def scene(module_rows):
    return Scene()


@pytest.fixture
def sent(scene, db, caplog, monkeypatch, django_capture_on_commit_callbacks):
    """Sends it as ada, undoes what it does, and holds the answer against what there may be."""
    monkeypatch.setattr("django.test.client.WSGIRequest", Request)  # as the server makes it

    def send(verb, path, raw=b"", **headers):
        client = Client(raise_request_exception=False)
        signed = {"HTTP_AUTHORIZATION": f"Bearer {scene.tokens['ada']}", **headers}
        with undone(django_capture_on_commit_callbacks):
            answer = client.generic(verb, path, raw, signed.pop("CONTENT_TYPE", JSON), **signed)
            if answer.streaming:
                b"".join(answer.streaming_content)  # which closes its file
        assert answer.status_code in CODES, (verb, path, raw, headers, answer.status_code)
        if answer.status_code >= 400:
            body = answer.json()
            assert (type(body["msg"]), type(body["code"])) == (str, str)
        assert [one.getMessage() for one in caplog.records if one.levelname in {"ERROR", "CRITICAL"}] == []
        return answer

    return send


# Headers -------------------------------------------------------------------------------------------------------------

HEADERS = """
    AUTHORIZATION ACCEPT ACCEPT_ENCODING ACCEPT_LANGUAGE COOKIE IF_MATCH IF_NONE_MATCH IF_MODIFIED_SINCE RANGE ORIGIN
    IDEMPOTENCY_KEY X_REQUEST_ID X_FORWARDED_FOR X_FORWARDED_PROTO X_HTTP_METHOD_OVERRIDE REFERER USER_AGENT EXPECT
    TRANSFER_ENCODING CONTENT_ENCODING X_CSRFTOKEN UPGRADE FORWARDED
"""
odd_texts = st.one_of(
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60),
    st.sampled_from(
        [
            "",
            " ",
            "*",
            '"',
            'W/"',
            '"a", W/"b"',
            "*, *",
            '""',
            "Bearer",
            "Bearer ",
            "bearer a b",
            "Basic :",
            "evh_",
            ",",
            "Bearer evh_" + "0" * 36,
            "Bearer " + "é" * 20,
            "application/json;q=2",
            "a/b;c=d;e",
            "*/*;q=-1",
            "9" * 400,
            "text/html\x00",
            "\x00",
            "bytes=0-",
            "gzip;q=0, *;q=0",
            "sessionid=\x00; ;=",
            "=" * 500,
            "\xff\xfe",
            "a" * 4000,
        ]
    ),
)
names = st.sampled_from([f"HTTP_{name}" for name in HEADERS.split()])
paths = st.sampled_from([operation.path(IDS[0]) for operation in OPERATIONS if operation.verb == "GET"])


@FUZZ
@given(path=paths, headers=st.dictionaries(names, odd_texts, min_size=1, max_size=4))
def test_no_header_is_a_fault(sent, path, headers):
    sent("GET", path, **headers)


@FUZZ
@given(
    operation=st.sampled_from([one for one in OPERATIONS if one.takes]),
    content_type=st.one_of(odd_texts, st.sampled_from([JSON, f"{JSON}; charset=utf-16", f"{JSON};charset=\x00", "a"])),
    headers=st.dictionaries(names.filter(lambda name: name != "HTTP_AUTHORIZATION"), odd_texts, max_size=3),
)
def test_no_header_of_a_body_is_a_fault(sent, operation, content_type, headers):
    raw = json.dumps(operation.described["requestBody"]["content"][JSON]["example"])
    sent(operation.verb, operation.path(IDS[0]), raw, CONTENT_TYPE=content_type, **headers)


# Methods and paths ---------------------------------------------------------------------------------------------------


@FUZZ
@given(
    verb=st.one_of(
        st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "QUERY"]),
        st.text("AZaz-_!", min_size=1),
    ),
    start=st.sampled_from(["/", "/events", "/events/", "/users/", "/users/me/", "/attendees/", "//"]),
    rest=st.one_of(
        st.text(max_size=30),
        st.integers().map(str),
        st.sampled_from(
            ["%00", "%ff", "..%2f", "%2e%2e/", "1/../2", "1;a=b", "%0d%0aX: y", "\u0661", "1e9", "0x1", "+1", "1_0"]
        ),
    ),
    query=st.binary(max_size=30),
)
def test_no_method_and_no_path_is_a_fault(sent, verb, start, rest, query):
    raw = rest if "%" in rest else quote(rest, safe="/;=+")
    sent(verb, f"{start}{raw}?{quote(query)}", b"{}")


# Bodies --------------------------------------------------------------------------------------------------------------

numbers = st.one_of(
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -1, 2**31, 2**63, -(2**63), 1e308, 1e-308, -0.0, 10**30]),
)
MOMENTS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "1900-01-01",
    "1899-12-31T23:59:59+00:01",
    "2999-12-31T23:59:60Z",
    "2999-12-31T23:59:59.9999999Z",
    "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:00+23:59",
    "2026-01-01T00:00:00-23:59:59",
    "2026-W01-1",
    "20260101T000000Z",
    "2026-03-29T02:30:00",
]
moments = st.one_of(
    st.sampled_from(MOMENTS),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:?[0-9]{2})", fullmatch=True),
)
texts = st.one_of(
    st.text(max_size=40), st.sampled_from(["\x00", "\u202e", "a" * 300, " ", "\ufeff", "İ" * 128, "=1+1"])
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts, moments),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
BODIES = [operation for operation in OPERATIONS if operation.takes]


@pytest.mark.parametrize("operation", BODIES, ids=str)
def test_no_body_is_a_fault(sent, operation):
    valid = operation.described["requestBody"]["content"][JSON]["example"]
    some_keys = st.dictionaries(st.sampled_from(sorted(operation.takes)), values, min_size=1, max_size=4)

    @settings(FUZZ, max_examples=(ASKED or 60) // 2)
    @given(body=some_keys, on_top=st.booleans())
    def send(body, on_top):
        raw = json.dumps({**valid, **body} if on_top else body)  # surrogates, if any, as escapes
        sent(operation.verb, operation.path(IDS[0]), raw)

    send()


EDGES = [
    *MOMENTS,
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    -(2**63),
    2**64 - 1,
    1e308,
    -0.0,
    "",
    " ",
    "\x00",
    "a" * 300,
    [],
    [[]],
    {},
]


@pytest.mark.parametrize("operation", BODIES, ids=str)
def test_no_value_at_the_edge_is_a_fault(sent, operation):
    """In every key at once, and in each of those that hold a time."""
    valid = operation.described["requestBody"]["content"][JSON]["example"]
    times = [name for name in sorted(operation.takes) if name.endswith(("time", "_at", "opens", "closes"))]
    for value in EDGES:
        sent(operation.verb, operation.path(IDS[0]), json.dumps(dict.fromkeys(operation.takes, value)))
        for name in times:
            sent(operation.verb, operation.path(IDS[0]), json.dumps({**valid, name: value}))


@FUZZ
@given(
    raw=st.one_of(
        st.binary(max_size=60),
        st.integers(1, 3000).map(lambda depth: b"[" * depth + b"]" * depth),
        st.integers(1, 3000).map(lambda depth: b'{"a":' * depth + b"1" + b"}" * depth),
        st.integers(1, 5000).map(lambda digits: b'{"max_capacity": ' + b"9" * digits + b"}"),
        st.text().map(lambda text: json.dumps({"title": text}).encode("utf-16")),
        st.sampled_from(
            [b'{"title": "\\ud800"}', b'{"title": "\\udfff\\ud800"}', b'{"\\u0000": 1}', b"\xef\xbb\xbf{}"]
        ),
    )
)
@example(raw=b'{"title":"a","title":"b"}' * 2)
def test_no_bytes_are_a_fault(sent, raw):
    for verb, path in (("PATCH", f"/events/{IDS[0]}"), ("POST", "/users/login"), ("POST", "/attendees/")):
        sent(verb, path, raw)


# A socket ------------------------------------------------------------------------------------------------------------

REST = b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
POST = b"POST /users/login HTTP/1.1" + REST + b"Content-Type: application/json\r\n"
BYTES = {
    "no request": b"\x00\x01\x02\r\n\r\n",
    "TLS": bytes.fromhex("16030100a5010000a10303") + b"x" * 60 + b"\r\n\r\n",
    "a line that is too long": b"GET /" + b"a" * 20_000 + b" HTTP/1.1" + REST + b"\r\n",
    "a header that is too long": b"GET / HTTP/1.1" + REST + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
    "too many headers": b"GET / HTTP/1.1" + REST + b"X: 1\r\n" * 2000 + b"\r\n",
    "no version": b"GET /\r\n\r\n",
    "another version": b"GET / HTTP/9.9" + REST + b"\r\n",
    "a tab in the line": b"GET\t/ HTTP/1.1" + REST + b"\r\n",
    "a bare line feed": b"GET / HTTP/1.1\nHost: x\n\n",
    "a space before a colon": b"GET / HTTP/1.1" + REST + b"X : 1\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1" + REST + b"X: 1\r\n 2\r\n\r\n",
    "a NUL in a header": b"GET / HTTP/1.1" + REST + b"X: a\x00b\r\n\r\n",
    "bytes in a path": b"GET /\xff\xfe\x80 HTTP/1.1" + REST + b"\r\n",
    "a NUL in a path": b"GET /events/%00 HTTP/1.1" + REST + b"\r\n",
    "an absolute address": b"GET http://evil.example/events/ HTTP/1.1" + REST + b"\r\n",
    "a star": b"OPTIONS * HTTP/1.1" + REST + b"\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1" + REST + b"\r\n",
    "no host": b"GET /users/me HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET /users/me HTTP/1.1" + REST + b"Host: evil.example\r\n\r\n",
    "a strange host": b"GET /users/me HTTP/1.1\r\nHost: a b\x01\r\nConnection: close\r\n\r\n",
    "a length that is none": POST + b"Content-Length: ten\r\n\r\n{}",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n{}",
    "a signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "an endless length": POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
    "a length and chunks": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks that are none": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk of a negative size": POST + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "an endless chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n{}\r\n0\r\n\r\n",
    "another encoding": POST + b"Transfer-Encoding: gzip\r\n\r\n",
    "an expectation that we do not know": POST + b"Expect: tea\r\nContent-Length: 2\r\n\r\n{}",
    "less than was said": POST + b"Content-Length: 2\r\n\r\n{}GET /users/me HTTP/1.1",
    "more than was said": POST + b"Content-Length: 40\r\n\r\n{}",
    "an upgrade": b"GET /users/me HTTP/1.1" + REST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a proxy's line": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\nGET / HTTP/1.1" + REST + b"\r\n",
}


@pytest.mark.parametrize("raw", BYTES.values(), ids=BYTES)
def test_no_bytes_on_the_wire_are_a_fault(service, raw):
    """Refused in the contract's form, or hung up on."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=15) as client:
        try:
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
            reply = b"".join(iter(lambda: client.recv(65536), b""))
        except ConnectionError:  # it hung up while we were sending
            reply = b""
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", reply)]
    assert all(status in CODES | {414, 417, 431, 501, 505} for status in statuses), reply
    for body in re.findall(rb"\r\n\r\n({.*?})(?=HTTP/1\.1|\Z)", reply, re.DOTALL):
        assert {"msg", "code"} <= json.loads(body).keys() or b" 200 " in reply
    assert service.client().send("GET", "/users/me").status == 200
