"""What would have been right on the firm's own past, and what is chosen by it. Mission rows C1, E16."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pytest

from regulars.core.accuracy import normalised_gini, poisson_deviance, tenths
from regulars.core.backtest import FALLBACK, backtest, default_contenders, origin_days
from regulars.core.lifetime import BetaGeoNBD, History, LastWindow, TooLittleHistory
from simulated_orders import START, simulated_orders

Vector = npt.NDArray[np.float64]
AS_OF = START + timedelta(days=720)


@pytest.fixture(scope="module")
def history() -> History:
    return History.of(simulated_orders(51, accounts=600), as_of=AS_OF)


class Scaled:
    """BG/NBD that expects so many times as much."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def fit(self, summary: Any) -> Self:
        self._model = BetaGeoNBD().fit(summary)
        return self

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        return self.factor * self._model.expected_orders(summary, periods=periods)


class Alike(Scaled):
    """The same for every account."""

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        answers = super().expected_orders(summary, periods=periods)
        return np.full(answers.size, answers.mean())


class Refusing:
    def fit(self, _summary: Any) -> Self:
        raise TooLittleHistory("There is nothing to learn from.", "Wait.")


# Measures


def test_the_deviance_is_that_of_poisson_counts_and_least_for_the_mean() -> None:
    came = np.random.default_rng(1).poisson(2.5, 5000).astype(float)
    assert poisson_deviance(np.array([0.0, 2.0]), np.array([1.5, 2.0])) == pytest.approx([3.0, 0.0])
    means = [
        poisson_deviance(came, np.full(5000, mean)).mean()
        for mean in (came.mean() - 0.1, came.mean(), came.mean() + 0.1)
    ]
    assert min(means) == means[1]


def test_the_gini_coefficient_judges_the_sequence_alone() -> None:
    random = np.random.default_rng(2)
    came = random.poisson(random.gamma(0.5, 4, 3000)).astype(float)
    assert normalised_gini(came, came) == pytest.approx(1)
    assert normalised_gini(came, -came) == pytest.approx(-1)
    assert normalised_gini(came, np.ones(3000)) == pytest.approx(0, abs=1e-12)
    assert normalised_gini(came, random.random(3000)) == pytest.approx(0, abs=0.1)
    assert normalised_gini(came, 7 * came**3) == pytest.approx(1)
    assert normalised_gini(np.ones(5), np.arange(5.0)) is None


def test_ten_groups_hold_every_account_once_by_rising_forecast() -> None:
    expected = np.random.default_rng(3).gamma(1, 1, 1003)
    groups = tenths(np.ones(1003), expected)
    assert [group.accounts for group in groups] == [101] * 3 + [100] * 7
    assert sum(group.expected for group in groups) == pytest.approx(expected.sum())
    means = [group.expected / group.accounts for group in groups]
    assert means == sorted(means)
    assert len(tenths(np.ones(4), np.ones(4))) == 4


# Origins


def test_origins_lie_the_time_ahead_apart_and_end_before_the_day(history: History) -> None:
    days = origin_days(history, horizon_days=91, origins=3)
    assert days == [AS_OF - timedelta(days=91 * back) for back in (3, 2, 1)]


def test_a_shorter_history_brings_them_closer_and_the_shortest_gives_none(history: History) -> None:
    closer = origin_days(history.at(START + timedelta(days=280)), horizon_days=91, origins=3)
    assert len(closer) == 3
    assert closer[1] - closer[0] < timedelta(days=91)
    assert origin_days(history.at(START + timedelta(days=200)), horizon_days=91, origins=3) == []


# The choice


def test_the_better_forecast_wins_and_the_record_shows_why(history: History) -> None:
    outcome = backtest(history, as_of=AS_OF, periods=13, contenders={"alike": Alike(1.0), "BG/NBD": BetaGeoNBD()})
    assert outcome.winner == "BG/NBD"
    assert isinstance(outcome.model, BetaGeoNBD)
    assert not hasattr(outcome.model, "params_")
    record = outcome.record
    assert record is not None
    assert record.figures is not None
    assert abs(record.figures.bias) < 0.1
    assert record.figures.gini is not None
    assert record.figures.gini > 0.3
    assert record.figures.coverage is not None
    assert 0.87 < record.figures.coverage < 0.98
    assert len(record.origins) == 3
    assert sum(group.came for group in record.tenths) == pytest.approx(record.figures.came)
    assert sum(origin.figures.came for origin in record.origins) == pytest.approx(record.figures.came)
    alike = outcome.records[0]
    assert alike.behind is not None
    assert alike.behind_error is not None
    assert alike.behind > 3 * alike.behind_error
    assert alike.figures is not None
    assert alike.figures.coverage is None
    last = record.origins[-1].figures
    assert any(f"{last.expected:,.0f} orders; {last.came:,.0f} came" in reason for reason in outcome.reasons)


def test_of_two_that_are_about_as_good_the_simpler_wins(history: History) -> None:

    class Shaken(Scaled):
        def expected_orders(self, summary: Any, *, periods: float) -> Vector:
            answers = super().expected_orders(summary, periods=periods)
            return answers * np.random.default_rng(4).uniform(0.995, 1.005, answers.size)

    contenders = {"simple": Scaled(1.0), "complicated": Shaken(1.0)}
    assert backtest(history, as_of=AS_OF, periods=13, contenders=contenders).winner == "simple"
    turned = dict(reversed(contenders.items()))
    assert backtest(history, as_of=AS_OF, periods=13, contenders=turned).winner == "complicated"


def test_a_forecast_that_is_far_off_as_a_whole_is_not_admitted(history: History) -> None:
    """Though it beats the other by deviance, which puts accounts in no sequence at all."""
    contenders = {"alike": Alike(1.0), "bold": Scaled(1.3)}
    outcome = backtest(history, as_of=AS_OF, periods=13, contenders=contenders)
    bold = outcome.records[1]
    assert any("more, where 10% is allowed" in failing for failing in bold.failings)
    assert bold.figures is not None
    assert bold.bias_error is not None
    assert bold.bias_error < 0.1
    if not outcome.records[0].failings:
        assert outcome.winner == "alike"
        assert any("Not admitted" in reason for reason in outcome.reasons)


def test_forecasts_wrong_in_groups_are_not_admitted() -> None:
    """Right as a whole, but it expects most of those of whom it should expect least."""

    class Turned(Scaled):
        def expected_orders(self, summary: Any, *, periods: float) -> Vector:
            answers = super().expected_orders(summary, periods=periods)
            return np.asarray(answers.max() + answers.min() - answers)

    outcome = backtest(
        simulated_orders(52, accounts=600), as_of=AS_OF, periods=13,
        contenders={"turned": Turned(1.0), "BG/NBD": BetaGeoNBD()},
    )  # fmt: skip
    assert any("ten groups" in failing for failing in outcome.records[0].failings)
    assert outcome.winner == "BG/NBD"


def test_if_none_is_without_fault_the_least_bad_is_taken_and_that_is_said(history: History) -> None:
    contenders = {"wild": Scaled(3.0), "bold": Scaled(1.5)}
    outcome = backtest(history, as_of=AS_OF, periods=13, contenders=contenders)
    assert outcome.winner == "bold"
    assert any("None of the forecasts is without fault" in reason for reason in outcome.reasons)


def test_who_cannot_learn_is_kept_on_record_and_out_of_the_choice(history: History) -> None:
    contenders = {"refusing": Refusing(), "BG/NBD": BetaGeoNBD()}
    outcome = backtest(history, as_of=AS_OF, periods=13, contenders=contenders)
    assert outcome.winner == "BG/NBD"
    assert [record.name for record in outcome.records] == ["BG/NBD", "refusing"]
    assert outcome.records[1].figures is None
    assert outcome.records[1].failings == ["There is nothing to learn from. Wait."]
    alone = backtest(history, as_of=AS_OF, periods=13, contenders={"refusing": Refusing()})
    assert alone.winner == FALLBACK
    assert "nothing to learn" in " ".join(alone.reasons)


def test_a_history_too_short_gives_the_average_of_three_and_says_so(history: History) -> None:
    outcome = backtest(history, as_of=START + timedelta(days=150), periods=13)
    assert outcome.too_short
    assert outcome.winner == FALLBACK
    assert outcome.record is None
    assert "too short" in outcome.reasons[0]
    past = history.at(START + timedelta(days=150))
    assert np.all(outcome.model.fit(past).expected_orders(past, periods=13) > 0)


def test_overlapping_times_are_said_to_overlap(history: History) -> None:
    early = START + timedelta(days=280)
    outcome = backtest(history, as_of=early, periods=13, contenders={"last window": LastWindow(window=13)})
    assert any("overlap" in reason for reason in outcome.reasons)


def test_a_backtest_is_repeatable_and_leaves_contenders_unfitted(history: History) -> None:
    model = BetaGeoNBD()
    outcomes = [backtest(history, as_of=AS_OF, periods=13, contenders={"BG/NBD": model}) for _ in range(2)]
    assert outcomes[0].records == outcomes[1].records
    assert not hasattr(model, "params_")


def test_all_that_there_is_is_tried_if_nothing_else_is_asked_for(history: History) -> None:
    outcome = backtest(history, as_of=AS_OF, periods=13)
    assert {record.name for record in outcome.records} == set(default_contenders(13))
    assert all(record.figures for record in outcome.records)
    with pytest.raises(ValueError, match="periods"):
        backtest(history, as_of=AS_OF, periods=0)
