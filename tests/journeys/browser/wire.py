"""A wire between browser and server that can be cut: also for workers of pages, which `set_offline` leaves be."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

CHUNK = 65536


class Wire:
    """Passes on what comes to `address`, until it is `cut`."""

    def __init__(self, server: str) -> None:
        there = urlsplit(server)
        self.server = (str(there.hostname), int(there.port or 80))
        self.whole = True
        self.open: list[socket.socket] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing passes."""
        self.whole = False
        self._hang_up()

    def mend(self) -> None:
        self.whole = True

    def end(self) -> None:
        self.cut()
        self.listening.close()

    def _hang_up(self) -> None:
        for one in self.open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def _listen(self) -> None:
        while True:
            try:
                browser, _where = self.listening.accept()
            except OSError:
                return
            if not self.whole:
                browser.close()
                continue
            server = socket.create_connection(self.server)
            self.open += [browser, server]
            threading.Thread(target=_connect, args=(browser, server), daemon=True).start()


def _connect(browser: socket.socket, server: socket.socket) -> None:
    """Pass on in both directions until one end hangs up."""
    with browser, server:
        back = threading.Thread(target=_pass_on, args=(server, browser), daemon=True)
        back.start()
        _pass_on(browser, server)
        back.join()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while said := one.recv(CHUNK):
            other.sendall(said)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def wire_to(server: str) -> Iterator[Wire]:
    """A wire to the server, whole at first."""
    made = Wire(server)
    try:
        yield made
    finally:
        made.end()
