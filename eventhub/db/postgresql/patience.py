"""How long a request waits for its database, which may be silent without being gone.

A server that is stopped, a disk that stalls, a lock that somebody holds, a network that swallows: none of these refuses
anything, and a request that waits without a bound holds its thread, until all threads are held. The bound is kept here,
by who waits. A silent server keeps none, and a pooler between (PgBouncer) passes no settings on to the server. It is
for each answer of the database, not for a request as a whole, so that what is long but goes on is not cut off.

Only the web server has it (eventhub/wsgi.py). Commands wait as long as it takes.
"""

# While the database was silent last time: those who come meanwhile are told so soon, and not each after the whole wait.
IN_VAIN_SECONDS = 0.5


class Patience:
    """Of this process: `seconds`, None for no bound, and whether the last wait was in vain."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._in_vain = False

    @property
    def limit(self) -> float | None:
        """How long to wait for the next answer."""
        return min(IN_VAIN_SECONDS, self.seconds) if self._in_vain and self.seconds else self.seconds

    def waited_in_vain(self) -> None:
        self._in_vain = True

    def was_answered(self) -> None:
        self._in_vain = False


patience = Patience()
