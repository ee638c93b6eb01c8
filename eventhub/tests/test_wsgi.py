"""The application as a server calls it: what a client sends before any of our views is reached."""

import io
import json

import pytest

from eventhub.wsgi import application

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("connection_kept")]


def call(path, method="GET", body=b"", **environ):
    answer = {}

    def start(status, headers, exc_info=None):
        answer.update(status=int(status.split()[0]), type=dict(headers).get("Content-Type"))

    full = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        **environ,
    }
    return answer, json.loads(b"".join(application(full, start)))


@pytest.mark.parametrize("parameter", ["charset*=bogus''%41", "charset*=utf-8''%00", "charset=%00", "a*0*=x''%ff"])
def test_a_content_type_that_cannot_be_read_is_no_fault_of_ours(parameter):
    answer, body = call("/healthz", CONTENT_TYPE=f"x/y; {parameter}")
    assert (answer, body) == ({"status": 200, "type": "application/json"}, {"status": "ok"})
    answer, body = call("/users/login", "POST", b"{}", CONTENT_TYPE=f"x/y; {parameter}", CONTENT_LENGTH="2")
    assert (answer["status"], body["code"]) == (415, "unsupported_media_type")


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_TYPE": "application/json"}


def test_a_body_in_chunks_is_read():
    body = b'{"username": "nobody", "password": "x"}'
    answer, error = call("/users/login", "POST", body, **CHUNKED)
    assert (answer["status"], error["code"]) == (401, "invalid_credentials")


def test_a_body_in_chunks_is_bounded(settings):
    settings.MAX_BODY_BYTES = 1024
    answer, error = call("/users/login", "POST", b"{" + b" " * 1024, **CHUNKED)
    assert (answer["status"], error["code"]) == (413, "too_large")
