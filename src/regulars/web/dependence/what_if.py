"""What if a customer leaves? For the owner or sales head, before a price talk or when a large customer wavers, to
decide what to do so that the firm outlives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may, require
from regulars.base.formats import money, number, percent
from regulars.base.models import Member
from regulars.core.dependence import Goal
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account
from regulars.insight.dependence import NotKnown, WhatIf, dependence, require_whole_firm, what_if
from regulars.insight.dependence_sentences import (
    GOALS,
    bounds_told,
    departure_told,
    outcome_told,
    rests_on,
    shown_rounds,
    softener_told,
)
from regulars.insight.standings import accounts_named
from regulars.web.csv_files import csv_answer
from regulars.web.dependence.charts import rounds_chart
from regulars.web.desk import desk_of


@dataclass(frozen=True, kw_only=True)
class Row:
    """A round as the table shows it."""

    number: str
    missing: str
    rise: str
    price: str
    leaving: str
    sales_leaving: str
    sales: str
    after_a_gap: bool
    """Rounds before it are left out."""


@require_safe
def what_if_page(request: HttpRequest) -> HttpResponse:
    """What is lost at once, the rounds that follow, who leaves next, and what would soften it."""
    desk = desk_of(request)
    require_whole_firm(desk.member)
    require(desk.member, Permission.SEE_COST)
    largest = _largest(desk.member)
    account = _asked(request, desk.member, largest)
    choices = largest if account is None or account in largest else [account, *largest]
    context: dict[str, Any] = {"desk": desk, "account": account, "choices": choices}
    context["may_configure"] = may(desk.member, Permission.CONFIGURE)
    if account is not None:
        try:
            found = what_if(account, member=desk.member, goal=_goal(request))
        except NotKnown as refusal:
            context["unknown"] = refusal
        else:
            context |= _shown(found)
    return render(request, "web/dependence/what_if.html", context)


@require_safe
def what_if_csv(request: HttpRequest) -> HttpResponseBase:
    """The rounds, for who may take lists out of the house."""
    desk = desk_of(request)
    require_whole_firm(desk.member)
    require(desk.member, Permission.SEE_COST)
    require(desk.member, Permission.EXPORT)
    account = _asked(request, desk.member, _largest(desk.member))
    found = _found(account, desk.member, _goal(request)) if account else None
    headings = [
        _("Round"),
        _("Missing margin"),
        _("Lost discounts"),
        _("Rise of prices"),
        _("Prices against today"),
        _("at least"),
        _("at most"),
        _("Customers who leave"),
        _("Their yearly sales"),
        _("Yearly sales that stay"),
    ]
    return csv_answer("what-if.csv", headings, _points(found) if found else [])


def _found(account: Account, member: Member | None, goal: Goal | None) -> WhatIf | None:
    try:
        return what_if(account, member=member, goal=goal)
    except Refusal:
        return None


def _largest(member: Member | None) -> list[Account]:
    found = dependence(member=member)
    ids = [one.account for one in found.largest] if found else []
    names = accounts_named(ids)
    return [names[one] for one in ids]


def _asked(request: HttpRequest, member: Member | None, largest: list[Account]) -> Account | None:
    """The account asked for, else the largest; None: nobody has bought."""
    asked = request.GET.get("account", "")
    if not asked:
        return largest[0] if largest else None
    try:
        uid = UUID(asked)
    except ValueError as wrong:
        raise Http404 from wrong
    found = visible_accounts(member).filter(uid=uid).first()
    if found is None:
        raise Http404
    return found


def _goal(request: HttpRequest) -> Goal | None:
    asked = request.GET.get("goal", "")
    return Goal(asked) if asked in list(Goal) else None


def _shown(found: WhatIf) -> dict[str, Any]:
    departure = found.departure
    names = accounts_named([found.account, *(account for account, _chance, _loss in departure.next_to_leave)])
    goals = [(goal, GOALS[goal], goal == departure.goal) for goal in Goal]
    return {
        "found": found,
        "head": names[found.account],
        "goals": goals if departure.fixed_costs is not None else [],
        "outcome": outcome_told(found),
        "told": departure_told(found),
        "bounds": bounds_told(found),
        "chart": rounds_chart(found),
        "rows": list(_rows(found)),
        "next": [
            (names[account], chance, loss) for account, chance, loss in departure.next_to_leave if chance >= 0.0005
        ],
        "softeners": [softener_told(one, found) for one in departure.softeners],
        "rests_on": rests_on(found),
    }


def _rows(found: WhatIf) -> Iterator[Row]:
    before = 0
    for place in shown_rounds(found.departure):
        one = found.departure.rounds[place - 1]
        yield Row(
            number=number(place),
            missing=money(one.missing, found.currency),
            rise=percent(one.rise, digits=1),
            price=percent(one.price, digits=1),
            leaving=number(one.leaving, digits=1),
            sales_leaving=money(one.sales_leaving, found.currency),
            sales=money(one.sales, found.currency),
            after_a_gap=place != before + 1,
        )
        before = place


def _points(found: WhatIf) -> Iterator[list[Any]]:
    for place, one in enumerate(found.departure.rounds, start=1):
        shares = [round(share, 5) for share in (one.rise, one.price, one.price_low, one.price_high)]
        yield [
            place,
            round(one.missing, 2),
            round(one.discounts_lost, 2),
            *shares,
            round(one.leaving, 2),
            round(one.sales_leaving, 2),
            round(one.sales, 2),
        ]
