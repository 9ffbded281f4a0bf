"""Bonuses of one customer, for its manager before a visit or at the end of the year: what is left to give, what had it?

Key accounts reach it from their plan, VIPs from their account.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, may, require
from regulars.core.errors import Refusal
from regulars.core.money import from_minor, to_minor
from regulars.facts.accounts import of_account
from regulars.facts.models import Account
from regulars.plan.bonuses import (
    LONGEST_WORDS,
    Entitlement,
    costs_of_year,
    entitlements,
    give_bonus,
    given_to,
    take_back_bonus,
    visible_given,
)
from regulars.plan.models import Bonus, KeyAccount
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

MOST_SHOWN = 100


class GiveForm(forms.Form):
    """Which bonus, when, and why one more than usual."""

    bonus = forms.ModelChoiceField(
        Bonus.objects.none(), label=gettext_lazy("Bonus"), to_field_name="uid", empty_label=None
    )
    on = forms.DateField(label=gettext_lazy("Given on"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    cost = forms.DecimalField(
        label=gettext_lazy("What it cost, if not as usual"),
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=4,
    )
    said = forms.CharField(label=gettext_lazy("In words"), required=False, max_length=LONGEST_WORDS)
    reason = forms.CharField(
        label=gettext_lazy("Why one more"),
        help_text=gettext_lazy("Only where it had its number of this year."),
        required=False,
        max_length=LONGEST_WORDS,
    )

    def __init__(self, *args: Any, entitled: list[Entitlement], desk: Desk, **options: Any) -> None:
        super().__init__(*args, **options)
        bonus: Any = self.fields["bonus"]
        bonus.queryset = Bonus.objects.filter(pk__in=[one.bonus.pk for one in entitled]).order_by("name", "pk")
        self.fields["cost"].help_text = desk.currency


@require_http_methods(["GET", "HEAD", "POST"])
def account_bonuses(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What it may be given, and was; note one."""
    desk, account = opened(request, uid)
    entitled = entitlements(account, on=desk.day)
    if request.method != "POST":
        form = GiveForm(entitled=entitled, desk=desk, initial={"on": desk.day})
        return _shown(request, desk, account, entitled, form)
    require(desk.member, Permission.WRITE)
    form = GiveForm(request.POST, entitled=entitled, desk=desk)
    if form.is_valid():
        said = dict(form.cleaned_data)
        cost = said.pop("cost")
        said["cost_minor"] = None if cost is None else to_minor(cost, desk.currency)
        try:
            made = give_bonus(account=account, today=desk.day, member=desk.member, **said)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            undo = reverse("account_bonus_back", args=[made.uid])
            show_next(request, Toast(text=_("Given: %(bonus)s.") % {"bonus": made.bonus}, undo=undo))
            return redirect("account_bonuses", uid=account.uid)
    return _shown(request, desk, account, entitled, form)


@require_POST
def take_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """It was noted by mistake."""
    desk = desk_of(request)
    found = visible_given(desk.member).filter(uid=uid).select_related("account__merged_into", "bonus").first()
    if found is None:
        raise Http404
    take_back_bonus(given=found, member=desk.member)
    show_next(request, Toast(text=_("Taken back: %(bonus)s.") % {"bonus": found.bonus}))
    return redirect("account_bonuses", uid=(found.account.merged_into or found.account).uid)


def _shown(
    request: HttpRequest, desk: Desk, account: Account, entitled: list[Entitlement], form: GiveForm
) -> HttpResponse:
    given = given_to(account)[:MOST_SHOWN]
    context = {
        **heading(desk, account, tab="account"),
        "entitled": entitled,
        "given": [(one, from_minor(one.cost_minor, desk.currency)) for one in given],
        "cost": cost_of_year(desk, account),
        "form": form,
        "key_account": KeyAccount.objects.filter(of_account(account), until=None).first(),
        "may_configure": may(desk.member, Permission.CONFIGURE),
    }
    return render(request, "web/key_accounts/bonuses.html", context, status=422 if form.errors else 200)


def cost_of_year(desk: Desk, account: Account) -> Decimal:
    """What the bonuses of the account cost in the year of today."""
    return from_minor(costs_of_year([account.pk], on=desk.day).get(account.pk, 0), desk.currency)
