"""People at their browsers: Chromium, signed in as members of each role of a small demo that `regulars serve` serves.

One server and one data set serve all tests of a process, so a test that changes something changes it back, or works on
something of its own. Errors on the console and breaches of the content security policy fail every test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uuid_utils.compat
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, expect, sync_playwright

from conftest import missing
from served import CHROMIUM_FLAGS, Installation, NoBrowser, chromium, found_demo, sign_in

Opener = Callable[..., Page]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT_MS = 15_000
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Makes an empty database of the kind that the suite runs on; its address, empty for the embedded one."""
    from django.conf import settings

    if "postgresql" not in str(settings.DATABASES["default"]["ENGINE"]):
        return lambda: ""
    server: str = request.getfixturevalue("postgres_server")

    def make() -> str:
        import psycopg

        name = f"regulars_{uuid_utils.compat.uuid7().hex}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return server.rpartition("/")[0] + f"/{name}"

    return make


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory, database_url: Callable[[], str]) -> Installation:
    """The small demo, not served yet."""
    _program()
    made = Installation(tmp_path_factory.mktemp("demo"), database_url())
    found_demo(made)
    return made


@pytest.fixture(scope="session")
def address(installation: Installation) -> Iterator[str]:
    """Where the small demo is served."""
    with installation.served() as where:
        yield where


def _program() -> str:
    try:
        return chromium()
    except NoBrowser as absent:
        missing(str(absent))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Of a module only: while Playwright runs, Django takes the thread for an asynchronous one."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_program(), args=CHROMIUM_FLAGS)
        yield started
        started.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What browsers complained about. Empty at the end, or the test fails; a test that provokes some clears it."""
    found: list[str] = []
    yield found
    assert not found, "\n".join(found)


@pytest.fixture
def new_page(browser: Browser, complaints: list[str]) -> Iterator[Opener]:
    """Open a browser of its own: `new_page(address, viewport=PHONE)`."""
    contexts: list[BrowserContext] = []

    def open_page(base_url: str, *, viewport: Any = DESKTOP, **options: Any) -> Page:
        context = browser.new_context(base_url=base_url, viewport=viewport, locale="en-GB", **options)
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: _note(message, complaints))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        return page

    yield open_page
    for context in contexts:
        context.close()


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type == "error" or "Content Security Policy" in message.text:
        complaints.append(f"{message.location.get('url', '')}: {message.text}")


@pytest.fixture(scope="session")
def sessions() -> dict[str, StorageState]:
    """Who has signed in already, by e-mail: their cookies."""
    return {}


@pytest.fixture
def signed_in(new_page: Opener, address: str, sessions: dict[str, StorageState]) -> Opener:
    """A page of a member who has signed in: `signed_in("analyst", viewport=PHONE)`, on Today."""

    def open_signed_in(who: str = "owner", **options: Any) -> Page:
        email = f"{who}@demo.example"
        if email in sessions:
            page = new_page(address, storage_state=sessions[email], **options)
            page.goto("/today/")
            return page
        page = new_page(address, **options)
        page.goto("/today/")
        sign_in(page, email)
        sessions[email] = page.context.storage_state()
        return page

    return open_signed_in


@pytest.fixture
def empty_installation(tmp_path: Path, database_url: Callable[[], str]) -> Iterator[tuple[Installation, str]]:
    """An installation that nobody has used yet, and its address.

    Ask for it before `new_page`: what is asked for first ends last, and a page still open would miss its server.
    """
    _program()
    made = Installation(tmp_path / "home", database_url())
    made.home.mkdir()
    made.regulars("upgrade")
    with made.served() as where:
        yield made, where
