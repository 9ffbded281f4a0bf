"""The order history as insight reads it: one version of it, each line with the account that it belongs to today."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from regulars.base.expressions import ExpressionEngine, open_expressions
from regulars.base.organisation import organisation
from regulars.core.account_figures import FigureRules, account_days, with_resolved_accounts
from regulars.core.money import exponent
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.forecast_choice import ForecastChoice, chosen_forecast
from regulars.insight.thresholds import figure_rules

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Basis:
    """All that figures are computed from, besides their date."""

    history_version: int
    currency: str
    rules: FigureRules
    redirects: Mapping[int, int]  # merged account -> the one that was kept
    roots: Mapping[int, int]  # account of a group -> the head of the group; heads are not in it
    choice: ForecastChoice

    @property
    def fingerprint(self) -> str:
        """The same for the same merges, groups, thresholds and forecast (the history has its version)."""
        spread = self.choice.spread
        told: list[Any] = [self.currency, asdict(self.rules)]
        told += [sorted(self.redirects.items()), sorted(self.roots.items())]
        told += [self.choice.name, self.choice.horizon_days, asdict(spread) if spread else None]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def basis_in_force() -> Basis:
    """The history, merges, groups, thresholds and forecast of this moment."""
    firm = organisation()
    redirects = _redirects()
    return Basis(
        history_version=HISTORY.version_in_force(),
        currency=firm.base_currency,
        rules=figure_rules(firm),
        redirects=redirects,
        roots=_roots(redirects),
        choice=chosen_forecast(),
    )


def _redirects() -> dict[int, int]:
    pairs = Account.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into_id")
    into = {merged: kept for merged, kept in pairs if kept is not None}
    return {merged: _end(into, merged) for merged in into}


def _roots(redirects: Mapping[int, int]) -> dict[int, int]:
    pairs = Account.objects.filter(parent__isnull=False, merged_into=None).values_list("pk", "parent_id")
    above = {child: redirects.get(parent, parent) for child, parent in pairs if parent is not None}
    ends = {child: _end(above, child) for child in above}
    return {child: root for child, root in ends.items() if child != root}


def _end(following: Mapping[int, int], start: int) -> int:
    """Where the chain from `start` ends; in a circle, which no verb makes, at its smallest member."""
    seen: list[int] = []
    at = start
    while at in following and at not in seen:
        seen.append(at)
        at = following[at]
    return min(seen[seen.index(at) :]) if at in seen else at


class OpenHistory:
    """A history opened in an engine, up to a date.

    `lines`: account, business_date, kind, net, cost (both in minor units), product, category, seller, department.
    `days`: the `account_days` of them, counted once. `roots`: (account, root) of the groups, or None without any.
    """

    def __init__(self, engine: ExpressionEngine, basis: Basis, as_of: date) -> None:
        self.engine, self.basis, self.as_of = engine, basis, as_of
        redirects = self._pairs("target", basis.redirects)
        self.roots = self._pairs("root", basis.roots)
        self.lines: ir.Table = with_resolved_accounts(_lines(engine.table(HISTORY, basis.history_version)), redirects)
        self.days: ir.Table = engine.kept(account_days(self.lines, as_of=as_of))

    def of_accounts(self, accounts: Sequence[int]) -> OpenHistory:
        """The same history, with the lines of these accounts alone."""
        import pyarrow as pa

        chosen = self.engine.given(pa.table({"account": pa.array(accounts, pa.int64())}))
        part = copy(self)
        part.lines = self.lines.semi_join(chosen, "account")
        part.days = self.days.semi_join(chosen, "account")
        return part

    @property
    def minor_per_unit(self) -> int:
        scale: int = 10 ** exponent(self.basis.currency)
        return scale

    def arrow(self, expression: ir.Table) -> pa.Table:
        """The rows of an expression on this history, as an Arrow table."""
        return self.engine.arrow(expression)

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The rows of an expression on this history."""
        rows: list[dict[str, Any]] = self.arrow(expression).to_pylist()
        return rows

    def _pairs(self, second: str, pairs: Mapping[int, int]) -> ir.Table | None:
        import pyarrow as pa

        if not pairs:
            return None
        accounts, seconds = pa.array(pairs.keys(), pa.int64()), pa.array(pairs.values(), pa.int64())
        return self.engine.given(pa.table({"account": accounts, second: seconds}))


@contextmanager
def open_history(basis: Basis, *, as_of: date) -> Iterator[OpenHistory]:
    """Open the history of `basis` in the engine that this installation chose."""
    with open_expressions() as engine:
        yield OpenHistory(engine, basis, as_of)


def _lines(history: ir.Table) -> ir.Table:
    return history.select(
        "business_date",
        "kind",
        "product",
        "category",
        "seller",
        "department",
        account="account_id",
        net="net_base_minor",
        cost="cost_base_minor",
    )
