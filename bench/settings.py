"""The project's own settings, with the bare views beside its URLs."""

from eventhub.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
