"""The plan of the firm. For the owner or sales head once a year to agree on it, and every month to see who is behind
and where help is needed; a seller sees the own targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, may, require
from regulars.base.formats import month as month_text
from regulars.core.calendar import months_before
from regulars.core.incentives import Kind
from regulars.core.money import from_minor
from regulars.insight.sales_results import MONTHS, twelve_months
from regulars.plan.models import SalesPlan
from regulars.plan.results import added, sees_plan_of_all
from regulars.plan.targets import (
    MOST_STRETCH_BPS,
    PersonPlan,
    accept_plan,
    months_passed,
    people_of_plan,
    plans,
    propose_plan,
    remove_plan,
    reopen_plan,
    together,
    usual_beginning,
)
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.sales_plan.chart import months_chart
from regulars.web.sales_plan.frame import KINDS, against, chosen_plan, desk_of_head, desk_of_plan, named_plan
from regulars.web.settings.pages import carried_out


class ProposeForm(forms.Form):
    """Which year, and how much more than is expected."""

    begins = forms.DateField(
        label=gettext_lazy("First month"),
        input_formats=["%Y-%m"],
        widget=forms.DateInput({"type": "month"}, format="%Y-%m"),
    )
    stretch = forms.DecimalField(
        label=gettext_lazy("Stretch, per cent"),
        help_text=gettext_lazy("How much more than what is expected everybody is to reach."),
        min_value=0,
        max_value=MOST_STRETCH_BPS // 100,
        decimal_places=1,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )


@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """Targets and what came, by person and by month; a seller comes to the own page."""
    desk = desk_of_plan(request)
    found = chosen_plan(request, desk.day)
    if not sees_plan_of_all(desk.member) and found is not None:
        return redirect("plan_person", month=f"{found.begins:%Y-%m}", uid=desk.member.uid)
    return _shown(request, desk, found)


@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    """Make a draft from what is expected."""
    desk = desk_of_head(request)
    require(desk.member, Permission.CONFIGURE)
    form = ProposeForm(request.POST)
    if carried_out(
        form,
        lambda said: propose_plan(
            begins=said["begins"], stretch_bps=int(said["stretch"] * 100), as_of=desk.day, member=desk.member
        ),
    ):
        show_next(request, Toast(text=_("The plan is proposed. Look through it, then accept it.")))
        return redirect(f"{reverse('plan')}?plan={form.cleaned_data['begins']:%Y-%m}")
    return _shown(request, desk, chosen_plan(request, desk.day), form=form)


@require_POST
def accept(request: HttpRequest, month: str) -> HttpResponse:
    """From now on it holds."""
    desk = desk_of_head(request)
    accept_plan(plan=named_plan(month), on=desk.day, member=desk.member)
    show_next(request, Toast(text=_("The plan holds from now on."), undo=reverse("plan_reopen", args=[month])))
    return redirect(f"{reverse('plan')}?plan={month}")


@require_POST
def reopen(request: HttpRequest, month: str) -> HttpResponse:
    """Make it a draft again."""
    desk = desk_of_head(request)
    reopen_plan(plan=named_plan(month), member=desk.member)
    show_next(request, Toast(text=_("The plan is a draft again."), undo=reverse("plan_accept", args=[month])))
    return redirect(f"{reverse('plan')}?plan={month}")


@require_POST
def remove(request: HttpRequest, month: str) -> HttpResponse:
    """Throw a draft away."""
    desk = desk_of_head(request)
    remove_plan(plan=named_plan(month), member=desk.member)
    show_next(request, Toast(text=_("The draft is thrown away.")))
    return redirect("plan")


@require_safe
def plan_csv(request: HttpRequest, month: str) -> HttpResponseBase:
    """All targets and results by person, month and kind."""
    desk = desk_of_head(request)
    require(desk.member, Permission.EXPORT)
    found = named_plan(month)
    people = people_of_plan(found, as_of=desk.day, member=desk.member)
    headings = [_("Person"), _("Team"), _("Month"), _("Kind"), _("Target"), _("Reached")]
    return csv_answer(f"plan-{month}.csv", headings, _rows(found, people, desk.currency))


def _rows(found: SalesPlan, people: list[PersonPlan], currency: str) -> Iterator[list[Any]]:
    for one in people:
        name = one.person.name if one.person else ""
        team = one.person.team.name if one.person and one.person.team else ""
        for place, month in enumerate(twelve_months(found.begins)):
            for kind in Kind:
                amounts = (one.targets[place][kind], one.came[place][kind])
                yield [name, team, f"{month:%Y-%m}", kind.value, *(from_minor(amount, currency) for amount in amounts)]


def _shown(
    request: HttpRequest, desk: Desk, found: SalesPlan | None, *, form: ProposeForm | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "desk": desk,
        "plan": found,
        "plans": list(plans()),
        "may_configure": may(desk.member, Permission.CONFIGURE) and sees_plan_of_all(desk.member),
        "propose": form or _form(desk, found),
        "kinds": list(KINDS.values()),
    }
    if found is not None:
        context |= _figures(desk, found)
    return render(request, "web/sales_plan/overview.html", context, status=422 if form and form.errors else 200)


def _form(desk: Desk, found: SalesPlan | None) -> ProposeForm:
    stretch = found.stretch_bps / 100 if found else 0
    begins = found.begins if found else usual_beginning(desk.day)
    if found and found.state == SalesPlan.State.ACCEPTED:  # that one stands: the next is the year after
        begins = months_before(begins, -MONTHS)
    return ProposeForm(initial={"begins": begins, "stretch": f"{stretch:g}"})


def _figures(desk: Desk, found: SalesPlan) -> dict[str, Any]:
    people = people_of_plan(found, as_of=desk.day, member=desk.member)
    whole = together(people)
    passed = months_passed(found, as_of=desk.day)
    months = twelve_months(found.begins)
    return {
        "passed": passed,
        "until": months_before(found.begins, -(MONTHS - 1)),
        "total": against(*whole.so_far(passed), desk.currency),
        "year": against(added(whole.targets), added(whole.came), desk.currency),
        "people": [(one.person, against(*one.so_far(passed), desk.currency)) for one in people],
        "months": [
            {
                "name": month_text(month),
                "figures": [(one, None) for one in against(whole.targets[place], whole.came[place], desk.currency)],
            }
            for place, month in enumerate(months)
        ],
        "chart": months_chart(months, whole, passed=passed, currency=desk.currency),
    }
