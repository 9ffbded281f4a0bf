"""`backtest`: what is tried, what scores, what is pinned."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from command_line import Regulars
from regulars.core import backtest as core
from regulars.core.lifetime import BetaGeoNBD, LastWindow
from simulated_firm import AS_OF, firm_lines


@pytest.fixture
def firm(regulars: Regulars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Regulars:
    """A firm with two years of orders; only two forecasts are tried, to be done sooner."""
    monkeypatch.setattr(
        core,
        "default_contenders",
        lambda periods: {"last window": LastWindow(window=periods), "BG/NBD": BetaGeoNBD()},
    )
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    file = tmp_path / "orders.csv"
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["order_id", "order_date", "customer_id", "product", "quantity", "net_amount"])
        for number, line in enumerate(firm_lines(1, accounts=120)):
            writer.writerow([number, line["business_date"], f"K{line['account_id']}", "P", 1, "100.00"])
    imported = regulars("import", file, "--yes")
    assert imported.code == 0, imported.err
    return regulars


def test_forecasts_are_tried_the_best_scores_and_another_may_be_pinned(firm: Regulars) -> None:
    assert firm("backtest", "--last").code == 2
    made = firm("--as-of", AS_OF, "backtest", "--json").data
    assert [record["name"] for record in made["records"]] == ["last window", "BG/NBD"]
    assert (made["horizon_days"], made["too_short"]) == (90, False)
    assert (made["scores"], made["why"]) == (made["winner"], "won")
    assert all(isinstance(reason, str) for reason in made["reasons"])
    shown = firm("backtest", "--last").out
    assert "→" in shown
    assert "customers lost" in shown
    assert "best on your own past" in " ".join(shown.split())
    other = next(record["name"] for record in made["records"] if record["name"] != made["winner"])
    pinned = firm("backtest", "--pin", other, "--reason", "we trust it", "--json").data
    assert (pinned["scores"], pinned["why"]) == (other, "pinned")
    assert "we trust it" in firm("backtest", "--last").out
    assert firm("backtest", "--unpin", "--json").data["why"] == "won"
    assert firm("backtest", "--unpin").code == 2


@pytest.mark.parametrize(
    "arguments",
    [("--pin", "crystal ball", "--reason", "x"), ("--pin", "BG/NBD"), ("--last", "--unpin"), ("--horizon-days", "2")],
)
def test_what_cannot_be_done_is_refused(firm: Regulars, arguments: tuple[str, ...]) -> None:
    ran = firm("backtest", *arguments)
    assert ran.code == 2
    assert ran.err
