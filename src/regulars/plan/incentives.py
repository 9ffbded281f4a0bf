"""Incentive schemes: written, simulated on the year that was, put in force, ended; what people earn by them (C3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
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
from regulars.insight.sales_results import MONTHS, account_results, twelve_months
from regulars.plan.models import IncentiveScheme, SalesPlan
from regulars.plan.results import SELLERS, Months, Results, added, results_of_people, sees_plan_of, sees_plan_of_all
from regulars.plan.targets import months_passed, people_of_plan

MOST_RATE_BPS: Final = 5_000
LARGEST_MINOR: Final = 10**13
NOTHING: Final = IncentiveTerms(rates_bps={})
"""How months are paid in which no scheme was in force."""


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
    scheme: IncentiveScheme | None
    """By which it was paid; the sums that follow begin with the month in which that came into force."""
    results_so_far: dict[Kind, int]
    sold_so_far_minor: int
    target_so_far_minor: int | None
    so_far: Earned
    before: Earned
    """The same at the end of the month before."""


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
    read = account_results(begins, as_of=as_of, of_margin=_on_margin(scheme))
    results, sales = results_of_people(read), _sales(begins, as_of=as_of)
    targets = _targets_of(begins, as_of=as_of)
    terms = terms_of(scheme)
    sellers = Member.objects.filter(is_active=True, role__in=SELLERS).select_related("team").order_by("name", "pk")
    people = [_person_earned(one, results, sales, terms, targets.get(one.pk)) for one in sellers]
    until = begins.replace(year=begins.year + 1) - timedelta(days=1)
    return Simulation(scheme=scheme, begins=begins, until=until, people=people, costed=read.costed)


def _on_margin(scheme: IncentiveScheme) -> bool:
    return scheme.measure == IncentiveScheme.Measure.MARGIN


def _sales(begins: date, *, as_of: date) -> Results:
    """Whatever is paid on, a target is one of sales, and they say whether it was reached."""
    return results_of_people(account_results(begins, as_of=as_of))


def _person_earned(
    person: Member, results: Results, sales: Results, terms: IncentiveTerms, target: int | None
) -> PersonEarned:
    year, sold = added(results.of(person.pk)), sum(added(sales.of(person.pk)).values())
    found = earned(year, terms, months=MONTHS, target_minor=target, sold_minor=sold)
    return PersonEarned(person=person, results=year, earned=found)


def _targets_of(begins: date, *, as_of: date) -> dict[int, int]:
    """The targets of a year by person, where a plan of exactly this year was accepted."""
    plan = SalesPlan.objects.filter(begins=begins, state=SalesPlan.State.ACCEPTED).first()
    if plan is None:
        return {}
    people = people_of_plan(plan, as_of=as_of, member=None)
    return {one.person.pk: sum(added(one.targets).values()) for one in people if one.person is not None}


def statement_of(person: Member, *, plan: SalesPlan, as_of: date, member: Member | None) -> Statement | None:
    """What a person has earned month by month in the year of a plan; None where no scheme was in force in it.

    Each month is paid by the scheme that was in force in it last: where one follows another within the year, threshold
    and cap count anew from there. Raises `Forbidden` for who may not see the person's pay.
    """
    if not sees_plan_of(member, person):
        require(member, Permission.SEE_INCENTIVES)
    passed = months_passed(plan, as_of=as_of)
    schemes = [_scheme_of_month(month) for month in twelve_months(plan.begins)[:passed]]
    last = next((one for one in reversed(schemes) if one is not None), None)
    if last is None:
        return None
    year = _Year(
        person=person,
        plan=plan,
        as_of=as_of,
        targets=_agreed(plan, person, as_of=as_of),
        sold=[sum(month.values()) for month in _sales(plan.begins, as_of=as_of).of(person.pk)],
    )
    months: list[MonthOfPay] = []
    parts: list[Earned] = []
    for scheme, places in groupby(range(passed), key=lambda place: schemes[place]):
        some = list(places)
        paid, part = year.paid_by(scheme, slice(some[0], some[-1] + 1))
        months += paid
        parts.append(part)
    return Statement(person=person, scheme=last, plan=plan, months=months, so_far=_altogether(parts))


@dataclass(frozen=True, kw_only=True)
class _Year:
    """What the pay of one person in one year follows from."""

    person: Member
    plan: SalesPlan
    as_of: date
    targets: Sequence[int]
    sold: Sequence[int]

    def paid_by(self, scheme: IncentiveScheme | None, part: slice) -> tuple[list[MonthOfPay], Earned]:
        """What one scheme pays in the months in which it was in force."""
        begins, of_margin = self.plan.begins, scheme is not None and _on_margin(scheme)
        read = account_results(begins, as_of=self.as_of, of_margin=of_margin)
        results, sold = results_of_people(read).of(self.person.pk)[part], self.sold[part]
        targets = self.targets[part] if self.targets else None
        terms = NOTHING if scheme is None else terms_of(scheme)
        paid = paid_by_month(results, terms, targets_minor=targets, sold_minor=sold)
        years = [_up_to(at, results, terms, targets, sold) for at in range(len(results) + 1)]
        months = [
            MonthOfPay(
                month=months_before(begins, -(part.start + at)),
                results=month,
                target_minor=targets[at] if targets else None,
                paid_minor=paid[at],
                scheme=scheme,
                results_so_far=added(results[: at + 1]),
                sold_so_far_minor=sum(sold[: at + 1]),
                target_so_far_minor=sum(targets[: at + 1]) if targets else None,
                so_far=years[at + 1],
                before=years[at],
            )
            for at, month in enumerate(results)
        ]
        return months, years[-1]


def _up_to(
    months: int, results: Months, terms: IncentiveTerms, targets: Sequence[int] | None, sold: Sequence[int]
) -> Earned:
    """What the first months have earned together."""
    target = None if targets is None else sum(targets[:months])
    return earned(added(results[:months]), terms, months=months, target_minor=target, sold_minor=sum(sold[:months]))


def _scheme_of_month(month: date) -> IncentiveScheme | None:
    """The scheme that was in force last within the month of this first day."""
    end = months_before(month, -1) - timedelta(days=1)
    within = IncentiveScheme.objects.filter(Q(ends=None) | Q(ends__gte=month), begins__lte=end)
    return within.order_by("-begins").first()


def _altogether(parts: Sequence[Earned]) -> Earned:
    """What several schemes have paid, one after the other; the last one says whether the target is reached."""
    return Earned(
        base_minor=sum(one.base_minor for one in parts),
        by_kind={kind: sum(one.by_kind.get(kind, 0) for one in parts) for kind in Kind},
        cut_minor=sum(one.cut_minor for one in parts),
        below_threshold=parts[-1].below_threshold,
    )


def _agreed(plan: SalesPlan, person: Member, *, as_of: date) -> Sequence[int]:
    """The person's target of each month; none while the plan is a draft."""
    if plan.state != SalesPlan.State.ACCEPTED:
        return []
    found = [one for one in people_of_plan(plan, as_of=as_of, member=None) if one.person == person]
    return [sum(month.values()) for month in found[0].targets] if found else []
