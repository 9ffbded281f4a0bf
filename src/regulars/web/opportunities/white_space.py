"""White space of the firm: for who leads sales each quarter, to decide what to sell to whom, and what to find out.

The rows are the most valuable accounts that the member sees; a larger matrix is read by nobody.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may, require
from regulars.core.money import from_minor
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account, Offering
from regulars.facts.offerings import offerings
from regulars.insight.white_space import STATES, Cell, Row, State
from regulars.insight.white_space import white_space as rows_of
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk, desk_of

MOST_ACCOUNTS = 200
A_PAGE = 25
WHOSE = {"everyone": gettext_lazy("All that I see"), "mine": gettext_lazy("Mine")}


@require_safe
def white_space(request: HttpRequest) -> HttpResponse:
    """Accounts × offerings; filtered by whose they are and by who supplies one of the offerings."""
    desk = desk_of(request)
    wanted = list(offerings())
    rows, asked = _filtered(request, desk)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    words = _short()
    context = {
        "desk": desk,
        "offerings": wanted,
        "page": page,
        "rows": [(row, _told(row, words)) for row in page],
        "sums": _sums(rows, wanted),
        "states": STATES.items(),
        "whose": WHOSE.items(),
        "asked": asked,
        "most": MOST_ACCOUNTS,
        "may_configure": may(desk.member, Permission.CONFIGURE),
    }
    return render(request, "web/opportunities/white_space.html", context)


@require_safe
def white_space_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same as a file, a line a cell, with what each rests on."""
    desk = desk_of(request)
    require(desk.member, Permission.EXPORT)
    rows, _asked = _filtered(request, desk)
    headings = [
        *("account", "account_number", "offering", "state", "supplier", "since", "contract_ends"),
        *("last_bought", "sales_12m", "said_on", "source"),
    ]
    return csv_answer("white-space.csv", headings, _lines(rows, desk.currency))


def _lines(rows: list[Row], currency: str) -> Iterator[list[Any]]:
    for row in rows:
        for cell in row.cells:
            said = cell.said
            yield [
                row.account.name,
                row.account.external_id or "",
                cell.offering.name,
                cell.state.value,
                cell.supplier,
                said.since if said else "",
                said.until if said else "",
                cell.sold.last_bought if cell.sold else "",
                from_minor(cell.sold.net_12m_minor, currency) if cell.sold else "",
                said.said_on if said else "",
                said.source if said else "",
            ]


def _filtered(request: HttpRequest, desk: Desk) -> tuple[list[Row], dict[str, str]]:
    """The rows that were asked for, the most valuable account first; and what was asked for, as far as it is known."""
    asked = {name: request.GET.get(name, "") for name in ("whose", "offering", "state")}
    accounts = visible_accounts(desk.member).filter(score__isnull=False)
    if asked["whose"] == "mine":
        accounts = accounts.filter(owner=desk.member)
    valuable = accounts.select_related("score", "parent").order_by(F("score__sales_12m").desc(), "pk")
    rows = rows_of(_with_parents_first(list(valuable[:MOST_ACCOUNTS])), as_of=desk.figures_of)
    offering = _offering(asked["offering"])
    asked["offering"] = str(offering.uid) if offering else ""
    if asked["state"] not in list(State):
        asked["state"] = ""
    if not asked["state"]:
        return rows, asked
    state = State(asked["state"])
    kept = [
        row
        for row in rows
        if any(cell.state == state and (offering is None or cell.offering == offering) for cell in row.cells)
    ]
    return kept, asked


def _with_parents_first(accounts: list[Account]) -> list[Account]:
    """Who belongs to another account in the list stands below it; else the sequence stays."""
    among = {one.pk for one in accounts}
    below: dict[int, list[Account]] = {}
    for one in accounts:
        if one.parent_id in among and one.parent_id is not None:
            below.setdefault(one.parent_id, []).append(one)
    placed: dict[int, Account] = {}
    waiting = [one for one in reversed(accounts) if one.parent_id not in among]
    while waiting:
        one = waiting.pop()
        if one.pk not in placed:
            placed[one.pk] = one
            waiting += reversed(below.get(one.pk, []))
    return [*placed.values(), *(one for one in accounts if one.pk not in placed)]


def _offering(text: str) -> Offering | None:
    try:
        return offerings().filter(uid=uuid.UUID(text)).first()
    except ValueError:
        return None


def _told(row: Row, words: Mapping[State, str]) -> list[tuple[Cell, str, Any]]:
    """Each cell, with what fits into it and what it means."""
    return [(cell, cell.supplier or words[cell.state], STATES[cell.state]) for cell in row.cells]


def _short() -> dict[State, str]:
    """What fits into a cell; a competitor has a name there if it is known."""
    return {
        State.US: _("ours"),
        State.COMPETITOR: _("competitor"),
        State.IN_HOUSE: _("itself"),
        State.NONE: _("no need"),
        State.UNKNOWN: "?",
    }


def _sums(rows: list[Row], wanted: list[Offering]) -> list[tuple[int, int]]:
    """For each offering: how many of the rows buy it from us, and of how many nobody knows."""
    return [
        (
            sum(row.cells[place].state == State.US for row in rows),
            sum(row.cells[place].state == State.UNKNOWN for row in rows),
        )
        for place in range(len(wanted))
    ]
