"""Learning from and scoring any number of accounts, wherever their rows are.

The models of order days learn from how many accounts share a row (frequency, recency, age), and Gamma-Gamma from how
many share (frequency, mean value): the likelihood of rows taken together, each with its weight, is that of the rows
themselves. So an engine counts the rows, which may be billions, and hands over the few that differ; they come sorted,
so that every engine gives a model the same to the last digit. The fitted models then score batch by batch: a
`SummaryScorer` can be sent to where the rows are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.core.lifetime.gamma_gamma import GammaGamma

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

ORDER_COLUMNS = ("frequency", "recency", "age")
VALUE_COLUMNS = ("frequency", "mean_value")


def counted_orders(summary: ir.Table) -> ir.Table:
    """Give each different (frequency, recency, age) of a summary once; `weight` says how many accounts have it."""
    return _counted(summary, ORDER_COLUMNS)


def counted_values(summary: ir.Table) -> ir.Table:
    """Give each different (frequency, mean_value) of accounts with repeat orders once; `weight` says how many."""
    return _counted(summary.filter(summary.frequency > 0, summary.mean_value.notnull()), VALUE_COLUMNS)


def _counted(summary: ir.Table, columns: tuple[str, ...]) -> ir.Table:
    return summary.group_by(*columns).aggregate(weight=summary.count()).order_by(*columns)


@dataclass(frozen=True, kw_only=True)
class SummaryScorer:
    """Scores batches of a summary: chance still a customer, orders to come with bounds, what they are worth.

    `orders` is a fitted model that knows `probability_alive`, `expected_orders` and `interval`; `values` a fitted
    Gamma-Gamma, or None where values are not known. `horizons` are names of times ahead and their length in the unit of
    time of the summary: {"90": 90 / 7}. `level` is how often the bounds are to hold.
    """

    orders: Any
    values: GammaGamma | None
    horizons: dict[str, float]
    level: float = 0.9

    @property
    def columns(self) -> list[str]:
        """The names of the columns that it gives after `account`."""
        ahead = ("expected_orders", "orders_low", "orders_high", "expected_value")
        return ["probability_alive", *(f"{figure}_{name}" for name in self.horizons for figure in ahead)]

    def schema(self, account: pa.DataType) -> pa.Schema:
        """The columns that it gives; `account` is the type of the accounts' names."""
        import pyarrow as pa

        return pa.schema([("account", account), *((name, pa.float64()) for name in self.columns)])

    def __call__(self, summary: pa.RecordBatch) -> pa.RecordBatch:
        """Give the scores of each row, in the same sequence; NULL where the value of orders is not known."""
        import pyarrow as pa

        schema = self.schema(summary.schema.field("account").type)
        if not summary.num_rows:
            return pa.RecordBatch.from_pylist([], schema=schema)
        read = ORDER_COLUMNS if self.values is None else (*ORDER_COLUMNS, "mean_value")
        scores = self._scores({name: summary.column(name).to_numpy(zero_copy_only=False) for name in read})
        answers = [pa.array(scores[name], pa.float64(), from_pandas=True) for name in self.columns]
        return pa.RecordBatch.from_arrays([summary.column("account"), *answers], schema=schema)

    def _scores(self, columns: dict[str, Any]) -> dict[str, Any]:
        each = np.nan if self.values is None else self.values.expected_value(columns)
        scores = {"probability_alive": self.orders.probability_alive(columns)}
        for name, periods in self.horizons.items():
            expected = self.orders.expected_orders(columns, periods=periods)
            low, high = self.orders.interval(columns, periods=periods, level=self.level)
            scores |= {f"expected_orders_{name}": expected, f"expected_value_{name}": expected * each}
            scores |= {f"orders_low_{name}": low, f"orders_high_{name}": high}
        return scores
