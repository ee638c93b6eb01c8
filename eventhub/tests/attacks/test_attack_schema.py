"""Schemathesis reads the OpenAPI document and makes up requests for every operation in it: whatever the schema allows,
and what it does not. The same ones in every run; FUZZ=1000 tries so many for each operation, and other ones each time.

Every request is made by everybody, in a world in which most of the ids are somebody's, and undone afterwards. A new
operation is in the document, and with that in here.
"""

import gc
import os

import pytest
import schemathesis
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from eventhub.tests.attacks.scene import IDS, ROLES, Scene, undone
from eventhub.wsgi import application

# PostgreSQL refuses more than SQLite does: NUL in a text, numbers past a column, years before Christ. Who may what is
# the same on both, so that on SQLite the one asks who gets furthest.
FURTHEST = ["ada"]
USUAL, SIGNED_IN = (8, ROLES[1:]) if connection.vendor == "postgresql" else (3, FURTHEST)
ASKED = int(os.environ.get("FUZZ", "0"))
# Schemathesis's names for what is refused before the database is asked: SQLite's run has these.
ASKED_ONCE = {
    "incorrect_type",
    "malformed_content_type",
    "object_missing_required_property",
    "object_unexpected_properties",
    "unspecified_http_method",
    "unsupported_content_type",
}
# What names a row, wherever it stands.
IDENTIFIERS = [
    "path.id",
    "path.message_id",
    *(f"{place}.{kind}_id" for place in ("query", "body") for kind in ("event", "user", "organizer")),
]
CHECKS = {
    # A schema cannot say which cursor is one, which password is weak or who may be named: what it allows may be a 400,
    # but it is never a 405, 406, 413 or 415.
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "304", "400", "401", "403", "404", "409", "410", "412", "422"]
    },
    # DRF's fields are generous (`"5"` is a number, `5` a text, `"yes"` is true), and clients count on that.
    "negative_data_rejection": {"enabled": False},
    # test_attack_permissions.py asks for every operation without a token.
    "ignored_auth": {"enabled": False},
}

schemathesis.checks.load_all_checks()
schema = schemathesis.openapi.from_wsgi(
    "/schema/",
    application,
    config=SchemathesisConfig.from_dict(
        {
            "generation": {
                "max-examples": ASKED or USUAL,
                "deterministic": not ASKED,
                "database": "none",
                "with-security-parameters": False,
            },
            "checks": CHECKS,
            "dictionaries": {"ids": {"values": IDS}},
            "parameters": {name: {"dictionary": "ids", "probability": 0.7} for name in IDENTIFIERS},
        }
    ),
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.usefixtures("connection_kept"),
    # What a check asks once more Schemathesis does not close: an export's file is left to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def scene(module_rows):
    return Scene()


@pytest.fixture(autouse=True, scope="module")
def left_to_nobody_else():
    """Those files are collected here, and not in the middle of another test."""
    yield
    gc.collect()


def meet_a_row(case):
    """Schemathesis's own lists of cases have the same few ids in all paths, which are nobody's."""
    number = str(case.path_parameters.get("id"))
    if case.meta.phase.name.value != "fuzzing" and number.isdecimal():
        case.path_parameters["id"] = IDS[int(number) % len(IDS)]


def is_asked_elsewhere(case):
    scenario = getattr(case.meta.phase.data, "scenario", None)
    return connection.vendor == "postgresql" and scenario is not None and scenario.value in ASKED_ONCE


def askers(case):
    """Schemathesis's own lists try forms of values, which are the same for all: who gets furthest asks those."""
    is_public = "security" not in case.operation.definition.raw
    signed_in = SIGNED_IN if case.meta.phase.name.value == "fuzzing" else FURTHEST
    return [*ROLES[:1], *signed_in] if is_public else signed_in


def faults(caplog):
    """What nobody was told of: the trace of a task after the commit, and whatever else the log calls an error."""
    return [record.getMessage() for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]


@schema.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_is_answered_as_the_document_says(case, scene, caplog, django_capture_on_commit_callbacks):
    if is_asked_elsewhere(case):
        return
    meet_a_row(case)
    for who in askers(case):
        headers = scene.headers(who)
        with undone(django_capture_on_commit_callbacks):
            case.validate_response(case.call(headers=headers), headers=headers)
    assert faults(caplog) == []


@pytest.mark.parametrize("who", SIGNED_IN)
def test_what_is_made_and_deleted_is_answered_as_the_document_says(scene, caplog, who):
    """Chains of requests, each about what the one before it made or found: what is deleted is gone, and what is made
    is there."""

    class Chains(schema.as_state_machine()):
        def setup(self):
            self.attempt = transaction.atomic()
            self.attempt.__enter__()

        def get_call_kwargs(self, case):
            return {"headers": scene.headers(who)}

        def validate_response(self, response, case, additional_checks=None, **kwargs):
            checks = {"additional_checks": additional_checks, "recorder": self.recorder}
            case.validate_response(response, headers=scene.headers(who), **checks)

        def teardown(self):
            transaction.set_rollback(True)
            self.attempt.__exit__(None, None, None)
            super().teardown()

    Chains.run(
        settings=settings(
            max_examples=ASKED or USUAL,
            stateful_step_count=8,
            derandomize=not ASKED,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
    )
    assert faults(caplog) == []
