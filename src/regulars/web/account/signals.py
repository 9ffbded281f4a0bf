"""Signals of an account: noted in a few words when something is heard, read again before a talk, withdrawn if wrong."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.models import Account, Signal
from regulars.facts.signal_kinds import KINDS, STRONGEST, WEAKEST, Direction
from regulars.facts.signals import (
    LONGEST_REASON,
    record_signal,
    restore_signal,
    visible_signals,
    withdraw_signal,
)
from regulars.insight.live_signals import LiveSignal
from regulars.insight.protection import ProtectionInWords, protect, protection_of
from regulars.insight.sentences import Sentence
from regulars.plan.protected_care import care_sentences
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

MOST_SHOWN = 200
"""An account has a handful; nobody reads further."""

GROUPS = {
    Direction.RISK: gettext_lazy("Bears on the risk"),
    Direction.POTENTIAL: gettext_lazy("Bears on the potential"),
}


class SignalForm(forms.Form):
    """Something that was seen or heard of an account."""

    kind = forms.ChoiceField(label=gettext_lazy("What was seen"))
    said = forms.CharField(
        label=gettext_lazy("In a few words"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
    )
    on = forms.DateField(
        label=gettext_lazy("Seen on"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    strength = forms.TypedChoiceField(label=gettext_lazy("How strong"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, day: date, **options: Any) -> None:
        """`day` is that of a signal of which none is said."""
        options.setdefault("auto_id", "signal_%s")
        super().__init__(*args, **options)
        self.day = day
        kinds = [("", _("Choose …"))] + [
            (label, [(kind.key, capfirst(str(kind.label))) for kind in KINDS.values() if kind.direction == direction])
            for direction, label in GROUPS.items()
        ]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["strength"].choices = [("", _("As usual for it")), *_strengths()]  # type: ignore[attr-defined]

    def clean_on(self) -> date:
        said: date | None = self.cleaned_data["on"]
        if said is not None and said > self.day:
            raise forms.ValidationError(_("That day is yet to come."))
        return said or self.day


class WithdrawForm(forms.Form):
    """Why a signal was wrong."""

    reason = forms.CharField(label=gettext_lazy("What was wrong with it"), max_length=LONGEST_REASON)


def _strengths() -> Iterator[tuple[str, str]]:
    ends = {WEAKEST: _("1: hardly worth noting"), 3: _("3: to be taken seriously"), STRONGEST: _("5: decisive")}
    yield from ((str(one), ends.get(one, str(one))) for one in range(WEAKEST, STRONGEST + 1))


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the block of the first page says: the level with its reasons, and what still counts."""

    protection: ProtectionInWords
    why: list[Sentence]
    signals: list[tuple[LiveSignal, str, str]]
    """Each with what it is called and what is left of it, in words."""


def signals_context(desk: Desk, account: Account, *, form: SignalForm | None = None) -> dict[str, Any]:
    """The context of `account/signals_block.html`; `form` is an attempt that failed, with what was typed."""
    told = protection_of(account, on=desk.day, currency=desk.currency)
    of_signals = {f"signal_{one.uid}": one for one in told.signals}
    said = {one.key: one.text for one in told.sentences}
    shown = Shown(
        protection=told,
        why=[one for one in told.sentences if one.key not in of_signals],
        signals=[(one, capfirst(str(KINDS[one.kind].label)), said[key]) for key, one in of_signals.items()],
    )
    return {"shown": shown, "signal_form": form or SignalForm(day=desk.day, initial={"on": desk.day})}


@require_http_methods(["GET", "HEAD", "POST"])
def signals(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """All signals of an account, those that count no more and those withdrawn too; a new one is noted here."""
    desk, account = opened(request, uid)
    form = SignalForm(request.POST or None, day=desk.day, initial={"on": desk.day})
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid() and _recorded(request, form, desk, account):
            return redirect("account", uid=account.uid)
    found = visible_signals(desk.member).filter(account=account).select_related("recorded_by", "withdrawn_by")
    context = {
        **heading(desk, account, tab="account_signals"),
        **signals_context(desk, account, form=form),
        "signals": [(one, capfirst(str(one.get_kind_display()))) for one in found[:MOST_SHOWN]],
        "care": care_sentences(account, on=desk.day),
    }
    return render(request, "web/account/signals.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def signal(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read one signal; withdraw it, with the reason."""
    desk = desk_of(request)
    found = _signal(desk, uid)
    form = WithdrawForm(_given(request))
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid() and _withdrawn(request, form, desk, found):
            return redirect("account", uid=found.account.uid)
    context = {
        **heading(desk, found.account, tab="account_signals"),
        "signal": found,
        "what": capfirst(str(found.get_kind_display())),
        "form": form,
    }
    return render(request, "web/account/signal.html", context, status=422 if form.errors else 200)


@require_POST
def restore(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Let a withdrawn signal count again."""
    desk = desk_of(request)
    found = _signal(desk, uid)
    restore_signal(signal=found, member=desk.member)
    protect([found.account_id], on=desk.day)
    show_next(request, Toast(text=_("It counts again.")))
    return redirect("account", uid=found.account.uid)


def _signal(desk: Desk, uid: uuid.UUID) -> Signal:
    found = visible_signals(desk.member).filter(uid=uid)
    one = found.select_related("account__merged_into", "recorded_by", "withdrawn_by").first()
    if one is None:
        raise Http404
    return one


def _given(request: HttpRequest) -> Any:
    """What was typed; where recording is taken back, the reason speaks for itself."""
    if request.method != "POST":
        return None
    return {"reason": _("Noted by mistake")} if "undo" in request.GET else request.POST


def _recorded(request: HttpRequest, form: SignalForm, desk: Desk, account: Account) -> bool:
    said = form.cleaned_data
    try:
        made = record_signal(
            account=account,
            kind=said["kind"],
            observed_on=said["on"],
            member=desk.member,
            said=said["said"],
            strength=said["strength"],
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    protect([made.account_id], on=desk.day)
    text = _("Noted: %(what)s.") % {"what": made.get_kind_display()}
    show_next(request, Toast(text=text, undo=f"{reverse('account_signal', args=[made.uid])}?undo=1"))
    return True


def _withdrawn(request: HttpRequest, form: WithdrawForm, desk: Desk, found: Signal) -> bool:
    try:
        withdraw_signal(signal=found, member=desk.member, reason=form.cleaned_data["reason"])
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    protect([found.account_id], on=desk.day)
    undo = reverse("account_signal_restore", args=[found.uid])
    show_next(request, Toast(text=_("Withdrawn. It no longer counts."), undo=undo))
    return True
