"""The five signs of a key account, computed or told, each explained (mission E10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import Department, Member
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Issue, Product
from regulars.facts.signals import record_signal
from regulars.facts.told_signs import WrongSign, restore_sign, standing_signs, tell_sign, withdraw_sign
from regulars.facts.wallet_estimates import (
    HOLDS_FOR,
    WrongEstimate,
    estimate_wallet,
    estimates_of,
    restore_estimate,
    standing_estimates,
    withdraw_estimate,
)
from regulars.insight.key_account_signs import Of
from regulars.insight.key_signs import Sign, key_signs, key_signs_of
from regulars.insight.models import Score, Snapshot
from regulars.insight.new_products import first_purchases, to_be_shown

pytestmark = pytest.mark.django_db
WriteHistory = Callable[..., int]
AS_OF = date(2024, 12, 9)


@pytest.fixture
def scored(organisation: Any) -> Callable[..., Account]:
    snapshot = Snapshot.objects.create(
        as_of=AS_OF, history_version=0, scores_version=0, currency="EUR", basis="", current=True
    )

    def make(name: str = "Firm", sales: float = 1000.0, before: float = 1000.0, **fields: Any) -> Account:
        account = Account.objects.create(name=name, **fields)
        Score.objects.create(
            account=account, snapshot=snapshot, sales_12m=sales, sales_previous_12m=before,
            first_order=AS_OF - timedelta(days=900), last_order=AS_OF, order_days=9, silence_days=0, orders_12m=9,
            sales_total=sales + before, products_12m=3, categories_12m=1,
        )  # fmt: skip
        return account

    return make


def estimated(account: Account, yearly: str = "50000", days: int = 10, source: str = "Talk at the fair") -> Any:
    return estimate_wallet(
        account=account, yearly=Decimal(yearly), source=source, estimated_on=AS_OF - timedelta(days=days), on=AS_OF,
        member=None,
    )  # fmt: skip


def signs(account: Account, sign: Sign) -> list[tuple[Of, str]]:
    return [(one.of, one.name) for one in key_signs(on=AS_OF, member=None).get(account.pk, []) if one.sign == sign]


def issue(account: Account, days: int = 10, **more: Any) -> Issue:
    at = datetime(2024, 12, 9, tzinfo=UTC) - timedelta(days=days)
    return Issue.objects.create(account=account, title="Late", opened_at=at, due_at=at, **more)


# Potential


def test_who_buys_little_here_and_much_elsewhere_shows_potential_at_each_level(
    scored: Callable[..., Account], owner: Member
) -> None:
    north = Department.objects.create(name="North")
    scored("Large", sales=300_000.0)
    scored("Of the north", sales=20_000.0, department=north)
    account = scored("Promising", sales=2_000.0, department=north, owner=owner)
    scored("Of Olga", sales=500.0, owner=owner)
    estimated(account, "30000")
    assert signs(account, Sign.POTENTIAL) == [(Of.DEPARTMENT, "North"), (Of.MANAGER, "Olga Owner")]
    said = [one.sentence for one in key_signs(on=AS_OF, member=owner)[account.pk] if one.sign == Sign.POTENTIAL]
    assert "€28,000" in said[0]
    assert "127%" in said[0]
    assert "Talk at the fair" in said[0]


def test_who_buys_half_of_its_wallet_here_or_was_estimated_long_ago_shows_none(scored: Callable[..., Account]) -> None:
    loyal, old = scored("Loyal", sales=30_000.0), scored("Old", sales=10.0)
    estimated(loyal, "50000")
    estimated(old, "500000", days=HOLDS_FOR.days)
    assert (signs(loyal, Sign.POTENTIAL), signs(old, Sign.POTENTIAL)) == ([], [])
    estimated(old, "500000", days=HOLDS_FOR.days - 1)
    assert signs(old, Sign.POTENTIAL) == [(Of.FIRM, "")]


def test_the_newest_estimate_holds_and_one_taken_back_does_not(scored: Callable[..., Account], owner: Member) -> None:
    account = scored()
    first, second = estimated(account, "100.50", days=9), estimated(account, "200", days=8)
    assert standing_estimates(on=AS_OF)[account.pk] == second
    assert first.yearly_minor == 10_050
    withdraw_estimate(estimate=second, member=owner)
    assert standing_estimates(on=AS_OF)[account.pk] == first
    restore_estimate(estimate=second, member=owner)
    assert list(estimates_of(account)) == [second, first]
    for wrong in ({"yearly": "0"}, {"yearly": "-1"}, {"source": " "}, {"days": -1}):
        with pytest.raises(WrongEstimate):
            estimated(account, **wrong)


# Told by somebody


def test_reputation_is_told_with_a_reason_and_taken_back(scored: Callable[..., Account], owner: Member) -> None:
    account = scored()
    made = tell_sign(account=account, sign="reputation", reason="Supplies the court", on=AS_OF, member=owner)
    [shown] = [one for one in key_signs(on=AS_OF, member=owner)[account.pk] if one.sign == Sign.REPUTATION]
    assert shown.sentence.startswith("Supplies the court (Olga Owner, ")
    for wrong in ({"sign": "reputation", "reason": "again"}, {"sign": "demanding", "reason": " "}, {"sign": "rich"}):
        with pytest.raises(WrongSign):
            tell_sign(**{"account": account, "reason": "x", "on": AS_OF, "member": owner, **wrong})  # type: ignore[arg-type]
    withdraw_sign(sign=made, member=owner)
    assert signs(account, Sign.REPUTATION) == []
    restore_sign(sign=made, member=owner)
    assert list(standing_signs()) == [made]


def test_what_was_told_and_estimated_moves_with_a_merge_and_back(scored: Callable[..., Account]) -> None:
    kept, merged = scored("Kept"), scored("Merged")
    made, told = estimated(merged), tell_sign(
        account=merged, sign="demanding", reason="Tests everything", on=AS_OF, member=None
    )  # fmt: skip
    merge = merge_accounts(kept=kept, merged=merged, member=None)
    assert standing_estimates(on=AS_OF) == {kept.pk: made}
    assert signs(kept, Sign.DEMANDING) == [(Of.FIRM, "")]
    undo_merge(merge=merge, member=None)
    assert (standing_estimates(on=AS_OF), standing_signs().get().account_id) == ({merged.pk: made}, merged.pk)
    assert standing_signs().get() == told


# Demanding


def test_who_tells_many_problems_and_buys_on_is_demanding(scored: Callable[..., Account]) -> None:
    demanding, leaving, quiet = scored("D"), scored("L", before=5000.0), scored("Q")
    for account, count in ((demanding, 3), (leaving, 9), (quiet, 3)):
        for number in range(count):
            issue(account, days=5 + number, times_reopened=2 * int(number == 0))
    issue(quiet, days=366)
    record_signal(account=demanding, kind="complaint", observed_on=AS_OF, member=None)
    assert [signs(one, Sign.DEMANDING) for one in (demanding, leaving, quiet)] == [[(Of.FIRM, "")], [], []]
    [said] = [one.sentence for one in key_signs(on=AS_OF, member=None)[demanding.pk] if one.sign == Sign.DEMANDING]
    assert said == "It told us of 4 problems within 12 months and buys on. 1 of them came back."


# Innovators


def launch(product: str, day: date, buyers: list[int]) -> list[dict[str, Any]]:
    """The first buys it on the day, each next one a day later."""
    return [
        {
            "account_id": account,
            "business_date": day + timedelta(days=later),
            "net_base_minor": 1000,
            "product": product,
        }
        | {"order_id": f"{product}{account}", "line_no": "1"}
        for later, account in enumerate(buyers)
    ]


@pytest.fixture
def history(scored: Callable[..., Account], write_history: WriteHistory) -> list[Account]:
    """Twelve customers; the first buys each of four new products before all others."""
    accounts = [scored(f"Firm {number}") for number in range(12)]
    ids = [one.pk for one in accounts]
    lines = launch("OLD", date(2021, 1, 4), ids)
    for number in range(4):
        others = ids[1:] if number % 2 else ids[:0:-1]
        lines += launch(f"NEW{number}", date(2024, 8, 1) + timedelta(days=30 * number), [ids[0], *others])
    lines += launch("SECRET", date(2024, 12, 1), ids[5:7])
    lines += launch("LATER", AS_OF + timedelta(days=1), ids)
    write_history(lines)
    return accounts


def test_who_is_always_among_the_first_is_an_innovator(history: list[Account]) -> None:
    assert [bool(signs(one, Sign.INNOVATOR)) for one in history] == [True] + [False] * 11
    [said] = [one.sentence for one in key_signs(on=AS_OF, member=None)[history[0].pk] if one.sign == Sign.INNOVATOR]
    assert said == ("Of the 4 new products it bought within two years, it was among the first fifth of buyers of 4.")


def test_what_is_new_is_shown_to_who_has_not_bought_it(history: list[Account]) -> None:
    Product.objects.create(external_id="SECRET", source="test", name="The secret one")
    assert [(one.name, one.buyers, one.launched) for one in to_be_shown(history[0].pk, on=AS_OF)] == [
        ("The secret one", 2, date(2024, 12, 1))
    ]
    assert to_be_shown(history[5].pk, on=AS_OF) == []
    assert "OLD" not in first_purchases(on=AS_OF).items
    assert "LATER" not in first_purchases(on=AS_OF).items


def test_a_firm_without_history_has_no_innovators(scored: Callable[..., Account]) -> None:
    account = scored()
    assert signs(account, Sign.INNOVATOR) == []


# All


def test_who_shows_most_signs_comes_first_in_as_many_queries_however_many(
    scored: Callable[..., Account], django_assert_num_queries: Any
) -> None:
    few, many = scored("Few", sales=5_000.0), scored("Many", sales=1_000.0)
    tell_sign(account=many, sign="reputation", reason="x", on=AS_OF, member=None)
    assert list(key_signs(on=AS_OF, member=None)) == [many.pk, few.pk]
    for number in range(5):
        one = scored(f"Other {number}")
        tell_sign(account=one, sign="demanding", reason="x", on=AS_OF, member=None)
        estimated(one)
        for _again in range(4):
            issue(one)
    key_signs(on=AS_OF, member=None)
    with django_assert_num_queries(23):
        found = key_signs(on=AS_OF, member=None)
    assert len(found) == 7
    for account in Account.objects.all():
        alone = key_signs_of(account, on=AS_OF, member=None)
        assert [one.sentence for one in alone] == [one.sentence for one in found[account.pk]], "as among all"


def test_who_sees_a_part_of_the_firm_is_told_no_signs(scored: Callable[..., Account]) -> None:
    scored()
    seller = Member.objects.create(email="s@firm.example", name="S", role=Member.Role.NEW_BUSINESS_SELLER)
    with pytest.raises(Forbidden):
        key_signs(on=AS_OF, member=seller)
