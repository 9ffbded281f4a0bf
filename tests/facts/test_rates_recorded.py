"""Rates that members record: read from pasted text, corrected, forgotten, and where some are missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import AuditEntry, Member
from regulars.facts.models import ExchangeRate
from regulars.facts.rates import Rate, RateGap, WrongRate, rate_gaps, rates_in, record_rates, remove_rate


def usd(day: str, rate: str) -> Rate:
    return Rate(currency="USD", valid_from=date.fromisoformat(day), rate=Decimal(rate))


def test_a_table_is_read_however_its_columns_are_divided() -> None:
    expected = [usd("2026-01-01", "0.92"), usd("2026-02-01", "0.95")]
    assert rates_in("USD,2026-01-01,0.92\nusd,2026-02-01,0.95") == expected
    assert rates_in("currency;day;rate\nUSD;2026-01-01;0,92\n\nUSD;2026-02-01;0,95\n") == expected
    assert rates_in("USD\t2026-01-01\t0.92\nUSD\t2026-02-01\t0,95") == expected


@pytest.mark.parametrize("line", ["USD;1.2.2026;0.92", "USD;2026-01-01;much", "USD;2026-01-01", "USD;2026-01-01;1;2"])
def test_the_line_that_is_no_rate_is_named(line: str) -> None:
    with pytest.raises(WrongRate, match="Line 2 is not a rate"):
        rates_in(f"USD;2026-01-01;0.92\n{line}")


def test_text_without_a_rate_is_refused() -> None:
    with pytest.raises(WrongRate, match="no rate in the text"):
        rates_in("currency;day;rate\n\n")


def test_a_rate_of_the_same_day_is_corrected_and_one_that_is_known_changes_nothing(owner: Member) -> None:
    assert record_rates(rates=[usd("2026-01-01", "0.92"), usd("2026-02-01", "0.95")], member=owner) == 2
    assert record_rates(rates=[usd("2026-01-01", "0.93"), usd("2026-02-01", "0.95")], member=owner) == 1
    assert list(ExchangeRate.objects.order_by("valid_from").values_list("rate", flat=True)) == [
        Decimal("0.93"),
        Decimal("0.95"),
    ]
    assert AuditEntry.objects.filter(verb="record_rate", member=owner).count() == 3


@pytest.mark.parametrize(
    ("currency", "rate", "why"),
    [("EUR", "1", "currency of your books"), ("XQX", "1", "is not a currency"), ("USD", "0", "not a number above zero"),
     ("USD", "-1", "not a number above zero"), ("USD", "NaN", "not a number above zero")],
)  # fmt: skip
def test_rates_that_cannot_be_are_refused_and_none_of_the_others_is_kept(
    owner: Member, currency: str, rate: str, why: str
) -> None:
    wrong = Rate(currency=currency, valid_from=date(2026, 1, 1), rate=Decimal(rate))
    with pytest.raises(WrongRate, match=why):
        record_rates(rates=[usd("2026-01-01", "0.92"), wrong], member=owner)
    assert not ExchangeRate.objects.exists()


def test_a_rate_can_be_forgotten(owner: Member) -> None:
    record_rates(rates=[usd("2026-01-01", "0.92")], member=owner)
    remove_rate(rate=ExchangeRate.objects.get(), member=owner)
    assert not ExchangeRate.objects.exists()
    assert AuditEntry.objects.get(verb="remove_rate").before["currency"] == "USD"


def test_who_may_not_configure_records_no_rate(organisation: Any) -> None:
    seller = Member.objects.create(email="s@example.com", name="S", role=Member.Role.ACCOUNT_MANAGER)
    with pytest.raises(Forbidden):
        record_rates(rates=[usd("2026-01-01", "0.92")], member=seller)


def test_days_that_no_rate_serves_are_named(owner: Member) -> None:
    january, april = usd("2026-01-01", "0.92"), usd("2026-04-01", "0.95")
    record_rates(rates=[january, april], member=owner)
    within = RateGap(currency="USD", since=date(2026, 2, 5), until=date(2026, 3, 31))
    assert rate_gaps(today=date(2026, 4, 20)) == [within]
    assert rate_gaps(today=date(2026, 7, 1)) == [within, RateGap(currency="USD", since=date(2026, 5, 6), until=None)]
