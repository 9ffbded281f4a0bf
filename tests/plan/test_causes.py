"""Each cause fires where it should, does not where it should not, and says why in words (E16, C1, A7, C2, E1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from regulars.plan.causes import CAUSES
from regulars.plan.causes.cause import Firing, Ground
from regulars.plan.closing import closing_sentence, why_gone
from regulars.plan.standing import (
    Standing,
    chance_that_it_left,
    is_lost,
    is_silent,
    pause_chance,
    worth_a_year,
)
from regulars.plan.thresholds import PlanThresholds, plan_thresholds

AS_OF = date(2024, 12, 9)


@pytest.fixture(autouse=True)
def old_firm() -> None:
    """Nothing here needs the database."""


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def standing(**said: Any) -> Standing:
    figures: dict[str, Any] = {
        "account_id": 1,
        "order_days": 31,
        "first_order": ago(900),
        "last_order": ago(said.get("silence_days", 10)),
        "silence_days": 10,
        "gap_typical_days": 20.0,
        "gap_longest_days": 50.0,
        "pauses_as_long": 0.6,
        "sales_12m": 10_000.0,
        "sales_previous_12m": 10_000.0,
        "orders_12m": 15,
        "trend": 0.0,
        "mean_order_value": 800.0,
        "rank": 50,
        "share_of_firm": 0.001,
        "pareto": "B",
        "buyer": "regular",
        "probability_alive": 0.9,
        "expected_value_365": 9_000.0,
    }
    return Standing(**figures | said)


def ground(**said: Any) -> Ground:
    thresholds = PlanThresholds(**said.pop("thresholds", {}))
    told: dict[str, Any] = {"as_of": AS_OF, "on": AS_OF, "currency": "EUR", "history_start": ago(1500)}
    told["contacts_recorded"] = True
    return Ground(**told | said, thresholds=thresholds)


def fired(cause: str, of: Standing, on: Ground | None = None) -> Firing | None:
    return CAUSES[cause].fires(of, on or ground())


def test_an_ordinary_customer_is_left_alone() -> None:
    assert [key for key in CAUSES if fired(key, standing())] == []


# Gone silent

SILENT = standing(silence_days=60, pauses_as_long=0.0)


def test_the_chance_that_it_left_says_what_it_was_judged_by() -> None:
    """An account page that shows the model's chance beside it must not contradict it without a word."""
    firing = fired("gone_silent", replace(SILENT, probability_alive=0.1))
    assert firing is not None
    assert "Judged by all customers' habits, the chance that it has left is 90%." in CAUSES["gone_silent"].sentences(
        firing.figures
    )


def test_a_regular_silent_beyond_its_own_rhythm_is_named_with_its_figures() -> None:
    """E16: found by their own rhythm."""
    firing = fired("gone_silent", SILENT)
    assert firing is not None
    assert CAUSES["gone_silent"].sentences(firing.figures) == [
        "Usually orders every 20 days; silent for 60 days, since 10 Oct 2024.",
        "None of its 30 pauses was ever that long.",
        "Judged by its own pauses, the chance that it has left is 46%.",
        "A pause of the season cannot be ruled out: the same weeks a year ago are not known.",
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"silence_days": 39},  # less than two typical gaps
        {"pauses_as_long": 0.2},  # it has paused so long before
        {"order_days": 5},  # too few pauses to say
        {"pauses_as_long": None},
        {"buyer": "chance"},  # never was a regular
        {"buyer": "new"},
        {"silence_days": 181},  # lost: a matter of winning it back
        {"silence_days": 13, "gap_typical_days": 2.0},  # a fortnight is nobody's silence
        {"paused_last_year": True},  # the season
        {"sales_12m": 0.0, "sales_previous_12m": 0.0},  # nothing to lose
        {"sales_12m": -5.0, "sales_previous_12m": -5.0},
    ],
)
def test_who_is_not_silent_against_its_own_rhythm_is_not_named(said: dict[str, Any]) -> None:
    assert fired("gone_silent", replace(SILENT, **said)) is None


def test_who_has_paused_for_long_before_is_lost_later_and_who_said_so_at_once() -> None:
    thresholds = PlanThresholds()
    assert not is_lost(replace(SILENT, gap_longest_days=100.0, silence_days=299), thresholds)
    assert is_lost(replace(SILENT, gap_longest_days=100.0, silence_days=300), thresholds)
    assert is_lost(replace(SILENT, gap_longest_days=None, silence_days=180), thresholds)
    assert is_lost(replace(SILENT, silence_days=1, found={"lost": "told"}), thresholds)


def test_sales_are_taken_up_to_a_year_without_the_silence_and_never_above_the_best_year() -> None:
    assert worth_a_year(standing(silence_days=73, sales_12m=800.0, sales_previous_12m=5_000.0)) == pytest.approx(1_000)
    assert worth_a_year(standing(silence_days=73, sales_12m=800.0, sales_previous_12m=900.0)) == 900
    assert worth_a_year(standing(silence_days=400, sales_12m=0.0, sales_previous_12m=900.0)) == 900


def test_the_model_and_the_own_rhythm_are_both_heard() -> None:
    thresholds = PlanThresholds(yearly_loss_rate=0.15)
    by_hand = 1 - 0.85 ** (60 / 365)
    expected = by_hand / (by_hand + (1 - by_hand) / 32)
    assert chance_that_it_left(replace(SILENT, probability_alive=None), thresholds) == pytest.approx(expected)
    assert chance_that_it_left(replace(SILENT, probability_alive=0.1), thresholds) == pytest.approx(0.9)


@given(later=st.integers(1, 119))
def test_a_call_promises_the_less_the_longer_it_is_put_off(later: int) -> None:
    first, then = fired("gone_silent", SILENT), fired("gone_silent", replace(SILENT, silence_days=60 + later))
    assert first is not None
    assert then is not None
    assert then.uplift < first.uplift
    assert then.stake >= first.stake * 0.99


@given(pauses=st.integers(0, 200), as_long=st.floats(0, 1))
def test_few_pauses_never_make_an_alarm(pauses: int, as_long: float) -> None:
    chance = pause_chance(standing(order_days=pauses + 1, pauses_as_long=as_long))
    assert chance is not None
    assert 1 / (pauses + 2) <= chance <= (pauses + 1) / (pauses + 2)
    if pauses < 5:
        assert not is_silent(standing(order_days=pauses + 1, pauses_as_long=0.0, silence_days=90), PlanThresholds())


# Declining

FALLING = standing(sales_12m=4_000.0, sales_previous_12m=14_000.0, trend=-10 / 14, orders_12m=5)


def test_a_regular_that_buys_far_less_is_named() -> None:
    firing = fired("declining", FALLING)
    assert firing is not None
    assert firing.stake == 10_000
    assert CAUSES["declining"].sentences(firing.figures)[0] == (
        "Still orders, but less: €4,000 in the last 12 months, €14,000 in the 12 months before (−71%)."
    )


@pytest.mark.parametrize(
    "said",
    [
        {"trend": None},  # no year before to compare with
        {"trend": -0.29},
        {"orders_12m": 2},
        {"buyer": "chance"},
        {"mean_order_value": 5_000.0},  # one order more or less explains it
        {"mean_order_value": None},
        {"silence_days": 60, "pauses_as_long": 0.0},  # then it is silent, which says more
        {"silence_days": 200},  # lost
    ],
)
def test_ups_and_downs_are_not_called_a_decline(said: dict[str, Any]) -> None:
    assert fired("declining", replace(FALLING, **said)) is None


# First weeks

NEW = standing(
    first_order=ago(20),
    order_days=1,
    buyer="new",
    silence_days=20,
    gap_typical_days=None,
    pauses_as_long=None,
    trend=None,
)


@pytest.mark.parametrize(("age_days", "stage"), [(2, None), (3, 3), (13, 3), (14, 14), (30, 30), (45, 30), (46, None)])
def test_a_new_customer_is_asked_on_the_third_fourteenth_and_thirtieth_day(age_days: int, stage: int | None) -> None:
    """A7: a first-weeks check on every new customer."""
    firing = fired("first_weeks", replace(NEW, first_order=ago(age_days)))
    assert (firing.figures["stage"] if firing else None) == stage


@pytest.mark.parametrize(("days_ago", "fires"), [(None, True), (12, True), (11, False), (1, False)])
def test_a_contact_counts_for_the_stage_it_is_nearest_to(days_ago: int | None, fires: bool) -> None:
    contact = ago(days_ago) if days_ago is not None else None
    assert bool(fired("first_weeks", replace(NEW, last_contact=contact))) == fires


def test_at_the_start_of_a_history_nobody_is_called_new() -> None:
    assert fired("first_weeks", NEW, ground(history_start=ago(60))) is None
    assert fired("first_weeks", NEW, ground(history_start=ago(110))) is not None


def test_without_a_model_a_new_customer_is_worth_what_it_bought_and_one_that_gave_all_back_nothing() -> None:
    firing = fired("first_weeks", replace(NEW, expected_value_365=None, sales_12m=70.0))
    assert firing is not None
    assert firing.stake == 70
    assert fired("first_weeks", replace(NEW, expected_value_365=0.0)) is None


# Best customers without contact

BEST = standing(pareto="A", rank=3, share_of_firm=0.041, sales_12m=100_000.0)


@pytest.mark.parametrize(
    ("said", "fires"),
    [
        ({"last_contact": ago(59)}, False),
        ({"last_contact": ago(60)}, True),
        ({"last_contact": None}, True),
        ({"last_contact": None, "first_order": ago(30)}, False),  # too new to have been neglected
        ({"pareto": "B"}, False),
        ({"silence_days": 200}, False),
    ],
)
def test_the_best_customers_are_to_be_spoken_to_every_two_months(said: dict[str, Any], fires: bool) -> None:
    assert bool(fired("best_without_contact", replace(BEST, **said))) == fires


def test_while_nobody_records_contacts_only_the_largest_are_named_with_less_weight_and_it_says_so() -> None:
    unknown = ground(contacts_recorded=False)
    firing, known = fired("best_without_contact", BEST, unknown), fired("best_without_contact", BEST)
    assert firing is not None
    assert known is not None
    assert firing.expected_money < known.expected_money
    assert CAUSES["best_without_contact"].sentences(firing.figures) == [
        "One of the best customers: place 3, 4.1% of all sales.",
        "Nobody records calls and visits yet, so it is not known when it was last spoken to.",
    ]
    assert fired("best_without_contact", replace(BEST, rank=11), unknown) is None
    assert fired("best_without_contact", replace(BEST, last_contact=ago(5)), unknown) is None


# Sharp growth

RISING = standing(sales_12m=30_000.0, sales_previous_12m=10_000.0, trend=2.0, orders_12m=30)


def test_a_regular_that_buys_far_more_is_named() -> None:
    firing = fired("sharp_growth", RISING)
    assert firing is not None
    assert firing.stake == 20_000


@pytest.mark.parametrize(
    "said",
    [
        {"trend": None},
        {"sales_12m": 14_000.0},
        {"orders_12m": 5},
        {"mean_order_value": 10_000.0},
        {"buyer": "chance"},
        {"first_order": ago(365 + 179)},  # the year before says too little
        {"first_order": ago(365 + 190), "sales_12m": 20_000.0},  # taken up to a year it grew little
        {"sales_previous_12m": 0.0},
        {"silence_days": 60, "pauses_as_long": 0.0},
    ],
)
def test_chance_and_newness_are_not_called_growth(said: dict[str, Any]) -> None:
    assert fired("sharp_growth", replace(RISING, **said)) is None


# Words


@pytest.mark.parametrize(
    ("cause", "of"),
    [
        ("gone_silent", SILENT), ("declining", FALLING), ("first_weeks", NEW), ("best_without_contact", BEST),
        ("sharp_growth", RISING),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "ne", "hi", "ur", "bn", "th"])
def test_every_cause_has_its_words_in_every_language(cause: str, of: Standing, language: str) -> None:
    firing = fired(cause, of)
    assert firing is not None
    with override(language):
        words = CAUSES[cause]
        said = [*words.sentences(firing.figures), words.advice(firing.figures), words.opening(firing.figures)]
    assert all(sentence.strip() and "%(" not in sentence for sentence in [*said, str(words.name), str(words.when)])


@pytest.mark.parametrize(
    ("cause", "of", "on", "sentence"),
    [
        ("gone_silent", standing(silence_days=6), ground(), "Ordered again on 3 Dec 2024."),
        ("gone_silent", replace(SILENT, silence_days=200), ground(),
         "Silent for 200 days: lost, a matter of winning it back."),
        ("gone_silent", replace(SILENT, paused_last_year=True), ground(),
         "It paused in the same weeks a year ago: a matter of the season."),
        ("gone_silent", SILENT, ground(thresholds={"propose_gone_silent": False}), "This cause was switched off."),
        ("gone_silent", None, ground(), "The account has no orders any more."),
        ("first_weeks", replace(NEW, last_contact=ago(2)), ground(), "Was contacted on 7 Dec 2024."),
        ("first_weeks", replace(NEW, first_order=ago(50)), ground(), "Its first weeks are over."),
        ("best_without_contact", replace(BEST, last_contact=ago(2)), ground(), "Was contacted on 7 Dec 2024."),
        ("sharp_growth", standing(), ground(), "The cause is gone."),
    ],
)  # fmt: skip
def test_a_cause_that_is_gone_says_why(cause: str, of: Standing | None, on: Ground, sentence: str) -> None:
    before = {"last_order": ago(60).isoformat()}
    assert closing_sentence(why_gone(cause=cause, before=before, standing=of, ground=on)) == sentence


@pytest.mark.django_db
def test_the_thresholds_in_force_are_the_firm_s_own_where_it_has_some(organisation: Any) -> None:
    assert plan_thresholds() == PlanThresholds()
    organisation.thresholds = {"actions_per_day": 3, "propose_declining": False}
    organisation.save()
    assert plan_thresholds() == PlanThresholds(actions_per_day=3, propose_declining=False)
