"""Lost customers. For who leads sales once a week, and for who meets one that was lost: to decide whom to win back
first, what to offer, from whom to part well, and at whom to look again; and what customers leave for.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import day as day_text
from regulars.base.formats import money, number, percent
from regulars.core.errors import Refusal
from regulars.facts.models import Loss
from regulars.plan.models import WhatIf, WinBack
from regulars.plan.winback import (
    LONGEST_GIFT,
    LONGEST_WORDS,
    answer_what_if,
    declare_lost,
    mark_won_back,
    note_reasons,
    offer_what_if,
    part_well,
    reasons_by_value,
    reopen_win_back,
    take_back_lost,
    to_look_at_again,
    visible_win_backs,
    win_back_of,
)
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

A_PAGE = 50
SHOWN = {
    "open": gettext_lazy("To be won back"),
    "again": gettext_lazy("Look again"),
    "settled": gettext_lazy("Settled"),
}
_DAY: dict[str, Any] = {"widget": forms.DateInput({"type": "date"}, format="%Y-%m-%d")}


class ReasonsForm(forms.Form):
    """Why it left."""

    reasons = forms.MultipleChoiceField(
        label=gettext_lazy("Why, as far as you know"),
        choices=WinBack.Reason.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    said = forms.CharField(
        label=gettext_lazy("In its words"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 2}),
    )


class LostForm(ReasonsForm):
    """Since when it is lost, how that is known, and why."""

    since = forms.DateField(label=gettext_lazy("Lost since"), **_DAY)
    known = forms.ChoiceField(label=gettext_lazy("How do you know?"), choices=Loss.Known.choices)
    field_order = ("since", "known", "reasons", "said")


class OfferForm(forms.Form):
    """What one would do."""

    text = forms.CharField(
        label=gettext_lazy("What if we …"),
        max_length=LONGEST_WORDS,
        help_text=gettext_lazy("For example: delivered within a day, kept this year's price"),
    )


class AnswerForm(forms.Form):
    """What it said to that."""

    offer = forms.UUIDField()
    answer = forms.ChoiceField(choices=WhatIf.Answer.choices, required=False)
    said = forms.CharField(required=False, max_length=LONGEST_WORDS)


class PartForm(forms.Form):
    """How one parts."""

    gift = forms.CharField(label=gettext_lazy("Parting gift"), required=False, max_length=LONGEST_GIFT)
    door_open = forms.BooleanField(label=gettext_lazy("We told it that our door stays open"), required=False)
    recommendation_asked = forms.BooleanField(label=gettext_lazy("We asked for a recommendation"), required=False)
    look_again_on = forms.DateField(
        label=gettext_lazy("Look again on"),
        required=False,
        help_text=gettext_lazy("In half a year, if you leave it empty"),
        **_DAY,
    )


@require_safe
def win_backs(request: HttpRequest) -> HttpResponse:
    """Whom to win back, most expected money first; at whom to look again; what is settled; and why customers left."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    show = request.GET.get("show", "open")
    show = show if show in SHOWN else "open"
    again = to_look_at_again(member=desk.member, on=desk.day)
    found = _listed(show, desk, again).select_related("account__merged_into", "account__owner")
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    report = reasons_by_value(member=desk.member)
    context = {
        "desk": desk,
        "show": show,
        "tabs": [(key, label, key == show) for key, label in SHOWN.items()],
        "due": again.count(),
        "page": page,
        "rows": [(one, one.account.merged_into or one.account, _state_told(one)) for one in page],
        "report": report,
    }
    return render(request, "web/winback/list.html", context)


def _listed(show: str, desk: Desk, again: QuerySet[WinBack]) -> QuerySet[WinBack]:
    seen = visible_win_backs(desk.member)
    if show == "again":
        return again
    if show == "settled":
        return seen.filter(state__in=[WinBack.State.WON, WinBack.State.PARTED]).order_by("-settled_on", "-pk")
    return seen.filter(state=WinBack.State.OPEN)


def _state_told(work: WinBack) -> str:
    """What became of it, or that it is lost and how that is known."""
    if work.settled_on is None:
        since = _("lost since %(day)s, as was told") if work.loss_id else _("no order since %(day)s")
        return since % {"day": day_text(work.since)}
    said = {"day": day_text(work.settled_on)}
    if work.state == WinBack.State.PARTED:
        told = _("parted well on %(day)s") % said
        return f"{told} · " + _("look again on %(day)s") % {"day": day_text(work.look_again_on or work.settled_on)}
    if work.state == WinBack.State.WON:
        return (_("won back by its order of %(day)s") if work.by_order else _("won back on %(day)s")) % said
    return _("was not lost, said on %(day)s") % said


def _chance_told(work: WinBack, currency: str) -> str:
    said = {
        "worth": money(work.worth, currency),
        "chance": percent(work.chance, digits=0),
        "count": number(work.chance_cases),
    }
    if not work.chance_cases:
        guessed = _(
            "It was worth %(worth)s a year. The chance that it orders again within a year is %(chance)s: a cautious "
            "guess, as too few earlier losses are known."
        )
        return guessed % said
    learned = ngettext(
        "It was worth %(worth)s a year. The chance that it orders again within a year is %(chance)s, learned from "
        "%(count)s earlier loss of this kind.",
        "It was worth %(worth)s a year. The chance that it orders again within a year is %(chance)s, learned from "
        "%(count)s earlier losses of this kind.",
        work.chance_cases,
    )
    return learned % said


@require_http_methods(["GET", "HEAD", "POST"])
def account_loss(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Whether an account is lost; here that is declared. The first page of the account shows it, too."""
    desk, account = opened(request, uid)
    form = LostForm(request.POST or None, initial={"since": desk.day}, auto_id="lost_%s")
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid():
            try:
                work = declare_lost(account=account, on=desk.day, member=desk.member, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                undo = reverse("win_back_act", args=[work.uid, "mistake"])
                show_next(request, Toast(text=_("Noted as lost. Who leads is asked to meet it."), undo=undo))
                return redirect("win_back", uid=work.uid)
    work_now = win_back_of(account, member=desk.member)
    context = {
        **heading(desk, account, tab="account"),
        "work": work_now,
        "told": work_now and capfirst(_state_told(work_now)),
        "chance": work_now and _chance_told(work_now, desk.currency),
        "form": form,
    }
    return render(request, "web/winback/account.html", context, status=422 if form.errors else 200)


@require_safe
def win_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The work on one lost account: why it left, what it was offered, how it ended."""
    desk = desk_of(request)
    return _shown(request, desk, _found(desk, uid))


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Do something about a lost account; a refusal keeps what was typed."""
    desk = desk_of(request)
    work = _found(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = FORMS[verb](request.POST) if verb in FORMS else None
    if form is not None and not form.is_valid():
        return _shown(request, desk, work, refused={verb: form})
    try:
        text = VERBS[verb](work, desk, form.cleaned_data if form else {})
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, work, refused={verb: form})
    undo = reverse("win_back_act", args=[uid, "reopen"]) if verb in ("won", "part") else ""
    show_next(request, Toast(text=text, undo=undo))
    return redirect("win_back", uid=uid)


def _found(desk: Desk, uid: uuid.UUID) -> WinBack:
    seen = visible_win_backs(desk.member).filter(uid=uid)
    found = seen.select_related("account__merged_into", "loss").first()
    if found is None:
        raise Http404
    return found


def _shown(
    request: HttpRequest, desk: Desk, work: WinBack, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    noted = {"reasons": work.reasons, "said": work.said}
    context = {
        **heading(desk, work.account.merged_into or work.account, tab="account"),
        "work": work,
        "told": capfirst(_state_told(work)),
        "chance": _chance_told(work, desk.currency),
        "offers": work.offers.select_related("member").order_by("pk"),
        "answers": WhatIf.Answer.choices,
        "reasons_told": ", ".join(str(WinBack.Reason(one).label) for one in work.reasons),
        "is_open": work.state == WinBack.State.OPEN,
        "is_settled": work.state in (WinBack.State.WON, WinBack.State.PARTED),
        "why": refused.get("reasons") or ReasonsForm(initial=noted, auto_id="why_%s"),
        "offer": refused.get("offer") or OfferForm(auto_id="offer_%s"),
        "part": refused.get("part") or PartForm(auto_id="part_%s"),
        "answer": refused.get("answer"),
    }
    return render(request, "web/winback/work.html", context, status=422 if refused else 200)


Said = Mapping[str, Any]


def _reasons(work: WinBack, desk: Desk, said: Said) -> str:
    note_reasons(win_back=work, reasons=said["reasons"], said=said["said"], member=desk.member)
    return _("Noted why it left.")


def _offer(work: WinBack, desk: Desk, said: Said) -> str:
    offer_what_if(win_back=work, text=said["text"], on=desk.day, member=desk.member)
    return _("Noted what it was offered.")


def _answer(work: WinBack, desk: Desk, said: Said) -> str:
    offer = work.offers.filter(uid=said["offer"]).first()
    if offer is None:
        raise Http404
    answer_what_if(offer=offer, answer=said["answer"], said=said["said"], on=desk.day, member=desk.member)
    return _("Noted what it answered.")


def _won(work: WinBack, desk: Desk, said: Said) -> str:
    mark_won_back(win_back=work, on=desk.day, member=desk.member)
    return _("Won back.")


def _part(work: WinBack, desk: Desk, said: Said) -> str:
    parted = part_well(win_back=work, on=desk.day, member=desk.member, **said)
    again: date = parted.look_again_on or desk.day
    return _("Parted well; look again on %(day)s.") % {"day": day_text(again)}


def _reopen(work: WinBack, desk: Desk, said: Said) -> str:
    reopen_win_back(win_back=work, member=desk.member)
    return _("It is to be won back again.")


def _mistake(work: WinBack, desk: Desk, said: Said) -> str:
    take_back_lost(win_back=work, on=desk.day, member=desk.member)
    return _("Taken back: it is not lost.")


VERBS: dict[str, Callable[[WinBack, Desk, Said], str]] = {
    "reasons": _reasons,
    "offer": _offer,
    "answer": _answer,
    "won": _won,
    "part": _part,
    "reopen": _reopen,
    "mistake": _mistake,
}
FORMS: dict[str, type[forms.Form]] = {
    "reasons": ReasonsForm,
    "offer": OfferForm,
    "answer": AnswerForm,
    "part": PartForm,
}

urlpatterns = [
    path("win-back/", win_backs, name="win_backs"),
    path("win-back/<uuid:uid>/", win_back, name="win_back"),
    path("win-back/<uuid:uid>/<slug:verb>/", act, name="win_back_act"),
    path("accounts/<uuid:uid>/loss/", account_loss, name="account_loss"),
]
