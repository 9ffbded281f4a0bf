"""The causes for which an action is proposed: when each fires, what is at stake, what to say and do.

Each cause is a pure function of what is known of one account (`Standing`) and of the firm (`Ground`). The formulas and
the reasons for their defaults are in `docs/methods/actions.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import day, money, number, percent
from regulars.plan.thresholds import PlanThresholds

Figures = dict[str, Any]
"""The figures of an action as kept with it: plain JSON, dates as ISO texts. All its sentences are made of them."""

YEAR = timedelta(days=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One account as of the snapshot; the fields are those of `insight.Score`, plus what other records say."""

    account_id: int
    order_days: int
    first_order: date
    last_order: date
    silence_days: int
    gap_typical_days: float | None
    pauses_as_long: float | None
    sales_12m: float
    sales_previous_12m: float
    orders_12m: int
    trend: float | None
    mean_order_value: float | None
    rank: int | None
    share_of_firm: float | None
    pareto: str
    buyer: str
    probability_alive: float | None
    expected_value_365: float | None
    last_contact: date | None = None
    paused_last_year: bool | None = None
    """Did it pause in the same weeks a year before? None: it was no customer yet, so nobody knows."""


SCORE_COLUMNS: Final = [
    field.name for field in fields(Standing) if field.name not in {"last_contact", "paused_last_year"}
]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What is the same for all accounts of one refresh."""

    as_of: date
    currency: str
    history_start: date
    contacts_recorded: bool
    """Do the members record their interactions? If not, "long without contact" cannot be known."""
    thresholds: PlanThresholds


@dataclass(frozen=True, kw_only=True)
class Firing:
    """A cause that applies to an account now."""

    stake: float
    """Money at stake in a year, base currency."""
    uplift: float
    """Chance that doing it changes the outcome."""
    figures: Figures

    @property
    def expected_money(self) -> float:
        return self.stake * self.uplift


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason to act on an account."""

    key: str
    name: str | Promise
    when: str | Promise
    """In words, when it fires."""
    candidates: Callable[[Ground], Q]
    """Accounts (conditions on `Score`) for which it may fire: what the database can say quickly."""
    fires: Callable[[Standing, Ground], Firing | None]
    sentences: Callable[[Figures], list[str]]
    advice: Callable[[Figures], str]
    opening: Callable[[Figures], str]
    quiet_days: int
    """So long after it was done or dismissed it is not proposed again, unless things got clearly worse."""

    def switched_on(self, thresholds: PlanThresholds) -> bool:
        return bool(getattr(thresholds, f"propose_{self.key}"))


# What several causes ask


def pause_chance(standing: Standing) -> float | None:
    """The chance that a pause of this account is at least as long as its silence now, from its own pauses.

    Laplace's rule of succession, (k + 1) / (n + 2): with few pauses it stays near one half, so that little history
    never raises an alarm. None: too few pauses to say.
    """
    if standing.pauses_as_long is None:
        return None
    pauses = standing.order_days - 1
    return (standing.pauses_as_long * pauses + 1) / (pauses + 2)


def is_silent(standing: Standing, thresholds: PlanThresholds) -> bool:
    """Is the account silent beyond what its own rhythm explains?"""
    chance = pause_chance(standing)
    return (
        chance is not None
        and standing.gap_typical_days is not None
        and chance <= thresholds.silent_pause_chance
        and standing.silence_days >= thresholds.silent_least_days
        and standing.silence_days >= thresholds.silent_gaps * standing.gap_typical_days
    )


def is_lost(standing: Standing, thresholds: PlanThresholds) -> bool:
    """Silent for so long that it is a matter of winning it back, no longer of a call in time."""
    gaps = thresholds.lost_gaps * (standing.gap_typical_days or 0)
    return standing.silence_days > min(max(thresholds.lost_least_days, gaps), thresholds.lost_most_days)


def worth_a_year(standing: Standing) -> float:
    """Sales a year while it was active: the last 12 months without the silence taken up to a year, at most its best."""
    best_year = max(standing.sales_12m, standing.sales_previous_12m)
    active_days = 365 - standing.silence_days
    if active_days < 30:  # too short a time to take up to a year
        return best_year
    return min(standing.sales_12m * 365 / active_days, best_year)


def chance_that_it_left(standing: Standing, thresholds: PlanThresholds) -> float:
    """By Bayes' rule from its own pauses, or by the lifetime model of the whole firm, whichever is the more alarming.

    Before anything is known, it left during the silence with the yearly loss rate; one who has not left is silent for
    so long with `pause_chance`, one who has left with certainty. The model knows little of one account's own
    regularity, and its pauses nothing of how customers leave: either may see what the other does not.
    """
    return max(chance_by_its_pauses(standing, thresholds), _chance_by_the_model(standing))


def chance_by_its_pauses(standing: Standing, thresholds: PlanThresholds) -> float:
    """The chance that it left, from its own pauses and the yearly loss rate alone."""
    chance = pause_chance(standing)
    left_before = 1 - math.pow(1 - thresholds.yearly_loss_rate, standing.silence_days / 365)
    return left_before / (left_before + (1 - left_before) * (1 if chance is None else chance))


def _chance_by_the_model(standing: Standing) -> float:
    return 0.0 if standing.probability_alive is None else 1 - standing.probability_alive


def is_more_than_chance(standing: Standing, *, before: float) -> bool:
    """Is the change of yearly sales from `before` larger than the irregularity of orders explains (one-sided, 5 %)?

    Orders of a year are taken as Poisson, their values as spread like their mean: a year of n orders of mean value m
    has the variance 2 n m² then; see the methods page.
    """
    if not standing.mean_order_value or standing.mean_order_value <= 0:
        return False
    orders = standing.orders_12m + before / standing.mean_order_value
    return abs(standing.sales_12m - before) >= 1.645 * standing.mean_order_value * math.sqrt(2 * orders)


# Gone silent


def _gone_silent_candidates(ground: Ground) -> Q:
    thresholds = ground.thresholds
    return Q(
        buyer="regular",
        silence_days__gte=thresholds.silent_least_days,
        silence_days__lte=thresholds.lost_most_days,
        pauses_as_long__lte=thresholds.silent_pause_chance,
    ) & (Q(sales_12m__gt=0) | Q(sales_previous_12m__gt=0))


def _gone_silent(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    if standing.buyer != "regular" or not is_silent(standing, thresholds) or is_lost(standing, thresholds):
        return None
    worth = worth_a_year(standing)
    if worth <= 0 or standing.paused_last_year:
        return None
    left = chance_that_it_left(standing, thresholds)
    return Firing(
        stake=worth * left,
        uplift=thresholds.gone_silent_uplift * _still_within_reach(standing, thresholds),
        figures=_figures(standing, ground)
        | {
            "gap_typical_days": standing.gap_typical_days,
            "silence_days": standing.silence_days,
            "pauses": standing.order_days - 1,
            "pauses_as_long": standing.pauses_as_long,
            "chance_left": left,
            "left_by_pauses": left == chance_by_its_pauses(standing, thresholds),
            "season_known": standing.paused_last_year is not None,
        },
    )


def _still_within_reach(standing: Standing, thresholds: PlanThresholds) -> float:
    """Falls by half for every two typical gaps (at least 60 days) after the day on which the silence was noticeable."""
    typical = standing.gap_typical_days or 0
    noticeable = max(thresholds.silent_gaps * typical, thresholds.silent_least_days)
    return float(0.5 ** ((standing.silence_days - noticeable) / max(60.0, 2 * typical)))


def _gone_silent_sentences(figures: Figures) -> list[str]:
    typical = round(figures["gap_typical_days"])
    said = [
        ngettext(
            "Usually orders every day; silent for %(silence)s days, since %(last)s.",
            "Usually orders every %(typical)s days; silent for %(silence)s days, since %(last)s.",
            max(typical, 1),
        )
        % {"typical": number(typical), "silence": number(figures["silence_days"]), "last": _day(figures["last_order"])}
    ]
    if figures["pauses_as_long"] == 0:
        said.append(_("None of its %(pauses)s pauses was ever that long.") % {"pauses": number(figures["pauses"])})
    else:
        said.append(
            _("%(share)s of its pauses were ever that long.") % {"share": percent(figures["pauses_as_long"], digits=0)}
        )
    chance_left = {"chance": percent(figures["chance_left"], digits=0)}
    if figures["left_by_pauses"]:
        said.append(_("Judged by its own pauses, the chance that it has left is %(chance)s.") % chance_left)
    else:
        said.append(_("Judged by all customers' habits, the chance that it has left is %(chance)s.") % chance_left)
    if not figures["season_known"]:
        said.append(_("A pause of the season cannot be ruled out: the same weeks a year ago are not known."))
    return said


def _gone_silent_advice(figures: Figures) -> str:
    return _(
        "Call and ask how things are: whether something went wrong, whether they buy elsewhere, or need nothing now."
    )


def _gone_silent_opening(figures: Figures) -> str:
    return _(
        "We have not heard from you since %(last)s, and I wanted to ask whether all is well - with you, and with us."
    ) % {"last": _day(figures["last_order"])}


# Declining


def _declining_candidates(ground: Ground) -> Q:
    return Q(
        buyer="regular", trend__lte=-ground.thresholds.declining_share, orders_12m__gte=ground.thresholds.least_orders
    )


def _declining(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    before = standing.sales_previous_12m
    if (
        standing.buyer != "regular"
        or standing.trend is None
        or standing.trend > -thresholds.declining_share
        or standing.orders_12m < thresholds.least_orders
        or is_silent(standing, thresholds)
        or is_lost(standing, thresholds)
        or not is_more_than_chance(standing, before=before)
    ):
        return None
    return Firing(
        stake=before - standing.sales_12m,
        uplift=thresholds.declining_uplift,
        figures=_figures(standing, ground) | {"trend": standing.trend, "sales_previous_12m": before},
    )


def _declining_sentences(figures: Figures) -> list[str]:
    return [
        _("Still orders, but less: %(now)s in the last 12 months, %(before)s in the 12 months before (%(change)s).")
        % _now_and_before(figures),
        _("The fall is larger than the ups and downs of its orders explain."),
    ]


def _declining_advice(figures: Figures) -> str:
    return _("Visit or call. Ask what they buy elsewhere now and why; look at what they stopped buying before you go.")


def _declining_opening(figures: Figures) -> str:
    return _(
        "You used to order more from us. I would like to understand what has changed, and what we could do better."
    )


# A new customer's first weeks


def _first_weeks_candidates(ground: Ground) -> Q:
    return Q(
        first_order__gte=ground.as_of - timedelta(days=ground.thresholds.first_weeks_last_day),
        first_order__lte=ground.as_of - timedelta(days=FIRST_WEEKS[0]),
    )


FIRST_WEEKS: Final = (3, 14, 30)
"""Days after the first order on which a new customer is asked how it goes."""


def _first_weeks(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    age_days = (ground.as_of - standing.first_order).days
    stages = [stage for stage in FIRST_WEEKS if stage <= age_days]
    if not stages or age_days > thresholds.first_weeks_last_day:
        return None
    if standing.first_order < ground.history_start + timedelta(days=thresholds.first_weeks_history_days):
        return None  # at the start of a history everybody looks new
    asked_from = standing.first_order + timedelta(days=_halfway(stages[-1]))
    if standing.last_contact is not None and standing.last_contact >= asked_from:
        return None
    worth = standing.expected_value_365 if standing.expected_value_365 is not None else standing.sales_12m
    if worth <= 0:
        return None
    return Firing(
        stake=worth,
        uplift=thresholds.first_weeks_uplift,
        figures=_figures(standing, ground)
        | {
            "first_order": standing.first_order.isoformat(),
            "age_days": age_days,
            "stage": stages[-1],
            "orders": standing.order_days,
        },
    )


def _halfway(stage: int) -> int:
    """The first day on which a contact counts for this stage: halfway from the one before."""
    before = max((one for one in FIRST_WEEKS if one < stage), default=0)
    return (before + stage + 1) // 2


def _first_weeks_sentences(figures: Figures) -> list[str]:
    said = [
        ngettext(
            "New: its first order was %(days)s day ago, on %(first)s.",
            "New: its first order was %(days)s days ago, on %(first)s.",
            figures["age_days"],
        )
        % {"days": number(figures["age_days"]), "first": _day(figures["first_order"])}
    ]
    if figures["orders"] > 1:
        said.append(
            ngettext(
                "It has ordered on %(count)s day since.", "It has ordered on %(count)s days so far.", figures["orders"]
            )
            % {"count": number(figures["orders"])}
        )
    said.append(_("No contact with it is recorded for this stage of its first weeks."))
    return said


def _first_weeks_advice(figures: Figures) -> str:
    if figures["stage"] == FIRST_WEEKS[0]:
        return _("Ask whether everything arrived and is as expected, and say who looks after them from now on.")
    if figures["stage"] == FIRST_WEEKS[1]:
        return _("Ask how they get on with what they bought, and solve what does not work yet.")
    return _("Ask what they need next and how often, and agree when you will speak again.")


def _first_weeks_opening(figures: Figures) -> str:
    return _(
        "You ordered from us for the first time on %(first)s. I wanted to ask whether everything is as you expected."
    ) % {"first": _day(figures["first_order"])}


# Best customers long without contact


def _best_candidates(ground: Ground) -> Q:
    best = Q(pareto="A", sales_12m__gt=0)
    return best if ground.contacts_recorded else best & Q(rank__lte=ground.thresholds.contact_rank_unknown)


def _best_without_contact(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    if standing.pareto != "A" or standing.sales_12m <= 0 or is_lost(standing, thresholds):
        return None
    known = ground.contacts_recorded
    if not known and (standing.rank is None or standing.rank > thresholds.contact_rank_unknown):
        return None
    if (ground.as_of - (standing.last_contact or standing.first_order)).days < thresholds.contact_days:
        return None
    return Firing(
        stake=standing.sales_12m * thresholds.yearly_loss_rate,
        uplift=thresholds.best_without_contact_uplift if known else thresholds.contact_uplift_unknown,
        figures=_figures(standing, ground)
        | {
            "rank": standing.rank,
            "share_of_firm": standing.share_of_firm,
            "last_contact": standing.last_contact.isoformat() if standing.last_contact else None,
            "contact_days": (ground.as_of - standing.last_contact).days if standing.last_contact else None,
            "contacts_recorded": known,
        },
    )


def _best_sentences(figures: Figures) -> list[str]:
    said = [_("One of the best customers: %(sales)s in the last 12 months.") % {"sales": _money(figures, "sales_12m")}]
    if figures["rank"] is not None and figures["share_of_firm"] is not None:
        said[0] = _("One of the best customers: place %(rank)s, %(share)s of all sales.") % {
            "rank": number(figures["rank"]),
            "share": percent(figures["share_of_firm"], digits=1),
        }
    if figures["contact_days"] is None and not figures["contacts_recorded"]:
        said.append(_("Nobody records calls and visits yet, so it is not known when it was last spoken to."))
    elif figures["contact_days"] is None:
        said.append(_("No contact with it is recorded."))
    else:
        said.append(
            _("The last contact was %(days)s days ago, on %(last)s.")
            % {"days": number(figures["contact_days"]), "last": _day(figures["last_contact"])}
        )
    return said


def _best_advice(figures: Figures) -> str:
    return _(
        "Call or visit without wanting to sell. Ask what goes well, what does not, what they plan; record the talk."
    )


def _best_opening(figures: Figures) -> str:
    return _("You are one of our most important customers, and it is time we asked how satisfied you are with us.")


# Sharp growth


def _growth_candidates(ground: Ground) -> Q:
    return Q(
        buyer="regular",
        orders_12m__gte=2 * ground.thresholds.least_orders,
        sales_previous_12m__gt=0,
        sales_12m__gte=F("sales_previous_12m") * (1 + ground.thresholds.growth_share),
    )


def _sharp_growth(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    days_before = min((ground.as_of - YEAR - standing.first_order).days, 365)
    if (
        standing.buyer != "regular"
        or standing.trend is None
        or days_before < thresholds.growth_days_before
        or standing.sales_previous_12m <= 0
        or standing.orders_12m < 2 * thresholds.least_orders
        or is_silent(standing, thresholds)
    ):
        return None
    # Who came during the year before bought in a part of it only: its sales are taken up to a whole year.
    before = standing.sales_previous_12m * 365 / days_before
    if standing.sales_12m < before * (1 + thresholds.growth_share) or not is_more_than_chance(standing, before=before):
        return None
    return Firing(
        stake=standing.sales_12m - before,
        uplift=thresholds.sharp_growth_uplift,
        figures=_figures(standing, ground)
        | {"trend": standing.sales_12m / before - 1, "sales_previous_12m": before, "scaled_up": days_before < 365},
    )


def _growth_sentences(figures: Figures) -> list[str]:
    said = [
        _("Grows sharply: %(now)s in the last 12 months, %(before)s in the 12 months before (%(change)s).")
        % _now_and_before(figures)
    ]
    if figures["scaled_up"]:
        said.append(_("It came during the year before; that year is taken up to twelve months."))
    return said


def _growth_advice(figures: Figures) -> str:
    return _("Find out what stands behind the growth and what else they will need; secure it before others notice.")


def _growth_opening(figures: Figures) -> str:
    return _(
        "You have ordered much more from us this year. I would like to hear what you plan, so that we are ready for it."
    )


# Figures and their wording


def _figures(standing: Standing, ground: Ground) -> Figures:
    return {
        "as_of": ground.as_of.isoformat(),
        "currency": ground.currency,
        "last_order": standing.last_order.isoformat(),
        "sales_12m": standing.sales_12m,
    }


def _day(iso: str) -> str:
    return day(date.fromisoformat(iso))


def _money(figures: Figures, name: str) -> str:
    return money(figures[name], figures["currency"])


def _now_and_before(figures: Figures) -> dict[str, str]:
    return {
        "now": _money(figures, "sales_12m"),
        "before": _money(figures, "sales_previous_12m"),
        "change": percent(figures["trend"], digits=0, signed=True),
    }


CAUSES: Final[dict[str, Cause]] = {
    cause.key: cause
    for cause in (
        Cause(
            key="gone_silent",
            name=gettext_lazy("gone silent"),
            when=gettext_lazy("A regular buyer is silent for longer than its own rhythm explains, and not yet lost."),
            candidates=_gone_silent_candidates,
            fires=_gone_silent,
            sentences=_gone_silent_sentences,
            advice=_gone_silent_advice,
            opening=_gone_silent_opening,
            quiet_days=30,
        ),
        Cause(
            key="declining",
            name=gettext_lazy("declining"),
            when=gettext_lazy("A regular buyer still orders, but far less than in the year before, and not by chance."),
            candidates=_declining_candidates,
            fires=_declining,
            sentences=_declining_sentences,
            advice=_declining_advice,
            opening=_declining_opening,
            quiet_days=90,
        ),
        Cause(
            key="first_weeks",
            name=gettext_lazy("a new customer's first weeks"),
            when=gettext_lazy("The first order was 3, 14 or 30 days ago, and nobody has spoken to the customer since."),
            candidates=_first_weeks_candidates,
            fires=_first_weeks,
            sentences=_first_weeks_sentences,
            advice=_first_weeks_advice,
            opening=_first_weeks_opening,
            quiet_days=90,
        ),
        Cause(
            key="best_without_contact",
            name=gettext_lazy("best customer long without contact"),
            when=gettext_lazy(
                "A customer among those who bring four fifths of sales was not called, visited or written to for long."
            ),
            candidates=_best_candidates,
            fires=_best_without_contact,
            sentences=_best_sentences,
            advice=_best_advice,
            opening=_best_opening,
            quiet_days=30,
        ),
        Cause(
            key="sharp_growth",
            name=gettext_lazy("sharp growth"),
            when=gettext_lazy("A regular buyer buys far more than in the year before, and not by chance."),
            candidates=_growth_candidates,
            fires=_sharp_growth,
            sentences=_growth_sentences,
            advice=_growth_advice,
            opening=_growth_opening,
            quiet_days=90,
        ),
    )
}
"""Every cause by its key."""


# What changed since


def is_clearly_worse(*, cause: str, before: Figures, stake_before: float, firing: Firing) -> bool:
    """Is there more reason now than when the action was done or dismissed? Half as much again, or the next stage."""
    if cause == "first_weeks":
        return bool(firing.figures["stage"] > before.get("stage", 0))
    return firing.stake >= 1.5 * stake_before


def why_gone(*, cause: str, before: Figures, standing: Standing | None, ground: Ground) -> Figures:
    """Why a cause no longer applies, as figures for `closing_sentence`."""
    if not CAUSES[cause].switched_on(ground.thresholds):
        return {"key": "switched_off"}
    if standing is None:
        return {"key": "no_score"}
    if cause in {"gone_silent", "declining"} and standing.last_order.isoformat() > before.get("last_order", ""):
        return {"key": "ordered_again", "on": standing.last_order.isoformat()}
    if cause == "first_weeks" and (ground.as_of - standing.first_order).days > ground.thresholds.first_weeks_last_day:
        return {"key": "weeks_over"}
    contact = standing.last_contact.isoformat() if standing.last_contact else ""
    if cause in {"first_weeks", "best_without_contact"} and contact > (before.get("last_contact") or ""):
        return {"key": "contacted", "on": contact}
    if is_lost(standing, ground.thresholds):
        return {"key": "lost", "days": standing.silence_days}
    if cause == "gone_silent" and standing.paused_last_year:
        return {"key": "season"}
    return {"key": "not_so_any_more"}


def closing_sentence(closed: Figures) -> str:
    """Why an action closed by itself, in words; `closed` is what `why_gone` gave."""
    sentences: dict[str, Callable[[], str]] = {
        "ordered_again": lambda: _("Ordered again on %(on)s.") % {"on": _day(closed["on"])},
        "contacted": lambda: _("Was contacted on %(on)s.") % {"on": _day(closed["on"])},
        "weeks_over": lambda: _("Its first weeks are over."),
        "lost": lambda: (
            _("Silent for %(days)s days: lost, a matter of winning it back.") % {"days": number(closed["days"])}
        ),
        "season": lambda: _("It paused in the same weeks a year ago: a matter of the season."),
        "switched_off": lambda: _("This cause was switched off."),
        "no_score": lambda: _("The account has no orders any more."),
        "outranked": lambda: _("Others became more important; it comes back when it matters more."),
        "merged": lambda: _("Its account was merged into one that has the same action."),
        "not_so_any_more": lambda: _("The cause is gone."),
    }
    return sentences[closed["key"]]()
