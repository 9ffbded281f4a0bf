"""Business cases: what an opportunity costs the customer, brings it, and when it has paid for itself.

The better, dearer way always stands beside the basic one: a case with one way only is not given out (mission A2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypedDict

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.audit import audited
from regulars.base.formats import money, number
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.core.money import from_minor
from regulars.core.payback import MONTHS_A_YEAR, Way, extra_payback_months
from regulars.facts.goals import live_goals
from regulars.facts.models import Offering
from regulars.plan.models import BusinessCase, CaseOption, Opportunity
from regulars.plan.opportunities import home_of, open_for_writing

MOST_YEARS: Final = 15
USUAL_YEARS: Final = 3
BASIC, BETTER = CaseOption.Level.BASIC, CaseOption.Level.BETTER


class WrongCase(Refusal):
    """A business case cannot be written or given out like this."""


class OptionFields(TypedDict, total=False):
    """What is said of one of the two ways."""

    name: str
    text: str
    cost_once_minor: int
    cost_yearly_minor: int
    benefit_yearly_minor: int | None
    benefit_said: str


@dataclass(frozen=True, kw_only=True)
class ToldOption:
    """One way as the customer reads it: all amounts as text in the language in force; no cost, or unknown: empty."""

    level: str
    name: str
    text: str
    cost_once: str
    cost_yearly: str
    benefit_yearly: str
    benefit_said: str
    cost_all: str
    benefit_all: str
    gain: str
    payback: str


@dataclass(frozen=True, kw_only=True)
class ToldCase:
    """A whole case as the customer reads it."""

    years: int
    options: list[ToldOption]
    """The basic way, then the better one."""
    difference: str
    """What the better one costs and brings more, in one sentence."""


def case_of(opportunity: Opportunity) -> BusinessCase | None:
    """The case that was written for it, with its two ways."""
    return BusinessCase.objects.filter(opportunity=opportunity).prefetch_related("options").first()


def drafted_case(opportunity: Opportunity) -> tuple[str, dict[str, OptionFields]]:
    """What a case could begin with: the goals of the account, the offering and its better alternative, the amount.

    Returns the words about where the customer stands, and what is known of the two ways. Nothing is recorded.
    """
    goals = list(live_goals(home_of(opportunity), member=None)[:5])
    situation = "\n".join(f"- {goal.text}" for goal in goals)
    offering = opportunity.offering
    better: Offering | None = offering.better if offering is not None else None
    basic: OptionFields = {"name": opportunity.title, "cost_yearly_minor": opportunity.amount_minor or 0}
    return situation, {BASIC: basic, BETTER: {"name": better.name if better is not None else ""}}


@transaction.atomic
def write_case(
    *,
    opportunity: Opportunity,
    options: Mapping[str, OptionFields],
    on: date,
    member: Member | None,
    situation: str = "",
    recommendation: str = "",
    years: int = USUAL_YEARS,
    language: str = "",
) -> BusinessCase:
    """Write the case of an opportunity, or write it anew. Both ways are named, and the better one is not the cheaper.

    Raises `WrongCase` otherwise: the customer is to have the choice.
    """
    found = open_for_writing(opportunity, member)
    if not 1 <= years <= MOST_YEARS:
        raise WrongCase(
            _("A case looks at 1 to %(most)s years.") % {"most": MOST_YEARS}, _("Take the years that it lasts.")
        )
    basic, better = dict(options.get(BASIC, {})), dict(options.get(BETTER, {}))
    _refuse_one_way(basic, better, years)
    case = BusinessCase.objects.select_for_update().filter(opportunity=found).first()
    case = case or BusinessCase(opportunity=found, currency=found.currency or organisation().base_currency)
    with audited(case, verb="write_case", member=member, account_id=found.account_id):
        case.situation, case.recommendation = situation.strip(), recommendation.strip()
        case.years, case.language, case.written_on = years, language, on
        case.save()
    for level, said in ((BASIC, basic), (BETTER, better)):
        option = CaseOption.objects.filter(case=case, level=level).first() or CaseOption(case=case, level=level)
        with audited(option, verb="write_case", member=member, account_id=found.account_id):
            for name, value in said.items():
                setattr(option, name, value.strip() if isinstance(value, str) else value)
            option.save()
    return case


def told_case(case: BusinessCase) -> ToldCase:
    """The case as its reader reads it, in the language in force."""
    ways = {one.level: one for one in case.options.all()}
    options = [_told(ways[level], case) for level in (BASIC, BETTER)]
    return ToldCase(years=case.years, options=options, difference=_difference(ways[BASIC], ways[BETTER], case))


def way_of(option: CaseOption) -> Way:
    """The figures of one way."""
    return Way(
        cost_once_minor=option.cost_once_minor,
        cost_yearly_minor=option.cost_yearly_minor,
        benefit_yearly_minor=option.benefit_yearly_minor,
    )


def payback_told(months: int | None, *, known: bool) -> str:
    """When it has paid for itself, in words."""
    if not known:
        return _("not known")
    if months is None:
        return _("not by its savings alone")
    if months == 0:
        return _("from the first day")
    if months < 2 * MONTHS_A_YEAR:
        return ngettext("after %(months)s month", "after %(months)s months", months) % {"months": number(months)}
    return _("after %(years)s years") % {"years": number(months / MONTHS_A_YEAR, digits=1)}


def _told(option: CaseOption, case: BusinessCase) -> ToldOption:
    way = way_of(option)

    def amount(minor: int | None) -> str:
        return "" if minor is None else _exact(minor, case)

    return ToldOption(
        level=option.level,
        name=option.name,
        text=option.text,
        cost_once=amount(way.cost_once_minor or None),
        cost_yearly=amount(way.cost_yearly_minor or None),
        benefit_yearly=amount(way.benefit_yearly_minor),
        benefit_said=option.benefit_said,
        cost_all=amount(way.cost_minor(case.years)),
        benefit_all=amount(way.benefit_minor(case.years)),
        gain=amount(way.gain_minor(case.years)),
        payback=payback_told(way.payback_months, known=way.benefit_yearly_minor is not None),
    )


def _difference(basic: CaseOption, better: CaseOption, case: BusinessCase) -> str:
    """What is paid and gained with the better way beyond the basic one."""
    one, other = way_of(basic), way_of(better)
    more = other.cost_minor(case.years) - one.cost_minor(case.years)
    gains = one.gain_minor(case.years), other.gain_minor(case.years)
    words = {
        "better": better.name,
        "basic": basic.name,
        "more": _exact(more, case),
        "years": number(case.years),
    }
    if gains[0] is None or gains[1] is None:
        said = ngettext(
            "Over %(years)s year, “%(better)s” costs %(more)s more than “%(basic)s”.",
            "Over %(years)s years, “%(better)s” costs %(more)s more than “%(basic)s”.",
            case.years,
        )
        return said % words
    gained = gains[1] - gains[0]
    words["gained"] = _exact(abs(gained), case)
    if gained < 0:
        said = ngettext(
            "Over %(years)s year, “%(better)s” costs %(more)s more than “%(basic)s”, and leaves you %(gained)s less; "
            "it is the better one for what cannot be counted in money.",
            "Over %(years)s years, “%(better)s” costs %(more)s more than “%(basic)s”, and leaves you %(gained)s less; "
            "it is the better one for what cannot be counted in money.",
            case.years,
        )
        return said % words
    months = extra_payback_months(one, other)
    if months is None:  # it saves at the start and costs more each year: there is nothing to be paid back
        said = ngettext(
            "Over %(years)s year, “%(better)s” costs %(more)s more than “%(basic)s”, and leaves you %(gained)s more.",
            "Over %(years)s years, “%(better)s” costs %(more)s more than “%(basic)s”, and leaves you %(gained)s more.",
            case.years,
        )
        return said % words
    words["payback"] = payback_told(months, known=True)
    said = ngettext(
        "Over %(years)s year, “%(better)s” costs %(more)s more than “%(basic)s”, and leaves you %(gained)s more; what "
        "it costs more is paid back %(payback)s.",
        "Over %(years)s years, “%(better)s” costs %(more)s more than “%(basic)s”, and leaves you %(gained)s more; what "
        "it costs more is paid back %(payback)s.",
        case.years,
    )
    return said % words


def _exact(minor: int, case: BusinessCase) -> str:
    """To the last unit: the customer adds it up again."""
    return money(from_minor(minor, case.currency), case.currency, exact=True)


def _refuse_one_way(basic: Mapping[str, object], better: Mapping[str, object], years: int) -> None:
    for said in (basic, better):
        if not str(said.get("name", "")).strip():
            raise WrongCase(
                _("A case has two ways: a basic one and a better one."), _("Name both; the customer decides.")
            )
    costs = [_cost(said, years) for said in (basic, better)]
    if costs[1] < costs[0]:
        raise WrongCase(
            _("The better way costs less than the basic one."), _("Exchange the two, or correct what they cost.")
        )


def _cost(said: Mapping[str, object], years: int) -> int:
    once, yearly = said.get("cost_once_minor") or 0, said.get("cost_yearly_minor") or 0
    assert isinstance(once, int)
    assert isinstance(yearly, int)
    benefit = said.get("benefit_yearly_minor")
    if once < 0 or yearly < 0 or (isinstance(benefit, int) and benefit < 0):
        raise WrongCase(_("An amount is below nothing."), _("Give what it costs and what it brings, from 0 on."))
    return once + years * yearly
