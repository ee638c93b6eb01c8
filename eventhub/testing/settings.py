"""The settings of the service, in the environment of a test run."""

from pathlib import Path

from eventhub.testing import databases

databases.prepare()

from eventhub.settings import *  # noqa: E402, F403
from eventhub.settings import DATABASES  # noqa: E402

_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # A file, as the service uses it. Django would take a database in memory, which locks differently.
    _database["TEST"] = {"NAME": str(Path(_database["NAME"]).with_name("test.sqlite3"))}
# One test looks at the service's own: test_passwords_are_hashed_as_owasp_recommends.
PASSWORD_HASHERS = ["eventhub.testing.quick_hasher.QuickArgon2"]
# Thousands of clients have a middleware each, which would look for every static file first.
WHITENOISE_AUTOREFRESH = True
# Tasks run at once. A test that wants a thread or a worker says so.
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
