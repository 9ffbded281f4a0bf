"""The whole suite on SQLite, then on PostgreSQL. What could not be tested is said at the end.

PostgreSQL is the server of `REGULARS_TEST_POSTGRES_URL` (its user may create databases), else a throwaway one.
Arguments are handed to pytest: `python scripts/run_tests.py -k import`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from throwaway_postgres import NoPostgres, throwaway_postgres  # noqa: E402

BROWSER = CHECKOUT / "tests" / "journeys" / "browser"
BROWSER_ON_BOTH = {"test_first_run.py", "test_today.py"}
"""An installation from nothing - server, worker, import, figures, list - and the daily work on it. The other journeys
show how pages behave; what they ask of the database is asked by the tests of their views and verbs, on both."""

MADE_OF_NO_RECORDS = (
    "tests/core",  # the models
    "tests/architecture",
    "tests/test_messages.py",  # the catalogues
    "tests/test_wheel.py",
    "tests/insight/test_engines.py",  # Spark beside DuckDB
    "tests/base/test_schema.py",  # makes its databases itself, of both kinds
    "tests/facts/imports/test_bad_input.py",  # files read by DuckDB
    "tests/facts/imports/test_detect_samples.py",
    "tests/facts/imports/test_meaning_of_amounts.py",
)
DECIDED_BEFORE_ANY_QUERY = ("tests/api/test_access.py::test_a_token_opens_no_more_than_its_scopes",)
ONCE = [
    "--only-with-database",
    *(f"--ignore={path}" for path in MADE_OF_NO_RECORDS),
    *(f"--ignore={path}" for path in BROWSER.glob("test_*.py") if path.name not in BROWSER_ON_BOTH),
    *(f"--deselect={test}" for test in DECIDED_BEFORE_ANY_QUERY),
]
"""What hangs on no database is tested once. All that asks one for records is tested on both."""
NOTHING_SKIPPED = os.environ.get("REGULARS_TEST_NOTHING_SKIPPED") == "1"


def main() -> int:
    processes = os.environ.get("REGULARS_TEST_PROCESSES", "2")
    arguments = ["-n", processes, "--dist", "loadgroup", *sys.argv[1:]]  # tests of one group share a process
    failed = [name for name, run in (("SQLite", _on_sqlite), ("PostgreSQL", _on_postgres)) if not run(arguments)]
    print(f"\nFAILED on {' and '.join(failed)}." if failed else "\nAll that could be tested holds.", flush=True)
    return 1 if failed else 0


def _on_sqlite(arguments: list[str]) -> bool:
    return _pytest("SQLite", "", arguments)


def _on_postgres(arguments: list[str]) -> bool:
    configured = os.environ.get("REGULARS_TEST_POSTGRES_URL", "")
    if configured:
        return _pytest("PostgreSQL", configured, [*arguments, *ONCE])
    with tempfile.TemporaryDirectory(prefix="regulars-postgres-", ignore_cleanup_errors=True) as folder:
        try:
            with throwaway_postgres(Path(folder)) as url:
                return _pytest("PostgreSQL", url, [*arguments, *ONCE])
        except NoPostgres as missing:
            print(f"\nMISSING: {missing}. Half of the suite was not run.", flush=True)
            return not NOTHING_SKIPPED


def _pytest(name: str, database_url: str, arguments: list[str]) -> bool:
    print(f"\n== The suite on {name}", flush=True)
    environment = os.environ | {"DATABASE_URL": database_url}
    if database_url:
        environment["REGULARS_TEST_POSTGRES_URL"] = database_url
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=CHECKOUT, env=environment).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
