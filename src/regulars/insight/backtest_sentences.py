"""What a backtest says to who knows no statistics, in the language in force: can these figures be trusted, and why?

Every sentence is made of the record's own figures. What was tried on the past is said as "would have": nobody had
forecast it then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import day, listed, number, percent
from regulars.base.notes import rendered
from regulars.core.backtest import LEAST_ORDERS, LEAST_ORIGINS, TOO_SHORT, Backtest, Origin, Record
from regulars.core.early_warning import EarlyWarning, RuleRecord
from regulars.insight.forecast_choice import ForecastChoice, Why

BASELINE = "BG/NBD"
"""Errors are told against those of this forecast, the best known one."""
CLOSE = 0.10
"""So far off, what is expected of all customers together still counts as right."""
ROUGH = 0.30
"""So far off once, a forecast is of little use as a whole, however well its errors make up for each other."""
SPOT_ON = 0.005


class Trust(StrEnum):
    """How far the forecast that scores can be trusted, by its record."""

    YES = "yes"
    MOSTLY = "mostly"
    WITH_CARE = "with_care"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer in one line, and the sentences that bear it out."""

    trust: Trust
    answer: str
    told: list[str]


# The verdict


def verdict(choice: ForecastChoice, outcome: Backtest | None) -> Verdict:
    """Whether the forecast that scores was right on the firm's own past."""
    record = scored_record(choice, outcome)
    if outcome is None:
        answer = _("Nobody knows yet: no forecast was tried on your own past.")
        return Verdict(trust=Trust.UNKNOWN, answer=answer, told=[])
    if outcome.too_short or record is None or record.figures is None:
        told = _when_it_can_be_told(outcome) if outcome.too_short else _not_among_the_tried(choice)
        return Verdict(trust=Trust.UNKNOWN, answer=_("Nobody can say yet."), told=told)
    trust = _trust(record)
    answers = {
        Trust.YES: _("Yes, for all customers together: every time it was tried, the forecast was close."),
        Trust.MOSTLY: _("Roughly: over all the times tried the forecast was close, but single times were not."),
        Trust.WITH_CARE: _("With care: on your own past the forecast was too far off."),
    }
    told = [last_time(record), *_all_times(record), *_of_single_customers(record, outcome)]
    return Verdict(trust=trust, answer=answers[trust], told=told)


def scored_record(choice: ForecastChoice, outcome: Backtest | None) -> Record | None:
    """The record of the forecast that scores, if it was tried."""
    if outcome is None:
        return None
    return next((one for one in outcome.records if one.name == choice.name), None)


def _trust(record: Record) -> Trust:
    worst = worst_off(record)
    if record.failings or worst is None or worst > ROUGH:
        return Trust.WITH_CARE
    return Trust.YES if worst <= CLOSE else Trust.MOSTLY


def worst_off(record: Record) -> float | None:
    """By what share it was off the time it was worst, up or down; None where nothing came in one of the times."""
    off = [off_by(one.figures.expected, one.figures.came) for one in record.origins]
    known = [abs(one) for one in off if one is not None]
    return max(known) if known and len(known) == len(off) else None


def off_by(expected: float, came: float) -> float | None:
    """By what share too many were expected; None where nothing came, so that there is no share of it."""
    return expected / came - 1 if came >= 1 else None


def last_time(record: Record) -> str:
    """What would have been expected the last time, and what came."""
    return expected_and_came(record.origins[-1])


def _all_times(record: Record) -> list[str]:
    """All the times together, and the worst of them, where that is worse."""
    figures, worst = record.figures, worst_off(record)
    if figures is None or worst is None or len(record.origins) < 2:
        return []
    told = [_together(figures.expected / figures.came - 1, len(record.origins))]
    if worst > CLOSE:
        room = _("The worst time it was %(worst)s off, so leave room for that in what you plan.")
        told.append(room % {"worst": percent(worst)})
    return told


def _together(off: float, times: int) -> str:
    words = {"count": number(times), "share": percent(abs(off))}
    if abs(off) < SPOT_ON:
        return _("Over all %(count)s times that it was tried together, it was right.") % words
    if off > 0:
        return _("Over all %(count)s times that it was tried together, it was %(share)s too high.") % words
    return _("Over all %(count)s times that it was tried together, it was %(share)s too low.") % words


def expected_and_came(origin: Origin) -> str:
    """What would have been expected on a day for the time until another, and what came."""
    return ngettext(
        "From what was known on %(day)s we would have expected %(expected)s order in the time up to %(until)s; "
        "%(came)s came. %(off)s",
        "From what was known on %(day)s we would have expected %(expected)s orders in the time up to %(until)s; "
        "%(came)s came. %(off)s",
        round(origin.figures.expected),
    ) % {
        "day": day(origin.as_of),
        "expected": number(origin.figures.expected),
        "until": day(origin.until),
        "came": number(origin.figures.came),
        "off": how_far_off(origin.figures.expected, origin.figures.came),
    }


def how_far_off(expected: float, came: float) -> str:
    """How much too high or too low a forecast was, as a sentence."""
    off = off_by(expected, came)
    if off is None:
        return _("No order came.")
    if abs(off) < SPOT_ON:
        return _("That was right.")
    words = {"share": percent(abs(off))}
    return _("That was %(share)s too high.") % words if off > 0 else _("That was %(share)s too low.") % words


def _of_single_customers(record: Record, outcome: Backtest) -> list[str]:
    figures = record.figures
    assert figures is not None
    told = []
    if figures.coverage is not None:
        words = {"share": percent(figures.coverage, digits=0), "level": percent(outcome.level, digits=0)}
        told.append(
            _(
                "For each customer we give a least and a most: %(share)s of the customers stayed between them, "
                "where we aim at %(level)s."
            )
            % words
        )
    if figures.gini is not None:
        told.append(
            _("It tells busy customers from quiet ones: %(share)s of the way from guessing to knowing.")
            % {"share": percent(max(figures.gini, 0.0), digits=0)}
        )
    return told


def _not_among_the_tried(choice: ForecastChoice) -> list[str]:
    return [
        _("“%(name)s” scores, and the last time it was not among the forecasts that could be tried.")
        % {"name": rendered(choice.name)}
    ]


# Too short a history


def _when_it_can_be_told(outcome: Backtest) -> list[str]:
    said = next((reason for reason in outcome.reasons if reason.template == TOO_SHORT), None)
    known_days = int(said.values["days"]) if said is not None else 0
    needed_days = days_needed(outcome.horizon_days)
    words = {"known": number(known_days), "needed": number(needed_days), "length": number(outcome.horizon_days)}
    if known_days >= needed_days:
        return [
            _(
                "The order history is long enough, but too few orders came in the times that were held back: "
                "it takes %(least)s. Try again when there are more."
            )
            % {"least": number(LEAST_ORDERS)}
        ]
    from_day = outcome.as_of + timedelta(days=needed_days - known_days)
    return [
        _(
            "The order history covers %(known)s days. To try forecasts of %(length)s days on three earlier dates "
            "takes %(needed)s days."
        )
        % words,
        _("There can be a record from %(day)s on; sooner if you import older orders or look less far ahead.")
        % {"day": day(from_day)},
    ]


def days_needed(horizon_days: int) -> int:
    """How long a history must be for forecasts of so many days to be tried: see `core.backtest.origin_days`."""
    apart = -(-horizon_days // 3)
    return 2 * horizon_days + apart * (LEAST_ORIGINS - 1)


# The choice


def why_this_one(choice: ForecastChoice, outcome: Backtest | None) -> list[str]:
    """Which forecast scores, and why it was chosen."""
    name = rendered(choice.name)
    if choice.why is Why.UNTRIED or outcome is None:
        return [_("Until one is tried, the average of three forecasts is used.")]
    if choice.why is Why.TOO_SHORT:
        return [
            _("So the average of three forecasts is used, untried: a safer guess than to rely on one of them alone.")
        ]
    if choice.why is Why.PINNED:
        told = [_("“%(name)s” is used because it was pinned.") % {"name": name}]
        if outcome.winner != choice.name and not outcome.too_short:
            told.append(_("On your own past, “%(winner)s” was the best.") % {"winner": rendered(outcome.winner)})
        return told
    return _why_it_won(outcome)


def _why_it_won(outcome: Backtest) -> list[str]:
    winner = outcome.record
    tried = [one for one in outcome.records if one.figures is not None]
    if winner is None or winner.figures is None:
        return []
    admitted = [one for one in tried if not one.failings] or tried
    best = min(admitted, key=lambda one: one.figures.deviance if one.figures else 0.0)
    words = {"name": rendered(winner.name), "best": rendered(best.name), "count": number(len(tried))}
    if best is winner:
        text = ngettext(
            "“%(name)s” is used; %(count)s forecast was tried.",
            "“%(name)s” is used: of %(count)s forecasts tried, it was the closest.",
            len(tried),
        )
    else:
        text = _(
            "“%(name)s” is used: “%(best)s” was a little closer, but by no more than chance explains, "
            "and the simpler of two such forecasts is the safer one."
        )
    told = [text % words]
    if winner.failings:
        told.append(_("None of them was without fault; this one has the least."))
    elif out := [rendered(one.name) for one in tried if one.failings]:
        told.append(_("Left out, because they were too far off: %(names)s.") % {"names": listed(out)})
    return told


ABOUT = {
    "last window": lambda: _("Everybody orders as often as in the time just before."),
    "BG/NBD": lambda: _("Everybody has a pace of their own, and may leave for good after any order but the first."),
    "MBG/NBD": lambda: _("Everybody has a pace of their own, and may leave for good after any order."),
    "Pareto/NBD": lambda: _("Everybody has a pace of their own, and may leave for good on any day."),
    "average": lambda: _("The average of BG/NBD, MBG/NBD and Pareto/NBD."),
    "seasonal BG/NBD": lambda: _("BG/NBD, with more or fewer orders by the time of the year."),
    "boosted BG/NBD": lambda: _("BG/NBD, put right by what it got wrong before about customers of the same kind."),
    "boosted seasonal BG/NBD": lambda: _(
        "BG/NBD by the time of the year, put right by what it got wrong before about customers of the same kind."
    ),
}


def about(name: str) -> str:
    """How a forecast thinks; empty for one that is not known here."""
    return ABOUT[name]() if name in ABOUT else ""


def told_standing(record: Record, outcome: Backtest) -> str:
    """How a forecast stands against the best of those that are not too far off."""
    if record.figures is None or record.behind is None:
        return _("It could not be tried.")
    if record.behind < 0:
        return _("Customer by customer it was closer than the best, but not for all of them together.")
    if record.behind == 0:
        return _("No other was closer.")
    baseline = error_against(record, outcome.records, name=_best(outcome).name)
    words = {"share": "?" if baseline is None else percent(baseline)}
    if record.behind_error is not None and record.behind <= record.behind_error:
        return _("Its errors are %(share)s larger than those of the best, which chance could explain.") % words
    return _("Its errors are %(share)s larger than those of the best, more than chance explains.") % words


def _best(outcome: Backtest) -> Record:
    return next(one for one in outcome.records if one.behind == 0)


def error_against(record: Record, records: Sequence[Record], *, name: str = BASELINE) -> float | None:
    """By what share the errors of a forecast are larger than those of another; None where one was not tried."""
    other = next((one.figures for one in records if one.name == name and one.figures is not None), None)
    if record.figures is None or other is None or other.deviance <= 0:
        return None
    return record.figures.deviance / other.deviance - 1


# Customers that were lost


def told_losses(warning: EarlyWarning) -> list[str]:
    """Of the customers that were lost: how many would have been flagged, how early, with how many false alarms."""
    if not warning.lost:
        return [_("Since %(day)s you lost no regular customer.") % {"day": day(warning.since)}]
    told = [_flagged(warning, warning.record), _false_alarms(warning.record)]
    if warning.accounts < warning.accounts_in_all:
        words = {"count": number(warning.accounts), "all": number(warning.accounts_in_all)}
        told.append(_("%(count)s of your %(all)s customers were looked at, drawn evenly.") % words)
    return told


def _flagged(warning: EarlyWarning, record: RuleRecord) -> str:
    words = {
        "lost": number(warning.lost),
        "flagged": number(record.flagged),
        "weeks": number(record.weeks_early or 0),
        "day": day(warning.since),
    }
    if not record.flagged:
        return (
            ngettext(
                "You lost %(lost)s regular customer since %(day)s; we would not have flagged it in time.",
                "You lost %(lost)s regular customers since %(day)s; we would have flagged none of them in time.",
                warning.lost,
            )
            % words
        )
    return (
        ngettext(
            "Of the %(lost)s regular customers that you lost since %(day)s we would have flagged %(flagged)s, "
            "typically %(weeks)s week before the loss was plain.",
            "Of the %(lost)s regular customers that you lost since %(day)s we would have flagged %(flagged)s, "
            "typically %(weeks)s weeks before the loss was plain.",
            round(record.weeks_early or 0),
        )
        % words
    )


def _false_alarms(record: RuleRecord) -> str:
    return ngettext(
        "There would have been %(count)s false alarm: a customer that was flagged and ordered again.",
        "There would have been %(count)s false alarms: customers that were flagged and ordered again.",
        record.false_alarms,
    ) % {"count": number(record.false_alarms)}


def told_rule(rule: str, warning: EarlyWarning) -> str:
    """What makes a silence a warning, by one of the rules."""
    words = {
        "chance": percent(warning.rule.least_chance, digits=0),
        "pauses": percent(warning.rule.pause_chance, digits=0),
        "times": number(warning.rule.pauses, digits=1),
    }
    return {
        "chance": _("The chance that it is still a customer falls below %(chance)s."),
        "rhythm": _(
            "The silence is long for this customer: %(times)s times its usual pause, and longer than all but "
            "%(pauses)s of its pauses."
        ),
        "either": _("Either of the two."),
    }[rule] % words


def told_lost(warning: EarlyWarning) -> str:
    """When a customer counts as lost."""
    return _(
        "A regular has ordered on %(orders)s days or more. It counts as lost when it has been silent for %(days)s days "
        "and for %(pauses)s times its own longest pause."
    ) % {
        "orders": number(warning.rule.order_days),
        "days": number(warning.silence.least_days),
        "pauses": number(warning.silence.pauses, digits=1),
    }
