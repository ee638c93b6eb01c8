"""Secrets stand in no answer, in no page and in no log. What people send, and the log has of it, is test_observed's."""

import re
import subprocess
import sys

import pytest
from django.conf import settings
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.services import api_tokens, second_factor
from eventhub.testing.contract_client import document
from eventhub.testing.live_server import SETTINGS, serving

pytestmark = [pytest.mark.slow, pytest.mark.once]

# The operator's ------------------------------------------------------------------------------------------------------

OPERATORS = {
    "SECRET_KEY": "canary-0-of-the-key-that-signs-whatever-is-signed-here",
    "DATABASE_URL": "postgres://eventhub:canary-1@127.0.0.1:1/eventhub",
    "DATABASE_REPLICA_URL": "postgres://eventhub:canary-2@127.0.0.1:1/eventhub",
    "EMAIL_URL": "smtp://eventhub:canary-3@127.0.0.1:1",
    "CACHE_URL": "redis://eventhub:canary-4@127.0.0.1:1/0",
    "METRICS_TOKEN": "canary-5-of-the-metrics",
}
OTHERS = {"LOG_LEVEL": "DEBUG", "METRICS": "1", "DB_POOL_SIZE": "0", "DB_WAIT_SECONDS": "1"}
ASKED = [
    *[
        ("GET", path)
        for path in ("/", "/readyz", "/metrics", "/docs/", "/schema/", "/events/", "/admin/", "/admin/login/")
    ],
    *[("POST", path) for path in ("/users/login", "/users/register", "/users/password/reset", "/users/token/refresh")],
]
BODY = {"username": "zoe", "email": "zoe@example.org", "password": "bring a coat", "refresh": "garbage"}


@pytest.mark.once
def test_what_the_operator_has_set_is_told_to_nobody_whatever_fails(tmp_path):
    """Neither the database nor the cache nor the mail server is there, and the log is at its most talkative."""
    variables = {**OPERATORS, **OTHERS, "THROTTLE_CREDENTIALS": "5/min"}
    url = variables.pop("DATABASE_URL")
    seen = []
    with serving(url, tmp_path, workers=1, is_up="/healthz", **variables) as service:
        for verb, path in ASKED:
            for signed in ({}, {"Authorization": "Bearer garbage"}, {"Authorization": "Bearer evh_garbage"}):
                answer = service.ask(verb, path, BODY if verb == "POST" else None, **signed)
                seen.append((verb, path, answer.status, f"{answer.headers}{answer.content!r}"))
    said = service.log.read_text()
    assert {status for *_, status, _ in seen} == {200, 302, 401, 503}
    assert [line for line in said.splitlines() if "canary" in line] == []
    assert [each for each in seen if "canary" in each[-1]] == []
    assert "did not answer" in said  # it has failed, and been told


@pytest.mark.parametrize(
    ("command", "debug"),
    [("check", "1"), ("migrate", "0"), ("migrate", "1"), ("check_seats", "0"), ("housekeeping", "1")],
)
def test_a_command_that_fails_tells_none_of_it(command, debug):
    variables = {**SETTINGS, **OPERATORS, **OTHERS, "PATH": "/usr/bin:/bin", "DEBUG": debug}
    ended = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=settings.BASE_DIR,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode == 0) is (command == "check")
    assert "canary" not in ended.stdout + ended.stderr


# People's ------------------------------------------------------------------------------------------------------------

SENT = {"password", "current_password", "refresh", "token"}
OPERATIONS = [
    (verb.upper(), path, operation["requestBody"]["content"]["application/json"]["example"])
    for path, verbs in document()["paths"].items()
    for verb, operation in verbs.items()
    if SENT & set(operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example", {}))
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verb", "path", "example"), OPERATIONS, ids=lambda value: value if isinstance(value, str) else ""
)
@pytest.mark.parametrize(
    "wrong", ["canary", "canary" * 100, ["canary"], {"canary": 1}, "canary\x00", "12canary34"], ids=repr
)
def test_a_refusal_does_not_repeat_a_secret(api, olga, verb, path, example, wrong):
    body = {**example, **dict.fromkeys(SENT & set(example), wrong)}
    answer = api(olga, signed_in_at=0).send(verb, re.sub(r"\{\w+\}", str(olga.pk), path), body)
    if answer.status_code >= 400:
        assert "canary" not in answer.content.decode()
    assert "canary" not in str(answer.headers)


@pytest.mark.django_db
def test_no_page_of_the_back_office_shows_what_is_kept_of_a_secret(office, ada, olga):
    factor = second_factor.generate_key()
    device = TOTPDevice.objects.create(user=olga, key=factor, confirmed=True)
    made = api_tokens.create_token(owner=olga, name="a till", scopes=["events:read"], expires_at=None)
    olga.refresh_from_db()
    secrets = {olga.password, User.objects.get(pk=ada.pk).password, device.key, made.secret}
    client = office(ada)
    pages = {"/admin/", f"/admin/accounts/user/{olga.pk}/change/"}
    for path in sorted(pages):
        pages |= set(re.findall(r'href="(/admin/[^"#?]*)"', client.get(path).content.decode()))
    pages -= {path for path in pages if "logout" in path}
    assert len(pages) > 10
    for path in sorted(pages):
        shown = client.get(path).content.decode()
        assert not [secret for secret in secrets if secret in shown], path
        assert "argon2" not in shown, path
