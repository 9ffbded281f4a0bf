"""The first sign of a key account: more than a tenth of the sales of the firm, of a department, or of one manager
(mission E10). The other four are in `key_signs.py`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from regulars.base.formats import percent
from regulars.base.models import Department, Member
from regulars.facts.models import Account
from regulars.insight.dependence import require_whole_firm
from regulars.insight.models import Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

LARGE_SHARE: Final = 0.10
KEPT_SECONDS: Final = 600


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


Part = tuple[Of, int]
"""Whose sales: the id is 0 for the firm."""


@dataclass(frozen=True, kw_only=True)
class Book:
    """The sales of the last 12 months by account, subsidiaries with their parent, and whose sales they are.

    One entry an account, by its id, ascending; the department or the manager of one that has none is 0.
    """

    accounts: Ints
    sales: NDArray[np.float64]
    departments: Ints
    managers: Ints
    names: dict[Part, str]
    customers: Customers
    key: str
    """Another one for other sales, or accounts that belong elsewhere."""

    def sales_of(self, account: int) -> float | None:
        """None: it bought nothing, or counts with its parent."""
        at = int(np.searchsorted(self.accounts, account))
        return float(self.sales[at]) if at < self.accounts.size and self.accounts[at] == account else None

    def ranks_of(self, accounts: Collection[int]) -> list[float]:
        """The sales of each of these, nothing for who bought nothing: to put thousands in sequence."""
        asked = np.fromiter(accounts, np.int64, len(accounts))
        at = np.searchsorted(self.accounts, asked)
        found = np.zeros(asked.size)
        known = at < self.accounts.size
        known[known] = self.accounts[at[known]] == asked[known]
        found[known] = self.sales[at[known]]
        return list(found.tolist())

    def parts_of(self, department: int | None, manager: int | None) -> list[Part]:
        """Whose sales those of an account with this department and this manager are."""
        parts = ((Of.FIRM, 0), (Of.DEPARTMENT, department or -1), (Of.MANAGER, manager or -1))
        return [part for part in parts if part in self.names]

    def whole(self, part: Part) -> float:
        """The sum of these sales."""
        return self.wholes.get(part, 0.0)

    @cached_property
    def wholes(self) -> dict[Part, float]:
        """The sums, by whose sales they are."""
        found: dict[Part, float] = {(Of.FIRM, 0): float(self.sales.sum())}
        for of, whose in ((Of.DEPARTMENT, self.departments), (Of.MANAGER, self.managers)):
            sums = np.bincount(whose, weights=self.sales)
            found |= {(of, pk): float(sums[pk]) for pk in np.unique(whose).tolist() if (of, pk) in self.names}
        return found

    def of_part(self, part: Part) -> Ints:
        """The places of the accounts whose sales these are."""
        of, pk = part
        if of == Of.FIRM:
            return np.arange(self.accounts.size)
        places: Ints = np.flatnonzero((self.departments if of == Of.DEPARTMENT else self.managers) == pk)
        return places


@dataclass(frozen=True, kw_only=True)
class Customers:
    """Who bought in the last 12 months, subsidiaries for themselves; by id, ascending, 0 for none."""

    accounts: Ints
    sales: NDArray[np.float64]
    parents: Ints
    departments: Ints
    managers: Ints

    def of_part(self, part: Part) -> Ints:
        """Their ids, of those who belong to this part."""
        of, pk = part
        if of == Of.FIRM:
            return self.accounts
        whose = self.departments if of == Of.DEPARTMENT else self.managers
        belonging: Ints = self.accounts[whose == pk]
        return belonging


def book() -> Book:
    """The sales by account, department and manager as of the current figures.

    Kept for some minutes while figures, owners, departments, parents and merges stay: those are asked each time from
    indexes, which takes a tenth of the time of reading every account.
    """
    names = _names()
    told = f"{accounts_as_they_are()}:{sorted(names.items())}"
    key = f"key_account_signs:{hashlib.sha256(told.encode()).hexdigest()}"
    found: Book | None = cache.get(key)
    if found is None:
        found = _book(names, key)
        cache.set(key, found, KEPT_SECONDS)
    return found


def accounts_as_they_are() -> str:
    """A text that changes with the figures, and when an account comes, goes, or belongs to somebody else."""
    snapshot = Score.objects.values_list("snapshot__uid", flat=True).first()  # the same in all rows
    told: list[object] = [str(snapshot), Score.objects.count()]
    for name in ("owner", "department", "parent", "merged_into"):
        belonging = Account.objects.filter(**{f"{name}__isnull": False}).order_by().values_list(f"{name}_id")
        told.append(sorted(belonging.annotate(count=Count("pk"), sum=Sum("pk"))))
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _names() -> dict[Part, str]:
    found: dict[Part, str] = {(Of.FIRM, 0): ""}
    found |= {(Of.DEPARTMENT, pk): name for pk, name in Department.objects.values_list("pk", "name")}
    managers = Member.objects.filter(is_active=True).values_list("pk", "name")
    return found | {(Of.MANAGER, pk): name for pk, name in managers}


def _book(names: dict[Part, str], key: str) -> Book:
    customers = _customers()
    own = customers.parents == 0
    accounts, at = np.unique(np.where(own, customers.accounts, customers.parents), return_inverse=True)
    sales = np.bincount(at, weights=customers.sales, minlength=accounts.size).astype(np.float64)
    departments, whose = np.full(accounts.size, -1), np.full(accounts.size, -1)
    departments[at[own]], whose[at[own]] = customers.departments[own], customers.managers[own]
    without = np.flatnonzero(departments < 0)
    _look_up(accounts, without, departments, whose)
    known = departments >= 0
    return Book(
        accounts=accounts[known],
        sales=sales[known],
        departments=departments[known],
        managers=whose[known],
        names=names,
        customers=customers,
        key=key,
    )


def large_shares(*, member: Member | None, of: Book | None = None) -> dict[int, list[LargeShare]]:
    """Accounts with more than a tenth of the sales of the last 12 months of the firm, a department, or a manager.

    By account, those with the largest sales first. Subsidiaries count with the account directly above them; where
    somebody looks after one customer alone, that says nothing of the customer.
    """
    require_whole_firm(member)
    of = of or book()
    found: dict[int, list[LargeShare]] = defaultdict(list)
    for part, whole in of.wholes.items():
        places = of.of_part(part)
        if places.size == 1 and part[0] != Of.FIRM:
            continue
        for place in places[of.sales[places] > LARGE_SHARE * whole].tolist():
            share = LargeShare(of=part[0], name=of.names[part], share=float(of.sales[place]) / whole)
            found[int(of.accounts[place])].append(share)
    return {account: found[account] for account in sorted(found, key=lambda one: (-(of.sales_of(one) or 0.0), one))}


def _customers() -> Customers:
    columns = ("account_id", "sales_12m", "account__parent_id", "account__department_id", "account__owner_id")
    rows = Score.objects.filter(sales_12m__gt=0, account__merged_into=None).order_by("account_id")
    listed = list(zip(*rows.values_list(*columns).iterator(chunk_size=10_000), strict=True)) or [()] * len(columns)
    accounts, sales, *others = listed
    parents, departments, managers = (np.array([one or 0 for one in column], np.int64) for column in others)
    return Customers(
        accounts=np.array(accounts, np.int64),
        sales=np.array(sales, np.float64),
        parents=parents,
        departments=departments,
        managers=managers,
    )


def _look_up(accounts: Ints, places: Ints, departments: Ints, managers: Ints) -> None:
    """Fill in department and manager of parents that bought nothing themselves, or count with theirs."""
    if not places.size:
        return
    rows = Account.objects.filter(pk__in=accounts[places[:30_000]].tolist())
    for account, department, owner in rows.values_list("pk", "department_id", "owner_id"):
        place = int(np.searchsorted(accounts, account))
        departments[place], managers[place] = department or 0, owner or 0
