"""The protection level of an account in words: its worth, how likely it is lost, which signals moved that."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from regulars.base.formats import day, money, number, percent
from regulars.core.protection import ProtectionRules
from regulars.facts.signal_kinds import KINDS, Direction
from regulars.insight.live_signals import LiveSignal
from regulars.insight.models import Protection
from regulars.insight.sentences import Effect, Sentence

MOVED = 0.005
"""A risk that signals moved by less is the same."""


def level_sentence(found: Protection) -> str:
    """The level with the value and the risk that make it, in one sentence."""
    names = {"level": capfirst(str(found.get_level_display())), "value": _value(found)}
    if found.risk is None:
        return _("%(level)s: %(value)s; how likely it is lost, nobody knows yet.") % names
    names["risk"] = percent(found.risk, digits=0)
    return _("%(level)s: %(value)s; the chance to lose it within a year is %(risk)s.") % names


def protection_sentences(
    found: Protection, signals: Iterable[LiveSignal], *, currency: str, rules: ProtectionRules
) -> list[Sentence]:
    """What makes the level: value, risk by the orders, what the live signals changed, and since when."""
    told = [_worth(found, currency), _risk_by_orders(found), _with_signals(found), _limits(found, rules)]
    told += [signal_sentence(one) for one in signals]
    told += [_potential(found), _since(found)]
    return [one for one in told if one is not None]


def signal_sentence(signal: LiveSignal) -> Sentence:
    """One live signal, and how much it still counts."""
    text = _("%(what)s (%(day)s): strength %(strength)s of 5, %(left)s of it left; odds now times %(times)s.") % {
        "what": capfirst(str(KINDS[signal.kind].label)),
        "day": day(signal.observed_on),
        "strength": number(signal.strength),
        "left": percent(signal.share_left, digits=0),
        "times": number(signal.odds, digits=1),
    }
    effect = Effect.LOWERS if signal.direction == Direction.RISK else Effect.RAISES
    return Sentence(f"signal_{signal.uid}", text, effect)


def _value(found: Protection) -> str:
    return {
        Protection.Band.VITAL: _("a customer whose loss would threaten the firm"),
        Protection.Band.LARGE: _("one of the large customers"),
        Protection.Band.MIDDLE: _("a customer of middle size"),
        Protection.Band.SMALL: _("one of the many small customers"),
    }[Protection.Band(found.band)]


def _worth(found: Protection, currency: str) -> Sentence:
    text = _("Worth %(worth)s a year if it stays.") % {"worth": money(found.worth, currency)}
    if found.stake is not None and found.worth > 0:
        text = _("Worth %(worth)s a year if it stays; by orders and signals, %(stake)s of that is at stake.") % {
            "worth": money(found.worth, currency),
            "stake": money(found.stake, currency),
        }
    return Sentence("worth", text)


def _risk_by_orders(found: Protection) -> Sentence:
    if found.risk_by_orders is None:
        text = _("Its orders tell too little to say how likely it is lost.")
        return Sentence("risk_by_orders", text, Effect.UNKNOWN)
    text = _("By its orders alone, the chance to lose it within a year is %(risk)s.")
    return Sentence("risk_by_orders", text % {"risk": percent(found.risk_by_orders, digits=0)})


def _with_signals(found: Protection) -> Sentence | None:
    if found.risk is None or (found.risk_by_orders is not None and found.risk - found.risk_by_orders < MOVED):
        return None
    risk = {"risk": percent(found.risk, digits=0)}
    if found.risk_by_orders is None:
        text = _("With its signals, starting from what a firm loses in a usual year: %(risk)s.") % risk
    else:
        text = _("What was seen and heard since raises it to %(risk)s.") % risk
    return Sentence("risk", text, Effect.LOWERS)


def _limits(found: Protection, rules: ProtectionRules) -> Sentence | None:
    if found.risk is None:
        return None
    limits = {"raised": percent(rules.raised_risk, digits=0), "high": percent(rules.high_risk, digits=0)}
    if found.risk >= rules.high_risk:
        return Sentence("limits", _("From %(high)s on a risk is high.") % limits)
    if found.risk >= rules.raised_risk:
        return Sentence("limits", _("From %(raised)s on a risk is raised, from %(high)s on high.") % limits)
    return Sentence("limits", _("Below %(raised)s a risk is low.") % limits)


def _potential(found: Protection) -> Sentence | None:
    if found.potential is None:
        return None
    text = _("By what was seen and heard, the chance that it will buy clearly more within a year is %(chance)s.")
    return Sentence("potential", text % {"chance": percent(found.potential, digits=0)}, Effect.RAISES)


def _since(found: Protection) -> Sentence | None:
    if found.since is None or found.level_before is None:
        return None
    text = _("At this level since %(day)s; before: %(before)s.") % {
        "day": day(found.since),
        "before": Protection.Level(found.level_before).label,
    }
    return Sentence("since", text)
