"""The sales plan over the API: targets, and what came, by person."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.fields import MemberRef, member_ref
from regulars.api.problems import NotFound
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.core.incentives import Kind
from regulars.core.money import from_minor
from regulars.insight.days import day_of_work
from regulars.insight.sales_results import twelve_months
from regulars.plan.models import SalesPlan
from regulars.plan.targets import PersonPlan, people_of_plan, plan_of

router = Router(tags=["plan"])


class KindsOut(Schema):
    """Amounts in units of the plan's currency."""

    new: Decimal
    kept: Decimal
    grown: Decimal


class PlanMonthOut(Schema):
    """One month of a person."""

    month: dt.date
    target: KindsOut
    came: KindsOut


class PersonPlanOut(Schema):
    """Targets of one person and what came."""

    person: MemberRef | None = Field(description="None: accounts that nobody looks after.")
    months: list[PlanMonthOut]


class SalesPlanOut(Schema):
    """The plan of the twelve months that today lies in, as far as the member sees it."""

    begins: dt.date
    state: str = Field(description="draft or accepted.")
    currency: str
    people: list[PersonPlanOut]


@router.get("/plan", response=SalesPlanOut, summary="Targets and what came", operation_id="sales_plan")
@scoped(ApiScope.INSIGHT_READ)
def sales_plan(request: HttpRequest) -> SalesPlanOut:
    """Who sees the pay of others sees everybody; a seller the own targets."""
    found = plan_of(day_of_work(today(organisation())))
    shown = shown_plan(found, acting(request)) if found else None
    if shown is None:
        raise NotFound(_("There is no plan of this time for you."), _("The sales head proposes and accepts it."))
    return shown


def shown_plan(found: SalesPlan, member: Member) -> SalesPlanOut | None:
    """The plan with what came so far, as far as the member sees it; None: nothing of it."""
    firm = organisation()
    people = people_of_plan(found, as_of=day_of_work(today(firm)), member=member)
    if not people:
        return None
    months = twelve_months(found.begins)
    return SalesPlanOut(
        begins=found.begins,
        state=found.state,
        currency=firm.base_currency,
        people=[_person_out(one, months, firm.base_currency) for one in people],
    )


def _person_out(one: PersonPlan, months: list[dt.date], currency: str) -> PersonPlanOut:
    return PersonPlanOut(
        person=member_ref(one.person),
        months=[
            PlanMonthOut(
                month=month,
                target=_kinds_out(one.targets[place], currency),
                came=_kinds_out(one.came[place], currency),
            )
            for place, month in enumerate(months)
        ],
    )


def _kinds_out(amounts: dict[Kind, int], currency: str) -> KindsOut:
    return KindsOut(**{kind.value: from_minor(amounts[kind], currency) for kind in Kind})
