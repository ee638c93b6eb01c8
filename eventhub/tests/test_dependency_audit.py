"""`make audit`: what it finds, and that it is not silent where it can ask nobody."""

import http.server
import json
import threading
from contextlib import contextmanager

import pytest

from eventhub.testing import dependency_audit

pytestmark = [pytest.mark.once, pytest.mark.slow]

PINS = """Django==5.2.19 \\
    --hash=sha256:{0}
segno==1.6.6 ; python_version >= '3' \\
    --hash=sha256:{0}
nothing==1 ; python_version < '3' \\
    --hash=sha256:{0}
""".format("0" * 64)
KNOWN = {
    "id": "GHSA-0000-0000-0000",
    "summary": "x",
    "affected": [
        {
            "package": {"name": "django", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.2.20"}]}],
            "versions": ["5.2.19"],
        }
    ],
}


@pytest.fixture
def pins(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(PINS)
    return path


@contextmanager
def osv(vulnerable):
    """A server that answers as OSV does, and knows of one vulnerability at most."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hit = vulnerable and asked["package"]["name"].lower() == "django"
            body = json.dumps({"vulns": [KNOWN]} if hit else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield [("--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/")]
        server.shutdown()


def test_a_known_vulnerability_is_found(pins):
    with osv(vulnerable=True) as services:
        found, unknown, reasons = dependency_audit.vulnerabilities(pins, services)
    assert (found, unknown, reasons) == ({("django", "5.2.19", "GHSA-0000-0000-0000", "5.2.20")}, set(), [])


def test_where_there_is_none_all_packages_are_known(pins):
    with osv(vulnerable=False) as services:
        assert dependency_audit.vulnerabilities(pins, services) == (set(), set(), [])


NOBODY = ("--vulnerability-service", "osv", "--osv-url", "http://127.0.0.1:9/")


def test_who_cannot_be_asked_is_named_and_the_next_is_asked(pins):
    with osv(vulnerable=True) as services:
        found, unknown, (reason,) = dependency_audit.vulnerabilities(pins, [NOBODY, *services])
    assert (len(found), unknown, reason.startswith("osv: ")) == (1, set(), True)


def test_a_package_that_was_passed_over_is_not_known(monkeypatch, pins):
    """As PyPI's service does with what its index does not have; that is no failure of pip-audit's."""
    passed = [{"name": "Django", "skip_reason": "Dependency not found"}, {"name": "segno", "version": "1", "vulns": []}]
    monkeypatch.setattr(dependency_audit, "_report", lambda pins, service: (passed, "knows nothing of 1 packages"))
    assert dependency_audit.vulnerabilities(pins, [("-s", "pypi")]) == (
        set(),
        {"django"},
        ["pypi: knows nothing of 1 packages"],
    )


@pytest.mark.parametrize(("services", "code"), [("vulnerable", 1), ("well", 0), ("nobody", 0)])
def test_only_a_vulnerability_fails_and_silence_is_loud(monkeypatch, capsys, pins, services, code):
    monkeypatch.setattr("sys.argv", ["audit"])
    with osv(vulnerable=services == "vulnerable") as running:
        asked = [NOBODY] if services == "nobody" else running
        monkeypatch.setattr(dependency_audit, "PINS", pins)
        monkeypatch.setattr(dependency_audit, "SERVICES", asked)
        assert dependency_audit.main() == code
    told = capsys.readouterr().out
    assert ("VULNERABLE: django 5.2.19" in told, "NOT AUDITED" in told) == (code == 1, services == "nobody")


def test_the_list_of_licences_is_that_of_the_pins_and_all_are_allowed():
    assert (dependency_audit.licence_problems(), len(dependency_audit.listed())) == ([], len(dependency_audit.pinned()))


def test_the_list_says_what_is_wrong_with_it(tmp_path):
    page = tmp_path / "licences.md"
    text = dependency_audit.LIST.read_text()
    segno = next(line for line in text.splitlines() if line.startswith("| segno |"))
    page.write_text(text.replace(segno, "| segno | 0.1 | AGPL-3.0 |\n| other | 1 | MIT |"))
    problems = dependency_audit.licence_problems(page)
    assert problems[:3] == [
        "segno: is not listed as it is pinned",
        "other: is listed, and not pinned",
        "segno: AGPL-3.0 is not allowed",
    ]
    assert problems[3:] == ["segno: says itself that it is 1.6.6 BSD License"]
