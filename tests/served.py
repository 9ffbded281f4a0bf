"""An installation as its users have it: `regulars serve` with its worker, in a home folder of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHECKOUT = Path(__file__).resolve().parents[1]
START_SECONDS = 60
PASSWORD = "a password for journeys"

# The wholesaler of the demo, made small: every sixtieth customer, so that it is imported and scored in seconds.
SLICE = "COPY (SELECT * FROM read_parquet('{demo}') WHERE hash(customer_id) % 60 = 7) TO '{slice}' (FORMAT parquet)"
FOUND_THE_DEMO = """
import sys
from pathlib import Path
import django
django.setup()
from regulars.cli.demo_firm import WHOLESALER, make
make(WHOLESALER, password=sys.argv[2], tell=lambda what, share: None, orders=Path(sys.argv[1]))
"""


class NoBrowser(Exception):  # noqa: N818 - named for what stands in the way
    """No browser can be started here; says what is missing."""


@dataclass(frozen=True)
class Installation:
    """Where an installation keeps its records, and where mail goes."""

    home: Path
    database_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        return inherited | {
            "REGULARS_HOME": str(self.home),
            "DATABASE_URL": self.database_url,
            "REGULARS_MEMORY": "1GB",
            "REGULARS_MAIL_URL": f"filemail:///{self.mails}",
            "DJANGO_SETTINGS_MODULE": "regulars.config.settings",
        }

    @property
    def mails(self) -> Path:
        """The folder that mail is written to."""
        return self.home / "mails"

    def run(self, *arguments: str) -> str:
        """Run Python with these arguments on the installation; what it printed."""
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def regulars(self, *arguments: str) -> str:
        """Run a command of `regulars`."""
        return self.run("-m", "regulars", "--quiet", *arguments)

    @contextlib.contextmanager
    def served(self, settings: Mapping[str, str] | None = None) -> Iterator[str]:
        """Its address, while `regulars serve` runs."""
        port = free_port()
        command = [sys.executable, "-m", "regulars", "--quiet", "serve", "--port", str(port)]
        said = self.home / "server.log"
        with said.open("wb") as log:
            server = subprocess.Popen(
                command, env={**self.environment, **(settings or {})}, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            _wait_for(port, server, said)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def found_demo(installation: Installation, *, whole: bool = False) -> None:
    """Fill the installation with the small demo: an owner, members of each role, accounts with a history, actions."""
    import duckdb

    orders = CHECKOUT / "src" / "regulars" / "cli" / "demo_data" / "wholesaler" / "online_retail_ii.parquet"
    if not whole:
        slice_ = installation.home / "orders.parquet"
        with duckdb.connect() as connection:
            connection.execute(SLICE.format(demo=orders, slice=slice_)).fetchall()
        orders = slice_
    installation.regulars("upgrade")
    installation.run("-c", FOUND_THE_DEMO, str(orders), PASSWORD)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, server: subprocess.Popen[bytes], said: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError(f"the server did not come up:\n{said.read_text()}")


def chromium() -> str:
    """The browser's program. Raises `NoBrowser`."""
    found = os.environ.get("REGULARS_TEST_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        raise NoBrowser("Chromium (Debian: apt install chromium; or set REGULARS_TEST_CHROMIUM to its program)")
    return found


CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]


def sign_in(page: Page, email: str = "owner@demo.example", password: str = PASSWORD) -> None:
    """Fill the form that asks who one is, on the page that shows it, and wait for Today."""
    page.locator("input[name=login]").fill(email)
    page.locator("input[type=password]").fill(password)
    page.locator("main form button.strong").click()
    page.wait_for_url("**/today/**")
