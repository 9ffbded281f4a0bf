"""What the columns of a file mean: a plain value that is proposed, shown, edited, saved and recognised again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_noop as _

ORDER_LINE_FIELDS: Final = {
    # the order
    "order_id": _("order or invoice number"),
    "line_no": _("number of the line within its order"),
    "business_date": _("date of the order or invoice"),
    "status": _("state of the order (paid, cancelled, draft, …)"),
    "cancelled_at": _("when it was cancelled (any value: the state is `cancelled`)"),
    "document": _("kind of document (invoice, credit note, refund, …)"),
    "currency": _("currency code or sign"),
    "seller": _("who of ours sold it (name or code)"),
    "department": _("department, territory, branch, store"),
    "channel": _("channel (shop, web, phone, …)"),
    # the customer
    "account_id": _("customer number"),
    "account_name": _("customer (firm, or person where there is no firm)"),
    "account_email": _("e-mail"),
    "account_phone": _("phone"),
    "account_street": _("street"),
    "account_city": _("city"),
    "account_postcode": _("postcode"),
    "account_region": _("region or state"),
    "account_country": _("country"),
    "contact_name": _("person at the customer"),
    # the line
    "product": _("product code (SKU)"),
    "product_name": _("product or description"),
    "category": _("product category"),
    "quantity": _("quantity"),
    "unit_price": _("price of one, without tax"),
    "net_amount": _("amount of the line, without tax, after discount"),
    "gross_amount": _("amount of the line with tax"),
    "tax_amount": _("tax of the line"),
    "discount_amount": _("discount of the line as money"),
    "discount_percent": _("discount of the line in per cent (0.1 and 10 are both ten per cent)"),
    "cost_amount": _("cost of the whole line"),
    "unit_cost": _("cost of one"),
    # amounts that stand once an order and become lines of their own
    "order_shipping": _("shipping of the whole order (becomes a fee line)"),
    "order_discount": _("discount of the whole order (becomes a line of kind other with negative amount)"),
    "order_refund": _("amount refunded of the whole order (becomes a return line)"),
}

LINE_FIELDS: Final = frozenset(
    {
        *("line_no", "product", "product_name", "category", "quantity", "unit_price", "net_amount", "gross_amount"),
        *("tax_amount", "discount_amount", "discount_percent", "cost_amount", "unit_cost"),
    }
)
"""Fields of one line; all other fields of order lines belong to the whole order (see `Mapping.fill_down`,
`joined_by`)."""

ACCOUNT_FIELDS: Final = {
    "account_id": _("customer number"),
    "account_name": _("name"),
    "kind": _("firm or person"),
    "parent": _("customer number of the parent"),
    "owner": _("our member who looks after it (name, e-mail or code)"),
    "team": _("team"),
    "department": _("department"),
    "trade": _("kind of business"),
    "size": _("size"),
    "account_email": _("e-mail"),
    "account_phone": _("phone"),
    "account_street": _("street"),
    "account_city": _("city"),
    "account_postcode": _("postcode"),
    "account_region": _("region or state"),
    "account_country": _("country"),
    "language": _("language"),
    "tags": _("tags (comma-separated)"),
    "contact_name": _("person at the customer"),
    "contact_role": _("role of that person"),
}

CONTACT_FIELDS: Final = {
    "contact_id": _("contact number"),
    "account_id": _("customer number"),
    "account_name": _("customer"),
    "contact_name": _("name"),
    "first_name": _("first name"),
    "last_name": _("last name"),
    "contact_role": _("role"),
    "level": _("level (owner, executive, middle, daily user, finance)"),
    "language": _("language"),
    "contact_email": _("e-mail"),
    "contact_phone": _("phone"),
    "contact_mobile": _("mobile"),
}

PRODUCT_FIELDS: Final = {
    "product": _("product code (SKU)"),
    "product_name": _("name"),
    "category": _("category"),
    "unit_cost": _("cost of one"),
    "currency": _("currency"),
}

RATE_FIELDS: Final = {
    "currency": _("currency"),
    "valid_from": _("valid from"),
    "rate": _("units of the base currency for one unit"),
}

ORDER_HEADER_FIELDS: Final = {
    name: text
    for name, text in ORDER_LINE_FIELDS.items()
    if name not in {"line_no", "product", "product_name", "quantity"}
}
"""A file of orders without their lines, joined to a file of lines by `order_id` within one import."""

FIELDS: Final[dict[str, dict[str, str]]] = {
    "order_lines": ORDER_LINE_FIELDS,
    "order_headers": ORDER_HEADER_FIELDS,
    "accounts": ACCOUNT_FIELDS,
    "contacts": CONTACT_FIELDS,
    "products": PRODUCT_FIELDS,
    "rates": RATE_FIELDS,
}


LOOKUP = "lookup"
"""Content of a group of files that is only read for the values which lookups of other groups take from it."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a lookup: the row of another group of files of the same import whose cell `match` is the key."""

    headings: str
    """Fingerprint of the headings of that group."""
    match: str
    """Its heading that is compared with the key, as trimmed text; where several rows fit, the first one counts."""
    values: tuple[str, ...]
    """Its headings that hold the value; several are joined by a blank (first name, last name)."""


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """The value of a field stands in another group of files of the same import: a left join for each step.

    The key of the first step is the cell of this group under `key`; the key of each further step is the value that the
    step before found. A key that is not found gives NULL. Northwind's order lines find their category by the key
    "ProductID" in two steps: products ("ProductID" → "CategoryID"), categories ("CategoryID" → "CategoryName").
    """

    key: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """How one group of files with the same headings is read.

    `columns` says which heading holds a field. A heading may serve several fields. `constants` gives a field the same
    value in every row. A custom field of accounts is named `custom.<key>`. A field gets its value from the first of
    these that is not empty: its column, the headings of `instead`, its lookup, the order header (`joined_by`), its
    constant.
    """

    content: str
    """order_lines, order_headers, accounts, contacts, products, rates; `lookup`: read only for the lookups of other
    groups; empty: not understood, left out."""
    source: str = ""
    """Where the records come from; part of their identity. Empty: the name of the export, else "orders"."""
    export: str = ""
    """The known export it was recognised as ("shopify", "uci_online_retail", …); empty: by headings and values."""
    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    together: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Headings of our own, made of several of the file: their cells that are not empty, joined by a blank. `columns`,
    `instead` and lookups may name them like any other heading: {"First name + Last name": ("First name", "Last
    name")}. A file without order numbers gets one from customer and date this way."""
    instead: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For a field the headings that are used, the first that is not empty, where its own cell is empty: the person's
    name where there is no firm."""
    lookups: dict[str, Lookup] = field(default_factory=dict)
    """For a field the way to its value in other groups of files of the same import."""
    fill_down: str = ""
    """`order`: empty order-level cells take the value of the first row with the same order id (Shopify); `previous`:
    empty cells, the order id included, take the value of the row above (Odoo, ERPNext)."""
    group_rows: str = ""
    """A field (`account_name`) whose value stands alone on a row above its rows (QuickBooks); such rows are not
    lines, nor are the rows of totals (a text that begins with "Total"). `columns` names the heading under which the
    value stands."""
    date_order: dict[str, str] = field(default_factory=dict)
    """For each separator (`.`, `/`, `-`, a blank) `dmy`, `mdy` or `ymd`; see `normalise`."""
    decimal: str = ""
    """`.` or `,`: the decimal sign of all amounts; empty: seen from the values of each column."""
    complete_orders: bool = True
    """An order in the file is whole: a line that the history has and the file has not, is removed. Only where the
    file has no line numbers of its own; lines are then numbered by their sequence."""
    joined_by: str = ""
    """For order lines without customer or date: `order_headers` of the same import are joined by this field
    (`order_id`). They fill each field that the lines' own mapping leaves empty, by their own mapping with its
    lookups."""
    ignored: tuple[str, ...] = ()
    """Headings that the user chose to leave out."""

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value or name in {"content", "complete_orders"}}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Mapping:
        """The mapping that `to_json` gave, also after it went through JSON, which knows no tuples."""
        return cls(
            **{
                **saved,
                "together": {name: tuple(parts) for name, parts in saved.get("together", {}).items()},
                "instead": {name: tuple(others) for name, others in saved.get("instead", {}).items()},
                "lookups": {name: _lookup(way) for name, way in saved.get("lookups", {}).items()},
                "ignored": tuple(saved.get("ignored", ())),
            }
        )


def _lookup(saved: dict[str, Any]) -> Lookup:
    steps = (Step(**{**step, "values": tuple(step["values"])}) for step in saved["steps"])
    return Lookup(key=saved["key"], steps=tuple(steps))


def fingerprint(headings: Sequence[str]) -> str:
    """The same for the same set of headings, whatever their sequence and case: by it a saved mapping is found
    again."""
    folded = "\n".join(sorted(" ".join(heading.casefold().split()) for heading in headings))
    return hashlib.sha256(folded.encode()).hexdigest()
