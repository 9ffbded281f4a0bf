"""Changes to many accounts at once: given to a member, tagged, untagged, and taken back as one.

Each account has its own entry in the audit trail; all entries of one change carry the same moment, which names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import require
from regulars.base.audit import record_changes
from regulars.base.models import AuditEntry, Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import WrongAccount, visible_accounts
from regulars.facts.models import Account, Tag

MOST_AT_ONCE = 20_000
_A_STATEMENT = 5_000
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Change = tuple[Account, Mapping[str, Any], Mapping[str, Any]]
"""An account, and what was changed of it: before and after."""
TagSets = Mapping[int, frozenset[str]]
"""The names of the tags of each account."""


class TooManyAccounts(Refusal):
    """More accounts than may be changed at once."""


class NothingToTakeBack(Refusal):
    """The member made no such change."""


@dataclass(frozen=True, kw_only=True)
class BulkChange:
    """What was done: `changed` accounts, at a `moment` in microseconds since 1970, by which it can be taken back."""

    changed: int
    moment: int


@transaction.atomic
def assign_accounts(*, accounts: QuerySet[Account], owner: Member | None, member: Member | None) -> BulkChange:
    """Give the accounts among these that `member` sees to a member of ours, or to nobody."""
    require(member, "assign")
    if owner is not None and not owner.is_active:
        raise WrongAccount(_("%(owner)s is no longer active.") % {"owner": owner}, _("Choose a member who is active."))
    wanted = owner.pk if owner else None
    return _set_owners(dict.fromkeys(_locked(accounts, member), wanted), member=member)


@transaction.atomic
def tag_accounts(*, accounts: QuerySet[Account], tags: Iterable[str], member: Member | None) -> BulkChange:
    """Put tags on the accounts among these that `member` sees; new tags are made, those there are stay."""
    require(member, "write")
    names = _named(tags)
    for name in sorted(names):
        Tag.objects.get_or_create(name=name)
    found = _locked(accounts, member)
    before = _tags_of(found)
    return _set_tags(found, before, {pk: has | names for pk, has in before.items()}, verb="tag", member=member)


@transaction.atomic
def untag_accounts(*, accounts: QuerySet[Account], tags: Iterable[str], member: Member | None) -> BulkChange:
    """Take tags off the accounts among these that `member` sees; a tag that one does not have is no error."""
    require(member, "write")
    names = _named(tags)
    found = _locked(accounts, member)
    before = _tags_of(found)
    return _set_tags(found, before, {pk: has - names for pk, has in before.items()}, verb="untag", member=member)


@transaction.atomic
def take_back(*, moment: int, member: Member | None) -> BulkChange:
    """Undo what `member` did to many accounts at that moment. What was changed again since stays as it is now."""
    by_account = _entries(moment, member)
    verb = next(iter(by_account.values())).verb
    require(member, "assign" if verb == "assign_owner" else "write")
    found = [
        account
        for some in _portions(list(by_account))
        for account in _locked(Account.objects.filter(pk__in=some), member)
    ]
    return _UNDOING[verb](found, by_account, member)


def _entries(moment: int, member: Member | None) -> dict[int, AuditEntry]:
    """What the member did to accounts at that moment, by account."""
    try:
        at = _START + moment * _MICROSECOND
    except OverflowError:
        at = _START
    of_accounts = AuditEntry.objects.filter(subject=Account._meta.label_lower, verb__in=_UNDOING)
    entries = of_accounts.filter(at=at, member=member)
    by_account = {entry.subject_id: entry for entry in entries if entry.subject_id is not None}
    if not by_account:
        raise NothingToTakeBack(_("There is nothing to take back."), _("Look at the accounts as they are now."))
    return by_account


def _owners_back(found: list[Account], entries: Mapping[int, AuditEntry], member: Member | None) -> BulkChange:
    untouched = [one for one in found if one.owner_id == entries[one.pk].after["owner_id"]]
    return _set_owners({one: entries[one.pk].before["owner_id"] for one in untouched}, member=member)


def _tags_back(found: list[Account], entries: Mapping[int, AuditEntry], member: Member | None) -> BulkChange:
    now = _tags_of(found)
    wanted = {}
    for account in found:
        before, after = (frozenset(said["tags"]) for said in (entries[account.pk].before, entries[account.pk].after))
        wanted[account.pk] = (now[account.pk] - (after - before)) | (before - after)
    back = "untag" if entries[found[0].pk].verb == "tag" else "tag"
    return _set_tags(found, now, wanted, verb=back, member=member)


_UNDOING = {"assign_owner": _owners_back, "tag": _tags_back, "untag": _tags_back}


def _locked(accounts: QuerySet[Account], member: Member | None) -> list[Account]:
    """Those that the member sees, kept from other changes until this one is through."""
    seen = visible_accounts(member).filter(pk__in=accounts.order_by().values("pk"))
    found = list(seen.select_for_update(of=("self",)).order_by("pk")[: MOST_AT_ONCE + 1])
    if len(found) > MOST_AT_ONCE:
        text = ngettext(
            "At most %(most)s account can be changed at once.",
            "At most %(most)s accounts can be changed at once.",
            MOST_AT_ONCE,
        )
        raise TooManyAccounts(text % {"most": MOST_AT_ONCE}, _("Narrow the list, and do it in parts."))
    return found


def _set_owners(wanted: Mapping[Account, int | None], *, member: Member | None) -> BulkChange:
    differing = {one: owner for one, owner in wanted.items() if one.owner_id != owner}
    by_owner: dict[int | None, list[int]] = defaultdict(list)
    for account, owner in differing.items():
        by_owner[owner].append(account.pk)
    for owner, accounts in by_owner.items():
        for some in _portions(accounts):
            Account.objects.filter(pk__in=some).update(owner=owner, updated_at=timezone.now())
    changes: list[Change] = [(one, {"owner_id": one.owner_id}, {"owner_id": owner}) for one, owner in differing.items()]
    return _noted(changes, verb="assign_owner", member=member)


def _set_tags(
    found: Sequence[Account], before: TagSets, after: TagSets, *, verb: str, member: Member | None
) -> BulkChange:
    ids = dict(Tag.objects.values_list("name", "pk"))
    through = Account.tags.through
    added = [
        through(account_id=pk, tag_id=ids[name])
        for pk, has in after.items()
        for name in has - before[pk]
        if name in ids
    ]
    through.objects.bulk_create(added, batch_size=1000, ignore_conflicts=True)
    removed: dict[str, list[int]] = defaultdict(list)
    for pk, had in before.items():
        for name in had - after[pk]:
            removed[name].append(pk)
    for name, accounts in removed.items():
        for some in _portions(accounts):
            through.objects.filter(tag_id=ids[name], account_id__in=some).delete()
    changes: list[Change] = [
        (one, {"tags": sorted(before[one.pk])}, {"tags": sorted(after[one.pk])})
        for one in found
        if before[one.pk] != after[one.pk]
    ]
    return _noted(changes, verb=verb, member=member)


def _noted(changes: Sequence[Change], *, verb: str, member: Member | None) -> BulkChange:
    """Entries by account, so that each account's history has them."""
    at = record_changes(member=member, verb=verb, changes=changes, of_accounts=True)
    return BulkChange(changed=len(changes), moment=(at - _START) // _MICROSECOND)


def _tags_of(found: Sequence[Account]) -> dict[int, frozenset[str]]:
    names: dict[int, set[str]] = {account.pk: set() for account in found}
    for some in _portions(list(names)):
        pairs = Account.tags.through.objects.filter(account_id__in=some).values_list("account_id", "tag__name")
        for pk, name in pairs:
            names[pk].add(name)
    return {pk: frozenset(has) for pk, has in names.items()}


def _named(tags: Iterable[str]) -> frozenset[str]:
    names = frozenset(one.strip() for one in tags if one.strip())
    if not names or any(len(name) > 100 for name in names):
        raise WrongAccount(_("A tag needs a name of at most 100 letters."), _("Write the tag, and try again."))
    return names


def _portions(ids: list[int]) -> Iterable[list[int]]:
    """Parts that fit into one statement."""
    return (ids[start : start + _A_STATEMENT] for start in range(0, len(ids), _A_STATEMENT))
