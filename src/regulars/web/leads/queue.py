"""The queue of leads, for sellers of new business every morning: whom to call first, before somebody else does?"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may, require
from regulars.base.models import Member
from regulars.base.organisation import zone
from regulars.facts.leads import answer_due, may_work_on_leads, unanswered, visible_leads
from regulars.facts.models import Lead
from regulars.plan.issue_rules import moment_of_work
from regulars.web.desk import Desk, desk_of
from regulars.web.leads.forms import ContactedForm, RejectForm

LEADS_A_PAGE = 20
LONGEST_SEARCH = 100

WHOSE: dict[str, str | Promise] = {
    "mine": gettext_lazy("Mine"),
    "nobody": gettext_lazy("Nobody’s"),
    "all": gettext_lazy("All"),
}
STATES: dict[str, str | Promise] = {
    "open": gettext_lazy("Open"),
    "unanswered": gettext_lazy("Not answered yet"),
    "qualified": gettext_lazy("Fits, no talk yet"),
    "contacted": gettext_lazy("In talks"),
    "won": gettext_lazy("Won"),
    "lost": gettext_lazy("Lost"),
    "unqualified": gettext_lazy("Does not fit"),
}


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Leads to work on: those who wait for a first answer come first, the longest waiting on top."""
    desk, at = desk_of(request), moment_of_work()
    require(desk.member, Permission.READ)
    whose, state = _chosen(request, desk)
    channel = request.GET.get("channel", "")
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    found = _in_state(of_whom(desk, whose), state)
    if channel in Lead.Channel.values:
        found = found.filter(channel=channel)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(person__icontains=text) | Q(email__icontains=text))
    shown = _first_first(found, state).select_related("owner", "perhaps", "account__merged_into", "referral__account")
    page = Paginator(shown, LEADS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        **frame_of(desk, tab="queue"),
        "page": page,
        "whose": whose,
        "state": state,
        "channel": channel,
        "text": text,
        "all_whose": WHOSE,
        "all_states": STATES,
        "channels": [(key, capfirst(str(label))) for key, label in Lead.Channel.choices],
        "late_before": answer_due(at),
        "open_states": Lead.OPEN,
        "contacted_form": ContactedForm(auto_id=False),
        "reject_form": RejectForm(auto_id=False),
    }
    return render(request, "web/leads/queue.html", context)


def frame_of(desk: Desk, *, tab: str) -> dict[str, Any]:
    """The context that all pages of leads share."""
    return {
        "desk": desk,
        "zone": zone(desk.organisation),
        "tab": tab,
        "may_work": may_work_on_leads(desk.member),
        "may_manage": may(desk.member, Permission.MANAGE_LEADS),
    }


def of_whom(desk: Desk, whose: str) -> QuerySet[Lead]:
    """The leads that were asked for, of those that the member sees."""
    seen = visible_leads(desk.member)
    if whose == "mine":
        return seen.filter(owner=desk.member)
    return seen.filter(owner=None) if whose == "nobody" else seen


def waiting_for(member: Member) -> int:
    """How many leads wait for the first answer of this member, or of anybody where the member may take them."""
    mine = Q(owner=member)
    if member.role == Member.Role.NEW_BUSINESS_SELLER:
        mine |= Q(owner=None)
    return unanswered(visible_leads(member).filter(mine)).count()


def _chosen(request: HttpRequest, desk: Desk) -> tuple[str, str]:
    """What was asked for; where nobody asked, one's own open leads, if there are any."""
    whose, state = request.GET.get("whose", ""), request.GET.get("state", "")
    state = state if state in STATES else "open"
    if whose not in WHOSE:
        whose = "mine" if of_whom(desk, "mine").filter(state__in=Lead.OPEN).exists() else "all"
    return whose, state


def _in_state(leads: QuerySet[Lead], state: str) -> QuerySet[Lead]:
    if state == "unanswered":
        return unanswered(leads)
    return leads.filter(state__in=Lead.OPEN) if state == "open" else leads.filter(state=state)


def _first_first(leads: QuerySet[Lead], state: str) -> QuerySet[Lead]:
    if state not in {"open", "unanswered", "qualified", "contacted"}:
        return leads.order_by("-closed_at", "-pk")
    waits = Case(
        When(answered_at=None, fit=Lead.Fit.YES, then=0),
        When(answered_at=None, fit=Lead.Fit.OPEN, then=1),
        When(fit=Lead.Fit.NO, then=3),
        default=2,
        output_field=IntegerField(),
    )
    return leads.order_by(waits, "came_at", "pk")
