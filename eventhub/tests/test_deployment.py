"""What docs/operations.md has operators copy, as it lies there: nginx in front of a real gunicorn, units that systemd
takes, an image and containers that keep to what they are given."""

import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.db import connection

from eventhub.testing.live_server import migrated_database, serving
from eventhub.testing.postgresql_clusters import homes, until

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "docs" / "deploy"
BIN = Path(sys.prefix) / "bin"
KEY = secrets.token_urlsafe(50)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="not about the database: once, on SQLite"),
]


def variables():
    """Those of eventhub.env, filled in."""
    lines = [line.partition("=") for line in (DEPLOY / "eventhub.env").read_text().splitlines() if line[:1] != "#"]
    return {**{name: value for name, _, value in lines}, "SECRET_KEY": KEY}


# nginx ---------------------------------------------------------------------------------------------------------------


class Front:
    """nginx as nginx.conf has it, on ports of this machine."""

    def __init__(self, plain, tls):
        self.plain, self.tls = plain, tls

    def connect(self):
        """A connection over TLS, as to events.example.org."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # a certificate of its own
        plain = socket.create_connection(("127.0.0.1", self.tls), timeout=30)
        return context.wrap_socket(plain, server_hostname="events.example.org")

    def ask(self, verb, path, body=b"", *, over_tls=True, **headers):
        """The status, the headers by their names in small letters, and the body."""
        names = {"Host": "events.example.org", "Connection": "close", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in names.items())
        plain = socket.create_connection(("127.0.0.1", self.plain), timeout=30)
        with closing(self.connect() if over_tls else plain) as client:
            client.sendall(f"{verb} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            received = b"".join(iter(lambda: client.recv(65536), b""))
        plain.close()
        head, _, content = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        return (
            int(first.split()[1]),
            {name.lower(): value for name, value in (x.split(": ", 1) for x in lines)},
            content,
        )


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def nginx(home, service_port):
    plain, tls, certificate, key = free_port(), free_port(), home / "fullchain.pem", home / "privkey.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=events.example.org"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    site = (DEPLOY / "nginx.conf").read_text()
    for ours, theirs in {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen [::]:80;": "",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{tls} ssl http2;",
        "listen [::]:443 ssl http2;": "",
        "/etc/ssl/eventhub/fullchain.pem": str(certificate),
        "/etc/ssl/eventhub/privkey.pem": str(key),
        "http://127.0.0.1:8000": f"http://127.0.0.1:{service_port}",
    }.items():
        assert site.count(ours) == 1
        site = site.replace(ours, theirs)
    paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    temporary = "".join(f"{name}_temp_path {home}/{name};" for name in paths)
    main = f"daemon off; pid {home}/pid; error_log {home}/errors; worker_processes 1;"
    if os.geteuid() == 0:
        main += "user nobody nogroup;"
    (home / "nginx.conf").write_text(f"{main} events {{}} http {{ access_log {home}/access; {temporary} {site} }}")
    process = subprocess.Popen(["nginx", "-c", home / "nginx.conf", "-e", home / "errors"], stderr=subprocess.PIPE)
    try:
        until(lambda: (home / "pid").exists() or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        yield Front(plain, tls)
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def in_front(**own):
    """nginx in front of a gunicorn with as few threads as can be, in the environment of eventhub.env."""
    if not (shutil.which("nginx") and shutil.which("openssl")):
        pytest.skip("no nginx, or no openssl, here")
    theirs = {name: value for name, value in variables().items() if name != "DATABASE_URL"}
    own = {"TASKS_BACKEND": "immediate", "ALLOWED_HOSTS": "events.example.org,127.0.0.1", **own}
    with (
        homes() as home,
        migrated_database(home) as url,
        serving(url, home, workers=1, **{**theirs, **own}) as service,
        nginx(home, service.port) as front,
    ):
        yield front


@pytest.fixture(scope="module")
def front():
    with in_front(METRICS="1") as front:
        yield front


def test_http_leads_to_https_with_its_path(front):
    status, headers, _ = front.ask("GET", "/events/?page_size=3", over_tls=False)
    assert (status, headers["location"]) == (301, "https://events.example.org/events/?page_size=3")


def test_over_https_browsers_are_told_to_insist_on_it_and_cookies_stay_there(front):
    status, headers, _ = front.ask("GET", "/admin/login/")
    assert (status, headers["strict-transport-security"]) == (200, "max-age=31536000; includeSubDomains; preload")
    assert "Secure" in headers["set-cookie"]
    assert "nginx/" not in headers["server"]


def test_an_address_that_a_client_makes_up_is_not_believed():
    """A throttle of three: whatever they say they are, these all come from here."""
    with in_front(THROTTLE_CREDENTIALS="3/hour") as front:

        def sign_in(number):
            """Each under another name, since accounts have a throttle of their own."""
            who = json.dumps({"username": f"nobody{number}", "password": "wrong"}).encode()
            made_up = {"X-Forwarded-For": f"192.0.2.{number}"}
            return front.ask("POST", "/users/login", who, Content_Type="application/json", **made_up)[0]

        statuses = [sign_in(number) for number in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


def test_clients_that_send_half_a_request_hold_nobody_up(front):
    with ExitStack() as stack:
        for _ in range(20):
            slow = stack.enter_context(closing(front.connect()))
            slow.sendall(
                b"POST /users/login HTTP/1.1\r\nHost: events.example.org\r\nContent-Type: application/json\r\n"
            )
            slow.sendall(b'Content-Length: 1000\r\n\r\n{"username": "')
        time.sleep(0.5)  # so that all of it has gone as far as it goes
        assert front.ask("GET", "/healthz")[0] == 200


def test_what_is_too_large_is_the_contracts_413_of_the_service_or_of_nginx(front):
    for size in (1024 * 1024 + 1, 7 * 1024 * 1024):
        status, headers, body = front.ask("POST", "/users/login", b"x" * size, Content_Type="application/json")
        assert (status, json.loads(body)) == (413, {"msg": "The body is too large", "code": "too_large"})
        assert headers["content-type"] == "application/json"


def test_metrics_are_not_shown_to_the_outside(front):
    status, _, body = front.ask("GET", "/metrics")
    assert (status, json.loads(body)) == (404, {"msg": "Not found", "code": "not_found"})


def test_a_service_that_is_away_is_the_contracts_503():
    if not (shutil.which("nginx") and shutil.which("openssl")):
        pytest.skip("no nginx, or no openssl, here")
    with homes() as home, nginx(home, free_port()) as front:
        status, headers, body = front.ask("GET", "/events/")
        assert (status, headers["retry-after"]) == (503, "5")
        assert json.loads(body) == {"msg": "Temporarily unavailable", "code": "unavailable"}


# systemd -------------------------------------------------------------------------------------------------------------

UNITS = sorted(path.name for path in DEPLOY.glob("eventhub*") if path.suffix not in ("", ".env"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
# Exposure as `systemd-analyze security` counts it: 0 is safe, 10 is not; 9.6 is a unit that says nothing.
MOST_EXPOSURE = 20


def test_the_environment_of_the_units_passes_the_check_for_production(tmp_path):
    (tmp_path / "filled.env").write_text((DEPLOY / "eventhub.env").read_text().replace("KEY=\n", f"KEY={KEY}\n"))
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(tmp_path / "filled.env")}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "System check identified no issues (0 silenced).\n"), ended.stderr


@pytest.fixture
def installed(tmp_path):
    """The units with paths of this machine, since systemd looks whether the programs are there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/srv/eventhub/current/.venv", sys.prefix)
        (tmp_path / name).write_text(text.replace("/srv/eventhub/current", str(ROOT)))
    return tmp_path


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_the_unit(installed, unit):
    command = ["systemd-analyze", "verify", "--man=no", installed / unit]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_may_do_little_on_its_machine(installed, unit):
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", installed / unit]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


# Containers ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_the_dockerfile_has_nothing_that_hadolint_minds():
    ended = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_image_is_of_two_stages_of_one_pinned_base_and_not_roots():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert bases == ["python:3.11.14-slim-bookworm"] * 2
    orders = [line.split()[0] for line in lines if line[:1].isupper()]
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert orders[-5:] == ["ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"]
    assert "SECRET_KEY" not in "\n".join(lines)


def test_no_secret_and_no_data_get_into_the_image():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".*", "**/.*", "*.sqlite3*", "*.dump"} - set(ignored) == set()


def test_containers_have_no_more_than_they_need(compose):
    assert set(compose["services"]) == {"db", "migrate", "web", "worker", "housekeeping"}
    for service in compose["services"].values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["env_file"] in (".env.db", ".env.service")
        assert not service.get("privileged")
        assert "latest" not in service["image"]
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}
    assert compose["networks"]["inside"] == {"internal": True}
    assert compose["services"]["db"]["networks"] == ["inside"]


def test_nothing_of_the_service_starts_before_the_database_is_there_and_migrated(compose):
    services = compose["services"]
    assert "pg_isready" in services["db"]["healthcheck"]["test"]
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == ["python", "manage.py", "migrate"]
    for name in ("web", "worker", "housekeeping"):
        migrated = services[name]["depends_on"]["migrate"]
        assert migrated == {"condition": "service_completed_successfully"}


def test_no_secret_stands_in_the_file_and_the_files_that_have_them_are_not_in_git(compose):
    text = (ROOT / "compose.yaml").read_text()
    assert "SECRET_KEY" not in text
    assert "POSTGRES_PASSWORD" not in text
    assert ".env.*" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_commands_of_the_containers_are_commands_of_ours(compose):
    for service in compose["services"].values():
        for argument in service.get("command", []):
            words = argument.split()
            if "manage.py" in words:
                position = words.index("manage.py")
                rest = words[position + 1 :] or service["command"][service["command"].index(argument) + 1 :]
                name = rest[0].rstrip(";")
                help_text = [sys.executable, "manage.py", name, "--help"]
                environment = {"PATH": os.environ["PATH"], "ENV_FILE": "no-file", "SECRET_KEY": KEY}
                subprocess.run(help_text, cwd=ROOT, env=environment, check=True, capture_output=True)


# The probe -----------------------------------------------------------------------------------------------------------


def probe(**variables):
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": KEY, **variables}
    command = [sys.executable, "-m", "eventhub.probe"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr


def test_the_probe_asks_for_a_name_that_is_answered(tmp_path):
    hosts = ["events.example.org", ".example.org", "localhost,elsewhere.example", "*"]
    answered = "events.example.org,.example.org,localhost,127.0.0.1"
    with (
        migrated_database(tmp_path) as url,
        serving(url, tmp_path, workers=1, ALLOWED_HOSTS=answered, SECURE_SSL_REDIRECT="1") as service,
    ):
        asked = [probe(HOST="0.0.0.0", PORT=str(service.port), ALLOWED_HOSTS=each) for each in hosts]
        assert asked == [(0, "")] * len(hosts)
        assert probe(PORT=str(service.port), ALLOWED_HOSTS="elsewhere.example")[0] == 1


def test_the_probe_fails_where_nobody_answers():
    assert probe(PORT=str(free_port())) == (1, "127.0.0.1: no answer from /healthz\n")
