"""Where Chromium is, and how to get it: `python -m eventhub.testing.chromium` installs it where it can."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium on this machine: that of CHROMIUM, or one that is on the PATH."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else NAMES
    return next((path for path in map(shutil.which, names) if path), None)


def install() -> None:
    """Debian's and Ubuntu's package, where we may install one."""
    apt = shutil.which("apt-get")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if apt is None or (sudo and shutil.which("sudo") is None):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        subprocess.run([*sudo, apt, *command], check=False, stdout=subprocess.DEVNULL, env=environment)


if __name__ == "__main__":
    if find() is None:
        install()
    if path := find():
        print(f"Browser tests with {path}")
    else:
        print("\n*** NO BROWSER TESTS: there is no Chromium, and none could be installed. ***\n", file=sys.stderr)
