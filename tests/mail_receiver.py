"""A real mail server on this machine, which keeps what it is given; for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailReceiver:
    """Takes mail. `answers`: what it says to the next mails instead; `pause`: called before it answers to one."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[EmailMessage] = []
        self.answers: list[str] = []
        self.refused_addresses: dict[str, str] = {}
        self.hold: threading.Event | None = None
        self.given = threading.Event()
        self.connections = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused_addresses:
            return self.refused_addresses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            self.taken.append(message_from_bytes(content, policy=policy.default))
        self.given.set()
        if self.hold is not None:
            await server.loop.run_in_executor(None, self.hold.wait, 60)
        if answer == "hang up":
            transport: Any = server.transport
            transport.abort()
        return answer


@contextmanager
def mail_receiver() -> Iterator[MailReceiver]:
    """A server that listens until the end."""
    receiver = MailReceiver()
    controller: Any = _AnyPort(receiver, hostname="127.0.0.1", port=0)
    controller.start()
    receiver.port = controller.port
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        controller.stop()


class _AnyPort(Controller):
    """On a port that the system chooses."""

    def _trigger_server(self) -> None:
        listening: Any = self.server
        self.port = listening.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
