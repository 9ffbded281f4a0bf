"""The sentences that explain a score, made when they are read, in the language in force (docs/decisions/0004).

Each is a function of the score's own values. What is unknown is said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from regulars.base.formats import Amount, day, money, number, percent
from regulars.insight.models import Score

RARE_PAUSE = 0.1
"""A silence that at most this share of an account's pauses reached is a bad sign."""

STEADY = 0.1
"""Sales that changed by less than this are said to be about the same."""


class Effect(StrEnum):
    """What a sentence says about how much the account will bring."""

    RAISES = "raises"
    LOWERS = "lowers"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sentence:
    """A figure in words. `key` names the figure, for lists that pick some."""

    key: str
    text: str
    effect: Effect = Effect.NEUTRAL


def sentences(score: Score, *, currency: str, about: Collection[str] | None = None) -> list[Sentence]:
    """All that can be said of a score, the most telling first; of the figures `about`, if any are named."""
    told = [tell(score, currency) for key, tell in TELLERS.items() if about is None or key in about]
    return [sentence for sentence in told if sentence is not None]


def _rhythm(score: Score, _currency: str) -> Sentence | None:
    if score.last_order is None or score.silence_days is None or score.first_order is None:
        return Sentence("rhythm", _("Has never ordered."))
    last = {"last": day(score.last_order), "days": number(score.silence_days)}
    if score.order_days == 1:
        text = ngettext(
            "Ordered once, on %(last)s, %(days)s day ago.",
            "Ordered once, on %(last)s, %(days)s days ago.",
            score.silence_days,
        )
        return Sentence("rhythm", text % last, Effect.UNKNOWN)
    if score.pauses_as_long is None or score.gap_mean_days is None or score.gap_typical_days is None:
        clauses = [_ordered_on(score.order_days, score.first_order), _silent(score.silence_days)]
        clauses.append(_("too few orders to tell its rhythm"))
        return Sentence("rhythm", _of_clauses(clauses), Effect.UNKNOWN)
    clauses = [_every(score.gap_mean_days), _silent(score.silence_days), _pauses(score.pauses_as_long)]
    return Sentence("rhythm", _of_clauses(clauses), _of_silence(score))


def _of_clauses(clauses: list[str]) -> str:
    """One sentence of several clauses, with the marks of the language."""
    return _("%(clauses)s.") % {"clauses": pgettext("between clauses", "; ").join(clauses)}


def _ordered_on(order_days: int, first: date) -> str:
    text = ngettext("Ordered on %(count)s day since %(first)s", "Ordered on %(count)s days since %(first)s", order_days)
    return text % {"count": number(order_days), "first": day(first)}


def _every(gap_days: float) -> str:
    text = ngettext("Orders every %(days)s day on average", "Orders every %(days)s days on average", _plural(gap_days))
    return text % {"days": _about(gap_days)}


def _silent(days: int) -> str:
    if days == 0:
        return _("ordered on that very day")
    return ngettext("silent for %(days)s day", "silent for %(days)s days", days) % {"days": number(days)}


def _pauses(as_long: float) -> str:
    if as_long == 0:
        return _("none of its pauses was ever that long")
    if as_long > 0.5:
        return _("no longer than usual")
    return _("%(share)s of its pauses were ever that long") % {"share": percent(as_long)}


def _of_silence(score: Score) -> Effect:
    if score.pauses_as_long is not None and score.pauses_as_long <= RARE_PAUSE:
        return Effect.LOWERS
    if score.silence_days is None or score.gap_typical_days is None:
        return Effect.UNKNOWN
    return Effect.RAISES if score.silence_days <= score.gap_typical_days else Effect.NEUTRAL


def _gaps(score: Score, _currency: str) -> Sentence | None:
    if score.pauses_as_long is None or score.gap_typical_days is None or score.gap_longest_days is None:
        return None
    text = ngettext(
        "Half of its pauses are no longer than %(typical)s day; the longest was %(longest)s.",
        "Half of its pauses are no longer than %(typical)s days; the longest was %(longest)s.",
        _plural(score.gap_typical_days),
    )
    days = {"typical": _about(score.gap_typical_days), "longest": number(score.gap_longest_days)}
    return Sentence("gaps", text % days)


def _alive(score: Score, _currency: str) -> Sentence | None:
    if score.order_days == 0:
        return None
    if score.order_days == 1:
        return Sentence("alive", _("One order does not tell whether it is still a customer."), Effect.UNKNOWN)
    if score.probability_alive is None:
        text = _("The history is too short to estimate the chance that it is still a customer.")
        return Sentence("alive", text, Effect.UNKNOWN)
    text = _("Chance that it is still a customer: %(chance)s.") % {"chance": _chance(score.probability_alive)}
    if score.probability_alive < 0.5:
        return Sentence("alive", text, Effect.LOWERS)
    if _of_silence(score) is Effect.LOWERS:  # the model, which knows little of one account's rhythm, contradicts it
        text = _("Chance that it is still a customer: %(chance)s by all customers' habits; less by its own pauses.") % {
            "chance": _chance(score.probability_alive)
        }
        return Sentence("alive", text, Effect.NEUTRAL)
    return Sentence("alive", text, Effect.RAISES if score.probability_alive >= 0.8 else Effect.NEUTRAL)


def _at_risk(score: Score, currency: str) -> Sentence | None:
    if score.value_at_risk is None or money(score.value_at_risk, currency) == money(0, currency):
        return None
    text = _("%(value)s of yearly sales may be lost.") % {"value": money(score.value_at_risk, currency)}
    return Sentence("at_risk", text, Effect.LOWERS)


def _expected(score: Score, currency: str) -> Sentence | None:
    if score.expected_orders_90 is None or score.expected_orders_365 is None:
        return None
    text = _("To be expected in the next 90 days: %(quarter)s; in the next 365 days: %(year)s.") % {
        "quarter": _orders_and_value(score.expected_orders_90, score.expected_value_90, currency),
        "year": _orders_and_value(score.expected_orders_365, score.expected_value_365, currency),
    }
    return Sentence("expected", text)


def _orders_and_value(orders: float, value: float | None, currency: str) -> str:
    counted = ngettext("%(count)s order", "%(count)s orders", _plural(orders)) % {"count": _about(orders)}
    if value is None:
        return counted
    return _("%(orders)s, %(value)s") % {"orders": counted, "value": money(value, currency)}


def _sales(score: Score, currency: str) -> Sentence | None:
    if score.orders_12m == 0:
        before = {"total": money(score.sales_total, currency)}
        return Sentence("sales", _("No order in the last 12 months; %(total)s in all before.") % before, Effect.LOWERS)
    text = ngettext(
        "Bought for %(sales)s in the last 12 months, on %(count)s day.",
        "Bought for %(sales)s in the last 12 months, on %(count)s days.",
        score.orders_12m,
    ) % {"sales": money(score.sales_12m, currency), "count": number(score.orders_12m)}
    return Sentence("sales", text)


def _trend(score: Score, _currency: str) -> Sentence | None:
    if score.trend is None:
        return Sentence("trend", _("No full year before to compare its sales with."), Effect.UNKNOWN)
    change = {"change": percent(score.trend, digits=0, signed=True)}
    if score.trend <= -STEADY:
        return Sentence("trend", _("Buys less: %(change)s against the 12 months before.") % change, Effect.LOWERS)
    if score.trend >= STEADY:
        return Sentence("trend", _("Buys more: %(change)s against the 12 months before.") % change, Effect.RAISES)
    return Sentence("trend", _("Buys about as much as in the 12 months before (%(change)s).") % change)


def _share(score: Score, _currency: str) -> Sentence | None:
    if score.share_of_firm is None or score.rank is None or score.share_of_firm <= 0:
        return None
    text = _("%(share)s of all sales; place %(rank)s.")
    return Sentence("share", text % {"share": _small(score.share_of_firm), "rank": number(score.rank)})


def _pareto(score: Score, _currency: str) -> Sentence | None:
    if score.cumulative_share is None or score.sales_12m <= 0:
        return None
    if score.rank == 1:
        return Sentence("pareto", _("The largest of all customers (class %(class)s).") % {"class": score.pareto})
    text = _("Together with the larger ones it brings %(share)s of sales (class %(class)s).")
    return Sentence("pareto", text % {"share": percent(score.cumulative_share, digits=0), "class": score.pareto})


def _buyer(score: Score, _currency: str) -> Sentence | None:
    texts = {
        "regular": _("A regular: has ordered in several months."),
        "chance": _("A chance buyer: few orders, or all of them close together."),
        "new": _("A new customer."),
    }
    return Sentence("buyer", texts[score.buyer]) if score.buyer in texts else None


def _order_value(score: Score, currency: str) -> Sentence | None:
    if score.mean_order_value is None or score.order_days < 2:
        return None
    text = _("A day with an order is worth %(value)s on average, returns deducted.")
    return Sentence("order_value", text % {"value": money(score.mean_order_value, currency)})


def _margin(score: Score, currency: str) -> Sentence | None:
    if score.orders_12m == 0:
        return None
    if score.margin_12m is None or not score.cost_known:
        return Sentence("margin", _("Cost unknown: margin not shown."), Effect.UNKNOWN)
    margin = {"margin": money(score.margin_12m, currency)}
    if score.cost_known > 0.995:
        return Sentence("margin", _("Margin of the last 12 months: %(margin)s.") % margin)
    text = _("Margin of the last 12 months: %(margin)s on the %(share)s of sales whose cost is known.")
    return Sentence("margin", text % (margin | {"share": percent(score.cost_known, digits=0)}))


def _breadth(score: Score, _currency: str) -> Sentence | None:
    if score.products_12m == 0:
        return None
    products = ngettext(
        "%(count)s product in the last 12 months",
        "%(count)s different products in the last 12 months",
        score.products_12m,
    ) % {"count": number(score.products_12m)}
    if score.categories_12m == 0:
        return Sentence("breadth", _of_clauses([products]))
    categories = ngettext("from %(count)s category", "from %(count)s categories", score.categories_12m)
    text = _("%(products)s, %(categories)s.") % {
        "products": products,
        "categories": categories % {"count": number(score.categories_12m)},
    }
    return Sentence("breadth", text)


def _returns(score: Score, _currency: str) -> Sentence | None:
    if score.returns_12m is None or score.returns_12m <= 0:
        return None
    text = _("Of what it bought in the last 12 months, %(share)s came back.") % {"share": _small(score.returns_12m)}
    return Sentence("returns", text, Effect.LOWERS if score.returns_12m > 0.1 else Effect.NEUTRAL)


TELLERS: dict[str, Callable[[Score, str], Sentence | None]] = {
    "rhythm": _rhythm,
    "alive": _alive,
    "at_risk": _at_risk,
    "sales": _sales,
    "trend": _trend,
    "share": _share,
    "pareto": _pareto,
    "buyer": _buyer,
    "expected": _expected,
    "gaps": _gaps,
    "order_value": _order_value,
    "margin": _margin,
    "breadth": _breadth,
    "returns": _returns,
}


def _about(value: float) -> str:
    """Below ten with a decimal."""
    return number(value, digits=1 if value < 9.95 else 0)


def _plural(value: float) -> int:
    """Which plural goes with a number that `_about` wrote: 1 is singular, 1.2 is not."""
    return 1 if abs(value - 1) < 0.05 else 2 if value < 2 else round(value)


def _chance(chance: float) -> str:
    """Nothing is certain."""
    if chance < 0.005:
        return _("less than %(share)s") % {"share": percent(0.01, digits=0)}
    if chance > 0.995:
        return _("more than %(share)s") % {"share": percent(0.99)}
    return percent(chance, digits=0)


def _small(share: Amount) -> str:
    """A share that is something but rounds to nothing is said to be less than the least that is shown."""
    return _("less than %(share)s") % {"share": percent(0.001)} if share < 0.0005 else percent(share)
