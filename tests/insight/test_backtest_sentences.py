"""What a backtest says to who knows no statistics: it is trusted as far as its record goes, and no further."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from regulars.core.backtest import FALLBACK, Backtest, Figures, Origin, Record, backtest, origin_days
from regulars.core.early_warning import EarlyWarning, RuleRecord
from regulars.core.lifetime import BetaGeoNBD, History, LastWindow
from regulars.insight.backtest_sentences import (
    Trust,
    days_needed,
    error_against,
    how_far_off,
    told_losses,
    told_standing,
    verdict,
    why_this_one,
)
from regulars.insight.forecast_choice import ForecastChoice, Why
from regulars.insight.models import PinnedForecast
from simulated_orders import START, simulated_orders

AS_OF = START + timedelta(days=720)


@pytest.fixture(autouse=True)
def in_english() -> Any:
    with translation.override("en"):
        yield


def figures(expected: float, came: float, **more: Any) -> Figures:
    known: dict[str, Any] = {
        "accounts": 100, "bias": expected / came - 1 if came else 0.0, "deviance": 1.0, "rmse": 1.0, "mae": 0.5,
        "gini": 0.72, "calibration_error": 0.05, "coverage": 0.93,
    }  # fmt: skip
    return Figures(expected=expected, came=came, **{**known, **more})


def tried(*pairs: tuple[float, float], name: str = "BG/NBD", **more: Any) -> Record:
    """A record of times with so many orders expected and come."""
    origins = [
        Origin(
            as_of=date(2024, 1, 1) + timedelta(days=90 * place),
            until=date(2024, 3, 31) + timedelta(days=90 * place),
            figures=figures(expected, came),
        )
        for place, (expected, came) in enumerate(pairs)
    ]
    whole = figures(sum(one for one, _ in pairs), sum(one for _, one in pairs), deviance=more.pop("deviance", 1.0))
    said: dict[str, Any] = {"behind": 0.0, "behind_error": 0.0, "bias_error": 0.01, "failings": [], **more}
    return Record(name=name, figures=whole, origins=origins, tenths=[], **said)


def outcome(*records: Record, winner: str = "BG/NBD") -> Backtest:
    return Backtest(
        as_of=date(2024, 9, 27), horizon_days=90, level=0.9, records=list(records), winner=winner, model=None,
        reasons=[], too_short=False,
    )  # fmt: skip


def chosen(name: str = "BG/NBD", why: Why = Why.WON, **more: Any) -> ForecastChoice:
    return ForecastChoice(name=name, horizon_days=90, why=why, **more)


# Trust


def test_it_is_trusted_only_where_it_was_close_every_time() -> None:
    def trust(*pairs: tuple[float, float], **more: Any) -> Trust:
        return verdict(chosen(), outcome(tried(*pairs, **more))).trust

    assert trust((1000, 980), (1000, 1040), (1240, 1198)) is Trust.YES
    assert trust((1200, 1000), (800, 1000), (1000, 1000)) is Trust.MOSTLY, "errors that make up for each other"
    assert trust((1400, 1000), (600, 1000), (1000, 1000)) is Trust.WITH_CARE, "of no use the single time"
    assert trust((1000, 980), failings=["It was far off."]) is Trust.WITH_CARE
    assert trust((1000, 0), (1000, 1000)) is Trust.WITH_CARE, "nothing came at all"


def test_the_verdict_says_what_was_expected_what_came_and_by_how_much_that_was_wrong() -> None:
    told = verdict(chosen(), outcome(tried((1200, 1000), (1240, 1198)))).told
    assert "we would have expected 1,240 orders in the time up to 29 Jun 2024; 1,198 came." in told[0]
    assert told[0].endswith("That was 3.5% too high.")
    assert "Over all 2 times that it was tried together, it was 11% too high." in told
    assert "The worst time it was 20% off" in " ".join(told)
    assert "93% of the customers stayed between them, where we aim at 90%" in " ".join(told)
    assert "72% of the way from guessing to knowing" in " ".join(told)


@pytest.mark.parametrize(
    ("expected", "came", "said"),
    [
        (104, 100, "That was 4% too high."),
        (80, 100, "That was 20% too low."),
        (100.2, 100, "That was right."),
        (5, 0, "No order came."),
    ],
)
def test_how_far_off_is_told_as_a_share_of_what_came(expected: float, came: float, said: str) -> None:
    assert how_far_off(expected, came) == said


def test_nothing_is_promised_before_anything_was_tried_or_of_what_was_not() -> None:
    untried = verdict(chosen(FALLBACK, Why.UNTRIED), None)
    assert (untried.trust, untried.told) == (Trust.UNKNOWN, [])
    other = verdict(chosen("Pareto/NBD", Why.PINNED), outcome(tried((10, 10))))
    assert other.trust is Trust.UNKNOWN
    assert "“Pareto/NBD”" in other.told[0]


# Too short a history


@pytest.mark.parametrize("horizon_days", [7, 30, 90, 91, 365])
def test_the_days_needed_are_those_from_which_on_the_backtest_does_look_back(horizon_days: int) -> None:
    def history(days: int) -> History:
        return History.of({"account": [1, 1], "date": [START, START + timedelta(days=days)]}, as_of=_day(days))

    def _day(days: int) -> date:
        return START + timedelta(days=days)

    needed = days_needed(horizon_days)
    looked_at = {days: history(days) for days in range(needed - 3, needed + 3)}
    enough = {days: bool(origin_days(one, horizon_days=horizon_days, origins=3)) for days, one in looked_at.items()}
    first = min(days for days, possible in enough.items() if possible)
    assert looked_at[first].days_long == needed


def test_a_history_that_is_too_short_is_said_to_be_and_from_when_on_it_is_not() -> None:
    orders = {"account": [1, 1, 2], "date": [date(2024, 1, 1), date(2024, 3, 1), date(2024, 4, 9)]}
    found = backtest(orders, as_of=date(2024, 4, 9), periods=90 / 7)
    said = verdict(chosen(FALLBACK, Why.TOO_SHORT), found)
    assert said.trust is Trust.UNKNOWN
    days = History.of(orders, as_of=date(2024, 4, 9)).days_long
    when = date(2024, 4, 9) + timedelta(days=240 - days)
    assert f"covers {days} days" in said.told[0]
    assert f"from {when.day} Aug 2024 on" in said.told[1]
    assert "the average of three forecasts is used, untried" in why_this_one(chosen(FALLBACK, Why.TOO_SHORT), found)[0]


def test_too_few_orders_are_not_taken_for_too_few_days() -> None:
    orders = {"account": [1, 1], "date": [date(2022, 1, 1), date(2024, 1, 1)]}
    found = backtest(orders, as_of=date(2024, 4, 9), periods=90 / 7)
    assert "long enough, but too few orders" in verdict(chosen(FALLBACK, Why.TOO_SHORT), found).told[0]


# The choice


def test_the_reasons_agree_with_the_choice_that_the_backtest_made() -> None:
    history = History.of(simulated_orders(51, accounts=300), as_of=AS_OF)
    models = {"last window": LastWindow(window=90 / 7), "BG/NBD": BetaGeoNBD()}
    found = backtest(history, as_of=AS_OF, periods=90 / 7, contenders=models)
    said = " ".join(why_this_one(chosen(found.winner), found))
    assert found.winner == "BG/NBD"
    assert "of 2 forecasts tried, it was the closest" in said
    last = next(one for one in found.records if one.name == "last window")
    assert ("too far off: last window" in said) == bool(last.failings)
    assert told_standing(found.record or last, found) == "No other was closer."
    worse = error_against(last, found.records)
    assert worse is not None
    assert worse > 0
    assert "larger than those of the best" in told_standing(last, found)


def test_a_simpler_forecast_that_wins_is_told_to_be_the_simpler_one() -> None:
    simple = tried((100, 100), name="BG/NBD", deviance=1.01, behind=0.01, behind_error=0.02)
    best = tried((100, 100), name="seasonal BG/NBD")
    found = outcome(simple, best)
    said = why_this_one(chosen(), found)[0]
    assert "“seasonal BG/NBD” was a little closer, but by no more than chance explains" in said
    assert told_standing(simple, found).endswith("which chance could explain.")
    assert told_standing(replace(simple, behind_error=0.001), found).endswith("more than chance explains.")
    unlucky = replace(simple, behind=-0.01, failings=[])
    assert "not for all of them together" in told_standing(unlucky, found)


def test_of_a_pinned_forecast_the_one_that_was_better_is_named() -> None:
    pin = PinnedForecast(name="last window", reason="Spring is over")
    found = outcome(tried((100, 100)), tried((150, 100), name="last window", behind=0.2))
    said = why_this_one(chosen("last window", Why.PINNED, pin=pin), found)
    assert said == ["“last window” is used because it was pinned.", "On your own past, “BG/NBD” was the best."]


def test_what_was_not_tried_has_no_error_against_another() -> None:
    untried = replace(tried((1, 1), name="Pareto/NBD"), figures=None, origins=[], behind=None)
    assert error_against(untried, [untried]) is None
    assert error_against(tried((1, 1), name="average"), [untried]) is None
    assert told_standing(untried, outcome(untried)) == "It could not be tried."


# Losses


def warning(**more: Any) -> EarlyWarning:
    record = {"rule": "chance", "flagged": 12, "weeks_early": 6.4, "false_alarms": 1, "undecided": 0, "months": []}
    said: dict[str, Any] = {
        "since": date(2023, 1, 1), "as_of": date(2024, 1, 1), "lost": 20, "regulars": 80, "accounts": 300,
        "accounts_in_all": 300, "best": "chance", "records": [RuleRecord(**(record | more.pop("record", {})))],
    }  # fmt: skip
    return EarlyWarning(**{**said, **more})


def test_losses_are_told_with_what_it_would_have_cost_to_see_them() -> None:
    said = told_losses(warning())
    assert said[0] == (
        "Of the 20 regular customers that you lost since 1 Jan 2023 we would have flagged 12, "
        "typically 6 weeks before the loss was plain."
    )
    assert said[1:] == [
        "There would have been 1 false alarm: a customer that was flagged and ordered again.",
    ]
    assert "none of them" in told_losses(warning(record={"flagged": 0, "weeks_early": None}))[0]
    assert told_losses(warning(lost=0)) == ["Since 1 Jan 2023 you lost no regular customer."]
    assert "300 of your 9,000 customers were looked at" in told_losses(warning(accounts_in_all=9000))[-1]
