"""The order history: one row an order line, in the warehouse table `history`.

A row is named by `(source, order_id, line_no)`. `account_id` is the account the line was imported for; an account that was
merged since keeps its lines, and readers follow `Account.merged_into` (`insight` and `lines_of_account` do).
Net amounts are without tax, after discount; negative for returns. `*_base_minor` are in the organisation's currency, at
the rate of the business date.
"""

from __future__ import annotations

from regulars.base.warehouse import Table

KEY = ("source", "order_id", "line_no")

HISTORY = Table(
    "history",
    columns={
        "source": "VARCHAR",
        "order_id": "VARCHAR",
        "line_no": "VARCHAR",
        "account_id": "BIGINT",  # NULL: an order without a customer, kept and counted
        "business_date": "DATE",
        "product": "VARCHAR",  # code; names are in facts.Product
        "category": "VARCHAR",
        "quantity": "DOUBLE",
        "currency": "VARCHAR",
        "net_minor": "BIGINT",
        "net_base_minor": "BIGINT",
        "cost_base_minor": "BIGINT",  # of the whole line; NULL: not known
        "discount_base_minor": "BIGINT",
        "seller": "VARCHAR",
        "department": "VARCHAR",
        "channel": "VARCHAR",
        "kind": "VARCHAR",  # sale, return, fee, other
        "import_id": "BIGINT",
    },
    sorted_by=["account_id", "business_date", "order_id"],
)
