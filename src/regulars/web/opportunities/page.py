"""One opportunity: for who follows it up, before and after each talk, to decide on the next step; and making one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.core.money import from_minor
from regulars.facts.accounts import of_account, visible_accounts
from regulars.facts.models import AccountGoal
from regulars.facts.offerings import offerings
from regulars.facts.signals import SignalSource
from regulars.insight.affinity import KEPT_AN_ACCOUNT, KINDS, suggestions_of
from regulars.plan.models import Handover, Opportunity, Promise
from regulars.plan.opportunities import (
    change_opportunity,
    home_of,
    lose_opportunity,
    move_opportunity,
    open_from_suggestion,
    open_opportunity,
    reopen_opportunity,
    visible_opportunities,
    win_opportunity,
)
from regulars.plan.opportunity_stages import learned_chances, stages
from regulars.plan.promises import make_promise
from regulars.web.account.promises import PromiseForm
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.opportunities.board import chance_sentence
from regulars.web.opportunities.forms import USUAL_STEP_DAYS, LostForm, OpportunityForm, WonForm, minor_of

BY_SOURCE = {"goal": Opportunity.Source.GOAL, "white_space": Opportunity.Source.WHITE_SPACE}


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Open an opportunity with an account; `offering`, `title` and `from` of the address are filled in."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    initial = _filled_in(request)
    form = OpportunityForm(request.POST if request.method == "POST" else None, desk=desk, initial=initial)
    if request.method == "POST" and form.is_valid():
        source = BY_SOURCE.get(request.GET.get("from", ""), Opportunity.Source.OWN)
        try:
            made = open_opportunity(
                account=account,
                on=desk.day,
                member=desk.member,
                stage=form.cleaned_data["stage"],
                source=source,
                record=_goal(request, desk),
                **form.said(),
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("Opened: %(title)s") % {"title": made.title}))
            return redirect("opportunity", uid=made.uid)
    context = {**heading(desk, account, tab="account_growth"), "form": form}
    return render(request, "web/opportunities/new.html", context, status=422 if form.errors else 200)


def _filled_in(request: HttpRequest) -> dict[str, str]:
    """What the address says: an offering, which is the title, too, where no other is given."""
    initial = {name: request.GET[name] for name in ("title", "offering") if request.GET.get(name)}
    if "offering" in initial and "title" not in initial:
        try:
            named = offerings().filter(uid=uuid.UUID(initial["offering"])).first()
        except ValueError:
            return {}
        initial["title"] = named.name if named is not None else ""
    return initial


def _goal(request: HttpRequest, desk: Desk) -> SignalSource | None:
    """The goal of the account that it comes from, where the address names one."""
    try:
        wanted = uuid.UUID(request.GET.get("goal", ""))
    except ValueError:
        return None
    found = AccountGoal.objects.filter(uid=wanted, account__in=visible_accounts(desk.member)).first()
    return SignalSource.of(found) if found is not None else None


@require_POST
def suggested(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Make an opportunity of something that is suggested to the account."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    kind, item = request.POST.get("kind", ""), request.POST.get("item", "")
    if kind not in KINDS:
        raise Http404
    found = [one for one in suggestions_of(account, kind=kind, most=KEPT_AN_ACCOUNT) if one.item == item]
    if not found:
        raise Http404
    made = open_from_suggestion(
        account=account,
        suggestion=found[0],
        on=desk.day,
        member=desk.member,
        next_step_on=desk.day + timedelta(days=USUAL_STEP_DAYS),
    )
    show_next(request, Toast(text=_("Opened: %(title)s") % {"title": made.title}))
    return redirect("opportunity", uid=made.uid)


@require_http_methods(["GET", "HEAD", "POST"])
def opportunity(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read it; change what is said of it."""
    desk = desk_of(request)
    found = found_opportunity(desk, uid)
    if request.method != "POST":
        return _shown(request, desk, found)
    require(desk.member, Permission.WRITE)
    form = OpportunityForm(request.POST, desk=desk, opportunity=found)
    if not form.is_valid():
        return _shown(request, desk, found, {"change": form})
    try:
        change_opportunity(opportunity=found, on=desk.day, member=desk.member, **form.said())
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, {"change": form})
    show_next(request, Toast(text=_("Kept.")))
    return redirect("opportunity", uid=uid)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Go on with it; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = found_opportunity(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = _form_of(verb, request, desk, found)
    if form is not None and not form.is_valid():
        return _shown(request, desk, found, {verb: form})
    try:
        toast = VERBS[verb](found, desk, form.cleaned_data if form else _typed(request))
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, {verb: form})
    show_next(request, toast)
    return _onward(request, desk, found, verb)


def _typed(request: HttpRequest) -> dict[str, str]:
    """What was sent without a form; to take something back, the address says what to."""
    return {name: str(value) for name, value in {**request.GET.dict(), **request.POST.dict()}.items()}


def _onward(request: HttpRequest, desk: Desk, found: Opportunity, verb: str) -> HttpResponse:
    """Moved on the board, one goes on there; a hand-over that was opened is written next."""
    if verb == "move" and request.POST.get("back") == "board":
        whose = request.POST.get("whose", "")
        return redirect(f"{reverse('opportunities')}?whose={whose}" if whose.isascii() and whose else "opportunities")
    if verb == "won" and request.POST.get("hand_over"):
        under_way = Handover.objects.filter(of_account(home_of(found)), state__in=Handover.UNDER_WAY).first()
        if under_way is not None:
            return redirect("handover", uid=under_way.uid)
    return redirect("opportunity", uid=found.uid)


def _form_of(verb: str, request: HttpRequest, desk: Desk, found: Opportunity) -> forms.Form | None:
    if verb == "won":
        return WonForm(request.POST, opportunity=found, may_hand_over=_may_hand_over(desk, found))
    if verb == "lost":
        return LostForm(request.POST)
    return PromiseForm(request.POST, desk=desk) if verb == "promise" else None


def found_opportunity(desk: Desk, uid: uuid.UUID) -> Opportunity:
    """The opportunity with this uid that the member may see; absent otherwise."""
    seen = visible_opportunities(desk.member).filter(uid=uid)
    found = seen.select_related("account__merged_into", "owner", "offering__better").first()
    if found is None:
        raise Http404
    return found


def _sees_account(desk: Desk, found: Opportunity) -> bool:
    return visible_accounts(desk.member).filter(pk=home_of(found).pk).exists()


def _may_hand_over(desk: Desk, found: Opportunity) -> bool:
    home = home_of(found)
    under_way = Handover.objects.filter(of_account(home), state__in=Handover.UNDER_WAY)
    return _sees_account(desk, found) and not under_way.exists()


def _shown(
    request: HttpRequest, desk: Desk, found: Opportunity, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    known = stages()
    chance = learned_chances(known).get(found.stage)
    names = {one.key: one.name for one in known}
    is_open = found.state == Opportunity.State.OPEN
    amount = None if found.amount_minor is None else float(from_minor(found.amount_minor, found.currency))
    source = SignalSource.of(found)
    promised = Promise.objects.filter(source_kind=source.kind, source_uid=source.uid).select_related("owner")
    context = {
        "desk": desk,
        "account": home_of(found),
        "sees_account": _sees_account(desk, found),
        "opportunity": found,
        "is_open": is_open,
        "may_act": desk.may_write and is_open,
        "late": is_open and found.next_step_on is not None and found.next_step_on < desk.day,
        "stages": [(one.key, one.name, one.key == found.stage) for one in known],
        "stage_name": names.get(found.stage, found.stage),
        "chance": chance,
        "chance_sentence": chance_sentence(chance) if chance and is_open else "",
        "amount": amount,
        "expected": amount * chance.chance if amount is not None and chance else None,
        "steps": [
            (step, names.get(step.stage, step.stage), _units(step.amount_minor, found.currency))
            for step in found.steps.select_related("member").order_by("pk")
        ],
        "promises": promised.order_by("due_on", "pk"),
        "case": getattr(found, "business_case", None),
        "form": refused.get("change") or OpportunityForm(desk=desk, opportunity=found),
        "is_changing": "change" in refused,
        "won_form": refused.get("won")
        or WonForm(opportunity=found, may_hand_over=is_open and _may_hand_over(desk, found)),
        "lost_form": refused.get("lost") or LostForm(),
        "promise_form": refused.get("promise") or PromiseForm(desk=desk),
    }
    return render(request, "web/opportunities/page.html", context, status=422 if refused else 200)


def _units(minor: int | None, currency: str) -> float | None:
    return None if minor is None else float(from_minor(minor, currency))


Said = Mapping[str, Any]


def _move(found: Opportunity, desk: Desk, said: Said) -> Toast:
    before = found.stage
    moved = move_opportunity(opportunity=found, stage=str(said.get("stage", "")), on=desk.day, member=desk.member)
    names = {one.key: one.name for one in stages()}
    undo = f"{reverse('opportunity_act', args=[found.uid, 'move'])}?stage={before}"
    return Toast(
        text=_("%(title)s: %(stage)s") % {"title": found.title, "stage": names[moved.stage]},
        undo=undo if before in names and before != moved.stage else "",
    )


def _won(found: Opportunity, desk: Desk, said: Said) -> Toast:
    win_opportunity(
        opportunity=found,
        on=desk.day,
        member=desk.member,
        said=said["said"],
        amount_minor=minor_of(said["amount"], found.currency),
        hand_over=said.get("hand_over", False),
    )
    return Toast(text=_("Won: %(title)s") % {"title": found.title}, undo=_undone_by(found))


def _lost(found: Opportunity, desk: Desk, said: Said) -> Toast:
    lose_opportunity(opportunity=found, reason=said["reason"], on=desk.day, member=desk.member, said=said["said"])
    return Toast(text=_("Lost: %(title)s") % {"title": found.title}, undo=_undone_by(found))


def _reopen(found: Opportunity, desk: Desk, said: Said) -> Toast:
    reopen_opportunity(opportunity=found, on=desk.day, member=desk.member)
    return Toast(text=_("It is open again."))


def _promise(found: Opportunity, desk: Desk, said: Said) -> Toast:
    make_promise(
        account=home_of(found),
        text=said["text"],
        due_on=said["due_on"],
        on=desk.day,
        member=desk.member,
        owner=said["owner"],
        source=said["source"] or found.title,
        record=SignalSource.of(found),
    )
    return Toast(text=_("Promised: %(what)s") % {"what": said["text"]})


def _undone_by(found: Opportunity) -> str:
    return reverse("opportunity_act", args=[found.uid, "reopen"])


VERBS: dict[str, Callable[[Opportunity, Desk, Said], Toast]] = {
    "move": _move,
    "won": _won,
    "lost": _lost,
    "reopen": _reopen,
    "promise": _promise,
}
