"""Which sales are worth asking about: clearly larger than usual, or of a category that is new to the customer (B2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from regulars.base.models import Organisation
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account
from regulars.insight.notable_sales import NotableSale, notable_sales
from written_history import write_history

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
SOLD = AS_OF - timedelta(days=20)


@pytest.fixture(autouse=True)
def firm(organisation: Organisation) -> Organisation:
    return organisation


def usual_orders(account: int, *, days: int = 6, **more: Any) -> Iterator[dict[str, Any]]:
    for number in range(days):
        on = AS_OF - timedelta(days=60 + 30 * number)
        yield {
            "account_id": account,
            "business_date": on,
            "net_base_minor": 10_000,
            "order_id": f"{account}-{number}",
            **more,
        }


def sold(account: int, net_minor: int, **more: Any) -> dict[str, Any]:
    line = {"account_id": account, "business_date": SOLD, "net_base_minor": net_minor, "order_id": f"{account}-new"}
    return {**line, **more}


def found() -> dict[int, NotableSale]:
    return notable_sales(since=AS_OF - timedelta(days=40), until=AS_OF - timedelta(days=10), times=2.0, as_of=AS_OF)


def test_an_order_of_twice_the_usual_is_notable_and_one_of_less_is_not() -> None:
    """B2."""
    write_history([*usual_orders(1), sold(1, 20_000), *usual_orders(2), sold(2, 19_900)])
    assert found() == {1: NotableSale(on=SOLD, sales=200.0, usual=100.0, category="")}


def test_something_bought_for_the_first_time_is_notable_unless_it_is_a_trifle() -> None:
    """B2."""
    lines = [*usual_orders(1), sold(1, 5_000, category="Lamps"), *usual_orders(2), sold(2, 4_900, category="Lamps")]
    write_history(lines)
    assert found() == {1: NotableSale(on=SOLD, sales=50.0, usual=100.0, category="Lamps")}


def test_of_several_new_categories_the_one_worth_most_is_told() -> None:
    lines = [sold(1, 6_000, category="Lamps"), sold(1, 9_000, category="Bells", line_no="2")]
    write_history([*usual_orders(1), *lines])
    assert found()[1].category == "Bells"


def test_where_categories_were_never_told_before_nothing_is_new() -> None:
    write_history([*usual_orders(1, category=None), sold(1, 10_000, category="Lamps")])
    assert found() == {}


def test_without_five_orders_before_nothing_is_usual() -> None:
    write_history([*usual_orders(1, days=4), sold(1, 90_000), *usual_orders(2, days=5), sold(2, 90_000)])
    assert list(found()) == [2]


def test_what_was_sold_before_or_after_the_days_is_left_alone() -> None:
    late = sold(1, 90_000, business_date=AS_OF - timedelta(days=9))
    early = sold(2, 90_000, business_date=AS_OF - timedelta(days=41))
    write_history([*usual_orders(1), late, *usual_orders(2), early])
    assert found() == {}


def test_merged_accounts_are_one() -> None:
    write_history([*usual_orders(1), sold(2, 90_000)])
    kept, merged = Account.objects.get(pk=1), Account.objects.get(pk=2)
    assert found() == {}
    merge_accounts(kept=kept, merged=merged, member=None)
    assert list(found()) == [1]


def test_before_any_import_there_is_nothing() -> None:
    assert found() == {}
