"""The service's own settings, in the environment of a test run."""

from pathlib import Path

from eventhub.testing import databases

databases.prepare()

from eventhub.settings import *  # noqa: E402, F403
from eventhub.settings import DATABASES  # noqa: E402

_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # On a file, as the service does it; Django's own choice would be one in memory, which locks otherwise.
    _database["TEST"] = {"NAME": str(Path(_database["NAME"]).with_name("test.sqlite3"))}
# Clients come by the thousand, each with middleware of its own, which would look for every static file first.
WHITENOISE_AUTOREFRESH = True
# Nothing runs beside a test: who wants a thread or a worker says so.
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
