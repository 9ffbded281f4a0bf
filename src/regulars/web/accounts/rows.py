"""The rows of the list, each with what its columns and sentences need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice

from django.db.models import QuerySet

from regulars.facts.interactions import last_contacts
from regulars.facts.models import Account
from regulars.insight.models import Protection, Score
from regulars.plan.actions import visible_actions
from regulars.plan.models import Action
from regulars.web.accounts.found import in_sequence
from regulars.web.desk import Desk

ROWS_AT_ONCE = 1000
"""So many rows of a file are looked up together."""

LOOKED_UP = ("score", "protection", "owner", "team", "department")
"""What is looked up of every account."""

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

    @cached_property
    def protection(self) -> Protection | None:
        return getattr(self.account, "protection", None)


def rows_of(ids: Sequence[int], desk: Desk, *, needs: set[str]) -> list[Row]:
    """The rows of these accounts, in this sequence, by a constant number of queries."""
    accounts = Account.objects.select_related(*LOOKED_UP).in_bulk(ids)
    return list(_looked_up([accounts[pk] for pk in ids if pk in accounts], desk, needs))


def all_rows(found: QuerySet[Account], desk: Desk, *, path: str, descending: bool, needs: set[str]) -> Iterator[Row]:
    """Every row, sorted; a portion of them is in memory at a time."""
    accounts = in_sequence(found, path, descending).select_related(*LOOKED_UP)
    waiting = accounts.iterator(chunk_size=ROWS_AT_ONCE)
    while portion := list(islice(waiting, ROWS_AT_ONCE)):
        yield from _looked_up(portion, desk, needs)


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
