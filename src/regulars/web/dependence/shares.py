"""On whom the firm depends. For the owner or sales head once a quarter, and whenever one customer grows large, to
decide whether to win and grow others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may, require
from regulars.insight.dependence import Dependence, dependence, require_whole_firm
from regulars.insight.dependence_sentences import LEVELS, level_told, levels_told
from regulars.insight.standings import accounts_named
from regulars.web.csv_files import csv_answer
from regulars.web.dependence.charts import shares_chart
from regulars.web.desk import desk_of


@require_safe
def dependence_page(request: HttpRequest) -> HttpResponse:
    """The verdict, the largest customers with their levels, and the way to *what if it leaves*."""
    desk = desk_of(request)
    found = dependence(member=desk.member)
    context: dict[str, Any] = {"desk": desk, "found": found}
    if found is not None and found.largest:
        names = accounts_named(one.account for one in found.largest)
        context |= {
            "verdict": level_told(found),
            "levels": levels_told(found),
            "is_alarm": found.level > 2,
            "equal": 1 / found.herfindahl,
            "chart": shares_chart(found, names),
            "rows": [(names[one.account], one, LEVELS[one.level]) for one in found.largest],
            "may_configure": may(desk.member, Permission.CONFIGURE),
        }
    return render(request, "web/dependence/shares.html", context)


@require_safe
def dependence_csv(request: HttpRequest) -> HttpResponseBase:
    """The largest customers with their shares, for who may take lists out of the house."""
    desk = desk_of(request)
    require_whole_firm(desk.member)
    require(desk.member, Permission.EXPORT)
    found = dependence(member=desk.member)
    headings = [_("Customer"), _("Sales, 12 months"), _("Share"), _("Level"), _("Address")]
    return csv_answer("dependence.csv", headings, _rows(found) if found else [])


def _rows(found: Dependence) -> Iterator[list[Any]]:
    names = accounts_named(one.account for one in found.largest)
    for one in found.largest:
        account = names[one.account]
        where = reverse("account", args=[account.uid])
        yield [account.name, round(one.sales, 2), round(one.share, 4), str(LEVELS[one.level]), where]
