"""Dependence in words: how much, what follows if a customer leaves, what would soften it, what all that rests on."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import money, number, percent
from regulars.core.dependence import MOST_PRICE, Departure, Goal, Level, Lever, Softener
from regulars.insight.dependence import Dependence, WhatIf

LEVELS: Final = {
    Level.NONE: gettext_lazy("no concern"),
    Level.WIDEN: gettext_lazy("widen the base"),
    Level.WIDEN_SOON: gettext_lazy("widen the base soon"),
    Level.ALARM: gettext_lazy("alarm"),
    Level.CRITICAL: gettext_lazy("critical"),
    Level.SOLE: gettext_lazy("sole customer"),
}

GOALS: Final = {
    Goal.COVER_COSTS: gettext_lazy("until fixed costs are covered"),
    Goal.KEEP_PROFIT: gettext_lazy("until we earn what we earn now"),
}
MANY_ROUNDS: Final = 8
"""Of more rounds the first and the last are shown."""


def level_told(found: Dependence) -> str:
    """Whether the firm depends on few, by its largest customer."""
    if not found.largest:
        return _("Nobody has bought in the last 12 months.")
    words = {"share": percent(found.largest[0].share, digits=0)}
    if found.level == Level.SOLE:
        return _("You have only one customer. If it leaves, there is no firm.")
    if found.level == Level.CRITICAL:
        return _("Critical: one customer brings %(share)s of sales. If it leaves, the firm is in danger.") % words
    if found.level == Level.ALARM:
        return _("Alarm: one customer brings %(share)s of sales. Win and grow others now.") % words
    if found.level == Level.WIDEN_SOON:
        return _("One customer brings %(share)s of sales. Widen the base soon, before it can name its price.") % words
    if found.level == Level.WIDEN:
        return _("One customer brings %(share)s of sales. Widen the base.") % words
    return _("You depend on nobody alone: the largest customer brings %(share)s of sales.") % words


def levels_told(found: Dependence) -> str:
    """Where the levels begin."""
    limits = found.limits
    return _(
        "From %(widen)s of sales on, widen the base; from %(soon)s on, soon. Above %(alarm)s it is an alarm, above "
        "%(critical)s it is critical."
    ) % {
        "widen": percent(limits.widen, digits=0),
        "soon": percent(limits.widen_soon, digits=0),
        "alarm": percent(limits.alarm, digits=0),
        "critical": percent(limits.critical, digits=0),
    }


def outcome_told(found: WhatIf) -> str:
    """The end of it, in one sentence."""
    departure = found.departure
    if not departure.rounds:
        if departure.goal == Goal.COVER_COSTS:
            return _("The firm bears it: the others still cover the fixed costs, and no price need rise.")
        return _("The firm bears it: it earns no less without this customer.")
    if not departure.settles:
        return _("It does not settle: no rise of prices makes up for it, because too many others would leave.")
    words = {"price": percent(departure.price, digits=1)}
    if departure.left < 0.5:
        return _("It settles: prices must rise by %(price)s, and probably nobody else leaves.") % words
    text = ngettext(
        "It settles: prices must rise by %(price)s, and about %(count)s more customer leaves.",
        "It settles: prices must rise by %(price)s, and about %(count)s more customers leave.",
        round(departure.left),
    )
    return text % (words | {"count": number(departure.left)})


def departure_told(found: WhatIf) -> list[str]:
    """What is lost at once, and what that means."""
    departure, currency = found.departure, found.currency
    told = [
        _("Lost at once: %(sales)s of yearly sales (%(share)s of all), and with them %(margin)s of margin.")
        % {
            "sales": money(departure.sales_lost, currency),
            "share": percent(found.share, digits=0),
            "margin": money(departure.margin_lost, currency),
        }
    ]
    if departure.discounts_lost >= 1:
        told.append(
            _("You buy less, and lose discounts of suppliers: the same goods cost %(amount)s a year more.")
            % {"amount": money(departure.discounts_lost, currency)}
        )
    elif found.suppliers:
        told.append(_("What you still buy is enough for the same discounts of your suppliers."))
    if departure.uncovered is None:
        told.append(_("Fixed costs were not entered, so whether they are still covered is not known."))
    elif departure.uncovered > 0:
        told.append(
            _("%(amount)s of %(costs)s fixed costs are no longer covered.")
            % {
                "amount": money(departure.uncovered, currency),
                "costs": money(departure.fixed_costs or 0.0, currency),
            }
        )
    else:
        told.append(_("The fixed costs stay covered."))
    return told


def bounds_told(found: WhatIf) -> str:
    """How sure that is; empty where nothing follows."""
    departure = found.departure
    if not departure.rounds:
        return ""
    last = departure.rounds[-1]
    told = _(
        "Nine times of ten prices end between %(low)s and %(high)s higher, and between %(fewest)s and %(most)s more "
        "customers leave."
    ) % {
        "low": percent(last.price_low, digits=1),
        "high": percent(last.price_high, digits=1),
        "fewest": number(departure.left_low),
        "most": number(departure.left_high),
    }
    if departure.chance_to_fail >= 0.005:
        told += " " + _("The chance that costs cannot be covered at all is %(chance)s.") % {
            "chance": percent(departure.chance_to_fail, digits=0)
        }
    return told


def softener_told(one: Softener, found: WhatIf) -> str:
    """How much of it makes a rise of prices needless, and what half of it leaves."""
    amount = money(one.amount, found.currency)
    if one.lever == Lever.COSTS:
        told = _("Spend %(amount)s a year less on fixed costs.") % {"amount": amount}
    elif one.lever == Lever.SALES:
        told = _("Win new customers who buy %(amount)s a year, with the margin of today.") % {"amount": amount}
    else:
        told = _("Buy your goods %(share)s cheaper.") % {"share": percent(one.amount, digits=1)}
    if one.price_with_half is None:
        half = _("Half of it is not enough: costs still cannot be covered.")
    elif one.price_with_half <= 0:
        half = _("Half of it is nearly enough.")
    else:
        half = _("With half of it prices end %(price)s higher.") % {"price": percent(one.price_with_half, digits=1)}
    return f"{told} {half}"


def rests_on(found: WhatIf) -> list[str]:
    """What it was computed from, and what is a guess."""
    margin = {"share": percent(found.margin_share, digits=0)}
    told = []
    if found.cost_known > 0:
        told.append(
            _("Costs of goods are known for %(known)s of sales.") % {"known": percent(found.cost_known, digits=0)}
        )
    if found.cost_known < 0.995:
        told.append(
            _("For other sales a margin of %(share)s is taken, as was entered.") % margin
            if found.margin_is_entered
            else _("For other sales a margin of %(share)s is taken: that of the sales whose costs are known.") % margin
        )
    usual = {"elasticity": number(found.elasticity, digits=1)}
    told.append(
        _("When prices rise by 1 %%, %(elasticity)s of 100 customers leave, as was entered.") % usual
        if found.elasticity_is_entered
        else _("When prices rise by 1 %%, %(elasticity)s of 100 customers leave: a guess, since nothing was entered.")
        % usual
    )
    if found.elasticities:
        text = ngettext(
            "For %(count)s customer it was entered how it takes a rise.",
            "For %(count)s customers it was entered how they take a rise.",
            found.elasticities,
        )
        told.append(text % {"count": number(found.elasticities)})
    if not found.suppliers:
        told.append(_("No discounts of suppliers were entered; lost ones would make it worse."))
    told.append(_("Prices rise for all alike, and by no more than %(most)s.") % {"most": percent(MOST_PRICE, digits=0)})
    return told


def shown_rounds(departure: Departure) -> list[int]:
    """The numbers (from 1) of the rounds to show: all, or of many the first and the last."""
    count = len(departure.rounds)
    if count <= MANY_ROUNDS + 2:
        return list(range(1, count + 1))
    return [*range(1, MANY_ROUNDS + 1), count]
