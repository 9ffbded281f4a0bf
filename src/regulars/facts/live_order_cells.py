"""Cells of files of live orders as days, amounts, stages and payments. What is unclear is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.translation import gettext as _

from regulars.core.money import exponent, to_minor
from regulars.facts.imports.headings import key
from regulars.facts.imports.values import EMPTY_WORDS
from regulars.facts.live_order_feed import WrongLiveOrder
from regulars.facts.models import LiveOrder

_YEAR_FIRST: Final = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
_YEAR_LAST: Final = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})(?: .*)?$")
_AMOUNT: Final = re.compile(r"[-+]?\d[\d.,'’ \u00a0\u202f]*")

_S, _P = LiveOrder.Stage, LiveOrder.Payment
_STAGES: Final[dict[str, tuple[str, ...]]] = {
    _S.QUOTE: ("quote", "quoted", "quotation", "offer", "estimate", "proposal", "angebot", "draft order"),
    _S.BASKET: ("basket", "cart", "in basket", "abandoned", "abandoned checkout", "checkout", "warenkorb", "draft"),
    _S.ORDERED: (
        "ordered",
        "order",
        "new",
        "open",
        "placed",
        "pending",
        "received",
        "on hold",
        "unfulfilled",
        "bestellt",
    ),
    _S.CONFIRMED: ("confirmed", "accepted", "approved", "acknowledged", "bestätigt", "sale"),
    _S.IN_PRODUCTION: ("in production", "production", "processing", "in progress", "picking", "in arbeit", "partial"),
    _S.SHIPPED: ("shipped", "sent", "dispatched", "in transit", "under way", "versendet", "versandt"),
    _S.DELIVERED: ("delivered", "fulfilled", "completed", "complete", "done", "received by customer", "geliefert"),
    _S.CANCELLED: ("cancelled", "canceled", "cancel", "void", "rejected", "refunded", "failed", "storniert"),
}
_PAYMENTS: Final[dict[str, tuple[str, ...]]] = {
    _P.OPEN: ("open", "unpaid", "due", "overdue", "pending", "not paid", "no", "authorized", "invoiced", "offen"),
    _P.PARTLY: ("partly", "partially paid", "partly paid", "partial", "part paid", "in payment", "teilweise bezahlt"),
    _P.PAID: ("paid", "yes", "paid in full", "settled", "complete", "completed", "bezahlt"),
}
STAGE_WORDS: Final = {key(word): stage for stage, words in _STAGES.items() for word in (stage, *words)}
PAYMENT_WORDS: Final = {key(word): payment for payment, words in _PAYMENTS.items() for word in words}


def is_empty(cell: str) -> bool:
    return not cell or cell.casefold() in EMPTY_WORDS


def stage_of(cell: str) -> str:
    """The stage that a word means."""
    return _known(cell, STAGE_WORDS, list(_STAGES), "stage")


def payment_of(cell: str) -> str:
    """The payment that a word means."""
    return _known(cell, PAYMENT_WORDS, list(_PAYMENTS), "payment")


def _known(cell: str, words: dict[str, str], shown: list[str], field: str) -> str:
    found = words.get(key(cell))
    if found is None:
        raise WrongLiveOrder(
            _("“%(value)s” is not known here.") % {"value": cell[:60]},
            _("Use one of: %(known)s.") % {"known": ", ".join(shown)},
            field=field,
        )
    return found


def day_first(cells: Iterable[str]) -> bool | None:
    """Whether days stand before months in these cells; None: nothing tells. Dots always have the day first."""
    for cell in cells:
        found = _YEAR_LAST.match(cell)
        if found is None or found[2] == ".":
            continue
        if int(found[1]) > 12:
            return True
        if int(found[3]) > 12:
            return False
    return None


def day_of(cell: str, field: str, *, days_first: bool | None) -> date:
    """The day that a cell means."""
    if found := _YEAR_FIRST.match(cell):
        return _day(cell, field, int(found[1]), int(found[2]), int(found[3]))
    found = _YEAR_LAST.match(cell)
    if found is None:
        raise _no_day(cell, field)
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "." or days_first or first == second:
        return _day(cell, field, year, second, first)
    if days_first is None:
        raise WrongLiveOrder(
            _("“%(value)s” may be two different days.") % {"value": cell[:60]},
            _("Write days as 2026-03-31."),
            field=field,
        )
    return _day(cell, field, year, first, second)


def _day(cell: str, field: str, year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise _no_day(cell, field) from None
    if not 1970 <= found.year <= 2200:
        raise _no_day(cell, field)
    return found


def _no_day(cell: str, field: str) -> WrongLiveOrder:
    return WrongLiveOrder(
        _("“%(value)s” is no day.") % {"value": cell[:60]}, _("Write days as 2026-03-31."), field=field
    )


def moment_of(cell: str, field: str, *, where: tzinfo) -> datetime:
    """The moment that a cell means; without a zone, at the clock of the firm."""
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        raise WrongLiveOrder(
            _("“%(value)s” is no moment.") % {"value": cell[:60]}, _("Write it as 2026-03-31T14:05:00Z."), field=field
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=where)


def decimal_sign(cells: Iterable[str]) -> str:
    """The decimal sign of amounts, by the first cell that leaves no doubt; a point where none does."""
    for cell in cells:
        signs: list[str] = re.findall(r"[.,]", cell)
        if len(set(signs)) == 2:
            return signs[-1]
        if len(signs) == 1 and re.search(r"[.,]\d{1,2}(?!\d)", cell):
            return signs[0]
        if len(signs) > 1:
            return "." if signs[0] == "," else ","
    return "."


def minor_of(cell: str, currency: str, field: str, *, sign: str) -> int:
    """The amount that a cell means, in minor units. “1.234” with no decimals elsewhere is a thousand and more."""
    found = _AMOUNT.search(cell)
    rest = _AMOUNT.sub("", cell, count=1)
    if found is None or re.search(r"\d", rest):
        raise _no_amount(cell, field)
    digits = re.sub(r"['’ \u00a0\u202f]", "", found[0])
    if sign == "." and re.fullmatch(r"[-+]?\d{1,3}(\.\d{3})+", digits) and exponent(currency) < 3:
        digits = digits.replace(".", "")
    thousands = "," if sign == "." else "."
    try:
        return to_minor(Decimal(digits.replace(thousands, "").replace(sign, ".")), currency)
    except InvalidOperation:
        raise _no_amount(cell, field) from None


def _no_amount(cell: str, field: str) -> WrongLiveOrder:
    return WrongLiveOrder(
        _("“%(value)s” is no amount of money.") % {"value": cell[:60]},
        _("Write it in digits, such as 1234.50."),
        field=field,
    )
