"""`python -m eventhub.probe`: asks the server of this machine whether it lives, as whoever runs containers does.

It asks for a name that the service answers to, with nothing of the service loaded: it runs every half a minute.
"""

import http.client
import os
import sys
from contextlib import closing

from eventhub.env import hosts, read, whole_number

TIMEOUT_SECONDS = 12  # a little more than DB_WAIT_SECONDS, which a silent database may hold all threads for
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}  # noqa: S104


def lives() -> bool:
    """Whether /healthz answers with a 200, where HOST and PORT say that gunicorn listens."""
    host = read("HOST", "127.0.0.1", str)
    port = read("PORT", "8000", whole_number(1, 65535))
    with closing(http.client.HTTPConnection(ANY_ADDRESS.get(host, host), port, timeout=TIMEOUT_SECONDS)) as connection:
        try:
            connection.request("GET", "/healthz", headers={"Host": _a_name()})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def _a_name() -> str:
    """One that ALLOWED_HOSTS lets through."""
    names = read("ALLOWED_HOSTS", "localhost", hosts)
    return (names[0] if names else "localhost").lstrip(".").replace("*", "localhost")


if __name__ == "__main__":
    if not lives():
        sys.exit(f"{os.environ.get('HOST', '127.0.0.1')}: no answer from /healthz")
