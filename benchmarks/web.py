"""How fast the pages are: 100,000 accounts, 10M lines, ten people who never pause, on SQLite and on PostgreSQL.

    python benchmarks/web.py [--lines 10000000] [--accounts 100000] [--seconds 30] [--on sqlite] [--keep FOLDER]

The history is generated, imported by `regulars import` and scored; `regulars serve` answers with two processes, and ten
members of three roles ask for pages one after the other, without a pause. The load is made by a process on the same
cores. Printed: p50, p95 and p99 by kind of page (bar: p95 of 300 ms). `--keep` keeps the installations for another run.
PostgreSQL is a throwaway server with its usual settings.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

PASSWORD = "ten people who never pause"  # noqa: S105 - of generated members
USERS = 10
PROCESSES = 2
BAR_MS = 300

HISTORY = """
COPY (
  SELECT 'A' || n // 4 AS order_id, n % 4 + 1 AS line_no,
    DATE '2021-01-01' + (hash(n // 4 + 7) % 1500)::INT AS order_date, 'K' || account AS customer_id,
    ['Adler','Birke','Cedar','Delta','Esker','Falke','Gmelin','Himal','Iris','Jasmin','Kiran','Linde','Mango','Norden',
     'Orchid','Pine','Quitte','Regen','Sunder','Tulsi'][account % 20 + 1] || ' ' ||
    ['Foods','Print','Garden','Books','Hotel','Bakery','Works','Trading','Paper','Studio'][account // 20 % 10 + 1] ||
    ' ' || account AS customer,
    'P' || hash(n * 31) % 5000 AS product, 'Category ' || hash(n * 31) % 40 AS category,
    hash(n * 17) % 20 + 1 AS quantity, (hash(n * 13) % 100000 / 100)::DECIMAL(10, 2) AS net_amount
  FROM (SELECT range AS n, floor({accounts} * (hash(range // 4 * 8 + 2) / 2 ** 64) ** 1.6)::BIGINT AS account
        FROM range({lines}))
) TO '{file}' (FORMAT parquet)
"""

PEOPLE = """
import sys
import django
django.setup()
from django.db.models import F
from regulars.base.models import Member, Team
from regulars.facts.models import Account
owner = Member.objects.filter(role="owner").first() or Member(name="User 0", role="owner")
owner.email = "user0@bench.example"
owner.set_password(sys.argv[1])
owner.save()
teams = [Team.objects.create(name=f"Team {n}") for n in range(2)]
people = []
for n in range(1, int(sys.argv[2])):
    role = "sales_head" if n == 1 else "account_manager"
    one = Member(email=f"user{n}@bench.example", name=f"User {n}", role=role, team=teams[n % 2])
    one.password = owner.password
    one.save()
    people.append(one)
for place, one in enumerate(people):
    Account.objects.annotate(rest=F("pk") % len(people)).filter(rest=place).update(owner=one, team=one.team)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=30, help="how long each kind of page is asked for")
    parser.add_argument("--on", choices=["sqlite", "postgres"], action="append", help="default: both")
    parser.add_argument("--keep", type=Path, help="where the installations are kept, or lie already")
    wanted = parser.parse_args()
    with _folder(wanted.keep) as folder:
        for database in wanted.on or ["sqlite", "postgres"]:
            with _database(database, folder) as url:
                environment = _environment(folder / database, url)
                _make(environment, folder, wanted.lines, wanted.accounts)
                print(f"\n{database}: {wanted.lines:,} lines, {wanted.accounts:,} accounts, {USERS} users")
                with serving(environment) as port:
                    measure(port, wanted.seconds)


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="regulars-benchmark-") as name:
        yield Path(name)


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    """The address of the database; empty: the embedded one."""
    if kind == "sqlite":
        yield ""
        return
    from throwaway_postgres import throwaway_postgres

    place = folder / "server"
    place.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with throwaway_postgres(place) as url:
        yield url


def _environment(home: Path, url: str) -> dict[str, str]:
    fresh = {"REGULARS_HOME": str(home), "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "regulars.config.settings"}
    return os.environ | fresh


# The installation


def _make(environment: dict[str, str], folder: Path, lines: int, accounts: int) -> None:
    home = Path(environment["REGULARS_HOME"])
    if (home / "made").exists():
        return
    shutil.rmtree(home, ignore_errors=True)
    history = folder / "history.parquet"
    if not history.exists():
        import duckdb

        duckdb.execute(HISTORY.format(lines=lines, accounts=accounts, file=history)).fetchall()
    regulars = [sys.executable, "-m", "regulars", "--quiet"]
    if environment["DATABASE_URL"]:
        run(environment, *regulars, "upgrade")
    run(environment, *regulars, "init", "--name", "Benchmark", "--currency", "EUR")
    started = time.perf_counter()
    run(environment, *regulars, "import", str(history), "--yes", "--no-score")
    run(environment, sys.executable, "-c", PEOPLE, PASSWORD, str(USERS))
    run(environment, *regulars, "score")
    print(f"imported and scored in {time.perf_counter() - started:.0f} s")
    if not environment["DATABASE_URL"]:
        (home / "made").touch()


def run(environment: dict[str, str], *command: str) -> None:
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def serving(environment: dict[str, str], *, processes: int = PROCESSES) -> Iterator[int]:
    """`regulars serve` without jobs; its port, as soon as it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "regulars", "--quiet", "serve", "--port", str(port), "--no-worker"]
    server = subprocess.Popen([*command, "--workers", str(processes)], env=environment)
    try:
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait()


# The users


class User:
    """Somebody with a browser, who signs in and asks for pages."""

    def __init__(self, port: int, email: str) -> None:
        self.port, self.cookies = port, dict[str, str]()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        page = self.get("/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        fields = re.findall(r'<input[^>]*name="(username|login)"', page)
        sent = {"csrfmiddlewaretoken": token[1], fields[0]: email, "password": PASSWORD}
        self._send("POST", "/sign-in/", urlencode(sent))
        assert "regulars_session" in self.cookies, f"{email} could not sign in"

    def get(self, path: str) -> str:
        return self._send("GET", path).decode()

    def _send(self, method: str, path: str, body: str | None = None) -> bytes:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        content = answer.read()
        assert answer.status in (200, 302), f"{path}: {answer.status}"
        return content


Chooser = Callable[[int, random.Random], str]
"""Which page a user, by number, asks for next."""
ACCOUNT = re.compile(r'href="(/accounts/[0-9a-f-]{36}/)"')


def _lists(_user: int, chance: random.Random) -> str:
    """The list as people look at it: as it is, sorted, narrowed, searched, some pages on."""
    asked: dict[str, object] = {}
    if chance.random() < 0.6:
        asked["sort"] = chance.choice(["-sales", "sales", "name", "-name", "trend", "-silence", "-risk", "alive"])
    if chance.random() < 0.3:
        asked["buyer"] = chance.choice(["regular", "chance", "new", "none"])
    if chance.random() < 0.3:
        asked["pareto"] = chance.choice("ABC")
    if chance.random() < 0.3:
        asked["q"] = chance.choice(["adler", "K4711", "print 1", "hotel", "zzz", str(chance.randrange(100_000))])
    if chance.random() < 0.3:
        asked["page"] = chance.randrange(1, 40)
    return f"/accounts/?{urlencode(asked)}"


def measure(port: int, seconds: float) -> None:
    """Ask for each kind of page for a while, then for all kinds mixed."""
    users = [User(port, f"user{number}@bench.example") for number in range(USERS)]
    accounts = [_some_accounts(user) for user in users]
    kinds: dict[str, Chooser] = {
        "Today": lambda _user, _chance: "/today/",
        "Accounts": _lists,
        "Account": lambda user, chance: chance.choice(accounts[user]),
    }
    pages = list(kinds.values())
    kinds["mixed"] = lambda user, chance: chance.choice(pages)(user, chance)
    print(f"{'page':10} {'asked':>6} {'a second':>9} {'p50':>7} {'p95':>7} {'p99':>7} ms")
    for kind, page in kinds.items():
        taken = load(users, page, seconds)
        times = sorted(ms for _path, ms in taken)
        p50, p95, p99 = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.95, 0.99))
        verdict = "" if p95 <= BAR_MS else f"   missed: {p95 / BAR_MS:.1f} times the bar"
        print(
            f"{kind:10} {len(times):6} {len(times) / seconds:9.1f} {p50:7.0f} {p95:7.0f} {p99:7.0f}{verdict}",
            flush=True,
        )
        if kind == "Accounts":
            _tell_slowest(taken)


def _some_accounts(user: User) -> list[str]:
    """Accounts that the user sees, large and small ones."""
    lists = [f"/accounts/?page={page}&sort={sort}" for page in range(1, 4) for sort in ("-sales", "name", "sales")]
    found = sorted({address for one in lists for address in ACCOUNT.findall(user.get(one))})
    assert found
    return found


def _tell_slowest(taken: list[tuple[str, float]]) -> None:
    by_path = defaultdict(list)
    for path, ms in taken:
        by_path[re.sub(r"page=\d+", "page=…", path)].append(ms)
    for path in sorted(by_path, key=lambda one: -statistics.median(by_path[one]))[:8]:
        print(f"    slow: {statistics.median(by_path[path]):6.0f} ms  {path}")


def load(users: list[User], page: Callable[[int, random.Random], str], seconds: float) -> list[tuple[str, float]]:
    """All users ask one page after the other. Returns what was asked and how long each took, in milliseconds."""
    taken: list[tuple[str, float]] = []
    end = time.monotonic() + seconds

    def browse(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < end:
            path = page(number, chance)
            started = time.perf_counter()
            users[number].get(path)
            taken.append((path, (time.perf_counter() - started) * 1000))

    threads = [threading.Thread(target=browse, args=(number,)) for number in range(len(users))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


if __name__ == "__main__":
    main()
