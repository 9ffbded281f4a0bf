"""The order history: one row an order line, in the warehouse table `history`.

A row is named by `(source, order_id, line_no)`. `account_id` is the account the line was imported for; an account that
was merged since keeps its lines, and readers follow `Account.merged_into` (`insight` and `lines_of_account` do).
Net amounts are without tax, after discount; negative for returns. `*_base_minor` are in the organisation's currency, at
the rate of the business date.
"""

from __future__ import annotations

from django.db import transaction

from regulars.base.jobs import job
from regulars.base.locks import exclusive
from regulars.base.warehouse import Table, open_engine

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
    sorted_by=["account_id", "business_date"],
)

HISTORY_LOCK = "history"
"""Held by whoever writes the history: an import, an undo, tidying up, a backup."""

MANY_FILES = 40
KEPT_DAYS = 30


@job(retries=3, pause_seconds=600)
def tidy_history() -> bool:
    """Write the history anew as few clustered files when imports have left many, and drop files older than a month.

    One account's lines are then read from one place again. Returns whether there was anything to do.
    """
    with exclusive(HISTORY_LOCK, wait_seconds=2), open_engine() as engine:
        if len(HISTORY.files()) <= MANY_FILES:
            return False
        HISTORY.writable()
        version = HISTORY.replace(engine, f"SELECT * FROM {HISTORY.relation()}")
        with transaction.atomic():
            HISTORY.put_in_force(version)
        HISTORY.drop_old_files(days=KEPT_DAYS)
    return True
