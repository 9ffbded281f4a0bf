"""Planning the year of reviews: for who leads sales after the first import and once a quarter, and for each account
manager: whom do we review when, does it fit, and do the levels say what we know?
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, may, require
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.base.organisation import zone
from regulars.facts.models import Account
from regulars.insight.models import Protection
from regulars.insight.opportunity_level_sentences import why_in_short
from regulars.plan.models import Review
from regulars.plan.opportunity_levels import levels_in_force
from regulars.plan.review_schedule import (
    accept_proposals,
    capacities,
    count_waiting,
    discard_proposals,
    holders,
    load_of,
    plan_reviews,
    set_capacity,
    waiting_accounts,
    waiting_ids,
)
from regulars.plan.reviews import visible_reviews
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.reviews.calendar import choices_of, held_by, people_of, whose_of

A_PAGE = 50
MOST_A_WEEK = 40
PROPOSED, WAITING = "proposed", "waiting"


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Every account with its level, value, protection and proposal; who waits; how many fit."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    choices = choices_of(desk)
    whose = whose_of(request, desk, choices)
    people = people_of(whose, desk, holders(desk.member))
    proposals = _proposals(desk, whose)
    show = WAITING if request.GET.get("show") == WAITING else PROPOSED
    waiting = show == WAITING
    unplanned = waiting_accounts(desk.member, of=people)
    pages: Paginator[Any] = Paginator(unplanned if waiting else proposals, A_PAGE)
    if waiting:
        pages.count = count_waiting(desk.member, of=people)
    page = pages.get_page(request.GET.get("page"))
    own = capacities(people, desk.organisation)
    context = {
        "desk": desk,
        "zone": zone(desk.organisation),
        "choices": choices,
        "whose": whose,
        "load": load_of(desk.member, of=people),
        "people": [(one, own[one.pk], may_plan(desk, one)) for one in people],
        "may_plan": bool(people) and desk.may_write and all(may_plan(desk, one) for one in people),
        "show": show,
        "proposed": proposals.count(),
        "page": page,
        "rows": _rows(_with_owners(page, unplanned) if waiting else list(page), show),
        "reviewed": Review.objects.filter(held_on__isnull=False).exists(),
    }
    return render(request, "web/reviews/start.html", context)


def may_plan(desk: Desk, person: Member) -> bool:
    """Everyone plans the own reviews; those of others, who may assign accounts."""
    return desk.may_write and (person.pk == desk.member.pk or may(desk.member, Permission.ASSIGN))


@require_POST
def plan(request: HttpRequest, verb: str) -> HttpResponse:
    """Propose the year, accept what is proposed, or take the proposals back."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    whose = request.POST.get("whose", "")
    if whose not in {key for key, _label in choices_of(desk)}:
        whose = "mine"
    text, undo = _carried_out(request, desk, whose, verb)
    show_next(request, Toast(text=text, undo=undo))
    return redirect(f"{reverse('reviews_start')}?whose={whose}")


def _carried_out(request: HttpRequest, desk: Desk, whose: str, verb: str) -> tuple[str, str]:
    if verb == "propose":
        people = people_of(whose, desk, holders(desk.member))
        return plan_reviews(on=desk.day, member=desk.member, of=people).sentence(), ""
    if verb == "capacity":
        return _capacities_set(request, desk, whose), ""
    chosen = _proposals(desk, whose)
    if verb == "discard":
        count = discard_proposals(reviews=chosen, member=desk.member)
        text = ngettext("%(count)s proposal is taken back.", "%(count)s proposals are taken back.", count)
        return text % {"count": number(count)}, ""
    if request.POST.get("all") != "1":
        chosen = chosen.filter(uid__in=_uids(request))
    count = accept_proposals(reviews=chosen, on=desk.day, member=desk.member)
    text = ngettext("%(count)s review is scheduled.", "%(count)s reviews are scheduled.", count)
    return text % {"count": number(count)}, ""


def _uids(request: HttpRequest) -> list[Any]:
    field = forms.UUIDField()
    found = []
    for text in request.POST.getlist("review")[:1000]:
        try:
            found.append(field.clean(text))
        except forms.ValidationError:
            continue
    return found


def _capacities_set(request: HttpRequest, desk: Desk, whose: str) -> str:
    """How many each person holds in a week; what was left empty is as usual."""
    field = forms.IntegerField(min_value=0, max_value=MOST_A_WEEK, required=False)
    own = capacities(holders(desk.member), desk.organisation)
    for one in people_of(whose, desk, holders(desk.member)):
        try:
            wanted = field.clean(request.POST.get(f"a_week_{one.uid}", ""))
        except forms.ValidationError:
            return _("Give a whole number from 0 to 40.")
        if may_plan(desk, one) and wanted != own[one.pk]:
            set_capacity(holder=one, a_week=wanted, member=desk.member)
    return _("Kept. Propose the year anew to plan with it.")


def _proposals(desk: Desk, whose: str) -> QuerySet[Review]:
    seen = visible_reviews(desk.member).filter(held_by(whose, desk), state=Review.State.PROPOSED)
    timed = seen.filter(scheduled_at__isnull=False).select_related("account__merged_into", "owner")
    return timed.order_by("scheduled_at", "pk")


def _with_owners(page: Page[Any], all_of_them: QuerySet[Account]) -> list[Account]:
    """The accounts of a page of those that wait. Found by id: to sort tens of thousands whole takes twice as long."""
    ids = waiting_ids(all_of_them, max(page.start_index() - 1, 0), page.end_index(), count=page.paginator.count)
    found = Account.objects.select_related("owner").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def _rows(shown: list[Any], show: str) -> list[dict[str, Any]]:
    """What is shown of each account, in as many queries however many there are."""
    accounts: list[Account] = [one if show == WAITING else one.account.merged_into or one.account for one in shown]
    levels = levels_in_force([one.pk for one in accounts])
    protections = Protection.objects.in_bulk([one.pk for one in accounts])
    return [
        {
            "account": account,
            "review": None if show == WAITING else one,
            "owner": one.owner,
            "level": levels[account.pk],
            "why": why_in_short(computed) if (computed := levels[account.pk].computed) else "",
            "protection": protections.get(account.pk),
        }
        for one, account in zip(shown, accounts, strict=True)
    ]
