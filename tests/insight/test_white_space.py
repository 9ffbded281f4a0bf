"""White space is read from orders, follows what was said later, and asks what nobody knows (mission A3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest

from regulars.base.models import Member
from regulars.base.warehouse import open_engine
from regulars.facts.goals import WrongGoal, end_goal, live_goals, note_goal, resume_goal
from regulars.facts.history import HISTORY
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, AccountGoal, Offering, Product, Signal, Supply
from regulars.facts.offerings import (
    WrongOffering,
    WrongSupply,
    common_words,
    make_offerings_from_categories,
    mapped_products,
    offerings,
    record_offering,
    retire_offering,
    tell_supply,
    withdraw_supply,
)
from regulars.facts.sites import add_site, remove_site
from regulars.insight.streams import shared_words, streams_of, words_of
from regulars.insight.white_space import Row, State, unknown_offerings, white_space, white_space_of

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
Write = Callable[[Sequence[dict[str, Any]]], None]


@pytest.fixture
def account(owner: Member) -> Account:
    return Account.objects.create(name="Harbour Gifts", owner=owner)


@pytest.fixture
def sold(organisation: object) -> Write:
    """Put order lines into the history."""

    def write(lines: Sequence[dict[str, Any]]) -> None:
        usual = {"source": "erp", "line_no": "1", "kind": "sale", "currency": "EUR", "business_date": AS_OF}
        rows = [
            {**dict.fromkeys(HISTORY.columns), **usual, "order_id": str(number), **line}
            for number, line in enumerate(lines)
        ]
        columns = ", ".join(f"{name}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
        HISTORY.writable()
        with open_engine() as engine:
            engine.register("written", pa.Table.from_pylist(rows))
            version = HISTORY.append(engine, f"SELECT {columns} FROM written")
        HISTORY.put_in_force(version)

    return write


def states(row: Row) -> dict[str, State]:
    return {cell.offering.name: cell.state for cell in row.cells}


def line(account: Account, **said: Any) -> dict[str, Any]:
    return {"account_id": account.pk, "net_base_minor": 10_000, "net_minor": 10_000, **said}


def test_cells_are_prefilled_from_orders_by_category_code_and_name(
    account: Account, sold: Write, owner: Member
) -> None:
    Product.objects.create(external_id="p7", source="erp", name="Red lunch bag")
    record_offering(name="Lamps", categories=["lamps"], member=owner)
    record_offering(name="Bags", name_words=["BAG"], member=owner)
    record_offering(name="Pumps", products=["p9"], categories=["pumps"], member=owner)
    record_offering(name="Repair", member=owner)
    sold(
        [
            line(account, category="lamps", product="p1"),
            line(account, product="p7", business_date=AS_OF - timedelta(days=400)),
            line(account, category="pumps", product="p9"),
            line(account, category="pumps", product="p8", business_date=AS_OF - timedelta(days=900)),
        ]
    )
    row = white_space([account], as_of=AS_OF)[0]
    assert states(row) == {"Bags": "us", "Lamps": "us", "Pumps": "us", "Repair": "unknown"}
    cells = {cell.offering.name: cell for cell in row.cells}
    assert cells["Pumps"].sold is not None
    assert cells["Pumps"].sold.net_12m_minor == 10_000  # fits by its category and by its code: one sale
    assert cells["Bags"].sold is not None
    assert cells["Bags"].sold.net_12m_minor == 0
    assert "€100" in cells["Lamps"].sentence("EUR")
    assert [one.name for one in unknown_offerings(account, as_of=AS_OF)] == ["Repair"]


def test_the_newer_of_order_and_word_counts(account: Account, sold: Write, owner: Member) -> None:
    lamps = record_offering(name="Lamps", categories=["lamps"], member=owner)
    sold([line(account, category="lamps", business_date=AS_OF - timedelta(days=30))])

    def tell(days: int, state: str) -> Supply:
        return tell_supply(
            account=account, offering=lamps, state=state, on=AS_OF - timedelta(days=days), member=owner, supplier="Acme"
        )

    tell(60, "competitor")
    assert states(white_space([account], as_of=AS_OF)[0]) == {"Lamps": "us"}
    later = tell(10, "competitor")
    (cell,) = white_space([account], as_of=AS_OF)[0].cells
    assert (cell.state, cell.supplier) == ("competitor", "Acme")
    withdraw_supply(supply=later, member=owner)
    assert states(white_space([account], as_of=AS_OF)[0]) == {"Lamps": "us"}


def test_a_competitor_who_came_in_lately_is_a_signal_and_goes_with_what_was_said(
    account: Account, owner: Member
) -> None:
    lamps = record_offering(name="Lamps", member=owner)
    said: dict[str, Any] = {"account": account, "offering": lamps, "state": "competitor", "on": AS_OF, "member": owner}
    tell_supply(**said, since=AS_OF - timedelta(days=700))
    assert not Signal.objects.exists()
    told = tell_supply(**said, since=AS_OF - timedelta(days=20), supplier="Acme")
    assert Signal.objects.get(withdrawn_at=None).kind == "competitor_supplies"
    withdraw_supply(supply=told, member=owner)
    assert not Signal.objects.filter(withdrawn_at=None).exists()
    withdraw_supply(supply=told, member=owner, withdrawn=False)
    assert Signal.objects.filter(withdrawn_at=None).exists()


def test_children_and_places_have_rows_of_their_own(account: Account, sold: Write, owner: Member) -> None:
    lamps = record_offering(name="Lamps", categories=["lamps"], member=owner)
    child = Account.objects.create(name="North division", parent=account, owner=owner)
    site = add_site(account=account, name="Plant", member=owner)
    sold([line(child, category="lamps")])
    tell_supply(account=account, offering=lamps, state="in_house", on=AS_OF, member=owner, site=site)
    rows = white_space_of(account, member=owner, as_of=AS_OF)
    assert [(row.account.name, row.site is not None, row.cells[0].state) for row in rows] == [
        ("Harbour Gifts", False, "unknown"),
        ("Harbour Gifts", True, "in_house"),
        ("North division", False, "us"),
    ]
    remove_site(site=site, member=owner)
    assert states(white_space_of(account, member=owner, as_of=AS_OF)[0]) == {"Lamps": "unknown"}
    other = add_site(account=child, name="Other", member=owner)
    with pytest.raises(WrongSupply, match="another account"):
        tell_supply(account=account, offering=lamps, state="none", on=AS_OF, member=owner, site=other)
    with pytest.raises(WrongSupply, match="like this"):
        tell_supply(account=account, offering=lamps, state="someone", on=AS_OF, member=owner)


def test_orders_words_and_goals_follow_a_merge_and_its_undoing(account: Account, sold: Write, owner: Member) -> None:
    record_offering(name="Lamps", categories=["lamps"], member=owner)
    repair = record_offering(name="Repair", member=owner)
    other = Account.objects.create(name="Harbour Gifts Ltd", owner=owner)
    sold([line(other, category="lamps")])
    tell_supply(account=other, offering=repair, state="none", on=AS_OF, member=owner)
    note_goal(account=other, text="Less downtime", on=AS_OF, member=owner)
    assert states(white_space([account], as_of=AS_OF)[0]) == {"Lamps": "unknown", "Repair": "unknown"}
    merge = merge_accounts(kept=account, merged=other, member=owner)
    assert states(white_space([account], as_of=AS_OF)[0]) == {"Lamps": "us", "Repair": "none"}
    assert live_goals(account, member=owner).count() == 1
    undo_merge(merge=merge, member=owner)
    assert states(white_space([account], as_of=AS_OF)[0]) == {"Lamps": "unknown", "Repair": "unknown"}


def test_offerings_are_made_of_categories_in_one_go_the_most_sold_first(
    account: Account, sold: Write, owner: Member
) -> None:
    sold([line(account, category="lamps"), line(account, category="bags", net_base_minor=50_000)])
    record_offering(name="Lighting", categories=["lamps"], member=owner)
    assert [one.name for one in make_offerings_from_categories(member=owner)] == ["bags"]
    with pytest.raises(WrongOffering, match="no category"):
        make_offerings_from_categories(member=owner)
    retire_offering(offering=Offering.objects.get(name="bags"), member=owner)
    assert [one.name for one in offerings()] == ["Lighting"]
    with pytest.raises(WrongOffering, match="already"):
        record_offering(name="BAGS", member=owner)


def test_a_new_product_belongs_to_an_offering_as_soon_as_it_is_there(owner: Member) -> None:
    bags = record_offering(name="Bags", name_words=["bag"], member=owner)
    assert mapped_products([bags])[bags.pk].codes == frozenset()
    for number in range(3):
        Product.objects.create(external_id=f"p{number}", source="erp", name=f"Lunch bag {number}")
    assert mapped_products([bags])[bags.pk].codes == {"p0", "p1", "p2"}
    assert ("lunch", 3) in common_words()


def test_a_goal_is_matched_to_offerings_by_forms_of_the_same_words(account: Account, owner: Member) -> None:
    record_offering(name="Express delivery", words="late, stock", member=owner)
    record_offering(name="Paint", member=owner)
    goal = note_goal(account=account, kind="challenge", text="Deliveries come too late", on=AS_OF, member=owner)
    row = white_space([account], as_of=AS_OF)[0]
    (stream,) = streams_of(account, row, member=owner)
    assert stream.offering.name == "Express delivery"
    assert stream.goals == [(goal, "deliveries and late")]
    end_goal(goal=goal, state=AccountGoal.State.REACHED, on=AS_OF, member=owner)
    assert streams_of(account, row, member=owner) == []
    resume_goal(goal=goal, member=owner)
    with pytest.raises(WrongGoal, match="stands already"):
        resume_goal(goal=goal, member=owner)


@pytest.mark.parametrize(
    ("ours", "theirs", "shared"),
    [
        ("repair, maintenance", "Our machines need repairs", ["repairs"]),
        ("किराया मरम्मत", "मशीन की मरम्मत चाहिए", ["मरम्मत"]),
        ("จัดส่ง", "ต้องการจัดส่งเร็วขึ้น", ["ต้องการจัดส่งเร็วขึ้น"]),
        ("with more from", "more with from", []),
        ("lamps", "a bicycle", []),
    ],
)
def test_words_are_told_apart_in_every_script(ours: str, theirs: str, shared: list[str]) -> None:
    assert shared_words(words_of(ours), words_of(theirs)) == shared


def test_what_is_kept_for_many_accounts_follows_orders_and_offerings(
    account: Account, sold: Write, owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars.insight.white_space.MANY", 1)
    lamps = record_offering(name="Lamps", categories=["lamps"], member=owner)
    sold([line(account, category="lamps"), line(account, category="tubes")])
    (first,) = white_space([account], as_of=AS_OF)[0].cells
    assert first.sold is not None
    (again,) = white_space([account], as_of=AS_OF)[0].cells
    assert (again.sold, again.state) == (first.sold, State.US)
    record_offering(name="Lamps", categories=["lamps", "tubes"], offering=lamps, member=owner)
    (wider,) = white_space([account], as_of=AS_OF)[0].cells
    assert wider.sold is not None
    assert wider.sold.net_12m_minor == 2 * first.sold.net_12m_minor
    sold([line(account, category="lamps", order_id="later")])
    (more,) = white_space([account], as_of=AS_OF)[0].cells
    assert more.sold is not None
    assert more.sold.net_12m_minor == 3 * first.sold.net_12m_minor
    assert states(white_space([account], as_of=AS_OF + timedelta(days=900))[0]) == {"Lamps": "unknown"}
