"""The exports of known programs and data sets: one declaration each, recognised by headings that only they have.

Headings are compared without case, blanks and punctuation. Where versions of a program differ, the headings are given
as alternatives: "Date | Transaction date". A new program is one more declaration here and a sample in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext_noop as _

from regulars.facts.imports.mapping import LOOKUP, Mapping


@dataclass(frozen=True, kw_only=True)
class KnownExport:
    """What one program's export looks like and means. Its fields are those of `Mapping`, with alternatives."""

    name: str
    title: str
    """As the user knows it: "Shopify: orders"."""
    source: str
    content: str
    signature: tuple[str, ...]
    """Headings that all must be there."""
    absent: tuple[str, ...] = ()
    """Headings that must not be there."""
    columns: dict[str, str] = field(default_factory=dict)
    together: dict[str, tuple[str, ...]] = field(default_factory=dict)
    instead: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    fill_down: str = ""
    group_rows: str = ""
    joined_by: str = ""
    month_first: bool = False
    """Dates whose order no value tells are taken for 12/31."""
    note: str = ""

    def fits(self, headings: Sequence[str]) -> bool:
        own = {plain(heading) for heading in headings}
        return all(any(plain(name) in own for name in names.split(" | ")) for names in self.signature) and not any(
            plain(name) in own for name in self.absent
        )

    def mapping(self, headings: Sequence[str]) -> Mapping:
        """The mapping of a file with these headings; fields whose column the file does not have are left out."""
        own = {plain(heading): heading for heading in reversed(headings)}

        def found(names: str) -> str:
            return next((own[plain(name)] for name in names.split(" | ") if plain(name) in own), "")

        made = {
            name: parts
            for name, alternatives in self.together.items()
            if (parts := tuple(part for part in map(found, alternatives) if part))
        }
        instead = {
            name: others
            for name, alternatives in self.instead.items()
            if (others := tuple(one for names in alternatives if (one := names if names in made else found(names))))
        }
        columns = {name: names if names in made else found(names) for name, names in self.columns.items()}
        for name, others in list(instead.items()):
            if not columns.get(name):
                columns[name], *rest = others
                instead[name] = tuple(rest)
        columns = {name: heading for name, heading in columns.items() if heading}
        used = {*columns.values(), *(one for others in instead.values() for one in others)}
        return Mapping(
            content=self.content,
            source=self.source,
            export=self.name,
            columns=columns,
            constants=dict(self.constants),
            together={name: parts for name, parts in made.items() if name in used},
            instead={name: others for name, others in instead.items() if others},
            fill_down=self.fill_down,
            group_rows=self.group_rows if self.group_rows in columns else "",
            joined_by=self.joined_by,
        )


def plain(heading: str) -> str:
    """A heading without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", heading.casefold())


def recognise(headings: Sequence[str]) -> KnownExport | None:
    """The known export that these headings are of; the one with the longest signature where several fit."""
    fitting = [export for export in EXPORTS if export.fits(headings)]
    return max(fitting, key=lambda export: len(export.signature), default=None)


BILLING_PERSON = ("First Name (Billing)", "Last Name (Billing)")

SHOPIFY_ORDERS = KnownExport(
    name="shopify",
    title=_("Shopify: orders"),
    source="shopify",
    content="order_lines",
    signature=("Name", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price"),
    columns={
        "order_id": "Name",
        "business_date": "Created at",
        "status": "Financial Status",
        "cancelled_at": "Cancelled at",
        "currency": "Currency",
        "seller": "Employee",
        "department": "Location",
        "channel": "Source",
        "account_name": "Billing Company",
        "account_email": "Email",
        "account_phone": "Billing Phone",
        "account_street": "Billing Street",
        "account_city": "Billing City",
        "account_postcode": "Billing Zip",
        "account_region": "Billing Province Name | Billing Province",
        "account_country": "Billing Country",
        "contact_name": "Billing Name",
        "product": "Lineitem sku",
        "product_name": "Lineitem name",
        "category": "Vendor",
        "quantity": "Lineitem quantity",
        "unit_price": "Lineitem price",
        "discount_amount": "Lineitem discount",
        "order_shipping": "Shipping",
        "order_discount": "Discount Amount",
        "order_refund": "Refunded Amount",
    },
    instead={
        "account_name": ("Billing Name", "Shipping Company", "Shipping Name"),
        "account_phone": ("Phone", "Shipping Phone"),
        "account_street": ("Billing Address1", "Shipping Street"),
        "account_city": ("Shipping City",),
        "account_postcode": ("Shipping Zip",),
        "account_country": ("Shipping Country",),
        "contact_name": ("Shipping Name",),
        "product": ("Lineitem name",),
    },
    fill_down="order",
    note=_("Shopify's prices are as in your shop: where they include tax, so do the amounts."),
)

SHOPIFY_CUSTOMERS = KnownExport(
    name="shopify_customers",
    title=_("Shopify: customers"),
    source="shopify",
    content="accounts",
    signature=("First Name", "Last Name", "Email", "Total Spent", "Total Orders"),
    columns={
        "account_id": "Customer ID",
        "account_name": "Default Address Company | Company",
        "account_email": "Email",
        "account_phone": "Phone",
        "account_street": "Default Address Address1 | Address1",
        "account_city": "Default Address City | City",
        "account_postcode": "Default Address Zip | Zip",
        "account_region": "Default Address Province Code | Province",
        "account_country": "Default Address Country Code | Country",
        "contact_name": "First Name + Last Name",
        "tags": "Tags",
    },
    together={"First Name + Last Name": ("First Name", "Last Name")},
    instead={"account_name": ("First Name + Last Name", "Email"), "account_phone": ("Default Address Phone",)},
)

SHOPIFY_API = KnownExport(
    name="shopify_api",
    title=_("Shopify: orders from its API (JSON)"),
    source="shopify",
    content="order_lines",
    signature=("order_number", "created_at", "line_items.quantity", "line_items.price", "financial_status"),
    columns={
        "order_id": "name | order_number",
        "line_no": "line_items.id",
        "business_date": "created_at",
        "status": "financial_status",
        "cancelled_at": "cancelled_at",
        "currency": "currency",
        "channel": "source_name",
        "account_id": "customer.id",
        "account_name": "billing_address.company",
        "account_email": "email | customer.email | contact_email",
        "account_phone": "phone | customer.phone",
        "account_city": "billing_address.city",
        "account_postcode": "billing_address.zip",
        "account_region": "billing_address.province",
        "account_country": "billing_address.country",
        "product": "line_items.sku",
        "product_name": "line_items.name | line_items.title",
        "category": "line_items.vendor",
        "quantity": "line_items.quantity",
        "unit_price": "line_items.price",
        "discount_amount": "line_items.total_discount",
    },
    together={"customer.first_name + customer.last_name": ("customer.first_name", "customer.last_name")},
    instead={
        "account_name": ("customer.first_name + customer.last_name", "billing_address.name"),
        "product": ("line_items.name | line_items.title",),
    },
)

_WOOCOMMERCE_CUSTOMER = {
    "account_id": "Customer User ID | Customer Id | Customer User",
    "account_name": "Company (Billing)",
    "account_email": "Email (Billing)",
    "account_phone": "Phone (Billing)",
    "account_street": "Address 1&2 (Billing) | Address 1 (Billing)",
    "account_city": "City (Billing)",
    "account_postcode": "Postcode (Billing)",
    "account_region": "State Name (Billing) | State Code (Billing)",
    "account_country": "Country Name (Billing) | Country Code (Billing)",
    "contact_name": "Billing person",
}

WOOCOMMERCE = KnownExport(
    name="woocommerce",
    title=_("WooCommerce: orders (Advanced Order Export)"),
    source="woocommerce",
    content="order_lines",
    signature=("Order Number", "Order Status", "Order Date", "Item Cost", "Quantity"),
    columns={
        "order_id": "Order Number",
        "business_date": "Order Date",
        "status": "Order Status",
        "currency": "Order Currency | Currency",
        **_WOOCOMMERCE_CUSTOMER,
        "product": "SKU",
        "product_name": "Item Name | Name | Product Name (main)",
        "category": "Category",
        "quantity": "Quantity",
        "unit_price": "Item Cost",
        "net_amount": "Order Line (w/o tax) | Order Line Total",
        "order_shipping": "Order Shipping Amount",
        "order_refund": "Order Refund Amount",
    },
    together={"Billing person": BILLING_PERSON},
    instead={"account_name": ("Billing person",), "product": ("Item Name | Name",)},
    fill_down="order",
)

WOOCOMMERCE_AFTER_REFUND = KnownExport(
    name="woocommerce_after_refund",
    title=_("WooCommerce: orders (Advanced Order Export, quantities after refund)"),
    source="woocommerce",
    content="order_lines",
    signature=("Order Number", "Order Status", "Order Date", "Item Cost", "Quantity (- Refund)"),
    absent=("Quantity",),
    columns={
        **{
            name: heading for name, heading in WOOCOMMERCE.columns.items() if name not in {"net_amount", "order_refund"}
        },
        "quantity": "Quantity (- Refund)",
        "net_amount": "Order Line Total (- Refund)",
    },
    together=WOOCOMMERCE.together,
    instead=WOOCOMMERCE.instead,
    fill_down="order",
    note=_("The quantities are those after refunds, so refunds are not counted again."),
)

WOOCOMMERCE_ITEMS = KnownExport(
    name="woocommerce_items",
    title=_("WooCommerce: orders (Customer/Order/Coupon Export, one row an item)"),
    source="woocommerce",
    content="order_lines",
    signature=("order_number | order_id", "order_date | date", "item_name", "item_quantity", "item_total"),
    columns={
        "order_id": "order_number | order_id",
        "line_no": "item_id",
        "business_date": "order_date | date",
        "status": "status | order_status",
        "currency": "order_currency | currency",
        "account_id": "customer_id",
        "account_name": "billing_company",
        "account_email": "billing_email",
        "account_phone": "billing_phone",
        "account_street": "billing_address_1",
        "account_city": "billing_city",
        "account_postcode": "billing_postcode",
        "account_region": "billing_state",
        "account_country": "billing_country",
        "contact_name": "Billing person",
        "product": "item_sku",
        "product_name": "item_name",
        "quantity": "item_quantity",
        "net_amount": "item_total",
        "tax_amount": "item_total_tax | item_tax",
        "order_shipping": "shipping_total",
        "order_refund": "refunded_total",
    },
    together={"Billing person": ("billing_first_name", "billing_last_name")},
    instead={"account_name": ("Billing person",), "product": ("item_name",)},
    fill_down="order",
)

WOOCOMMERCE_API = KnownExport(
    name="woocommerce_api",
    title=_("WooCommerce: orders from its API (JSON)"),
    source="woocommerce",
    content="order_lines",
    signature=("number | id", "date_created", "line_items.quantity", "line_items.total", "billing.email"),
    columns={
        "order_id": "number | id",
        "line_no": "line_items.id",
        "business_date": "date_created",
        "status": "status",
        "currency": "currency",
        "account_id": "customer_id",
        "account_name": "billing.company",
        "account_email": "billing.email",
        "account_phone": "billing.phone",
        "account_street": "billing.address_1",
        "account_city": "billing.city",
        "account_postcode": "billing.postcode",
        "account_region": "billing.state",
        "account_country": "billing.country",
        "contact_name": "Billing person",
        "product": "line_items.sku",
        "product_name": "line_items.name",
        "quantity": "line_items.quantity",
        "net_amount": "line_items.total",
        "tax_amount": "line_items.total_tax",
        "order_shipping": "shipping_total",
    },
    together={"Billing person": ("billing.first_name", "billing.last_name")},
    instead={"account_name": ("Billing person",), "product": ("line_items.name",)},
)

ODOO_ORDERS = KnownExport(
    name="odoo_orders",
    title=_("Odoo: sales orders with their lines"),
    source="odoo",
    content="order_lines",
    signature=(
        "Order Reference | name | Number",
        (
            "Order Lines/Product | Order Lines/Product/Internal Reference | Order Lines/Description "
            "| order_line/product_id | order_line/product_id/id | order_line/name"
        ),
        "Order Lines/Quantity | Order Lines/Ordered Quantity | order_line/product_uom_qty",
    ),
    absent=("Vendor", "Vendor Reference"),
    columns={
        "order_id": "Order Reference | name | Number",
        "business_date": "Order Date | date_order | Creation Date | create_date",
        "status": "Status | state",
        "currency": "Currency | currency_id",
        "seller": "Salesperson | user_id",
        "department": "Sales Team | team_id | Warehouse | warehouse_id",
        "account_id": "Customer/ID | Customer/Reference | partner_id/id | partner_id/.id",
        "account_name": "Customer | partner_id | Customer/Display Name | Customer/Name | partner_id/name",
        "account_email": "Customer/Email | partner_id/email",
        "account_city": "Customer/City | partner_id/city",
        "account_country": "Customer/Country | partner_id/country_id",
        "product": "Order Lines/Product/Internal Reference | order_line/product_id/default_code | Order Lines/Product "
        "| order_line/product_id | order_line/product_id/id",
        "product_name": "Order Lines/Product | Order Lines/Description | order_line/name | order_line/product_id",
        "category": "Order Lines/Product/Product Category | Order Lines/Product Category "
        "| order_line/product_id/categ_id",
        "quantity": "Order Lines/Quantity | Order Lines/Ordered Quantity | order_line/product_uom_qty",
        "unit_price": "Order Lines/Unit Price | order_line/price_unit",
        "discount_percent": "Order Lines/Discount (%) | Order Lines/Disc.% | order_line/discount",
        "net_amount": "Order Lines/Subtotal | Order Lines/Tax excl. | order_line/price_subtotal",
        "unit_cost": "Order Lines/Cost | order_line/purchase_price",
    },
    fill_down="previous",
)

ODOO_INVOICES = KnownExport(
    name="odoo_invoices",
    title=_("Odoo: invoices with their lines"),
    source="odoo",
    content="order_lines",
    signature=(
        "Number | name",
        (
            "Invoice lines/Product | Invoice lines/Product/Internal Reference | Invoice lines/Label "
            "| invoice_line_ids/product_id | invoice_line_ids/name"
        ),
        "Invoice lines/Quantity | invoice_line_ids/quantity",
    ),
    columns={
        "order_id": "Number | name",
        "business_date": "Invoice/Bill Date | Invoice Date | invoice_date | Date | date",
        "status": "Status | state",
        "document": "Type | move_type",
        "currency": "Currency | currency_id",
        "seller": "Salesperson | invoice_user_id",
        "department": "Sales Team | team_id",
        "account_id": "Partner/ID | Partner/Reference | partner_id/id",
        "account_name": "Invoice Partner Display Name | Partner | Customer | invoice_partner_display_name | partner_id",
        "account_email": "Partner/Email | partner_id/email",
        "product": "Invoice lines/Product/Internal Reference | invoice_line_ids/product_id/default_code "
        "| Invoice lines/Product | invoice_line_ids/product_id",
        "product_name": "Invoice lines/Product | Invoice lines/Label | invoice_line_ids/name",
        "category": "Invoice lines/Product/Product Category | invoice_line_ids/product_id/categ_id",
        "quantity": "Invoice lines/Quantity | invoice_line_ids/quantity",
        "unit_price": "Invoice lines/Unit Price | invoice_line_ids/price_unit",
        "discount_percent": "Invoice lines/Discount (%) | invoice_line_ids/discount",
        "net_amount": "Invoice lines/Subtotal | invoice_line_ids/price_subtotal",
    },
    fill_down="previous",
)

ERPNEXT = KnownExport(
    name="erpnext",
    title=_("ERPNext: sales invoices or sales orders with their items"),
    source="erpnext",
    content="order_lines",
    signature=(
        "ID",
        "Customer | Customer Name",
        "Item Code (Items) | Item (Items) | Item Name (Items)",
        "Quantity (Items) | Qty (Items)",
    ),
    columns={
        "order_id": "ID",
        "line_no": "ID (Items)",
        "business_date": "Posting Date | Date | Transaction Date",
        "status": "Status",
        "currency": "Currency",
        "department": "Territory | Cost Center | Branch",
        "seller": "Sales Person (Sales Team) | Sales Partner",
        "account_id": "Customer",
        "account_name": "Customer Name | Customer",
        "account_email": "Contact Email",
        "contact_name": "Contact | Contact Person",
        "product": "Item Code (Items) | Item (Items)",
        "product_name": "Item Name (Items) | Description (Items)",
        "category": "Item Group (Items)",
        "quantity": "Quantity (Items) | Qty (Items)",
        "unit_price": "Net Rate (Items) | Rate (Items)",
        "net_amount": "Net Amount (Items) | Amount (Items)",
    },
    fill_down="previous",
)

_QUICKBOOKS_LINES = {
    "order_id": "Num | No.",
    "business_date": "Date | Transaction date",
    "document": "Transaction Type | Type",
    "product_name": "Memo/Description | Description | Memo",
    "quantity": "Quantity | Qty",
    "unit_price": "Sales Price",
    "net_amount": "Amount",
}

QUICKBOOKS_BY_CUSTOMER = KnownExport(
    name="quickbooks_by_customer",
    title=_("QuickBooks: Sales by Customer Detail"),
    source="quickbooks",
    content="order_lines",
    signature=(
        "column 1",
        "Date | Transaction date",
        "Transaction Type | Type",
        "Num | No.",
        "Product/Service | Product/Service full name | Item",
        "Amount",
        "Balance",
    ),
    columns={
        **_QUICKBOOKS_LINES,
        "account_name": "column 1",
        "product": "Product/Service | Product/Service full name | Item",
    },
    instead={
        "account_name": ("Name", "Customer"),
        "product_name": ("Product/Service | Product/Service full name | Item",),
    },
    group_rows="account_name",
    month_first=True,
)

QUICKBOOKS_BY_PRODUCT = KnownExport(
    name="quickbooks_by_product",
    title=_("QuickBooks: Sales by Product/Service Detail"),
    source="quickbooks",
    content="order_lines",
    signature=(
        "column 1",
        "Date | Transaction date",
        "Transaction Type | Type",
        "Num | No.",
        "Customer | Name",
        "Amount",
    ),
    absent=("Product/Service", "Product/Service full name", "Item"),
    columns={**_QUICKBOOKS_LINES, "account_name": "Customer | Name", "product": "column 1"},
    group_rows="product",
    month_first=True,
)

QUICKBOOKS_INVOICES = KnownExport(
    name="quickbooks_invoices",
    title=_("QuickBooks: invoices"),
    source="quickbooks",
    content="order_lines",
    signature=("InvoiceNo", "Customer", "InvoiceDate", "ItemAmount"),
    columns={
        "order_id": "InvoiceNo",
        "business_date": "InvoiceDate",
        "currency": "Currency",
        "department": "Location",
        "account_name": "Customer",
        "account_email": "Email",
        "product": "Item(Product/Service)",
        "product_name": "ItemDescription",
        "quantity": "ItemQuantity",
        "unit_price": "ItemRate",
        "net_amount": "ItemAmount",
        "tax_amount": "ItemTaxAmount",
    },
    instead={"product_name": ("Item(Product/Service)",)},
    fill_down="order",
    month_first=True,
)

XERO = KnownExport(
    name="xero",
    title=_("Xero: sales invoices"),
    source="xero",
    content="order_lines",
    signature=("ContactName", "InvoiceNumber", "InvoiceDate", "InventoryItemCode", "UnitAmount"),
    columns={
        "order_id": "InvoiceNumber",
        "business_date": "InvoiceDate",
        "status": "Status",
        "document": "Type",
        "currency": "Currency",
        "department": "TrackingOption1",
        "account_name": "ContactName",
        "account_email": "EmailAddress",
        "account_street": "POAddressLine1",
        "account_city": "POCity",
        "account_postcode": "POPostalCode",
        "account_region": "PORegion",
        "account_country": "POCountry",
        "product": "InventoryItemCode",
        "product_name": "Description",
        "quantity": "Quantity",
        "unit_price": "UnitAmount",
        "discount_percent": "Discount",
        "net_amount": "LineAmount",
        "tax_amount": "TaxAmount",
    },
    instead={"product": ("Description",)},
)

AMAZON = KnownExport(
    name="amazon",
    title=_("Amazon: order report"),
    source="amazon",
    content="order_lines",
    signature=("amazon-order-id | order-id", "purchase-date", "sku", "item-price"),
    columns={
        "order_id": "amazon-order-id | order-id",
        "line_no": "order-item-id",
        "business_date": "purchase-date",
        "status": "order-status",
        "currency": "currency",
        "channel": "sales-channel",
        "account_name": "buyer-name",
        "account_email": "buyer-email",
        "account_phone": "buyer-phone-number",
        "account_city": "ship-city",
        "account_postcode": "ship-postal-code",
        "account_region": "ship-state",
        "account_country": "ship-country",
        "product": "sku",
        "product_name": "product-name",
        "quantity": "quantity | quantity-purchased",
        "net_amount": "item-price",
        "tax_amount": "item-tax",
    },
    instead={"account_name": ("recipient-name",)},
)

STRIPE = KnownExport(
    name="stripe",
    title=_("Stripe: payments"),
    source="stripe",
    content="order_lines",
    signature=("id", "Created (UTC) | Created date (UTC)", "Amount", "Amount Refunded", "Currency"),
    columns={
        "order_id": "id",
        "business_date": "Created (UTC) | Created date (UTC)",
        "status": "Status",
        "currency": "Currency",
        "account_id": "Customer ID",
        "account_name": "Customer Description | Card Name",
        "account_email": "Customer Email",
        "product_name": "Description",
        "net_amount": "Amount",
        "order_refund": "Amount Refunded",
    },
    instead={"account_name": ("Customer Email",)},
)

UCI_ONLINE_RETAIL = KnownExport(
    name="uci_online_retail",
    title=_("UCI Online Retail II"),
    source="uci_online_retail",
    content="order_lines",
    signature=(
        "Invoice | InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "Price | UnitPrice",
        "Customer ID",
        "Country",
    ),
    columns={
        "order_id": "Invoice | InvoiceNo",
        "business_date": "InvoiceDate",
        "account_id": "Customer ID",
        "account_country": "Country",
        "product": "StockCode",
        "product_name": "Description",
        "quantity": "Quantity",
        "unit_price": "Price | UnitPrice",
    },
)

CDNOW = KnownExport(
    name="cdnow",
    title=_("CDNOW purchases"),
    source="cdnow",
    content="order_lines",
    signature=("customer_id", "date", "units", "amount"),
    columns={
        "order_id": "customer_id + date",
        "business_date": "date",
        "account_id": "customer_id",
        "quantity": "units",
        "net_amount": "amount",
    },
    together={"customer_id + date": ("customer_id", "date")},
    note=_("The file has no order numbers: what a customer bought on one day is one order."),
)

ADVENTUREWORKS = (
    KnownExport(
        name="adventureworks_sales",
        title=_("AdventureWorks: reseller sales"),
        source="adventureworks",
        content="order_lines",
        signature=("salesordernumber", "orderdate", "productkey", "resellerkey", "unit_price", "sales"),
        columns={
            "order_id": "salesordernumber",
            "business_date": "orderdate",
            "account_id": "resellerkey",
            "product": "productkey",
            "quantity": "quantity",
            "unit_price": "unit_price",
            "net_amount": "sales",
            "cost_amount": "cost",
            "seller": "employeekey",
            "department": "salesterritorykey",
        },
    ),
    KnownExport(
        name="adventureworks_product",
        title=_("AdventureWorks: products"),
        source="adventureworks",
        content="products",
        signature=("productkey", "product", "standard_cost", "category"),
        absent=("salesordernumber",),
        columns={
            "product": "productkey",
            "product_name": "product",
            "category": "category",
            "unit_cost": "standard_cost",
        },
    ),
    KnownExport(
        name="adventureworks_reseller",
        title=_("AdventureWorks: resellers"),
        source="adventureworks",
        content="accounts",
        signature=("resellerkey", "business_type", "reseller", "city"),
        absent=("salesordernumber",),
        columns={
            "account_id": "resellerkey",
            "account_name": "reseller",
            "trade": "business_type",
            "account_city": "city",
            "account_region": "state_province",
            "account_country": "country_region",
        },
        constants={"kind": "firm"},
    ),
    KnownExport(
        name="adventureworks_region",
        title=_("AdventureWorks: sales territories"),
        source="adventureworks",
        content=LOOKUP,
        signature=("salesterritorykey", "region", "country", "group"),
        columns={"code": "salesterritorykey", "name": "region"},
    ),
    KnownExport(
        name="adventureworks_salesperson",
        title=_("AdventureWorks: salespeople"),
        source="adventureworks",
        content=LOOKUP,
        signature=("employeekey", "employeeid", "title", "upn", "salesperson"),
        columns={"code": "employeekey", "name": "salesperson"},
    ),
    KnownExport(
        name="adventureworks_salespersonregion",
        title=_("AdventureWorks: territories of salespeople"),
        source="adventureworks",
        content="",
        signature=("employeekey", "salesterritorykey"),
        absent=("salesordernumber",),
    ),
    KnownExport(
        name="adventureworks_targets",
        title=_("AdventureWorks: targets"),
        source="adventureworks",
        content="",
        signature=("employeeid", "targetamount", "targetmonth"),
    ),
)

NORTHWIND = (
    KnownExport(
        name="northwind_order_details",
        title=_("Northwind: order details"),
        source="northwind",
        content="order_lines",
        signature=("OrderID", "ProductID", "UnitPrice", "Quantity", "Discount"),
        absent=("OrderDate",),
        columns={
            "order_id": "OrderID",
            "product": "ProductID",
            "unit_price": "UnitPrice",
            "quantity": "Quantity",
            "discount_percent": "Discount",
        },
        joined_by="order_id",
    ),
    KnownExport(
        name="northwind_orders",
        title=_("Northwind: orders"),
        source="northwind",
        content="order_headers",
        signature=("OrderID", "CustomerID", "EmployeeID", "OrderDate", "ShipVia", "Freight"),
        absent=("ProductID", "Quantity"),
        columns={
            "order_id": "OrderID",
            "account_id": "CustomerID",
            "account_name": "ShipName",
            "business_date": "OrderDate",
            "seller": "EmployeeID",
            "order_shipping": "Freight",
        },
    ),
    KnownExport(
        name="northwind_customers",
        title=_("Northwind: customers"),
        source="northwind",
        content="accounts",
        signature=("CustomerID", "CompanyName", "ContactName", "ContactTitle"),
        columns={
            "account_id": "CustomerID",
            "account_name": "CompanyName",
            "account_phone": "Phone",
            "account_street": "Address",
            "account_city": "City",
            "account_postcode": "PostalCode",
            "account_region": "Region",
            "account_country": "Country",
            "contact_name": "ContactName",
            "contact_role": "ContactTitle",
        },
        constants={"kind": "firm"},
    ),
    KnownExport(
        name="northwind_products",
        title=_("Northwind: products"),
        source="northwind",
        content="products",
        signature=("ProductID", "ProductName", "SupplierID", "CategoryID", "QuantityPerUnit"),
        columns={"product": "ProductID", "product_name": "ProductName", "category": "CategoryID"},
    ),
    KnownExport(
        name="northwind_categories",
        title=_("Northwind: categories"),
        source="northwind",
        content=LOOKUP,
        signature=("CategoryID", "CategoryName"),
        columns={"code": "CategoryID", "name": "CategoryName"},
    ),
    KnownExport(
        name="northwind_employees",
        title=_("Northwind: employees"),
        source="northwind",
        content=LOOKUP,
        signature=("EmployeeID", "LastName", "FirstName", "HireDate"),
        columns={"code": "EmployeeID", "name": "FirstName + LastName"},
        together={"FirstName + LastName": ("FirstName", "LastName")},
    ),
    *(
        KnownExport(name=f"northwind_{name}", title=title, source="northwind", content="", signature=signature)
        for name, title, signature in (
            ("suppliers", _("Northwind: suppliers"), ("SupplierID", "CompanyName", "ContactName")),
            ("shippers", _("Northwind: shippers"), ("ShipperID", "CompanyName", "Phone")),
            ("regions", _("Northwind: regions"), ("RegionID", "RegionDescription")),
            ("territories", _("Northwind: territories"), ("TerritoryID", "TerritoryDescription")),
            ("employeeterritories", _("Northwind: territories of employees"), ("EmployeeID", "TerritoryID")),
        )
    ),
)

EXPORTS: Final[tuple[KnownExport, ...]] = (
    SHOPIFY_ORDERS,
    SHOPIFY_CUSTOMERS,
    SHOPIFY_API,
    WOOCOMMERCE,
    WOOCOMMERCE_AFTER_REFUND,
    WOOCOMMERCE_ITEMS,
    WOOCOMMERCE_API,
    ODOO_ORDERS,
    ODOO_INVOICES,
    ERPNEXT,
    QUICKBOOKS_BY_CUSTOMER,
    QUICKBOOKS_BY_PRODUCT,
    QUICKBOOKS_INVOICES,
    XERO,
    AMAZON,
    STRIPE,
    UCI_ONLINE_RETAIL,
    CDNOW,
    *ADVENTUREWORKS,
    *NORTHWIND,
)
