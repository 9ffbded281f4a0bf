"""What winning a customer costs against keeping one. For the owner or sales head once a quarter, to decide whether the
next hour and the next money go to strangers or to the customers there are.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, may
from regulars.base.formats import money, number, percent
from regulars.core.money import from_minor, to_minor
from regulars.facts.models import Interaction
from regulars.plan.models import SellingCost
from regulars.plan.selling_costs import LONGEST_TEXT, CostOfKeeping, Side, cost_of_keeping, note_cost, remove_cost
from regulars.plan.selling_costs import visible_costs as costs_noted
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.sales_plan.frame import desk_of_head
from regulars.web.settings.pages import carried_out, typed

PAGE = "plan_costs"
YEARS_BACK = 2
COSTS_A_PAGE = 50
FEW_HOURS = 0.5
"""Where less than this part of the planned hours is noted, the page says so."""


class CostForm(forms.Form):
    """An amount that was spent."""

    aim = forms.ChoiceField(label=gettext_lazy("For"))
    on = forms.DateField(label=gettext_lazy("Spent on"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    text = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=LONGEST_TEXT,
        help_text=gettext_lazy("For example: spring fair, samples, advertisement, a day of training for customers"),
    )
    amount = forms.DecimalField(label=gettext_lazy("Amount"), min_value=0, max_digits=15, decimal_places=4)

    def __init__(self, *args: Any, desk: Desk, **options: Any) -> None:
        super().__init__(*args, **options)
        aim: Any = self.fields["aim"]
        aim.choices = [(key, capfirst(str(label))) for key, label in SellingCost.Aim.choices]
        self.fields["amount"].help_text = desk.currency


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the comparison: winning, then keeping."""

    label: str
    winning: str
    keeping: str
    note: str = ""
    strong: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
def costs(request: HttpRequest) -> HttpResponse:
    """Both beside each other; note an amount."""
    desk = desk_of_head(request)
    form = CostForm(typed(request) if request.method == "POST" else None, desk=desk, initial={"on": desk.day})
    if request.method == "POST" and carried_out(form, lambda said: _note(said, desk)):
        show_next(request, Toast(text=_("Noted.")))
        return redirect(PAGE)
    years_back = _years_back(request)
    found = cost_of_keeping(as_of=desk.day, years_back=years_back, member=desk.member) if desk.figures_of else None
    noted = Paginator(costs_noted(desk.member), COSTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "desk": desk,
        "found": found,
        "rows": rows_of(found, desk.currency) if found else [],
        "verdict": verdict(found, desk.currency) if found else [],
        "missing": missing(found, desk.currency) if found else [],
        "years_back": years_back,
        "years": range(YEARS_BACK + 1),
        "page": noted,
        "noted": [(one, from_minor(one.amount_minor, desk.currency)) for one in noted],
        "form": form,
        "may_configure": may(desk.member, Permission.CONFIGURE),
    }
    return render(request, "web/sales_plan/costs.html", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """An amount that was noted by mistake; the undo notes it again."""
    desk = desk_of_head(request)
    found = get_object_or_404(SellingCost, uid=uid)
    again = QueryDict(mutable=True)
    again.update({"undo": "1", "aim": found.aim, "on": found.on.isoformat(), "text": found.text})
    again["amount"] = str(from_minor(found.amount_minor, desk.currency))
    remove_cost(cost=found, member=desk.member)
    show_next(
        request, Toast(text=_("Removed: %(what)s") % {"what": found}, undo=f"{reverse(PAGE)}?{again.urlencode()}")
    )
    return redirect(PAGE)


def _note(said: Mapping[str, Any], desk: Desk) -> None:
    amount_minor = to_minor(said["amount"], desk.currency)
    note_cost(
        aim=said["aim"],
        on=said["on"],
        text=said["text"],
        amount_minor=amount_minor,
        today=desk.day,
        member=desk.member,
    )


def _years_back(request: HttpRequest) -> int:
    asked = request.GET.get("years_back", "")
    return int(asked) if asked in {str(one) for one in range(YEARS_BACK + 1)} else 0


def rows_of(found: CostOfKeeping, currency: str) -> list[Row]:
    """The comparison, line by line, ready to be read."""

    def both(label: str, figure: Any, note: str = "", *, strong: bool = False) -> Row:
        return Row(label=label, winning=figure(found.winning), keeping=figure(found.keeping), note=note, strong=strong)

    def amount(value: float | None) -> str:
        return _("not known") if value is None else money(value, currency)

    each = money(found.hour_costs, currency)
    return [
        both(_("Customers won, customers kept"), lambda one: number(one.customers), strong=True),
        both(_("Talks that were noted"), _talks),
        both(_("Hours for them"), lambda one: number(one.hours, digits=0) if one.time_is_known else _("not known")),
        both(
            _("What the hours cost"),
            lambda one: amount(one.time_cost if one.time_is_known else None),
            _("%(each)s an hour") % {"each": each},
        ),
        both(_("Amounts noted below"), lambda one: amount(one.entered)),
        Row(label=_("Bonuses given"), winning="–", keeping=amount(found.keeping.bonuses)),
        both(_("All costs that are known"), lambda one: amount(one.cost), strong=True),
        both(_("Cost of each customer"), lambda one: amount(one.cost_each), strong=True),
        both(_("Sales that they brought"), lambda one: amount(one.sales)),
        both(_("Margin that they brought"), lambda one: amount(one.margin), _costed(found)),
        both(_("Sales for each unit of cost"), lambda one: _per(one.sales_per_cost)),
        both(_("Margin for each unit of cost"), lambda one: _per(one.margin_per_cost)),
    ]


def _per(value: float | None) -> str:
    return _("not known") if value is None else number(value, digits=1)


def _costed(found: CostOfKeeping) -> str:
    return _("the cost of %(share)s of the sales is known") % {"share": percent(found.costed, digits=0)}


def _talks(side: Side) -> str:
    told = [(kind.label, side.talks[kind.value]) for kind in Interaction.Kind if kind.value in side.talks]
    if side.lead_contacts:
        told.append((gettext_lazy("in touch with leads"), side.lead_contacts))
    return " · ".join(f"{capfirst(str(label))}: {number(count)}" for label, count in told) or _("none")


def verdict(found: CostOfKeeping, currency: str) -> list[str]:
    """What the comparison says, in sentences, as far as it says anything."""
    if found.everybody_looks_won:
        return [
            _(
                "It cannot be said what winning costs against keeping in these months: the order history begins less "
                "than a year before them, so that customers from before it look as if they were won."
            )
        ]
    won, kept = found.winning.cost_each, found.keeping.cost_each
    if won is None or kept is None:
        return [_("It cannot be said yet what winning costs against keeping: what is missing stands below.")]
    said = {"won": money(won, currency), "kept": money(kept, currency), "times": number(won / kept, digits=1)}
    if not (found.winning.time_is_known and found.keeping.time_is_known):
        return [
            _(
                "What is noted comes to %(won)s for each customer won, and to %(kept)s for each kept. The time of your "
                "people is missing on one side, so that they cannot be compared yet."
            )
            % said
        ]
    if won >= kept:
        told = [_("Winning a customer cost %(won)s, keeping one %(kept)s: %(times)s times as much.") % said]
    else:
        told = [_("Winning a customer cost %(won)s, which is less than keeping one: %(kept)s.") % said]
    brought_won, brought_kept = found.winning.sales_per_cost, found.keeping.sales_per_cost
    if brought_won is not None and brought_kept is not None:
        words = {"won": number(brought_won, digits=1), "kept": number(brought_kept, digits=1)}
        told.append(
            _(
                "Each unit of money spent on winning came back as %(won)s in sales within these months, each spent on "
                "keeping as %(kept)s. Who was won goes on buying after them."
            )
            % words
        )
    return told


def missing(found: CostOfKeeping, currency: str) -> list[str]:
    """What is not known, and what to do about it."""
    told = []
    if not found.winning.time_is_known:
        told.append(_("No talk with anybody who was no customer yet is noted: note calls and visits, and say of leads "
                      "when you got in touch."))  # fmt: skip
    if not found.keeping.talks:
        told.append(_("No talk with a customer is noted: note calls and visits on the pages of the customers."))
    if found.hours_planned and found.hours < FEW_HOURS * found.hours_planned:
        share = percent(found.hours / found.hours_planned, digits=0)
        told.append(
            _(
                "Only %(share)s of the hours that people have for customers are in talks that were noted: the real "
                "costs are higher."
            )
            % {"share": share}
        )
    if not found.hour_costs_said:
        each = money(found.hour_costs, currency)
        told.append(_("What an hour costs was not said: %(each)s is only an assumption.") % {"each": each})
    if not found.winning.entered:
        told.append(_("No amount for winning is noted: fairs, advertisements, samples?"))
    if found.winning.margin is None:
        told.append(_("Too little is known of what your goods cost to tell the margin: import costs with the orders."))
    return told
