"""The sales plan: proposed from what is expected, adjusted, accepted, held against what came (mission A6, C3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited, record_change
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.core.calendar import months_before
from regulars.core.errors import Refusal
from regulars.core.incentives import WHOLE_BPS, Kind
from regulars.core.money import exponent, split_minor
from regulars.insight.forecasts import base_forecast
from regulars.insight.models import Score
from regulars.insight.sales_results import MONTHS, NEW_DAYS, account_results, twelve_months
from regulars.plan.models import SalesPlan, Target
from regulars.plan.results import SELLERS, Months, added, no_results, results_of_people, sees_plan_of_all

MOST_STRETCH_BPS: Final = 5_000
FARTHEST_YEARS: Final = 10
LARGEST_MINOR: Final = 10**15


class WrongPlan(Refusal):
    """A plan cannot be made or changed like this."""


class NoFigures(Refusal):
    """Nothing is known that a plan could be proposed from."""


@dataclass(frozen=True, kw_only=True)
class PersonPlan:
    """Targets and what came, of one person (None: of nobody) or of several together."""

    person: Member | None
    targets: Months
    came: Months

    def so_far(self, months: int) -> tuple[dict[Kind, int], dict[Kind, int]]:
        """Targets and results of the first months."""
        return added(self.targets[:months]), added(self.came[:months])


def plans() -> QuerySet[SalesPlan]:
    """All plans, the latest first."""
    return SalesPlan.objects.order_by("-begins")


def plan_of(day: date) -> SalesPlan | None:
    """The plan of the twelve months that a day lies in; the one that was accepted before a draft."""
    within = plans().filter(begins__gt=months_before(day, MONTHS), begins__lte=day)
    return within.filter(state=SalesPlan.State.ACCEPTED).first() or within.first()


def usual_beginning(day: date) -> date:
    """The first day of the fiscal year that a day lies in."""
    first = organisation().fiscal_year_start
    return date(day.year if day.month >= first else day.year - 1, first, 1)


def months_passed(plan: SalesPlan, *, as_of: date) -> int:
    """How many months of the plan have begun by a day, this one included."""
    passed = (as_of.year - plan.begins.year) * MONTHS + as_of.month - plan.begins.month + 1
    return min(max(passed, 0), MONTHS)


# Reading


def people_of_plan(plan: SalesPlan, *, as_of: date, member: Member | None) -> list[PersonPlan]:
    """Targets and results of everybody whom the member may see, by team and name; of nobody last."""
    came = results_of_people(account_results(plan.begins, as_of=as_of))
    targets = _targets(plan)
    everybody = {one.pk: one for one in Member.objects.select_related("team")}
    keys = {key for key in (*targets, *came.by_person) if key is not None}
    people = sorted((everybody[key] for key in keys), key=lambda one: (one.team.name if one.team else "", one.name))
    if not sees_plan_of_all(member):
        people = [one for one in people if one == member and one.role in SELLERS]
    found = [PersonPlan(person=one, targets=targets.get(one.pk, no_results()), came=came.of(one.pk)) for one in people]
    if sees_plan_of_all(member) and (None in targets or None in came.by_person):
        found.append(PersonPlan(person=None, targets=targets.get(None, no_results()), came=came.of(None)))
    return found


def together(people: Sequence[PersonPlan]) -> PersonPlan:
    """Several people as one."""
    return PersonPlan(
        person=None,
        targets=[added([one.targets[place] for one in people]) for place in range(MONTHS)],
        came=[added([one.came[place] for one in people]) for place in range(MONTHS)],
    )


def _targets(plan: SalesPlan) -> dict[int | None, Months]:
    months = {month: place for place, month in enumerate(twelve_months(plan.begins))}
    found: dict[int | None, Months] = defaultdict(no_results)
    for person, month, kind, amount in plan.targets.values_list("member_id", "month", "kind", "amount_minor"):
        found[person][months[month]][Kind(kind)] = amount
    return dict(found)


# Proposing


@transaction.atomic
def propose_plan(*, begins: date, stretch_bps: int, as_of: date, member: Member | None) -> SalesPlan:
    """Make a draft of the twelve months from what is expected, or make it anew; what was adjusted by hand is lost then.

    Raises `WrongPlan` for a plan that was accepted, and `NoFigures` before there are figures.
    """
    require(member, Permission.CONFIGURE)
    if begins.day != 1:
        raise WrongPlan(_("A plan begins on the first day of a month."), _("Choose a month."))
    if abs(begins.year - as_of.year) > FARTHEST_YEARS:
        raise WrongPlan(_("Nothing can be expected of a year so far away."), _("Choose a month of these years."))
    if not 0 <= stretch_bps <= MOST_STRETCH_BPS:
        raise WrongPlan(_("The stretch lies between 0 % and 50 %."), _("Give another one."))
    plan = SalesPlan.objects.select_for_update().filter(begins=begins).first() or SalesPlan(begins=begins)
    if plan.state == SalesPlan.State.ACCEPTED:
        raise WrongPlan(_("This plan was accepted."), _("Open it again first."))
    proposed = _proposal(begins, as_of=as_of, stretch_bps=stretch_bps)
    with audited(plan, verb="propose_plan", member=member):
        plan.stretch_bps = stretch_bps
        plan.save()
    plan.targets.all().delete()
    Target.objects.bulk_create(
        Target(plan=plan, member_id=person, month=month, kind=kind.value, amount_minor=amount, proposed_minor=amount)
        for person, kinds in proposed.items()
        for kind, amounts in kinds.items()
        for month, amount in zip(twelve_months(begins), amounts, strict=True)
    )
    return plan


def _proposal(begins: date, *, as_of: date, stretch_bps: int) -> dict[int | None, dict[Kind, list[int]]]:
    """By person and kind the targets of twelve months."""
    firm = organisation()
    scale = 10 ** exponent(firm.base_currency)
    yearly = _expected_years(begins, as_of=as_of)
    if not yearly:
        raise NoFigures(_("There are no figures yet."), _("Import an order file first."))
    weights = _weights(begins)
    factor = 1 + stretch_bps / WHOLE_BPS
    return {
        person: {kind: split_minor(round(kinds[kind] * factor * scale), weights) for kind in Kind}
        for person, kinds in yearly.items()
    }


def _expected_years(begins: date, *, as_of: date) -> dict[int | None, dict[Kind, float]]:
    """What each person's accounts are expected to buy in a year, and what newly won ones brought in the last one."""
    found: dict[int | None, dict[Kind, float]] = {}
    scores = Score.objects.filter(account__merged_into=None, order_days__gt=0)
    rows = scores.values_list(
        "account__owner_id", "account__owner__is_active", "first_order", "sales_12m", "expected_value_365"
    )
    for owner, active, first, last_year, expected in rows.iterator(chunk_size=5000):
        kinds = found.setdefault(owner if active else None, dict.fromkeys(Kind, 0.0))
        if first and (first >= begins or (as_of - first).days < NEW_DAYS):
            kinds[Kind.NEW] += max(last_year, 0.0)  # as much is to be won, or won again
        if first and first >= begins:
            continue
        age = (begins - first).days if first else NEW_DAYS
        new = min(max((NEW_DAYS - age) / NEW_DAYS, 0.0), 1.0)  # the part of the year for which it still counts as new
        money = expected if expected is not None else max(last_year, 0.0)
        old, had = money * (1 - new), max(last_year, 0.0) * (1 - new)
        kinds[Kind.NEW] += money * new
        kinds[Kind.KEPT] += min(old, had)
        kinds[Kind.GROWN] += max(old - had, 0.0)
    return found


def _weights(begins: date) -> list[int]:
    """How the year is spread over its months: by the season of the forecast, evenly where there is none."""
    months = twelve_months(begins)
    known = base_forecast(member=None)
    by_month = {one.month.month: one.sales for one in known.months if one.complete} if known else {}
    if len(by_month) < MONTHS - 1 or min(by_month.values()) < 0:
        return [1] * MONTHS
    usual = float(np.mean(list(by_month.values())))  # of the month that is cut by the day of the forecast
    weights = [round(1000 * by_month.get(month.month, usual)) for month in months]
    return weights if sum(weights) else [1] * MONTHS


# Changing


@transaction.atomic
def set_targets(
    *, plan: SalesPlan, person: Member | None, amounts_minor: Mapping[Kind, Sequence[int]], member: Member | None
) -> SalesPlan:
    """Say what one person (None: nobody) is to sell month by month, by kind."""
    require(member, Permission.CONFIGURE)
    plan = _draft(plan)
    for kind, amounts in amounts_minor.items():
        if len(amounts) != MONTHS or not all(0 <= amount <= LARGEST_MINOR for amount in amounts):
            raise WrongPlan(_("A target is missing, negative, or too large."), _("Give an amount for each month."))
        for month, amount in zip(twelve_months(plan.begins), amounts, strict=True):
            said = plan.targets.filter(member=person, month=month, kind=kind.value).first()
            target = said or Target(plan=plan, member=person, month=month, kind=kind.value, proposed_minor=0)
            if target.pk is None or target.amount_minor != amount:
                with audited(target, verb="set_target", member=member):
                    target.amount_minor = amount
                    target.save()
    return plan


@transaction.atomic
def accept_plan(*, plan: SalesPlan, on: date, member: Member | None) -> SalesPlan:
    """From now on it holds: everybody sees the own targets, and it is changed no more."""
    require(member, Permission.CONFIGURE)
    plan = _draft(plan)
    with audited(plan, verb="accept_plan", member=member):
        plan.state, plan.accepted_on, plan.accepted_by = SalesPlan.State.ACCEPTED, on, member
        plan.save()
    return plan


@transaction.atomic
def reopen_plan(*, plan: SalesPlan, member: Member | None) -> SalesPlan:
    """Make it a draft again."""
    require(member, Permission.CONFIGURE)
    plan = SalesPlan.objects.select_for_update().get(pk=plan.pk)
    if plan.state != SalesPlan.State.ACCEPTED:
        raise WrongPlan(_("This plan is a draft already."), _("Change what you like."))
    with audited(plan, verb="reopen_plan", member=member):
        plan.state, plan.accepted_on, plan.accepted_by = SalesPlan.State.DRAFT, None, None
        plan.save()
    return plan


@transaction.atomic
def remove_plan(*, plan: SalesPlan, member: Member | None) -> None:
    """Throw a draft away."""
    require(member, Permission.CONFIGURE)
    plan = _draft(plan)
    record_change(member=member, verb="remove_plan", record=plan, before={"begins": plan.begins.isoformat()}, after={})
    plan.delete()


def _draft(plan: SalesPlan) -> SalesPlan:
    found = SalesPlan.objects.select_for_update().get(pk=plan.pk)
    if found.state == SalesPlan.State.ACCEPTED:
        raise WrongPlan(_("This plan was accepted."), _("Open it again first."))
    return found
