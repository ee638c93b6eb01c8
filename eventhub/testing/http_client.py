"""A client of a running server behind a Unix socket."""

import http.client
import json
import socket
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User

NOBODYS_PASSWORD = "!nobody signs in here"
OLGA = 1  # an organizer
PEOPLE = """
INSERT INTO accounts_user (id, username, email, password, role, is_active, created_at, updated_at)
SELECT n, 'person-' || n, 'person-' || n || '@example.org', %s, CASE n WHEN 1 THEN 'organizer' ELSE 'user' END,
       true, now(), now() FROM generate_series(1, %s) AS n"""
EVENT = {"title": "Talk", "location": "Hall", "date_time": "2030-05-01T19:00:00Z", "max_capacity": 1000}


def load_people(url: str, last: int) -> None:
    """Make the accounts with the ids 1 to `last`."""
    with psycopg.connect(url.replace("postgres:", "postgresql:", 1)) as connection:
        connection.execute(PEOPLE, [NOBODYS_PASSWORD, last])


def token_of(user_id: int) -> str:
    """Return an access token of one of these accounts."""
    token = AccessToken.for_user(User(pk=user_id, password=NOBODYS_PASSWORD))
    token["auth_time"] = int(time.time())
    return str(token)


class Answer(NamedTuple):
    status: int
    body: Any


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Client:
    """An account at one of the servers: `Client(socket, user_id=3).get("/events/1")`."""

    def __init__(self, path: Path, *, user_id: int) -> None:
        self.path = path
        self.headers = {"Authorization": f"Bearer {token_of(user_id)}", "Content-Type": "application/json"}

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self.send("POST", path, body)

    def send(self, verb: str, path: str, body: Any = None) -> Answer:
        with closing(_Connection(self.path)) as connection:
            connection.request(verb, path, None if body is None else json.dumps(body), self.headers)
            answer = connection.getresponse()
            content = answer.read()
        return Answer(answer.status, json.loads(content) if content else None)
