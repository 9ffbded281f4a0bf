"""The lifetime models side by side with `lifetimes` and PyMC-Marketing (maximum a posteriori), in one run.

python benchmarks/lifetime_peers.py [--data FOLDER] [--peers FOLDER] [--sizes 100000 1000000] [--largest 10000000]

FOLDER of the data (else REGULARS_TEST_DATA, else ../shared/data) holds CDNOW. The peers are installed, with the Python
that runs this, into environments of their own under --peers (else the user's cache): about 1.5 GB, once.

Every fit runs in a process of its own. Seconds are those of the fit, without imports and after a small fit in which
whatever is compiled gets compiled: the best of at most three that begin within five seconds, and of each the shorter of
the time that passed and of the processor's, so that other work on the machine counts little. MB is the peak of the
process. Log-likelihoods are of the parameters that each found, computed by the same code for all. Customers are
simulated in whole days, as order histories are. CLVTools is an R package; it is not run.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PEERS = {"lifetimes": ["lifetimes==0.11.3", "pyarrow"], "pymc": ["pymc-marketing", "pyarrow"]}
TITLES = {"regulars": "Regulars", "lifetimes": "lifetimes", "pymc": "PyMC-Marketing"}
MODELS = {"bg": "BG/NBD", "pareto": "Pareto/NBD", "gg": "Gamma-Gamma"}
BARS = {"bg": 100, "pareto": 36, "gg": 100}
SUMMARY_BAR, SUMMARY_MB, FIRST_CALL_SECONDS, LARGEST_SECONDS = 12, 1000, 1.5, 1.0
REPEATS_WITHIN_SECONDS = 5.0
PERIODS_DAYS = 90
WARM_UP = 2_000  # customers that are fitted before the clock runs, so that nothing is compiled while it does
ASKED = 20_000  # customers of whom a forecast is asked for, to see whether it is a number
LINES = 10_000_000
AS_OF = date(2024, 1, 1)

Fitted = tuple[list[float], Callable[[], Any]]
"""Parameters in our sequence, and the question for the expected orders (or values) of some customers."""


# In a process of its own: nothing but NumPy and the peer is imported


def work(peer: str, task: str, file: str, *, once: bool) -> dict[str, Any]:
    """Carry one task out and measure it."""
    if task == "summary":
        clock = Clock()
        told: dict[str, Any] = SUMMARIES[peer](file)
        return told | {"seconds": clock.seconds(), "mb": peak_mb()}
    with np.load(file) as columns:
        summary = {name: columns[name] for name in columns.files}
    if not once:
        with contextlib.suppress(Exception):  # whoever fails with few customers may do well with many
            prepared(peer, task, {name: column[:WARM_UP] for name, column in summary.items()})()
    seconds: list[float] = []
    while not seconds or (not once and len(seconds) < 3 and sum(seconds) < REPEATS_WITHIN_SECONDS):
        fit = prepared(peer, task, summary)
        clock = Clock()
        params, ask = fit()
        seconds.append(clock.seconds())
    peak = peak_mb()
    expected = np.asarray(ask(), dtype=float).ravel()
    nans = int(np.count_nonzero(~np.isfinite(expected)))
    return {"seconds": min(seconds), "mb": peak, "params": params, "not_finite": nans}


class Clock:
    """Time as it passes and as the processor works; what other programs take away counts in the first alone."""

    def __init__(self) -> None:
        self._begun = time.perf_counter(), time.process_time()

    def seconds(self) -> float:
        """The shorter of both: the second counts every thread, so that it is the longer one where several work."""
        now = time.perf_counter(), time.process_time()
        return min(after - before for after, before in zip(now, self._begun, strict=True))


def prepared(peer: str, task: str, summary: dict[str, Any]) -> Callable[[], Fitted]:
    """Give the fit, with everything imported and the table in the form that the peer wants."""
    return {"regulars": of_ours, "lifetimes": of_lifetimes, "pymc": of_pymc}[peer](task, summary)


def of_ours(task: str, summary: dict[str, Any]) -> Callable[[], Fitted]:
    ours = importlib.import_module("regulars.core.lifetime")
    few = {name: column[:ASKED] for name, column in summary.items()}
    model = {"bg": ours.BetaGeoNBD, "pareto": ours.ParetoNBD, "gg": ours.GammaGamma}[task]()

    def fit() -> Fitted:
        model.fit(summary)
        params = list(model.params_.values())
        if task == "gg":
            return params, lambda: model.expected_value(few)
        return params, lambda: model.expected_orders(few, periods=PERIODS_DAYS)

    return fit


def of_lifetimes(task: str, summary: dict[str, Any]) -> Callable[[], Fitted]:
    theirs = importlib.import_module("lifetimes")
    x, t_x, T, z = (summary[name] for name in ("frequency", "recency", "age", "mean_value"))  # noqa: N806
    again, few = (x > 0) & (z > 0), [column[:ASKED] for column in (x, t_x, T, z)]

    def fit() -> Fitted:
        if task == "gg":
            model = theirs.GammaGammaFitter().fit(x[again], z[again])
            params = [float(model.params_[name]) for name in "pqv"]
            return params, lambda: model.conditional_expected_average_profit(*few[::3])
        model = (theirs.BetaGeoFitter if task == "bg" else theirs.ParetoNBDFitter)().fit(x, t_x, T)
        names = ["r", "alpha", *(("a", "b") if task == "bg" else ("s", "beta"))]
        ask = model.conditional_expected_number_of_purchases_up_to_time
        return [float(model.params_[name]) for name in names], lambda: ask(PERIODS_DAYS, *few[:3])

    return fit


def of_pymc(task: str, summary: dict[str, Any]) -> Callable[[], Fitted]:
    clv, pandas = importlib.import_module("pymc_marketing.clv"), importlib.import_module("pandas")
    names = {"frequency": "frequency", "recency": "recency", "age": "T", "mean_value": "monetary_value"}
    wanted = ["frequency", "mean_value"] if task == "gg" else ["frequency", "recency", "age"]
    kept = np.ones(summary["frequency"].size, dtype=bool)
    if task == "gg":
        kept = (summary["frequency"] > 0) & (summary["mean_value"] > 0)
    columns = {names[name]: summary[name][kept] for name in wanted}
    table = pandas.DataFrame({"customer_id": np.arange(int(kept.sum())), **columns})
    kind = {"bg": clv.BetaGeoModel, "pareto": clv.ParetoNBDModel, "gg": clv.GammaGammaModel}[task]
    learned = {"bg": ["r", "alpha", "a", "b"], "pareto": ["r", "alpha", "s", "beta"], "gg": ["p", "q", "v"]}[task]

    def fit() -> Fitted:
        model = kind(data=table)
        model.fit(method="map", progressbar=False)
        params = [float(model.idata.posterior[name].to_numpy().ravel()[0]) for name in learned]
        if task == "gg":
            return params, lambda: model.expected_customer_spend(table[:ASKED])
        return params, lambda: model.expected_purchases(table[:ASKED], future_t=PERIODS_DAYS)

    return fit


def our_summary(file: str) -> dict[str, Any]:
    import ibis

    from regulars.core.lifetime import summarise

    table = summarise(ibis.read_parquet(file), as_of=AS_OF, unit="day").drop("log_gap_sum").to_pyarrow()
    frequency = table["frequency"].to_numpy()
    return {"accounts": frequency.size, "orders": int(frequency.sum())}


def summary_of_lifetimes(file: str) -> dict[str, Any]:
    theirs, pandas = importlib.import_module("lifetimes.utils"), importlib.import_module("pandas")
    lines = pandas.read_parquet(file)
    table = theirs.summary_data_from_transaction_data(
        lines, "account", "date", monetary_value_col="value", observation_period_end=AS_OF.isoformat(), freq="D"
    )
    return {"accounts": len(table), "orders": int(table["frequency"].sum())}


def summary_of_pymc(file: str) -> dict[str, Any]:
    clv, pandas = importlib.import_module("pymc_marketing.clv"), importlib.import_module("pandas")
    lines = pandas.read_parquet(file)
    table = clv.rfm_summary(
        lines, "account", "date", monetary_value_col="value", observation_period_end=AS_OF.isoformat(), time_unit="D"
    )
    return {"accounts": len(table), "orders": int(table["frequency"].sum())}


SUMMARIES = {"regulars": our_summary, "lifetimes": summary_of_lifetimes, "pymc": summary_of_pymc}


def peak_mb() -> float:
    """The most memory since this program began; `getrusage` would count the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


# In the process that compares


class Contest(NamedTuple):
    """The interpreters of all that take part, by peer."""

    pythons: dict[str, str]
    folder: Path
    compiled: Path  # where PyMC keeps what it compiled
    longest_seconds: float

    def run(self, peer: str, task: str, file: Path, *, once: bool = False) -> tuple[dict[str, Any], float]:
        """Have one task done; second, the seconds from the start of the process to its end."""
        command = [self.pythons[peer], __file__, "--work", peer, task, str(file), *(["--once"] if once else [])]
        environment = {**os.environ, "PYTENSOR_FLAGS": f"base_compiledir={self.compiled}"}
        begun, worked = time.perf_counter(), _seconds_of_children()
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=self.longest_seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {self.longest_seconds:.0f} s"}, self.longest_seconds
        seconds = min(time.perf_counter() - begun, _seconds_of_children() - worked)
        if done.returncode:
            return {"failed": (done.stderr.strip().splitlines() or ["no word"])[-1][:100]}, seconds
        return json.loads(done.stdout.splitlines()[-1]), seconds


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def installed(folder: Path) -> dict[str, str]:
    """Make the environments of the peers that are not there yet; a peer that cannot be installed is left out."""
    pythons = {"regulars": sys.executable}
    for peer, packages in PEERS.items():
        python = folder / peer / "bin" / "python"
        ready = folder / peer / "installed"
        if not ready.exists():
            print(f"installing {' '.join(packages)} ...", flush=True)
            uv = [sys.executable, "-m", "uv"]
            make = [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder / peer)]
            fill = [*uv, "pip", "install", "--quiet", "--python", str(python), *packages]
            if any(subprocess.run(command, check=False).returncode for command in (make, fill)):
                print(f"{TITLES[peer]} cannot be installed here, so it is left out")
                continue
            ready.touch()
        pythons[peer] = str(python)
    return pythons


def log_likelihood(task: str, summary: dict[str, Any], params: list[float]) -> float:
    """Give the log-likelihood of parameters, whoever found them."""
    from regulars.core.lifetime import beta_geometric_likelihood, pareto_nbd_likelihood
    from regulars.core.lifetime.gamma_gamma import _Values

    x, z = summary["frequency"], summary["mean_value"]
    if not np.all(np.isfinite(params)):
        return float("nan")
    if task == "gg":
        again = (x > 0) & (z > 0)
        values = _Values.of(x[again], z[again], np.ones(int(again.sum())))
        logs = np.log(params) - np.log([1, 1, values.scale])
        return float(values.derivatives(logs)[0] - values.accounts * np.log(values.scale))
    t_x, age, ones = summary["recency"], summary["age"], np.ones(x.size)
    if task == "bg":
        return _at(beta_geometric_likelihood.Statistics.of(x, t_x, age, ones), params, times=[1])
    return _at(pareto_nbd_likelihood.Statistics.of(x, t_x, age, ones), params, times=[1, 3])


def _at(statistics: Any, params: list[float], *, times: list[int]) -> float:
    logs = np.log(params)
    logs[times] -= np.log(statistics.scale)
    return float(statistics.derivatives(logs)[0] - statistics.orders * np.log(statistics.scale))


def summaries(data: Path, sizes: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give CDNOW, simulated customers, and some with up to a thousand orders, each with its title."""
    import pyarrow.parquet as pq

    simulated = importlib.import_module("lifetime_fit").simulated  # the file beside this one
    from regulars.core.lifetime import summarise

    orders = pq.read_table(data / "cdnow_full.parquet").rename_columns({"customer_id": "account", "amount": "value"})
    table = summarise(orders, as_of=date(1997, 9, 30), unit="day").to_pyarrow()
    columns = {name: table[name].to_numpy().astype(float) for name in table.column_names if name != "account"}
    yield "CDNOW, 23,570", {**columns, "mean_value": np.nan_to_num(columns["mean_value"])}
    yield "hard: 1,000 orders, 5,000", hard()
    for size in sizes:
        yield f"simulated, {size:,}", simulated(size, whole_days=True)


def hard() -> dict[str, Any]:
    """Customers of whom some order every day, for up to three years: where sums of powers overflow."""
    random = np.random.default_rng(11)
    accounts = 5000
    age = random.integers(200, 1100, accounts).astype(float)
    stays = np.minimum(random.exponential(400, accounts), age)
    frequency = random.binomial(stays.astype(int), random.beta(0.4, 1.2, accounts)).astype(float)
    recency = np.where(frequency > 0, np.maximum(np.ceil(stays * random.beta(20, 1, accounts)), frequency), 0.0)
    count = np.maximum(frequency, 1)
    mean_value = random.gamma(6 * count) / (random.gamma(3.7, 1 / 15, accounts) * count)
    return {"frequency": frequency, "recency": np.minimum(recency, age), "age": age, "mean_value": mean_value}


def compare_fits(contest: Contest, title: str, summary: dict[str, Any], *, bars: bool) -> None:
    file = contest.folder / "summary.npz"
    np.savez(file, **{name: summary[name] for name in ("frequency", "recency", "age", "mean_value")})
    for task, model in MODELS.items():
        print(f"\n{model}, {title} customers", flush=True)
        print(f"{'':18}{'seconds':>9}{'times':>8}{'MB':>7}{'log-likelihood':>18}{'behind':>10}  not finite")
        told = {peer: contest.run(peer, task, file)[0] for peer in contest.pythons}
        working = {peer: one for peer, one in told.items() if "failed" not in one}
        reached = {peer: log_likelihood(task, summary, one["params"]) for peer, one in working.items()}
        ours = working["regulars"]["seconds"]
        for peer, one in told.items():
            if peer not in working:
                print(f"{TITLES[peer]:18}  failed: {one['failed']}")
                continue
            behind = reached["regulars"] - reached[peer]
            print(
                f"{TITLES[peer]:18}{one['seconds']:9.3f}{one['seconds'] / ours:8.0f}{one['mb']:7.0f}"
                f"{reached[peer]:18,.2f}{behind:10.2f}{one['not_finite']:12,}"
            )
        others = [one["seconds"] for peer, one in working.items() if peer != "regulars"]
        if bars and others:
            print(f"{min(others) / ours:.0f} times as fast as the best of the others; the bar is {BARS[task]}")


def compare_first_calls(contest: Contest, summary: dict[str, Any]) -> None:
    file = contest.folder / "first.npz"
    np.savez(file, **{name: summary[name] for name in ("frequency", "recency", "age", "mean_value")})
    print(f"\nfirst call in a fresh process: start, import, fit, forecast of CDNOW; the bar is {FIRST_CALL_SECONDS} s")
    for peer in contest.pythons:
        each = {task: min(contest.run(peer, task, file, once=True)[1] for _ in range(2)) for task in MODELS}
        print(f"{TITLES[peer]:18}" + "".join(f"  {MODELS[task]} {seconds:.2f} s" for task, seconds in each.items()))


def compare_summaries(contest: Contest) -> None:
    file = write_lines(contest.folder / "lines.parquet")
    print(f"\nsummary of {LINES:,} order lines from a Parquet file, reading it and imports included")
    told = {peer: contest.run(peer, "summary", file)[0] for peer in contest.pythons}
    ours = told["regulars"]
    for peer, one in told.items():
        if "failed" in one:
            print(f"{TITLES[peer]:18}  failed: {one['failed']}")
            continue
        same = (one["accounts"], one["orders"]) == (ours["accounts"], ours["orders"])
        print(
            f"{TITLES[peer]:18}{one['seconds']:9.2f} s{one['seconds'] / ours['seconds']:8.1f} times{one['mb']:7.0f} MB"
            f"  {one['accounts']:,} accounts, {one['orders']:,} repeat order days{'' if same else ' - not the same'}"
        )
    print(f"the bars are {SUMMARY_BAR} times and {SUMMARY_MB:,} MB")


def write_lines(file: Path) -> Path:
    """Write order lines over two years, of accounts that differ in how often they order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(12)
    accounts = 500_000
    account = np.minimum((random.random(LINES) ** 2 * accounts).astype(np.int64), accounts - 1)
    day = np.datetime64("2022-01-01") + random.integers(0, 730, LINES)
    pq.write_table(pa.table({"account": account, "date": day, "value": random.gamma(2.0, 20.0, LINES)}), file)
    return file


def measure_largest(contest: Contest, accounts: int) -> None:
    simulated = importlib.import_module("lifetime_fit").simulated  # the file beside this one

    file = contest.folder / "largest.npz"
    summary = simulated(accounts, whole_days=True)
    np.savez(file, **{name: summary[name] for name in ("frequency", "recency", "age", "mean_value")})
    del summary
    told, _ = contest.run("regulars", "bg", file)
    print(f"\nBG/NBD, {accounts:,} customers: {told['seconds']:.2f} s, {told['mb']:,.0f} MB;", end=" ")
    print(f"the bar is {LARGEST_SECONDS:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("REGULARS_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "regulars" / "peers"
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--peers", type=Path, default=cache)
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--largest", type=int, default=10_000_000)
    parser.add_argument("--longest", type=float, default=1500.0, help="seconds after which a fit is given up")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.work:
        print(json.dumps(work(*wanted.work, once=wanted.once)))
        return
    pythons = installed(wanted.peers)
    with tempfile.TemporaryDirectory(prefix="regulars-benchmark-") as folder:
        contest = Contest(pythons, Path(folder), wanted.peers / "pytensor", wanted.longest)
        cases = summaries(wanted.data, wanted.sizes)
        title, cdnow = next(cases)
        compare_fits(contest, title, cdnow, bars=False)
        compare_first_calls(contest, cdnow)
        for title, summary in cases:
            compare_fits(contest, title, summary, bars=True)
        measure_largest(contest, wanted.largest)
        compare_summaries(contest)


if __name__ == "__main__":
    main()
