"""The released state, from which an upgrade to this code is tried: its migrations, and its code as git has it."""

import re
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

# Change both with a release.
RELEASED_COMMIT = "598dce059ac1b97b424647a5732d0dca82c9f83d"
RELEASED_UP_TO = {
    "accounts": "0003_search_index",
    "admin": "0003_logentry_add_action_flag_choices",
    "auth": "0012_alter_user_first_name_max_length",
    "contenttypes": "0002_remove_content_type_name",
    "events": "0002_search_index",
    "otp_static": "0003_add_timestamps",
    "otp_totp": "0003_add_timestamps",
    "registrations": "0003_statistics",
    "sessions": "0001_initial",
    "token_blacklist": "0013_alter_blacklistedtoken_options_and_more",
}


def released_migrations() -> set[tuple[str, str]]:
    graph = MigrationLoader(None).graph
    return {key for released in RELEASED_UP_TO.items() for key in graph.forwards_plan(released)}


def migrations_in_git() -> set[tuple[str, str]] | None:
    """Return our migrations in the released commit; None if this clone does not have it."""
    if _git("cat-file", "-e", f"{RELEASED_COMMIT}^{{commit}}") is None:
        return None
    paths = (_git("ls-tree", "-r", "--name-only", RELEASED_COMMIT) or b"").decode().splitlines()
    found = [re.fullmatch(r"(\w+)/migrations/(\d\w+)\.py", path) for path in paths]
    return {(match[1], match[2]) for match in found if match}


def released_code(folder: Path) -> Path:
    """Write the released code into that folder. Skips the test if git does not have it, as in a shallow clone."""
    archive = _git("archive", "--format=zip", RELEASED_COMMIT)
    if archive is None:
        pytest.skip("the released code is not here: this is no clone with its history")
    folder.mkdir()
    with zipfile.ZipFile(BytesIO(archive)) as files:  # which every Python that we support takes apart alike
        files.extractall(folder)
    return folder


def this_code(folder: Path) -> None:
    """Write this code over the code in that folder, as `git checkout` does in place."""
    listed = _git("ls-files", "--cached", "--others", "--exclude-standard", "-z") or b""
    for name in filter(None, listed.decode().split("\0")):
        source = Path(settings.BASE_DIR) / name
        if source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def _git(*arguments: str) -> bytes | None:
    """Return git's output; None if it fails or is not installed."""
    try:
        return subprocess.run(["git", *arguments], cwd=settings.BASE_DIR, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
