"""The exports of known programs and data sets: one declaration each, recognised by headings that only they have.

Headings are compared without case, blanks and punctuation. Where versions of a program differ, the headings are given
as alternatives: "Date | Transaction date". A new program is one more declaration here and a sample in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regulars.facts.imports.exports import books, data_sets, shops
from regulars.facts.imports.exports.declaration import KnownExport

EXPORTS: Final[tuple[KnownExport, ...]] = (
    shops.SHOPIFY_ORDERS,
    shops.SHOPIFY_CUSTOMERS,
    shops.SHOPIFY_API,
    shops.WOOCOMMERCE,
    shops.WOOCOMMERCE_AFTER_REFUND,
    shops.WOOCOMMERCE_ITEMS,
    shops.WOOCOMMERCE_API,
    books.ODOO_ORDERS,
    books.ODOO_INVOICES,
    books.ERPNEXT,
    books.QUICKBOOKS_BY_CUSTOMER,
    books.QUICKBOOKS_BY_PRODUCT,
    books.QUICKBOOKS_INVOICES,
    books.XERO,
    shops.AMAZON,
    shops.STRIPE,
    data_sets.UCI_ONLINE_RETAIL,
    data_sets.CDNOW,
    *data_sets.ADVENTUREWORKS,
    *data_sets.NORTHWIND,
)


def recognise(headings: Sequence[str]) -> KnownExport | None:
    """The known export that these headings are of; the one with the longest signature where several fit."""
    fitting = [export for export in EXPORTS if export.fits(headings)]
    return max(fitting, key=lambda export: len(export.signature), default=None)
