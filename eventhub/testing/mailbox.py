"""A real SMTP server that accepts or refuses mails as a test asks."""

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from django.test import override_settings


class Mailbox:
    """The handler of the server.

    `mails` are the accepted ones. `answer` is its reply to a mail, after `after` seconds; `sender` and `recipient` its
    replies to addresses, `refused` those to some. It drops the connection of the next `drop_next` mails, with
    `keeps_dropped` after it has accepted them.
    """

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.sender, self.answer, self.recipient, self.after = "250 OK", "250 OK", "250 OK", 0.0
        self.refused: dict[str, str] = {}
        self.tried, self.port, self.drop_next, self.keeps_dropped = 0, 0, 0, False

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        reply = self.refused.get(address, self.recipient)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.tried += 1
        is_dropped = self.drop_next > 0
        if is_dropped:
            self.drop_next -= 1
            server.transport.close()
        else:
            await asyncio.sleep(self.after)
        if self.answer.startswith("250") and (self.keeps_dropped or not is_dropped):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            mail["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
            self.mails.append(mail)
        return self.answer

    @property
    def recipients(self) -> list[str]:
        return [str(mail["X-Envelope-To"]) for mail in self.mails]


def text_of(mail: Any) -> str:
    """Return the plain text of a mail, from a server or from Django's outbox."""
    if isinstance(mail, EmailMessage):
        return str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    return str(mail.body)


def token_in(mail: Any) -> str:
    """Return the token of the link in a mail."""
    found = re.search(r"token=([\w.-]+)", text_of(mail))
    assert found, text_of(mail)
    return found[1]


def sending_to(port: int) -> Any:
    return override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        EMAIL_HOST_USER="",
        EMAIL_HOST_PASSWORD="",
        EMAIL_USE_TLS=False,
        EMAIL_USE_SSL=False,
    )


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Run a server on a free port, to which the service sends its mail."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    mailbox.port = controller.port
    try:
        with sending_to(controller.port):
            yield mailbox
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[None]:
    """Accept connections and never reply."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server, sending_to(server.getsockname()[1]):
        yield


@contextmanager
def no_server() -> Iterator[None]:
    """Send mail to a port where nobody listens."""
    with sending_to(free_port()):
        yield


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
