"""Load client: prepared requests over plain sockets, in one thread, with hardly any parsing.

It shares the machine with the server, so its own processor time is part of the result (`Round.busy`).
"""

import math
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

TIMEOUT_SECONDS = 30
CLOSED = 0  # counted as a status where the server hung up


@dataclass(frozen=True)
class Round:
    """Result of one stretch of load. Latencies are in seconds, `busy` is the client's share of a core."""

    rate: float
    p50: float
    p99: float
    slowest: float
    busy: float
    statuses: Counter[int]


class Connection:
    """Keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self.socket.close()

    def send(self, request: bytes) -> None:
        self.received = b""
        self.expected = -1
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Read what has arrived. True once the response is complete, ConnectionError if the server hung up."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise ConnectionResetError("the server hung up")
        self.received += chunk
        if self.expected < 0 and (end := self.received.find(b"\r\n\r\n")) >= 0:
            _, _, length = self.received[: end + 2].lower().partition(b"\r\ncontent-length:")
            has_body = self.received[9:12] != b"304"
            # A 204 has no length, and a 304 that of the body that it leaves out.
            self.expected = end + 4 + (int(length.partition(b"\r\n")[0] or 0) if has_body else 0)
        return len(self.received) == self.expected

    @property
    def status(self) -> int:
        return int(self.received[9:12])

    @property
    def body(self) -> bytes:
        return self.received[self.received.index(b"\r\n\r\n") + 4 :]


def ask(connection: Connection, request: bytes) -> tuple[int, bytes]:
    """Send one request and return status and body."""
    connection.send(request)
    while not connection.receive():
        pass
    return connection.status, connection.body


def run(connections: list[Connection], requests: Iterator[bytes], seconds: float) -> Round:
    """Keep one request under way on each connection until the time is over or the requests run out."""
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:
        cpu, started = time.process_time(), time.perf_counter()
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(next(requests))
        while selector.get_map():
            ready = selector.select(TIMEOUT_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer in {TIMEOUT_SECONDS} seconds")
            for key, _ in ready:
                connection = key.data
                try:
                    if not connection.receive():
                        continue
                except ConnectionError:
                    statuses[CLOSED] += 1
                    selector.unregister(key.fileobj)
                    continue
                now = time.perf_counter()
                latencies.append(now - connection.sent)
                statuses[connection.status] += 1
                request = next(requests, None) if now - started < seconds else None
                if request is None:
                    selector.unregister(key.fileobj)
                else:
                    connection.send(request)
        elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    latencies.sort()
    p50, p99, slowest = (_at(share, latencies) for share in (0.5, 0.99, 1))
    return Round(len(latencies) / elapsed, p50, p99, slowest, cpu / elapsed, statuses)


def _at(share: float, ordered: list[float]) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else math.nan
