"""The targets of one person. For a seller on the first of a month, to see what is still to be won, kept and grown;
for the sales head to set them.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, may, require
from regulars.base.formats import month as month_text
from regulars.base.models import Member
from regulars.core.incentives import Kind
from regulars.core.money import from_minor, to_minor
from regulars.insight.sales_results import MONTHS, twelve_months
from regulars.plan.models import SalesPlan
from regulars.plan.results import SELLERS, no_results, sees_plan_of, sees_plan_of_all
from regulars.plan.targets import PersonPlan, months_passed, people_of_plan, set_targets
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.sales_plan.chart import months_chart
from regulars.web.sales_plan.frame import KINDS, Against, against, desk_of_plan, named_plan, visible_person
from regulars.web.settings.pages import carried_out


class TargetsForm(forms.Form):
    """An amount for each month and kind, in units of the base currency."""

    def __init__(self, *args: Any, months: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        for kind, label in KINDS.items():
            for place, month in enumerate(months):
                self.fields[f"{kind}_{place}"] = forms.DecimalField(
                    label=f"{label}, {month}",
                    min_value=0,
                    max_digits=15,
                    decimal_places=4,
                    widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
                )

    def row(self, place: int) -> list[forms.BoundField]:
        """The fields of one month."""
        return [self[f"{kind}_{place}"] for kind in Kind]


@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, month: str, uid: uuid.UUID) -> HttpResponse:
    """The months of one person; changed here while the plan is a draft."""
    desk = desk_of_plan(request)
    who = visible_person(desk, uid)
    if not sees_plan_of(desk.member, who):
        raise Http404
    return _page(request, desk, named_plan(month), who)


@require_http_methods(["GET", "HEAD", "POST"])
def nobody(request: HttpRequest, month: str) -> HttpResponse:
    """The months of the accounts that nobody looks after."""
    desk = desk_of_plan(request)
    if not sees_plan_of_all(desk.member):
        raise Http404
    return _page(request, desk, named_plan(month), None)


def _page(request: HttpRequest, desk: Desk, plan: SalesPlan, who: Member | None) -> HttpResponse:
    found = _of(desk, plan, who)
    months = [month_text(one) for one in twelve_months(plan.begins)]
    may_edit = may(desk.member, Permission.CONFIGURE) and plan.state == SalesPlan.State.DRAFT
    form = None
    if request.method == "POST":
        require(desk.member, Permission.CONFIGURE)
        form = TargetsForm(request.POST, months=months)
        if carried_out(form, lambda said: _set(desk, plan, who, said)):
            show_next(request, Toast(text=_("The targets are changed.")))
            return redirect(request.path)
    elif may_edit:
        form = TargetsForm(initial=_initial(found, desk.currency), months=months)
    passed = months_passed(plan, as_of=desk.day)
    context = {
        "desk": desk,
        "plan": plan,
        "who": who,
        "passed": passed,
        "total": against(*found.so_far(passed), desk.currency),
        "kinds": list(KINDS.values()),
        "sees_all": sees_plan_of_all(desk.member),
        "sells": who is not None and who.role in SELLERS,
        "form": form,
        "months": [
            {"name": months[place], "figures": _figures(found, place, form, desk.currency)} for place in range(MONTHS)
        ],
        "chart": months_chart(twelve_months(plan.begins), found, passed=passed, currency=desk.currency),
    }
    return render(request, "web/sales_plan/person.html", context, status=422 if form and form.errors else 200)


def _figures(
    found: PersonPlan, place: int, form: TargetsForm | None, currency: str
) -> list[tuple[Against, forms.BoundField | None]]:
    """The figures of a month, each with the field that changes its target."""
    shown = against(found.targets[place], found.came[place], currency)
    fields = [*form.row(place), None] if form else [None] * len(shown)
    return list(zip(shown, fields, strict=True))


def _of(desk: Desk, plan: SalesPlan, who: Member | None) -> PersonPlan:
    people = people_of_plan(plan, as_of=desk.day, member=desk.member)
    nothing = PersonPlan(person=who, targets=no_results(), came=no_results())
    return next((one for one in people if one.person == who), nothing)


def _initial(found: PersonPlan, currency: str) -> dict[str, Any]:
    return {
        f"{kind}_{place}": from_minor(found.targets[place][kind], currency) for kind in Kind for place in range(MONTHS)
    }


def _set(desk: Desk, plan: SalesPlan, who: Member | None, said: dict[str, Any]) -> None:
    amounts = {kind: [to_minor(said[f"{kind}_{place}"], desk.currency) for place in range(MONTHS)] for kind in Kind}
    set_targets(plan=plan, person=who, amounts_minor=amounts, member=desk.member)
