"""Playbooks and what came of them. For who leads sales once a month: to decide which recipe is kept, changed or
dropped; and for everybody who wants to know what is running and what is to be done.
"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may
from regulars.base.formats import number, percent
from regulars.plan.models import Play, PlayStep
from regulars.plan.play_making import home_of
from regulars.plan.play_results import Result, Share, play_results
from regulars.plan.playbooks import NoSuchPlaybook, known_playbook, trigger_label
from regulars.plan.plays import STEPS_IN_SEQUENCE, visible_plays
from regulars.plan.recipes.recipe import STOPS
from regulars.web.desk import Desk, desk_of
from regulars.web.playbooks.told import told_play

A_PAGE = 30
MINE, ALL = "mine", "all"
ENOUGH_FOR_SHARE = 5
"""Of fewer accounts a share says nothing."""


@require_safe
def playbooks(request: HttpRequest) -> HttpResponse:
    """Every playbook with how often it was run in a year and what came of it."""
    desk = desk_of(request)
    results = play_results(member=desk.member, on=desk.day)
    context = {
        "desk": desk,
        "rows": [{"result": one, **_told(one)} for one in results if one.playbook.active],
        "out_of_use": [one.playbook for one in results if not one.playbook.active],
        "running": sum(one.running for one in results),
        "may_configure": may(desk.member, Permission.CONFIGURE),
    }
    return render(request, "web/playbooks/list.html", context)


def _told(one: Result) -> dict[str, Any]:
    return {
        "triggers": ", ".join(trigger_label(trigger) for trigger in one.playbook.recipe.triggers),
        "ends": _ends(one),
        "took": "" if one.median_days is None else _took(one.median_days),
        "compared": _compared(one.run, one.not_run),
    }


def _ends(one: Result) -> str:
    """How the runs ended, in one line."""
    parts = []
    if one.running:
        parts.append(_("running: %(count)s") % {"count": number(one.running)})
    if one.finished:
        parts.append(_("all steps settled: %(count)s") % {"count": number(one.finished)})
    for end, count in sorted(one.reached.items(), key=lambda pair: -pair[1]):
        why = STOPS.get(end, _("what started it was withdrawn"))
        parts.append(_("%(why)s: %(count)s") % {"why": why, "count": number(count)})
    if one.stopped:
        parts.append(_("stopped: %(count)s") % {"count": number(one.stopped)})
    return capfirst(" · ".join(parts))


def _took(days: float) -> str:
    whole = round(days)
    return ngettext("half took no more than %(days)s day", "half took no more than %(days)s days", whole) % {
        "days": number(whole)
    }


def _compared(run: Share, not_run: Share) -> list[str]:
    """Who ordered within the days after, with and without a run; empty where nothing is old enough."""
    with_run = _(
        "With a run, %(share)s ordered within 90 days: %(ordered)s of %(accounts)s, "
        "likely between %(low)s and %(high)s."
    )
    without = _("Without one, %(share)s did: %(ordered)s of %(accounts)s, likely between %(low)s and %(high)s.")
    few_with_run = _("With a run, %(ordered)s of %(accounts)s ordered within 90 days.")
    few_without = _("Without one, %(ordered)s of %(accounts)s did.")
    pairs = ((with_run, few_with_run, run), (without, few_without, not_run))
    return [
        (sentence if share.accounts >= ENOUGH_FOR_SHARE else few) % _said(share)
        for sentence, few, share in pairs
        if share.accounts
    ]


def _said(share: Share) -> dict[str, str]:
    assert share.share is not None
    assert share.interval is not None
    low, high = share.interval
    return {
        "share": percent(share.share, digits=0),
        "ordered": number(share.ordered),
        "accounts": number(share.accounts),
        "low": percent(low, digits=0),
        "high": percent(high, digits=0),
    }


@require_safe
def running(request: HttpRequest) -> HttpResponse:
    """What runs, the step that is due first at the top; one's own, or all that one sees."""
    desk = desk_of(request)
    whose = _whose(request, desk)
    page = Paginator(_running(desk, whose), A_PAGE).get_page(request.GET.get("page"))
    rows = [(told_play(one, desk.day), home_of(one)) for one in page.object_list]
    context = {"desk": desk, "page": page, "rows": rows, "whose": whose}
    return render(request, "web/playbooks/running.html", context)


def _whose(request: HttpRequest, desk: Desk) -> str:
    """What was asked for; else one's own steps, and all where one has none and sees everybody's."""
    asked = request.GET.get("whose", "")
    if asked in (MINE, ALL):
        return asked
    return ALL if desk.sees_everyone and not _running(desk, MINE).exists() else MINE


def _running(desk: Desk, whose: str) -> QuerySet[Play]:
    plays = visible_plays(desk.member).filter(state=Play.State.RUNNING)
    if whose == MINE:
        current = PlayStep.objects.filter(state=PlayStep.State.OPEN, member=desk.member)
        plays = plays.filter(pk__in=_current(current).values("play_id"))
    return _with_all(plays.order_by("started_on", "pk"))


def _current(steps: QuerySet[PlayStep]) -> QuerySet[PlayStep]:
    """Of these, those whose turn it is."""
    before = PlayStep.objects.filter(
        play=OuterRef("play"), position__lt=OuterRef("position"), state=PlayStep.State.OPEN
    )
    return steps.filter(~Exists(before))


def _with_all(plays: QuerySet[Play]) -> QuerySet[Play]:
    return plays.select_related("account__merged_into", "playbook").prefetch_related(STEPS_IN_SEQUENCE)


@require_safe
def playbook(request: HttpRequest, key: str) -> HttpResponse:
    """One playbook: when it starts, its steps, what ends it, and its runs."""
    desk = desk_of(request)
    try:
        known = known_playbook(key)
    except NoSuchPlaybook as absent:
        raise Http404(str(absent)) from None
    plays = _with_all(visible_plays(desk.member).filter(playbook__key=key))
    page = Paginator(plays, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "desk": desk,
        "known": known,
        "triggers": [capfirst(trigger_label(one)) for one in known.recipe.triggers],
        "stops": [capfirst(str(STOPS[one])) for one in known.recipe.stops],
        "steps": [{"step": one, "who": PlayStep.Role(one.role).label} for one in known.recipe.steps],
        "page": page,
        "rows": [(told_play(one, desk.day), home_of(one)) for one in page.object_list],
        "may_configure": may(desk.member, Permission.CONFIGURE),
    }
    return render(request, "web/playbooks/playbook.html", context)
