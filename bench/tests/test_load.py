"""The load client against a scripted server."""

import itertools
import math
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from bench.load import CLOSED, Connection, ask, run

pytestmark = pytest.mark.once

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
FAILED = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def serving(*answers: bytes) -> Iterator[int]:
    """A server that gives these answers in turn, byte by byte, to whoever asks, and then hangs up; its port."""
    supply = iter(answers)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline() and self.rfile.readline() and (answer := next(supply, None)):
                for byte in answer:
                    self.wfile.write(bytes([byte]))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def test_it_reads_an_answer_that_comes_in_pieces() -> None:
    with serving(OK) as port, closing(Connection(port)) as connection:
        assert ask(connection, REQUEST) == (200, b"{}")


def test_it_counts_every_answer() -> None:
    with (
        serving(OK, FAILED, OK, OK, FAILED, OK) as port,
        closing(Connection(port)) as one,
        closing(Connection(port)) as two,
    ):
        found = run([one, two], itertools.repeat(REQUEST, 6), seconds=10)
    assert found.statuses == {200: 4, 500: 2}
    assert 0 < found.p50 <= found.p99
    assert found.rate > 0


def test_a_server_that_hangs_up_is_counted() -> None:
    with serving() as port, closing(Connection(port)) as connection:
        found = run([connection], itertools.repeat(REQUEST), seconds=10)
    assert found.statuses == {CLOSED: 1}
    assert math.isnan(found.p99)
