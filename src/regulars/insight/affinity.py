"""What each account lacks and accounts like it buy, and what is due again. In words: docs/methods/affinity.md.

All is computed at night into two warehouse tables (`affinity_learning.py`); a page reads the rows of one account. The
record of the run says how right such suggestions would have been in the last months.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from regulars.base.warehouse import Table, shared_engine
from regulars.facts.accounts import account_family
from regulars.facts.models import Account, Product
from regulars.insight.models import SuggestionRun

if TYPE_CHECKING:
    Progress = Callable[[str, float], None]

PRODUCT, CATEGORY = "product", "category"
KINDS = (PRODUCT, CATEGORY)
KEPT_AN_ACCOUNT = 20

SUGGESTIONS = Table(
    "suggestions",
    columns={
        "account_id": "BIGINT",
        "kind": "VARCHAR",  # product, category
        "place": "BIGINT",  # 1 is the best
        "item": "VARCHAR",
        "alike_buying": "BIGINT",
        "alike": "BIGINT",
        "because": "VARCHAR",  # an item that the account has
        "chance": "DOUBLE",  # to be bought within the horizon; NULL: unknown
        "first_year_sales": "DOUBLE",  # of those who took it up, in units
        "margin_share": "DOUBLE",  # of what was sold of it with known cost
    },
    sorted_by=["account_id", "kind", "place"],
)
DUE = Table(
    "due_again",
    columns={
        "account_id": "BIGINT",
        "place": "BIGINT",
        "item": "VARCHAR",
        "order_days": "BIGINT",
        "last_bought": "DATE",
        "gap_days": "DOUBLE",
        "due_on": "DATE",
        "due_from": "DATE",
        "due_until": "DATE",
        "chance": "DOUBLE",  # to be bought within the horizon; NULL: unknown
    },
    sorted_by=["account_id", "place"],
)


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Something that the account has not bought. Money in units of the base currency, None is unknown."""

    kind: str
    item: str
    name: str
    alike_buying: int
    alike: int
    because: str
    """Name of what the account has and what goes with it; empty: nothing in particular."""
    chance: float | None
    first_year_sales: float | None
    margin_share: float | None

    @property
    def expected_sales(self) -> float | None:
        """What those who took it up spent on it in a year, times the chance that this account does."""
        return _product(self.chance, self.first_year_sales)

    @property
    def expected_margin(self) -> float | None:
        return _product(self.expected_sales, self.margin_share)


@dataclass(frozen=True, kw_only=True)
class DueAgain:
    """A product that the account buys again and again, and when it is due by its own rhythm."""

    item: str
    name: str
    order_days: int
    last_bought: date
    gap_days: float
    due_on: date
    due_from: date
    due_until: date
    chance: float | None

    def overdue(self, on: date) -> float:
        """Days since it was bought last as a multiple of the usual gap; more than 1: overdue."""
        return (on - self.last_bought).days / self.gap_days


# Reading


def latest_run() -> SuggestionRun | None:
    """The run whose suggestions are in force."""
    return SuggestionRun.objects.order_by("-pk").first()


def suggestions_of(account: Account, *, kind: str = PRODUCT, most: int = 10) -> list[Suggestion]:
    """What the account lacks and accounts like it buy, best first; empty before anything was computed."""
    rows = _rows(SUGGESTIONS, account, "AND kind = ? ORDER BY place, account_id", [kind])
    found: dict[str, Suggestion] = {}
    for one in _told(rows, kind):  # what both of two merged accounts lacked is told once
        found.setdefault(one.item, one)
    return list(found.values())[:most]


def due_again(account: Account, *, most: int = 10) -> list[DueAgain]:
    """What the account is about to buy again by its own rhythm, most probable first."""
    rows = _rows(DUE, account, "ORDER BY place, account_id", [])
    names = _names({row["item"] for row in rows})
    found = [DueAgain(**{**row, "name": names.get(row["item"], row["item"])}) for row in map(_without_place, rows)]
    return found[:most]


def accounts_for(
    item: str, *, kind: str = PRODUCT, most: int = 500, among: Sequence[int] | None = None
) -> list[tuple[int, Suggestion]]:
    """The accounts (ids) to which an item is suggested, the highest chance first; for a campaign."""
    columns = ", ".join(SUGGESTIONS.columns)
    with shared_engine() as engine:
        rows = engine.rows(
            f"SELECT {columns} FROM {SUGGESTIONS.relation()} WHERE kind = ? AND item = ? {_among(among)} "
            "ORDER BY chance DESC NULLS LAST, alike_buying DESC, account_id LIMIT ?",
            [kind, item, *_given(among), most],
        )
    told = [dict(zip(SUGGESTIONS.columns, row, strict=True)) for row in rows]
    return list(zip([row["account_id"] for row in told], _told(told, kind), strict=True))


def _told(rows: list[dict[str, Any]], kind: str) -> list[Suggestion]:
    """Rows of the table, with the names of products."""
    names = _names({row[name] for row in rows for name in ("item", "because")}) if kind == PRODUCT else {}
    fields = [name for name in Suggestion.__dataclass_fields__ if name not in ("name", "because")]
    return [
        Suggestion(
            **{name: row[name] for name in fields},
            name=names.get(row["item"], row["item"]),
            because=names.get(row["because"] or "", row["because"] or ""),
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True)
class Offered:
    """An item that is suggested to somebody, and what all of them together are expected to spend on it."""

    item: str
    name: str
    accounts: int
    expected_sales: float | None


def offered_items(*, kind: str = PRODUCT, most: int = 100, among: Sequence[int] | None = None) -> list[Offered]:
    """What is suggested most worthwhile, to all accounts or to those with the ids `among`."""
    with shared_engine() as engine:
        rows = engine.rows(
            "SELECT item, count(*), sum(chance * first_year_sales) AS expected "
            f"FROM {SUGGESTIONS.relation()} WHERE kind = ? {_among(among)} GROUP BY item "
            "ORDER BY expected DESC NULLS LAST, count(*) DESC, item LIMIT ?",
            [kind, *_given(among), most],
        )
    names = _names({row[0] for row in rows}) if kind == PRODUCT else {}
    return [
        Offered(item=str(item), name=names.get(item, str(item)), accounts=count, expected_sales=expected)
        for item, count, expected in rows
    ]


def _among(ids: Sequence[int] | None) -> str:
    return "" if ids is None else "AND account_id IN (SELECT unnest(?::BIGINT[]))"


def _given(ids: Sequence[int] | None) -> list[Sequence[int]]:
    return [] if ids is None else [ids]


def _rows(table: Table, account: Account, rest: str, parameters: list[Any]) -> list[dict[str, Any]]:
    family = ", ".join(map(str, account_family(account)))
    with shared_engine() as engine:
        query = f"SELECT {', '.join(table.columns)} FROM {table.relation()} WHERE account_id IN ({family}) {rest}"
        return [dict(zip(table.columns, row, strict=True)) for row in engine.rows(query, parameters)]


def _without_place(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("account_id", "place")}


def _names(codes: set[Any]) -> dict[str, str]:
    found = Product.objects.filter(external_id__in=[code for code in codes if code]).exclude(name="")
    return {str(code): name for code, name in found.values_list("external_id", "name")}


def _product(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other
