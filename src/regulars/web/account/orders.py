"""What an account ordered, for who is asked about an order on the phone, and what it buys no longer, to bring it up."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.core.money import from_minor
from regulars.facts.accounts import OrderLine, lines_of_account
from regulars.facts.live_orders import running as running_orders
from regulars.facts.live_orders import visible_live_orders
from regulars.facts.models import Account, ClassificationRule
from regulars.facts.orders import Bought, Order, orders_of_account, product_names, products_of_account
from regulars.web.account.record import heading, opened, page_number
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk
from regulars.web.live_orders.listing import ShownOrder as ShownLiveOrder
from regulars.web.live_orders.listing import shown_order as shown_live_order

ORDERS_A_PAGE = 15
PRODUCTS_SHOWN = 8
RUNNING_SHOWN = 20
MISSED_SHOWN = 5
LINES_AT_ONCE = 5_000
KINDS = dict(ClassificationRule.Kind.choices)


@dataclass(frozen=True, kw_only=True)
class ShownLine:
    """A line of an order as it is read."""

    line: OrderLine
    product: str
    kind: str
    net: Decimal


@dataclass(frozen=True, kw_only=True)
class ShownOrder:
    """An order as it is read; `lines` may be the first of many."""

    order: Order
    lines: list[ShownLine]
    net: Decimal
    returned: Decimal

    @property
    def hidden_count(self) -> int:
        return self.order.line_count - len(self.lines)


@dataclass(frozen=True, kw_only=True)
class ShownProduct:
    """A product with what it brought, in units of the base currency."""

    bought: Bought
    name: str
    net_12m: Decimal
    net_previous_12m: Decimal


@require_safe
def orders(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The orders with their lines, page by page, those with a product, or one order whole."""
    desk, account = opened(request, uid)
    product, order_id, page = request.GET.get("q", "").strip(), request.GET.get("order", ""), page_number(request)
    found = orders_of_account(
        account, limit=ORDERS_A_PAGE + 1, offset=(page - 1) * ORDERS_A_PAGE, product=product, order_id=order_id
    )
    context = {
        **heading(desk, account, tab="account_orders"),
        "orders": _shown(found[:ORDERS_A_PAGE]),
        "has_older": len(found) > ORDERS_A_PAGE,
        "page": page,
        "product": product,
        "order_id": order_id,
        "running": [] if product or order_id or page > 1 else _running(desk, account),
        **({} if product or order_id or page > 1 else _buying(desk, account)),
    }
    return render(request, "web/account/orders.html", context)


def _running(desk: Desk, account: Account) -> list[ShownLiveOrder]:
    """Its live orders, newest first: they stand here until they are in the history."""
    mine = running_orders(visible_live_orders(desk.member)).filter(account=account).select_related("account__owner")
    return [shown_live_order(one, desk.day) for one in mine[:RUNNING_SHOWN]]


def _shown(found: list[Order]) -> list[ShownOrder]:
    names = product_names({(one.source, line.product) for one in found for line in one.lines if line.product})
    return [
        ShownOrder(
            order=one,
            lines=[_shown_line(line, names) for line in one.lines],
            net=from_minor(one.net_minor, one.currency),
            returned=from_minor(one.returned_minor, one.currency),
        )
        for one in found
    ]


def _shown_line(line: OrderLine, names: dict[tuple[str, str], str]) -> ShownLine:
    return ShownLine(
        line=line,
        product=names.get((line.source, line.product or "")) or line.product or "",
        kind="" if line.kind == "sale" else str(KINDS.get(line.kind, line.kind)),
        net=from_minor(line.net_minor, line.currency),
    )


def _buying(desk: Desk, account: Account) -> dict[str, Any]:
    """What it buys most, and what it bought the year before and buys no longer."""
    bought = products_of_account(account, as_of=desk.figures_of or desk.day)
    missed = [one for one in bought if one.order_days_12m == 0 and one.net_previous_12m_minor > 0]
    missed.sort(key=lambda one: -one.net_previous_12m_minor)
    most = [one for one in bought if one.net_12m_minor > 0][:PRODUCTS_SHOWN]
    names = product_names({(one.source, one.product) for one in [*most, *missed[:MISSED_SHOWN]]})
    return {
        "bought": [_shown_product(one, names, desk.currency) for one in most],
        "missed": [_shown_product(one, names, desk.currency) for one in missed[:MISSED_SHOWN]],
        "missed_count": len(missed),
        "bought_count": sum(one.order_days_12m > 0 for one in bought),
    }


def _shown_product(one: Bought, names: dict[tuple[str, str], str], currency: str) -> ShownProduct:
    return ShownProduct(
        bought=one,
        name=names.get((one.source, one.product), one.product),
        net_12m=from_minor(one.net_12m_minor, currency),
        net_previous_12m=from_minor(one.net_previous_12m_minor, currency),
    )


# As a file


@require_safe
def lines_csv(request: HttpRequest, uid: uuid.UUID) -> StreamingHttpResponse:
    """All order lines of the account as CSV, for who may take lists out of the house."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.EXPORT)
    name = f"lines-{account.pk}-{desk.day.isoformat()}.csv"
    return csv_answer(name, _headings(desk), _rows(desk, account))


def _headings(desk: Desk) -> list[str]:
    in_currency = {"currency": desk.currency}
    return [
        _("Day"), _("Order"), _("Line"), _("Product"), _("Name"), _("Category"), _("Kind"), _("Quantity"),
        _("Currency"), _("Net"), _("Net, %(currency)s") % in_currency,
        *([_("Cost, %(currency)s") % in_currency] if desk.sees_cost else []),
        _("Seller"), _("Department"), _("Channel"),
    ]  # fmt: skip


def _rows(desk: Desk, account: Account) -> Iterator[list[Any]]:
    offset = 0
    while lines := lines_of_account(account, limit=LINES_AT_ONCE, offset=offset):
        names = product_names({(line.source, line.product) for line in lines if line.product})
        for line in lines:
            yield _row(line, names.get((line.source, line.product or ""), ""), desk)
        offset += len(lines)


def _row(line: OrderLine, name: str, desk: Desk) -> list[Any]:
    cost = line.cost_base_minor
    return [
        line.business_date, line.order_id, line.line_no, line.product or "", name, line.category or "", line.kind,
        line.quantity, line.currency, from_minor(line.net_minor, line.currency),
        from_minor(line.net_base_minor, desk.currency),
        *(["" if cost is None else from_minor(cost, desk.currency)] if desk.sees_cost else []),
        line.seller or "", line.department or "", line.channel or "",
    ]  # fmt: skip
