"""How time and memory grow with the order history, on DuckDB and on Spark on this machine, over the same tables.

    python benchmarks/scale.py                                  one and ten million lines, both engines
    python benchmarks/scale.py --lines 100000000 --engines duckdb    a hundred million: 5 GB of disk, minutes

Each step runs in a process of its own, so that its memory is its own; with Spark, that of Java and of Spark's Python
processes is added. The start of the engine is not counted (Spark: some seconds). On a busy machine the seconds of
processors say more than those of the clock. The steps:

- summary: one row an account from order lines, as the models learn from it
- figures: all figures of every account, as a snapshot keeps them
- score: summary, BG/NBD and Gamma-Gamma learned from its counted rows, then every account scored with 90 % bounds
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

AS_OF = dt.date(2024, 1, 31)
LINES_AN_ACCOUNT = 12.5
MEMORY = "3GB"
BAR = {"summary": (100_000_000, 4_000)}  # megabytes that a step may take for so many lines


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 10_000_000])
    arguments.add_argument("--engines", nargs="+", default=["duckdb", "spark-local"])
    arguments.add_argument("--memory", default=MEMORY, help="REGULARS_MEMORY: of DuckDB's buffers, of Java's heap")
    arguments.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    wanted = arguments.parse_args()
    if wanted.step:
        print(json.dumps(measure(STEPS[wanted.step])))
        return
    for lines in wanted.lines:
        with tempfile.TemporaryDirectory(prefix="regulars-scale-") as home:
            environment = os.environ | {"REGULARS_HOME": home, "REGULARS_MEMORY": wanted.memory}
            environment["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
            environment.pop("REGULARS_WAREHOUSE", None)
            made, size = make_history(lines, environment)
            print(f"\n{lines:,} lines, {size / 1e6:,.0f} MB in {made:.1f} s; as of {AS_OF}", flush=True)
            for engine in wanted.engines:
                for step in STEPS:
                    found, peak_mb = in_own_process(step, environment | {"REGULARS_ENGINE": engine})
                    tell(lines, engine, step, found, peak_mb)


def tell(lines: int, engine: str, step: str, found: dict[str, Any], peak_mb: float) -> None:
    if "failed" in found:
        print(f"{engine:<12} {step:<8} FAILED at {peak_mb:,.0f} MB: {found['failed']}", flush=True)
        return
    bar_lines, bar_mb = BAR.get(step, (None, 0))
    bar = f"   bar: {bar_mb:,} MB" if lines == bar_lines and engine == "duckdb" else ""
    print(
        f"{engine:<12} {step:<8} {found['seconds']:8.2f} s {found['worked']:8.2f} s of processors {peak_mb:8,.0f} MB"
        f"   {found['rows']:,} accounts{bar}",
        flush=True,
    )


# The history


def make_history(lines: int, environment: dict[str, str]) -> tuple[float, int]:
    """Write it; give the seconds and the bytes."""
    program = f"from scale import write_history; write_history({lines})"
    start = time.perf_counter()
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=Path(__file__).parent, check=True, env=environment, stdout=subprocess.DEVNULL)
    files = Path(environment["REGULARS_HOME"]).glob("warehouse/history/*/*.parquet")
    return time.perf_counter() - start, sum(file.stat().st_size for file in files)


def write_history(lines: int) -> None:
    """Write the firm of the benchmark and its lines, a part after another, and put them in force."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import transaction

    from regulars.base.models import Organisation
    from regulars.base.warehouse import open_engine
    from regulars.facts.history import HISTORY

    call_command("migrate", verbosity=0)
    Organisation.objects.create(name="Benchmark", base_currency="EUR")
    version = HISTORY.writable()
    with open_engine() as engine:
        for first in range(0, lines, PART_LINES):
            part = generated(first, min(lines, first + PART_LINES), int(lines / LINES_AN_ACCOUNT))
            version = HISTORY.append(engine, part)
    with transaction.atomic():
        HISTORY.put_in_force(version)


PART_LINES = 10_000_000


def generated(first: int, end: int, accounts: int) -> str:
    """Orders of four lines on average; each account by its own pace from its own beginning until it leaves."""
    return f"""
        SELECT 'generated' AS source, (n // 4)::VARCHAR AS order_id, (n % 4)::VARCHAR AS line_no, account AS account_id,
            DATE '2020-01-01' + floor(born + (1490 - born) * stay * moment)::INTEGER AS business_date,
            'P' || floor(5000 * p ** 2)::INTEGER AS product, 'C' || (floor(5000 * p ** 2)::INTEGER % 60) AS category,
            1.0 AS quantity, 'EUR' AS currency, net AS net_minor, net AS net_base_minor,
            CASE WHEN n % 3 > 0 THEN net * 6 // 10 END AS cost_base_minor, 0 AS discount_base_minor,
            'S' || (account % 40) AS seller, 'D' || (account % 6) AS department, 'web' AS channel,
            CASE WHEN net < 0 THEN 'return' ELSE 'sale' END AS kind, NULL AS import_id
        FROM (
            SELECT *, hash(account * 4 + 1) / 2.0 ** 64 * 1400 AS born,
                (hash(account * 4 + 2) / 2.0 ** 64) ** 0.3 AS stay,
                (sign * (100 + 20000 * size ** 4))::BIGINT AS net
            FROM (
                SELECT n, 1 + floor({accounts} * (hash(n // 4 * 8 + 2) / 2.0 ** 64) ** 1.6)::BIGINT AS account,
                    hash(n // 4 * 8 + 3) / 2.0 ** 64 AS moment, hash(n * 8 + 4) / 2.0 ** 64 AS p,
                    CASE WHEN hash(n * 8 + 5) / 2.0 ** 64 < 0.03 THEN -1 ELSE 1 END AS sign,
                    hash(n * 8 + 6) / 2.0 ** 64 AS size
                FROM (SELECT range AS n FROM range({first}, {end}))
            )
        )
    """


# The steps


def measure(step: Callable[[Any], int]) -> dict[str, Any]:
    """Run a step in this process; give its seconds and how many accounts it found."""
    import django

    django.setup()
    from regulars.base.expressions import open_expressions

    with open_expressions() as engine:
        engine.arrow(counted(engine.kept(orders_of(engine).limit(1))))  # the engine has started
        start, worked = time.perf_counter(), processor_seconds()
        rows = step(engine)
        return {"seconds": time.perf_counter() - start, "worked": processor_seconds() - worked, "rows": rows}


def orders_of(engine: Any) -> Any:
    from regulars.facts.history import HISTORY

    lines = engine.table(HISTORY)
    sales = lines.filter(lines.kind == "sale", lines.business_date <= AS_OF)
    return sales.select(account="account_id", date="business_date", value="net_base_minor")


def counted(table: Any) -> Any:
    return table.aggregate(rows=table.count())


def summary_of(engine: Any) -> Any:
    from regulars.core.lifetime import summarise

    return engine.kept(summarise(orders_of(engine), as_of=AS_OF).drop("log_gap_sum"))


def summary(engine: Any) -> int:
    return int(engine.arrow(counted(summary_of(engine)))["rows"][0].as_py())


def figures(engine: Any) -> int:
    from regulars.core.account_figures import account_figures
    from regulars.insight.histories import OpenHistory, basis_in_force

    history = OpenHistory(engine, basis_in_force(), AS_OF)
    found = account_figures(history.lines, as_of=AS_OF, minor_per_unit=100, days=history.days)
    return int(history.arrow(found.order_by("account")).num_rows)


def score(engine: Any) -> int:
    import pyarrow as pa

    from regulars.core.lifetime import BetaGeoNBD, GammaGamma, SummaryScorer, counted_orders, counted_values

    found = summary_of(engine)
    scorer = SummaryScorer(
        orders=BetaGeoNBD().fit(engine.arrow(counted_orders(found))),
        values=GammaGamma().fit(engine.arrow(counted_values(found))),
        horizons={"90": 90 / 7, "365": 365 / 7},
    )
    return int(engine.arrow(engine.worked(found, scorer, scorer.schema(pa.int64()))).num_rows)


STEPS: dict[str, Callable[[Any], int]] = {"summary": summary, "figures": figures, "score": score}


# Processes

GONE = (FileNotFoundError, ProcessLookupError)
"""A process may end while it is looked at."""


def in_own_process(step: str, environment: dict[str, str]) -> tuple[dict[str, Any], float]:
    """Run a step; give what it found, and the most megabytes that it and all its processes held at once."""
    command = [sys.executable, __file__, "--step", step]
    peak = 0.0
    with tempfile.TemporaryFile("w+") as answer, tempfile.TemporaryFile("w+") as trouble:
        process = subprocess.Popen(command, stdout=answer, stderr=trouble, env=environment)
        while process.poll() is None:
            peak = max(peak, sum(resident_mb(pid) for pid in family(process.pid)))
            time.sleep(0.1)
        answer.seek(0)
        trouble.seek(0)
        if process.returncode:
            told = [line for line in trouble.read().splitlines() if "Error" in line or "Exception" in line]
            return {"failed": told[-1][:300] if told else f"exit code {process.returncode}"}, peak
        found: dict[str, Any] = json.loads(answer.read().splitlines()[-1])
        return found, peak


def family(pid: int) -> Iterator[int]:
    """A process and all that it started (Linux)."""
    yield pid
    with suppress(*GONE):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from family(int(child))


def resident_mb(pid: int) -> float:
    with suppress(*GONE):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return 0.0


def processor_seconds() -> float:
    """What this process and all its processes have worked so far."""
    ticks = 0
    for pid in family(os.getpid()):
        with suppress(*GONE):
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(number) for number in after_name[11:15])  # its own and of those that it has buried
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
