"""Programs that some tests need: `python -m eventhub.testing.system_programs nginx` installs them where it can.

Tests of a program that is missing are skipped, with the reason.
"""

import os
import shutil
import subprocess
import sys

# By what a test calls a program: the names under which it may be on the PATH, and Debian's and Ubuntu's package.
PROGRAMS = {
    "chromium": (["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"], "chromium"),
    "nginx": (["nginx"], "nginx-light"),
    "npm": (["npm"], "npm"),
}


def find(program: str) -> str | None:
    """Return the path of a program on this machine. CHROMIUM in the environment names one's own."""
    names = PROGRAMS[program][0]
    own = os.environ.get(program.upper())
    return next((path for path in map(shutil.which, [own] if own else names) if path), None)


def install(programs: list[str]) -> None:
    """Install the packages of these programs with apt, where we may."""
    apt = shutil.which("apt-get")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if apt is None or (sudo and shutil.which("sudo") is None):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = [PROGRAMS[program][1] for program in programs]
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run([*sudo, apt, *command], check=False, stdout=subprocess.DEVNULL, env=environment)


def main() -> None:
    wanted = sys.argv[1:] or list(PROGRAMS)
    if missing := [program for program in wanted if find(program) is None]:
        install(missing)
    for program in wanted:
        if path := find(program):
            print(f"Tests with {path}")
        else:
            print(f"\n*** NO TESTS WITH {program}: there is none, and none could be installed. ***\n", file=sys.stderr)


if __name__ == "__main__":
    main()
