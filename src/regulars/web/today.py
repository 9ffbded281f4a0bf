"""Today: whom to contact and why, and what one does about it in two taps."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.formats import day as day_text
from regulars.core.errors import Refusal
from regulars.facts.interactions import USUAL_OUTCOMES
from regulars.facts.models import Interaction
from regulars.plan.actions import NOT_NOW, USUAL_OBJECTIONS, mark_done, mark_not_useful, reopen, snooze, visible_actions
from regulars.plan.handovers import waiting_for as handovers_waiting_for
from regulars.plan.models import Action
from regulars.plan.today import TodaysList, todays_list, weekly_digest
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.leads.queue import waiting_for

MINE, EVERYONE = "mine", "everyone"
CARDS_A_PAGE = 20

KINDS = [(kind.value, kind.label) for kind in Interaction.Kind if kind != Interaction.Kind.NOTE]
DELAYS = (
    (1, gettext_lazy("Tomorrow")),
    (3, gettext_lazy("In 3 days")),
    (7, gettext_lazy("In a week")),
    (30, gettext_lazy("In a month")),
)


class NotADay(Refusal):
    """A day that cannot be understood."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An attempt that failed: on which card, what, why, and what was typed there."""

    uid: uuid.UUID
    verb: str
    refusal: Refusal
    typed: Mapping[str, Any] = field(default_factory=dict)


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The list of the day."""
    return _list(request)


def _list(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    desk = desk_of(request)
    found, everyone = _chosen_list(request, desk)
    context = {
        "desk": desk,
        "list": found,
        "everyone": everyone,
        "at_stake": sum(card.stake for card in found.items),
        "refused": refused,
        "leads_waiting": waiting_for(desk.member) if desk.may_write else 0,
        "handovers_waiting": handovers_waiting_for(desk.member) if desk.may_write else 0,
        **_choices(),
    }
    return render(request, "web/today.html", context, status=422 if refused else 200)


def _chosen_list(request: HttpRequest, desk: Desk) -> tuple[TodaysList, bool]:
    """The list that was asked for, and whether it is everyone's: where nobody asked, one's own unless it is empty."""
    everyone = _looks_at_everyone(request, desk)
    if not everyone:
        own = todays_list(desk.member, desk.day)
        if own.items or not desk.sees_everyone or request.GET.get("whose") == MINE:
            return own, False
    return todays_list(None, desk.day), True


def _looks_at_everyone(request: HttpRequest, desk: Desk) -> bool:
    """Only who sees all accounts may look at the whole firm's list; others get their own, whatever they ask for."""
    return request.GET.get("whose") == EVERYONE and desk.sees_everyone


def _choices() -> dict[str, Any]:
    return {"outcomes": USUAL_OUTCOMES, "kinds": KINDS, "delays": DELAYS, "objections": USUAL_OBJECTIONS}


@require_safe
def digest(request: HttpRequest) -> HttpResponse:
    """What did not fit on the day's list, and what became of the week's actions."""
    desk = desk_of(request)
    everyone = _looks_at_everyone(request, desk)
    found = weekly_digest(None if everyone else desk.member, desk.day)
    cards = Paginator(found.items, CARDS_A_PAGE).get_page(request.GET.get("page"))
    context = {"desk": desk, "digest": found, "cards": cards, "everyone": everyone, **_choices()}
    return render(request, "web/digest.html", context)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Do something with an action, then show the list again; a refusal keeps what was typed."""
    desk = desk_of(request)
    action = visible_actions(desk.member).filter(uid=uid).select_related("account").first()
    if action is None or verb not in VERBS:
        raise Http404
    try:
        text = VERBS[verb](action, desk, request.POST)
    except Refusal as refusal:
        return _list(request, Refused(uid=uid, verb=verb, refusal=refusal, typed=request.POST.dict()))
    whose = (
        f"?whose={EVERYONE}" if _looks_at_everyone(request, desk) else f"?whose={MINE}" if desk.sees_everyone else ""
    )
    undo = "" if verb == "reopen" else reverse("today_act", args=[uid, "reopen"]) + whose
    show_next(request, Toast(text=text, undo=undo))
    return redirect(reverse("today") + whose)


def _done(action: Action, desk: Desk, said: Mapping[str, str]) -> str:
    mark_done(
        action=action,
        on=desk.day,
        outcome=said.get("outcome", ""),
        member=desk.member,
        text=said.get("text", ""),
        kind=said.get("kind", Interaction.Kind.CALL),
    )
    return _("Done and noted with %(account)s.") % {"account": action.account}


def _snooze(action: Action, desk: Desk, said: Mapping[str, str]) -> str:
    until = _day(said, desk.day)
    reason = said.get("reason", "").strip() or NOT_NOW
    snooze(action=action, on=desk.day, until=until, reason=reason, member=desk.member)
    return _("%(account)s is back on the list on %(day)s.") % {"account": action.account, "day": day_text(until)}


def _day(said: Mapping[str, str], today: date) -> date:
    """So many days from now (`days`), or the date that was written (`until`)."""
    try:
        return today + timedelta(days=int(said["days"])) if "days" in said else date.fromisoformat(said["until"])
    except (KeyError, ValueError, OverflowError):
        raise NotADay(_("That is not a day."), _("Choose a day after today.")) from None


def _not_useful(action: Action, desk: Desk, said: Mapping[str, str]) -> str:
    mark_not_useful(action=action, on=desk.day, reason=said.get("reason", ""), member=desk.member)
    return _("%(account)s: dismissed. This cause stays quiet about it for a while.") % {"account": action.account}


def _reopen(action: Action, desk: Desk, _said: Mapping[str, str]) -> str:
    reopen(action=action, member=desk.member)
    return _("%(account)s is open again.") % {"account": action.account}


VERBS = {"done": _done, "snooze": _snooze, "not-useful": _not_useful, "reopen": _reopen}
