"""The folder in which gunicorn's workers count, when METRICS is on, as long as their parent lives.

It imports nothing of the service, as that parent must not load it.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "eventhub-metrics-"


class Folder:
    """A new one, locked by this process and all that it forks. Those that nobody holds any more are removed: of
    parents that were killed."""

    def __init__(self, where: str | None = None) -> None:
        parent = Path(where or tempfile.gettempdir())
        for left in parent.glob(f"{PREFIX}*"):
            _remove_if_left(left)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self._lock = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_if_left(folder: Path) -> None:
    try:
        lock = os.open(folder, os.O_RDONLY)
    except OSError:  # gone meanwhile, or another user's
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if any(folder.iterdir()):  # else it may be somebody's who is just about to lock it
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass
    finally:
        os.close(lock)
