"""The exports of programs that keep a firm's books: Odoo, ERPNext, QuickBooks, Xero."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from regulars.facts.imports.exports.declaration import KnownExport

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
