"""Opportunity levels: how much more every account could buy, computed in one pass after every snapshot."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.utils import timezone

from regulars.base.bulk_load import replace_rows
from regulars.base.models import Organisation
from regulars.base.warehouse import shared_engine
from regulars.core import opportunity_levels as core
from regulars.core.money import exponent
from regulars.facts.models import Account
from regulars.facts.wallet_estimates import standing_estimates
from regulars.insight.affinity import CATEGORY, DUE, PRODUCT
from regulars.insight.histories import basis_in_force, open_history
from regulars.insight.models import OpportunityLevel, Score
from regulars.insight.thresholds import level_rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Places = NDArray[np.int64]

KINDS: Final = (CATEGORY, PRODUCT)
SOON: Final = timedelta(days=91)
"""What is due to be bought again within a quarter is due soon."""
FORGOTTEN: Final = timedelta(days=182)
"""What was due longer ago is bought elsewhere or no longer needed."""


def level_all(*, on: date) -> int:
    """Compute the opportunity level of every account that has a score, as of a day. Returns of how many."""
    rows = list(Score.objects.order_by("account_id").values_list("account_id", "sales_12m", "sales_previous_12m"))
    if not rows:
        OpportunityLevel.objects.all().delete()
        return 0
    accounts = np.array([row[0] for row in rows], np.int64)
    years = np.maximum(np.array([row[1:] for row in rows], float), 0.0)
    replace_rows(OpportunityLevel, _table(accounts, years, on))
    return len(rows)


def level_of(account: Account) -> OpportunityLevel | None:
    """The computed level of an account; one that never bought has none."""
    return OpportunityLevel.objects.filter(account=account).first()


def _table(accounts: Places, years: Vector, on: date) -> Any:
    """The levels; `years`: sales of the last 12 months and of those before, a row an account."""
    from regulars.base.arrow import pa

    rules = level_rules(Organisation.objects.first())
    sales = years.max(axis=1)
    wallets, due = _wallets(on, accounts), _due_again(on, accounts)
    kind, owned = _owned(on, accounts)
    spends = np.where(np.isnan(wallets), sales, wallets)
    size = np.full(sales.size, np.nan)
    size[spends > 0] = core.sizes(spends[spends > 0])
    means = core.means_bands(size, rules)
    broad = core.broad_for_size(spends, owned)
    # What it buys elsewhere is known better from its wallet than from what accounts of its size buy; and from what it
    # buys here now, not from what it once bought.
    room = np.where(np.isnan(wallets), core.room_in(owned, broad), np.clip(1 - years[:, 0] / wallets, 0, 1))
    level = core.levels(means, core.room_bands(room, rules), np.nan_to_num(due) > 0)
    columns = {
        "account_id": accounts,
        "level": level,
        "since": pa.array(_since(accounts, level, on), pa.date32()),
        "counted": pa.array([kind] * accounts.size, pa.string()),
        "owned": owned,
        "broad": _nullable(broad),
        "room": _nullable(room),
        "means": pa.array(means, pa.int64(), mask=means == core.UNKNOWN),
        "sales_year": sales,
        "wallet_year": _nullable(wallets),
        "size": _nullable(size),
        "due_again": pa.array(np.nan_to_num(due).astype(np.int64), pa.int64(), mask=np.isnan(due)),
        "as_of": pa.array([on] * accounts.size, pa.date32()),
        "computed_at": pa.array([timezone.now()] * accounts.size, pa.timestamp("us", tz="UTC")),
    }
    return pa.table(columns)


def _wallets(on: date, accounts: Places) -> Vector:
    """What each account spends in a year with everybody, where somebody estimated it; NaN: unknown."""
    estimates = standing_estimates(on=on)
    units = {account: one.yearly_minor / 10 ** exponent(one.currency) for account, one in estimates.items()}
    return np.array([units.get(int(account), np.nan) for account in accounts], float)


def _nullable(values: Vector) -> Any:
    from regulars.base.arrow import pa

    return pa.array(values, pa.float64(), from_pandas=True)


def _owned(on: date, accounts: Places) -> tuple[str, Places]:
    """How many different product groups each account ever bought from; products, where no groups are known."""
    with open_history(basis_in_force(), as_of=on) as history:
        lines = history.lines
        sold = lines.filter(lines.kind == "sale", lines.business_date <= on)
        counted = sold.group_by("account").aggregate(
            category=sold.category.nunique(), product=sold["product"].nunique()
        )
        rows = history.arrow(counted)
    counts = {name: dict(zip(rows["account"].to_pylist(), rows[name].to_pylist(), strict=True)) for name in KINDS}
    kind = next((one for one in KINDS if max(counts[one].values(), default=0) > 1), KINDS[-1])
    return kind, np.array([counts[kind].get(int(one), 0) for one in accounts], np.int64)


def _due_again(on: date, accounts: Places) -> Vector:
    """How many products each account is due to buy again soon; NaN for all before that was ever computed."""
    if DUE.version_in_force() < 0:
        return np.full(accounts.size, np.nan)
    with shared_engine() as engine:
        rows = engine.rows(
            f"SELECT account_id, count(*) FROM {DUE.relation()} WHERE due_on BETWEEN ? AND ? GROUP BY account_id",
            [on - FORGOTTEN, on + SOON],
        )
    counted: dict[int, int] = dict(rows)
    return np.array([counted.get(int(one), 0) for one in accounts], np.float64)


def _since(accounts: Places, levels: Places, on: date) -> list[date | None]:
    """Since when each account is at its level; nobody knows of one that is computed first."""
    kept = OpportunityLevel.objects.values_list("account_id", "level", "since")
    before = {account: (level, since) for account, level, since in kept}
    found: list[date | None] = []
    for account, level in zip(accounts.tolist(), levels.tolist(), strict=True):
        former = before.get(account)
        found.append(None if former is None else former[1] if former[0] == level else on)
    return found
