"""Import and score a CSV file, everything included, beside DuckDB alone parsing that CSV and writing sorted Parquet.

    python benchmarks/import_and_score.py            # 1.04M lines of the demo's wholesaler
    python benchmarks/import_and_score.py --lines 10000000 --accounts 800000   # generated

Both run as processes of their own, in turn, several times. The ratio leaves out what the same command takes for a file
of ten lines (start-up: Python, Django, an empty database). Peak memory is that of the importing process.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

DUCKDB = """
import duckdb, sys
connection = duckdb.connect()
connection.execute(
    f"COPY (SELECT * FROM read_csv('{sys.argv[1]}') ORDER BY {sys.argv[3]}) TO '{sys.argv[2]}' (FORMAT parquet)"
).fetchall()
"""

GENERATED = """
SELECT i // 3 AS order_id, i % 3 + 1 AS line_no, DATE '2021-01-01' + (hash(i // 3 + 7) % 1500)::INT AS order_date,
  'K' || (hash(i // 3) % {accounts}) AS customer_id, 'Firm ' || (hash(i // 3) % {accounts}) AS customer,
  'P' || (hash(i * 31) % 5000) AS product, 'Category ' || (hash(i * 31) % 40) AS category,
  hash(i * 17) % 20 + 1 AS quantity, (hash(i * 13) % 100000 / 100)::DECIMAL(10, 2) AS net_amount
FROM range({lines}) AS t(i)
"""


class Run(NamedTuple):
    seconds: float
    peak_mb: float


def timed(*command: str, home: Path | None = None) -> Run:
    environment = os.environ | ({"REGULARS_HOME": str(home)} if home else {})
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # start-up as on any machine
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return Run(time.perf_counter() - started, usage.ru_maxrss / 1024)


def imported(file: Path, folder: Path) -> Run:
    """`regulars import` into an installation that is set up but empty."""
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    regulars = [sys.executable, "-m", "regulars"]
    quiet = {"env": os.environ | {"REGULARS_HOME": str(home)}, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([*regulars, "init", "--name", "Benchmark", "--currency", "GBP"], **quiet)  # type: ignore[call-overload]
    return timed(*regulars, "import", str(file), "--yes", "--quiet", home=home)


def write_files(folder: Path, lines: int, accounts: int) -> tuple[Path, Path, str]:
    import duckdb

    file, ten = folder / "orders.csv", folder / "ten.csv"
    if lines:
        query, sorted_by = GENERATED.format(lines=lines, accounts=accounts), "customer_id"
    else:
        demo = files("regulars.cli") / "demo_data" / "wholesaler" / "online_retail_ii.parquet"
        query, sorted_by = f"SELECT * FROM read_parquet('{demo}')", "customer_id"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{file}' (HEADER)").fetchall()
    with file.open() as whole:
        ten.write_text("".join(next(whole) for _ in range(11)))
    return file, ten, sorted_by


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=0, help="lines to generate; 0: the demo's data")
    parser.add_argument("--accounts", type=int, default=800_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, ten, sorted_by = write_files(folder, options.lines, options.accounts)
        ours, theirs, start_up = [], [], []
        for _ in range(options.runs):
            theirs.append(timed(sys.executable, "-c", DUCKDB, str(file), str(folder / "sorted.parquet"), sorted_by))
            ours.append(imported(file, folder))
            start_up.append(imported(ten, folder))
        ratios = [
            (our.seconds - small.seconds) / duck.seconds
            for our, small, duck in zip(ours, start_up, theirs, strict=True)
        ]
        size = file.stat().st_size / 1e6
    for label, runs in (("duckdb", theirs), ("regulars", ours), ("start-up", start_up)):
        print(
            f"{label:10} {statistics.median(run.seconds for run in runs):7.2f} s median of {len(runs)}, "
            f"peak {max(run.peak_mb for run in runs):6.0f} MB"
        )
    print(f"file {size:.0f} MB; (regulars − start-up) / duckdb = {statistics.median(ratios):.2f} (all: {ratios})")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
