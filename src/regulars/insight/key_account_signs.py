"""The first sign of a key account: more than a tenth of the sales of the firm, of a department, or of one manager
(mission E10). The other four are in `key_signs.py`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from django.utils.translation import gettext as _

from regulars.base.formats import percent
from regulars.base.models import Department, Member
from regulars.facts.models import Account
from regulars.insight.dependence import require_whole_firm
from regulars.insight.models import Score

LARGE_SHARE: Final = 0.10


class Of(StrEnum):
    """Of whose sales an account brings a large part."""

    FIRM = "firm"
    DEPARTMENT = "department"
    MANAGER = "manager"


@dataclass(frozen=True, kw_only=True)
class LargeShare:
    """An account that brings more than a tenth of these sales."""

    of: Of
    name: str
    """Of the department or the manager; empty for the firm."""
    share: float

    @property
    def sentence(self) -> str:
        words = {"share": percent(self.share, digits=0), "name": self.name}
        if self.of == Of.FIRM:
            return _("It brings %(share)s of all sales.") % words
        if self.of == Of.DEPARTMENT:
            return _("It brings %(share)s of the sales of the department %(name)s.") % words
        return _("It brings %(share)s of the sales that %(name)s looks after.") % words


@dataclass(kw_only=True)
class Book:
    """The sales of the last 12 months by account, subsidiaries with their parent, and whose sales they are.

    Whose: (of, id), the id 0 for the firm.
    """

    sales: dict[int, float]
    part_of: dict[int, tuple[int | None, int | None]]
    """Department and manager of each account."""
    names: dict[tuple[Of, int], str]
    members: dict[tuple[Of, int], list[int]]

    @cached_property
    def wholes(self) -> dict[tuple[Of, int], float]:
        """The sums, by whose sales they are."""
        return {part: sum(self.sales[account] for account in accounts) for part, accounts in self.members.items()}

    def parts_of(self, department: int | None, manager: int | None) -> list[tuple[Of, int]]:
        """Whose sales those of an account with this department and this manager are."""
        parts = [(Of.FIRM, 0), (Of.DEPARTMENT, department), (Of.MANAGER, manager)]
        return [(of, part) for of, part in parts if part is not None and (of, part) in self.names]

    def whole(self, part: tuple[Of, int]) -> float:
        return self.wholes.get(part, 0.0)


def book() -> Book:
    """The sales by account, department and manager as of the current figures, in three queries.

    In four, where the parent of a subsidiary bought nothing itself.
    """
    sales, part_of = _sales()
    names: dict[tuple[Of, int], str] = {(Of.FIRM, 0): ""}
    names |= {(Of.DEPARTMENT, pk): name for pk, name in Department.objects.values_list("pk", "name")}
    managers = Member.objects.filter(is_active=True).values_list("pk", "name")
    names |= {(Of.MANAGER, pk): name for pk, name in managers}
    found = Book(sales=sales, part_of=part_of, names=names, members=defaultdict(list))
    for account in sales:
        for part in found.parts_of(*part_of[account]):
            found.members[part].append(account)
    return found


def large_shares(*, member: Member | None, of: Book | None = None) -> dict[int, list[LargeShare]]:
    """Accounts with more than a tenth of the sales of the last 12 months of the firm, a department, or a manager.

    By account, those with the largest sales first. Subsidiaries count with the account directly above them; where
    somebody looks after one customer alone, that says nothing of the customer. In three queries.
    """
    require_whole_firm(member)
    of = of or book()
    found: dict[int, list[LargeShare]] = defaultdict(list)
    for kind in Of:
        for part, accounts in of.members.items():
            if part[0] != kind or (len(accounts) == 1 and kind != Of.FIRM):
                continue
            whole = of.whole(part)
            for account in accounts:
                share = of.sales[account] / whole
                if share > LARGE_SHARE:
                    found[account].append(LargeShare(of=kind, name=of.names[part], share=share))
    return {account: found[account] for account in sorted(found, key=lambda one: -of.sales[one])}


def _sales() -> tuple[dict[int, float], dict[int, tuple[int | None, int | None]]]:
    """Sales by account, subsidiaries with their parent, and each one's department and manager."""
    columns = ("account_id", "sales_12m", "account__parent_id", "account__department_id", "account__owner_id")
    rows = Score.objects.filter(sales_12m__gt=0, account__merged_into=None).values_list(*columns)
    sales: dict[int, float] = defaultdict(float)
    part_of: dict[int, tuple[int | None, int | None]] = {}
    heads: set[int] = set()
    for account, amount, parent, department, owner in rows.order_by().iterator(chunk_size=10_000):
        sales[parent or account] += amount
        if parent is None:
            part_of[account] = (department, owner)
        else:
            heads.add(parent)
    missing = heads - part_of.keys()
    for account, department, owner in Account.objects.filter(pk__in=list(missing)[:30_000]).values_list(
        "pk", "department_id", "owner_id"
    ):
        part_of[account] = (department, owner)
    return {account: amount for account, amount in sales.items() if account in part_of}, part_of
