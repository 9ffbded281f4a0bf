"""Incentive schemes: written, simulated on the year that was, put in force, ended; what people earn by them (C3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypedDict, Unpack

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited, record_change
from regulars.base.models import Member
from regulars.core.calendar import months_before
from regulars.core.errors import Refusal
from regulars.core.incentives import WHOLE_BPS, Earned, IncentiveTerms, Kind, earned, paid_by_month
from regulars.insight.sales_results import MONTHS, account_results
from regulars.plan.models import IncentiveScheme, SalesPlan
from regulars.plan.results import SELLERS, Results, added, results_of_people, sees_plan_of, sees_plan_of_all
from regulars.plan.targets import months_passed, people_of_plan

MOST_RATE_BPS: Final = 5_000
LARGEST_MINOR: Final = 10**13


class WrongScheme(Refusal):
    """An incentive scheme cannot be like this, or not be changed any more."""


class SchemeFields(TypedDict, total=False):
    """What may be said about a scheme. Rates and thresholds in basis points, money in base minor units."""

    name: str
    measure: str
    base_minor: int
    new_bps: int
    kept_bps: int
    grown_bps: int
    threshold_bps: int
    cap_minor: int | None


@dataclass(frozen=True, kw_only=True)
class PersonEarned:
    """What one person would have earned, and of which results."""

    person: Member
    results: dict[Kind, int]
    earned: Earned


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """A scheme applied to twelve months. Money in base minor units."""

    scheme: IncentiveScheme
    begins: date
    until: date
    people: list[PersonEarned]
    costed: float | None

    @property
    def total_minor(self) -> int:
        return sum(one.earned.total_minor for one in self.people)

    @property
    def fixed_minor(self) -> int:
        return sum(one.earned.base_minor for one in self.people)

    @property
    def by_kind(self) -> dict[Kind, int]:
        """What was paid for each kind, before caps."""
        return {kind: sum(one.earned.by_kind.get(kind, 0) for one in self.people) for kind in Kind}

    @property
    def results(self) -> dict[Kind, int]:
        return added([one.results for one in self.people])


@dataclass(frozen=True, kw_only=True)
class MonthOfPay:
    """A month of a statement: what was sold, and what the month pays."""

    month: date
    results: dict[Kind, int]
    target_minor: int | None
    paid_minor: int


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a person has earned in the months of a plan that have begun."""

    person: Member
    scheme: IncentiveScheme
    plan: SalesPlan
    months: list[MonthOfPay]
    so_far: Earned


def visible_schemes(member: Member | None) -> QuerySet[IncentiveScheme]:
    """All schemes, those in force first, for who sees the pay of all; for sellers the one they are paid by."""
    schemes = IncentiveScheme.objects.order_by("-begins", "-pk")
    if sees_plan_of_all(member):
        return schemes
    if member is not None and sees_plan_of(member, member):
        return schemes.filter(begins__isnull=False)
    return schemes.none()


def scheme_of(day: date) -> IncentiveScheme | None:
    """The scheme that is in force on a day."""
    return IncentiveScheme.objects.filter(Q(ends=None) | Q(ends__gte=day), begins__lte=day).order_by("-begins").first()


def terms_of(scheme: IncentiveScheme) -> IncentiveTerms:
    """The scheme as the computation takes it."""
    return IncentiveTerms(
        rates_bps={Kind.NEW: scheme.new_bps, Kind.KEPT: scheme.kept_bps, Kind.GROWN: scheme.grown_bps},
        base_minor=scheme.base_minor,
        threshold_bps=scheme.threshold_bps,
        cap_minor=scheme.cap_minor,
    )


# Writing


@transaction.atomic
def write_scheme(
    *, member: Member | None, scheme: IncentiveScheme | None = None, **fields: Unpack[SchemeFields]
) -> IncentiveScheme:
    """Write a scheme, or change one that was never in force. Raises `WrongScheme`."""
    _require_schemes(member)
    written = IncentiveScheme.objects.select_for_update().get(pk=scheme.pk) if scheme else IncentiveScheme()
    _refuse_in_force(written)
    with audited(written, verb="write_scheme", member=member):
        for name, value in fields.items():
            setattr(written, name, value)
        _refuse_unlikely(written)
        written.save()
    return written


@transaction.atomic
def put_in_force(*, scheme: IncentiveScheme, on: date, member: Member | None) -> IncentiveScheme:
    """Pay by it from a day on; the one in force until then ends the day before."""
    _require_schemes(member)
    found = IncentiveScheme.objects.select_for_update().get(pk=scheme.pk)
    _refuse_in_force(found)
    before = scheme_of(on)
    if before is not None:
        if before.begins == on:
            raise WrongScheme(
                _("“%(name)s” begins on that day, too.") % {"name": before.name}, _("Choose a later day.")
            )
        end_scheme(scheme=before, on=on - timedelta(days=1), member=member)
    with audited(found, verb="put_in_force", member=member):
        found.begins = on
        found.save()
    return found


@transaction.atomic
def end_scheme(*, scheme: IncentiveScheme, on: date, member: Member | None) -> IncentiveScheme:
    """Pay by it no longer after a day."""
    _require_schemes(member)
    found = IncentiveScheme.objects.select_for_update().get(pk=scheme.pk)
    if found.begins is None or (found.ends is not None and found.ends <= on):
        raise WrongScheme(_("It is not in force."), _("There is nothing to end."))
    with audited(found, verb="end_scheme", member=member):
        found.ends = max(on, found.begins)
        found.save()
    return found


@transaction.atomic
def remove_scheme(*, scheme: IncentiveScheme, member: Member | None) -> None:
    """Throw away a scheme that was never in force."""
    _require_schemes(member)
    found = IncentiveScheme.objects.select_for_update().get(pk=scheme.pk)
    _refuse_in_force(found)
    record_change(member=member, verb="remove_scheme", record=found, before={"name": found.name}, after={})
    found.delete()


def _require_schemes(member: Member | None) -> None:
    require(member, Permission.CONFIGURE)
    require(member, Permission.SEE_INCENTIVES)


def _refuse_in_force(scheme: IncentiveScheme) -> None:
    if scheme.begins is not None:
        raise WrongScheme(
            _("People are, or were, paid by this scheme."), _("Write a new one, and put it in force from a day on.")
        )


def _refuse_unlikely(scheme: IncentiveScheme) -> None:
    scheme.name = scheme.name.strip()[:100]
    if not scheme.name:
        raise WrongScheme(_("The scheme has no name."), _("Give it one that people will know."))
    if scheme.measure not in IncentiveScheme.Measure.values:
        raise WrongScheme(_("It is paid on sales or on margin."), _("Choose one of the two."))
    if not all(0 <= rate <= MOST_RATE_BPS for rate in (scheme.new_bps, scheme.kept_bps, scheme.grown_bps)):
        raise WrongScheme(_("A rate lies between 0 % and 50 %."), _("Give another one."))
    if not 0 <= scheme.threshold_bps <= WHOLE_BPS:
        raise WrongScheme(_("The threshold lies between 0 % and 100 % of the target."), _("Give another one."))
    if not all(0 <= amount <= LARGEST_MINOR for amount in (scheme.base_minor, scheme.cap_minor or 0)):
        raise WrongScheme(_("Pay is not negative, and not that large."), _("Give another amount."))


# Simulating and paying


def simulate(scheme: IncentiveScheme, *, as_of: date, member: Member | None) -> Simulation:
    """What each seller would have earned in the twelve months before this one, and the firm paid.

    No threshold counts where the year had no accepted plan: nobody can miss what was not agreed.
    """
    require(member, Permission.SEE_INCENTIVES)
    begins = months_before(as_of.replace(day=1), MONTHS)
    margin = scheme.measure == IncentiveScheme.Measure.MARGIN
    read = account_results(begins, as_of=as_of, of_margin=margin)
    results = results_of_people(read)
    targets = _targets_of(begins, as_of=as_of)
    terms = terms_of(scheme)
    sellers = Member.objects.filter(is_active=True, role__in=SELLERS).select_related("team").order_by("name", "pk")
    people = [_person_earned(one, results, terms, targets.get(one.pk)) for one in sellers]
    until = begins.replace(year=begins.year + 1) - timedelta(days=1)
    return Simulation(scheme=scheme, begins=begins, until=until, people=people, costed=read.costed)


def _person_earned(person: Member, results: Results, terms: IncentiveTerms, target: int | None) -> PersonEarned:
    year = added(results.of(person.pk))
    found = earned(year, terms, months=MONTHS, target_minor=target)
    return PersonEarned(person=person, results=year, earned=found)


def _targets_of(begins: date, *, as_of: date) -> dict[int, int]:
    """The targets of a year by person, where a plan of exactly this year was accepted."""
    plan = SalesPlan.objects.filter(begins=begins, state=SalesPlan.State.ACCEPTED).first()
    if plan is None:
        return {}
    people = people_of_plan(plan, as_of=as_of, member=None)
    return {one.person.pk: sum(added(one.targets).values()) for one in people if one.person is not None}


def statement_of(person: Member, *, plan: SalesPlan, as_of: date, member: Member | None) -> Statement | None:
    """What a person has earned month by month in the year of a plan; None where no scheme is in force.

    Raises `Forbidden` for who may not see the person's pay.
    """
    if not sees_plan_of(member, person):
        require(member, Permission.SEE_INCENTIVES)
    passed = months_passed(plan, as_of=as_of)
    scheme = scheme_of(as_of)
    if scheme is None or not passed:
        return None
    margin = scheme.measure == IncentiveScheme.Measure.MARGIN
    months = results_of_people(account_results(plan.begins, as_of=as_of, of_margin=margin)).of(person.pk)[:passed]
    targets = _agreed(plan, person, as_of=as_of)
    terms = terms_of(scheme)
    paid = paid_by_month(months, terms, targets_minor=targets[:passed] if targets else None)
    return Statement(
        person=person,
        scheme=scheme,
        plan=plan,
        months=[
            MonthOfPay(
                month=months_before(plan.begins, -place),
                results=months[place],
                target_minor=targets[place] if targets else None,
                paid_minor=paid[place],
            )
            for place in range(passed)
        ],
        so_far=earned(added(months), terms, months=passed, target_minor=sum(targets[:passed]) if targets else None),
    )


def _agreed(plan: SalesPlan, person: Member, *, as_of: date) -> Sequence[int]:
    """The person's target of each month; none while the plan is a draft."""
    if plan.state != SalesPlan.State.ACCEPTED:
        return []
    found = [one for one in people_of_plan(plan, as_of=as_of, member=None) if one.person == person]
    return [sum(month.values()) for month in found[0].targets] if found else []
