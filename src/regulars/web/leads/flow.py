"""The flow of leads, for marketing and the sales head on the first of the month: does enough come, and from where?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import number, percent
from regulars.facts.leads import visible_leads
from regulars.facts.models import Lead
from regulars.facts.thresholds import LEAD_ANSWER_HOURS
from regulars.insight.lead_flow import MONTHS, WEEKS, Flow, lead_flow
from regulars.plan.issue_rules import moment_of_work
from regulars.web.desk import desk_of
from regulars.web.leads.queue import frame_of

BY = {WEEKS: gettext_lazy("By week"), MONTHS: gettext_lazy("By month")}
ENOUGH = 10
"""With fewer leads that are decided no share is said."""


@require_safe
def flow(request: HttpRequest) -> HttpResponse:
    """What came, what fitted, what was won; how fast we answered; what it brought."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    by = request.GET.get("by", MONTHS)
    by = by if by in BY else MONTHS
    found = lead_flow(visible_leads(desk.member), at=moment_of_work(), by=by)
    labels = {key: capfirst(str(label)) for key, label in Lead.Channel.choices}
    context: dict[str, Any] = {
        **frame_of(desk, tab="flow"),
        "flow": found,
        "by": by,
        "choices": BY,
        "most": max((one.came for one in found.periods), default=0) or 1,
        "channels": [(labels[one.key], one, won_told(one)) for one in found.channels],
        "lead_forms": [(one.key, one, won_told(one)) for one in found.forms],
        "won_told": won_told(found.total),
        "answer_told": _answer_told(found.total, int(LEAD_ANSWER_HOURS.of(desk.organisation))),
    }
    return render(request, "web/leads/flow.html", context)


def won_told(one: Flow) -> str:
    """Which share of decided leads was won, and how sure that is."""
    if one.decided < ENOUGH or one.interval is None:
        return _("%(won)s won of %(decided)s decided: too few to say a share.") % {
            "won": number(one.won),
            "decided": number(one.decided),
        }
    low, high = one.interval
    return _("%(share)s won of %(decided)s decided; between %(low)s and %(high)s in the long run.") % {
        "share": percent(one.share_won or 0.0, digits=0),
        "decided": number(one.decided),
        "low": percent(low, digits=0),
        "high": percent(high, digits=0),
    }


def _answer_told(one: Flow, hours: int) -> str:
    if one.median_hours is None or not one.due:
        return _("Nobody was answered yet.")
    return _("Half were answered within %(median)s hours; %(share)s within the %(hours)s hours that you set.") % {
        "median": number(one.median_hours, digits=1),
        "share": percent(one.in_time / one.due, digits=0),
        "hours": number(hours),
    }
