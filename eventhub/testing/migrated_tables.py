"""Empty databases with all tables. Migrations run once, and are copied until a file that decides about them changes.

From nothing they take as long as hundreds of tests.
"""

import fcntl
import functools
import hashlib
import shutil
import subprocess
from pathlib import Path

from django.conf import settings

from eventhub.testing.databases import postgres_binaries
from eventhub.testing.postgresql_clusters import run_manage

CACHE = Path(settings.BASE_DIR) / ".pytest_cache"
# Folders and files.
DECIDING = {"migrations", "triggers", "db", "models", "models.py", "audit.py", "migrate.py"}


def migrate(url: str) -> None:
    """Give an empty database its tables: the file or the server behind `url`."""
    kind = "sqlite3" if url.startswith("sqlite") else "dump"
    kept = CACHE / f"migrated-{_digest()}.{kind}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"migrated-{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            run_manage("migrate", "--verbosity=0", DATABASE_URL=url)
            for outdated in CACHE.glob(f"migrated-*.{kind}"):
                outdated.unlink()
            _copy(url, kept.with_suffix(".new"))
            kept.with_suffix(".new").rename(kept)
            return
    _restore(kept, url)


def _copy(url: str, kept: Path) -> None:
    if url.startswith("sqlite"):
        shutil.copy(url.removeprefix("sqlite:///"), kept)
    else:
        _run("pg_dump", "--format=custom", f"--file={kept}", _database(url))


def _restore(kept: Path, url: str) -> None:
    if url.startswith("sqlite"):
        shutil.copy(kept, url.removeprefix("sqlite:///"))
    else:
        _run("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={_database(url)}", str(kept))


def _run(program: str, *arguments: str) -> None:
    subprocess.run([postgres_binaries() / program, *arguments], check=True, capture_output=True)


def _database(url: str) -> str:
    return url.replace("postgres:", "postgresql:", 1)


@functools.cache
def _digest() -> str:
    base = Path(settings.BASE_DIR)
    ours = [file for file in sorted(base.glob("[a-z]*/**/*.py")) if DECIDING & {*file.relative_to(base).parts}]
    digest = hashlib.sha256()
    for file in [base / "requirements.txt", *ours]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
