"""What a list found: how many accounts, of which kinds, and which of them stand on a page.

Few are found once and then counted and sorted by their ids. Many are sorted along an index, for sorting 100,000 for
the sake of fifty would be felt; and how many they are is remembered for a moment, for counting them would be, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet

from regulars.facts.models import Account

FEW = 1000
REMEMBERED_SECONDS = 30
WITH_INDEXES = ("score", "protection")
"""Records of an account by whose figures lists are sorted: their indexes hold the figure and the account."""

Counted = TypeVar("Counted")


class Found:
    """The accounts of a query, asked for so that a hundred thousand take no longer than fifty."""

    def __init__(self, accounts: QuerySet[Account]) -> None:
        self._accounts = accounts.order_by()

    @cached_property
    def _few(self) -> list[int] | None:
        """The ids of all of them, if they are few."""
        ids = list(self._accounts.values_list("pk", flat=True)[: FEW + 1])
        return ids if len(ids) <= FEW else None

    @cached_property
    def accounts(self) -> QuerySet[Account]:
        """Few are not searched for a second time."""
        return self._accounts if self._few is None else Account.objects.filter(pk__in=self._few)

    @cached_property
    def count(self) -> int:
        """How many there are."""
        return len(self._few) if self._few is not None else self._remembered("count", self._accounts.count)

    def counted_by(self, *paths: str, **condition: Any) -> list[tuple[Any, ...]]:
        """The values at the paths, of the accounts that fulfil the condition, each with the number of accounts."""
        grouped = self.accounts.filter(**condition).values_list(*paths).annotate(found=Count("pk", distinct=True))
        return self._remembered(f"{paths} {condition}", lambda: list(grouped))

    def _remembered(self, what: str, ask: Callable[[], Counted]) -> Counted:
        """The answer about many is as of `REMEMBERED_SECONDS` ago at most; that about few is always new."""
        if self._few is not None:
            return ask()
        asked = f"{what} {self._accounts.query.sql_with_params()}"
        key = f"found-accounts-{hashlib.sha256(asked.encode()).hexdigest()}"
        answer: Counted | None = cache.get(key)
        if answer is None:
            answer = ask()
            cache.set(key, answer, REMEMBERED_SECONDS)
        return answer

    def page(self, *, path: str, descending: bool, start: int, size: int) -> list[int]:
        """The ids from place `start` on, sorted by the field at `path`. Unknown values come last either way."""
        if self._few is not None:
            return list(in_sequence(self.accounts, path, descending).values_list("pk", flat=True)[start : start + size])
        known = self._accounts.filter(**{f"{path}__isnull": False})
        turn = "-" if descending else ""
        beside = path.partition("__")[0]
        tie = f"{beside}__account_id" if beside in WITH_INDEXES else "pk"
        ids = list(known.order_by(turn + path, turn + tie).values_list("pk", flat=True)[start : start + size])
        missing = size - len(ids)
        if missing:
            seen = start + len(ids) if ids or not start else known.count()
            rest = max(0, start + len(ids) - seen)
            unknown = self._accounts.filter(Q(**{f"{path}__isnull": True})).order_by("pk")
            ids += list(unknown.values_list("pk", flat=True)[rest : rest + missing])
        return ids


def in_sequence(accounts: QuerySet[Account], path: str, descending: bool) -> QuerySet[Account]:
    """Sorted by the field at `path`, unknown values last."""
    return accounts.order_by(F(path).desc(nulls_last=True) if descending else F(path).asc(nulls_last=True), "pk")
