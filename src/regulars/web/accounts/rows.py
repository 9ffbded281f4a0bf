"""The rows of the list: sorted a page at a time, each with what its columns and sentences need.

Unknown figures come last, whichever way the list is sorted. So known and unknown ones are asked for one after the
other, each along an index: sorting 100,000 accounts for the sake of fifty would be felt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice

from django.db.models import F, Q, QuerySet

from regulars.facts.interactions import last_contacts
from regulars.facts.models import Account
from regulars.insight.models import Score
from regulars.plan.actions import visible_actions
from regulars.plan.models import Action
from regulars.web.desk import Desk

FEW = 2000
"""So many are found and sorted sooner than an index of all accounts is searched for them."""
ROWS_AT_ONCE = 1000
"""So many rows of a file are looked up together."""

TAGS, LAST_CONTACT, ACTIONS = "tags", "last_contact", "actions"
"""What is only looked up when a column or a sentence needs it."""


@dataclass(kw_only=True)
class Row:
    """An account of the list, and what was looked up about it."""

    account: Account
    tags: Sequence[str] = ()
    last_contact: date | None = None
    actions: Sequence[Action] = ()

    @cached_property
    def score(self) -> Score | None:
        return getattr(self.account, "score", None)


def page_of(found: QuerySet[Account], *, count: int, path: str, descending: bool, start: int, size: int) -> list[int]:
    """The ids of the accounts from place `start` on, sorted by the field at `path`; `count` are found in all."""
    if count <= FEW:
        return list(_sorted(found, path, descending).values_list("pk", flat=True)[start : start + size])
    known = found.filter(**{f"{path}__isnull": False})
    turn = "-" if descending else ""
    tie = "score__account_id" if path.startswith("score__") else "pk"
    ids = list(known.order_by(turn + path, turn + tie).values_list("pk", flat=True)[start : start + size])
    missing = size - len(ids)
    if missing:
        seen = start + len(ids) if ids or not start else known.count()
        rest = max(0, start + len(ids) - seen)
        unknown = found.filter(Q(**{f"{path}__isnull": True})).order_by("pk").values_list("pk", flat=True)
        ids += list(unknown[rest : rest + missing])
    return ids


def rows_of(ids: Sequence[int], desk: Desk, *, needs: set[str]) -> list[Row]:
    """The rows of these accounts, in this sequence, by a constant number of queries."""
    accounts = Account.objects.select_related("score", "owner", "team", "department").in_bulk(ids)
    return list(_looked_up([accounts[pk] for pk in ids if pk in accounts], desk, needs))


def all_rows(found: QuerySet[Account], desk: Desk, *, path: str, descending: bool, needs: set[str]) -> Iterator[Row]:
    """Every row, sorted; a portion of them is in memory at a time."""
    accounts = _sorted(found, path, descending).select_related("score", "owner", "team", "department")
    waiting = accounts.iterator(chunk_size=ROWS_AT_ONCE)
    while portion := list(islice(waiting, ROWS_AT_ONCE)):
        yield from _looked_up(portion, desk, needs)


def _sorted(found: QuerySet[Account], path: str, descending: bool) -> QuerySet[Account]:
    return found.order_by(F(path).desc(nulls_last=True) if descending else F(path).asc(nulls_last=True), "pk")


def _looked_up(accounts: Sequence[Account], desk: Desk, needs: set[str]) -> Iterator[Row]:
    ids = [account.pk for account in accounts]
    tags = _tags(ids) if TAGS in needs else {}
    contacts = last_contacts(until=desk.day, accounts=ids) if LAST_CONTACT in needs else {}
    actions = _actions(ids, desk) if ACTIONS in needs else {}
    for account in accounts:
        yield Row(
            account=account,
            tags=tags.get(account.pk, ()),
            last_contact=contacts.get(account.pk),
            actions=actions.get(account.pk, ()),
        )


def _tags(ids: Iterable[int]) -> dict[int, list[str]]:
    pairs = Account.tags.through.objects.filter(account_id__in=ids).order_by("tag__name")
    found: dict[int, list[str]] = defaultdict(list)
    for pk, name in pairs.values_list("account_id", "tag__name"):
        found[pk].append(name)
    return found


def _actions(ids: Iterable[int], desk: Desk) -> dict[int, list[Action]]:
    """What is to be done, most money first."""
    pending = visible_actions(desk.member).filter(account__in=ids, state__in=Action.PENDING)
    found: dict[int, list[Action]] = defaultdict(list)
    for action in pending.order_by("-expected_money", "pk"):
        found[action.account_id].append(action)
    return found
