"""What several worker processes of a real gunicorn do together, and what it answers before there is a request."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from eventhub.testing.migrated_tables import migrate
from eventhub.testing.postgresql_clusters import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.once,
]
START_SECONDS = 30


class Served:
    """The service behind a port, with workers that a test may kill."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    @property
    def workers(self):
        return [int(pid) for pid in Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()]

    def send(self, raw):
        """What a client sees that sends these bytes, over a connection of its own: status, headers, body."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
            client.sendall(raw)
            received = b"".join(iter(lambda: client.recv(65536), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(status.split()[1]), headers, body

    def ask(self, path, *headers, body=None):
        verb = "GET" if body is None else "POST"
        content = "" if body is None else json.dumps(body)
        lines = [f"{verb} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return self.send("\r\n".join([*lines, "", content]).encode())


@contextmanager
def served(database, *, workers, folder=None, **variables):
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        command = [sys.executable, "-m", "gunicorn", "eventhub.wsgi", f"--workers={workers}", "--log-level=error"]
        process = subprocess.Popen(
            [*command, f"--bind=fd://{listener.fileno()}"],
            cwd=folder or settings.BASE_DIR,
            env={
                **{"PATH": os.environ["PATH"], "ENV_FILE": "no-file", "SECRET_KEY": settings.SECRET_KEY},
                **{"DATABASE_URL": database, "ALLOWED_HOSTS": "localhost", "LOG_LEVEL": "ERROR"},
                **variables,
            },
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
        one = Served(process.pid, listener.getsockname()[1])
    try:
        until(lambda: len(one.workers) == workers)
        assert one.ask("/healthz")[0] == 200
        yield one
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('served')}/db.sqlite3"
    migrate(url)
    return url


def test_one_worker_counts_all_that_its_threads_answer(database):
    with served(database, workers=1, THROTTLE_GENERAL="10/day") as service:
        assert [service.ask("/nope")[0] for _ in range(12)] == [404] * 10 + [429] * 2
        assert [service.ask("/healthz")[0] for _ in range(20)] == [200] * 20
        status, headers, body = service.ask("/docs/")
        assert (status, json.loads(body)["code"]) == (429, "throttled")
        assert 0 < int(headers["retry-after"]) <= 86400


def test_no_more_guesses_than_the_rate_get_through_however_many_come_at_once(database):
    """Over several workers of several threads."""
    with served(database, workers=3, THROTTLE_GENERAL="off", THROTTLE_CREDENTIALS="5/day") as service:

        def guess(n):
            return service.ask("/users/login", body={"username": "bob", "password": f"guess {n}"})[0]

        with ThreadPoolExecutor(24) as clients:
            assert Counter(clients.map(guess, range(48))) == {401: 5, 429: 43}


def test_an_address_that_no_proxy_of_ours_has_written_counts_for_nothing(database):
    with served(database, workers=1, THROTTLE_GENERAL="3/day") as service:
        for n in range(3):
            assert service.ask("/nope", f"X-Forwarded-For: 192.0.2.{n}", f"Forwarded: for=192.0.2.{n}")[0] == 404
        assert service.ask("/nope", "X-Forwarded-For: 192.0.2.9", "X-Real-IP: 192.0.2.9")[0] == 429


def test_behind_a_proxy_the_last_address_of_all_headers_counts(database):
    with served(database, workers=1, THROTTLE_GENERAL="3/day", NUM_PROXIES="1") as service:
        for n in range(3):
            two = f"X-Forwarded-For: 192.0.2.{n}", "X-Forwarded-For: 203.0.113.1"
            assert service.ask("/nope", *two)[0] == 404
        assert service.ask("/nope", "X-Forwarded-For: 192.0.2.9, 203.0.113.1")[0] == 429
        assert service.ask("/nope", "X_Forwarded_For: 203.0.113.1", "X-Forwarded-For: 203.0.113.2")[0] == 404


@pytest.fixture(scope="module")
def one(database):
    with served(database, workers=1, THROTTLE_GENERAL="off") as service:
        yield service


MALFORMED = {
    b"nonsense\r\n\r\n": (400, "Bad Request", "invalid"),
    b"GET / HTTP/9.9\r\n\r\n": (400, "Bad Request", "invalid"),
    b"<script> / HTTP/1.1\r\n\r\n": (400, "Bad Request", "invalid"),
    b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n": (400, "Bad Request", "invalid"),
    b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n": (400, "Bad Request", "invalid"),
    b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx": (400, "Bad Request", "invalid"),
    b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n": (414, "URI Too Long", "too_large"),
    b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n": (431, "Request Header Fields Too Large", "too_large"),
    b"GET / HTTP/1.1\r\nExpect: the unexpected\r\n\r\n": (417, "Expectation Failed", "not_acceptable"),
}


@pytest.mark.parametrize("raw", MALFORMED)
def test_what_is_no_request_is_answered_in_the_contracts_form(one, raw):
    status, headers, body = one.send(raw)
    expected, msg, code = MALFORMED[raw]
    assert (status, json.loads(body)) == (expected, {"msg": msg, "code": code})
    assert headers["content-type"] == "application/json"


def test_pages_of_other_origins_may_read_why(database):
    with served(database, workers=1, CORS_ALLOWED_ORIGINS="https://www.example.org") as service:
        status, headers, _ = service.send(b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (status, headers["access-control-allow-origin"]) == (414, "*")


def test_a_file_that_is_too_large_is_refused_unread(one):
    head = b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1000000000\r\n\r\n"
    status, _, body = one.send(head + b"x" * 3_000_000)
    assert (status, b"The body is too large." in body) == (413, True)


@pytest.mark.parametrize("target", ["http://evil.example/", "http://localhost@evil.example/", "http://evil.example"])
def test_the_host_of_a_request_line_is_nobodys_word(one, target):
    """Who asks for a whole URL, as a proxy is asked, is answered by the name in Host, which must be ours."""
    status, _, body = one.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert (status, b"evil" in body) == (200, False)
    status, _, body = one.send(f"GET {target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
    assert (status, b'"code":"invalid"' in body) == (400, True)


def test_http_1_1_demands_a_host_where_every_name_is_allowed(database):
    with served(database, workers=1, ALLOWED_HOSTS="*") as service:
        status, _, body = service.send(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert (status, b'{"msg":"Invalid request","code":"invalid"}' in body) == (400, True)
        assert service.send(b"GET /healthz HTTP/1.0\r\n\r\n")[0] == 200


def test_of_two_hosts_none_counts(one):
    status, _, body = one.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert (status, b"evil" in body) == (400, False)


@pytest.mark.parametrize("name", ["PATH_INFO", "SCRIPT_NAME", "PATH-INFO", "X-Original-URL", "X-Rewrite-URL"])
def test_no_header_says_what_is_asked_for(one, name):
    """A proxy may keep strangers from /admin/, by the path that it sees."""
    assert json.loads(one.ask("/healthz", f"{name}: /nope")[2]) == {"status": "ok"}


@pytest.mark.parametrize("name", ["X-Forwarded-Proto: https", "X-Forwarded-SSL: on", "X-Forwarded-Protocol: ssl"])
def test_no_header_says_how_it_is_asked_for_where_there_is_no_proxy(one, name):
    links = json.loads(one.ask("/", name)[2])
    assert links["docs"] == "http://localhost/docs/"


def test_a_reload_runs_the_code_that_is_there_then(database, tmp_path):
    """Also of what gunicorn.conf.py has imported: else an upgrade would end in a mixture of both."""
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".*", "tests", "docs", "*.sqlite3*", "__pycache__")
    shutil.copytree(settings.BASE_DIR, copy, ignore=ignored)
    with served(database, workers=2, folder=copy) as service:
        before = service.workers
        assert service.ask("/")[0] == 200
        with (copy / "eventhub" / "env.py").open("a") as file:
            file.write("\nNEW = 'the new code'\n")
        with (copy / "eventhub" / "api" / "docs_views.py").open("a") as file:
            file.write("\nfrom eventhub.env import NEW\n")
            file.write("def root(request):\n    return JsonResponse({'name': NEW})\n")
        os.kill(service.process, signal.SIGHUP)
        until(lambda: len(service.workers) == 2 and not set(before) & set(service.workers))
        assert json.loads(service.ask("/")[2]) == {"name": "the new code"}
