"""HTTP requests as bytes, made before the clock starts, and access tokens to sign them."""

import json
import time
from typing import Any
from urllib.parse import urlsplit

from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User

PASSWORD_HASH = "!nobody signs in here"  # of every account that the benchmarks load


def token(user_id: int) -> str:
    """Return an access token without storing a refresh token."""
    access = AccessToken.for_user(User(pk=user_id, password=PASSWORD_HASH))
    access["auth_time"] = int(time.time())
    return str(access)


def request(verb: str, path: str, signed_in: str = "", body: Any = None, headers: Any = None) -> bytes:
    """Return the bytes of one request on a keep-alive connection."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{verb} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    if signed_in:
        lines.append(f"Authorization: Bearer {signed_in}")
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def next_path(body: bytes) -> str:
    """Return the path of the page after this one."""
    url = urlsplit(json.loads(body)["next"])
    return f"{url.path}?{url.query}"
