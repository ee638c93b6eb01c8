"""TypeScript's compiler, and the packages of npm/package.json, in a folder of a test."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from eventhub.testing import system_programs

PACKAGES = Path(__file__).parent / "npm"


def run(*command: str | Path, cwd: Path, **variables: str) -> tuple[int, str]:
    """Run a program with these variables of the environment; return its exit code and what it wrote."""
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def install(folder: Path) -> Path:
    """Install the packages; return the folder of their programs. Skips the test where that cannot be done."""
    npm = system_programs.find("npm")
    if npm is None:
        pytest.skip("there is no npm; `make tools` installs it")
    for file in PACKAGES.iterdir():
        shutil.copy(file, folder)
    quickly = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0")
    code, said = run(npm, "ci", *quickly, cwd=folder)
    if code and not os.environ.get("GITHUB_ACTIONS"):
        pytest.skip(f"npm could not install the compiler: {said}")
    assert code == 0, said
    return folder / "node_modules" / ".bin"


def compiled(folder: Path, file: str) -> tuple[int, str]:
    """Check a file's types strictly, after `install`; return the exit code and the errors."""
    return run(folder / "node_modules" / ".bin" / "tsc", "--noEmit", "--strict", file, cwd=folder)
