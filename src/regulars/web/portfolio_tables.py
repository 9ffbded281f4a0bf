"""The tables of the portfolio: cohorts, and sales by department, seller, category, member, team and country."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import number, percent, short_month
from regulars.base.models import Department, Member, Team
from regulars.insight.portfolio_figures import Cohort, Part, Portfolio
from regulars.insight.portfolio_parts import AccountsPart, parts_by
from regulars.insight.standings import Standings

QUARTERS_SHOWN = 13
SHADES = 6
NOBODY = "nobody"
"""The filter of the list of accounts that nobody looks after."""


# Cohorts


@dataclass(frozen=True, kw_only=True)
class Period:
    """One cell of the cohort table. The shade repeats the share, from 0 to 5; the share stands there in figures."""

    text: str
    shade: int
    complete: bool


@dataclass(frozen=True, kw_only=True)
class CohortRow:
    """Customers who first ordered in one quarter."""

    name: str
    accounts: str
    periods: list[Period]
    beginning_unknown: bool


@dataclass(frozen=True, kw_only=True)
class CohortTable:
    """How many of each quarter's new customers order in the quarters after."""

    title: str
    quarters: list[int]
    rows: list[CohortRow]
    has_unknown_beginning: bool


def cohort_table(whole: Portfolio) -> CohortTable | None:
    """The table; None where there are no cohorts to compare."""
    if len(whole.cohorts) < 2:
        return None
    longest = max(len(one.periods) for one in whole.cohorts)
    return CohortTable(
        title=_cohort_title(whole.cohorts),
        quarters=list(range(1, min(longest, QUARTERS_SHOWN))),
        rows=[_cohort_row(one) for one in whole.cohorts],
        has_unknown_beginning=any(one.beginning_unknown for one in whole.cohorts),
    )


def _cohort_row(one: Cohort) -> CohortRow:
    periods = [
        Period(
            text=percent(period.active_share, digits=0),
            shade=min(SHADES - 1, int(period.active_share * 2 * SHADES)),
            complete=period.complete,
        )
        for period in one.periods[1:QUARTERS_SHOWN]
    ]
    name = _("from %(month)s") % {"month": short_month(one.start)}
    return CohortRow(name=name, accounts=number(one.accounts), periods=periods, beginning_unknown=one.beginning_unknown)


def _cohort_title(cohorts: Sequence[Cohort]) -> str:
    """How many of the new customers order in the fourth quarter after; those whose beginning is unknown are not new."""
    told = [
        (one.accounts, one.periods[4].active_share)
        for one in cohorts
        if len(one.periods) > 4 and one.periods[4].complete and not one.beginning_unknown
    ]
    everyone = sum(accounts for accounts, _share in told)
    if not everyone:
        return _("Do new customers stay? The history is too short to say")
    share = sum(accounts * share for accounts, share in told) / everyone
    return _("Do new customers stay? A year on, %(share)s order in a quarter") % {"share": percent(share, digits=0)}


# Parts


@dataclass(frozen=True, kw_only=True)
class Row:
    """A part of the firm. None: not known, or not to be told."""

    name: str
    address: str
    sales: float
    share: float | None
    customers: int | None
    trend: float | None
    at_risk: float | None = None


@dataclass(frozen=True, kw_only=True)
class PartsTable:
    """Sales by one thing."""

    key: str
    title: str
    rows: list[Row]
    knows_risk: bool


def tables_of_parts(whole: Portfolio, everyone: Standings) -> list[PartsTable]:
    """The tables in which there is something to compare: what stands with accounts, and what stands on order lines."""
    by_account = parts_by(everyone)
    headings = {
        "owner": _("Looked after by"),
        "team": _("Team"),
        "department": _("Department"),
        "country": _("Country"),
        "trade": _("Kind of business"),
    }
    names = {
        "owner": _names(Member, by_account),
        "team": _names(Team, by_account),
        "department": _names(Department, by_account),
    }
    tables = [
        PartsTable(
            key=key,
            title=headings[key],
            rows=[_of_accounts(key, part, names.get(key, {}), whole) for part in parts],
            knows_risk=True,
        )
        for key, parts in by_account.items()
    ]
    on_lines = {
        "seller": (_("Seller on the orders"), whole.sellers),
        "lines": (_("Department on the orders"), whole.departments),
        "category": (_("Category"), whole.categories),
    }
    tables += [
        PartsTable(key=key, title=title, rows=[_of_lines(part, whole) for part in parts[:15]], knows_risk=False)
        for key, (title, parts) in on_lines.items()
        if len(parts) > 1
    ]
    return tables


NAMED = {Member: "owner", Team: "team", Department: "department"}


def _names(model: Any, by_account: Mapping[str, Sequence[AccountsPart]]) -> dict[Any, tuple[str, str]]:
    """Name and uid of the records that parts are named after."""
    parts = by_account.get(NAMED[model], ())
    if not parts:
        return {}
    found = model.objects.filter(pk__in=[part.value for part in parts if part.value is not None])
    return {pk: (name, str(uid)) for pk, name, uid in found.values_list("pk", "name", "uid")}


def _of_accounts(key: str, part: AccountsPart, names: Mapping[Any, tuple[str, str]], whole: Portfolio) -> Row:
    name, wanted = names.get(part.value, (str(part.value or ""), str(part.value or "")))
    if part.value is None:
        name, wanted = (_("Nobody"), NOBODY) if key == "owner" else (_("Not known"), "")
    linked = wanted and key != "trade"
    return Row(
        name=name,
        address=f"{reverse('accounts')}?{urlencode({key: wanted})}" if linked else "",
        sales=part.sales_12m,
        share=_share(part.sales_12m, whole),
        customers=part.customers,
        trend=part.trend if whole.two_years_known else None,
        at_risk=part.value_at_risk,
    )


def _of_lines(part: Part, whole: Portfolio) -> Row:
    name = part.name or _("Not known")
    if part.put_together > 1:
        name = ngettext("%(count)s other", "%(count)s others", part.put_together) % {"count": number(part.put_together)}
    before = part.sales_previous_12m
    return Row(
        name=name,
        address="",
        sales=part.sales_12m,
        share=_share(part.sales_12m, whole),
        customers=part.customers,
        trend=part.sales_12m / before - 1 if whole.two_years_known and before > 0 else None,
    )


def _share(sales: float, whole: Portfolio) -> float | None:
    return sales / whole.sales_12m if whole.sales_12m > 0 else None
