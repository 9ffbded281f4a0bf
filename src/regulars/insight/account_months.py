"""One account month by month (mission E17)."""

from __future__ import annotations

from datetime import date

from regulars.base.organisation import organisation
from regulars.base.warehouse import open_engine
from regulars.core.account_figures import account_days
from regulars.core.money import exponent
from regulars.core.portfolio import monthly
from regulars.facts.accounts import account_family
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.portfolio_figures import Month, month_of


def months_of_account(account: Account, *, as_of: date) -> list[Month]:
    """Net sales and order days of each month with a line of the account, oldest first; merged accounts are counted in.

    Reads the account's own lines alone, which the history keeps together.
    """
    family = ", ".join(str(one) for one in account_family(account))
    with open_engine() as engine:
        engine.run(
            f"CREATE TEMP VIEW lines AS SELECT {account.pk}::BIGINT AS account, business_date, kind, "
            "net_base_minor AS net, cost_base_minor AS cost, product, category, seller, department "
            f"FROM {HISTORY.relation()} WHERE account_id IN ({family})"
        )
        backend = engine.ibis()
        months = monthly(account_days(backend.table("lines"), as_of=as_of))
        rows = engine.arrow(str(backend.compile(months))).to_pylist()
    minor_per_unit = 10 ** exponent(organisation().base_currency)
    return [month_of(row, as_of, minor_per_unit) for row in rows]
