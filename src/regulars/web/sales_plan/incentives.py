"""How people are paid for what they win, keep and grow. For the owner before the year begins: what would each have
earned last year, what would the firm have paid, and which behaviour does it reward?
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, may, require
from regulars.base.models import Member
from regulars.core.incentives import WHOLE_BPS, Kind
from regulars.core.money import from_minor, to_minor
from regulars.facts.accounts import find_account
from regulars.plan.incentives import (
    MOST_RATE_BPS,
    SchemeFields,
    Simulation,
    end_scheme,
    put_in_force,
    remove_scheme,
    scheme_of,
    simulate,
    visible_schemes,
    write_scheme,
)
from regulars.plan.models import CreditShare, IncentiveScheme
from regulars.plan.results import SELLERS, share_results
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.sales_plan.frame import KINDS, desk_of_head
from regulars.web.settings.pages import carried_out

BPS_A_PERCENT = 100
MOST_SHARES = 200


def _percent_field(label: Any, most_bps: int, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=help_text,
        min_value=0,
        max_value=most_bps // BPS_A_PERCENT,
        decimal_places=2,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )


class SchemeForm(forms.Form):
    """The terms of a scheme; money in units, rates in per cent."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    measure = forms.ChoiceField(label=gettext_lazy("Paid on"), choices=IncentiveScheme.Measure.choices)
    base = forms.DecimalField(
        label=gettext_lazy("Fixed pay a month"), min_value=0, max_digits=12, decimal_places=4, initial=0
    )
    new = _percent_field(gettext_lazy("Of what is won, per cent"), MOST_RATE_BPS)
    kept = _percent_field(gettext_lazy("Of what is kept, per cent"), MOST_RATE_BPS)
    grown = _percent_field(gettext_lazy("Of what is grown, per cent"), MOST_RATE_BPS)
    threshold = _percent_field(
        gettext_lazy("Paid from this part of the target on, per cent"),
        WHOLE_BPS,
        gettext_lazy("0: from the first sale on. Below it only the fixed pay is paid."),
    )
    cap = forms.DecimalField(
        label=gettext_lazy("No more than this a year, besides the fixed pay"),
        help_text=gettext_lazy("Empty: no limit."),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=4,
    )


class ShareForm(forms.Form):
    """Whose the results of an account are, besides its owner."""

    account = forms.CharField(label=gettext_lazy("Account: name or customer number"), max_length=300)
    person = forms.ModelChoiceField(
        label=gettext_lazy("Who shares it"), queryset=Member.objects.none(), empty_label=gettext_lazy("Choose one")
    )
    share = _percent_field(
        gettext_lazy("Part of its results, per cent"), WHOLE_BPS, gettext_lazy("0 ends it. The rest is its owner’s.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        sellers = Member.objects.filter(is_active=True, role__in=SELLERS).order_by("name", "pk")
        self.fields["person"].queryset = sellers  # type: ignore[attr-defined]


@require_safe
def incentives(request: HttpRequest) -> HttpResponse:
    """All schemes, and the year that was under one or two of them."""
    return _shown(request, desk_of_head(request))


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Write a scheme."""
    return _written(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def scheme(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change a scheme that was never in force; read one that was."""
    return _written(request, _found(desk_of_head(request), uid))


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Put a scheme in force from this month on, end it with this day, or throw it away."""
    desk = desk_of_head(request)
    found = _found(desk, uid)
    if verb == "force":
        put_in_force(scheme=found, on=desk.day.replace(day=1), member=desk.member)
        text = _("From this month on people are paid by “%(name)s”.")
    elif verb == "end":
        end_scheme(scheme=found, on=desk.day, member=desk.member)
        text = _("“%(name)s” has ended.")
    elif verb == "remove":
        remove_scheme(scheme=found, member=desk.member)
        text = _("“%(name)s” is thrown away.")
    else:
        raise Http404
    show_next(request, Toast(text=text % {"name": found.name}))
    return redirect("plan_incentives")


@require_POST
def share(request: HttpRequest) -> HttpResponse:
    """Count a part of the results of an account for somebody."""
    desk = desk_of_head(request)
    require(desk.member, Permission.CONFIGURE)
    form = ShareForm(request.POST)
    if carried_out(
        form,
        lambda said: share_results(
            account=find_account(said["account"], member=desk.member),
            person=said["person"],
            share_bps=int(said["share"] * BPS_A_PERCENT),
            member=desk.member,
        ),
    ):
        show_next(request, Toast(text=_("The results are shared from now on, those of the past as well.")))
        return redirect(f"{reverse('plan_incentives')}#shares")
    return _shown(request, desk, form=form)


def _shown(request: HttpRequest, desk: Desk, *, form: ShareForm | None = None) -> HttpResponse:
    schemes = list(visible_schemes(desk.member))
    chosen = [
        found for name in ("first", "second") if (found := _named(schemes, request.GET.get(name, ""))) is not None
    ]
    in_force = scheme_of(desk.day)
    if not chosen and schemes:
        chosen = [in_force or schemes[0]]
    simulated = [simulate(one, as_of=desk.day, member=desk.member) for one in chosen]
    context = {
        "desk": desk,
        "schemes": schemes,
        "in_force": in_force,
        "chosen": chosen,
        "simulated": [_told(one, desk.currency) for one in simulated],
        "kinds": list(KINDS.values()),
        "shares": [(one, one.share_bps / WHOLE_BPS) for one in _shares()],
        "form": form or ShareForm(),
        "may_configure": may(desk.member, Permission.CONFIGURE),
    }
    return render(request, "web/sales_plan/incentives.html", context, status=422 if form and form.errors else 200)


def _shares() -> QuerySet[CreditShare]:
    shares = CreditShare.objects.filter(account__merged_into=None).select_related("account", "member")
    return shares.order_by("account__name", "pk")[:MOST_SHARES]


def _named(schemes: list[IncentiveScheme], uid: str) -> IncentiveScheme | None:
    return next((one for one in schemes if str(one.uid) == uid), None)


def _told(found: Simulation, currency: str) -> dict[str, Any]:
    """A simulation in units, ready to be shown."""
    paid, sold = sum(found.by_kind.values()), sum(max(one, 0) for one in found.results.values())
    rates = (found.scheme.new_bps, found.scheme.kept_bps, found.scheme.grown_bps)
    return {
        "scheme": found.scheme,
        "begins": found.begins,
        "until": found.until,
        "costed": found.costed,
        "total": from_minor(found.total_minor, currency),
        "fixed": from_minor(found.fixed_minor, currency),
        "rewarded": [
            {
                "label": KINDS[kind],
                "came": from_minor(found.results[kind], currency),
                "paid": from_minor(found.by_kind[kind], currency),
                "of_pay": found.by_kind[kind] / paid if paid else None,
                "of_sales": max(found.results[kind], 0) / sold if sold else None,
                "more": Decimal(1000 * rate) / WHOLE_BPS,
            }
            for kind, rate in zip(Kind, rates, strict=True)
        ],
        "people": [
            {
                "person": one.person,
                "results": [(label, from_minor(one.results[kind], currency)) for kind, label in KINDS.items()],
                "earned": from_minor(one.earned.total_minor, currency),
                "cut": from_minor(one.earned.cut_minor, currency) if one.earned.cut_minor else None,
                "below": one.earned.below_threshold,
            }
            for one in found.people
        ],
    }


def _written(request: HttpRequest, found: IncentiveScheme | None) -> HttpResponse:
    desk = desk_of_head(request)
    require(desk.member, Permission.CONFIGURE)
    changeable = found is None or found.begins is None
    form = SchemeForm(request.POST if request.method == "POST" else None, initial=_initial(found, desk.currency))
    if request.method == "POST" and carried_out(
        form, lambda said: write_scheme(member=desk.member, scheme=found, **_fields(said, desk.currency))
    ):
        show_next(request, Toast(text=_("The scheme is written. It pays nothing until it is put in force.")))
        return redirect("plan_incentives")
    if not changeable:
        for field in form.fields.values():
            field.disabled = True
    context = {"desk": desk, "scheme": found, "form": form, "changeable": changeable}
    return render(request, "web/sales_plan/scheme.html", context, status=422 if form.errors else 200)


def _found(desk: Desk, uid: uuid.UUID) -> IncentiveScheme:
    found = visible_schemes(desk.member).filter(uid=uid).first()
    if found is None:
        raise Http404
    return found


def _initial(found: IncentiveScheme | None, currency: str) -> dict[str, Any]:
    if found is None:
        return {"measure": IncentiveScheme.Measure.SALES, "base": 0, "threshold": 0}
    rates = {"new": found.new_bps, "kept": found.kept_bps, "grown": found.grown_bps, "threshold": found.threshold_bps}
    return {
        "name": found.name,
        "measure": found.measure,
        "base": from_minor(found.base_minor, currency),
        "cap": None if found.cap_minor is None else from_minor(found.cap_minor, currency),
        **{name: f"{Decimal(rate) / BPS_A_PERCENT:g}" for name, rate in rates.items()},
    }


def _fields(said: dict[str, Any], currency: str) -> SchemeFields:
    return {
        "name": said["name"],
        "measure": said["measure"],
        "base_minor": to_minor(said["base"], currency),
        "new_bps": int(said["new"] * BPS_A_PERCENT),
        "kept_bps": int(said["kept"] * BPS_A_PERCENT),
        "grown_bps": int(said["grown"] * BPS_A_PERCENT),
        "threshold_bps": int(said["threshold"] * BPS_A_PERCENT),
        "cap_minor": None if said["cap"] is None else to_minor(said["cap"], currency),
    }
