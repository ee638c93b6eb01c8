"""The rules that a device applies by itself, run by Node: they must be those of the server."""

import itertools
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from checkin.models import Checkpoint, Reentry
from checkin.services import bundles, ticket_codes
from checkin.services.admission import scan
from checkin.services.bundles import bundle_of
from checkin.services.checkpoints import entrance_of
from checkin.services.judgement import Attempt, Door
from checkin.services.ticket_codes import make_code
from checkin.views.scan_page import FOLDER
from eventhub.api.renderers import dumps
from registrations.models import Question

NODE = shutil.which("node")
pytestmark = [
    pytest.mark.once,
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(NODE is None, reason="NO TESTS OF SCRIPTS: there is no node"),
]
RUN = """
import * as rules from "./rules.mjs";
const calls = JSON.parse(process.argv[2]);
const results = [];
for (const [name, ...values] of calls) {
  results.push((await rules[name](...values)) ?? null);
}
console.log(JSON.stringify(results));
"""
DECIDE = "export const decideAt = ({ at, ...facts }) => decide({ ...facts, at: new Date(at) });"


@pytest.fixture
def run(tmp_path):
    """Runs functions of offline-rules.js: `run([name, *values], ...)`."""
    (tmp_path / "rules.mjs").write_text(f"{(FOLDER / 'offline-rules.js').read_text()}\n{DECIDE}")
    (tmp_path / "run.mjs").write_text(RUN)

    def run(*calls):
        command = [NODE, tmp_path / "run.mjs", dumps(calls).decode()]
        zone = {**os.environ, "TZ": "Pacific/Auckland"}  # days are those of the event, not of the device
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=zone)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


def test_a_code_is_read_as_the_server_reads_it(run):
    code = make_code(31, 0)
    body = code[2:]
    typed = [
        code,
        code.lower(),
        ticket_codes.spelled(code),
        f"\t{ticket_codes.spelled(code).lower()}\r\n",
        "-".join([code[:2], body[:8], body[8:]]),
        "\N{EN DASH}".join(code),
        code[:2] + body.replace("0", "O").replace("1", "I"),
        code[:2] + body.replace("0", "o").replace("1", "l"),
        "".join(chr(ord(character) + 0xFEE0) for character in code),
        f"\N{ZERO WIDTH SPACE}{code}\N{ZERO WIDTH SPACE}",
    ]
    others = [
        *("", " ", "EH", "EH" + "0" * 31, "EH" + "0" * 33, "EH" + "U" * 32, "XX" + "0" * 32, "0" * 34),
        *('{"valid": true}', "https://example.org/t/EH", "💥" * 34, "EH" + "İ" * 32, "EH" * 100),
    ]
    assert run(*(["codeIn", text] for text in typed)) == [code] * len(typed)
    assert run(*(["codeIn", text] for text in others)) == [None] * len(others)


def test_only_the_ticket_opens_the_name(run):
    code, other, name = make_code(31, 0), make_code(31, 1), "Björk Guðmundsdóttir 张伟"
    sealed = bundles.encrypt(code, name, [Question(pk=7)])
    found = run(
        *(
            ["digestOf", code],
            ["openedBy", sealed, code],
            ["openedBy", sealed, other],
            ["openedBy", sealed[:-4] + "AAAA", code],
        )
    )
    assert found == [bundles.digest_of(code), {"name": name, "ask": [7]}, {"name": ""}, {"name": ""}]


NOW = timezone.now()
OPEN = {"reentry": "never", "opens": None, "closes": None}
OUTSIDE = {"id": 1, "h": "h", "s": "registered", "e": 0, "in": False, "at": None}
INSIDE = {**OUTSIDE, "s": "attended", "e": 1, "in": True, "at": NOW - timedelta(hours=1)}
LEFT = {**INSIDE, "in": False}
FACTS = {
    "entry": OUTSIDE,
    "isRevoked": False,
    "checkpoint": OPEN,
    "event": {"status": "published"},
    "kind": "in",
    "force": False,
    "at": NOW,
}


def _facts(*, checkpoint=None, entry=OUTSIDE, event=None, **others):
    return {**FACTS, "entry": entry, "checkpoint": {**OPEN, **(checkpoint or {})}, **others, **(event or {})}


def _may(hours):
    return datetime(2027, 5, 1, tzinfo=UTC) + timedelta(hours=hours)


def _came(hours):
    return {**INSIDE, "at": _may(hours)}


IN_TOKYO = {"event": {"status": "published", "time_zone": "Asia/Tokyo"}}
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
DECISIONS = [
    (_facts(), "admitted"),
    (_facts(kind="check"), "valid"),
    (_facts(kind="check", entry=INSIDE), "valid"),
    (_facts(kind="out"), "not_inside"),
    (_facts(kind="out", entry=INSIDE), "left"),
    (_facts(entry=INSIDE), "already_in"),
    (_facts(entry=INSIDE, force=True), "admitted"),
    (_facts(entry=LEFT), "already_in"),
    (_facts(entry=LEFT, checkpoint={"reentry": "after_exit"}), "admitted"),
    (_facts(entry=INSIDE, checkpoint={"reentry": "after_exit"}), "already_in"),
    (_facts(entry=INSIDE, checkpoint={"reentry": "always"}), "admitted"),
    (_facts(entry=INSIDE, checkpoint={"reentry": "daily"}, at=NOW + timedelta(days=1)), "admitted"),
    (_facts(entry={**INSIDE, "at": NOW}, checkpoint={"reentry": "daily"}), "already_in"),
    (_facts(entry=_came(14), checkpoint={"reentry": "daily"}, at=_may(15), event=IN_TOKYO), "admitted"),
    (_facts(entry=_came(15), checkpoint={"reentry": "daily"}, at=_may(38), event=IN_TOKYO), "already_in"),
    (_facts(entry={**OUTSIDE, "s": "waitlisted"}), "not_registered"),
    (_facts(entry={**OUTSIDE, "s": "cancelled"}), "not_registered"),
    (_facts(entry={**OUTSIDE, "s": "cancelled"}, force=True), "admitted"),
    (_facts(entry=None), "ticket_unknown"),
    (_facts(entry=None, force=True), "ticket_unknown"),
    (_facts(entry=None, isRevoked=True), "ticket_revoked"),
    (_facts(entry=None, isRevoked=True, kind="out"), "ticket_revoked"),
    (_facts(entry=None, isRevoked=True, force=True), "admitted"),
    (_facts(checkpoint={"opens": LATER}), "checkpoint_closed"),
    (_facts(checkpoint={"opens": NOW}), "admitted"),
    (_facts(checkpoint={"closes": NOW}), "checkpoint_closed"),
    (_facts(checkpoint={"closes": EARLIER}, kind="out", entry=INSIDE), "left"),
    (_facts(event={"event": {"status": "cancelled"}}), "checkpoint_closed"),
]


def test_a_device_decides_as_the_server_does(run):
    found = run(*(["decideAt", facts] for facts, _ in DECISIONS))
    assert [answer["code"] for answer in found] == [code for _, code in DECISIONS]
    moved = {"id": 1, "h": "h", "s": "registered", "e": 1, "in": True, "at": NOW.isoformat(timespec="milliseconds")}
    assert found[0] == {"code": "admitted", "ok": True, "entry": {**moved, "at": moved["at"].replace("+00:00", "Z")}}
    assert found[4]["entry"] == {**json.loads(dumps(INSIDE)), "in": False}
    assert [answer for answer in found if not answer["ok"] and "entry" in answer] == []


@pytest.mark.parametrize("reentry", Reentry.values)
@pytest.mark.parametrize("is_entrance", [True, False])
def test_with_a_fresh_bundle_a_device_answers_as_the_server(run, make_event, enroll, olga, reentry, is_entrance):
    """Everybody comes three times, in each order of in, out and a look; the third time on the next day."""
    event = make_event(olga, max_capacity=100, time_zone="Asia/Tokyo")
    place = entrance_of(event.pk) if is_entrance else Checkpoint(event=event, name="Dinner")
    place.reentry = reentry
    place.save()
    visits = list(itertools.product(("in", "out", "check"), repeat=3))
    people = [(enroll(event, status=status), visit) for visit in visits[::2] for status in ("registered", "attended")]
    people += [(enroll(event, status=status), visits[0]) for status in ("waitlisted", "cancelled")]
    checkpoint = {"reentry": reentry, "opens": None, "closes": None}
    calls, answers = [], []
    for turn, hours in enumerate((1, 2, 26)):
        at = NOW + timedelta(hours=hours)
        entries = {entry["id"]: entry for entry in bundle_of(event.pk, checkpoint=place).tickets}
        for person, visit in people:
            kind = visit[turn]
            facts = {"entry": entries[person.pk], "checkpoint": checkpoint, "kind": kind, "at": at, **IN_TOKYO}
            calls.append(["decideAt", {**FACTS, **facts}])
            door = Door(event.pk, olga, checkpoint_id=place.pk)
            answers.append(scan(door, Attempt(registration_id=person.pk, kind=kind), now=at).scan.result)
    assert [answer["code"] for answer in run(*calls)] == answers
    assert {"admitted", "not_registered", "valid"} <= {*answers}
