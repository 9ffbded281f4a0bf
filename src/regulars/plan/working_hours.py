"""Where the hours of each person go: to winning new customers, and to the accounts where visits bring most (C3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation
from regulars.base.thresholds import Unit, declare
from regulars.core.errors import Refusal
from regulars.core.incentives import WHOLE_BPS
from regulars.core.time_budget import TimeBudget, Visited, allot
from regulars.facts.accounts import lock_home, require_account
from regulars.facts.models import Account
from regulars.insight.key_account_signs import KEPT_SECONDS, accounts_as_they_are
from regulars.insight.models import Score
from regulars.plan.models import VisitChoice, WorkingHours
from regulars.plan.results import SELLERS, sees_plan_of

MONTHS_A_YEAR: Final = 12
MOST_HOURS: Final = 250
MOST_VISITS: Final = 52
MOST_ACCOUNTS: Final = 500
"""Of one person, those with the largest stake: nobody visits more."""

Stake = tuple[int, float | None, float]
"""An account, its value at risk, and what it bought in 12 months."""

VISIT_HOURS = declare(
    "visit_hours", default=3, meaning=gettext_lazy("hours that one visit takes, with the way"), least=1, most=24
)
VISIT_UPLIFT = declare(
    "visit_uplift",
    default=0.1,
    meaning=gettext_lazy("chance that one visit keeps or gains what is at stake with an account"),
    least=0.01,
    most=0.9,
    unit=Unit.SHARE,
)
HOUR_COSTS = declare(
    "hour_costs",
    default=40,
    meaning=gettext_lazy("what an hour of a visit costs; no visit is proposed that brings less"),
    least=0,
    most=100_000,
)
VISIT_MORE = declare(
    "visit_more",
    default=0.1,
    meaning=gettext_lazy("how much more an account may buy that is looked after, as a part of its yearly sales"),
    least=0.0,
    most=1.0,
    unit=Unit.SHARE,
)
GROUP: Final = (VISIT_HOURS.name, VISIT_UPLIFT.name, HOUR_COSTS.name, VISIT_MORE.name)


class WrongHours(Refusal):
    """Hours or visits cannot be like this."""


@dataclass(frozen=True, kw_only=True)
class AccountVisits:
    """How many visits a year an account gets, and why."""

    account: Account
    stake: float
    visits: int
    decided: VisitChoice | None
    money: float
    """That the visits are expected to bring in a year."""


@dataclass(frozen=True, kw_only=True)
class PersonTime:
    """How the hours of a month of one person are divided. Money of a year, in units."""

    person: Member
    hours_a_month: int
    winning_bps: int
    budget: TimeBudget
    accounts: list[AccountVisits]
    """Those that are visited, the most often visited first."""

    @property
    def winning_hours(self) -> float:
        return self.hours_a_month * self.winning_bps / WHOLE_BPS

    @property
    def visiting_hours(self) -> float:
        """A month, for the visits that are proposed or decided."""
        return self.budget.hours_used / MONTHS_A_YEAR


def time_of_people(*, member: Member | None) -> list[PersonTime]:
    """How everybody's time is divided whose plan the member sees, by name."""
    sellers = Member.objects.filter(is_active=True, role__in=SELLERS).order_by("name", "pk")
    seen = [one for one in sellers if sees_plan_of(member, one)]
    hours = {one.member_id: one for one in WorkingHours.objects.filter(member__in=seen)}
    return _times([(one, hours.get(one.pk) or WorkingHours(member=one)) for one in seen])


def time_of(person: Member, *, hours: WorkingHours | None) -> PersonTime:
    """How one person's time is divided."""
    return _times([(person, hours or WorkingHours(member=person))])[0]


def _times(people: Sequence[tuple[Member, WorkingHours]]) -> list[PersonTime]:
    """Of each of these people. The accounts themselves are read at the end, at once: most of them get no visit."""
    firm = organisation()
    who = [person for person, _said in people]
    # Of several, all are read: asked for by who looks after the account, a database begins with the accounts.
    decided = VisitChoice.objects.all() if len(who) > 1 else VisitChoice.objects.filter(account__owner__in=who)
    choices = {one.account_id: one for one in decided}
    largest = _largest_of(who)
    divided = []
    for person, said in people:
        visited = _visited(largest[person.pk], choices, firm)
        growing = said.hours_a_month * MONTHS_A_YEAR * (WHOLE_BPS - said.winning_bps) / WHOLE_BPS
        least_gain = float(VISIT_HOURS.of(firm)) * float(HOUR_COSTS.of(firm))
        budget = allot(visited, hours=growing, least_gain=least_gain)
        listed = [one for one in visited if budget.visits[one.key] or one.key in choices]
        divided.append((person, said, budget, listed))
    keys = [one.key for _person, _said, _budget, listed in divided for one in listed]
    accounts = Account.objects.only("uid", "name", "generated").in_bulk(keys)
    return [
        PersonTime(
            person=person,
            hours_a_month=said.hours_a_month,
            winning_bps=said.winning_bps,
            budget=budget,
            accounts=_listed(listed, accounts, choices, budget),
        )
        for person, said, budget, listed in divided
    ]


def _largest_of(people: Sequence[Member]) -> dict[int, list[Stake]]:
    """The accounts of each of these people with the largest stake.

    Those of several are kept for some minutes, while figures stay and no account comes, goes or belongs to somebody
    else: all accounts of a firm are looked at for them.
    """
    if len(people) == 1:
        return {one.pk: _largest(one) for one in people}
    told = f"{accounts_as_they_are()}:{sorted(str(one.uid) for one in people)}"
    key = f"largest_of_people:{hashlib.sha256(told.encode()).hexdigest()}"
    found: dict[int, list[Stake]] | None = cache.get(key)
    if found is None:
        found = {one.pk: _largest(one) for one in people}
        cache.set(key, found, KEPT_SECONDS)
    return found


def _largest(person: Member) -> list[Stake]:
    scores = Score.objects.filter(account__owner=person, account__merged_into=None)
    ranked = scores.order_by(F("expected_value_365").desc(nulls_last=True), "account_id")
    return list(ranked.values_list("account_id", "value_at_risk", "sales_12m")[:MOST_ACCOUNTS])


def _visited(rows: Iterable[Stake], choices: Mapping[int, VisitChoice], firm: Organisation) -> list[Visited]:
    """The accounts of a person with what a year may lose or gain there: the value at risk, and what more it may buy."""
    more, each, uplift = (float(one.of(firm)) for one in (VISIT_MORE, VISIT_HOURS, VISIT_UPLIFT))
    return [
        Visited(
            key=account,
            stake=(risk or 0.0) + max(sales, 0.0) * more,
            chance=uplift,
            hours=each,
            least=choices[account].visits if account in choices else 0,
            most=choices[account].visits if account in choices else MONTHS_A_YEAR,
        )
        for account, risk, sales in rows
    ]


def _listed(
    visited: Iterable[Visited],
    accounts: Mapping[int, Account],
    choices: Mapping[int, VisitChoice],
    budget: TimeBudget,
) -> list[AccountVisits]:
    found = [
        AccountVisits(
            account=accounts[one.key],
            stake=one.stake,
            visits=budget.visits[one.key],
            decided=choices.get(one.key),
            money=one.money(budget.visits[one.key]),
        )
        for one in visited
    ]
    return sorted(found, key=lambda one: (-one.visits, -one.stake))


@transaction.atomic
def set_hours(*, person: Member, hours_a_month: int, winning_bps: int, member: Member | None) -> WorkingHours:
    """Say how much time a person has for customers, and which part goes to winning new ones."""
    require(member, Permission.SEE_INCENTIVES)
    if not 0 <= hours_a_month <= MOST_HOURS:
        raise WrongHours(_("A month has no more than 250 hours for customers."), _("Give fewer."))
    if not 0 <= winning_bps <= WHOLE_BPS:
        raise WrongHours(_("A part lies between 0 % and 100 %."), _("Give another one."))
    found = WorkingHours.objects.filter(member=person).first() or WorkingHours(member=person)
    with audited(found, verb="set_hours", member=member):
        found.hours_a_month, found.winning_bps = hours_a_month, winning_bps
        found.save()
    return found


@transaction.atomic
def decide_visits(*, account: Account, visits: int | None, member: Member | None, reason: str = "") -> None:
    """Decide how often an account is visited in a year; None leaves it to the computation again."""
    require_account(account, member=member)
    require(member, Permission.WRITE)
    account = lock_home(account)
    if visits is not None and not 0 <= visits <= MOST_VISITS:
        raise WrongHours(_("An account is visited at most once a week."), _("Give a number from 0 to 52."))
    found = VisitChoice.objects.filter(account=account).first() or VisitChoice(account=account)
    with audited(found, verb="decide_visits", member=member, account_id=account.pk):
        if visits is not None:
            found.visits, found.reason = visits, reason.strip()[:300]
            found.save()
        elif found.pk:
            found.delete()
