"""What docs/operations.md has operators copy, as it lies there: units that systemd takes, an image and containers
that keep to what they are given. The site of nginx is in test_nginx.py."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from eventhub.testing.live_server import migrated_database, serving

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "docs" / "deploy"
BIN = Path(sys.prefix) / "bin"
KEY = secrets.token_urlsafe(50)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.once,
]


# systemd -------------------------------------------------------------------------------------------------------------

UNITS = sorted(path.name for path in DEPLOY.glob("eventhub*") if path.suffix not in ("", ".env"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
# Exposure as `systemd-analyze security` counts it: 0 is safe, 10 is not; 9.6 is a unit that says nothing.
MOST_EXPOSURE = 20


def test_the_environment_of_the_units_passes_the_check_for_production(tmp_path):
    (tmp_path / "filled.env").write_text((DEPLOY / "eventhub.env").read_text().replace("KEY=\n", f"KEY={KEY}\n"))
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(tmp_path / "filled.env")}
    command = [sys.executable, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    silence = (0, "System check identified no issues (3 silenced).\n", "")
    assert (ended.returncode, ended.stdout, ended.stderr) == silence


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
    assert set(compose["services"]) == {"db", "migrate", "web", "proxy", "worker", "deliver", "housekeeping"}
    for service in compose["services"].values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service.get("env_file", ".env.service") in (".env.db", ".env.service")
        assert not service.get("privileged")
        assert "latest" not in service["image"]
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"proxy": ["127.0.0.1:8000:8080"]}
    assert compose["networks"]["inside"] == {"internal": True}
    assert compose["services"]["db"]["networks"] == ["inside"]


def test_nothing_of_the_service_starts_before_the_database_is_there_and_migrated(compose):
    services = compose["services"]
    assert "pg_isready" in services["db"]["healthcheck"]["test"]
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == ["python", "manage.py", "migrate"]
    for name in ("web", "worker", "deliver", "housekeeping"):
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
                load_command_class(get_commands()[name], name)


# The health check ----------------------------------------------------------------------------------------------------


def health_check(**variables):
    """The command of the image, here."""
    line = next(line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("HEALTHCHECK"))
    command = [sys.executable, *json.loads(line.partition(" CMD ")[2])[1:]]
    return subprocess.run(command, env={"PATH": os.environ["PATH"], **variables}, check=False, capture_output=True)


def test_the_health_check_asks_the_server(tmp_path):
    with migrated_database(tmp_path) as url, serving(url, tmp_path, workers=1, SECURE_SSL_REDIRECT="1") as service:
        assert health_check(PORT=str(service.port)).returncode == 0
    assert health_check(PORT=str(service.port)).returncode == 1
