"""What it costs to win a customer, and what to keep one: hours and money of twelve months, beside what both brought.

A customer is *won* in the period if its first order lies in it, and *kept* if it bought before and in it. A talk up to
the day of the first order, and every time that somebody got in touch with a lead, is time for winning; every other talk
is time for keeping and growing. How long a talk takes is not recorded: each kind counts the hours that the firm says.
What nobody noted is not there, so that all costs are at least what is told.

Formulas: `docs/methods/cost-of-keeping.md`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import Count, F, Min, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation, zone
from regulars.base.thresholds import declare
from regulars.core.calendar import months_before
from regulars.core.errors import Refusal
from regulars.core.money import from_minor
from regulars.facts.models import Account, Interaction, LeadStep
from regulars.insight.models import Score
from regulars.insight.sales_results import MONTHS, account_results
from regulars.plan.models import GivenBonus, SellingCost, WorkingHours
from regulars.plan.results import SELLERS
from regulars.plan.working_hours import HOUR_COSTS, VISIT_HOURS

LONGEST_TEXT: Final = 200
MOST_MINOR: Final = 10**15
YEAR: Final = timedelta(days=365)
ENOUGH_COSTED: Final = 0.8
"""Below this share of sales with a known cost no margin is told."""

MEETING_HOURS = declare(
    "meeting_hours", default=1.5, meaning=gettext_lazy("hours that one meeting takes, with the way"), least=0.1, most=24
)
CALL_HOURS = declare(
    "call_hours", default=0.25, meaning=gettext_lazy("hours that one call takes, with noting it"), least=0.01, most=8
)
MAIL_HOURS = declare(
    "mail_hours", default=0.15, meaning=gettext_lazy("hours that one mail takes to write"), least=0.01, most=8
)
GROUP: Final = (MEETING_HOURS.name, CALL_HOURS.name, MAIL_HOURS.name)
_HOURS: Final = {
    Interaction.Kind.VISIT: VISIT_HOURS,
    Interaction.Kind.MEETING: MEETING_HOURS,
    Interaction.Kind.CALL: CALL_HOURS,
    Interaction.Kind.MAIL: MAIL_HOURS,
}


class WrongCost(Refusal):
    """An amount cannot be noted like this."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """Winning, or keeping and growing. Money in units of the base currency; None is unknown."""

    talks: Mapping[str, int]
    """By kind of talk."""
    lead_contacts: int
    hours: float
    time_cost: float
    entered: float
    bonuses: float
    customers: int
    sales: float
    margin: float | None

    @property
    def time_is_known(self) -> bool:
        """Whether anybody noted a talk: without any, the time was not noted rather than not spent."""
        return bool(self.talks or self.lead_contacts)

    @property
    def cost(self) -> float:
        return self.time_cost + self.entered + self.bonuses

    @property
    def cost_each(self) -> float | None:
        """For each customer; None where there is no customer, or no cost was noted."""
        return self.cost / self.customers if self.customers and self.cost else None

    @property
    def sales_per_cost(self) -> float | None:
        """What one unit of money that was spent brought in sales."""
        return self.sales / self.cost if self.cost else None

    @property
    def margin_per_cost(self) -> float | None:
        return self.margin / self.cost if self.cost and self.margin is not None else None


@dataclass(frozen=True, kw_only=True)
class CostOfKeeping:
    """Twelve months of both, with what the figures stand on."""

    begins: date
    ends: date
    winning: Side
    keeping: Side
    costed: float
    """The share of the sales whose cost is known."""
    hour_costs: float
    hour_costs_said: bool
    """Whether the firm said what an hour costs, else it is the usual value."""
    history_begins: date | None
    """The first order of all."""
    hours_planned: float | None
    """That people have for customers in these months, where somebody said so."""

    @property
    def everybody_looks_won(self) -> bool:
        """Whether the history begins less than a year before: who bought before it, and then in these months, is not
        told from who was won.
        """
        return self.history_begins is None or self.begins < self.history_begins + YEAR

    @property
    def hours(self) -> float:
        return self.winning.hours + self.keeping.hours


def visible_costs(member: Member | None) -> QuerySet[SellingCost]:
    """The amounts that were noted, newest first; for who sees what people are paid."""
    require(member, Permission.SEE_INCENTIVES)
    return SellingCost.objects.select_related("member").order_by("-on", "-pk")


@transaction.atomic
def note_cost(*, aim: str, on: date, text: str, amount_minor: int, today: date, member: Member | None) -> SellingCost:
    """Note an amount that was spent besides the time of people: a fair, samples, an advertisement."""
    require(member, Permission.SEE_INCENTIVES)
    text = text.strip()[:LONGEST_TEXT]
    if aim not in SellingCost.Aim.values:
        raise WrongCost(
            _("Costs are not noted for “%(aim)s”.") % {"aim": aim},
            _("Use one of: %(aims)s.") % {"aims": ", ".join(SellingCost.Aim.values)},
        )
    if not text:
        raise WrongCost(_("It does not say what it was spent on."), _("Say it in a few words."))
    if not 0 < amount_minor <= MOST_MINOR:
        raise WrongCost(_("That is no amount that was spent."), _("Give more than nothing."))
    if on > today:
        raise WrongCost(_("That day lies in the future."), _("Note it once it is spent."))
    made = SellingCost(aim=aim, on=on, text=text, amount_minor=amount_minor, member=member)
    with audited(made, verb="note_cost", member=member):
        made.save()
    return made


@transaction.atomic
def remove_cost(*, cost: SellingCost, member: Member | None) -> None:
    """It was noted by mistake; the trail of changes keeps what it said."""
    require(member, Permission.SEE_INCENTIVES)
    found = SellingCost.objects.select_for_update(of=("self",)).get(pk=cost.pk)
    with audited(found, verb="remove_cost", member=member):
        found.delete()


def cost_of_keeping(*, as_of: date, years_back: int, member: Member | None) -> CostOfKeeping:
    """The twelve months up to and with the month of `as_of`, or those so many years earlier."""
    require(member, Permission.SEE_INCENTIVES)
    firm = organisation()
    first = as_of.replace(day=1)
    begins = months_before(first, MONTHS - 1 + MONTHS * years_back)
    ends = min(months_before(begins, -MONTHS) - timedelta(days=1), as_of)
    costs = float(HOUR_COSTS.of(firm))
    talks = _talks(begins, ends)
    contacts = _lead_contacts(begins, ends, firm)
    entered = _entered(begins, ends)
    bonuses = GivenBonus.objects.filter(on__gte=begins, on__lte=ends, taken_back_at=None)
    given = bonuses.aggregate(whole=Sum("cost_minor"))["whole"] or 0
    brought, costed = _brought(begins, ends)

    def side(aim: SellingCost.Aim) -> Side:
        is_winning = aim == SellingCost.Aim.WINNING
        of_leads = contacts if is_winning else 0
        hours = sum(count * float(_HOURS[Interaction.Kind(kind)].of(firm)) for kind, count in talks[aim].items())
        hours += of_leads * float(CALL_HOURS.of(firm))
        return Side(
            talks=talks[aim],
            lead_contacts=of_leads,
            hours=hours,
            time_cost=hours * costs,
            entered=_units(entered.get(aim, 0), firm),
            bonuses=0.0 if is_winning else _units(given, firm),
            customers=brought[aim].customers,
            sales=_units(brought[aim].sales, firm),
            margin=_units(brought[aim].margin, firm) if costed >= ENOUGH_COSTED else None,
        )

    return CostOfKeeping(
        begins=begins,
        ends=ends,
        winning=side(SellingCost.Aim.WINNING),
        keeping=side(SellingCost.Aim.KEEPING),
        costed=costed,
        hour_costs=costs,
        hour_costs_said=HOUR_COSTS.name in firm.thresholds,
        history_begins=Score.objects.aggregate(first=Min("first_order"))["first"],
        hours_planned=_hours_planned(),
    )


def _units(minor: int, firm: Organisation) -> float:
    return float(from_minor(minor, firm.base_currency))


def _talks(begins: date, ends: date) -> dict[SellingCost.Aim, dict[str, int]]:
    """How many talks of each kind somebody of ours had: with who had not ordered by then, and with customers."""
    talks = Interaction.objects.filter(on__gte=begins, on__lte=ends, member__isnull=False)
    talks = talks.exclude(kind=Interaction.Kind.NOTE).order_by()
    # Few talks were with who had not ordered by then: only of these it is looked at whom they were with.
    won = Score.objects.filter(first_order__gte=begins).values("account_id")
    strangers = Account.objects.filter(score__first_order=None).values("pk")
    first_order = F("account__score__first_order")
    whole = _by_kind(talks)
    before = Counter(_by_kind(talks.filter(account__in=won, on__lte=first_order)))
    before += Counter(_by_kind(talks.filter(account__in=strangers)))
    return {
        SellingCost.Aim.WINNING: {kind: before[kind] for kind in sorted(before)},
        SellingCost.Aim.KEEPING: {kind: whole[kind] - before[kind] for kind in whole if whole[kind] > before[kind]},
    }


def _by_kind(talks: QuerySet[Interaction]) -> dict[str, int]:
    return dict(talks.values("kind").annotate(count=Count("pk")).order_by("kind").values_list("kind", "count"))


def _lead_contacts(begins: date, ends: date, firm: Organisation) -> int:
    here = zone(firm)
    since = datetime.combine(begins, time.min, tzinfo=here)
    until = datetime.combine(ends + timedelta(days=1), time.min, tzinfo=here)
    steps = LeadStep.objects.filter(kind=LeadStep.Kind.CONTACTED, taken_back_at=None, member__isnull=False)
    return steps.filter(at__gte=since, at__lt=until).count()


def _entered(begins: date, ends: date) -> dict[str, int]:
    noted = SellingCost.objects.filter(on__gte=begins, on__lte=ends).order_by()
    return dict(noted.values_list("aim").annotate(Sum("amount_minor")))


def _hours_planned() -> float | None:
    """Of a year, of those who sell and of whom it was said."""
    said = WorkingHours.objects.filter(member__is_active=True, member__role__in=SELLERS)
    whole = said.aggregate(whole=Sum("hours_a_month"))["whole"]
    return float(whole * MONTHS) if whole else None


@dataclass(frozen=True, kw_only=True)
class _Brought:
    """Customers of one side with what they brought, in minor units."""

    customers: int
    sales: int
    margin: int


def _brought(begins: date, ends: date) -> tuple[dict[SellingCost.Aim, _Brought], float]:
    """What customers won and kept brought, and the share of sales whose cost is known."""
    sold, earned = account_results(begins, as_of=ends), account_results(begins, as_of=ends, of_margin=True)
    sales = sold.kinds.total.sum(axis=1)
    margins = dict(zip(earned.accounts.tolist(), earned.kinds.total.sum(axis=1).tolist(), strict=True))
    # Who ordered first in these months, also where later figures know of more.
    first = Score.objects.filter(first_order__gte=begins, first_order__lte=ends)
    won = np.isin(sold.accounts, np.fromiter(first.values_list("account_id", flat=True), np.int64))

    def part(rows: np.typing.NDArray[np.bool_]) -> _Brought:
        accounts = sold.accounts[rows].tolist()
        return _Brought(
            customers=int((sales[rows] > 0).sum()),
            sales=int(sales[rows].sum()),
            margin=sum(margins.get(one, 0) for one in accounts),
        )

    return {SellingCost.Aim.WINNING: part(won), SellingCost.Aim.KEEPING: part(~won)}, earned.costed or 0.0
