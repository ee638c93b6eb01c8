"""Known vulnerabilities and licences of the packages that requirements.txt pins (`make audit`).

Exits with 1 for a vulnerability, for a licence that is not allowed, and where docs/licences.md is not up to date. When
no vulnerability service answers it says so loudly and goes on: a build must not depend on somebody else's server.
`--list PYTHON` writes docs/licences.md from the packages of that Python (`make licences`).
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent.parent
PINS, LIST = ROOT / "requirements.txt", ROOT / "docs" / "licences.md"
# Who may know, in the order in which they are asked.
SERVICES = (("--vulnerability-service", "pypi"), ("--vulnerability-service", "osv"))
SECONDS = 120

# As packages name them. All of them let us use and pass on a library that we have not changed.
ALLOWED = {
    "Apache-2.0",
    "Apache-2.0 AND BSD-2-Clause",
    "Apache-2.0 OR BSD-3-Clause",
    "Apache Software License",
    "BSD 3-Clause OR Apache-2.0",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "LGPL-3.0-only",
    "MIT",
    "MIT License",
    "MIT-0",
    "MPL-2.0 AND (Apache-2.0 OR MIT)",
    "PSF-2.0",
    "Unlicense",
}
# What only a Python before 3.11.3 needs, as it says there itself.
ELSEWHERE = {"async-timeout": "Apache Software License"}
HEAD = """# Licences

The packages that `requirements.txt` pins, and the licence that each one states. That of EventHub itself is MIT.
`make licences` writes this page; `make audit` compares it with pins and allowed licences (`dependency_audit.py`).
Some contain others: psycopg-binary libpq (PostgreSQL licence) and, as cryptography, OpenSSL (Apache-2.0),
drf-spectacular-sidecar Swagger UI (Apache-2.0), django-unfold Alpine, Chart.js, SimpleBar (MIT) and htmx (0BSD).
The scan page has jsQR 1.4.0 (Apache-2.0), unchanged: `checkin/static/checkin/scan/jsqr-1.4.0.js`, with SHA-256
`bc40c8a15196236b2314db0856f72ca0b49980cd5413b8c852a7349f5fee0859`.

| package | version | licence |
| --- | --- | --- |
"""


class Finding(NamedTuple):
    package: str
    version: str
    vulnerability: str
    fixed_in: str


# Vulnerabilities -----------------------------------------------------------------------------------------------------


def vulnerabilities(pins: Path, services: Sequence[Sequence[str]]) -> tuple[set[Finding], set[str], list[str]]:
    """Return findings for the pinned packages, the packages that no service knows, and why."""
    found: set[Finding] = set()
    unknown, reasons = {name for name, _ in pinned(pins, here=True)}, []
    for service in services:
        report, reason = _report(pins, service)
        if reason:
            reasons.append(f"{service[1]}: {reason}")
        for package in report:
            if "skip_reason" not in package:
                unknown.discard(canonicalize_name(package["name"]))
                found |= {_finding(package, known) for known in package["vulns"]}
        if not unknown:
            break
    return found, unknown, reasons


def _report(pins: Path, service: Sequence[str]) -> tuple[list[dict[str, Any]], str]:
    """Return pip-audit's report on each package, and why it is incomplete."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(pins)]
    command += ["--format", "json", "--progress-spinner", "off", *service]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        packages: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return [], f"no answer in {SECONDS} s"
    except ValueError:
        return [], (ended.stderr.strip().splitlines() or ["no answer"])[-1][:200]
    skipped = sum("skip_reason" in package for package in packages)
    return packages, f"knows nothing of {skipped} packages" if skipped else ""


def _finding(package: dict[str, Any], known: dict[str, Any]) -> Finding:
    fixed_in = ", ".join(known["fix_versions"]) or "no version"
    return Finding(canonicalize_name(package["name"]), package["version"], known["id"], fixed_in)


# Licences ------------------------------------------------------------------------------------------------------------


def pinned(pins: Path = PINS, *, here: bool = False) -> list[tuple[str, str]]:
    """Return all packages with their versions; with `here`, only those that this Python needs."""
    lines = re.findall(r"^([A-Za-z0-9].*?==.*?)\s*\\?$", pins.read_text(), re.MULTILINE)
    needed = [each for each in map(Requirement, lines) if not (here and each.marker and not each.marker.evaluate())]
    return sorted((canonicalize_name(each.name), str(each.specifier).removeprefix("==")) for each in needed)


def licences(python: str = sys.executable) -> dict[str, tuple[str, str]]:
    """Return version and licence of each package of that Python, by name."""
    command = [str(Path(sys.executable).with_name("pip-licenses")), "--python", python, "--from", "mixed"]
    ended = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=True)
    return {canonicalize_name(each["Name"]): (each["Version"], each["License"]) for each in json.loads(ended.stdout)}


def listed(page: Path = LIST) -> dict[str, tuple[str, str]]:
    """Return the same, as the page lists it."""
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (.+?) \|$", page.read_text(), re.MULTILINE)
    return {name: (version, licence) for name, version, licence in rows if name not in {"package", "---"}}


def write_list(python: str, page: Path = LIST) -> None:
    known = licences(python)
    named = {name: licence for name, (_, licence) in known.items()} | ELSEWHERE
    page.write_text(HEAD + "".join(f"| {name} | {version} | {named[name]} |\n" for name, version in pinned()))


def licence_problems(page: Path = LIST) -> list[str]:
    """Return differences between page, pins and installed packages, and licences that we do not allow."""
    told, here, pins = listed(page), licences(), dict(pinned())
    wrong = [f"{name}: is not listed as it is pinned" for name in pins if told.get(name, ("", ""))[0] != pins[name]]
    wrong += [f"{name}: is listed, and not pinned" for name in told if name not in pins]
    wrong += [f"{name}: {licence} is not allowed" for name, (_, licence) in told.items() if licence not in ALLOWED]
    for name, row in told.items():
        if here.get(name, row) != row:
            wrong.append(f"{name}: says itself that it is {' '.join(here[name])}")
    return wrong


def main() -> int:
    if sys.argv[1:2] == ["--list"]:
        write_list(sys.argv[2])
        return 0
    wrong = licence_problems()
    print("\n".join(wrong) or f"Licences: {len(listed())} packages, all allowed.")
    found, unknown, reasons = vulnerabilities(PINS, SERVICES)
    for finding in sorted(found):
        print(f"VULNERABLE: {finding.package} {finding.version}: {finding.vulnerability}, fixed in {finding.fixed_in}")
    if unknown:
        stars, of = "*" * 100, len(pinned(here=True))
        print(stars, f"NOT AUDITED: nobody could be asked about {len(unknown)} of {of} packages.", sep="\n")
        print(*reasons, "Run `make audit` where the data can be had.", stars, sep="\n")
    else:
        print("Vulnerabilities: all packages are known.", "" if found else "None of them has any.")
    return 1 if wrong or found else 0


if __name__ == "__main__":
    sys.exit(main())
