"""A worker of gunicorn's in which a request gets a thread when all of it is there.

Gunicorn's own threads read what a client sends, and wait for it: as many clients as there are threads, each sending a
byte a second, would keep everybody else out. Here the loop that accepts connections collects what comes, which costs a
slow client nothing but its own time: within REQUEST_SECONDS it has sent its request, or is hung up on.

A body past MAX_BODY_BYTES, which only the back office's uploads may have, is left to a thread to read, and an answer to
whoever reads it slowly, each with REQUEST_SECONDS for a piece. A proxy in front takes both upon itself.
"""

import contextlib
import re
import selectors
import socket
import struct
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

PIECE = 64 * 1024
# More than gunicorn's parser lets anybody have.
LINE_BYTES, HEAD_BYTES = 16 * 1024, 1024 * 1024
# What all that is arriving may hold of a worker's memory.
HELD_BYTES = 64 * 1024 * 1024
REQUEST_LINE = re.compile(rb"\S+ \S+ HTTP/\d\.\d\r\n")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
IN_CHUNKS = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked[ \t]*\r\n", re.IGNORECASE)
WAITS_FOR_US = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class Arrival:
    """What has come of a request so far, and by when the rest must have."""

    def __init__(self, deadline: float) -> None:
        self.data, self.deadline = bytearray(), deadline
        self.head: bytes | None = None  # once all of it is there
        self._place = 0  # as far as the data has been looked through; of a body whose length is known, its end

    def is_whole(self, limit: int) -> bool:
        """Whether a thread can take it on without waiting: nothing is to come, or it is for gunicorn's parser to
        refuse, or too long to be collected here."""
        if len(self.data) > limit or self._begins_oddly():
            return True
        if self.head is None and not self._find_head():
            return False
        return self._is_past_chunks() if self._is_in_chunks else len(self.data) >= self._place

    def _begins_oddly(self) -> bool:
        if self.data.find(b"\n", 0, LINE_BYTES) < 0:
            return len(self.data) >= LINE_BYTES
        return not REQUEST_LINE.match(self.data)

    def _find_head(self) -> bool:
        end = self.data.find(b"\r\n\r\n", self._place)
        if end < 0:
            self._place = max(0, len(self.data) - 3)
            return False
        self.head = bytes(self.data[: end + 2])
        self._is_in_chunks = bool(IN_CHUNKS.search(self.head))
        length = None if self._is_in_chunks else LENGTH.search(self.head)
        self._place = end + 4 + (int(length[1]) if length else 0)
        return True

    def _is_past_chunks(self) -> bool:
        while (end := self.data.find(b"\r\n", self._place)) >= 0:
            try:
                size = int(bytes(self.data[self._place : end]).partition(b";")[0], 16)
            except ValueError:
                return True
            if size <= 0:
                return self.data.find(b"\r\n\r\n", end) >= 0  # behind the last chunk there may be trailers
            self._place = end + 2 + size + 2
        return False


class Worker(ThreadWorker):
    """gthread; only `enqueue_req`, where a connection is given a thread, is another."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arriving: dict[TConn, Arrival] = {}
        self.next_look = 0.0

    def run(self) -> None:
        from django.conf import settings  # of the application, which is loaded by now

        self.patience, self.limit = settings.REQUEST_SECONDS, settings.MAX_BODY_BYTES + HEAD_BYTES
        super().run()

    def enqueue_req(self, conn: TConn) -> None:
        """Collects what the client sends, and then gives it a thread."""
        arrival = Arrival(time.monotonic() + self.cfg.keepalive)
        if conn.parser:  # has read too far before
            self._add(arrival, conn.parser.unreader.take_buffered())
        conn.sock.setblocking(False)
        with contextlib.suppress(OSError):  # it has hung up
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                conn.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", self.patience, 0))
        if not self._receive(conn, arrival):
            self.arriving[conn] = arrival
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_arriving, conn))

    def murder_pending(self) -> None:
        """What gthread calls again and again, to hang up on who takes too long."""
        super().murder_pending()
        now = time.monotonic()
        if now < self.next_look:
            return
        self.next_look = now + 0.5
        held = 0
        for conn, arrival in sorted(self.arriving.items(), key=lambda item: item[1].deadline, reverse=True):
            held += len(arrival.data)
            if arrival.deadline <= now or held > HELD_BYTES or not (self.alive or arrival.data):
                self._forget(conn)
                self._hang_up(conn)

    def _on_arriving(self, conn: TConn, client: socket.socket) -> None:
        if self._receive(conn, self.arriving[conn]):
            self._forget(conn)

    def _receive(self, conn: TConn, arrival: Arrival) -> bool:
        """Reads what there is; whether the connection has been given a thread, or is over."""
        had_head, piece = arrival.head is not None, _received(conn)
        self._add(arrival, piece or b"")
        if piece == b"" and not arrival.data:
            self._hang_up(conn)
        elif piece == b"" or arrival.is_whole(self.limit):
            self._hand_over(conn, bytes(arrival.data))
        else:
            if not had_head and arrival.head and WAITS_FOR_US.search(arrival.head):
                with contextlib.suppress(OSError):
                    conn.sock.send(GO_ON)
            return False
        return True

    def _add(self, arrival: Arrival, piece: bytes) -> None:
        if piece and not arrival.data:  # whoever sends nothing has less time
            arrival.deadline = time.monotonic() + self.patience
        arrival.data += piece

    def _hand_over(self, conn: TConn, data: bytes) -> None:
        conn.init()
        conn.parser.unreader.unread(data)
        conn.data_ready = True
        super().enqueue_req(conn)

    def _forget(self, conn: TConn) -> None:
        del self.arriving[conn]
        self.poller.unregister(conn.sock)

    def _hang_up(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()


def _received(conn: TConn) -> bytes | None:
    """What has come: nothing more than b"" from who has hung up, None where there is nothing yet."""
    try:
        piece: bytes = conn.sock.recv(PIECE)
    except BlockingIOError:
        return None
    except OSError:
        return b""
    return piece
