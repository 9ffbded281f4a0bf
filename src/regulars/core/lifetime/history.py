"""A whole history of order days, for models that a summary does not tell enough.

A `History` is also a summary: it has the columns that `summarise` gives, so that any model takes it. Besides, it can be
looked at as it was on an earlier day, which is what rolling origins need, and its time can run by another clock than
the calendar, which is what a season needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from regulars.core.lifetime.columns import Indices, UnusableSummary, Vector
from regulars.core.lifetime.summary import DAYS_IN

Days = npt.NDArray[np.int64]
EPOCH = date(1970, 1, 1)
COLUMNS = ("frequency", "recency", "age", "log_gap_sum")


class Clock(Protocol):
    """Another time than the calendar's."""

    def time(self, days: Any) -> Vector:
        """Give the time at the *end* of these days (numbers since 1970-01-01), in days of this clock."""


class _Calendar:
    def time(self, days: Any) -> Vector:
        return np.asarray(days, float)


CALENDAR = _Calendar()


@dataclass(frozen=True, eq=False, kw_only=True)
class History(Mapping[str, Vector]):
    """The order days of all accounts up to and including `as_of`, account after account, each in sequence of time.

    `positions` says where each account stands in the history of which this one is a part (made by `at` or `sample`).
    """

    accounts: Any  # a pyarrow array of what the accounts are called
    starts: Indices  # where the days of each account begin; one more for the end
    days: Days  # since 1970-01-01
    amounts: Vector | None  # the value of each day, NaN where unknown
    as_of: date
    unit_days: float
    positions: Indices
    clock: Clock = CALENDAR
    _columns: dict[str, Vector] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, orders: Any, *, as_of: date, unit: str = "week") -> Self:
        """Give the history in an Ibis table, a pyarrow table or a data frame of (account, date[, value]).

        What counts as an order day is said at `summarise`, with whose columns those of a history agree.
        """
        import ibis  # half a second that only those who read tables pay
        import pyarrow as pa

        if unit not in DAYS_IN:
            raise ValueError(f"unit must be one of {', '.join(DAYS_IN)}, not {unit!r}")
        table = orders if isinstance(orders, ibis.Table) else ibis.memtable(orders)
        dated = table.mutate(date=table["date"].cast("date"))
        kept = dated.filter(dated["date"] <= ibis.literal(as_of, "date"), dated.account.notnull())
        sums = {"value": kept["value"].cast("float64").sum()} if "value" in table.columns else {}
        found = kept.group_by("account", "date").aggregate(**sums).order_by("account", "date").to_pyarrow()
        names = found["account"].combine_chunks().dictionary_encode()
        codes = names.indices.to_numpy().astype(np.int64)
        return cls(
            accounts=names.dictionary,
            starts=np.searchsorted(codes, np.arange(len(names.dictionary) + 1)),
            days=found["date"].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64),
            amounts=found["value"].to_numpy().astype(float) if sums else None,
            as_of=as_of,
            unit_days=DAYS_IN[unit],
            positions=np.arange(len(names.dictionary)),
        )

    # As a summary

    def __getitem__(self, name: str) -> Vector:
        if name not in tuple(self):
            raise KeyError(name)
        if name not in self._columns:
            self._columns[name] = getattr(self, f"_{name}")()
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COLUMNS if self.amounts is None else (*COLUMNS, "mean_value"))

    def __len__(self) -> int:
        return len(tuple(iter(self)))

    def _frequency(self) -> Vector:
        return np.diff(self.starts) - 1.0

    def _recency(self) -> Vector:
        times = self.times
        return times[self.starts[1:] - 1] - times[self.starts[:-1]]

    def _age(self) -> Vector:
        return self.now - self.times[self.starts[:-1]]

    def _log_gap_sum(self) -> Vector:
        return self.sums(np.log(np.where(self.repeats, self.gaps, 1.0)))

    def _mean_value(self) -> Vector:
        assert self.amounts is not None
        known = self.repeats & np.isfinite(self.amounts)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.sums(np.where(known, self.amounts, 0.0)) / self.sums(known.astype(float))

    # As a history

    @property
    def today(self) -> int:
        """`as_of` as a number of days since 1970-01-01."""
        return day_number(self.as_of)

    @property
    def now(self) -> float:
        """The time at `as_of`, in units."""
        return float(self.clock.time([self.today])[0]) / self.unit_days

    @property
    def times(self) -> Vector:
        """The time of each order day, in units."""
        return self.clock.time(self.days) / self.unit_days

    @property
    def repeats(self) -> npt.NDArray[np.bool_]:
        """Which order days are not the first of their account."""
        marks = np.ones(self.days.size, dtype=bool)
        marks[self.starts[:-1]] = False
        return marks

    @property
    def gaps(self) -> Vector:
        """The time from the order day before, in units; 0 on the first of an account."""
        times = self.times
        return np.where(self.repeats, np.diff(times, prepend=times[:1]), 0.0)

    @property
    def days_long(self) -> int:
        """The days from the first order of all to `as_of`."""
        return self.today - int(self.days.min()) if self.days.size else 0

    def sums(self, per_day: Vector) -> Vector:
        """Give the sum of something over the order days of each account."""
        running = np.concatenate([[0.0], np.cumsum(per_day)])
        return np.asarray(running[self.starts[1:]] - running[self.starts[:-1]])

    def between(self, after: date, until: date) -> Vector:
        """Give the order days of each account after the one and up to and including the other date."""
        counted = (self.days > day_number(after)) & (self.days <= day_number(until))
        return self.sums(counted.astype(float))

    def at(self, as_of: date) -> Self:
        """Give the history as it was on an earlier day, of the accounts that had ordered by then."""
        if as_of > self.as_of:
            raise ValueError(f"The history ends on {self.as_of}; {as_of} is later.")
        kept = self.days <= day_number(as_of)
        counts = self.sums(kept.astype(float)).astype(np.int64)
        return self._part(kept, np.flatnonzero(counts), counts[counts > 0], as_of)

    def sample(self, most: int) -> Self:
        """Give the history of at most so many accounts, evenly taken from all."""
        step = -(-len(self.accounts) // most)
        if step <= 1:
            return self
        rows = np.arange(0, len(self.accounts), step)
        kept = np.repeat(np.arange(len(self.accounts)) % step == 0, np.diff(self.starts))
        return self._part(kept, rows, np.diff(self.starts)[rows], self.as_of)

    def on(self, clock: Clock) -> Self:
        """Give the same history by another clock."""
        return replace(self, clock=clock, _columns={})

    def after(self, periods: float) -> date:
        """Give the calendar day that lies so many units of the calendar ahead."""
        return self.as_of + timedelta(days=round(periods * self.unit_days))

    def _part(self, kept: npt.NDArray[np.bool_], rows: Indices, counts: Indices, as_of: date) -> Self:
        return replace(
            self,
            accounts=self.accounts.take(rows),
            starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.intp),
            days=self.days[kept],
            amounts=None if self.amounts is None else self.amounts[kept],
            as_of=as_of,
            positions=rows,
            _columns={},
        )


def day_number(day: date) -> int:
    """Give the days from 1970-01-01 to this one."""
    return (day - EPOCH).days


def as_history(summary: Any) -> History:
    """Give the history behind what a model was given. Raises `UnusableSummary` if it is a summary alone."""
    if isinstance(summary, History):
        return summary
    raise UnusableSummary(
        "This model looks at single order days, which a summary does not hold.",
        "Give it `History.of(orders, as_of=...)` instead.",
    )
