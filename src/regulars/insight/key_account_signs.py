"""The sign of a key account that the order history knows: more than a tenth of the sales of the firm, of a department,
or of one manager (mission E10). `docs/methods/key-accounts.md` says what the other signs would need.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
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


def large_shares(*, member: Member | None) -> dict[int, list[LargeShare]]:
    """Accounts with more than a tenth of the sales of the last 12 months of the firm, a department, or a manager.

    By account, those with the largest sales first. Subsidiaries count with the account directly above them; where
    somebody looks after one customer alone, that says nothing of the customer. In three queries.
    """
    require_whole_firm(member)
    sales, part_of = _sales()
    departments = dict(Department.objects.values_list("pk", "name"))
    managers = dict(Member.objects.filter(is_active=True).values_list("pk", "name"))
    found: dict[int, list[LargeShare]] = defaultdict(list)
    for of, names, place in ((Of.FIRM, {0: ""}, None), (Of.DEPARTMENT, departments, 0), (Of.MANAGER, managers, 1)):
        whole: dict[int, float] = defaultdict(float)
        members: dict[int, list[int]] = defaultdict(list)
        for account, amount in sales.items():
            part = 0 if place is None else part_of[account][place]
            if part is not None and part in names:
                whole[part] += amount
                members[part].append(account)
        for part, accounts in members.items():
            for account in accounts if len(accounts) > 1 or of == Of.FIRM else []:
                share = sales[account] / whole[part]
                if share > LARGE_SHARE:
                    found[account].append(LargeShare(of=of, name=names[part], share=share))
    return {account: found[account] for account in sorted(found, key=lambda one: -sales[one])}


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
