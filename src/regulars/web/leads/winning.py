"""A lead is won: the seller says to whom the customer goes and what was promised, so that nothing said is lost."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.accounts import find_account, visible_accounts
from regulars.facts.models import Lead
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.leads import Given, Won, win_lead
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.leads.forms import MOST_PROMISES, WinForm
from regulars.web.leads.lead import alike_for, found_lead
from regulars.web.leads.queue import frame_of


@require_http_methods(["GET", "HEAD", "POST"])
def won(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Make it a customer, with its hand-over and promises."""
    desk = desk_of(request)
    found = found_lead(desk, uid)
    require(desk.member, Permission.WRITE)
    if found.state not in Lead.OPEN:
        raise Http404
    form = WinForm(request.POST if request.method == "POST" else None, desk=desk, lead=found)
    if request.method == "POST" and form.is_valid():
        try:
            made = _won(found, desk, form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _after(request, desk, made)
    context = {
        **frame_of(desk, tab="queue"),
        "lead": found,
        "form": form,
        "alike": [one for one, seen in alike_for(desk, found) if seen],
    }
    return render(request, "web/leads/won.html", context, status=422 if form.errors else 200)


def _won(found: Lead, desk: Desk, said: dict[str, Any]) -> Won:
    promises = [
        Given(text=said[f"promise_{place}"], due_on=said[f"due_{place}"])
        for place in range(MOST_PROMISES)
        if said[f"promise_{place}"]
    ]
    return win_lead(
        lead=found,
        at=moment_of_work(),
        member=desk.member,
        account=find_account(said["account"], member=desk.member) if said["account"] else None,
        hand_over=not said["keep"],
        receiver=said["receiver"],
        work=said["work"],
        cares_about=said["cares_about"],
        promises=promises,
    )


def _after(request: HttpRequest, desk: Desk, made: Won) -> HttpResponse:
    if made.handover is not None:
        show_next(request, Toast(text=_("Won! Complete the hand-over and send it.")))
        return redirect("handover", uid=made.handover.uid)
    show_next(request, Toast(text=_("Won! %(account)s is a customer now.") % {"account": made.account}))
    if visible_accounts(desk.member).filter(pk=made.account.pk).exists():
        return redirect("account", uid=made.account.uid)
    return redirect("lead", uid=made.lead.uid)
