"""How a customer takes a rise of prices. For who knows it, after a price talk, so that *what if* rests on more than a
guess.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, require
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account
from regulars.insight.dependence import require_whole_firm
from regulars.insight.dependence_terms import MOST_ELASTICITY, set_elasticity
from regulars.insight.models import AccountElasticity
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, taking_back, typed


class ElasticityForm(forms.Form):
    """How an account takes a rise of prices; empty: as is usual."""

    elasticity = forms.FloatField(
        label=gettext_lazy("When prices rise by 1 %, its chance to stay falls by so many percent"),
        help_text=gettext_lazy("0: it does not mind. 1: as customers usually do. 3: it compares. Empty: as usual."),
        required=False,
        min_value=0,
        max_value=MOST_ELASTICITY,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )
    reason = forms.CharField(label=gettext_lazy("How do you know?"), required=False, max_length=300)


@require_http_methods(["GET", "HEAD", "POST"])
def elasticity(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read it, change it, or go back to what is usual."""
    desk = desk_of(request)
    require_whole_firm(desk.member)
    require(desk.member, Permission.WRITE)
    account = visible_accounts(desk.member).filter(uid=uid).first()
    if account is None:
        raise Http404
    form = _form(request, account)
    if form.is_bound and carried_out(form, lambda said: set_elasticity(account=account, member=desk.member, **said)):
        undo = taking_back(form, request.path)
        show_next(request, Toast(text=_("Noted with %(account)s.") % {"account": account}, undo=undo))
        return redirect(_back(desk, account))
    context = {"desk": desk, "account": account, "form": form, "back": _back(desk, account)}
    return render(request, "web/dependence/elasticity.html", context, status=422 if form.errors else 200)


def _form(request: HttpRequest, account: Account) -> ElasticityForm:
    said = AccountElasticity.objects.filter(account=account).first()
    initial: dict[str, Any] = {"elasticity": said.elasticity, "reason": said.reason} if said else {}
    return ElasticityForm(typed(request) if request.method == "POST" else None, initial=initial)


def _back(desk: Desk, account: Account) -> str:
    return reverse("what_if") if desk.sees_cost else reverse("account", args=[account.uid])
