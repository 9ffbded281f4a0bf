"""Files of live orders: read at once, each row by itself; rows that cannot be taken are kept as they are, with why.

Headings are understood in the ten languages of the imports. Columns that a file lacks leave alone what is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation, zone
from regulars.core.errors import Refusal
from regulars.facts.imports.headings import key, meanings, unit_currency
from regulars.facts.live_order_cells import (
    day_first,
    day_of,
    decimal_sign,
    is_empty,
    minor_of,
    moment_of,
    payment_of,
    stage_of,
)
from regulars.facts.live_order_feed import LiveOrderFields, Outcome, WrongLiveOrder, upsert_live_order
from regulars.facts.models import LiveOrderFile
from regulars.facts.small_files import read_small_table

_OWN_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "payment": ("payment", "payment status", "payment state", "financial status", "paid?", "is paid", "zahlung"),
    "stage": ("stage", "state", "delivery status", "fulfillment status", "status", "order status", "lieferstatus"),
    "promised_on": (
        "promised", "promised on", "promised date", "delivery date", "promised delivery", "commitment date", "ship by",
        "requested delivery date", "liefertermin", "lieferdatum",
    ),
    "expected_on": ("expected", "expected on", "expected date", "expected delivery", "eta", "new delivery date"),
    "due_on": ("due", "due date", "due on", "payment due", "pay by", "fällig", "fällig am", "fälligkeit"),
    "paid": ("paid", "paid amount", "amount paid", "already paid", "payments", "bezahlt"),
    "amount": ("amount due", "order total", "grand total", "invoice total"),
    "changed_at": ("changed", "changed at", "updated", "updated at", "last modified", "modified at", "write date"),
    "url": ("url", "link", "address", "web address"),
    "external_id": ("id", "external id", "live order", "quote number", "basket id", "cart id", "quote id"),
    "number": ("invoice", "invoice number", "number in history"),
    "source": ("source", "system", "quelle"),
}  # fmt: skip
"""What files of live orders call their columns, besides the words of the imports."""
_MEANINGS: Final = {
    "order_id": "external_id",
    "business_date": "placed_on",
    "account_id": "customer",
    "account_name": "customer_name",
    "account_email": "customer_email",
    "contact_email": "customer_email",
    "currency": "currency",
    "gross_amount": "amount",
    "amount": "amount",
    "net_amount": "amount",
    "status": "stage",
}
_DAYS: Final = ("placed_on", "promised_on", "expected_on", "due_on")
FIELDS: Final = (
    "external_id", "customer", "customer_name", "placed_on", "stage", "promised_on", "due_on", "payment", "amount",
    "paid", "currency",
)  # fmt: skip
"""What a file may tell, as the page says it."""


class WrongLiveOrderFile(Refusal):
    """This is no file of live orders."""


def may_read_files(member: Member | None) -> bool:
    return may(member, Permission.IMPORT)


def visible_live_order_files(member: Member | None) -> QuerySet[LiveOrderFile]:
    """The files that were read, for who may read some; the newest first."""
    if not may_read_files(member):
        return LiveOrderFile.objects.none()
    return LiveOrderFile.objects.select_related("member").order_by("-at", "-pk")


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How the cells of a file are read."""

    columns: Mapping[str, int]
    headings: Sequence[str]
    days_first: bool | None
    sign: str
    currency: str
    source: str
    on: date
    member: Member | None


def read_live_order_file(
    *, name: str, content: bytes, at: datetime, on: date, member: Member | None, source: str = "file"
) -> LiveOrderFile:
    """Take in the orders of a file with headings. A row that cannot be taken stops no other.

    Each row in a transaction of its own, so that others can work meanwhile. One that dies on the way may be read again:
    what is known already is not taken twice.

    Raises `WrongLiveOrderFile` for what is no table, too large, or has no order numbers or amounts.
    """
    require(member, Permission.IMPORT)
    headings, rows = read_small_table(content, wrong=WrongLiveOrderFile, nothing=_("There are no orders in this file."))
    columns = columns_of(headings)
    for field, what in (("external_id", _("order number")), ("amount", _("amount"))):
        if field not in columns:
            raise WrongLiveOrderFile(
                _("There is no column with the %(what)s.") % {"what": what},
                _("Give the columns headings such as: order number, customer number, date, status, due date, amount."),
            )
    how = _Reading(
        columns=columns,
        headings=headings,
        days_first=day_first(_cell(row, columns[one]) for one in _DAYS if one in columns for _line, row in rows),
        sign=decimal_sign(_cell(row, columns[one]) for one in ("amount", "paid") if one in columns for _n, row in rows),
        currency=unit_currency(headings[columns["amount"]]) or organisation().base_currency,
        source=source.strip() or "file",
        on=on,
        member=member,
    )
    made = LiveOrderFile(name=name[:200], source=how.source[:64], member=member, at=at, columns=headings)
    for line, row in rows:
        _read_row(made, line, row, how)
    with audited(made, verb="read_live_order_file", member=member):
        made.save()
    return made


def _read_row(file: LiveOrderFile, line: int, row: Sequence[str], how: _Reading) -> None:
    try:
        with transaction.atomic():
            outcome = _take(row, how)
    except Refusal as refusal:
        file.rejected.append(
            {
                "line": line,
                "field": _heading(getattr(refusal, "field", ""), how),
                "reason": refusal.sentence,
                "remedy": refusal.way_out,
                "row": list(row),
            }
        )
        return
    if outcome == "new":
        file.new += 1
    elif outcome == "changed":
        file.changed += 1
    else:
        file.unchanged += 1


def rejected_rows(file: LiveOrderFile) -> list[list[Any]]:
    """The rows that were not taken, as they were, with line, column, reason and what to do."""
    width = len(file.columns)
    return [
        [*(one["row"] + [""] * width)[:width], one["line"], one["field"], one["reason"], one["remedy"]]
        for one in file.rejected
    ]


def rejected_headings(file: LiveOrderFile) -> list[str]:
    return [*file.columns, _("Line"), _("Column"), _("Why it was not taken"), _("What to do")]


def columns_of(headings: Sequence[str]) -> dict[str, int]:
    """Which column holds what; of several with the same meaning the one that says it most plainly."""
    found: dict[str, int] = {}
    weights: dict[str, float] = {}
    for place, heading in enumerate(headings):
        field, weight = _field_of(heading)
        if field and weight > weights.get(field, 0.0):
            found[field], weights[field] = place, weight
    if "external_id" not in found and "number" in found:
        found["external_id"] = found.pop("number")
    return found


def _field_of(heading: str) -> tuple[str, float]:
    own = key(heading)
    for field, words in _OWN_WORDS.items():
        if own in {key(word) for word in (*words, field.replace("_", " "))}:
            return field, 0.5 if field == "external_id" else 2.0
    for one in meanings(heading):
        if one.field in _MEANINGS:
            return _MEANINGS[one.field], one.weight + (0.1 if one.field == "gross_amount" else 0.0)
    return "", 0.0


def _heading(field: str, how: _Reading) -> str:
    column = {"amount_minor": "amount", "paid_minor": "paid"}.get(field, field)
    place = how.columns.get(column)
    return how.headings[place] if place is not None else field


def _take(row: Sequence[str], how: _Reading) -> Outcome:
    cells = {field: _cell(row, place) for field, place in how.columns.items()}
    external_id = cells.get("external_id", "")
    if is_empty(external_id):
        raise WrongLiveOrder(_("The order number is missing."), _("Fill it in."), field="external_id")
    currency = (cells.get("currency") or how.currency).strip().upper()
    said: dict[str, Any] = {"currency": currency}
    for name in ("customer", "customer_name", "customer_email", "number", "url"):
        if name in cells:
            said[name] = "" if is_empty(cells[name]) else cells[name]
    for name in _DAYS:
        if not is_empty(cells.get(name, "")):
            said[name] = day_of(cells[name], name, days_first=how.days_first)
        elif name in cells and name != "placed_on":
            said[name] = None
    if is_empty(cells.get("amount", "")):
        raise WrongLiveOrder(_("The amount is missing."), _("Fill it in."), field="amount")
    changed_at = cells.get("changed_at", "")
    said |= _checked_amounts(cells, currency, how) | _states(cells)
    taken = upsert_live_order(
        source=cells.get("source", "") or how.source,
        external_id=external_id,
        on=how.on,
        member=how.member,
        changed_at=None if is_empty(changed_at) else moment_of(changed_at, "changed_at", where=zone(organisation())),
        **cast("LiveOrderFields", said),
    )
    return taken.outcome


def _checked_amounts(cells: Mapping[str, str], currency: str, how: _Reading) -> dict[str, Any]:
    try:
        amounts = {"amount_minor": minor_of(cells["amount"], currency, "amount", sign=how.sign)}
        paid = cells.get("paid", "")
        if re.search(r"\d", paid):
            amounts["paid_minor"] = minor_of(paid, currency, "paid", sign=how.sign)
    except WrongLiveOrder:
        raise
    except Refusal as refusal:  # no currency
        raise WrongLiveOrder(refusal.sentence, refusal.way_out, field="currency") from None
    return amounts


def _states(cells: Mapping[str, str]) -> dict[str, Any]:
    """Stage and payment; a column “paid” may say yes or no instead of an amount."""
    said = {}
    if not is_empty(cells.get("stage", "")):
        said["stage"] = stage_of(cells["stage"])
    payment, paid = cells.get("payment", ""), cells.get("paid", "")
    if not is_empty(payment):
        said["payment"] = payment_of(payment)
    elif not is_empty(paid) and not re.search(r"\d", paid):
        said["payment"] = payment_of(paid)
    return said


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""
