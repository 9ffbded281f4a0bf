"""Samples in the layouts of the real programs; `samples/expected.json` has the mappings that they must get."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regulars.base.warehouse import Engine
from regulars.facts.imports.detect import Proposal, propose_all
from regulars.facts.imports.mapping import FIELDS, LOOKUP, Mapping
from regulars.facts.imports.normalise import stage_order_lines
from regulars.facts.imports.sources import RawTable

SAMPLES = Path(__file__).parent / "samples"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
ONE_ROW_OF_HEADINGS = [name for name in EXPECTED if name.endswith((".csv", ".txt")) and "quickbooks_by" not in name]

pytestmark = pytest.mark.django_db

Reader = Callable[..., list[RawTable]]


@pytest.mark.parametrize("name", EXPECTED)
def test_each_sample_gets_its_mapping(name: str, engine: Engine, read: Reader) -> None:
    """E17, A6: whatever program the orders come from, no column need be named by hand."""
    (proposal,) = propose_all(engine, read(SAMPLES / name))
    assert proposal.mapping == Mapping.from_json(EXPECTED[name])
    assert set(proposal.mapping.columns) <= set(FIELDS.get(proposal.mapping.content, FIELDS["order_lines"]))


def test_every_sample_has_its_expectation() -> None:
    assert {path.name for path in SAMPLES.iterdir()} - {"expected.json"} == set(EXPECTED)


@pytest.mark.parametrize("name", ONE_ROW_OF_HEADINGS)
def test_sequence_and_case_of_headings_do_not_matter(
    name: str, engine: Engine, read: Reader, made: Callable[[str, str], Path]
) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8")
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    sequence = list(range(len(rows[0])))
    random.Random(name).shuffle(sequence)
    rows[0] = [heading.upper() for heading in rows[0]]
    shuffled = io.StringIO()
    csv.writer(shuffled, delimiter=delimiter).writerows([[row[place] for place in sequence] for row in rows])

    (proposal,) = propose_all(engine, read(made(name, shuffled.getvalue())))

    expected = {field: heading.casefold() for field, heading in EXPECTED[name].get("columns", {}).items()}
    assert {field: heading.casefold() for field, heading in proposal.mapping.columns.items()} == expected
    assert proposal.mapping.content == EXPECTED[name]["content"]


def test_a_list_of_cities_is_refused_with_what_is_missing(engine: Engine, read: Reader) -> None:
    (proposal,) = propose_all(engine, read(SAMPLES / "cities.csv"))
    assert proposal.mapping.content == ""
    assert len(proposal.missing) == 3
    assert proposal.confidence == 0


LINES_AND_NET = {
    "amazon.txt": (2, "71.00"),
    "erpnext_sales_invoice.csv": (3, "19000.00"),
    "invoices_bn.csv": (3, "19000.00"),
    "invoices_de.csv": (4, "65.25"),
    "invoices_en.csv": (4, "1292.50"),
    "invoices_es.csv": (3, "68.00"),
    "invoices_fr.csv": (3, "1154.25"),
    "invoices_hi.csv": (3, "141956.00"),
    "invoices_ne.csv": (3, "19000.00"),
    "invoices_pt.csv": (3, "2068.00"),
    "invoices_th.csv": (3, "19000.00"),
    "invoices_ur.csv": (3, "19000.00"),
    "odoo_invoices.csv": (3, "1642.50"),
    "odoo_orders.csv": (3, "2150.00"),
    "odoo_technical.csv": (3, "2150.00"),
    "quickbooks_by_customer.csv": (3, "1000.00"),
    "quickbooks_by_product.csv": (3, "1200.00"),
    "quickbooks_invoices.csv": (3, "1125.50"),
    "shopify_api.json": (3, "120.00"),
    "shopify_orders.csv": (8, "146.80"),  # four lines, two shippings, a discount, a refund
    "stripe.csv": (3, "120.00"),
    "woocommerce.csv": (5, "62.00"),
    "woocommerce_after_refund.csv": (5, "42.00"),
    "woocommerce_api.json": (5, "62.00"),
    "woocommerce_items.csv": (5, "62.00"),
    "xero.csv": (3, "5056.25"),
}
"""Counted by hand: lines, and their net amounts with shipping, discounts and refunds of orders."""


@pytest.mark.parametrize("name", LINES_AND_NET)
def test_the_mapping_of_each_sample_gives_the_amounts_that_stand_in_it(name: str, engine: Engine, read: Reader) -> None:
    raws = read(SAMPLES / name)
    parts = [(raw, one.mapping) for raw, one in zip(raws, propose_all(engine, raws), strict=True)]
    staged = stage_order_lines(engine, parts, rules=[], base_currency="EUR", as_of=date(2026, 1, 1))
    assert staged.rejected_rows == 0
    net = Decimal(engine.value(f"SELECT sum(net_minor) FROM {staged.lines}")) / 100
    assert (staged.staged_rows, f"{net:.2f}") == LINES_AND_NET[name]


# The real data sets


def proposed(engine: Engine, raws: list[RawTable]) -> dict[str, Proposal]:
    """By the name of its first file, the proposal of each group."""
    return {raw.files[0].name.split(".")[0]: one for raw, one in zip(raws, propose_all(engine, raws), strict=True)}


def test_the_uci_history_is_recognised(engine: Engine, read: Reader, shared_data: Path) -> None:
    (proposal,) = propose_all(engine, read(shared_data / "uci_online_retail_ii.parquet"))
    assert proposal.mapping.export == "uci_online_retail"
    assert proposal.mapping.columns == {
        "order_id": "invoice",
        "business_date": "invoice_date",
        "account_id": "customer_id",
        "account_country": "country",
        "product": "stock_code",
        "product_name": "description",
        "quantity": "quantity",
        "unit_price": "price",
    }
    assert proposal.mapping.date_order == {"-": "ymd"}
    assert proposal.unused == ["sheet"]


def test_the_original_headings_of_the_uci_history_are_recognised(
    engine: Engine, read: Reader, made: Callable[[str, str], Path]
) -> None:
    headings = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    row = "489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom"
    (proposal,) = propose_all(engine, read(made("online_retail_II.csv", f"{headings}\n{row}\n")))
    assert proposal.mapping.export == "uci_online_retail"
    assert proposal.mapping.columns["account_id"] == "Customer ID"


def test_purchases_without_order_numbers_are_orders_of_a_day(engine: Engine, read: Reader, shared_data: Path) -> None:
    (proposal,) = propose_all(engine, read(shared_data / "cdnow_full.parquet"))
    assert proposal.mapping.columns["order_id"] == "customer_id + date"
    assert proposal.mapping.together == {"customer_id + date": ("customer_id", "date")}


def test_adventureworks_sales_find_sellers_regions_and_categories(
    engine: Engine, read: Reader, shared_data: Path
) -> None:
    found = proposed(engine, read(*sorted(shared_data.glob("adventureworks_b2b_*.parquet"))))
    sales = found["adventureworks_b2b_sales"].mapping
    assert sales.content == "order_lines"
    assert sales.columns["cost_amount"] == "cost"
    assert sales.columns["account_id"] == "resellerkey"
    ways = {name: (way.key, [step.values for step in way.steps]) for name, way in sales.lookups.items()}
    assert ways == {
        "seller": ("employeekey", [("salesperson",)]),
        "department": ("salesterritorykey", [("region",)]),
        "category": ("productkey", [("category",)]),
    }
    assert found["adventureworks_b2b_reseller"].mapping.content == "accounts"
    assert found["adventureworks_b2b_product"].mapping.columns["unit_cost"] == "standard_cost"
    assert found["adventureworks_b2b_salesperson"].mapping.content == LOOKUP
    assert found["adventureworks_b2b_region"].mapping.content == LOOKUP
    assert found["adventureworks_b2b_targets"].mapping.content == ""
    assert {one.mapping.source for one in found.values()} == {"adventureworks"}


def test_lines_with_all_that_belongs_to_them_are_lines_though_their_headings_look_like_another_known_file(
    engine: Engine, read: Reader, made: Callable[[str, str], Path]
) -> None:
    text = (
        "OrderID,CustomerID,EmployeeID,OrderDate,ShipVia,Freight,ShipName,ProductID,UnitPrice,Quantity\n"
        "10248,VINET,5,1996-07-04,3,32.38,Vins et alcools,72,34.80,5\n"
        "10249,TOMSP,6,1996-07-05,1,11.61,Toms,51,42.40,40\n"
    )
    (proposal,) = propose_all(engine, read(made("orders.csv", text)))
    assert proposal.mapping.content == "order_lines"
    text = (
        "salesordernumber,orderdate,reseller,productkey,product,standard_cost,category,quantity,sales\n"
        "SO43897,2017-08-25,Bike Shop,235,Jersey,31.72,Clothing,2,57.68\n"
        "SO43898,2017-08-26,Bike Barn,351,Mountain-100,1898.09,Bikes,1,2024.99\n"
    )
    (proposal,) = propose_all(engine, read(made("sales.csv", text)))
    assert proposal.mapping.content == "order_lines"


def test_northwind_lines_take_date_customer_and_seller_from_their_orders(
    engine: Engine, read: Reader, shared_data: Path
) -> None:
    found = proposed(engine, read(*sorted(shared_data.glob("northwind_*.parquet"))))
    lines = found["northwind_order_details"].mapping
    assert lines.joined_by == "order_id"
    assert [step.values for step in lines.lookups["category"].steps] == [("CategoryID",), ("CategoryName",)]
    orders = found["northwind_orders"].mapping
    assert orders.content == "order_headers"
    assert orders.lookups["seller"].steps[0].values == ("FirstName", "LastName")
    assert "seller" not in orders.columns
    assert found["northwind_customers"].mapping.content == "accounts"
    products = found["northwind_products"].mapping
    assert products.lookups["category"].steps[0].values == ("CategoryName",)
    left_out = {"suppliers", "shippers", "regions", "territories", "employeeterritories"}
    assert all(found[f"northwind_{name}"].mapping.content == "" for name in left_out)


@pytest.mark.parametrize(
    "name", ["hillstrom_email_experiment.parquet", "donations.csv", "cdnow_customers_summary_with_transactions.csv"]
)
def test_data_without_orders_is_refused(name: str, engine: Engine, read: Reader, shared_data: Path) -> None:
    (proposal,) = propose_all(engine, read(shared_data / name))
    assert proposal.mapping.content == ""
    assert proposal.missing
