"""The growth of one account: for who prepares a talk, to decide what to offer, whom to ask, and what to find out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, may, require
from regulars.base.formats import money
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account
from regulars.facts.goals import (
    LONGEST_SOURCE,
    LONGEST_TEXT,
    end_goal,
    live_goals,
    note_goal,
    resume_goal,
    visible_goals,
)
from regulars.facts.models import Account, AccountGoal, Contact
from regulars.insight.streams import streams_of
from regulars.insight.white_space import STATES, Row, State, white_space_of
from regulars.plan.models import Opportunity
from regulars.plan.opportunities import open_opportunities, visible_opportunities
from regulars.plan.opportunity_stages import stages
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

MOST_SHOWN = 20
MOST_STREAMS = 6


class GoalForm(forms.Form):
    """What the account wants to reach, or what troubles it."""

    kind = forms.ChoiceField(label=gettext_lazy("What it is"), choices=AccountGoal.Kind.choices)
    text = forms.CharField(label=gettext_lazy("In their words"), max_length=LONGEST_TEXT)
    contact = forms.ModelChoiceField(
        label=gettext_lazy("Who said it"), queryset=Contact.objects.none(), required=False, to_field_name="uid"
    )
    since = forms.DateField(
        label=gettext_lazy("Since"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    source = forms.CharField(
        label=gettext_lazy("Where it was said"),
        max_length=LONGEST_SOURCE,
        required=False,
        help_text=gettext_lazy("For example: visit of 3 May, their annual report"),
    )

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        options["auto_id"] = "goal_%s"
        super().__init__(*args, **options)
        contact: Any = self.fields["contact"]
        contact.queryset = account.contacts.filter(active=True).order_by("name", "pk")
        contact.empty_label = _("Nobody in particular")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A new stream of business, in words."""

    offering: str
    state: str
    reasons: Sequence[str]
    expected: str
    address: str
    """Where an opportunity is made of it."""
    ask: str
    """Where it is said who supplies it."""


@require_safe
def growth(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What the account may buy next: opportunities, new streams, white space, goals."""
    desk, account = opened(request, uid)
    return shown(request, desk, account)


@require_http_methods(["GET", "HEAD", "POST"])
def note(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Note a goal or a challenge; a refusal keeps what was typed."""
    desk, account = opened(request, uid)
    if request.method != "POST":
        return redirect("account_growth", uid=account.uid)
    require(desk.member, Permission.WRITE)
    form = GoalForm(request.POST, account=account)
    if not form.is_valid():
        return shown(request, desk, account, goal_form=form)
    try:
        made = note_goal(account=account, on=desk.day, member=desk.member, **form.cleaned_data)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return shown(request, desk, account, goal_form=form)
    undo = reverse("account_goal_act", args=[made.uid, "withdraw"])
    show_next(request, Toast(text=_("Noted: %(what)s") % {"what": made.text}, undo=undo))
    return redirect("account_growth", uid=account.uid)


ENDS = {
    "reached": AccountGoal.State.REACHED,
    "given-up": AccountGoal.State.GIVEN_UP,
    "withdraw": AccountGoal.State.WITHDRAWN,
}


@require_POST
def goal_act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Say what became of a goal, or take that back."""
    desk = desk_of(request)
    found = visible_goals(desk.member).filter(uid=uid).select_related("account").first()
    if found is None or verb not in {*ENDS, "resume"}:
        raise Http404
    require(desk.member, Permission.WRITE)
    if verb == "resume":
        resume_goal(goal=found, member=desk.member)
        show_next(request, Toast(text=_("It stands again.")))
    else:
        ended = end_goal(goal=found, state=ENDS[verb], on=desk.day, member=desk.member)
        undo = reverse("account_goal_act", args=[uid, "resume"])
        show_next(request, Toast(text=f"{ended.get_state_display()}: {ended.text}", undo=undo))
    return redirect("account_growth", uid=found.account.uid)


def shown(request: HttpRequest, desk: Desk, account: Account, *, goal_form: GoalForm | None = None) -> HttpResponse:
    """The page, with a form as it was typed where that was refused."""
    as_of = desk.figures_of
    rows = white_space_of(account, member=desk.member, as_of=as_of)
    own = rows[0]
    names = {one.key: one.name for one in stages()}
    related = open_opportunities(account, member=desk.member).select_related("owner", "offering")
    decided = visible_opportunities(desk.member).filter(of_account(account)).exclude(state=Opportunity.State.OPEN)
    context = {
        **heading(desk, account, tab="account_growth"),
        "opportunities": [(one, names.get(one.stage, one.stage)) for one in related[:MOST_SHOWN]],
        "decided": decided.order_by("-closed_on", "-pk")[:5],
        "streams": _streams(desk, account, own),
        "own_cells": [(cell, STATES[cell.state], cell.sentence(desk.currency)) for cell in own.cells],
        "counts": _counts(own),
        "below": [(row, [(cell, STATES[cell.state]) for cell in row.cells]) for row in rows[1:]],
        "offerings": [cell.offering for cell in own.cells],
        "may_configure": may(desk.member, Permission.CONFIGURE),
        "goals": live_goals(account, member=desk.member).select_related("contact", "member")[:MOST_SHOWN],
        "past_goals": visible_goals(desk.member)
        .filter(account=account)
        .exclude(state__in=(AccountGoal.State.LIVE, AccountGoal.State.WITHDRAWN))[:5],
        "goal_form": goal_form or GoalForm(account=account),
    }
    return render(request, "web/opportunities/growth.html", context, status=422 if goal_form is not None else 200)


def _counts(row: Row) -> list[tuple[State, str, int]]:
    return [(state, str(STATES[state]), count) for state, count in row.counts.items() if count]


def _streams(desk: Desk, account: Account, row: Row) -> list[Shown]:
    under_way = set(open_opportunities(account, member=None).values_list("offering_id", flat=True))
    streams = streams_of(account, row, member=desk.member)
    found = [one for one in streams if one.offering.pk not in under_way][:MOST_STREAMS]
    new, ask = reverse("account_opportunity_new", args=[account.uid]), reverse("account_supply", args=[account.uid])
    return [
        Shown(
            offering=one.offering.name,
            state=str(STATES[one.state]),
            reasons=one.reasons(desk.currency),
            expected="" if one.expected_sales is None else money(one.expected_sales, desk.currency),
            address=f"{new}?offering={one.offering.uid}&from={'goal' if one.goals else 'white_space'}"
            + (f"&goal={one.goals[0][0].uid}" if one.goals else ""),
            ask=f"{ask}?offering={one.offering.uid}",
        )
        for one in found
    ]
