"""`suggest`: computed for all, shown for one account, listed for a product."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from command_line import Regulars
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account

END = date(2024, 12, 9)


@pytest.fixture
def bakers(regulars: Regulars) -> Regulars:
    """Forty accounts that buy flour every month and three of four other things; the first lacks the whisk."""
    regulars("init", "--name", "Muster Mill", "--currency", "EUR")
    rows = []
    for number in range(40):
        account = Account.objects.create(name=f"Bakery {number}", external_id=f"B{number}")
        rows += [(account.pk, "flour", END - timedelta(days=3 + 30 * step)) for step in range(12)]
        lacking = 0 if number == 0 else 1 + number % 3
        things = ["whisk", "tin", "bowl", "scale"]
        rows += [(account.pk, things[at], END - timedelta(days=9 * number + 1)) for at in range(4) if at != lacking]
    values = ", ".join(f"({pk}, '{product}', DATE '{day}')" for pk, product, day in rows)
    said = {"source": "'erp'", "order_id": "a || '-' || d", "line_no": "p", "account_id": "a", "business_date": "d"}
    said |= {"product": "p", "currency": "'EUR'", "kind": "'sale'", "net_minor": "10000", "net_base_minor": "10000"}
    columns = ", ".join(f"{said.get(name, 'NULL')}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    with open_engine() as engine:
        HISTORY.writable()
        version = HISTORY.append(engine, f"SELECT {columns} FROM (VALUES {values}) AS v(a, p, d)")
    HISTORY.put_in_force(version)
    return regulars


def test_suggestions_are_computed_shown_for_an_account_and_listed_for_a_product(bakers: Regulars) -> None:
    early = bakers("suggest", "Bakery 0")
    assert early.code == 2
    assert "regulars suggest" in early.err
    told = bakers("suggest", "--as-of", END.isoformat(), "--json").data
    assert told["accounts"] == 40
    assert "whisk" in {one["item"] for one in told["offered"]}

    one = bakers("suggest", "B0", "--json").data
    assert [found["item"] for found in one["suggestions"]] == ["whisk"]
    assert one["suggestions"][0]["alike_buying"] >= 8
    assert "flour" in {due["item"] for due in one["due_again"]}
    words = bakers("suggest", "B0").out
    assert "What else would help?" in words
    assert "Due again" in words

    listed = bakers("suggest", "--product", "whisk", "--json").data
    assert str(Account.objects.get(external_id="B0").uid) in {found["account"] for found in listed}
    assert "Bakery 0" in bakers("suggest", "--product", "whisk").out
