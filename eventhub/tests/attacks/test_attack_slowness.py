"""Clients that send a byte now and then, or half of something, at a real gunicorn: they keep nobody out, and are hung
up on."""

import re
import socket
import time
from contextlib import ExitStack, closing, contextmanager

import pytest

pytestmark = pytest.mark.slow

HEAD = b"POST /users/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
BODY = b'{"username": "nobody", "password": "x"}'
# Many more than there are threads.
CROWD = 20
HALVES = {
    "nothing": b"",
    "half a method": b"PO",
    "half a line": b"GET /events/ HT",
    "half a header": b"GET /events/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ",
    "no end of the headers": HEAD,
    "half a body": HEAD + b"Content-Length: 39\r\n\r\n" + BODY[:20],
    "no body": HEAD + b"Content-Length: 39\r\n\r\n",
    "a large body's beginning": HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * 300_000,
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n27\r\n{",
    "no last chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "no end of the trailers": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Half: 1\r\n",
    "a body that it would send if told to": HEAD + b"Content-Length: 39\r\nExpect: 100-continue\r\n\r\n",
    "a second request": b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /healthz HT",
}


PATIENCE = 15  # whoever is not answered by then has been left hanging


@contextmanager
def connected(service):
    with closing(socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)) as client:
        yield client


def until_hung_up(client):
    """Everything that comes."""
    reply = b""
    while piece := client.recv(65536):
        reply += piece
    return reply


def asked(service, *pieces):
    """What comes back for the pieces of a request, sent one after the other, which says that it is the last."""
    with connected(service) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            client.sendall(piece)
            if len(pieces) > 1:
                time.sleep(0.002)
        return until_hung_up(client)


def statuses(reply):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", reply)]


@contextmanager
def crowd(service, half):
    """So many clients, each of whom has sent that and sends no more."""
    with ExitStack() as clients:
        for _ in range(CROWD):
            clients.enter_context(connected(service)).sendall(half)
        yield


# Who is slow ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_who_sends_half_of_something_keeps_nobody_out(service, half):
    with crowd(service, half):
        assert service.client().send("GET", "/users/me").status == 200


def test_who_sends_half_of_something_is_hung_up_on(service):
    with ExitStack() as clients:
        connections = {name: clients.enter_context(connected(service)) for name in HALVES}
        for name, connection in connections.items():
            connection.sendall(HALVES[name])
        answered = {name: statuses(until_hung_up(connection)) for name, connection in connections.items()}
    told = {"a body that it would send if told to": [100], "a second request": [200]}
    assert answered == {name: told.get(name, []) for name in HALVES}


@pytest.mark.parametrize("drop", [b"G", b"X-A: 1\r\n", b"1\r\n{\r\n"], ids=["the line", "headers", "chunks"])
def test_who_sends_for_ever_is_hung_up_on(service, drop):
    begun = {b"G": b"", b"X-A: 1\r\n": HEAD}.get(drop, HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    with connected(service) as client:
        client.sendall(begun)
        client.settimeout(0.1)
        for _ in range(10 * PATIENCE):
            try:
                client.sendall(drop)
                if client.recv(65536) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("still listened to")


# Who is not ----------------------------------------------------------------------------------------------------------

LAST = HEAD + b"Connection: close\r\n"
WHOLE = LAST + b"Content-Length: 39\r\n\r\n" + BODY


def test_a_request_in_many_pieces_is_answered(service):
    assert statuses(asked(service, *(WHOLE[n : n + 1] for n in range(len(WHOLE))))) == [401]


@pytest.mark.parametrize(
    "cut", [1, 15, 31, len(LAST), len(LAST) + 20, len(WHOLE) - 40, len(WHOLE) - 39, len(WHOLE) - 1]
)
def test_a_request_may_be_cut_anywhere(service, cut):
    assert statuses(asked(service, WHOLE[:cut], WHOLE[cut:])) == [401]


CHUNKS = LAST + b"Transfer-Encoding: chunked\r\n\r\n" + b"14;x=y\r\n" + BODY[:20] + b"\r\n13\r\n" + BODY[20:] + b"\r\n"


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"0;x\r\nX-Trailer: 1\r\n\r\n"], ids=["", "with a trailer"])
def test_chunks_are_answered(service, end):
    whole = CHUNKS + end
    assert statuses(asked(service, whole)) == [401]
    assert statuses(asked(service, *(whole[n : n + 1] for n in range(len(whole))))) == [401]


def test_requests_that_come_at_once_are_answered_in_turn(service):
    first = HEAD + b"Content-Length: 39\r\n\r\n" + BODY
    assert statuses(asked(service, first * 3 + WHOLE)) == [401] * 4
    assert statuses(asked(service, first + WHOLE[:100], WHOLE[100:])) == [401, 401]


def test_who_waits_to_be_told_is_told_to_go_on(service):
    with connected(service) as client:
        client.sendall(LAST + b"Content-Length: 39\r\nExpect: 100-continue\r\n\r\n")
        assert statuses(client.recv(65536)) == [100]
        client.sendall(BODY)
        assert statuses(until_hung_up(client))[-1] == 401


@pytest.mark.parametrize("size", [300_000, 3_000_000])
def test_a_body_of_any_size_is_answered(service, size):
    body = BODY.ljust(size)
    head = LAST + f"Content-Length: {size}\r\n\r\n".encode()
    assert statuses(asked(service, head + body)) == [413 if size > 1024 * 1024 else 401]


def test_a_connection_that_is_kept_is_answered_again(service):
    client = service.client()
    assert [client.send("GET", "/users/me").status for _ in range(3)] == [200] * 3


def test_who_hangs_up_in_the_middle_troubles_nobody(service):
    for half in HALVES.values():
        with connected(service) as client:
            client.sendall(half)
    assert service.client().send("GET", "/users/me").status == 200
