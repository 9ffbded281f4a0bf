"""`regulars serve` as a process of its own."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

SECONDS = 60


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def fetch(port: int, where: str) -> str:
    """The page, as soon as the server answers."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", where)
            return connection.getresponse().read().decode()
        except ConnectionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        finally:
            connection.close()


@pytest.mark.django_db(transaction=True)
def test_one_command_serves_the_pages_and_stops_when_told(
    start_python: Callable[..., subprocess.Popen[str]], owner: Any
) -> None:
    owner.set_unusable_password()
    owner.save()
    port = free_port()
    server = start_python("-m", "regulars", "serve", "--port", str(port), "--no-worker")
    assert fetch(port, "/health") == '{"status": "ok"}'
    assert "Sign in" in fetch(port, "/sign-in/")
    server.send_signal(signal.SIGINT)
    assert server.wait(SECONDS) == 0
    assert server.stdout is not None
    greeting = server.stdout.read()
    assert "owner@example.com has no password yet" in greeting
    assert f"http://127.0.0.1:{port}/password/" in greeting
