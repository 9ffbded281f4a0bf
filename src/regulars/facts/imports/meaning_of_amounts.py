"""What the amounts of order lines mean, told by their values: with tax or without, of the line or of the whole order,
per cent or money, of one piece or of all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from regulars.base.warehouse import Engine
from regulars.facts.imports.headings import key
from regulars.facts.imports.profiles import Profile, decimal_sign, median, number, sample_rows, sampled
from regulars.facts.imports.raw_tables import RawTable

Offer = tuple[float, int, str, str]
"""Weight (negative: sorts first), position, field, heading."""

_WHOLE_AMOUNTS: Final = frozenset({"net_amount", "gross_amount", "amount", "tax_amount"})
NEAR: Final = Decimal("0.01")


MAY_BE_CHANCE: Final = 0.001
"""How likely it must be that the lines of every order have the same amount by chance, for numbered lines to decide."""


def without_order_totals(engine: Engine, raw: RawTable, offers: list[Offer]) -> list[Offer]:
    """Leave out amounts that are those of the whole order, repeated on each of its rows."""
    headings = list(dict.fromkeys(heading for _, _, name, heading in offers if name in _WHOLE_AMOUNTS))
    order, line, quantity, price = (
        next((heading for _, _, name, heading in offers if name == wanted), "")
        for wanted in ("order_id", "line_no", "quantity", "unit_price")
    )
    if not order or not headings:
        return offers
    orders = _of_several_rows(sample_rows(engine, raw, [order, *headings]))
    totals = _constant_in_orders(orders, headings)
    if line:
        totals = {heading for heading in totals if not _by_chance(orders, headings.index(heading))}
    if quantity and price:
        totals -= {heading for heading in totals if _is_product(engine, raw, order, (quantity, price, heading))}
    return [offer for offer in offers if offer[3] not in totals]


_Order = list[tuple[str | None, ...]]


def _of_several_rows(rows: Sequence[tuple[str | None, ...]]) -> list[_Order]:
    """The other cells of the rows of each order, which comes first; of orders that have several rows."""
    orders: dict[str | None, _Order] = defaultdict(list)
    for order, *cells in rows:
        if order:
            orders[order].append(tuple(cells))
    return [cells for cells in orders.values() if len(cells) > 1]


def _constant_in_orders(orders: list[_Order], headings: list[str]) -> set[str]:
    """Headings whose value is the same (or empty) in all rows of each order, though orders have several rows."""
    if len(orders) < 2:
        return set()
    found = set()
    for place, heading in enumerate(headings):
        constant = sum(len({cells[place] for cells in order} - {None, ""}) <= 1 for order in orders)
        if constant >= 0.95 * len(orders):
            found.add(heading)
    return found


def _by_chance(orders: list[_Order], place: int) -> bool:
    """Whether lines that know nothing of each other might well have the same values in each order, as these have."""
    values = Counter(cells[place] for order in orders for cells in order if cells[place])
    alike = sum(times**2 for times in values.values()) / max(1, values.total() ** 2)
    repeated = sum(sum(bool(cells[place]) for cells in order) - 1 for order in orders)
    return alike ** max(0, repeated) >= MAY_BE_CHANCE


def _is_product(engine: Engine, raw: RawTable, order: str, headings: tuple[str, str, str]) -> bool:
    """Whether quantity times price gives the amount, in the rows of orders that have several."""
    sign = decimal_sign(engine, sampled(engine, raw), list(headings), otherwise=".").sign
    rows = [cells for rows in _of_several_rows(sample_rows(engine, raw, [order, *headings])) for cells in rows]
    known = [(a, b, c) for a, b, c in ([number(cell, sign) for cell in cells] for cells in rows) if a and b and c]
    agree = sum(abs(a * b - c) <= NEAR * abs(c) + NEAR for a, b, c in known)
    return bool(known) and agree >= 0.95 * len(known)


def settled(engine: Engine, raw: RawTable, columns: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The columns with `amount`, `discount` and `cost` turned into fields, and net told from gross. With notes."""
    if not columns.keys() & {"amount", "discount", "cost", "tax_amount"}:
        return columns, []
    own = set(raw.headings)
    names = [name for name in (*_READ, "net_amount") if columns.get(name) in own]
    headings = [columns[name] for name in names]
    sign = decimal_sign(engine, sampled(engine, raw), headings, otherwise=".").sign
    rows = [
        {name: number(cell, sign) for name, cell in zip(names, cells, strict=True)}
        for cells in sample_rows(engine, raw, headings)
    ]
    result = dict(columns)
    notes = _settle_amount(result, rows)
    _settle_discount(result, rows)
    _settle_cost(result, rows)
    return result, notes


_READ: Final = ("quantity", "unit_price", "amount", "gross_amount", "tax_amount", "discount", "cost")
_Row = dict[str, Decimal | None]


def _settle_amount(columns: dict[str, str], rows: list[_Row]) -> list[str]:
    if "amount" in columns and "net_amount" in columns:
        heading = columns.pop("amount")
        if "tax_amount" in columns:
            columns.setdefault("gross_amount", heading)
        return []
    name = "amount" if "amount" in columns else "net_amount" if "net_amount" in columns else ""
    if not name:
        return []
    heading = columns.pop(name)
    with_tax = _includes_tax(rows, name) if "tax_amount" in columns else False
    if "incl" in key(heading):
        with_tax = True
    columns["gross_amount" if with_tax else "net_amount"] = heading
    if with_tax:
        return [_("“%(heading)s” includes tax, which is taken off.") % {"heading": heading}]
    if "tax_amount" not in columns and name == "amount":
        return [_("“%(heading)s” is taken for the amount without tax.") % {"heading": heading}]
    return []


def _includes_tax(rows: list[_Row], name: str) -> bool:
    """By quantity times price where there is one, else by the rates that the tax would have: 19 % or 15.97 %?"""
    votes: Counter[bool] = Counter()
    for row in rows:
        amount, tax = row.get(name), row.get("tax_amount")
        if not amount or not tax:
            continue
        price, quantity = row.get("unit_price"), row.get("quantity")
        if price and quantity:
            value = price * quantity
            with_tax, without = abs(value + tax - amount), abs(value - amount)
            if min(with_tax, without) <= NEAR * abs(amount) + NEAR:
                votes[with_tax < without] += 1
                continue
        with_tax_fits, without_fits = _is_usual_tax(tax, amount - tax), _is_usual_tax(tax, amount)
        if with_tax_fits != without_fits:
            votes[with_tax_fits] += 1
    return votes[True] > votes[False]


def _is_usual_tax(tax: Decimal, base: Decimal) -> bool:
    """The tax is a usual rate of its base, up to rounding: rates are multiples of a quarter per cent."""
    if not base:
        return False
    rate = round(400 * tax / base) / Decimal(400)
    return abs(rate * base - tax) <= NEAR / 2


def _settle_discount(columns: dict[str, str], rows: list[_Row]) -> None:
    if "discount" not in columns:
        return
    heading = columns.pop("discount")
    values = [row["discount"] for row in rows if row.get("discount")]
    small = bool(values) and all(0 < abs(value) <= 1 and value % 1 for value in values if value is not None)
    name = "discount_percent" if "percent" in key(heading) or small else "discount_amount"
    columns.setdefault(name, heading)


def _settle_cost(columns: dict[str, str], rows: list[_Row]) -> None:
    """The cost of one piece is near its price, that of the line near the amount."""
    if "cost" not in columns:
        return
    heading = columns.pop("cost")
    shares = median(
        cost / (price * quantity)
        for row in rows
        if (cost := row.get("cost"))
        and (price := row.get("unit_price"))
        and (quantity := row.get("quantity"))
        and quantity > 1
    )
    quantities = median(
        quantity for row in rows if row.get("cost") and (quantity := row.get("quantity")) and quantity > 1
    )
    one = (
        shares is not None
        and quantities is not None
        and shares * quantities < Decimal("1.5")
        and shares < Decimal("0.6")
    )
    columns.setdefault("unit_cost" if one else "cost_amount", heading)


def without_bad_line_numbers(
    engine: Engine, raw: RawTable, seen: dict[str, Profile], columns: dict[str, str]
) -> dict[str, str]:
    """Drop line numbers that count the rows of the file, or come twice in an order: they do not name a line."""
    line, order = columns.get("line_no", ""), columns.get("order_id", "")
    if not line:
        return columns
    rows = sample_rows(engine, raw, [heading for heading in (order, line) if heading in raw.headings])
    different = len(set(sample_rows(engine, raw, raw.headings)))  # a row that stands there twice is one line
    counting = seen[line].numbers >= 0.9 and [row[-1] for row in rows[:50]] == [
        str(n) for n in range(1, min(50, len(rows)) + 1)
    ]
    several = len({row[0] for row in rows}) < len(rows)
    if len(set(rows)) < 0.99 * different or (counting and several and len(rows) > 1):
        return {name: heading for name, heading in columns.items() if name != "line_no"}
    return columns


def without_discounts_counted_twice(engine: Engine, raw: RawTable, columns: dict[str, str]) -> dict[str, str]:
    """Drop the discounts of lines where the discount of the order has them in it, as the order's subtotal shows."""
    subtotal = next((heading for heading in raw.headings if key(heading) == "subtotal"), "")
    names = ("order_id", "quantity", "unit_price", "discount_amount", "order_discount")
    if not subtotal or not set(names) <= columns.keys():
        return columns
    orders: dict[str | None, list[tuple[str | None, ...]]] = defaultdict(list)
    for order, *cells in sample_rows(engine, raw, [*(columns[name] for name in names), subtotal]):
        orders[order].append(tuple(cells))
    twice = Counter(_counted_twice(rows) for rows in orders.values())
    if twice[True] <= twice[False]:
        return columns
    return {name: heading for name, heading in columns.items() if name != "discount_amount"}


def _counted_twice(rows: Sequence[tuple[str | None, ...]]) -> bool | None:
    """For one order: does its subtotal leave the discounts of its lines out? None where they are nothing."""
    value = sum((_amount(row[0]) * _amount(row[1]) for row in rows), Decimal(0))
    of_lines = sum((_amount(row[2]) for row in rows), Decimal(0))
    of_order = max(_amount(row[3]) for row in rows)
    subtotal = max(_amount(row[4]) for row in rows)
    if not of_lines:
        return None
    return abs(value - of_order - subtotal) < abs(value - of_order - of_lines - subtotal)


def _amount(cell: str | None) -> Decimal:
    return number(cell, ".") or Decimal(0)
