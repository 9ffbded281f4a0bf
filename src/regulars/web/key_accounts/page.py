"""Key accounts. For the head of sales once a quarter, to decide which customers get a manager of their own, and who it
is; for a manager every week, to see how the relations to their own stand beside the money.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, Scope, account_scope, may, require
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.core.money import from_minor
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account
from regulars.insight.dependence import require_whole_firm
from regulars.insight.key_signs import KeySign, key_signs
from regulars.insight.models import Score
from regulars.insight.standings import accounts_named
from regulars.plan.bonuses import costs_of_year
from regulars.plan.key_accounts import (
    LONGEST_REASON,
    MOST_A_MANAGER,
    appoint_key_account,
    end_key_account,
    loads,
    restore_key_account,
    visible_key_accounts,
)
from regulars.plan.models import KeyAccount
from regulars.plan.people_map import people_maps
from regulars.plan.relation_sentences import beside_the_money, gap_sentences, health, health_label
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

PAGE = "key_accounts"
MOST_PROPOSED = 20
MOST_OFFERED = 100
A_PAGE = 30
MANAGERS = (Member.Role.ACCOUNT_MANAGER, Member.Role.SALES_HEAD, Member.Role.OWNER)


class AppointForm(forms.Form):
    """Which account, and whose it becomes."""

    account = forms.ModelChoiceField(Account.objects.none(), label=gettext_lazy("Customer"), to_field_name="uid")
    manager = forms.ModelChoiceField(
        Member.objects.none(), label=gettext_lazy("Manager"), to_field_name="uid", empty_label=None
    )
    exception = forms.CharField(
        label=gettext_lazy("Why an exception"),
        help_text=gettext_lazy("Only for a manager who has three already."),
        required=False,
        max_length=LONGEST_REASON,
    )

    def __init__(self, *args: Any, desk: Desk, listed: list[int], **options: Any) -> None:
        super().__init__(*args, **options)
        seen = visible_accounts(desk.member)
        # Any account that may be seen is taken; offered are those that show a sign, and the largest.
        self.fields["account"].queryset = seen  # type: ignore[attr-defined]
        names = accounts_named(listed)
        shown = [(str(names[one].uid), names[one].name) for one in listed if one in names]
        self.fields["account"].widget.choices = [("", _("Choose one")), *shown]
        managers = Member.objects.filter(is_active=True, role__in=MANAGERS).order_by("name", "pk")
        self.fields["manager"].queryset = managers  # type: ignore[attr-defined]


class EndForm(forms.Form):
    """Why it is a key account no longer."""

    reason = forms.CharField(label=gettext_lazy("Why is it a key account no longer?"), max_length=LONGEST_REASON)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A key account as the list shows it: the relations beside the money."""

    appointment: KeyAccount
    account: Account
    score: Score | None
    signs: Sequence[KeySign]
    state: str
    state_label: str
    sentences: Sequence[str]
    bonuses: Decimal | None
    """What its bonuses cost this year; None: it had none, or the member sees no costs."""


@require_http_methods(["GET", "HEAD", "POST"])
def key_accounts(request: HttpRequest) -> HttpResponse:
    """The key accounts with managers and relations; for who sees the whole firm, who could be one; appoint one."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    if request.method == "POST":
        require(desk.member, Permission.ASSIGN)
    whole_firm = account_scope(desk.member) == Scope.ALL
    may_appoint = whole_firm and may(desk.member, Permission.ASSIGN)
    signs: Mapping[int, list[KeySign]] = key_signs(on=desk.day, member=desk.member) if whole_firm else {}
    appointments = visible_key_accounts(desk.member)
    accounts = appointments.order_by().values_list("account_id", "account__merged_into_id")
    appointed = {merged or account for account, merged in accounts}
    costs = costs_of_year(sorted(appointed), on=desk.day) if desk.sees_cost else {}
    shown = appointments.select_related("account__merged_into", "manager")
    page = Paginator(shown, A_PAGE).get_page(request.GET.get("page"))
    proposed = [one for one in signs if one not in appointed][:MOST_PROPOSED]
    given = request.POST if request.method == "POST" else None
    form = AppointForm(given, desk=desk, listed=_offered(proposed, appointed)) if may_appoint else None
    if request.method == "POST" and form is not None and form.is_valid() and _appointed(request, form, desk):
        return redirect(PAGE)
    names = accounts_named(proposed)
    loaded = loads() if whole_firm else {}
    managers = Member.objects.filter(pk__in=loaded).order_by("name", "pk")
    context = {
        "desk": desk,
        "form": form,
        "current": _lines(desk, list(page), signs, costs),
        "page": page,
        "bonuses_cost": from_minor(sum(costs.values()), desk.currency),
        "proposed": [(names[one], signs[one]) for one in proposed if one in names],
        "managers": [(one, loaded[one.pk], loaded[one.pk] > MOST_A_MANAGER) for one in managers],
        "most": MOST_A_MANAGER,
        "whole_firm": whole_firm,
        "has_figures": desk.figures_of is not None,
    }
    return render(request, "web/key_accounts/page.html", context, status=422 if form and form.errors else 200)


def _lines(
    desk: Desk, appointments: Sequence[KeyAccount], signs: Mapping[int, list[KeySign]], costs: Mapping[int, int]
) -> list[Line]:
    """These key accounts, in as many queries however many there are."""
    home = {one.pk: _home(one) for one in appointments}
    ids = [account.pk for account in home.values()]
    maps = people_maps(ids, on=desk.day)
    scores = {one.account_id: one for one in Score.objects.filter(account__in=ids)}
    found = []
    for one in appointments:
        account = home[one.pk]
        known, score = maps[account.pk], scores.get(account.pk)
        state = health(known)
        told = [beside_the_money(known, score), *gap_sentences(known)[:2]]
        line = Line(
            appointment=one,
            account=account,
            score=score,
            signs=signs.get(account.pk, ()),
            state=state,
            state_label=health_label(state),
            sentences=told,
            bonuses=from_minor(costs[account.pk], desk.currency) if account.pk in costs else None,
        )
        found.append(line)
    return found


def _home(appointment: KeyAccount) -> Account:
    """The account that it is about now."""
    return appointment.account.merged_into or appointment.account


def _offered(proposed: list[int], appointed: set[int]) -> list[int]:
    largest = Score.objects.filter(account__merged_into=None, sales_12m__gt=0).order_by("-sales_12m", "pk")
    ids = largest.values_list("account_id", flat=True)[:MOST_OFFERED]
    return list(dict.fromkeys([*proposed, *ids, *sorted(appointed)]))


def _appointed(request: HttpRequest, form: AppointForm, desk: Desk) -> bool:
    said = form.cleaned_data
    try:
        made = appoint_key_account(**said, on=desk.day, member=desk.member)
    except Refusal as refusal:
        form.add_error(None, ValidationError(str(refusal)))
        return False
    words = {"name": made.manager.name, "account": said["account"]}
    show_next(request, Toast(text=_("%(name)s now manages the key account %(account)s.") % words))
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Say why it is a key account no longer."""
    desk = desk_of(request)
    found = _found(desk, uid)
    form = EndForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            end_key_account(key_account=found, on=desk.day, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, ValidationError(str(refusal)))
        else:
            undo = reverse("key_account_restore", args=[found.uid])
            show_next(request, Toast(text=_("It is a key account no longer."), undo=undo))
            return redirect(PAGE)
    context = {"desk": desk, "account": found.account.merged_into or found.account, "form": form}
    return render(request, "web/key_accounts/end.html", context, status=422 if form.errors else 200)


@require_POST
def restore(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take an end back."""
    desk = desk_of(request)
    restore_key_account(key_account=_found(desk, uid), member=desk.member)
    show_next(request, Toast(text=_("It is a key account again.")))
    return redirect(PAGE)


def _found(desk: Desk, uid: uuid.UUID) -> KeyAccount:
    require_whole_firm(desk.member)
    require(desk.member, Permission.ASSIGN)
    found = KeyAccount.objects.filter(uid=uid).select_related("account__merged_into", "manager").first()
    if found is None:
        raise Http404
    return found
