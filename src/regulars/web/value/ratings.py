"""How customers rate our people. One's own rating: for each who helps customers, once in a while, to learn from it.

All ratings: for who leads, before a talk with a colleague, to praise or to train; only what that colleague has seen.
"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may
from regulars.base.formats import number
from regulars.base.organisation import zone
from regulars.core.rated import RatedMean
from regulars.facts.ratings import (
    ENOUGH,
    MOST,
    YEAR,
    ServiceFigures,
    figures_of,
    own_ratings,
    ratings_of_all,
    see_own_ratings,
)
from regulars.plan.issue_rules import moment_of_work
from regulars.web.desk import desk_of

A_PAGE = 25


@require_safe
def my_rating(request: HttpRequest) -> HttpResponse:
    """What customers said of one's own service. Who opens it has seen it, which lets it count for who leads."""
    desk = desk_of(request)
    now = moment_of_work()
    mine = own_ratings(desk.member)
    page = Paginator(mine, A_PAGE).get_page(request.GET.get("page"))
    shown = list(page)  # read before it is noted as seen, so that what is new can say so
    if request.method == "GET":
        see_own_ratings(member=desk.member, at=now)
    lately, before = now - YEAR, now - 2 * YEAR
    context = {
        "desk": desk,
        "page": page,
        "rows": shown,
        "figures": _told(figures_of(mine.filter(answered_at__gt=lately))),
        "before": _told(figures_of(mine.filter(answered_at__gt=before, answered_at__lte=lately))),
        "zone": zone(desk.organisation),
        "enough": ENOUGH,
        "leads": may(desk.member, Permission.MANAGE_MEMBERS),
    }
    return render(request, "web/value/my_rating.html", context)


@require_safe
def service_ratings(request: HttpRequest) -> HttpResponse:
    """The mean of each colleague's ratings within a year, from five seen answers on."""
    desk = desk_of(request)
    found = ratings_of_all(member=desk.member, until=desk.day)
    context = {
        "desk": desk,
        "enough": ENOUGH,
        "rows": [(one, _told(one.figures) if one.figures else []) for one in found],
    }
    return render(request, "web/value/service_ratings.html", context)


def _told(figures: ServiceFigures) -> list[dict[str, Any]]:
    """Each mean with its interval, in words; nothing where nobody answered."""
    both = ((_("Courtesy"), figures.courtesy), (_("Competence"), figures.competence))
    return [{"label": label, "mean": mean, "told": _mean_told(mean)} for label, mean in both if mean is not None]


def _mean_told(mean: RatedMean) -> str:
    said = {
        "mean": number(mean.mean, digits=1),
        "most": number(MOST),
        "count": number(mean.count),
        "low": number(mean.low, digits=1),
        "high": number(mean.high, digits=1),
    }
    return _("%(mean)s of %(most)s by %(count)s answers; all customers together would say %(low)s to %(high)s.") % said
