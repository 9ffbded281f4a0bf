"""From raw text to typed order lines: whatever the export looks like, nothing is lost and nothing is counted twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from regulars.base.warehouse import Engine
from regulars.facts.imports.cells import UnknownHeading
from regulars.facts.imports.default_rules import DEFAULT_RULES
from regulars.facts.imports.mapping import LOOKUP, Lookup, Mapping, Step, fingerprint
from regulars.facts.imports.normalise import stage_order_lines, stage_records
from regulars.facts.imports.sources import RawTable
from regulars.facts.imports.staged import STAGED_COLUMNS, Staged

AS_OF = dt.date(2024, 6, 30)
RULES = [rule.record(place) for place, rule in enumerate(DEFAULT_RULES)]
Read = Callable[..., list[RawTable]]
Made = Callable[[str, str], Path]

PLAIN = {
    "order_id": "Order",
    "business_date": "Date",
    "account_name": "Customer",
    "product": "Item",
    "quantity": "Qty",
    "net_amount": "Amount",
}


def stage(engine: Engine, parts: Sequence[tuple[RawTable, Mapping]], **options: Any) -> Staged:
    settings = {"rules": RULES, "base_currency": "EUR", "as_of": AS_OF, **options}
    return stage_order_lines(engine, parts, **settings)


@pytest.fixture
def staged(engine: Engine, read: Read, made: Made) -> Callable[..., list[tuple[Any, ...]]]:
    """Stage one CSV text with a mapping and give columns of the staged lines, in the sequence of the file."""

    def staging(
        text: str, *columns: str, options: dict[str, Any] | None = None, **mapping: Any
    ) -> list[tuple[Any, ...]]:
        raw = read(made("orders.csv", text))[0]
        said = Mapping(**{"content": "order_lines", "columns": PLAIN, **mapping})
        stage(engine, [(raw, said)], **(options or {}))
        return engine.rows(f"SELECT {', '.join(columns)} FROM staged ORDER BY _part, _file, _row, line_no")

    return staging


@pytest.fixture
def rejected(engine: Engine) -> Callable[[], list[tuple[Any, ...]]]:
    def rows() -> list[tuple[Any, ...]]:
        return engine.rows("SELECT _row, reason, field, value FROM rejected ORDER BY _file, _row")

    return rows


Rows = Callable[..., list[tuple[Any, ...]]]


def test_a_plain_list_becomes_typed_lines(staged: Rows, engine: Engine) -> None:
    found = staged(
        "Order,Date,Customer,Item,Qty,Amount\n1,2024-01-31, Alpha  GmbH ,A,2,10.50\n"
        "1,2024-01-31,Alpha GmbH,B,1,0.125\n",
        *("source", "order_id", "line_no", "business_date", "product", "quantity", "currency", "net_minor", "kind"),
        *("rule", "account_key"),
    )
    day = dt.date(2024, 1, 31)
    assert found == [
        ("orders", "1", "1", day, "A", 2.0, "EUR", 1050, "sale", None, "alpha gmbh"),
        ("orders", "1", "2", day, "B", 1.0, "EUR", 13, "sale", None, "alpha gmbh"),
    ]
    assert engine.columns("staged") == STAGED_COLUMNS


def test_money_is_exact_and_has_the_minor_units_of_its_currency(staged: Rows) -> None:
    text = "Order,Date,Qty,Price,Cur\n" + "".join(
        f"{number},2024-01-31,{quantity},{price},{currency}\n"
        for number, (quantity, price, currency) in enumerate(
            [(3, "0.335", "EUR"), (3, "33.5", "JPY"), (1, "1.0005", "KWD"), (-1, "0.125", "€"), (7, "1.1", "")]
        )
    )
    columns = {
        "order_id": "Order",
        "business_date": "Date",
        "quantity": "Qty",
        "unit_price": "Price",
        "currency": "Cur",
    }
    assert staged(text, "currency", "net_minor", columns=columns) == [
        ("EUR", 101),
        ("JPY", 101),
        ("KWD", 1001),
        ("EUR", -13),
        ("EUR", 770),
    ]


def test_the_currency_beside_an_amount_counts_where_no_column_names_one(staged: Rows) -> None:
    amounts = ("$ 12,50", "12,50 €", "7")
    rows = "".join(f"{number};31.01.2024;A;x;1;{amount}\n" for number, amount in enumerate(amounts))
    text = "Order;Date;Customer;Item;Qty;Amount\n" + rows
    assert staged(text, "currency", "net_minor") == [("USD", 1250), ("EUR", 1250), ("EUR", 700)]


@pytest.mark.parametrize(
    ("quantity", "price", "net"),
    [
        ("1", "99999999999.99", 9_999_999_999_999),
        ("100000", "99999999.99", 999_999_999_900_000),
        ("0.000001", "999999999999.999999", 100_000_000),
        ("3", "0.115", 35),
        ("1.5", "0.01", 2),
    ],
)
def test_large_and_small_amounts_are_exact_alike(staged: Rows, quantity: str, price: str, net: int) -> None:
    text = f"id,day,q,p\n1,2024-01-31,{quantity},{price}\n"
    columns = {"order_id": "id", "business_date": "day", "quantity": "q", "unit_price": "p"}
    assert staged(text, "net_minor", columns=columns) == [(net,)]


def test_an_amount_beyond_all_bounds_is_a_reason(staged: Rows, rejected: Rows) -> None:
    text = "id,day,q,p\n1,2024-01-31,999999999999,999999999999\n"
    columns = {"order_id": "id", "business_date": "day", "quantity": "q", "unit_price": "p"}
    assert staged(text, "order_id", columns=columns) == []
    assert rejected() == [(1, "too_large", "unit_price", "999999999999")]


@pytest.mark.parametrize(
    ("columns", "cells", "net"),
    [
        ({"net_amount": "a", "unit_price": "b"}, ("10", "99", ""), 1000),
        ({"gross_amount": "a", "tax_amount": "b"}, ("11.90", "1.90", ""), 1000),
        ({"gross_amount": "a", "tax_amount": "b"}, ("11.90", "", ""), 1190),
        ({"quantity": "a", "unit_price": "b", "discount_amount": "c"}, ("2", "5", "-1"), 900),
        ({"quantity": "a", "unit_price": "b", "discount_percent": "c"}, ("2", "5", "10"), 900),
        ({"quantity": "a", "unit_price": "b", "discount_percent": "c"}, ("2", "5", "0.1"), 900),
        ({"quantity": "a", "unit_price": "b", "discount_percent": "c"}, ("2", "5", "10 %"), 900),
        ({"quantity": "a", "unit_price": "b", "discount_amount": "c"}, ("-2", "5", "1"), -900),
        ({"net_amount": "a", "quantity": "b", "unit_price": "c"}, ("", "2", "5"), 1000),
        ({"unit_price": "a"}, ("5", "", ""), 500),
    ],
)
def test_the_net_amount_is_found_by_what_the_file_has(
    staged: Rows, columns: dict[str, str], cells: tuple[str, ...], net: int
) -> None:
    text = f"id,day,a,b,c\n1,2024-01-31,{','.join(cells)}\n"
    found = staged(text, "net_minor", columns={"order_id": "id", "business_date": "day", **columns})
    assert found == [(net,)]


def test_cost_and_discount_are_kept_of_the_whole_line(staged: Rows) -> None:
    text = "id,day,q,p,d,c\n1,2024-01-31,4,10,5,6\n2,2024-01-31,-1,10,,6\n"
    columns = {"order_id": "id", "business_date": "day", "quantity": "q", "unit_price": "p"}
    columns |= {"discount_percent": "d", "unit_cost": "c"}
    assert staged(text, "net_minor", "cost_minor", "discount_minor", columns=columns) == [
        (3800, 2400, 200),
        (-1000, -600, None),
    ]


# What cannot be taken


def test_each_bad_row_is_kept_with_its_reason(staged: Rows, rejected: Rows) -> None:
    rows = [
        ",2024-01-31,A,x,1,5",
        "2,,A,x,1,5",
        "3,31.13.2024,A,x,1,5",
        "4,1900-01-01,A,x,1,5",
        "5,2199-01-01,A,x,1,5",
        "6,2024-01-31,A,x,1,",
        "7,2024-01-31,A,x,1,five",
        "8,2024-01-31,A,x,one,5",
        "9,2024-01-31,A,x,1,5",
        "10,2024-01-31,A,x,1,99999999999999999999",
    ]
    found = staged("Order,Date,Customer,Item,Qty,Amount\n" + "\n".join(rows) + "\n", "order_id")
    assert found == [("9",)]
    assert rejected() == [
        (1, "missing", "order_id", None),
        (2, "missing", "business_date", None),
        (3, "not_a_date", "business_date", "31.13.2024"),
        (4, "too_early", "business_date", "1900-01-01"),
        (5, "too_late", "business_date", "2199-01-01"),
        (6, "missing", "net_amount", None),
        (7, "not_a_number", "net_amount", "five"),
        (8, "not_a_number", "quantity", "one"),
        (10, "not_a_number", "net_amount", "99999999999999999999"),
    ]


def test_an_unknown_currency_is_a_reason_not_a_guess(staged: Rows, rejected: Rows) -> None:
    text = "id,day,a,cur\n1,2024-01-31,5,EUR\n2,2024-01-31,5,coins\n"
    columns = {"order_id": "id", "business_date": "day", "net_amount": "a", "currency": "cur"}
    assert staged(text, "order_id", columns=columns) == [("1",)]
    assert rejected() == [(2, "unknown_currency", "currency", "coins")]


def test_rows_that_could_not_be_read_are_rejected_rows(staged: Rows, rejected: Rows, engine: Engine) -> None:
    text = "Order,Date,Customer,Item,Qty,Amount\n1,2024-01-31,A,x,1,5\n2,2024-01-31,A,x,1,5,6,7\n3,2024-01-31,A,x,1,5\n"
    assert staged(text, "order_id") == [("1",), ("3",)]
    assert [(row, reason) for row, reason, *_rest in rejected()] == [(2, "too_many_cells")]


def test_lines_are_numbered_over_rejected_rows_too(staged: Rows, engine: Engine) -> None:
    text = "Order,Date,Customer,Item,Qty,Amount\n1,2024-01-31,A,x,1,5\n1,2024-01-31,A,y,1,?\n1,2024-01-31,A,z,1,5\n"
    assert staged(text, "line_no", "product") == [("1", "x"), ("3", "z")]
    assert engine.rows("SELECT order_id, line_no FROM rejected") == [("1", "2")]


def test_an_order_whose_rows_stand_apart_is_numbered_in_the_sequence_of_the_file(staged: Rows) -> None:
    text = "Order,Date,Customer,Item,Qty,Amount\n" + "".join(
        f"{order},2024-01-31,A,{item},1,5\n" for order, item in [(1, "a"), (2, "b"), (1, "c"), (2, "d"), (1, "e")]
    )
    found = staged(text, "order_id", "line_no", "product")
    assert found == [("1", "1", "a"), ("2", "1", "b"), ("1", "2", "c"), ("2", "2", "d"), ("1", "3", "e")]


def test_a_customer_is_known_by_number_else_mail_else_name(staged: Rows) -> None:
    customers = ("77.0,X@y.de,N", ",X@y.de,N", ",, The  Name", ",,")
    rows = "".join(f"{number},2024-01-31,5,{customer}\n" for number, customer in enumerate(customers))
    text = "id,day,a,no,mail,name\n" + rows
    columns = {"order_id": "id", "business_date": "day", "net_amount": "a"}
    columns |= {"account_id": "no", "account_email": "mail", "account_name": "name"}
    assert staged(text, "account_key", columns=columns) == [("77",), ("x@y.de",), ("the name",), (None,)]


def test_odd_blanks_around_texts_do_not_count(staged: Rows) -> None:
    text = "Order,Date,Customer,Item,Qty,Amount\n\u00a01\t,2024-01-31,\u00a0Alpha\u00a0,A,2,10\n"
    assert staged(text, "order_id", "account_name") == [("1", "Alpha")]


def test_two_kinds_of_dates_in_one_file_are_read_each_in_its_own_way(staged: Rows) -> None:
    text = "Order,Date,Customer,Item,Qty,Amount\n1,31.12.2023,A,x,1,5\n2,12/31/2023,A,x,1,5\n"
    found = staged(text, "business_date", date_order={".": "dmy", "/": "mdy"})
    assert found == [(dt.date(2023, 12, 31),), (dt.date(2023, 12, 31),)]


def test_thai_years_are_read_and_counted(engine: Engine, read: Read, made: Made) -> None:
    raw = read(made("o.csv", "Order,Date,Customer,Item,Qty,Amount\n1,15/01/2567,A,x,1,5\n2,2567-01-16,A,x,1,5\n"))[0]
    made_of = stage(engine, [(raw, Mapping(content="order_lines", columns=PLAIN))])
    assert engine.rows("SELECT business_date::VARCHAR FROM staged ORDER BY _row") == [("2024-01-15",), ("2024-01-16",)]
    assert made_of.buddhist_dates == 2


def test_a_time_with_a_zone_falls_on_the_day_of_the_firm(staged: Rows) -> None:
    text = "Order,Date,Customer,Item,Qty,Amount\n1,2024-01-31 23:30:00 +0000,A,x,1,5\n"
    assert staged(text, "business_date", options={"time_zone": "Asia/Kolkata"}) == [(dt.date(2024, 2, 1),)]


# Exports whose rows lean on others

SHOPIFY = """Name,Email,Financial Status,Created at,Currency,Shipping,Discount Amount,\
Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount
#1,a@b.de,paid,2024-01-05 10:00:00 +0100,EUR,4.90,2.00,1,Mug,10.00,0.00
#1,,,,,,,2,Plate,20.00,
#2,c@d.de,voided,2024-01-06 10:00:00 +0100,EUR,4.90,0.00,1,Mug,10.00,14.90
"""
SHOPIFY_COLUMNS = {
    "order_id": "Name",
    "account_email": "Email",
    "status": "Financial Status",
    "business_date": "Created at",
    "currency": "Currency",
    "order_shipping": "Shipping",
    "order_discount": "Discount Amount",
    "order_refund": "Refunded Amount",
    "quantity": "Lineitem quantity",
    "product_name": "Lineitem name",
    "unit_price": "Lineitem price",
}


def test_order_cells_on_the_first_row_alone_hold_for_the_whole_order(staged: Rows) -> None:
    found = staged(
        SHOPIFY,
        "order_id",
        "line_no",
        "product_name",
        "net_minor",
        "kind",
        "account_key",
        columns=SHOPIFY_COLUMNS,
        fill_down="order",
    )
    assert sorted(found, key=lambda line: line[:2]) == [
        ("#1", "1", "Mug", 1000, "sale", "a@b.de"),
        ("#1", "2", "Plate", 4000, "sale", "a@b.de"),
        ("#1", "discount", None, -200, "other", "a@b.de"),
        ("#1", "shipping", None, 490, "fee", "a@b.de"),
        ("#2", "1", "Mug", 1000, "other", "c@d.de"),
        ("#2", "refund", None, -1490, "other", "c@d.de"),
        ("#2", "shipping", None, 490, "other", "c@d.de"),
    ]


def test_an_amount_of_the_order_that_every_row_repeats_is_taken_once(staged: Rows) -> None:
    text = "id,day,a,ship\n1,2024-01-31,5,4.9\n1,2024-01-31,6,4.9\n"
    columns = {"order_id": "id", "business_date": "day", "net_amount": "a", "order_shipping": "ship"}
    assert staged(text, "line_no", "net_minor", columns=columns) == [("1", 500), ("shipping", 490), ("2", 600)]


def test_empty_cells_are_filled_from_the_row_above_but_not_from_another_order(staged: Rows, engine: Engine) -> None:
    text = """id,day,name,rep,item,q,p
S1,2024-01-05,Alpha,Eva,A,1,10
,,,,B,2,5
,,,,,,
S2,2024-01-06,Beta,,,,
,,,,C,1,7
"""
    columns = {"order_id": "id", "business_date": "day", "account_name": "name", "seller": "rep"}
    columns |= {"product": "item", "quantity": "q", "unit_price": "p"}
    found = staged(text, "order_id", "product", "seller", "account_name", columns=columns, fill_down="previous")
    assert found == [("S1", "A", "Eva", "Alpha"), ("S1", "B", "Eva", "Alpha"), ("S2", "C", None, "Beta")]
    assert engine.rows("SELECT * FROM rejected") == []


def test_names_above_their_rows_and_totals_below_them_are_no_lines(engine: Engine, read: Read, made: Made) -> None:
    text = """Customer,Date,Num,Product,Qty,Amount
Alpha,,,,,
,01/05/2024,1001,Mug,1,10.00
,01/06/2024,1002,Plate,2,40.00
Total for Alpha,,,,3,50.00
Beta,,,,,
,01/07/2024,1003,Mug,1,10.00
Total for Beta,,,,1,10.00
TOTAL,,,,4,60.00
"""
    columns = {"account_name": "Customer", "business_date": "Date", "order_id": "Num", "product_name": "Product"}
    columns |= {"quantity": "Qty", "net_amount": "Amount"}
    raw = read(made("o.csv", text))[0]
    mapping = Mapping(content="order_lines", columns=columns, group_rows="account_name", date_order={"/": "mdy"})
    made_of = stage(engine, [(raw, mapping)])
    assert engine.rows("SELECT order_id, account_name, net_minor FROM staged ORDER BY order_id") == [
        ("1001", "Alpha", 1000),
        ("1002", "Alpha", 4000),
        ("1003", "Beta", 1000),
    ]
    assert (made_of.rejected_rows, made_of.skipped_rows) == (0, raw.rows - 3)


def test_a_row_of_totals_at_the_end_is_passed_by(staged: Rows, rejected: Rows) -> None:
    text = "Order,Date,Customer,Item,Qty,Amount\n1,2024-01-31,A,x,1,5\nTotal,,,,1,5\n"
    assert staged(text, "order_id") == [("1",)]
    assert rejected() == []


def test_lines_find_their_headers_and_names_in_other_files(engine: Engine, read: Read, made: Made) -> None:
    lines = made(
        "set/lines.csv",
        "OrderID,ProductID,Quantity,UnitPrice,Discount\n1,11,12,14.00,0.05\n1,12,1,9.80,0\n2,11,1,14.00,0\n9,11,1,1,0\n",
    )
    orders = made(
        "set/orders.csv",
        'OrderID,CustomerID,OrderDate,Freight,EmployeeID\n1,VINET,05.07.2023,"32,38",5\n2,TOMSP,06.07.2023,"1.011,61",7\n',
    )
    products = made("set/products.csv", "ProductID,ProductName,CategoryID\n11,Queso,4\n12,Chai,1\n")
    categories = made("set/categories.csv", "CategoryID,CategoryName\n4,Dairy\n1,Drinks\n")
    people = made("set/people.csv", "EmployeeID,FirstName,LastName\n5,Steven,Buchanan\n")
    raws = {raw.headings[-1]: raw for raw in read(lines, orders, products, categories, people)}
    prints = {name: fingerprint(raw.headings) for name, raw in raws.items()}
    category = Lookup(
        key="ProductID",
        steps=(
            Step(headings=prints["CategoryID"], match="ProductID", values=("CategoryID",)),
            Step(headings=prints["CategoryName"], match="CategoryID", values=("CategoryName",)),
        ),
    )
    seller = Lookup(
        key="EmployeeID",
        steps=(Step(headings=prints["LastName"], match="EmployeeID", values=("FirstName", "LastName")),),
    )
    line = Mapping(
        content="order_lines",
        joined_by="order_id",
        columns={
            "order_id": "OrderID",
            "product": "ProductID",
            "quantity": "Quantity",
            "unit_price": "UnitPrice",
            "discount_percent": "Discount",
        },
        lookups={"category": category},
    )
    header = Mapping(
        content="order_headers",
        columns={
            "order_id": "OrderID",
            "account_id": "CustomerID",
            "business_date": "OrderDate",
            "order_shipping": "Freight",
        },
        lookups={"seller": seller},
        date_order={".": "dmy"},
        decimal=",",
    )
    other = Mapping(content=LOOKUP)
    parts = [
        (raws["Discount"], line),
        (raws["EmployeeID"], header),
        *((raws[name], other) for name in ("CategoryID", "CategoryName", "LastName")),
    ]
    stage(engine, parts)
    day = dt.date(2023, 7, 5)
    assert engine.rows(
        "SELECT order_id, line_no, business_date, account_key, category, seller, net_minor FROM staged "
        "ORDER BY order_id, line_no"
    ) == [
        ("1", "1", day, "VINET", "Dairy", "Steven Buchanan", 15960),
        ("1", "2", day, "VINET", "Drinks", "Steven Buchanan", 980),
        ("1", "shipping", day, "VINET", None, "Steven Buchanan", 3238),
        ("2", "1", dt.date(2023, 7, 6), "TOMSP", "Dairy", None, 1400),
        ("2", "shipping", dt.date(2023, 7, 6), "TOMSP", None, None, 101161),
    ]
    assert engine.rows("SELECT order_id, reason, field FROM rejected") == [("9", "missing", "business_date")]


def test_headings_put_together_and_used_instead_of_empty_ones(staged: Rows) -> None:
    text = "day,a,firm,first,last\n2024-01-31,5,,Ada,Lovelace\n2024-02-01,6,Acme,Bo,\n"
    found = staged(
        text,
        "order_id",
        "account_name",
        columns={"order_id": "who + day", "business_date": "day", "net_amount": "a", "account_name": "firm"},
        together={"who + day": ("last", "day"), "person": ("first", "last")},
        instead={"account_name": ("person",)},
    )
    assert found == [("Lovelace 2024-01-31", "Ada Lovelace"), ("2024-02-01", "Acme")]


def test_constants_hold_for_every_row_and_a_date_of_cancelling_is_a_state(staged: Rows) -> None:
    text = "id,day,a,gone\n1,2024-01-31,5,\n2,2024-01-31,5,2024-02-01\n"
    columns = {"order_id": "id", "business_date": "day", "net_amount": "a", "cancelled_at": "gone"}
    found = staged(
        text, "channel", "currency", "status", "kind", columns=columns, constants={"channel": "web", "currency": "USD"}
    )
    assert found == [("web", "USD", None, "sale"), ("web", "USD", "cancelled", "other")]


def test_a_mapping_with_an_unknown_heading_is_refused_with_those_there_are(staged: Rows) -> None:
    with pytest.raises(UnknownHeading, match="id, day"):
        staged("id,day\n1,2024-01-31\n", "order_id", columns={"order_id": "number", "business_date": "day"})


def test_credit_notes_with_positive_amounts_take_money_back(staged: Rows) -> None:
    text = (
        "id,day,type,q,a,c\n1,2024-01-31,Invoice,2,10,4\n2,2024-01-31,Credit Note,2,10,4\n"
        "3,2024-01-31,Gutschrift,1,-7,\n3,2024-01-31,Gutschrift,1,2,\n"
    )
    columns = {"order_id": "id", "business_date": "day", "document": "type", "quantity": "q", "net_amount": "a"}
    columns["cost_amount"] = "c"
    found = staged(text, "order_id", "quantity", "net_minor", "cost_minor", "kind", columns=columns)
    assert found == [
        ("1", 2.0, 1000, 400, "sale"),
        ("2", -2.0, -1000, -400, "return"),
        ("3", -1.0, -700, None, "return"),
        ("3", 1.0, 200, None, "return"),
    ]


# Twice the same

NUMBERED = {"order_id": "id", "line_no": "no", "business_date": "day", "net_amount": "a"}
UNNUMBERED = {"order_id": "id", "business_date": "day", "net_amount": "a"}


def of_files(engine: Engine, read: Read, made: Made, columns: dict[str, str], *files: str) -> tuple[Any, Staged]:
    raws = read(*(made(f"{place}.csv", text) for place, text in enumerate(files)))
    made_of = stage(engine, [(raw, Mapping(content="order_lines", columns=columns)) for raw in raws])
    return engine.rows("SELECT order_id, line_no, net_minor FROM staged ORDER BY order_id, line_no"), made_of


def test_a_line_twice_in_a_file_counts_once_and_a_conflict_is_rejected(engine: Engine, read: Read, made: Made) -> None:
    text = "id,no,day,a\n1,1,2024-01-31,5\n1,1,2024-01-31,5\n1,2,2024-01-31,6\n1,2,2024-01-31,7\n1,,2024-01-31,7\n"
    lines, made_of = of_files(engine, read, made, NUMBERED, text)
    assert lines == [("1", "1", 500), ("1", "2", 600)]
    assert made_of.repeated_rows == 1
    assert engine.rows("SELECT _row, reason, value FROM rejected ORDER BY _row") == [
        (4, "other_line", "2"),
        (5, "missing", None),
    ]


def test_of_a_numbered_line_in_two_files_the_later_counts(engine: Engine, read: Read, made: Made) -> None:
    first, second = "id,no,day,a\n1,1,2024-01-31,5\n1,2,2024-01-31,6\n", "id,no,day,a\n1,2,2024-01-31,60\n"
    lines, made_of = of_files(engine, read, made, NUMBERED, first, second)
    assert lines == [("1", "1", 500), ("1", "2", 6000)]
    assert made_of.repeated_rows == 1


def test_overlapping_exports_count_an_order_once(engine: Engine, read: Read, made: Made) -> None:
    december = "id,day,a\n1,2023-12-31,5\n2,2023-12-31,6\n2,2023-12-31,6\n"
    year = "id,day,a\n2,2023-12-31,6\n2,2023-12-31,6\n3,2024-01-31,7\n"
    lines, made_of = of_files(engine, read, made, UNNUMBERED, december, year)
    assert lines == [("1", "1", 500), ("2", "1", 600), ("2", "2", 600), ("3", "1", 700)]
    assert made_of.repeated_rows == 2


def test_an_order_cut_in_two_by_the_end_of_a_file_is_one_order(engine: Engine, read: Read, made: Made) -> None:
    lines, made_of = of_files(
        engine, read, made, UNNUMBERED, "id,day,a\n1,2024-01-31,5\n1,2024-01-31,6\n", "id,day,a\n1,2024-01-31,7\n"
    )
    assert lines == [("1", "1", 500), ("1", "2", 600), ("1", "3", 700)]
    assert made_of.repeated_rows == 0


def test_of_an_order_that_a_later_file_corrects_the_later_counts(engine: Engine, read: Read, made: Made) -> None:
    lines, _made_of = of_files(
        engine,
        read,
        made,
        UNNUMBERED,
        "id,day,a\n1,2024-01-31,5\n1,2024-01-31,6\n",
        "id,day,a\n1,2024-01-31,5\n1,2024-01-31,9\n",
    )
    assert lines == [("1", "1", 500), ("1", "2", 900)]


def test_files_with_different_headings_are_staged_together(engine: Engine, read: Read, made: Made) -> None:
    raws = read(
        made("a.csv", "id,day,a\n1,2024-01-31,5\n"), made("b.csv", "Nr;Tag;Betrag;Ort\n2;31.01.2024;1.000,50;Ulm\n")
    )
    german = {"order_id": "Nr", "business_date": "Tag", "net_amount": "Betrag", "account_city": "Ort"}
    mappings = [Mapping(content="order_lines", columns=columns) for columns in (UNNUMBERED, german)]
    stage(engine, list(zip(raws, mappings, strict=True)))
    found = engine.rows("SELECT _part, order_id, net_minor, account_city FROM staged ORDER BY _part")
    assert found == [(0, "1", 500, None), (1, "2", 100050, "Ulm")]


# Other records


def test_other_records_are_typed_by_field(engine: Engine, read: Read, made: Made) -> None:
    rates = read(
        made("rates.csv", "cur;from;rate\nUSD;01.02.2024;0,0000123456\n$;03.02.2024;0,9\nUSD;x;1\nUSD;01.03.2024;-1\n")
    )[0]
    mapping = Mapping(content="rates", columns={"currency": "cur", "valid_from": "from", "rate": "rate"})
    found = stage_records(engine, rates, mapping, base_currency="EUR", as_of=AS_OF)
    assert engine.rows(f"SELECT currency, valid_from::VARCHAR, rate::VARCHAR FROM {found.lines} ORDER BY _row") == [
        ("USD", "2024-02-01", "0.000012345600"),
        ("USD", "2024-02-03", "0.900000000000"),
    ]
    assert engine.rows(f"SELECT _row, reason, field FROM {found.rejected} ORDER BY _row") == [
        (3, "not_a_date", "valid_from"),
        (4, "not_positive", "rate"),
    ]


def test_an_account_has_the_same_identity_as_in_order_lines(engine: Engine, read: Read, made: Made) -> None:
    raw = read(made("accounts.csv", "Name,Mail,Note\nThe  Firm,,good\n,X@y.de,\n,,lost\n"))[0]
    columns = {"account_name": "Name", "account_email": "Mail", "custom.note": "Note"}
    found = stage_records(engine, raw, Mapping(content="accounts", columns=columns), base_currency="EUR", as_of=AS_OF)
    rows = engine.rows(f'SELECT account_id, account_name, "custom.note", parent FROM {found.lines} ORDER BY _row')
    assert rows == [("the firm", "The  Firm", "good", None), ("x@y.de", None, None, None)]
    assert found.rejected_rows == 1
