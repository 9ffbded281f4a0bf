"""What an order history says of each account, as one Ibis expression. Definitions in words: docs/methods/figures.md.

The expression runs in whatever engine its tables belong to. Three passes: lines to days, days to accounts, accounts
against the whole firm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from regulars.core.calendar import months_before

if TYPE_CHECKING:
    import ibis.expr.types as ir

SALES_KINDS = ("sale", "return")
"""Kinds of lines that count as sales. Fees, postage, cancelled and test lines are never sales."""


@dataclass(frozen=True, kw_only=True)
class FigureRules:
    """The figures' own thresholds; every one may be changed by the firm."""

    pareto: tuple[float, float] = (0.8, 0.95)  # A: accounts that bring this share of sales; B: up to this share
    new_days: int = 90  # new: the first order is at most so many days old ...
    regular_order_days: int = 4  # ... and there were fewer order days than make a regular
    regular_months: int = 3  # different calendar months with an order that make a regular
    rhythm_gaps: int = 3  # with fewer gaps than these an account has no rhythm to compare its silence with
    trend_months: int = 18  # a trend needs an account that ordered so long ago or earlier
    trend_slack_days: int = (
        14  # the firm's history may start so much later than two years ago (holidays, a first Monday)
    )


DEFAULT_RULES = FigureRules()


def latest_start(as_of: date, *, months: int, rules: FigureRules = DEFAULT_RULES) -> date:
    """The last day on which a history may begin that is to cover the `months` months before `as_of`."""
    return months_before(as_of, months) + timedelta(days=rules.trend_slack_days)


MONEY = ("sales_12m", "sales_previous_12m", "sales_total", "margin_12m", "mean_order_value", "repeat_order_value")
COUNTS = ("order_days", "orders_12m", "products_12m", "categories_12m")
FIGURES = (
    "account",
    "order_days",
    "first_order",
    "last_order",
    "gap_typical_days",
    "gap_mean_days",
    "gap_spread_days",
    "gap_longest_days",
    "silence_days",
    "pauses_as_long",
    "sales_12m",
    "sales_previous_12m",
    "sales_total",
    "margin_12m",
    "cost_known",
    "orders_12m",
    "trend",
    "returns_12m",
    "products_12m",
    "categories_12m",
    "mean_order_value",
    "share_of_firm",
    "rank",
    "cumulative_share",
    "pareto",
    "buyer",
    "repeat_order_value",
)
"""The columns of `account_figures`. `repeat_order_value` is for the lifetime models alone."""


def with_resolved_accounts(lines: ir.Table, redirects: ir.Table | None) -> ir.Table:
    """The lines, each with the account that it belongs to now.

    `redirects` (account, target) has a row for each merged account and for no other: a small table.
    """
    if redirects is None:
        return lines
    known = redirects.select(merged="account", target="target")
    joined = lines.left_join(known, lines.account == known.merged)
    return joined.mutate(account=joined.target.coalesce(joined.account)).drop("merged", "target")


def account_figures(
    lines: ir.Table,
    *,
    as_of: date,
    rules: FigureRules = DEFAULT_RULES,
    roots: ir.Table | None = None,
    minor_per_unit: int = 1,
    days: ir.Table | None = None,
) -> ir.Table:
    """One row an account with sale or return lines up to and including `as_of`; columns as in `FIGURES`.

    `lines`: account (NULL: without a customer; counts towards the firm's sales alone), business_date, kind, net, cost
    (of the whole line, NULL: not known), product, category. Lines later than `as_of` are left out. `net` and `cost` are
    in minor units if `minor_per_unit` says how many make a unit, which keeps sums exact; figures are always in units.
    `roots` (account, root) has a row for each account that belongs to a group headed by another account; the head then
    answers for the share of its whole group, and has a row even without lines of its own. `days`: what `account_days`
    made of the same lines, if it is at hand.
    """
    periods = _Periods.before(as_of)
    days = account_days(lines, as_of=as_of) if days is None else days
    accounts = _by_account(_with_gaps(days), periods, rules)
    accounts = _with_breadth(accounts, _counted(lines, as_of), periods)
    accounts = _against_the_firm(accounts, periods, rules, roots)
    money = {name: accounts[name] / minor_per_unit for name in MONEY}
    return accounts.mutate(**money).select(*FIGURES)


def _counted(lines: ir.Table, as_of: date) -> ir.Table:
    return lines.filter(lines.business_date <= as_of, lines.kind.isin(SALES_KINDS))


@dataclass(frozen=True)
class _Periods:
    """The last 12 months: days after `year` up to `as_of`. The 12 before: days after `two_years` up to `year`."""

    as_of: date
    year: date
    two_years: date

    @classmethod
    def before(cls, as_of: date) -> _Periods:
        return cls(as_of, months_before(as_of, 12), months_before(as_of, 24))


def account_days(lines: ir.Table, *, as_of: date) -> ir.Table:
    """One row an account and day with sale or return lines, up to and including `as_of`; money as given.

    Columns: account, business_date, net (sales less returns), sale, margin, sale_costed (sales whose cost is known),
    is_order (a day with a sale of more than nothing: an order day).
    """
    lines = _counted(lines, as_of)
    net, cost = lines.net.cast("float64"), lines.cost.cast("float64")
    sale, returned = lines.kind == "sale", lines.kind == "return"
    # However a source signs the cost of returned goods: it comes back to us.
    signed_cost = returned.ifelse(-cost.abs(), cost)
    return lines.group_by("account", "business_date").aggregate(
        net=net.sum(),
        sale=net.sum(where=sale).fill_null(0.0),
        margin=(net - signed_cost).sum(),  # NULL costs make NULL margins, which are left out of the sum
        sale_costed=net.sum(where=sale & cost.notnull()).fill_null(0.0),
        is_order=(sale & (net > 0)).any(),
    )


def _with_gaps(days: ir.Table) -> ir.Table:
    """The days; those with an order know the order day before and the account's last one."""
    import ibis

    of_account = ibis.window(
        group_by=[days.account, days.is_order], order_by=days.business_date, preceding=None, following=None
    )
    before = days.business_date.lag().over(
        ibis.window(group_by=[days.account, days.is_order], order_by=days.business_date)
    )
    last = days.business_date.last().over(of_account)
    return days.mutate(before=before, last=last)


def _by_account(days: ir.Table, periods: _Periods, rules: FigureRules) -> ir.Table:
    """One row an account, money still as given."""
    import ibis

    ordered = days.is_order
    repeated = ordered & days.before.notnull()
    gap = days.business_date.delta(days.before, unit="day")
    silence = ibis.literal(periods.as_of).delta(days["last"], unit="day")
    this_year = days.business_date > periods.year
    year_before = (days.business_date > periods.two_years) & ~this_year
    new_month = days.before.isnull() | (days.before.truncate("M") != days.business_date.truncate("M"))
    found = days.group_by("account").aggregate(
        first_line=days.business_date.min(),
        order_days=days.count(where=ordered),
        order_months=days.count(where=ordered & new_month),
        first_order=days.business_date.min(where=ordered),
        last_order=days.business_date.max(where=ordered),
        quartiles=gap.quantile([0.25, 0.5, 0.75], where=repeated),
        gap_longest_days=gap.max(where=repeated).cast("float64"),
        pauses_as_long=(gap >= silence).mean(where=repeated),
        sales_12m=days.net.sum(where=this_year).fill_null(0.0),
        sales_previous_12m=days.net.sum(where=year_before).fill_null(0.0),
        sales_total=days.net.sum(),
        margin_12m=days.margin.sum(where=this_year),
        sale_12m=days.sale.sum(where=this_year),
        sale_costed_12m=days.sale_costed.sum(where=this_year),
        sale_total=days.sale.sum(),
        repeat_sale=days.sale.sum(where=repeated),
        orders_12m=days.count(where=ordered & this_year),
    )
    return _derived(found, periods, rules)


def _derived(found: ir.Table, periods: _Periods, rules: FigureRules) -> ir.Table:
    import ibis

    repeats = found.order_days - 1
    returned_12m = found.sale_12m - found.sales_12m
    kept_share = (found.sales_total / found.sale_total.nullif(0.0)).clip(0.0, 1.0)
    regular = (found.order_days >= rules.regular_order_days) & (found.order_months >= rules.regular_months)
    new = (found.order_days < rules.regular_order_days) & (
        found.first_order >= periods.as_of - timedelta(days=rules.new_days)
    )
    return found.mutate(
        gap_typical_days=found.quartiles[1],
        gap_spread_days=found.quartiles[2] - found.quartiles[0],
        gap_mean_days=found.last_order.delta(found.first_order, unit="day") / repeats.nullif(0),
        silence_days=ibis.literal(periods.as_of).delta(found.last_order, unit="day"),
        pauses_as_long=(repeats >= rules.rhythm_gaps).ifelse(found.pauses_as_long, None),
        cost_known=found.sale_costed_12m / found.sale_12m.nullif(0.0),
        returns_12m=returned_12m / found.sale_12m.nullif(0.0),
        mean_order_value=found.sales_total / found.order_days.nullif(0),
        repeat_order_value=found.repeat_sale / repeats.nullif(0) * kept_share,
        buyer=ibis.cases(
            (found.order_days == 0, "none"),
            (new, "new"),
            (regular, "regular"),
            else_="chance",
        ),
    )


def _with_breadth(accounts: ir.Table, lines: ir.Table, periods: _Periods) -> ir.Table:
    """The accounts with the number of products and categories that they bought in the last 12 months."""
    import ibis

    bought = lines.filter(lines.kind == "sale", lines.business_date > periods.year)
    breadth = bought.group_by(buyer_account="account").aggregate(
        products_12m=bought["product"].nunique(), categories_12m=bought["category"].nunique()
    )
    joined = accounts.left_join(breadth, accounts.account.identical_to(breadth.buyer_account)).drop("buyer_account")
    return joined.mutate(
        products_12m=ibis.coalesce(joined.products_12m, 0), categories_12m=ibis.coalesce(joined.categories_12m, 0)
    )


def _against_the_firm(accounts: ir.Table, periods: _Periods, rules: FigureRules, roots: ir.Table | None) -> ir.Table:
    """The known accounts with trend, share, place and Pareto class."""
    import ibis

    everyone = accounts.mutate(firm_12m=accounts.sales_12m.sum().over(), firm_since=accounts.first_line.min().over())
    known = everyone.filter(everyone.account.notnull())
    known = known.mutate(group_12m=known.sales_12m) if roots is None else _with_groups(known, roots)
    biggest_first = ibis.window(order_by=[known.sales_12m.desc(), known.account], preceding=None, following=0)
    bought = known.sales_12m.clip(lower=0.0)
    placed = known.mutate(
        rank=ibis.rank().over(ibis.window(order_by=known.sales_12m.desc())).cast("int64") + 1,
        up_to_here=bought.sum().over(biggest_first),
        bought=bought,
        bought_by_all=bought.sum().over().nullif(0.0),
    )
    since_two_years = placed.firm_since <= latest_start(periods.as_of, months=24, rules=rules)
    customer_before = placed.first_order <= months_before(periods.as_of, rules.trend_months)
    before = (placed.up_to_here - placed.bought) / placed.bought_by_all
    return placed.mutate(
        trend=(since_two_years & customer_before & (placed.sales_previous_12m > 0)).ifelse(
            placed.sales_12m / placed.sales_previous_12m - 1, None
        ),
        share_of_firm=placed.group_12m / (placed.firm_12m > 0).ifelse(placed.firm_12m, None),
        cumulative_share=placed.up_to_here / placed.bought_by_all,
        pareto=ibis.cases(
            ((placed.bought > 0) & (before < rules.pareto[0]), "A"),
            ((placed.bought > 0) & (before < rules.pareto[1]), "B"),
            else_="C",
        ),
    )


def _with_groups(accounts: ir.Table, roots: ir.Table) -> ir.Table:
    """The accounts with the sales of the group they head, if any, and the heads that have no lines of their own."""
    import ibis

    belongs = roots.select(member="account", root="root")
    joined = accounts.left_join(belongs, accounts.account == belongs.member)
    grouped = joined.mutate(leader=joined.root.coalesce(joined.account))
    groups = grouped.group_by("leader").aggregate(
        group_12m=grouped.sales_12m.sum(), any_firm_12m=grouped.firm_12m.max(), any_firm_since=grouped.firm_since.min()
    )
    both = accounts.outer_join(groups, accounts.account == groups.leader)
    zeros: dict[str, Any] = {name: both[name].fill_null(0) for name in COUNTS}
    zeros |= {name: both[name].fill_null(0.0) for name in ("sales_12m", "sales_previous_12m", "sales_total")}
    return both.mutate(
        account=both.account.coalesce(both.leader),
        group_12m=ibis.coalesce(both.group_12m, both.sales_12m),
        firm_12m=both.firm_12m.coalesce(both.any_firm_12m),
        firm_since=both.firm_since.coalesce(both.any_firm_since),
        buyer=both.buyer.fill_null("none"),
        **zeros,
    ).drop("leader", "any_firm_12m", "any_firm_since")
