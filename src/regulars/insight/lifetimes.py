"""How long customers stay (mission A7): by when they were won and by what they are, and how long today's will stay.

In words: docs/methods/survival.md. Everything is read from the order history as of a day; nothing is kept but in the
cache, for as long as the snapshot in force stays. Whoever sees some accounts gets the lifetimes of those.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from django.core.cache import cache

from regulars.base.access import Scope, account_scope
from regulars.base.models import Department, Member, Organisation, Team
from regulars.core.lifetime import BetaGeoNBD, History, ModifiedBetaGeoNBD, ParetoNBD
from regulars.core.lifetime.kept import model_from_data
from regulars.core.lifetime.remaining import NEW_CUSTOMER, mean_remaining_lifetime
from regulars.core.silence import Lifespans, SilenceRule, lifespans
from regulars.core.survival import Estimate, SurvivalCurve, kaplan_meier, log_rank, share_with_bounds
from regulars.facts.accounts import visible_accounts
from regulars.facts.losses import standing_losses
from regulars.facts.models import Account
from regulars.insight.early_losses import EarlyLosses, day_of, early_losses
from regulars.insight.histories import OpenHistory, basis_in_force, open_history
from regulars.insight.models import Snapshot
from regulars.insight.order_days import accounts_that_ordered, order_history
from regulars.insight.portfolio import KEPT_SECONDS, fingerprint
from regulars.insight.thresholds import EARLY_LOSSES_WANTED, LIFETIME_SILENCE_DAYS, LIFETIME_SILENCE_PAUSES, NEW_DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.intp]

LEVEL = 0.95
"""Bounds hold the truth in so many of a hundred cases; what could lie outside them is told as a difference."""
LEAST_GROUP = 20
"""A group of fewer customers is not told apart: its curve would be chance."""
LEAST_AT_RISK = 10
"""A curve ends where fewer are left to look at."""
MOST_GROUPS = 8
MOST_ACCOUNTS = 200_000
"""Of a firm with more accounts that ordered, only so many are looked at, evenly taken, so that a page has not to wait;
the error of a share is a tenth of a per cent then."""
HORIZON_YEARS = 5
"""How far ahead a lifetime is looked for: what a few years of orders say of longer times is the model's own opinion."""
ASKED_ACCOUNTS = 2000
"""The model is asked about so many accounts at most, evenly taken: the error of their mean is a few per cent then."""
YEAR_DAYS = 365.25
STAYS_DAYS = (365, 182, 91)
POINTS = 60

BY = ("year", "quarter", "first_value", "trade", "country", "department", "team")
"""What customers may be told apart by: when they were won, what their first order was worth, what stands with them."""
FIELDS = {"trade": "trade", "country": "country", "department": "department_id", "team": "team_id"}
COHORTS = ("year", "quarter")
THIRDS = ("largest", "middle", "smallest")


@dataclass(frozen=True, kw_only=True)
class Bounded:
    """A figure and its bounds; None: beyond what was seen."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, estimate: Estimate) -> Bounded:
        """From an estimate of the core, whose figures may be infinite."""
        found = (estimate.value, estimate.low, estimate.high)
        value, low, high = (one if math.isfinite(one) else None for one in found)
        return cls(value=value, low=low, high=high)


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """The share of customers that stay for longer than so many days."""

    days: float
    stay: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """How long the customers of one group stay.

    `key`: what the group has in common (a year, the first day of a quarter, a third, a name, the uid of a team or
    department; empty: nothing is known), `name`: as it is called. `won`: customers that were seen for long enough to
    tell; `came_back`: those who ordered again after a silence that would have made them lost.
    """

    key: str
    name: str
    won: int
    lost: int
    came_back: int
    median_days: Bounded
    stay: Bounded | None  # the share that stays for longer than `Lifetimes.stay_days`; None: too few were seen so long
    without_second: Bounded | None  # share without a second order in their first days; None: too few were seen
    curve: list[CurvePoint]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Whether chance explains that the groups differ (log-rank test)."""

    differs: bool
    p_value: float
    groups: int


@dataclass(frozen=True, kw_only=True)
class Remaining:
    """How long customers are expected to stay within the horizon, in days, by a fitted model."""

    model: str
    horizon_years: int
    present: Bounded  # those who are customers today, on average
    new: Bounded  # one who orders today for the first time


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long customers stay. `everyone` is None where the history is too short, or nobody was won within it."""

    as_of: date
    by: str
    history_from: date | None
    won_from: date | None  # accounts first seen before may be older customers and are left out
    silence_days: int
    silence_pauses: float
    new_days: int
    looked_at: int  # accounts that ordered; fewer than `accounts` in a large firm, and all numbers are of those
    accounts: int
    stay_days: int  # the longest of a year, half a year and a quarter that enough customers were seen for
    level: float
    everyone: Lifetime | None
    groups: list[Lifetime]
    left_out: int  # customers of groups that are too small, or beyond the number shown
    comparison: Comparison | None
    early: EarlyLosses | None
    remaining: Remaining | None


def lifetimes(snapshot: Snapshot, *, member: Member | None, by: str = "year") -> Lifetimes:
    """How long the customers stay that the member sees, as of the day of a snapshot, told apart by one of `BY`.

    What is left of the time of today's customers is told by the model of the snapshot.
    """
    assert by in BY, by
    seen = None if account_scope(member) == Scope.ALL else _seen(member)
    firm = Organisation.objects.first()
    asked = _Asked(
        by=by, silence=silence_rule(firm), new_days=int(NEW_DAYS.of(firm)), wanted=float(EARLY_LOSSES_WANTED.of(firm))
    )
    told = sorted({loss.home_id for loss in standing_losses().filter(since__lte=snapshot.as_of)})
    key = f"lifetimes:{snapshot.uid}:{asked.key}:{'all' if seen is None else fingerprint(seen)}:{fingerprint(told)}"
    found: Lifetimes | None = cache.get(key)
    if found is None:
        with open_history(basis_in_force(), as_of=snapshot.as_of) as opened:
            begins = _begins(opened)
            part = opened if seen is None else opened.of_accounts(seen)
            found = _found(part, asked, begins=begins, model=snapshot.lifetime_model, told=told)
        cache.set(key, found, KEPT_SECONDS)
    return found


def silence_rule(organisation: Organisation | None) -> SilenceRule:
    """When silence makes a customer a lost one, as this organisation has it."""
    return SilenceRule(
        least_days=int(LIFETIME_SILENCE_DAYS.of(organisation)), pauses=float(LIFETIME_SILENCE_PAUSES.of(organisation))
    )


@dataclass(frozen=True, kw_only=True)
class _Asked:
    by: str
    silence: SilenceRule
    new_days: int
    wanted: float

    @property
    def key(self) -> str:
        return f"{self.by}:{self.silence.least_days}:{self.silence.pauses}:{self.new_days}:{self.wanted}"


def _seen(member: Member | None) -> list[int]:
    return list(visible_accounts(member).order_by("pk").values_list("pk", flat=True))


def _begins(opened: OpenHistory) -> date | None:
    """The first day with a line of whomever: from then on it is known who ordered."""
    first: date | None = opened.rows(opened.days.business_date.min().name("first").as_table())[0]["first"]
    return first


def _found(
    opened: OpenHistory, asked: _Asked, *, begins: date | None, model: Mapping[str, Any], told: Sequence[int]
) -> Lifetimes:
    history = order_history(opened, most_accounts=MOST_ACCOUNTS)
    declared = np.isin(history.accounts.to_numpy(), np.array(told, np.int64))
    spans = lifespans(history, asked.silence, begins=begins, declared=declared)
    shown, left_out = _groups(history, spans, asked.by)
    stay_days = _stay_days(spans)

    def lifetime(key: str, name: str, some: Lifespans) -> Lifetime:
        return _lifetime(key, name, some, new_days=asked.new_days, stay_days=stay_days)

    return Lifetimes(
        as_of=opened.as_of,
        by=asked.by,
        history_from=begins,
        won_from=None if begins is None else day_of(spans.won_from),
        silence_days=asked.silence.least_days,
        silence_pauses=asked.silence.pauses,
        new_days=asked.new_days,
        looked_at=len(history.accounts),
        accounts=accounts_that_ordered(opened),
        stay_days=stay_days,
        level=LEVEL,
        everyone=lifetime("", "", spans) if spans.seen.sum() >= LEAST_GROUP else None,
        groups=[lifetime(key, name, spans.part(places)) for key, name, places in shown],
        left_out=left_out,
        comparison=_comparison(spans, [places for _key, _name, places in shown]),
        early=early_losses(spans, new_days=asked.new_days, wanted=asked.wanted, level=LEVEL),
        remaining=_remaining(history, model),
    )


# One group


def _lifetime(key: str, name: str, spans: Lifespans, *, new_days: int, stay_days: int) -> Lifetime:
    told = spans.part(spans.seen)
    curve = kaplan_meier(told.lasted_days, told.lost)
    ends = _ends(told)
    return Lifetime(
        key=key,
        name=name,
        won=told.first.size,
        lost=int(told.lost.sum()),
        came_back=int(told.came_back.sum()),
        median_days=Bounded.of(curve.median(level=LEVEL)),
        stay=_stay(curve, stay_days) if ends >= stay_days else None,
        without_second=_without_second(spans, new_days),
        curve=_points(curve, ends),
    )


def _stay_days(spans: Lifespans) -> int:
    ends = _ends(spans.part(spans.seen))
    return next((days for days in STAYS_DAYS if days <= ends), STAYS_DAYS[-1])


def _ends(told: Lifespans) -> float:
    """The day up to which enough customers are left to look at."""
    longest_first = np.sort(told.lasted_days)[::-1]
    return float(longest_first[min(LEAST_AT_RISK, longest_first.size) - 1]) if longest_first.size else 0.0


def _stay(curve: SurvivalCurve, days: float) -> Bounded:
    low, high = curve.band(days, level=LEVEL)
    return Bounded(value=float(curve.at(days)), low=float(low), high=float(high))


def _points(curve: SurvivalCurve, ends: float) -> list[CurvePoint]:
    days = np.unique(np.linspace(0.0, ends, POINTS + 1).round())
    columns = zip(
        days.tolist(), curve.at(days).tolist(), *(one.tolist() for one in curve.band(days, level=LEVEL)), strict=True
    )
    return [CurvePoint(days=day, stay=stay, low=low, high=high) for day, stay, low, high in columns]


def _without_second(spans: Lifespans, new_days: int) -> Bounded | None:
    observed = spans.first + new_days <= spans.end
    count = int(observed.sum())
    if count < LEAST_GROUP:
        return None
    without = int((spans.second_after_days[observed] > new_days).sum())
    return Bounded.of(share_with_bounds(without, count, level=LEVEL))


# Groups


def _groups(history: History, spans: Lifespans, by: str) -> tuple[list[tuple[str, str, Places]], int]:
    """Key, name and places of each group that is large enough, and how many customers are in none of them."""
    keys = _keys(history, spans, by)
    names, which = np.unique(keys, return_inverse=True)
    counts = np.bincount(which[spans.seen], minlength=names.size)
    enough = np.flatnonzero(counts >= LEAST_GROUP)
    if by in COHORTS:
        kept = enough[::-1][:MOST_GROUPS]  # newest first
    elif by == "first_value":
        kept = enough  # largest, middle, smallest
    else:
        kept = enough[np.argsort(-counts[enough], kind="stable")][:MOST_GROUPS]
    titles = _titles(by, [str(name) for name in names[kept]])
    shown = [(key, title, np.flatnonzero(which == one)) for one, (key, title) in zip(kept, titles, strict=True)]
    return shown, int(counts.sum() - counts[kept].sum())


def _keys(history: History, spans: Lifespans, by: str) -> NDArray[np.str_]:
    """What each account has in common with others of its group, as text; empty: not known."""
    return _OF_HISTORY[by](history, spans) if by in _OF_HISTORY else _of_accounts(spans, FIELDS[by])


def _by_year(_history: History, spans: Lifespans) -> NDArray[np.str_]:
    return np.datetime_as_string(spans.first.astype("datetime64[D]").astype("datetime64[Y]"))


def _by_quarter(_history: History, spans: Lifespans) -> NDArray[np.str_]:
    months = spans.first.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.datetime_as_string((months // 3 * 3).astype("datetime64[M]"))


def _by_first_value(history: History, spans: Lifespans) -> NDArray[np.str_]:
    """Which third of all customers by the value of the first order; equal values share one."""
    assert history.amounts is not None
    ids, mine = (accounts.to_numpy() for accounts in (history.accounts, spans.accounts))
    first = history.amounts[history.starts[:-1]][np.searchsorted(ids, mine)]
    if not first.size:
        return np.empty(0, np.str_)
    low, high = np.quantile(first, [1 / 3, 2 / 3])
    return np.select([first > high, first > low], THIRDS[:2], THIRDS[2])


_OF_HISTORY: dict[str, Callable[[History, Lifespans], NDArray[np.str_]]] = {
    "year": _by_year,
    "quarter": _by_quarter,
    "first_value": _by_first_value,
}


def _of_accounts(spans: Lifespans, field: str) -> NDArray[np.str_]:
    """A field of the accounts' records as it stands today."""
    blank = {f"{field}__isnull": True} if field.endswith("_id") else {field: ""}
    named = dict(Account.objects.exclude(**blank).values_list("pk", field))
    return np.array([str(named.get(one, "")) for one in spans.accounts.to_pylist()], np.str_)


def _titles(by: str, keys: Sequence[str]) -> list[tuple[str, str]]:
    """The key and the name of groups; teams and departments are known outside by their uid."""
    if by not in ("team", "department"):
        return [(key, key) for key in keys]
    model: Any = Team if by == "team" else Department
    named = {str(one.pk): (str(one.uid), one.name) for one in model.objects.filter(pk__in=[key for key in keys if key])}
    return [named.get(key, ("", "")) for key in keys]


def _comparison(spans: Lifespans, groups: Sequence[Places]) -> Comparison | None:
    if len(groups) < 2:
        return None
    told = [places[spans.seen[places]] for places in groups]
    places = np.concatenate(told)
    names = np.repeat(np.arange(len(told)), [one.size for one in told])
    found = log_rank(spans.lasted_days[places], spans.lost[places], names)
    return Comparison(differs=found.p_value < 1 - LEVEL, p_value=found.p_value, groups=len(groups))


# What is left of the time of today's customers


def _remaining(history: History, model: Mapping[str, Any]) -> Remaining | None:
    """By the model of the snapshot that knows most of lifetimes; None where there is none, or nobody is asked about."""
    known = {one["name"]: one for one in model.get("structural") or [] if one.get("unit") == "week"}
    preferred = [cls.__name__ for cls in (ParetoNBD, ModifiedBetaGeoNBD, BetaGeoNBD)]
    name = next((one for one in preferred if one in known), None)
    asked = history.sample(ASKED_ACCOUNTS)
    summary = {column: asked[column] for column in ("frequency", "recency", "age")}
    if name == BetaGeoNBD.__name__:  # to it whoever ordered once is a customer for certain, which nobody knows
        again = summary["frequency"] > 0
        summary = {column: values[again] for column, values in summary.items()}
    if name is None or not summary["age"].size:
        return None
    fitted = model_from_data(known[name])
    weeks = HORIZON_YEARS * YEAR_DAYS / 7
    present = mean_remaining_lifetime(fitted, summary, horizon=weeks, level=LEVEL, of_alive=True)
    new = mean_remaining_lifetime(fitted, NEW_CUSTOMER, horizon=weeks, level=LEVEL)
    return Remaining(model=name, horizon_years=HORIZON_YEARS, present=_in_days(present), new=_in_days(new))


def _in_days(weeks: Estimate) -> Bounded:
    return Bounded(value=weeks.value * 7, low=weeks.low * 7, high=weeks.high * 7)
