"""How to get the order history out of programs that many firms use."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

PROGRAMS = (
    ("Shopify", _("Orders, then Export: all orders, as a plain CSV file.")),
    (
        "WooCommerce",
        _("The plug-in Advanced Order Export or Customer/Order/Coupon Export: all orders with their items."),
    ),
    (
        "Odoo",
        _("Sales or Invoicing, list view: tick all, Action, Export; take the order lines and their product along."),
    ),
    ("ERPNext", _("Data Export of Sales Invoice or Sales Order, with the table of items.")),
    ("QuickBooks", _("Reports, Sales by Customer Detail, all dates: export to Excel.")),
    ("Xero", _("Business, Invoices, Paid or All: Export.")),
    ("Amazon", _("Reports, Order reports: the tab-separated file as it comes.")),
    ("Stripe", _("Payments, Export, all columns.")),
)
"""Program, and the way to its export in words."""
