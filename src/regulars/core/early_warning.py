"""Would the losses of the past have been seen coming? In words: docs/methods/early-warning.md.

The history is walked month by month. On the first of each walked month every regular is looked at by what was known
then alone: the model is fitted to the history as it was, and a rule says whose silence is a warning. What came after
says whether the warning was right:

- *lost*: a regular whose silence at the end of the history is longer than `SilenceRule` allows. It counts as lost on
  the day on which its silence became that long: without warnings, that is when anybody would have known.
- *flagged in time*: warned of before that day, after its last order. How many weeks before is how early.
- *false alarm*: warned of, and then it ordered again.

One silence is one warning, in however many months it is seen. Each rule is judged by itself, so that a firm sees
which one it should trust:

- `chance`: the chance that the account still is a customer has fallen under `least_chance`;
- `rhythm`: at most `pause_chance` of its own pauses would be as long ((k+1)/(n+2) by Laplace's rule of succession), and
  the silence is at least `pauses` times its typical pause;
- `either` of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from regulars.core.calendar import months_before
from regulars.core.errors import Refusal
from regulars.core.lifetime import BetaGeoNBD
from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.history import EPOCH, History, day_number
from regulars.core.silence import SilenceRule, gap_days, longest_pause_days, typical_pause_days

Marks = npt.NDArray[np.bool_]

MOST_MONTHS = 24
MOST_ACCOUNTS = 50_000
RULES = ("chance", "rhythm", "either")


class Model(Protocol):
    """What tells who is still a customer."""

    def fit(self, summary: Any) -> Any:
        """Learn from a history."""

    def probability_alive(self, summary: Any) -> Vector:
        """Give the chance that each account still is a customer."""


@dataclass(frozen=True, kw_only=True)
class WarningRule:
    """When a silence is a warning, and of whom."""

    order_days: int = 4  # a regular has ordered on so many days
    least_chance: float = 0.5
    pause_chance: float = 0.15
    pauses: float = 2.0
    least_pauses: int = 3


@dataclass(frozen=True, kw_only=True)
class MonthOfWarnings:
    """The warnings that were new on a day, by what became of them."""

    day: date
    flagged: int
    lost: int
    came_back: int
    undecided: int  # silent to the end, but not long enough to count as lost


@dataclass(frozen=True, kw_only=True)
class RuleRecord:
    """How one rule would have done. `weeks_early` is a median; None: no loss was seen coming."""

    rule: str
    flagged: int  # of the lost, in time
    weeks_early: float | None
    false_alarms: int
    undecided: int
    months: list[MonthOfWarnings]

    @property
    def warnings(self) -> int:
        """All that it would have said."""
        return sum(month.flagged for month in self.months)


@dataclass(frozen=True, kw_only=True)
class EarlyWarning:
    """Of the regulars that were lost, how many would have been seen coming, how early, at the price of how many alarms.

    `lost` counts regulars whose last order lies in the walked months and who are lost by the end. Where the history
    has too many accounts, every so manieth was looked at: all numbers are of `accounts` out of `accounts_in_all`.
    `records` has the rules `chance`, `rhythm`, `either`; `best` is the one to quote.
    """

    since: date
    as_of: date
    lost: int
    regulars: int  # looked at in at least one month
    accounts: int
    accounts_in_all: int
    best: str
    records: list[RuleRecord]
    silence: SilenceRule = field(default_factory=SilenceRule)
    rule: WarningRule = field(default_factory=WarningRule)

    @property
    def record(self) -> RuleRecord:
        """That of the best rule."""
        return self.of(self.best)

    def of(self, rule: str) -> RuleRecord:
        """The record of a rule."""
        return next(one for one in self.records if one.rule == rule)

    def as_data(self) -> dict[str, Any]:
        """As JSON holds it: dates as ISO texts."""
        kept: dict[str, Any] = _dated(asdict(self))
        return kept

    @classmethod
    def from_data(cls, kept: Mapping[str, Any]) -> EarlyWarning:
        """The inverse of `as_data`."""
        records = [
            RuleRecord(**dict(one) | {"months": [MonthOfWarnings(**_undated(month)) for month in one["months"]]})
            for one in kept["records"]
        ]
        silence, rule = SilenceRule(**kept["silence"]), WarningRule(**kept["rule"])
        return cls(**_undated(kept) | {"records": records, "silence": silence, "rule": rule})


class TooShortToWarn(Refusal):
    """The history is too short for a loss to be seen in it."""


def early_warning(
    history: History,
    *,
    as_of: date | None = None,
    model: Model | None = None,
    months: int = MOST_MONTHS,
    silence: SilenceRule | None = None,
    rule: WarningRule | None = None,
    most_accounts: int = MOST_ACCOUNTS,
) -> EarlyWarning:
    """Walk the last months of a history and tell which losses would have been seen coming.

    `model` is fitted anew in each month (default: BG/NBD, which is fast); a month in which it has too little to learn
    from knows the `rhythm` rule alone. Raises `TooShortToWarn` if no loss could be seen, or none can be told a loss.
    """
    silence, rule = silence or SilenceRule(), rule or WarningRule()
    end = as_of or history.as_of
    whole = history if end == history.as_of else history.at(end)
    looked_at = whole.sample(most_accounts)
    days = _walked(looked_at, months, silence)
    seen = _Seen(looked_at, silence)
    found = {name: _Warnings(seen, name) for name in RULES}
    regulars = np.zeros(seen.last.size, dtype=bool)
    for day in days:
        then = _Then(looked_at.at(day), rule, model or BetaGeoNBD())
        regulars[then.accounts[then.regular]] = True
        for warnings in found.values():
            warnings.add(day, then)
    lost = seen.lost & (seen.last >= day_number(days[0])) & (seen.order_days >= rule.order_days)
    records = [found[name].record(lost, days) for name in RULES]
    return EarlyWarning(
        since=days[0],
        as_of=end,
        lost=int(lost.sum()),
        regulars=int(regulars.sum()),
        accounts=len(looked_at.accounts),
        accounts_in_all=len(whole.accounts),
        best=_best(records, int(lost.sum())),
        records=records,
        silence=silence,
        rule=rule,
    )


def _walked(history: History, months: int, silence: SilenceRule) -> list[date]:
    """The days on which warnings are given, oldest first: the last of them lies a month before the end."""
    first = EPOCH + timedelta(days=int(history.days.min())) if history.days.size else history.as_of
    known_from = first + timedelta(days=silence.least_days)  # before, nobody could tell silence from rhythm
    days = [months_before(history.as_of, back) for back in range(min(months, MOST_MONTHS), 0, -1)]
    walked = [day for day in days if day >= known_from]
    if not walked or (history.as_of - walked[0]).days < silence.least_days:
        raise TooShortToWarn(
            "The history is too short: nobody can be told lost in it who was known before.",
            f"It has to reach at least {2 * silence.least_days} days back. Import a longer one.",
        )
    return walked


class _Seen:
    """What is known of each account in the end."""

    def __init__(self, history: History, silence: SilenceRule) -> None:
        self.order_days = history["frequency"] + 1
        self.last = history.days[history.starts[1:] - 1]
        self.called_lost = self.last + silence.allowed_days(longest_pause_days(history))
        self.lost: Marks = self.called_lost <= history.today


class _Then:
    """What a day's warnings are made of: the regulars of a history that ends on it."""

    def __init__(self, history: History, rule: WarningRule, model: Model) -> None:
        self.accounts = history.positions
        self.last = history.days[history.starts[1:] - 1]
        self.regular: Marks = history["frequency"] + 1 >= rule.order_days
        chance = _low_chance(history, rule, model) & self.regular
        rhythm = _out_of_rhythm(history, rule) & self.regular
        self.flagged = {"chance": chance, "rhythm": rhythm, "either": chance | rhythm}


class _Warnings:
    """The warnings of one rule, each silence once."""

    def __init__(self, seen: _Seen, name: str) -> None:
        self._seen, self._name = seen, name
        self._warned_of = np.full(seen.last.size, -1)  # the last order day before the newest warning
        self._day = np.full(seen.last.size, -1.0)  # of that warning
        self._months: list[MonthOfWarnings] = []

    def add(self, day: date, then: _Then) -> None:
        """Count the warnings that are new on a day."""
        flagged = then.flagged[self._name]
        accounts, last = then.accounts[flagged], then.last[flagged]
        new = self._warned_of[accounts] != last
        accounts, last = accounts[new], last[new]
        self._warned_of[accounts], self._day[accounts] = last, day_number(day)
        came_back = self._seen.last[accounts] > last
        lost = ~came_back & self._seen.lost[accounts]
        counts = {"flagged": accounts.size, "lost": lost.sum(), "came_back": came_back.sum()}
        whole = {name: int(count) for name, count in counts.items()}
        undecided = whole["flagged"] - whole["lost"] - whole["came_back"]
        self._months.append(MonthOfWarnings(day=day, undecided=undecided, **whole))

    def record(self, lost: Marks, days: list[date]) -> RuleRecord:
        """Hold the warnings against the accounts that were lost."""
        early = self._seen.called_lost - self._day
        in_time = lost & (self._warned_of == self._seen.last) & (early > 0)
        return RuleRecord(
            rule=self._name,
            flagged=int(in_time.sum()),
            weeks_early=float(np.median(early[in_time]) / 7) if in_time.any() else None,
            false_alarms=sum(month.came_back for month in self._months),
            undecided=sum(month.undecided for month in self._months),
            months=self._months,
        )


def _low_chance(history: History, rule: WarningRule, model: Model) -> Marks:
    try:
        model.fit(history)
    except Refusal:
        return np.zeros(len(history.accounts), dtype=bool)
    return np.asarray(model.probability_alive(history) < rule.least_chance)


def _out_of_rhythm(history: History, rule: WarningRule) -> Marks:
    pauses = history["frequency"]
    silence = history.today - history.days[history.starts[1:] - 1]
    gaps = gap_days(history)
    as_long = history.sums((history.repeats & (gaps >= np.repeat(silence, np.diff(history.starts)))).astype(float))
    beyond = (as_long + 1) / (pauses + 2) <= rule.pause_chance
    return np.asarray((pauses >= rule.least_pauses) & beyond & (silence >= rule.pauses * typical_pause_days(history)))


def _best(records: list[RuleRecord], lost: int) -> str:
    """The rule with the highest F1: the harmonic mean of losses seen of all, and of warnings that were right."""

    def f1(record: RuleRecord) -> float:
        told = record.flagged + record.false_alarms
        return 2 * record.flagged / (told + lost) if told + lost else 0.0

    return max(records, key=f1).rule


def _dated(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _dated(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_dated(value) for value in data]
    return data.isoformat() if isinstance(data, date) else data


def _undated(kept: Mapping[str, Any]) -> dict[str, Any]:
    dates = ("day", "since", "as_of")
    return {name: date.fromisoformat(value) if name in dates else value for name, value in kept.items()}
