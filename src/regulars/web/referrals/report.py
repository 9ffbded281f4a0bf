"""What recommendations brought, for the sales head once a month and for who owes a customer a thank-you."""

from __future__ import annotations

import uuid

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.leads import visible_leads
from regulars.insight.lead_flow import revenue_of
from regulars.plan.models import Referral
from regulars.plan.referral_report import referral_report
from regulars.plan.referrals import (
    LONGEST_THANKS,
    home_of,
    take_back_thanks,
    thank,
    visible_referrals,
    withdraw_referral,
)
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.leads.queue import frame_of

A_PAGE = 30
SHOWN = ("all", "unthanked")


class ThanksForm(forms.Form):
    """How we said thank you."""

    how = forms.CharField(label=gettext_lazy("How we said thank you"), max_length=LONGEST_THANKS)


@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """Who brought whom, what became of it, and who was not thanked yet."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    show = request.GET.get("show", "all")
    show = show if show in SHOWN else "all"
    seen = visible_referrals(desk.member)
    found = seen.filter(thanked_on=None) if show == "unthanked" else seen
    related = found.select_related("account__merged_into", "lead__account__merged_into", "lead__owner", "contact")
    page = Paginator(related, A_PAGE).get_page(request.GET.get("page"))
    revenue = revenue_of(one.lead for one in page)
    context = {
        **frame_of(desk, tab="referrals"),
        "page": page,
        "rows": [(one, home_of(one), revenue.get(one.lead_id, 0.0)) for one in page],
        "linked": set(
            visible_leads(desk.member).filter(pk__in=[one.lead_id for one in page]).values_list("pk", flat=True)
        ),
        "show": show,
        "report": referral_report(desk.member),
    }
    return render(request, "web/referrals/report.html", context)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Say that they were thanked, or take it back; say that it was nobody's recommendation."""
    desk = desk_of(request)
    seen = visible_referrals(desk.member).filter(uid=uid).select_related("account__merged_into", "lead")
    found = seen.first()
    if found is None or verb not in {"thank", "unthank", "withdraw"}:
        raise Http404
    require(desk.member, Permission.WRITE)
    account = home_of(found)
    try:
        toast = _done(found, desk, verb, request.POST.get("how", ""))
    except Refusal as refusal:
        toast = Toast(text=str(refusal))
    show_next(request, toast)
    return redirect("account_referrals", uid=account.uid)


def _done(found: Referral, desk: Desk, verb: str, how: str) -> Toast:
    if verb == "thank":
        thank(referral=found, on=desk.day, member=desk.member, how=how)
        return Toast(text=_("Noted: they were thanked."), undo=reverse("referral_act", args=[found.uid, "unthank"]))
    if verb == "unthank":
        take_back_thanks(referral=found, member=desk.member)
        return Toast(text=_("Taken back."))
    withdraw_referral(referral=found, member=desk.member)
    return Toast(text=_("It is nobody’s recommendation now. The lead stays."))
