"""How long customers stay. For the owner or sales head once a quarter, to decide whether new customers need more care
in their first weeks, and which kind of customer to win. Who sees some accounts sees the lifetimes of those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import number, percent
from regulars.insight.lifetimes import BY, COHORTS, Bounded, Lifetime, Lifetimes, lifetimes
from regulars.insight.lifetimes_sentences import (
    NAMES_OF_BY,
    comparison_told,
    group_name,
    lasting,
    left_out_told,
    median_told,
    rule_told,
    verdicts,
    within,
)
from regulars.insight.models import Snapshot
from regulars.insight.snapshots import current_snapshot
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk, desk_of
from regulars.web.lifetimes_chart import lifetimes_chart


@dataclass(frozen=True, kw_only=True)
class Row:
    """A group of customers as the table shows it; empty: too few to say."""

    name: str
    won: str
    lost: str
    half: str
    stay: str
    stay_within: str
    without_second: str
    without_within: str


@require_safe
def lifetimes_page(request: HttpRequest) -> HttpResponse:
    """The verdicts, the curves, and the groups by what was asked for."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    snapshot = current_snapshot()
    context: dict[str, Any] = {"desk": desk}
    if snapshot is not None:
        context |= _shown(_asked(request, desk, snapshot))
    return render(request, "web/lifetimes.html", context)


@require_safe
def lifetimes_csv(request: HttpRequest) -> HttpResponseBase:
    """The curves of the groups, point by point, for who may take lists out of the house."""
    desk = desk_of(request)
    require(desk.member, Permission.EXPORT)
    snapshot = current_snapshot()
    found = _asked(request, desk, snapshot) if snapshot else None
    headings = [
        _("Customers"),
        _("Won"),
        _("Lost"),
        _("Days since the first order"),
        _("Still customers"),
        _("at least"),
        _("at most"),
    ]
    return csv_answer("lifetimes.csv", headings, _points(found) if found else [])


def _asked(request: HttpRequest, desk: Desk, snapshot: Snapshot) -> Lifetimes:
    by = request.GET.get("by", "")
    return lifetimes(snapshot, member=desk.member, by=by if by in BY else BY[0])


def _shown(found: Lifetimes) -> dict[str, Any]:
    choices = [(by, NAMES_OF_BY[by], by == found.by) for by in BY]
    return {
        "found": found,
        "verdicts": verdicts(found),
        "rule": rule_told(found),
        "counted": left_out_told(found),
        "chart": lifetimes_chart(found),
        "choices": choices,
        "are_cohorts": found.by in COHORTS,
        "rows": [_row(found, group_name(found.by, group), group) for group in found.groups],
        "everyone": found.everyone and _row(found, _("All customers won"), found.everyone),
        "stay_after": lasting(found.stay_days),
        "compared": comparison_told(found),
    }


def _row(found: Lifetimes, name: str, group: Lifetime) -> Row:
    stay, stay_within = _share(group.stay)
    without, without_within = _share(group.without_second)
    return Row(
        name=name,
        won=number(group.won),
        lost=number(group.lost),
        half=median_told(group),
        stay=stay,
        stay_within=stay_within,
        without_second=without,
        without_within=without_within,
    )


def _share(found: Bounded | None) -> tuple[str, str]:
    if found is None or found.value is None:
        return "", ""
    return percent(found.value, digits=0), within(found)


def _points(found: Lifetimes) -> Iterator[list[Any]]:
    groups = [(_("All customers won"), found.everyone)] if found.everyone else []
    groups += [(group_name(found.by, group), group) for group in found.groups]
    for name, group in groups:
        for point in group.curve:
            shares = [round(share, 4) for share in (point.stay, point.low, point.high)]
            yield [name, group.won, group.lost, round(point.days), *shares]


urlpatterns = [
    path("portfolio/lifetimes/", lifetimes_page, name="lifetimes"),
    path("portfolio/lifetimes.csv", lifetimes_csv, name="lifetimes_csv"),
]
