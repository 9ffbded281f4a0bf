"""How right is this? What the page says of forecasts, who may have them tried and choose among them."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from regulars.base.models import Member
from regulars.base.warehouse import open_engine
from regulars.base.worker import run_worker
from regulars.core import backtest as core
from regulars.core.early_warning import early_warning
from regulars.core.lifetime import BetaGeoNBD, History, LastWindow
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.backtests import outcome_as_data
from regulars.insight.forecast_choice import chosen_forecast, pin_forecast
from regulars.insight.models import Backtest, BacktestRequest, ForecastTrack, PinnedForecast, Snapshot
from simulated_orders import START, simulated_orders

Signer = Callable[[Member], Client]
PAGE = "/portfolio/how-right/"
AS_OF = START + timedelta(days=720)
EXPORTERS = {"owner", "sales_head", "marketer", "analyst"}
SETTERS = {"owner", "sales_head"}


@cache
def tried() -> tuple[core.Backtest, dict[str, Any]]:
    """A backtest of two forecasts on simulated orders, and what it would have warned of."""
    history = History.of(simulated_orders(51, accounts=300), as_of=AS_OF)
    models = {"last window": LastWindow(window=90 / 7), "BG/NBD": BetaGeoNBD()}
    found = core.backtest(history, as_of=AS_OF, periods=90 / 7, contenders=models)
    return found, early_warning(history).as_data()


def kept(found: core.Backtest, warnings: dict[str, Any] | None = None, **more: Any) -> Backtest:
    said: dict[str, Any] = {
        "as_of": found.as_of, "horizon_days": found.horizon_days, "history_version": 0, "basis": "", "accounts": 300,
        "accounts_known": 300, "winner": found.winner, "too_short": found.too_short,
        "outcome": outcome_as_data(found), "early_warning": warnings, "seconds": 2.4,
    }  # fmt: skip
    return Backtest.objects.create(**{**said, **more})


@pytest.fixture
def backtest(members: dict[str, Member]) -> Backtest:
    return kept(*tried())


def track(*, until: date, days: int, came: int | None, **more: Any) -> ForecastTrack:
    said: dict[str, Any] = {
        "as_of": until - timedelta(days=days), "until": until, "horizon_days": days, "forecast": "BG/NBD",
        "accounts": 300, "expected_orders": 1000.0, "expected_orders_low": 880.0, "expected_orders_high": 1120.0,
        "expected_sales": 54_321.0, "came_orders": came, "came_sales": None if came is None else 65_432.0,
        "settled_at": None if came is None else timezone.now(),
    }  # fmt: skip
    return ForecastTrack.objects.create(**{**said, **more})


def page_of(client: Client, query: str = "") -> str:
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    return answer.content.decode()


def ordered_on(*days: date) -> None:
    """Put orders of one account in force."""
    account = Account.objects.create(name="Firm").pk
    said = {"source": "'erp'", "line_no": "'1'", "currency": "'EUR'", "kind": "'sale'", "net_minor": "100"}
    said |= {"net_base_minor": "100", "order_id": "d::VARCHAR", "account_id": str(account), "business_date": "d"}
    columns = ", ".join(f"{said.get(name, 'NULL')}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    rows = ", ".join(f"(DATE '{day}')" for day in days)
    with open_engine() as engine:
        HISTORY.writable()
        version = HISTORY.append(engine, f"SELECT {columns} FROM (VALUES {rows}) AS v(d)")
    HISTORY.put_in_force(version)


# What it says


def test_before_anything_was_tried_it_says_what_to_do(browser: Client, members: dict[str, Member]) -> None:
    page = page_of(browser)
    assert "Nobody knows yet: no forecast was tried on your own past." in page
    assert "Try it on our own past" in page
    assert 'action="/portfolio/how-right/run/"' in page
    assert "data-chart" not in page


def test_it_tells_what_was_expected_what_came_and_how_all_forecasts_did(browser: Client, backtest: Backtest) -> None:
    page = page_of(browser)
    last = next(one for one in tried()[0].records if one.name == "BG/NBD").origins[-1]
    assert f"we would have expected {last.figures.expected:,.0f} orders" in page
    assert f"{last.figures.came:,.0f} came" in page
    assert "“BG/NBD” is used" in page
    assert page.count("data-chart=") == 2
    rows = [row for row in page.split("<tr") if 'class="figure"' in row]
    won = next(row for row in rows if row.startswith(' class="won"'))
    assert "BG/NBD" in won
    assert "0%" in won, "its own error is that of the baseline"
    assert "Everybody orders as often as in the time just before." in page
    assert "regular customers that you lost since" in page
    assert "the best sign" in page


def test_an_earlier_test_can_be_looked_at_but_decides_nothing(browser: Client, backtest: Backtest) -> None:
    earlier = kept(*tried(), as_of=AS_OF - timedelta(days=30), winner="last window")
    assert f'href="?test={earlier.uid}"' in page_of(browser)
    page = page_of(browser, f"?test={earlier.uid}")
    assert "This is an earlier test" in page
    assert "“last window” is used" in page
    assert chosen_forecast().name == "BG/NBD"
    for nothing in (uuid.uuid4(), "yesterday", "%25"):
        assert browser.get(f"{PAGE}?test={nothing}").status_code == 404


def test_figures_made_with_another_forecast_are_said_to_be(
    browser: Client, backtest: Backtest, snapshot: Snapshot
) -> None:
    said = "were still made with another forecast; “BG/NBD” is used from the next ones on"
    assert said in page_of(browser)
    Snapshot.objects.update(lifetime_model={"forecast": {"name": "BG/NBD"}})
    assert said not in page_of(browser)


@pytest.mark.django_db(transaction=True)
def test_a_test_is_asked_for_and_made_by_a_worker_and_a_short_history_is_said_to_be_short(
    browser: Client, owner: Member, snapshot: Snapshot
) -> None:
    ordered_on(date(2024, 11, 1), date(2024, 11, 20), date(2024, 12, 9))
    assert browser.post(f"{PAGE}run/", {"horizon_days": "30"}).headers["Location"] == PAGE
    browser.post(f"{PAGE}run/", {"horizon_days": "30"})
    page = page_of(browser)
    assert 'hx-get="/portfolio/how-right/work/"' in page
    assert "Waiting for its turn" in page
    assert "Waiting for its turn" in browser.get(f"{PAGE}work/", headers={"HX-Request": "true"}).content.decode()
    assert run_worker(once=True)
    over = browser.get(f"{PAGE}work/", headers={"HX-Request": "true"})
    assert over.headers["HX-Redirect"] == PAGE, "the page is loaded anew, with what was found"
    page = page_of(browser)
    assert "Nobody can say yet." in page
    assert "takes 80 days" in page
    assert "on the history up to 9 Dec 2024" in page
    assert 'hx-get="/portfolio/how-right/work/"' not in page


@pytest.mark.django_db(transaction=True)
def test_why_a_test_could_not_be_made_is_said_until_one_is(browser: Client, owner: Member) -> None:
    refusal = {"sentence": "There are no orders to try forecasts on.", "way_out": "Import the order history first."}
    BacktestRequest.objects.create(member=owner, horizon_days=90, refusal=refusal)
    assert refusal["sentence"] in page_of(browser)
    kept(*tried())
    assert refusal["sentence"] not in page_of(browser)


def test_without_orders_a_test_is_refused_with_a_way_out(browser: Client, members: dict[str, Member]) -> None:
    answer = browser.post(f"{PAGE}run/", {"horizon_days": "90"})
    assert answer.status_code == 422
    assert "Import the order history first." in answer.content.decode()
    wrong = browser.post(f"{PAGE}run/", {"horizon_days": "91"})
    assert wrong.status_code == 422
    assert not BacktestRequest.objects.exists()


# Pinning


def test_a_forecast_is_pinned_with_a_reason_told_to_all_and_unpinned(
    browser: Client, owner: Member, backtest: Backtest, members: dict[str, Member], signed_in: Signer
) -> None:
    refused = browser.post(f"{PAGE}pin/", {"name": "last window", "reason": "  "})
    assert refused.status_code == 422
    assert "<details open>" in refused.content.decode()
    assert browser.post(f"{PAGE}pin/", {"name": "a crystal ball", "reason": "x"}).status_code == 422
    assert not PinnedForecast.objects.exists()
    assert browser.post(f"{PAGE}pin/", {"name": "last window", "reason": "We <doubled> prices"}).status_code == 302
    assert chosen_forecast().name == "last window"
    page = page_of(signed_in(members["service"]))
    assert "“last window” is used because it was pinned." in page
    assert f"Pinned by {owner.name}" in page
    assert "We &lt;doubled&gt; prices" in page
    assert "On your own past, “BG/NBD” was the best." in page
    browser.post(f"{PAGE}unpin/")
    assert chosen_forecast().name == "BG/NBD"
    undo = browser.session["toast"]["undo"]
    browser.post(undo)
    assert PinnedForecast.objects.get(in_force=True).reason == "We <doubled> prices"


# Since


def test_forecasts_are_held_against_what_came(browser: Client, backtest: Backtest) -> None:
    track(until=AS_OF, days=90, came=None)
    page = page_of(browser)
    assert "we expected 880 to 1,120 orders up to" in page
    assert "Do forecasts" not in page
    track(until=AS_OF - timedelta(days=90), days=90, came=1120)
    track(until=AS_OF - timedelta(days=30), days=30, came=700, in_hindsight=True)
    page = page_of(browser)
    assert "1 of 2 forecasts held" in page
    assert "Do forecasts for 90 days hold? 1 of 1 did" in page
    assert "Do forecasts for 30 days hold? 0 of 1 did" in page
    assert "Computed later, from what was known on that day." in page
    assert "Forecasts got worse" not in page, "what was computed in hindsight is no forecast that failed"


def test_forecasts_that_got_worse_are_warned_of(browser: Client, backtest: Backtest) -> None:
    track(until=AS_OF, days=90, came=700)
    page = page_of(browser)
    assert "Forecasts got worse." in page
    assert "we expected 1,000 orders, and 700 came" in page


def test_sales_of_the_whole_firm_are_told_only_to_who_sees_all_accounts(
    backtest: Backtest, members: dict[str, Member], signed_in: Signer
) -> None:
    track(until=AS_OF, days=90, came=1000)
    for role, member in members.items():
        told = "65,432" in page_of(signed_in(member))
        assert told == (role not in {"account_manager", "new_business_seller"}), role


# Access


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_everybody_reads_it_and_who_configures_sets_it(
    role: str, backtest: Backtest, members: dict[str, Member], signed_in: Signer
) -> None:
    client = signed_in(members[role])
    page = page_of(client)
    assert ("Pin a forecast" in page) == (role in SETTERS)
    assert (f"{PAGE}run/" in page) == (role in SETTERS)
    answer = client.get("/portfolio/how-right.csv")
    assert answer.status_code == (200 if role in EXPORTERS else 403)
    assert ("/portfolio/how-right.csv" in page) == (role in EXPORTERS)
    client.post(f"{PAGE}pin/", {"name": "last window", "reason": "Spring"})
    assert PinnedForecast.objects.filter(in_force=True).exists() == (role in SETTERS)
    if role not in SETTERS:
        pin_forecast(member=None, name="average", reason="Summer")
        for verb in ("run", "pin", "unpin"):
            answer = client.post(f"{PAGE}{verb}/", {"horizon_days": "90"})
            assert answer.status_code == 403
            assert "Your role does not allow this." in answer.content.decode()
        assert chosen_forecast().name == "average"


def test_nothing_is_changed_by_looking(browser: Client, backtest: Backtest) -> None:
    for verb in ("run", "pin", "unpin"):
        assert browser.get(f"{PAGE}{verb}/").status_code == 405


# The file


def test_the_file_has_a_row_for_each_forecast_and_no_formula(browser: Client, backtest: Backtest) -> None:
    found = tried()[0]
    failed = core.Record(
        name="=HYPERLINK(1)", figures=None, origins=[], tenths=[], behind=None, behind_error=None, bias_error=None,
        failings=[],
    )  # fmt: skip
    Backtest.objects.update(
        outcome=outcome_as_data(core.Backtest(**{**vars(found), "records": [*found.records, failed]}))
    )
    answer = browser.get("/portfolio/how-right.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    first, *rows = csv.reader(io.StringIO(text))
    assert [row[0] for row in rows] == ["last window", "BG/NBD", "'=HYPERLINK(1)"]
    told = dict(zip(first, rows[1], strict=True))
    record = next(one.figures for one in found.records if one.name == "BG/NBD")
    assert record is not None
    assert float(told["Deviance"]) == pytest.approx(record.deviance, abs=1e-6)
    assert float(told["Error against BG/NBD"]) == 0
    assert told["Used"] == "won"


# Speed and weight


def test_it_costs_as_many_queries_however_much_there_is(
    browser: Client, backtest: Backtest, django_assert_max_num_queries: Any
) -> None:
    page_of(browser)
    for place in range(12):
        kept(*tried(), as_of=AS_OF - timedelta(days=place + 1))
        track(until=AS_OF - timedelta(days=place), days=90, came=1000 + place)
    with django_assert_max_num_queries(18):
        page_of(browser)
