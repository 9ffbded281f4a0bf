"""What the amounts of a file are taken for: with tax or without, of a line or of the whole order, per cent or money."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from regulars.facts.imports.detect import Proposal

pytestmark = pytest.mark.django_db

Understand = Callable[..., list[Proposal]]


def orders(*rows: str, headings: str = "Order no,Date,Customer,Amount") -> str:
    return "\n".join([headings, *rows]) + "\n"


def test_the_total_of_the_order_is_not_taken_for_the_amount_of_its_lines(understand: Understand) -> None:
    headings = "Order no,Date,Customer,Product,Qty,Price,Total"
    rows = ["A1,2024-01-02,Acme,X,2,5.00,17.00", "A1,2024-01-02,Acme,Y,1,7.00,17.00"]
    rows += ["A2,2024-01-03,Birch,X,1,5.00,19.00", "A2,2024-01-03,Birch,Y,2,7.00,19.00"]
    (proposal,) = understand(orders(*rows, headings=headings))
    assert "net_amount" not in proposal.mapping.columns
    assert "Total" in proposal.unused
    assert not proposal.missing


@pytest.mark.parametrize(
    ("headings", "rows"),
    [
        (
            "Order no,Line no,Date,Customer,Product,Amount",
            ["A{n},1,{day},Acme,X,{n}0.00", "A{n},2,{day},Acme,Y,{n}0.00"],
        ),
        (
            "Order no,Date,Customer,Product,Qty,Price,Amount",
            ["A{n},{day},Acme,X,2,{n}.50,{twice}.00", "A{n},{day},Acme,Y,1,{twice}.00,{twice}.00"],
        ),
        (
            "Order no;Date;Customer;Product;Qty;Price;Amount",
            ["A{n};{day};Acme;X;2;{n},50;{twice},00", "A{n};{day};Acme;Y;1;{twice},00;{twice},00"],
        ),
    ],
    ids=["numbered", "price", "price with commas"],
)
def test_equal_amounts_are_those_of_lines_where_lines_are_numbered_or_quantity_and_price_give_them(
    headings: str, rows: list[str], understand: Understand
) -> None:
    filled = [row.format(n=n, twice=2 * n + 1, day=f"2024-01-0{n}") for n in (1, 2, 3) for row in rows]
    (proposal,) = understand(orders(*filled, headings=headings))
    assert proposal.mapping.columns["net_amount"] == "Amount"
    assert not proposal.missing


def test_totals_that_cannot_be_equal_by_chance_are_totals_even_on_numbered_lines(understand: Understand) -> None:
    rows = [f"A{n},{line},2024-01-02,Acme,P{line},{n}7.00" for n in range(1, 9) for line in (1, 2, 3)]
    (proposal,) = understand(orders(*rows, headings="Order no,Line no,Date,Customer,Product,Total"))
    assert "net_amount" not in proposal.mapping.columns


def test_a_total_of_orders_alone_is_refused_rather_than_counted_for_each_line(understand: Understand) -> None:
    rows = [f"A{n},2024-01-02,Acme,{item},20.00" for n in (1, 2) for item in "XY"]
    (proposal,) = understand(orders(*rows, headings="Order no,Date,Customer,Product,Total"))
    assert proposal.mapping.content == ""
    assert any("amounts" in sentence for sentence in proposal.missing)


@pytest.mark.parametrize(
    ("headings", "row", "field"),
    [
        ("Order no,Date,Customer,Amount,VAT", "A1,2024-01-02,Acme,119.00,19.00", "gross_amount"),
        ("Order no,Date,Customer,Amount,VAT", "A1,2024-01-02,Acme,100.00,19.00", "net_amount"),
        ("Order no,Date,Customer,Qty,Price,Amount,VAT", "A1,2024-01-02,Acme,2,50.00,117.30,17.30", "gross_amount"),
        ("Order no,Date,Customer,Qty,Price,Amount,VAT", "A1,2024-01-02,Acme,2,50.00,100.00,17.30", "net_amount"),
        ("Order no,Date,Customer,Amount", "A1,2024-01-02,Acme,119.00", "net_amount"),
        ("Order no,Date,Customer,Amount incl. VAT", "A1,2024-01-02,Acme,119.00", "gross_amount"),
    ],
)
def test_values_tell_whether_an_amount_includes_tax(
    headings: str, row: str, field: str, understand: Understand
) -> None:
    (proposal,) = understand(orders(row, headings=headings))
    assert proposal.mapping.columns[field].startswith("Amount")
    assert len({"net_amount", "gross_amount"} & proposal.mapping.columns.keys()) == 1


@pytest.mark.parametrize(
    ("heading", "value", "field"),
    [
        ("Discount", "0.15", "discount_percent"),
        ("Discount", "3.50", "discount_amount"),
        ("Discount %", "15", "discount_percent"),
    ],
)
def test_a_discount_is_money_or_per_cent(heading: str, value: str, field: str, understand: Understand) -> None:
    text = orders(f"A1,2024-01-02,Acme,2,10.00,{value}", headings=f"Order no,Date,Customer,Qty,Price,{heading}")
    (proposal,) = understand(text)
    assert proposal.mapping.columns[field] == heading


@pytest.mark.parametrize(("cost", "field"), [("7.00", "unit_cost"), ("70.00", "cost_amount")])
def test_a_cost_is_of_one_piece_or_of_the_line(cost: str, field: str, understand: Understand) -> None:
    text = orders(f"A1,2024-01-02,Acme,10,10.00,{cost}", headings="Order no,Date,Customer,Qty,Price,Cost")
    (proposal,) = understand(text)
    assert proposal.mapping.columns[field] == "Cost"


def test_shopify_discounts_of_lines_are_not_taken_off_twice(understand: Understand) -> None:
    headings = (
        "Name,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem discount,Discount Amount,Subtotal"
    )
    inside = orders("#1,2024-01-02 10:00:00 +0000,2,Pen,10.00,4.00,4.00,16.00", headings=headings)
    (proposal,) = understand(inside)
    assert "discount_amount" not in proposal.mapping.columns
    beside = orders("#1,2024-01-02 10:00:00 +0000,2,Pen,10.00,4.00,1.00,15.00", headings=headings)
    (proposal,) = understand(beside)
    assert proposal.mapping.columns["discount_amount"] == "Lineitem discount"
