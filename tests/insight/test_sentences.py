"""No number without its sentence; what is unknown is said to be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.utils.translation import override
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from regulars.insight.models import Score
from regulars.insight.sentences import Effect, Sentence, sentences


def score(**changes: Any) -> Score:
    """A regular who has gone quiet."""
    plain: dict[str, Any] = {
        "order_days": 40,
        "first_order": dt.date(2009, 12, 4),
        "last_order": dt.date(2011, 10, 8),
        "gap_typical_days": 14.0,
        "gap_mean_days": 18.6,
        "gap_spread_days": 9.0,
        "gap_longest_days": 70.0,
        "silence_days": 62,
        "pauses_as_long": 0.04,
        "sales_12m": 6800.0,
        "sales_previous_12m": 10_000.0,
        "sales_total": 16_800.0,
        "margin_12m": None,
        "cost_known": 0.0,
        "orders_12m": 18,
        "trend": -0.32,
        "returns_12m": 0.0,
        "products_12m": 12,
        "categories_12m": 1,
        "mean_order_value": 420.0,
        "share_of_firm": 0.041,
        "rank": 7,
        "cumulative_share": 0.31,
        "pareto": "A",
        "buyer": "regular",
        "probability_alive": 0.38,
        "expected_orders_90": 1.04,
        "expected_orders_365": 3.4,
        "expected_value_90": 430.0,
        "expected_value_365": 1430.0,
        "value_at_risk": 2330.0,
    }
    return Score(**plain | changes)


def told(**changes: Any) -> dict[str, Sentence]:
    with override("en"):
        return {sentence.key: sentence for sentence in sentences(score(**changes), currency="GBP")}


def test_a_regular_who_has_gone_quiet_is_told_in_full() -> None:
    """C1, E16."""
    assert {key: (sentence.text, sentence.effect.value) for key, sentence in told().items()} == {
        "rhythm": (
            "Orders every 19 days on average; silent for 62 days; 4% of its pauses were ever that long.",
            "lowers",
        ),
        "alive": ("Chance that it is still a customer: 38%.", "lowers"),
        "at_risk": ("£2,330 of yearly sales may be lost.", "lowers"),
        "sales": ("Bought for £6,800 in the last 12 months, on 18 days.", "neutral"),
        "trend": ("Buys less: −32% against the 12 months before.", "lowers"),
        "share": ("4.1% of all sales; place 7.", "neutral"),
        "pareto": ("Together with the larger ones it brings 31% of sales (class A).", "neutral"),
        "buyer": ("A regular: has ordered in several months.", "neutral"),
        "expected": (
            "To be expected in the next 90 days: 1 order, £430; in the next 365 days: 3.4 orders, £1,430.",
            "neutral",
        ),
        "gaps": ("Half of its pauses are no longer than 14 days; the longest was 70.", "neutral"),
        "order_value": ("A day with an order is worth £420 on average, returns deducted.", "neutral"),
        "margin": ("Cost unknown: margin not shown.", "unknown"),
        "breadth": ("12 different products in the last 12 months, from 1 category.", "neutral"),
    }


@pytest.mark.parametrize(
    ("changes", "text", "effect"),
    [
        ({"pauses_as_long": 0.0}, "silent for 62 days; none of its pauses was ever that long.", Effect.LOWERS),
        ({"silence_days": 1, "pauses_as_long": 0.9}, "silent for 1 day; no longer than usual.", Effect.RAISES),
        ({"silence_days": 0, "pauses_as_long": 1.0}, "ordered on that very day; no longer than usual.", Effect.RAISES),
        ({"gap_mean_days": 1.02}, "Orders every 1 day on average", Effect.LOWERS),
        ({"gap_mean_days": 1.2}, "Orders every 1.2 days on average", Effect.LOWERS),
    ],
)
def test_silence_is_told_against_the_account_s_own_pauses(changes: dict[str, Any], text: str, effect: Effect) -> None:
    """E16."""
    sentence = told(**changes)["rhythm"]
    assert text in sentence.text
    assert sentence.effect is effect


def test_few_orders_are_no_rhythm() -> None:
    few = told(order_days=3, pauses_as_long=None)
    assert (
        few["rhythm"].text
        == "Ordered on 3 days since 4 Dec 2009; silent for 62 days; too few orders to tell its rhythm."
    )
    assert few["rhythm"].effect is Effect.UNKNOWN
    assert "gaps" not in few


def test_one_order_tells_neither_rhythm_nor_loyalty() -> None:
    once = told(order_days=1, pauses_as_long=None, gap_mean_days=None, gap_typical_days=None, probability_alive=None)
    assert once["rhythm"].text == "Ordered once, on 8 Oct 2011, 62 days ago."
    assert once["alive"].effect is Effect.UNKNOWN


def test_an_account_without_an_order_says_only_that() -> None:
    none = dict.fromkeys(("first_order", "last_order", "silence_days", "pauses_as_long", "gap_mean_days"))
    none |= {"gap_typical_days": None, "probability_alive": None, "value_at_risk": None, "mean_order_value": None}
    nothing = {"order_days": 0, "orders_12m": 0, "sales_12m": 0.0, "products_12m": 0, "buyer": "none", "trend": None}
    found = told(**none, **nothing, expected_orders_90=None, share_of_firm=None)
    assert found["rhythm"].text == "Has never ordered."
    assert "alive" not in found
    assert "buyer" not in found


def test_what_is_unknown_is_said_to_be() -> None:
    unknown = told(probability_alive=None, trend=None, expected_value_90=None, expected_value_365=None)
    assert unknown["alive"].effect is unknown["trend"].effect is Effect.UNKNOWN
    assert unknown["expected"].text.endswith("in the next 365 days: 3.4 orders.")


@pytest.mark.parametrize(
    ("trend", "start", "effect"),
    [
        (0.5, "Buys more: +50%", Effect.RAISES),
        (0.05, "Buys about as much", Effect.NEUTRAL),
        (-1.0, "Buys less: −100%", Effect.LOWERS),
    ],
)
def test_trends_have_a_direction(trend: float, start: str, effect: Effect) -> None:
    sentence = told(trend=trend)["trend"]
    assert sentence.text.startswith(start)
    assert sentence.effect is effect


def test_margins_say_how_much_of_the_cost_is_known() -> None:
    assert told(margin_12m=2000.0, cost_known=1.0)["margin"].text == "Margin of the last 12 months: £2,000."
    assert "on the 85% of sales whose cost is known" in told(margin_12m=2000.0, cost_known=0.85)["margin"].text


def test_what_rounds_to_nothing_is_not_said_to_be_nothing() -> None:
    found = told(share_of_firm=0.00001, value_at_risk=0.001, returns_12m=0.0001)
    assert found["share"].text == "less than 0.1% of all sales; place 7."
    assert found["returns"].text == "Of what it bought in the last 12 months, less than 0.1% came back."
    assert "at_risk" not in found
    assert told(probability_alive=0.001)["alive"].text == "Chance that it is still a customer: less than 1%."
    assert told(probability_alive=0.999, pauses_as_long=0.6)["alive"].text == (
        "Chance that it is still a customer: more than 99%."
    )


def test_a_high_chance_to_be_a_customer_is_qualified_where_its_own_silence_contradicts_it() -> None:
    found = told(probability_alive=0.999, pauses_as_long=0.0)["alive"]
    assert found.text == (
        "Chance that it is still a customer: more than 99% by all customers' habits; less by its own pauses."
    )
    assert found.effect.value == "neutral"


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@hypothesis_settings(deadline=None)
@given(data=st.data())
def test_any_score_can_be_told_in_every_language(language: str, data: st.DataObject) -> None:
    values: dict[str, Any] = {}
    for field in Score._meta.concrete_fields:
        kind = field.get_internal_type()
        if field.attname in ("account_id", "snapshot_id") or kind == "CharField":
            continue
        drawn = {
            "DateField": st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)),
            "IntegerField": st.integers(0, 10**7),
            "FloatField": st.floats(-1e12, 1e12),
        }[kind]
        values[field.attname] = data.draw(st.none() | drawn if field.null else drawn)
    with override(language):
        for sentence in sentences(score(**values), currency="INR"):
            assert sentence.text
            assert "%(" not in sentence.text
