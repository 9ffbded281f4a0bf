"""What an account, and all accounts together, will buy, and what that is worth. docs/methods/customer-value.md.

The forecast that scores says how many orders there will be within a year. How fast that fades afterwards, how far the
orders of an account vary, and who is still a customer, comes from the structural models inside it, which the snapshot
keeps. So all figures of an account agree with its score, whatever scores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from django.core.cache import cache

from regulars.base.access import Permission, may
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation
from regulars.core.backtest import FALLBACK
from regulars.core.calendar import months_before
from regulars.core.lifetime.alive_curve import AliveCurve, alive_curve, may_leave_after_first
from regulars.core.lifetime.base_total import Total, base_total
from regulars.core.lifetime.customer_value import (
    MarginShares,
    discounted_orders,
    mean_expected_orders,
    sales_bounds,
)
from regulars.core.lifetime.history import day_number
from regulars.core.lifetime.negative_binomial import Spread
from regulars.core.lifetime.remaining import remaining_lifetime
from regulars.facts.models import Account
from regulars.facts.orders import OrderDay, order_days_of_account
from regulars.insight.backtests import outcome_of
from regulars.insight.fitted_models import FittedModels
from regulars.insight.forecast_choice import DAYS_A_WEEK
from regulars.insight.models import Backtest, Score, Snapshot
from regulars.insight.portfolio import KEPT_SECONDS
from regulars.insight.snapshots import current_snapshot, kept_scores
from regulars.insight.standings import standings
from regulars.insight.thresholds import DISCOUNT_RATE, VALUE_HORIZON

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

LEVEL = 0.9  # of all bounds
AHEAD_DAYS = (90, 365)
YEAR_DAYS = 365
MONTH_DAYS = 365.25 / 12
CURVE_PAST_DAYS, CURVE_AHEAD_DAYS = 3 * 365, 365
STAY_YEARS = 5
"""No account is expected to stay longer than that: what comes after it no history of a few years tells."""
MOST_ACCOUNTS = 20_000
"""Of a base with more, the half of so many that buys most is looked at one by one, and an even part of the others."""
LEAST_ORDERS = 1e-9
AVERAGE = "average"  # the name under which a backtest tries what scores without one


@dataclass(frozen=True, kw_only=True)
class Worth:
    """Sales to come within `months`, later ones counting for `yearly_rate` less a year; `margin` None if unknown."""

    sales: float
    margin: float | None
    months: int
    yearly_rate: float


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What an account will order and buy within so many days; nine times of ten it lies between low and high."""

    days: int
    orders: float
    orders_low: float | None
    orders_high: float | None
    sales: float | None
    sales_low: float | None
    sales_high: float | None


@dataclass(frozen=True, eq=False, kw_only=True)
class AccountForecast:
    """What is to be expected of an account; None is unknown. Money in units of `currency`.

    `stays_days`: how long it is expected to remain a customer, no more than `STAY_YEARS` counted.
    """

    as_of: date
    currency: str
    forecast: str
    probability_alive: float | None
    ahead: list[Ahead]
    worth: Worth | None
    stays_days: float | None
    curve: AliveCurve | None


@dataclass(frozen=True, kw_only=True)
class MonthAhead:
    """Sales expected in one month; not `complete`: only a part of it lies within the 12 months."""

    month: date
    sales: float
    complete: bool


@dataclass(frozen=True, kw_only=True)
class BaseForecast:
    """What some accounts together will buy within 12 months, month by month if there is a season, and their worth.

    `sales` has bounds that hold nine times of ten; `times_tried` says on how many earlier days the forecast was tried,
    so that the bounds know how far it may err.
    """

    as_of: date
    currency: str
    forecast: str
    accounts: int
    orders: float
    sales: Total
    worth: Worth
    months: list[MonthAhead]
    times_tried: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


# One account


def forecast_of(
    account: Account, *, member: Member | None, order_days: Sequence[OrderDay] | None = None
) -> AccountForecast | None:
    """What is to be expected of an account, by the snapshot in force; None if it has no score, or never ordered.

    `order_days` are all its days as `order_days_of_account` gives them, if they were read already. Margin is for who
    may see costs.
    """
    score = Score.objects.filter(account=account).select_related("snapshot").first()
    if score is None or score.last_order is None or score.expected_orders_365 is None:
        return None
    snapshot = score.snapshot
    fitted = FittedModels.of(snapshot)
    found = {
        "as_of": snapshot.as_of,
        "currency": snapshot.currency,
        "forecast": snapshot.lifetime_model.get("forecast", {}).get("name", ""),
        "probability_alive": score.probability_alive,
    }
    if fitted is None:
        return AccountForecast(**found, ahead=_ahead(score, None, {}), worth=None, stays_days=None, curve=None)
    summary = _summary_of(score, fitted)
    days = order_days_of_account(account) if order_days is None else order_days
    return AccountForecast(
        **found,
        ahead=_ahead(score, fitted, summary),
        worth=_worth(score, fitted, summary, sees_cost=may(member, Permission.SEE_COST)),
        stays_days=_stays_days(fitted, summary),
        curve=_curve(fitted, days),
    )


def _summary_of(score: Score, fitted: FittedModels) -> dict[str, Vector]:
    assert score.first_order is not None
    assert score.last_order is not None
    first, last = (np.array([day_number(day)]) for day in (score.first_order, score.last_order))
    return fitted.summary(order_days=np.array([score.order_days]), first=first, last=last)


def _ahead(score: Score, fitted: FittedModels | None, summary: dict[str, Vector]) -> list[Ahead]:
    told = []
    for days in AHEAD_DAYS:
        orders, sales = (getattr(score, f"expected_{what}_{days}") for what in ("orders", "value"))
        if orders is None:
            continue
        low, high = _sales_bounds(fitted, summary, days, orders, sales)
        bounds = {"orders_low": f"orders_{days}_low", "orders_high": f"orders_{days}_high"}
        known = {name: getattr(score, column) for name, column in bounds.items()}
        told.append(Ahead(days=days, orders=orders, sales=sales, sales_low=low, sales_high=high, **known))
    return told


def _sales_bounds(
    fitted: FittedModels | None, summary: dict[str, Vector], days: int, orders: float, sales: float | None
) -> tuple[float | None, float | None]:
    """Bounds of the sales, from the same chances of numbers of orders as the bounds of the orders."""
    if fitted is None or fitted.values is None or sales is None:
        return None, None
    if orders <= 0:
        return 0.0, 0.0
    periods = fitted.periods(days)
    bounds = partial(sales_bounds, periods=periods, order_value=sales / orders, values=fitted.values, level=LEVEL)
    if fitted.spread is not None:
        return bounds([_ByThePast(fitted.spread, orders)], summary)
    # The structural models', as far up or down as the forecast that scores lies from them.
    own = float(mean_expected_orders(fitted.models, summary, periods=periods)[0])
    low, high = bounds(fitted.models, summary)
    moved = orders / own if own > 0 else 0.0
    return low * moved, high * moved


@dataclass(frozen=True)
class _ByThePast:
    """The numbers of orders of one account, spread around what is expected as they were on the firm's own past."""

    spread: Spread
    expected: float

    def probability_of_orders(self, _summary: Any, *, periods: float, at_least: Any) -> Vector:
        """The chance of at least so many orders; the time they come in is that of what is expected."""
        return self.spread.chances(np.full(len(at_least), self.expected), at_least)


def _worth(score: Score, fitted: FittedModels, summary: dict[str, Vector], *, sees_cost: bool) -> Worth | None:
    if score.expected_value_365 is None:
        return None
    rate, months = _counted(organisation())
    sales = score.expected_value_365 * float(_years(fitted, summary, rate=rate, months=months)[0])
    shares = _margin_shares(score.snapshot) if sees_cost else None
    margin = None
    if shares is not None:
        known = {"sales": [_known_sales(score)], "margin": [_or_nan(score.margin_12m)], "orders": [score.orders_12m]}
        margin = sales * float(shares.of(**known)[0])
    return Worth(sales=sales, margin=margin, months=months, yearly_rate=rate)


def _stays_days(fitted: FittedModels, summary: dict[str, Vector]) -> float | None:
    """Of an account that ordered once only models are asked that do not take its staying for granted."""
    knowing = [one for one in fitted.models if summary["frequency"][0] > 0 or may_leave_after_first(one)]
    if not knowing:
        return None
    weeks = STAY_YEARS * YEAR_DAYS / DAYS_A_WEEK
    return float(np.mean([remaining_lifetime(one, summary, horizon=weeks)[0] for one in knowing])) * DAYS_A_WEEK


def _curve(fitted: FittedModels, days: Sequence[OrderDay]) -> AliveCurve | None:
    ordered = [day.business_date for day in days if day.is_order and day.business_date <= fitted.as_of]
    if not ordered:
        return None
    return alive_curve(
        fitted.models,
        ordered,
        as_of=fitted.as_of,
        until=fitted.as_of + timedelta(days=CURVE_AHEAD_DAYS),
        since=fitted.as_of - timedelta(days=CURVE_PAST_DAYS),
        unit_days=DAYS_A_WEEK,
        clock=fitted.clock,
    )


# All accounts together


def base_forecast(*, member: Member | None, snapshot: Snapshot | None = None) -> BaseForecast | None:
    """What the accounts that the member sees will buy together, by a snapshot (the one in force, if not given).

    None before there is one, where nothing was learned, and for who sees no account. Computed once an hour; then it
    is looked up.
    """
    chosen = snapshot or current_snapshot()
    fitted = FittedModels.of(chosen) if chosen else None
    if chosen is None or fitted is None or fitted.values is None:
        return None
    seen = standings(chosen, member=member)
    if not seen.accounts.size:
        return None
    biases = _biases(fitted.forecast)
    rate, months = _counted(organisation())
    sees_cost = may(member, Permission.SEE_COST)
    told = hashlib.sha256(repr((seen.key, biases, rate, months, sees_cost)).encode()).hexdigest()[:20]
    key = f"base_forecast:{told}"
    found: BaseForecast | None = cache.get(key)
    if found is None:
        base = _Base.of(chosen, fitted, seen.accounts)
        found = base.forecast(biases, rate=rate, months=months, sees_cost=sees_cost)
        cache.set(key, found, KEPT_SECONDS)
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class _Base:
    """Accounts of a snapshot: what is expected of each within a year, and its history. A row may stand for several."""

    snapshot: Snapshot
    fitted: FittedModels
    accounts: int
    weight: Vector
    orders: Vector
    sales: Vector
    summary: dict[str, Vector]
    margins: dict[str, Vector]

    @classmethod
    def of(cls, snapshot: Snapshot, fitted: FittedModels, accounts: NDArray[np.int64]) -> _Base:
        scores = kept_scores(snapshot)
        column = {name: scores[name].to_numpy(zero_copy_only=False) for name in COLUMNS}
        expected = column["expected_value_365"].astype(float)
        known = np.isfinite(expected) & np.isin(column["account_id"], accounts) & (column["order_days"] > 0)
        rows, weight = _thinned(np.flatnonzero(known), expected)
        days = {
            name: column[name][rows].astype("datetime64[D]").astype(np.int64) for name in ("first_order", "last_order")
        }
        figures = {name: column[name][rows].astype(float) for name in FIGURES}
        summary = fitted.summary(
            order_days=column["order_days"][rows], first=days["first_order"], last=days["last_order"]
        )
        return cls(
            snapshot=snapshot,
            fitted=fitted,
            accounts=int(known.sum()),
            weight=weight,
            orders=figures["expected_orders_365"],
            sales=figures["expected_value_365"],
            summary={**summary, "weight": weight},
            margins={
                "sales": figures["sales_12m"] * np.nan_to_num(figures["cost_known"]),
                "margin": figures["margin_12m"],
                "orders": figures["orders_12m"],
            },
        )

    def forecast(self, biases: list[float], *, rate: float, months: int, sees_cost: bool) -> BaseForecast:
        worth = np.where(self.orders > 0, self.sales / np.where(self.orders > 0, self.orders, 1.0), 0.0)
        sales = base_total(
            self.fitted.models,
            self.summary,
            periods=self.fitted.periods(YEAR_DAYS),
            order_value=worth,
            values=self.fitted.values,
            expected=self.orders,
            variance=self._variance(),
            biases=biases,
            level=LEVEL,
        )
        return BaseForecast(
            as_of=self.snapshot.as_of,
            currency=self.snapshot.currency,
            forecast=self.fitted.forecast,
            accounts=self.accounts,
            orders=float(self.weight @ self.orders),
            sales=sales,
            worth=self._worth(rate=rate, months=months, sees_cost=sees_cost),
            months=self._months(sales.expected) if self.fitted.has_season else [],
            times_tried=len(biases),
        )

    def _variance(self) -> Vector | None:
        """Of the orders of each account, as its score has it; None: as the structural models have it."""
        spread = self.fitted.spread
        if spread is None:
            return None
        expected = np.maximum(self.orders, LEAST_ORDERS)
        return np.asarray(expected + expected**2 / spread.shape(expected))

    def _worth(self, *, rate: float, months: int, sees_cost: bool) -> Worth:
        value = self.weight * self.sales * _years(self.fitted, self.summary, rate=rate, months=months)
        shares = _margin_shares(self.snapshot) if sees_cost else None
        margin = None if shares is None else float(value @ shares.of(**self.margins))
        return Worth(sales=float(value.sum()), margin=margin, months=months, yearly_rate=rate)

    def _months(self, total: float) -> list[MonthAhead]:
        """Month by month what is expected by the clock of the season; together the total."""
        ends = _month_ends(self.fitted.as_of)
        year = mean_expected_orders(self.fitted.models, self.summary, periods=self.fitted.periods(YEAR_DAYS))
        each = self.weight * np.where(year > 0, self.sales / np.where(year > 0, year, 1.0), 0.0)
        reached = [0.0]
        for _month, days, _complete in ends:
            orders = mean_expected_orders(self.fitted.models, self.summary, periods=self.fitted.periods(days))
            reached.append(float(each @ orders))
        scale = total / reached[-1] if reached[-1] > 0 else 0.0
        return [
            MonthAhead(month=month, sales=scale * float(after - before), complete=complete)
            for (month, _days, complete), before, after in zip(ends, reached[:-1], reached[1:], strict=True)
        ]


FIGURES = (
    "expected_orders_365",
    "expected_value_365",
    "sales_12m",
    "cost_known",
    "margin_12m",
    "orders_12m",
)
COLUMNS = ("account_id", "order_days", "first_order", "last_order", *FIGURES)


def _thinned(rows: NDArray[np.intp], expected: Vector) -> tuple[NDArray[np.intp], Vector]:
    """At most so many rows, those of which most is expected among them, and how many accounts each stands for."""
    if rows.size <= MOST_ACCOUNTS:
        return rows, np.ones(rows.size)
    largest_first = rows[np.argsort(-expected[rows], kind="stable")]
    half = MOST_ACCOUNTS // 2
    largest, others = largest_first[:half], largest_first[half:]
    some = others[:: -(-others.size // half)]
    sold, of_some = float(expected[others].sum()), float(expected[some].sum())
    stands_for = sold / of_some if of_some > 0 else others.size / some.size
    return np.concatenate([largest, some]), np.concatenate([np.ones(half), np.full(some.size, stands_for)])


def _month_ends(as_of: date) -> list[tuple[date, int, bool]]:
    """The months that hold the 365 days after a date: first day, days from the date to its end, whether whole."""
    until = as_of + timedelta(days=YEAR_DAYS)
    month = (as_of + timedelta(days=1)).replace(day=1)
    found = []
    while month <= until:
        following = months_before(month, -1)
        last = following - timedelta(days=1)
        found.append((month, (min(last, until) - as_of).days, month > as_of and last <= until))
        month = following
    return found


# What both stand on


def _counted(firm: Organisation) -> tuple[float, int]:
    """By how much sales a year later count for less, and how many months ahead are counted."""
    return float(DISCOUNT_RATE.of(firm)), int(VALUE_HORIZON.of(firm))


def _years(fitted: FittedModels, summary: dict[str, Vector], *, rate: float, months: int) -> Vector:
    """What an account buys within the horizon, discounted, in times of what it buys within a year."""
    year = fitted.periods(YEAR_DAYS)
    first = mean_expected_orders(fitted.models, summary, periods=year)
    periods = fitted.periods(round(months * MONTH_DAYS))
    counted = discounted_orders(fitted.models, summary, periods=periods, yearly_rate=rate, year=year)
    return np.where(first > 0, counted / np.where(first > 0, first, 1.0), 0.0)


def _biases(forecast: str) -> list[float]:
    """How far the forecast that scores was off on earlier days, by the latest backtest that tried it."""
    latest = Backtest.objects.order_by("-as_of", "-pk").first()
    if latest is None:
        return []
    name = AVERAGE if forecast == FALLBACK else forecast
    records = [record for record in outcome_of(latest).records if record.name == name]
    return [origin.figures.bias for record in records for origin in record.origins]


def _margin_shares(snapshot: Snapshot) -> MarginShares | None:
    """What shares of their sales the firm's accounts leave; None where no cost is known."""
    key = f"margin_shares:{snapshot.uid}"
    found: tuple[MarginShares | None] | None = cache.get(key)
    if found is None:
        scores = kept_scores(snapshot)
        sales, cost_known, margin, orders = (
            scores[name].to_numpy(zero_copy_only=False).astype(float)
            for name in ("sales_12m", "cost_known", "margin_12m", "orders_12m")
        )
        found = (MarginShares.learn(sales=sales * np.nan_to_num(cost_known), margin=margin, orders=orders),)
        cache.set(key, found, KEPT_SECONDS)
    return found[0]


def _known_sales(score: Score) -> float:
    return score.sales_12m * (score.cost_known or 0.0)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
