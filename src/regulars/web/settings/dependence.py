"""Costs and suppliers, for the owner once a year: what would be missing if a large customer left?"""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import lazystr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.formats import money, percent
from regulars.core.money import NotAnAmount, from_minor, to_minor
from regulars.insight.dependence_terms import (
    MOST_ELASTICITY,
    USUAL_ELASTICITY,
    Tier,
    assumptions,
    record_supplier,
    remove_supplier,
    set_assumptions,
)
from regulars.insight.models import SupplierTerms
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed

PAGE = "settings_dependence"


class AssumptionsForm(forms.Form):
    """What the firm says of itself; empty: it is not known."""

    fixed_costs = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=16,
        decimal_places=2,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )
    margin = forms.DecimalField(
        label=gettext_lazy("Usual margin, per cent of sales"),
        help_text=gettext_lazy("For sales whose cost is not in the order history. Empty: that of the other sales."),
        required=False,
        min_value=1,
        max_value=99,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )
    elasticity = forms.FloatField(
        label=gettext_lazy("When prices rise by 1 %, so many of 100 customers leave"),
        required=False,
        min_value=0,
        max_value=MOST_ELASTICITY,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal", "placeholder": str(USUAL_ELASTICITY)}),
    )

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["fixed_costs"].label = _("Fixed costs a year, in %(currency)s") % {"currency": currency}
        self.fields["fixed_costs"].help_text = _("What you pay however much you sell: wages, rent, machines.")
        self.fields["elasticity"].help_text = _("Empty: 1, which is a guess.")


class SupplierForm(forms.Form):
    """A supplier with its discounts."""

    name = forms.CharField(label=gettext_lazy("Supplier"), max_length=200)
    share = forms.DecimalField(
        label=gettext_lazy("Its share of all that you pay for goods, per cent"),
        min_value=Decimal("0.1"),
        max_value=100,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )
    tiers = forms.CharField(
        label=gettext_lazy("From which yearly volume on it gives which discount, one in each line"),
        help_text=lazystr("50000; 5\n100000; 7.5"),
        max_length=2000,
        widget=forms.Textarea({"rows": 5, "dir": "ltr", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency
        self.fields["tiers"].help_text = _(
            "Volume at list prices in %(currency)s, then the discount in per cent: “%(example)s” is 5 %% from 50,000."
        ) % {"currency": currency, "example": "50000; 5"}

    def clean_tiers(self) -> list[Tier]:
        return [self._tier(line) for line in self.cleaned_data["tiers"].splitlines() if line.strip()]

    def _tier(self, line: str) -> Tier:
        try:
            volume, discount = (part.strip() for part in line.split(";"))
            return Tier(
                from_minor=to_minor(Decimal(volume.replace(" ", "")), self.currency),
                discount_bps=int((Decimal(discount.rstrip("% ").replace(",", ".")) * 100).to_integral_value()),
            )
        except (ValueError, InvalidOperation, NotAnAmount) as wrong:
            raise forms.ValidationError(
                _("“%(line)s” is not a volume and a discount. Write for example %(example)s.")
                % {"line": line.strip()[:60], "example": "50000; 5"}
            ) from wrong


@require_http_methods(["GET", "HEAD", "POST"])
def dependence(request: HttpRequest) -> HttpResponse:
    """What the firm says of itself, and its suppliers."""
    desk = desk_for(request, PAGE)
    said = assumptions()
    initial: dict[str, Any] = {"elasticity": said.elasticity}
    if said.fixed_costs_minor is not None:
        initial["fixed_costs"] = from_minor(said.fixed_costs_minor, desk.currency)
    if said.margin_share is not None:
        initial["margin"] = _per_cent(said.margin_share)
    given = typed(request) if request.method == "POST" else None
    form = AssumptionsForm(given, currency=desk.currency, initial=initial)

    def save(typed_in: dict[str, Any]) -> None:
        costs, margin = typed_in["fixed_costs"], typed_in["margin"]
        set_assumptions(
            fixed_costs_minor=None if costs is None else to_minor(costs, desk.currency),
            margin_share=None if margin is None else float(margin) / 100,
            elasticity=typed_in["elasticity"],
            member=desk.member,
        )

    if form.is_bound and carried_out(form, save):
        show_next(request, Toast(text=_("Saved."), undo=taking_back(form, reverse(PAGE))))
        return redirect(PAGE)
    suppliers = [(one, list(_tiers_told(one, desk.currency))) for one in SupplierTerms.objects.order_by("-share", "pk")]
    return show(request, PAGE, "dependence", {"form": form, "suppliers": suppliers}, status=422 if form.errors else 200)


def _per_cent(share: float) -> Decimal:
    return (Decimal(str(share)) * 100).normalize() + 0


def _tiers_told(one: SupplierTerms, currency: str) -> Any:
    for tier in one.tiers:
        yield _("%(discount)s from %(volume)s on") % {
            "discount": percent(tier["discount_bps"] / 10_000),
            "volume": money(from_minor(tier["from_minor"], currency), currency),
        }


@require_http_methods(["GET", "HEAD", "POST"])
def add_supplier(request: HttpRequest) -> HttpResponse:
    """A new supplier; also how a removed one comes back."""
    return _supplier(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def supplier(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read a supplier, correct it."""
    desk_for(request, PAGE)
    return _supplier(request, get_object_or_404(SupplierTerms, uid=uid))


def _supplier(request: HttpRequest, found: SupplierTerms | None) -> HttpResponse:
    desk = desk_for(request, PAGE)
    initial = _as_typed(found, desk.currency) if found else {}
    given = typed(request) if request.method == "POST" else None
    form = SupplierForm(given, currency=desk.currency, initial=initial)

    def save(said: dict[str, Any]) -> None:
        said["share"] = float(said["share"]) / 100
        record_supplier(**said, member=desk.member, supplier=found)

    if form.is_bound and carried_out(form, save):
        undo = taking_back(form, request.path) if found else ""
        show_next(request, Toast(text=_("Saved."), undo=undo))
        return redirect(PAGE)
    context: dict[str, Any] = {
        "form": form,
        "heading": found.name if found else _("Add a supplier"),
        "sub": _("Whose discounts you would lose if you bought less."),
        "submit": _("Save"),
        "back": reverse(PAGE),
    }
    if found:
        context["removal"] = {
            "heading": _("Remove this supplier"),
            "text": _("What comes from it counts as bought without discounts. You can take it back."),
            "address": reverse("settings_supplier_remove", args=[found.uid]),
            "label": _("Remove"),
            "gentle": True,
        }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


def _as_typed(found: SupplierTerms, currency: str) -> dict[str, str]:
    lines = [
        f"{from_minor(tier['from_minor'], currency)}; {Decimal(tier['discount_bps']) / 100}" for tier in found.tiers
    ]
    return {"name": found.name, "share": str(_per_cent(found.share)), "tiers": "\n".join(lines)}


@require_POST
def remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Forget a supplier; it can be taken back."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(SupplierTerms, uid=uid)
    form = SupplierForm({}, currency=desk.currency, initial=_as_typed(found, desk.currency))
    undo = taking_back(form, reverse("settings_supplier_add"))
    name = found.name
    remove_supplier(supplier=found, member=desk.member)
    show_next(request, Toast(text=_("“%(name)s” is removed.") % {"name": name}, undo=undo))
    return redirect(PAGE)
