"""What makes an account important, or could. For its manager after a talk that told what it buys elsewhere or why
others look up to it; the head of sales reads it when key accounts are chosen.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, Scope, account_scope, require
from regulars.base.formats import money
from regulars.core.errors import Refusal
from regulars.core.money import from_minor
from regulars.facts.accounts import of_account, seen_by
from regulars.facts.models import Account, ToldSign, WalletEstimate
from regulars.facts.told_signs import LONGEST_REASON, restore_sign, standing_signs, tell_sign, withdraw_sign
from regulars.facts.wallet_estimates import (
    HOLDS_FOR,
    LONGEST_SOURCE,
    estimate_wallet,
    estimates_of,
    restore_estimate,
    withdraw_estimate,
)
from regulars.insight.key_signs import key_signs_of, told_sign
from regulars.plan.models import KeyAccount
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

MOST_SHOWN = 20


class WalletForm(forms.Form):
    """What the account spends in all."""

    yearly = forms.DecimalField(
        label=gettext_lazy("What it spends a year on what we sell, with everyone"),
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
    )
    source = forms.CharField(
        label=gettext_lazy("How we know"),
        max_length=LONGEST_SOURCE,
        help_text=gettext_lazy("For example: their buyer at the fair; their annual report"),
    )
    estimated_on = forms.DateField(
        label=gettext_lazy("As of"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )


class SignForm(forms.Form):
    """A sign that no order shows."""

    sign = forms.ChoiceField(label=gettext_lazy("Sign"), choices=ToldSign.Sign.choices)
    reason = forms.CharField(label=gettext_lazy("What shows it"), max_length=LONGEST_REASON)


@require_http_methods(["GET", "HEAD", "POST"])
def signs(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The signs the account shows; tell one, or estimate its wallet."""
    desk, account = opened(request, uid)
    wallet: forms.Form = WalletForm(auto_id="wallet_%s", initial={"estimated_on": desk.day})
    sign: forms.Form = SignForm(auto_id="sign_%s")
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        is_sign = "sign" in request.POST
        if is_sign:
            sign = SignForm(request.POST, auto_id="sign_%s")
        else:
            wallet = WalletForm(request.POST, auto_id="wallet_%s")
        toast = _tried(sign if is_sign else wallet, _told if is_sign else _estimated, desk, account)
        if toast is not None:
            show_next(request, toast)
            return redirect("account_key_signs", uid=account.uid)
    context = {
        **heading(desk, account, tab="account_growth"),
        "signs": _signs(desk, account),
        "whole_firm": account_scope(desk.member) == Scope.ALL,
        "estimates": [_shown(one, desk) for one in estimates_of(account)[:MOST_SHOWN]],
        "wallet_form": wallet,
        "sign_form": sign,
        "key_account": KeyAccount.objects.filter(of_account(account), until=None).first(),
    }
    return render(request, "web/account/key_signs.html", context, status=422 if wallet.errors or sign.errors else 200)


def _signs(desk: Desk, account: Account) -> list[Any]:
    if account_scope(desk.member) == Scope.ALL:
        return key_signs_of(account, on=desk.day, member=desk.member)
    return [told_sign(one) for one in standing_signs(accounts=[account.pk])]


def _shown(one: WalletEstimate, desk: Desk) -> dict[str, Any]:
    amount = money(from_minor(one.yearly_minor, one.currency), one.currency)
    return {"record": one, "amount": amount, "old": one.estimated_on <= desk.day - HOLDS_FOR}


Made = Callable[[Desk, Account, dict[str, Any]], Toast]


def _tried(form: forms.Form, made: Made, desk: Desk, account: Account) -> Toast | None:
    if not form.is_valid():
        return None
    try:
        return made(desk, account, form.cleaned_data)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None


def _told(desk: Desk, account: Account, said: dict[str, Any]) -> Toast:
    made = tell_sign(account=account, on=desk.day, member=desk.member, **said)
    return Toast(text=_("Noted."), undo=reverse("account_key_sign_act", args=[made.uid, "withdraw"]))


def _estimated(desk: Desk, account: Account, said: dict[str, Any]) -> Toast:
    made = estimate_wallet(account=account, on=desk.day, member=desk.member, **said)
    return Toast(text=_("Noted."), undo=reverse("account_wallet_act", args=[made.uid, "withdraw"]))


@require_POST
def sign_act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Take a sign back, or let it stand again."""
    desk = desk_of(request)
    found = _one(ToldSign, desk, uid)
    verbs: dict[str, Callable[..., ToldSign]] = {"withdraw": withdraw_sign, "restore": restore_sign}
    if verb not in verbs:
        raise Http404
    verbs[verb](sign=found, member=desk.member)
    return _acted(request, found.account, verb, "account_key_sign_act", uid)


@require_POST
def wallet_act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Take an estimate back, or let it hold again."""
    desk = desk_of(request)
    found = _one(WalletEstimate, desk, uid)
    verbs: dict[str, Callable[..., WalletEstimate]] = {"withdraw": withdraw_estimate, "restore": restore_estimate}
    if verb not in verbs:
        raise Http404
    verbs[verb](estimate=found, member=desk.member)
    return _acted(request, found.account, verb, "account_wallet_act", uid)


def _one(model: Any, desk: Desk, uid: uuid.UUID) -> Any:
    found = model.objects.filter(seen_by(desk.member, at="account__"), account__merged_into=None, uid=uid)
    one = found.select_related("account").first()
    if one is None:
        raise Http404
    return one


def _acted(request: HttpRequest, account: Account, verb: str, name: str, uid: uuid.UUID) -> HttpResponse:
    if verb == "withdraw":
        show_next(request, Toast(text=_("Taken back."), undo=reverse(name, args=[uid, "restore"])))
    else:
        show_next(request, Toast(text=_("It holds again.")))
    return redirect("account_key_signs", uid=account.uid)


urlpatterns = [
    path("accounts/<uuid:uid>/key-signs/", signs, name="account_key_signs"),
    path("accounts/key-signs/<uuid:uid>/<slug:verb>/", sign_act, name="account_key_sign_act"),
    path("accounts/wallets/<uuid:uid>/<slug:verb>/", wallet_act, name="account_wallet_act"),
]
