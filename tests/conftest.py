"""What all tests share: a home folder of their own, a firm with its owner, the shared data, a real PostgreSQL.

`pytest` runs on SQLite; `DATABASE_URL=postgres://… pytest` runs the same suite on PostgreSQL, as a user who may create
databases.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

import hypothesis
import pytest
import uuid_utils.compat
from pytest_django import DjangoDbBlocker, Settings

from throwaway_postgres import NoPostgres, throwaway_postgres

MISSING = "MISSING: "

# Developers search at random, so that every run looks at new cases; a change is judged by the same ones every time.
# No deadlines: these machines are shared, and time is measured in benchmarks.
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.register_profile("judge", deadline=None, derandomize=True)
hypothesis.settings.load_profile("judge" if os.environ.get("CI") else "search")


def missing(what: str) -> NoReturn:
    """Skip the test, loudly: the reason is said again at the end. `REGULARS_TEST_NOTHING_SKIPPED=1` makes it fail."""
    if os.environ.get("REGULARS_TEST_NOTHING_SKIPPED") == "1":
        pytest.fail(MISSING + what)
    pytest.skip(MISSING + what)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-with-database", action="store_true", help="leave out tests that ask for no database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What asks for no database gives the same on every database: the second run of the suite leaves it out."""
    if not config.getoption("--only-with-database"):
        return
    ask = {"db", "transactional_db", "postgres_server", "database_url"}
    left_out = [
        item
        for item in items
        if item.get_closest_marker("django_db") is None and ask.isdisjoint(getattr(item, "fixturenames", ()))
    ]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", []) if report.longrepr]
    for what in sorted({reason.split(MISSING, 1)[1] for reason in reasons if MISSING in reason}):
        terminalreporter.write_line(f"{MISSING}{what}", yellow=True, bold=True)


# The installation under test


@pytest.fixture(scope="session", autouse=True)
def processes_use_the_same_settings() -> None:
    """A process started by a test is the product itself, in the home folder of this test process."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database, to which processes started by tests are pointed as well: to them it lacks no migration."""
    from django.core.management import call_command
    from django.db import connection

    with django_db_blocker.unblock():
        call_command("migrate", fake=True, verbosity=0)
        _empty_only_what_tests_filled()

    database = connection.settings_dict
    if connection.vendor == "sqlite":
        os.environ["DATABASE_URL"] = f"sqlite:///{database['NAME']}"
    else:
        access = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}@{quote(database['HOST'], safe='')}"
        os.environ["DATABASE_URL"] = f"postgres://{access}:{database['PORT'] or 5432}/{database['NAME']}"


def _empty_only_what_tests_filled() -> None:
    """After a test that commits, Django truncates every table and makes its own rows anew. Few tables have any."""
    from django.db import connection, transaction
    from django.test import TransactionTestCase

    quoted = {name: connection.ops.quote_name(name) for name in connection.introspection.django_table_names()}

    def filled() -> set[str]:
        asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {table})" for name, table in quoted.items())
        with connection.cursor() as cursor:
            return {name for (name,) in cursor.execute(" UNION ALL ".join(asked)).fetchall()}

    filled_before = filled()  # with what Django itself keeps there

    def empty(_test: TransactionTestCase) -> None:
        with transaction.atomic(), connection.cursor() as cursor:  # references are checked at its end
            for name in filled() - filled_before:
                cursor.execute(f"DELETE FROM {quoted[name]}")

    TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def static_files_are_looked_for_once() -> Iterator[None]:
    """A server looks for its static files as it starts. Every browser of a test is a server of its own: they share."""
    from whitenoise.base import WhiteNoise  # type: ignore[import-untyped]

    look, known = WhiteNoise.update_files_dictionary, dict[tuple[str, str, float | None], dict[str, Any]]()

    def look_once(server: WhiteNoise, root: str, prefix: str) -> None:
        gathered = Path(root, "staticfiles.json")
        key = (root, prefix, gathered.stat().st_mtime if gathered.exists() else None)
        if key not in known:
            look(server, root, prefix)
            known[key] = dict(server.files)
        server.files.update(known[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoise, "update_files_dictionary", look_once)
        yield


@pytest.fixture(autouse=True)
def own_folders(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every test has an empty warehouse and an empty folder of imports; so have the processes that it starts.

    The cache is emptied with them: it keeps figures by the version of the history, which counts from 1 in each.
    """
    from django.core.cache import cache

    cache.clear()
    for setting, variable, folder in (
        ("WAREHOUSE_ROOT", "REGULARS_WAREHOUSE", tmp_path / "warehouse"),
        ("IMPORTS_ROOT", "REGULARS_IMPORTS", tmp_path / "imports"),
    ):
        setattr(settings, setting, str(folder))
        monkeypatch.setenv(variable, str(folder))


@pytest.fixture
def start_python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a Python process on the test installation: `start_python("-m", "regulars", "check")`. Killed at the end.

    The test needs `@pytest.mark.django_db(transaction=True)`, else the process sees none of its records.
    """
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **options}
        started.append(subprocess.Popen([sys.executable, *arguments], **options))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


HOLDER = """
import sys, time, django
django.setup()
from regulars.base.locks import exclusive
with exclusive(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def hold_lock(start_python: Callable[..., subprocess.Popen[str]]) -> Callable[[str], subprocess.Popen[str]]:
    """Hold a lock in another process, until that is killed: PostgreSQL lets a connection take its own lock twice."""

    def hold(name: str) -> subprocess.Popen[str]:
        other = start_python("-c", HOLDER, name)
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        return other

    return hold


# The firm


@pytest.fixture
def organisation(db: None) -> Any:
    """A firm in Berlin that counts in euro."""
    from regulars.base.models import Organisation

    return Organisation.objects.create(name="Muster Druck", base_currency="EUR", time_zone="Europe/Berlin")


@pytest.fixture
def owner(organisation: Any) -> Any:
    """The firm's owner: may do everything."""
    from regulars.base.models import Member

    return Member.objects.create(email="owner@example.com", name="Olga Owner", role=Member.Role.OWNER)


# Data and servers


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets: `REGULARS_TEST_DATA`, or `../shared/data` beside the checkout."""
    configured = os.environ.get("REGULARS_TEST_DATA")
    folder = Path(configured) if configured else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        missing("the shared data (set REGULARS_TEST_DATA to its folder)")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server on which databases may be made: a configured one, else a throwaway cluster."""
    configured = os.environ.get("REGULARS_TEST_POSTGRES_URL") or os.environ.get("DATABASE_URL", "")
    if configured.startswith("postgres"):
        yield configured
        return
    # Not below pytest's own folder, which every other run of pytest closes to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="regulars-postgres-", ignore_cleanup_errors=True) as folder:
        try:
            with throwaway_postgres(Path(folder)) as url:
                yield url
        except NoPostgres as absent:
            missing(str(absent))


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of a fresh, empty PostgreSQL database of the test's own."""
    import psycopg

    name = f"regulars_{uuid_utils.compat.uuid7().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
