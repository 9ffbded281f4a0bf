"""Protection levels: orders and signals together say how well an account is to be protected (mission C1, A4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.base.models import Member
from regulars.base.organisation import change_thresholds
from regulars.facts.models import Account, Signal
from regulars.facts.signals import record_signal, withdraw_signal
from regulars.insight.models import Protection, Score, SignalWeight, Snapshot
from regulars.insight.protection import changed_since_computed, protect, protect_all, protection_of, visible_protection

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)
FIGURES: dict[str, Any] = {
    "order_days": 30,
    "first_order": ON - timedelta(days=900),
    "last_order": ON - timedelta(days=10),
    "silence_days": 10,
    "pauses_as_long": 0.6,
    "sales_12m": 10_000.0,
    "sales_previous_12m": 10_000.0,
    "sales_total": 30_000.0,
    "orders_12m": 15,
    "products_12m": 5,
    "categories_12m": 2,
    "share_of_firm": 0.02,
    "pareto": "A",
    "buyer": "regular",
    "probability_alive": 0.99,
    "expected_value_365": 9_500.0,
    "value_at_risk": 500.0,
}


@pytest.fixture
def scored(organisation: Any) -> Callable[..., Account]:
    snapshot = Snapshot.objects.create(
        as_of=ON, history_version=0, scores_version=0, currency="EUR", basis="", current=True
    )

    def make(name: str = "Firm", **figures: Any) -> Account:
        account = Account.objects.create(name=name)
        Score.objects.create(account=account, snapshot=snapshot, **FIGURES | figures)
        return account

    return make


def seen(account: Account, kind: str, *, days_ago: int = 0, **more: Any) -> Signal:
    return record_signal(account=account, kind=kind, observed_on=ON - timedelta(days=days_ago), member=None, **more)


def level_of(account: Account) -> int:
    return Protection.objects.get(account=account).level


def test_a_large_customer_at_no_special_risk_has_raised_protection_a_signal_raises_it_further(
    scored: Callable[..., Account],
) -> None:
    calm, attacked, chance = scored("Calm"), scored("Attacked"), scored("Chance", pareto="C", share_of_firm=0.0001)
    seen(attacked, "competitor_quoted")
    seen(attacked, "champion_left")
    seen(chance, "competitor_quoted")
    assert protect_all(on=ON) == 3
    assert [level_of(one) for one in (calm, attacked, chance)] == [2, 4, 1]
    of_calm, of_attacked = Protection.objects.get(account=calm), Protection.objects.get(account=attacked)
    assert of_calm.risk == of_calm.risk_by_orders == pytest.approx(1 - 0.99 * 0.85, abs=0.02)
    assert of_attacked.risk_by_orders == of_calm.risk_by_orders
    assert of_attacked.risk is not None
    assert of_attacked.risk > 0.6
    assert of_attacked.stake == pytest.approx(10_000 * of_attacked.risk)


def test_a_customer_whose_loss_would_threaten_the_firm_is_vital_and_the_limit_can_be_set(
    scored: Callable[..., Account], owner: Member
) -> None:
    account = scored(share_of_firm=0.12)
    protect_all(on=ON)
    assert (level_of(account), Protection.objects.get().band) == (3, Protection.Band.VITAL)
    change_thresholds(member=owner, values={"vital_share": 0.2})
    protect_all(on=ON)
    assert level_of(account) == 2


def test_signals_fade_and_are_gone_after_three_half_lives(scored: Callable[..., Account]) -> None:
    accounts = [scored(f"{age} days") for age in (0, 90, 269, 271)]
    for account, age in zip(accounts, (0, 90, 269, 271), strict=True):
        seen(account, "competitor_quoted", days_ago=age)
    protect_all(on=ON)
    risks = [Protection.objects.get(account=account).risk or 0 for account in accounts]
    assert risks == sorted(risks, reverse=True)
    assert len(set(risks)) == 4
    assert risks[3] == Protection.objects.get(account=accounts[3]).risk_by_orders


def test_what_orders_do_not_tell_is_unknown_until_a_signal_says_something(scored: Callable[..., Account]) -> None:
    unknown: dict[str, Any] = {"order_days": 1, "probability_alive": None, "pauses_as_long": None}
    silent, warned = scored("Once", **unknown), scored("Once, warned", **unknown)
    seen(warned, "complaint")
    protect_all(on=ON)
    of_silent, of_warned = Protection.objects.get(account=silent), Protection.objects.get(account=warned)
    assert (of_silent.risk, of_silent.stake) == (None, None)
    assert of_warned.risk_by_orders is None
    assert of_warned.risk == pytest.approx(0.303, abs=0.01)
    assert "nobody knows yet" in protection_of(silent, on=ON, currency="EUR").sentence
    assert "usual year" in str(protection_of(warned, on=ON, currency="EUR").sentences)


def test_one_account_is_computed_as_in_the_pass_over_all_and_its_change_is_remembered(
    scored: Callable[..., Account],
) -> None:
    account, other = scored(), scored("Other")
    protect_all(on=ON - timedelta(days=30))
    assert Protection.objects.get(account=account).since is None
    quoted = seen(account, "competitor_quoted")
    assert changed_since_computed() == [account.pk]
    protect([account.pk], on=ON)
    assert changed_since_computed() == []
    alone: dict[str, Any] = dict(Protection.objects.values().get(account=account))
    assert (alone["level"], alone["level_before"], alone["since"]) == (3, 2, ON)
    protect_all(on=ON)
    together: dict[str, Any] = dict(Protection.objects.values().get(account=account))
    assert together.pop("computed_at") > alone.pop("computed_at")
    assert {
        key: pytest.approx(value) if isinstance(value, float) else value for key, value in alone.items()
    } == together
    withdraw_signal(signal=quoted, member=None, reason="A mistake")
    assert changed_since_computed() == [account.pk]
    protect([account.pk, other.pk], on=ON)
    assert level_of(account) == level_of(other) == 2


def test_potential_is_said_only_where_something_speaks_for_it(scored: Callable[..., Account]) -> None:
    plain, growing = scored("Plain"), scored("Growing")
    seen(growing, "new_site")
    protect_all(on=ON)
    assert Protection.objects.get(account=plain).potential is None
    found = Protection.objects.get(account=growing)
    assert found.potential == pytest.approx(0.2 * 3.32 / (0.8 + 0.2 * 3.32), abs=0.01)
    assert found.risk == found.risk_by_orders
    told = protection_of(growing, on=ON, currency="EUR")
    assert any("Opens a new site" in one.text and one.effect == "raises" for one in told.sentences)


def test_sentences_name_the_signals_the_limits_and_since_when(scored: Callable[..., Account]) -> None:
    account = scored()
    protect_all(on=ON - timedelta(days=30))
    seen(account, "competitor_quoted", said="10% cheaper")
    protect([account.pk], on=ON)
    told = protection_of(account, on=ON, currency="EUR")
    said = " ".join(one.text for one in told.sentences)
    assert told.sentence == ("High protection: one of the large customers; the chance to lose it within a year is 38%.")
    for part in ("A competitor has quoted", "strength 4 of 5", "times 3.3", "At this level since", "raises it to 38%"):
        assert part in said
    assert [one.said for one in told.signals] == ["10% cheaper"]


def test_learned_weights_count_instead_of_the_documented_ones(scored: Callable[..., Account]) -> None:
    account = scored()
    seen(account, "late_delivery")
    protect_all(on=ON)
    usual = Protection.objects.get().risk or 0
    SignalWeight.objects.create(
        kind="late_delivery", as_of=ON, usual=0.6, weight=0.0, low=0.0, high=0.2,
        signals=100, events=10, others=1000, events_without=100,
    )  # fmt: skip
    protect_all(on=ON)
    found = Protection.objects.get()
    assert found.risk == found.risk_by_orders
    assert found.risk is not None
    assert found.risk < usual


def test_the_number_of_queries_does_not_depend_on_how_many_there_are(scored: Callable[..., Account]) -> None:
    accounts = [scored(str(number)) for number in range(3)]
    seen(accounts[0], "complaint")
    with CaptureQueriesContext(
        connection,
    ) as few:
        protect_all(on=ON)
    for number in range(40):
        seen(scored(f"More {number}"), "complaint")
    with CaptureQueriesContext(connection) as many:
        protect_all(on=ON)
    assert len(many) == len(few)
    with CaptureQueriesContext(connection) as one:
        protection_of(accounts[0], on=ON, currency="EUR")
    assert len(one) <= 4


def test_protection_is_seen_by_who_sees_the_account(scored: Callable[..., Account]) -> None:
    scored()
    protect_all(on=ON)
    assert visible_protection(None).count() == 1
    seller = Member.objects.create(email="s@example.com", name="Sam", role="new_business_seller")
    assert not visible_protection(seller).exists()
