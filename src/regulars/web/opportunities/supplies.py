"""One cell of the white space: for who has just heard it, to note who supplies an offering to an account."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.models import Account, Offering, Site, Supply
from regulars.facts.offerings import LONGEST_SOURCE, offerings, tell_supply, visible_supplies, withdraw_supply
from regulars.insight.white_space import STATES, Cell, white_space
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

_DAY: dict[str, Any] = {"widget": forms.DateInput({"type": "date"}, format="%Y-%m-%d"), "required": False}


class SupplyForm(forms.Form):
    """Who supplies it, since when, and how that is known."""

    state = forms.ChoiceField(label=gettext_lazy("Who supplies it"), choices=Supply.State.choices)
    supplier = forms.CharField(label=gettext_lazy("Name of the competitor"), max_length=200, required=False)
    since = forms.DateField(label=gettext_lazy("Since"), **_DAY)
    until = forms.DateField(label=gettext_lazy("The contract ends on"), **_DAY)
    source = forms.CharField(
        label=gettext_lazy("Who said it, or where it stands"),
        max_length=LONGEST_SOURCE,
        required=False,
        help_text=gettext_lazy("For example: Mr Rai, visit of 3 May"),
    )
    field_order = ("state", "supplier", "since", "until", "source")


@require_http_methods(["GET", "HEAD", "POST"])
def supply(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What is known of one offering at the account, or at a place of it; the address names both."""
    desk, account = opened(request, uid)
    offering = offerings().filter(uid=_uid(request, "offering")).first()
    if offering is None:
        raise Http404
    site = _site(request, account)
    form = SupplyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid() and _told(request, form, desk, account, offering, site):
            return redirect("account_growth", uid=account.uid)
    cell = _cell(account, offering, site, desk)
    said = visible_supplies(desk.member).filter(account=account, offering=offering, site=site)
    context = {
        **heading(desk, account, tab="account_growth"),
        "offering": offering,
        "site": site,
        "cell": cell,
        "state": STATES[cell.state],
        "sentence": cell.sentence(desk.currency),
        "said": said.select_related("member")[:20],
        "form": form,
    }
    return render(request, "web/opportunities/supply.html", context, status=422 if form.errors else 200)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Withdraw what was noted by mistake, or take that back."""
    desk = desk_of(request)
    seen = visible_supplies(desk.member, withdrawn=verb == "restore")
    found = seen.filter(uid=uid).select_related("account", "offering").first()
    if found is None or verb not in {"withdraw", "restore"}:
        raise Http404
    require(desk.member, Permission.WRITE)
    withdraw_supply(supply=found, member=desk.member, withdrawn=verb == "withdraw")
    undo = reverse("account_supply_act", args=[uid, "restore" if verb == "withdraw" else "withdraw"])
    text = _("Withdrawn.") if verb == "withdraw" else _("It counts again.")
    show_next(request, Toast(text=text, undo=undo))
    return redirect("account_growth", uid=found.account.uid)


def _told(
    request: HttpRequest, form: SupplyForm, desk: Desk, account: Account, offering: Offering, site: Site | None
) -> bool:
    try:
        made = tell_supply(
            account=account, offering=offering, site=site, on=desk.day, member=desk.member, **form.cleaned_data
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    words = {"offering": offering.name, "state": made.supplier or made.get_state_display()}
    undo = reverse("account_supply_act", args=[made.uid, "withdraw"])
    show_next(request, Toast(text=_("%(offering)s: %(state)s") % words, undo=undo))
    return True


def _cell(account: Account, offering: Offering, site: Site | None, desk: Desk) -> Cell:
    rows = white_space([account], sites=[site] if site else [], as_of=desk.figures_of)
    return next(cell for cell in rows[-1].cells if cell.offering == offering)


def _site(request: HttpRequest, account: Account) -> Site | None:
    if not request.GET.get("site"):
        return None
    found = account.sites.filter(uid=_uid(request, "site")).first()
    if found is None:
        raise Http404
    return found


def _uid(request: HttpRequest, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        raise Http404 from None
