"""The orders of one account, read from the order history: by order, by day, and what it buys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Q

from regulars.base.warehouse import identifier, shared_engine
from regulars.core.calendar import months_before
from regulars.facts.accounts import ORDER_LINE_COLUMNS, OrderLine, account_family
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Product

LINES_OF_AN_ORDER = 12
"""How many lines of each order are read with it; one order alone is read whole."""
MOST_NAMED = 500
"""Products whose names fit a search."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was ordered or came back under one number on one day. Money counts minor units of `currency`."""

    source: str
    order_id: str
    business_date: date
    currency: str
    net_minor: int
    returned_minor: int
    """The part of `net_minor` that came back: zero or negative."""
    line_count: int
    lines: list[OrderLine]
    """The first of them."""


@dataclass(frozen=True, kw_only=True)
class OrderDay:
    """A day with an order or a return. Money counts minor units of the base currency."""

    business_date: date
    orders: int
    lines: int
    is_order: bool
    """Was there a sale of more than nothing? So `core/account_figures.py` tells order days."""
    net_base_minor: int
    returned_base_minor: int


@dataclass(frozen=True, kw_only=True)
class Bought:
    """One product in the two years up to a date. Money counts minor units of the base currency."""

    source: str
    product: str
    category: str | None
    net_12m_minor: int
    net_previous_12m_minor: int
    order_days_12m: int
    last_bought: date


def orders_of_account(
    account: Account, *, limit: int, offset: int = 0, product: str = "", order_id: str = ""
) -> list[Order]:
    """The account's orders, newest first, with the first lines of each; those of merged accounts are counted in.

    With `product` only the lines whose product code or name holds the text; with `order_id` only that number, whole.
    """
    condition, parameters = _is_of(account), list[object]()
    if product:
        codes = _codes_named_like(product)
        condition += " AND (contains(lower(product), ?) OR list_contains(?::VARCHAR[], product))"
        parameters += [product.lower(), codes]
    if order_id:
        condition += " AND order_id = ?"
        parameters.append(order_id)
    columns = ", ".join(identifier(name) for name in ORDER_LINE_COLUMNS)
    most = 1_000_000 if order_id else LINES_OF_AN_ORDER
    query = (
        f"WITH numbered AS (SELECT {columns}, "
        "dense_rank() OVER (ORDER BY business_date DESC, source, order_id DESC, currency) AS place, "
        "row_number() OVER one AS line, count(*) OVER one_whole AS lines, sum(net_minor) OVER one_whole AS net, "
        "sum(CASE WHEN kind = 'return' THEN net_minor ELSE 0 END) OVER one_whole AS returned "
        f"FROM {HISTORY.relation()} WHERE {condition} "
        "WINDOW one AS (PARTITION BY business_date, source, order_id, currency ORDER BY line_no), "
        "one_whole AS (PARTITION BY business_date, source, order_id, currency)) "
        f"SELECT place, lines, net::BIGINT, returned::BIGINT, {columns} FROM numbered "
        "WHERE place > ? AND place <= ? AND line <= ? ORDER BY place, line"
    )
    with shared_engine() as engine:
        rows = engine.rows(query, [*parameters, offset, offset + limit, most])
    return [_order(list(lines)) for _place, lines in groupby(rows, key=lambda row: row[0])]


def order_days_of_account(account: Account, *, limit: int | None = None) -> list[OrderDay]:
    """The account's days with an order or a return, or the newest; newest first, merged accounts counted in."""
    with shared_engine() as engine:
        rows = engine.rows(
            "SELECT business_date, count(DISTINCT (source, order_id)), count(*), "
            "bool_or(kind = 'sale' AND net_base_minor > 0), sum(net_base_minor)::BIGINT, "
            "sum(CASE WHEN kind = 'return' THEN net_base_minor ELSE 0 END)::BIGINT "
            f"FROM {HISTORY.relation()} WHERE {_is_of(account)} AND kind IN ('sale', 'return') "
            "GROUP BY business_date ORDER BY business_date DESC LIMIT ?",
            [limit],
        )
    names = list(OrderDay.__dataclass_fields__)
    return [OrderDay(**dict(zip(names, row, strict=True))) for row in rows]


def products_of_account(account: Account, *, as_of: date) -> list[Bought]:
    """What the account bought in the 24 months up to and with `as_of`, the most sales of the last 12 months first."""
    year_ago, two_years_ago = months_before(as_of, 12), months_before(as_of, 24)
    with shared_engine() as engine:
        rows = engine.rows(
            "SELECT source, product, max(category), "
            "sum(CASE WHEN business_date > $1 THEN net_base_minor ELSE 0 END)::BIGINT AS now, "
            "sum(CASE WHEN business_date <= $1 THEN net_base_minor ELSE 0 END)::BIGINT AS before, "
            "count(DISTINCT CASE WHEN business_date > $1 AND kind = 'sale' THEN business_date END), "
            "max(CASE WHEN kind = 'sale' THEN business_date END) AS last "
            f"FROM {HISTORY.relation()} WHERE {_is_of(account)} AND business_date > $2 AND business_date <= $3 "
            "AND kind IN ('sale', 'return') AND product IS NOT NULL "
            "GROUP BY source, product HAVING last IS NOT NULL ORDER BY now DESC, before DESC, product",
            [year_ago, two_years_ago, as_of],
        )
    names = list(Bought.__dataclass_fields__)
    return [Bought(**dict(zip(names, row, strict=True))) for row in rows]


def product_names(codes: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The names of products by (source, code), of those that have one."""
    found = Product.objects.filter(external_id__in={code for _source, code in codes}).exclude(name="")
    names = {(source, code or ""): name for source, code, name in found.values_list("source", "external_id", "name")}
    return {key: names[key] for key in codes if key in names}


def _is_of(account: Account) -> str:
    return f"account_id IN ({', '.join(str(one) for one in account_family(account))})"


def _codes_named_like(text: str) -> list[str]:
    named = Product.objects.filter(Q(name__icontains=text), external_id__isnull=False)
    return [code for code in named.values_list("external_id", flat=True)[:MOST_NAMED] if code]


def _order(rows: list[tuple[Any, ...]]) -> Order:
    lines = [OrderLine(**dict(zip(ORDER_LINE_COLUMNS, row[4:], strict=True))) for row in rows]
    first = lines[0]
    _place, count, net, returned = rows[0][:4]
    return Order(
        source=first.source,
        order_id=first.order_id,
        business_date=first.business_date,
        currency=first.currency,
        net_minor=net,
        returned_minor=returned,
        line_count=count,
        lines=lines,
    )
