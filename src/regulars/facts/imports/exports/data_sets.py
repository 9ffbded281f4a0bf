"""Data sets that are published to try programs with: UCI Online Retail II, CDNOW, AdventureWorks, Northwind."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from regulars.facts.imports.exports.declaration import KnownExport
from regulars.facts.imports.mapping import LOOKUP

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
