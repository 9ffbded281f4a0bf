"""The queue of issues, for service in the morning and between calls: which one next? And who has reason to be cross."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regulars.base.organisation import zone
from regulars.facts.issues import overdue, visible_issues
from regulars.facts.models import Issue
from regulars.plan.dissatisfied import dissatisfied as find_dissatisfied
from regulars.plan.issue_rules import moment_of_work
from regulars.web.desk import Desk, desk_of

ISSUES_A_PAGE = 40
MOST_DISSATISFIED = 100

WHOSE: dict[str, str | Promise] = {
    "mine": gettext_lazy("Mine"),
    "team": gettext_lazy("My team’s"),
    "all": gettext_lazy("All"),
}
STATES: dict[str, str | Promise] = {
    "live": gettext_lazy("Unsolved"),
    "overdue": gettext_lazy("Overdue"),
    "waiting": gettext_lazy("Waiting"),
    "solved": gettext_lazy("Solved"),
    "closed": gettext_lazy("Closed"),
}


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Issues to work off, overdue ones first."""
    desk, at = desk_of(request), moment_of_work()
    whose = request.GET.get("whose", "")
    whose = whose if whose in WHOSE else "mine" if _of(desk, "mine").filter(state__in=Issue.LIVE).exists() else "all"
    state = request.GET.get("state", "")
    state = state if state in STATES else "live"
    found = _in_state(_of(desk, whose), state, at).select_related("account", "owner", "team")
    page = Paginator(_next_first(found, state), ISSUES_A_PAGE).get_page(request.GET.get("page"))
    context = {**frame_of(desk, at, tab="queue"), "page": page, "whose": whose, "state": state}
    return render(request, "web/issues/queue.html", {**context, "all_whose": WHOSE, "all_states": STATES})


@require_safe
def dissatisfied(request: HttpRequest) -> HttpResponse:
    """Customers who have reason to be dissatisfied, for the head of service: whom to call in person today."""
    desk, at = desk_of(request), moment_of_work()
    found, count = find_dissatisfied(desk.member, at=at, most=MOST_DISSATISFIED)
    context = {**frame_of(desk, at, tab="dissatisfied"), "found": found, "count": count}
    return render(request, "web/issues/dissatisfied.html", context)


def frame_of(desk: Desk, at: object, *, tab: str) -> dict[str, Any]:
    """The context that all pages of issues share."""
    return {"desk": desk, "at": at, "zone": zone(desk.organisation), "tab": tab}


def _of(desk: Desk, whose: str) -> QuerySet[Issue]:
    seen = visible_issues(desk.member)
    member = desk.member
    if whose == "mine":
        return seen.filter(Q(owner=member) | Q(escalated_to=member) | Q(owner=None, team=member.team_id or 0))
    if whose == "team":
        return seen.filter(Q(team=member.team_id or 0) | Q(owner__team=member.team_id or 0))
    return seen


def _in_state(issues: QuerySet[Issue], state: str, at: Any) -> QuerySet[Issue]:
    if state == "overdue":
        return overdue(issues, at=at)
    wanted = Issue.LIVE if state == "live" else (Issue.State(state),)
    return issues.filter(state__in=wanted)


def _next_first(issues: QuerySet[Issue], state: str) -> QuerySet[Issue]:
    """What is due first; what waits comes last, what is solved newest first."""
    if state in {"solved", "closed"}:
        return issues.order_by("-solved_at", "-pk")
    waits = Case(When(state=Issue.State.WAITING, then=1), default=0, output_field=IntegerField())
    return issues.order_by(waits, "due_at", "pk")
