"""A real nginx, as docs/deploy and compose.yaml have it, in front of a real gunicorn with two threads."""

import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from eventhub.testing.live_server import migrated_database, serving
from eventhub.testing.postgresql_clusters import homes, until

DEPLOY = Path(settings.BASE_DIR) / "docs" / "deploy"
SNIPPET = "/etc/nginx/snippets/eventhub.conf"
JSON = "application/json"
HOST = "events.example.org"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.once,
    pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed (apt-get install nginx-light)"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed"),
]


class Front:
    """nginx on ports of this machine; `tls` and its access log are None for the one without."""

    def __init__(self, plain, tls=None, log=None):
        self.plain, self.tls, self.log = plain, tls, log

    def connect(self, *, over_tls=True, source=("127.0.0.1", 0)):
        at = ("127.0.0.1", self.tls if over_tls and self.tls else self.plain)
        client = socket.create_connection(at, timeout=30, source_address=source)
        if not (over_tls and self.tls):
            return client
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(client, server_hostname=HOST)

    def ask(self, verb, path, body=b"", *, over_tls=True, **headers):
        """The status, the headers by their names in small letters, and the body."""
        names = {"Host": HOST, "Connection": "close", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in names.items())
        with closing(self.connect(over_tls=over_tls)) as client:
            client.sendall(f"{verb} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            received = b"".join(iter(lambda: client.recv(65536), b""))
        head, _, content = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        found = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return int(first.split()[1]), found, content


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def replaced(name, changes):
    """A file of docs/deploy with paths and ports of this machine."""
    text = (DEPLOY / name).read_text()
    for ours, theirs in changes.items():
        assert ours in text, ours
        text = text.replace(ours, str(theirs))
    return text


@contextmanager
def running(home, config, front):
    shutil.copy(DEPLOY / "nginx-snippet.conf", home / "snippet.conf")
    main = "daemon off;" + ("user nobody nogroup;" if os.geteuid() == 0 else "")
    (home / "nginx.conf").write_text(main + config)
    process = subprocess.Popen(["nginx", "-c", home / "nginx.conf", "-e", home / "errors"], stderr=subprocess.PIPE)
    try:
        until(lambda: (home / "nginx.pid").exists() or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        yield front
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def with_tls(home, service_port):
    front = Front(free_port(), free_port(), home / "access")
    certificate, key = home / "fullchain.pem", home / "privkey.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    site = replaced(
        "nginx.conf",
        {
            "listen [::]:80;": "",
            "listen [::]:443 ssl http2;": "",
            "listen 80;": f"listen 127.0.0.1:{front.plain};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{front.tls} ssl http2;",
            "/etc/ssl/eventhub/fullchain.pem": certificate,
            "/etc/ssl/eventhub/privkey.pem": key,
            "/var/cache/nginx-eventhub": home / "pages",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{service_port};",
            SNIPPET: home / "snippet.conf",
        },
    )
    paths = "".join(f"{name}_temp_path {home}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    events = "worker_processes 1; events { worker_connections 4096; }"
    main = f"pid {home}/nginx.pid; {events} http {{ access_log {front.log}; {paths} {site} }}"
    with running(home, main, front):
        yield front


@contextmanager
def as_in_compose(home, service_port):
    front = Front(free_port())
    changes = {
        "/tmp/": f"{home}/",
        "/dev/stderr": f"{home}/errors",
        "server web:8000;": f"server 127.0.0.1:{service_port};",
        "listen 8080;": f"listen 127.0.0.1:{front.plain};",
        SNIPPET: home / "snippet.conf",
    }
    with running(home, replaced("nginx-compose.conf", changes), front):
        yield front


@contextmanager
def in_front(nginx, **own):
    """nginx in front of a gunicorn with two threads, in the environment of eventhub.env."""
    lines = [line.partition("=") for line in (DEPLOY / "eventhub.env").read_text().splitlines() if line[:1] != "#"]
    theirs = {name: value for name, _, value in lines if name != "DATABASE_URL"}
    fixed = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "TASKS_BACKEND": "immediate",
        "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
        "THROTTLE_GENERAL": "off",
    }
    with (
        homes() as home,
        migrated_database(home) as url,
        serving(url, home, workers=1, **{**theirs, **fixed, **own}) as service,
        nginx(home, service.port) as front,
    ):
        yield front


# The site with TLS ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tls():
    with in_front(with_tls, METRICS="1") as front:
        yield front


def test_http_leads_to_https_with_its_path(tls):
    status, headers, _ = tls.ask("GET", "/events/?page_size=3", over_tls=False)
    assert (status, headers["location"]) == (301, f"https://{HOST}/events/?page_size=3")


def test_over_https_browsers_are_told_to_insist_on_it_and_cookies_stay_there(tls):
    status, headers, _ = tls.ask("GET", "/admin/login/")
    assert (status, headers["strict-transport-security"]) == (200, "max-age=31536000; includeSubDomains; preload")
    assert "Secure" in headers["set-cookie"]
    assert "nginx/" not in headers["server"]


def test_the_access_log_has_no_secret_of_a_calendar_a_ticket_or_a_mail(tls):
    files = (
        "/calendars/the-secret.ics",
        "/calendars/the-secret.ics/",
        "/t/the-secret",
        "/r/the-secret",
        "/r/confirm/the-secret",
    )
    pages = ("my-registration/", "my-registration/calendar.ics", "unsubscribe/", "new-password/", "verify-email/")
    links = [f"/admin/{page}?token=the-secret" for page in pages]
    for path in (*files, *links, "/events/before-and-after"):
        assert tls.ask("GET", path)[0] in {401, 404}
    until(lambda: "/events/before-and-after" in tls.log.read_text())
    assert "the-secret" not in tls.log.read_text()


@pytest.mark.parametrize("nginx", [with_tls, as_in_compose])
def test_an_address_that_a_client_makes_up_is_not_believed(nginx):
    """A throttle of three: whatever they say they are, these all come from here."""
    with in_front(nginx, THROTTLE_CREDENTIALS="3/hour", SECURE_SSL_REDIRECT="0") as front:

        def sign_in(number):
            """Each under another name, since accounts have a throttle of their own."""
            who = json.dumps({"username": f"nobody{number}", "password": "wrong"}).encode()
            made_up = {"X-Forwarded-For": f"192.0.2.{number}"}
            return front.ask("POST", "/users/login", who, Content_Type=JSON, **made_up)[0]

        assert [sign_in(number) for number in range(5)] == [401, 401, 401, 429, 429]


def test_what_is_too_large_is_the_contracts_413_of_the_service_or_of_nginx(tls):
    for size in (1024 * 1024 + 1, 7 * 1024 * 1024):
        status, headers, body = tls.ask("POST", "/users/login", b"x" * size, Content_Type=JSON)
        assert (status, json.loads(body)) == (413, {"msg": "The body is too large", "code": "too_large"})
        assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("request_line", "status", "body"),
    [
        (f"GET /?cursor={'x' * 8_300} HTTP/1.1", 414, {"msg": "URI Too Long", "code": "too_large"}),
        ("nonsense", 400, {"msg": "Bad Request", "code": "invalid"}),
        (f"GET / HTTP/1.1\r\nX: {'x' * 8_300}", 400, {"msg": "Bad Request", "code": "invalid"}),
        ("GET / HTTP/1.1", 400, {"msg": "Bad Request", "code": "invalid"}),  # without Host
    ],
)
def test_what_is_no_request_gets_the_contracts_error_of_nginx(tls, request_line, status, body):
    with closing(tls.connect()) as client:
        client.sendall(f"{request_line}\r\n\r\n".encode())
        head, _, content = b"".join(iter(lambda: client.recv(65536), b"")).partition(b"\r\n\r\n")
    assert (int(head.split()[1]), json.loads(content)) == (status, body)
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert b"\r\nAccess-Control-Allow-Origin: *" in head


def test_metrics_are_not_shown_to_the_outside(tls):
    status, _, body = tls.ask("GET", "/metrics")
    assert (status, json.loads(body)) == (404, {"msg": "Not found", "code": "not_found"})


def test_a_service_that_is_away_is_the_contracts_503():
    with homes() as home, with_tls(home, free_port()) as front:
        status, headers, body = front.ask("GET", "/events/")
        assert (status, headers["retry-after"]) == (503, "5")
        assert json.loads(body) == {"msg": "Temporarily unavailable", "code": "unavailable"}


# The proxy of compose.yaml, and clients that are slow ----------------------------------------------------------------

HEAD = f"POST /users/login HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n".encode()
NEVER_CLOSES = f"GET /events/ HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
HALF_A_BODY = HEAD + b'Content-Length: 1000\r\n\r\n{"username": "'
LENGTHS = ["0" * 15 + "20", "0" * 39 + "9", *("9" * digits for digits in range(16, 41))]
LONG_LENGTHS = [HEAD + f'Content-Length: {length}\r\n\r\n{{"user'.encode() for length in LENGTHS]
CROWD = 64


@pytest.fixture(scope="module")
def plain():
    with in_front(as_in_compose, SECURE_SSL_REDIRECT="0") as front:
        yield front


def seconds_of_health(front):
    """How long /healthz took, but for the worst of twenty, which a busy machine may be to blame for."""
    times = []
    for _ in range(20):
        began = time.perf_counter()
        assert front.ask("GET", "/healthz")[0] == 200
        times.append(time.perf_counter() - began)
    return sorted(times)[-2]


@pytest.mark.parametrize(
    "crowd",
    [
        [NEVER_CLOSES] * CROWD,
        [HALF_A_BODY] * CROWD,
        LONG_LENGTHS,
        [NEVER_CLOSES] * CROWD + [HALF_A_BODY] * CROWD + LONG_LENGTHS,
    ],
    ids=["never close", "half a body", "long lengths", "all of them"],
)
def test_slow_clients_hold_nobody_up(plain, crowd):
    """Many more than gunicorn has threads."""
    with ExitStack() as stack:
        for raw in crowd:
            stack.enter_context(closing(plain.connect())).sendall(raw)
        time.sleep(0.5)  # so that all of it has gone as far as it goes
        assert seconds_of_health(plain) < 0.5


@pytest.mark.parametrize(
    ("length", "body", "status", "code"),
    [
        ("0" * 17 + "2", b"[]", 400, "invalid"),
        ("0" * 30 + "2000000", b"", 413, "too_large"),
        ("9" * 16, b"", 413, "too_large"),
        ("9" * 40, b"", 400, "invalid"),
    ],
)
def test_a_long_length_is_taken_for_what_it_is(plain, length, body, status, code):
    if length.endswith("2000000"):
        body = b"x" * 2_000_000
    answered, _, content = plain.ask("POST", "/users/login", body, **{"Content-Length": length, "Content-Type": JSON})
    assert (answered, json.loads(content)["code"]) == (status, code)
    if body == b"[]":
        assert "errors" in json.loads(content)  # the service has read it


def test_static_files_are_compressed_and_sent_once(plain):
    """The answers of the API are not: their tags must stay strong for `If-Match`."""
    path = "/static/unfold/css/styles.css"
    status, headers, body = plain.ask("GET", path, Accept_Encoding="gzip")
    assert (status, headers["content-encoding"], headers["vary"]) == (200, "gzip", "Accept-Encoding")
    assert 0 < len(body) < 100_000  # of 330 KB
    assert headers["etag"].startswith('W/"')
    assert plain.ask("GET", path, Accept_Encoding="gzip", If_None_Match=headers["etag"])[0] == 304
    status, headers, _ = plain.ask("GET", "/schema/", Accept_Encoding="gzip")
    assert (status, "content-encoding" in headers) == (200, False)


def test_of_a_flood_the_rest_is_told_to_come_back(plain):
    """All arrive at once, however slow the machine is; 300 may, from an address that asked for nothing before."""
    request = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(plain.connect(source=("127.0.0.9", 0)))) for _ in range(450)]
        for client in clients:
            client.sendall(request)
        answers = [b"".join(iter(lambda: client.recv(65536), b"")) for client in clients]  # noqa: B023
    served = sum(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 429 ")]
    assert (served + len(refused), served >= 300, len(refused) > 0) == (450, True, True)
    assert all(b"Retry-After: 1\r\n" in answer for answer in refused)


def test_public_pages_are_copied_in_each_language_and_say_how_old_the_copy_is(plain):
    def get(**headers):
        status, found, body = plain.ask("GET", "/e/", **headers)
        assert (status, found["cache-control"]) == (200, "public, max-age=60, stale-while-revalidate=300")
        return found["date"], body

    first = get()
    german = get(Accept_Language="de-AT, en;q=0.5")
    time.sleep(1.1)
    assert get(Accept_Language="fr") == get(Cookie="sessionid=x", Authorization="Bearer x") == first
    assert get(Accept_Language="de") == german
    assert (b'lang="en"' in first[1], b'lang="de"' in german[1]) == (True, True)
    refused = plain.ask("POST", "/e/")
    assert refused[0] == 405
