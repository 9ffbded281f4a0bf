"""Two dates side by side: figures with their changes, and who came, went, grew and shrank."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import Permission, may
from regulars.base.formats import day, money, number, percent
from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.insight.portfolio import portfolio_at
from regulars.insight.portfolio_figures import Portfolio
from regulars.insight.standings import Move, Moves, accounts_named, moves, standings

UNKNOWN = "?"


@dataclass(frozen=True, kw_only=True)
class ComparedFigure:
    """A figure on both dates, and how it changed."""

    name: str
    before: str
    after: str
    change: str


@dataclass(frozen=True, kw_only=True)
class Mover:
    """An account in one of the lists."""

    account: Account
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class MoverList:
    """Who came, went, grew or shrank: how many, and the largest."""

    title: str
    movers: list[Mover]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The earlier date comes first, however they were asked for."""

    title: str
    before: str
    after: str
    figures: list[ComparedFigure]
    lists: list[MoverList]


def comparison(one: Snapshot, other: Snapshot, *, member: Member | None) -> Comparison:
    """What changed between two snapshots, as far as the member sees their accounts."""
    before, after = sorted((one, other), key=lambda snapshot: snapshot.as_of)
    wholes = portfolio_at(before, member=member), portfolio_at(after, member=member)
    found = moves(standings(before, member=member), standings(after, member=member))
    return Comparison(
        title=_title(found),
        before=day(before.as_of),
        after=day(after.as_of),
        figures=_figures(*wholes, sees_cost=may(member, Permission.SEE_COST)),
        lists=_lists(found, after.currency),
    )


def _title(found: Moves) -> str:
    words = {"came": number(found.came), "went": number(found.went)}
    return _("What changed? %(came)s came, %(went)s went") % words


def _figures(before: Portfolio, after: Portfolio, *, sees_cost: bool) -> list[ComparedFigure]:
    in_money = partial(money, currency=after.currency)
    rows: list[tuple[str, float | None, float | None, Callable[[float], str]]] = [
        (_("Sales, 12 months"), before.sales_12m, after.sales_12m, in_money),
        (_("Customers, 12 months"), before.accounts_12m, after.accounts_12m, number),
        (_("Expected, next 12 months"), before.expected_sales_365, after.expected_sales_365, in_money),
        (_("At risk"), before.value_at_risk, after.value_at_risk, in_money),
        (
            _("The largest customer"),
            before.concentration.largest_share,
            after.concentration.largest_share,
            percent,
        ),
        (_("The five largest"), before.concentration.top_five_share, after.concentration.top_five_share, percent),
        (_("Repeat customers"), before.retention.repeat_rate, after.retention.repeat_rate, percent),
        (_("Kept of last year’s sales, net"), before.retention.net, after.retention.net, percent),
        (_("Kept of last year’s sales, gross"), before.retention.gross, after.retention.gross, percent),
    ]
    if sees_cost:
        rows.insert(1, (_("Margin, 12 months"), before.margin_12m, after.margin_12m, in_money))
    return [
        ComparedFigure(name=name, before=_said(old, write), after=_said(new, write), change=_change(old, new, write))
        for name, old, new, write in rows
        if old is not None or new is not None
    ]


def _said(value: float | None, write: Callable[[float], str]) -> str:
    return UNKNOWN if value is None else write(value)


def _change(old: float | None, new: float | None, write: Callable[[float], str]) -> str:
    """Shares change by points, everything else by per cent."""
    if old is None or new is None:
        return UNKNOWN
    if write is percent:
        points = (new - old) * 100
        sign = "+" if points > 0.05 else ""
        return _("%(points)s points") % {"points": sign + number(points, digits=1)}
    return percent(new / old - 1, signed=True) if old > 0 else UNKNOWN


def _lists(found: Moves, currency: str) -> list[MoverList]:
    lists = [
        (_came(found, currency), found.largest_came),
        (_went(found, currency), found.largest_went),
        (_counted_growth(found.grew), found.largest_grew),
        (_counted_decline(found.shrank), found.largest_shrank),
    ]
    named = accounts_named(move.account for _title, some in lists for move in some)
    return [MoverList(title=title, movers=_movers(some, named, currency)) for title, some in lists]


def _came(found: Moves, currency: str) -> str:
    words = {"count": number(found.came), "sales": money(found.came_sales, currency)}
    text = ngettext("Came: %(count)s customer, %(sales)s", "Came: %(count)s customers, %(sales)s", found.came)
    return text % words


def _went(found: Moves, currency: str) -> str:
    words = {"count": number(found.went), "sales": money(found.went_sales, currency)}
    text = ngettext("Went: %(count)s customer, %(sales)s", "Went: %(count)s customers, %(sales)s", found.went)
    return text % words


def _counted_growth(count: int) -> str:
    return ngettext("Buys more: %(count)s customer", "Buy more: %(count)s customers", count) % {"count": number(count)}


def _counted_decline(count: int) -> str:
    return ngettext("Buys less: %(count)s customer", "Buy less: %(count)s customers", count) % {"count": number(count)}


def _movers(some: list[Move], named: Mapping[int, Account], currency: str) -> list[Mover]:
    return [
        Mover(
            account=named[move.account],
            before=_amount(move.before, currency),
            after=_amount(move.after, currency),
        )
        for move in some
        if move.account in named
    ]


def _amount(sales: float, currency: str) -> str:
    return money(sales, currency) if sales else number(0)
