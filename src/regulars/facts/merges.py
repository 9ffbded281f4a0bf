"""One account merged into another, and the merge taken back.

The merged account keeps its row and its lines in the order history; `merged_into` points to the account that is kept,
always in one step: when that one is merged in its turn, all that pointed to it are pointed on. What moved is kept in
`AccountMerge`, so that `undo_merge` puts back exactly what is still as the merge left it.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.audit import record_change
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import is_below, require_account
from regulars.facts.models import (
    Account,
    AccountGoal,
    AccountMerge,
    Contact,
    Interaction,
    Issue,
    LiveOrder,
    ServiceProfile,
    Signal,
    Site,
    Supply,
    ToldSign,
    WalletEstimate,
)

_MOVED: Final[dict[str, type[models.Model]]] = {
    "contacts": Contact,
    "goals": AccountGoal,
    "interactions": Interaction,
    "issues": Issue,
    "live_orders": LiveOrder,
    "service_profiles": ServiceProfile,
    "signals": Signal,
    "sites": Site,
    "supplies": Supply,
    "told_signs": ToldSign,
    "wallet_estimates": WalletEstimate,
}
_FILLED: Final = (
    ("owner_id",), ("team_id",), ("department_id",), ("trade",), ("size",), ("email",), ("phone",), ("language",),
    ("street", "postcode", "city", "region", "country"),
)  # fmt: skip
"""Empty fields of the kept account that are filled; an address only as a whole."""


class CannotMerge(Refusal):
    """These two accounts cannot be made one."""


class CannotUndoMerge(Refusal):
    """This merge cannot be taken back as things stand."""


@transaction.atomic
def merge_accounts(*, kept: Account, merged: Account, member: Member | None) -> AccountMerge:
    """Make `merged` a part of `kept`: contacts, interactions, issues, signals, sites, subsidiaries, tags move.

    Empty fields of `kept` are filled.

    Raises `CannotMerge` for an account with itself, one that is merged already, or into an account below it.
    """
    kept, merged = _locked(kept), _locked(merged)
    for account in (kept, merged):
        require_account(account, member=member, permission="merge")
    _refuse_impossible(kept, merged)
    moved = {name: _move(model, source=merged, target=kept) for name, model in _MOVED.items()}
    moved["children"] = _repoint("parent", source=merged, target=kept)
    moved["merged"] = _repoint("merged_into", source=merged, target=kept)
    moved["tags"] = _add_tags(kept, merged)
    filled = _fill(kept, merged)
    kept.save()
    merged.merged_into = kept
    merged.save(update_fields=["merged_into", "updated_at"])
    merge = AccountMerge.objects.create(kept=kept, merged=merged, member=member, moved=moved, filled=filled)
    _note(merge, verb="merge_accounts", member=member, before={}, after={"moved": moved, "filled": filled})
    return merge


@transaction.atomic
def undo_merge(*, merge: AccountMerge, member: Member | None) -> Account:
    """Make the merged account one of its own again, with all that came from it. What was changed since is kept.

    Raises `CannotUndoMerge` when it was undone already or the kept account was itself merged since.
    """
    merge = AccountMerge.objects.select_for_update().get(pk=merge.pk)
    kept, merged = _locked(merge.kept), _locked(merge.merged)
    require_account(kept, member=member, permission="merge")
    _refuse_impossible_undo(merge, kept)
    merged.merged_into = None
    merged.save(update_fields=["merged_into", "updated_at"])
    for name, model in _MOVED.items():
        model._default_manager.filter(pk__in=merge.moved.get(name, []), account_id=kept.pk).update(account_id=merged.pk)
    Account.objects.filter(pk__in=merge.moved["merged"], merged_into=kept).update(merged_into=merged)
    kept.tags.remove(*merge.moved["tags"])
    _empty_again(kept, merge.filled)
    _give_back_children(merge.moved["children"], kept=kept, merged=merged)
    merge.undone_at = timezone.now()
    merge.save()
    _note(merge, verb="undo_merge", member=member, before={"moved": merge.moved, "filled": merge.filled}, after={})
    return merged


def _locked(account: Account) -> Account:
    return Account.objects.select_for_update(of=("self",)).get(pk=account.pk)


def _refuse_impossible(kept: Account, merged: Account) -> None:
    if kept.pk == merged.pk:
        raise CannotMerge(_("An account cannot be merged into itself."), _("Choose two different accounts."))
    for account in (kept, merged):
        if account.merged_into is not None:
            raise CannotMerge(
                _("%(account)s is already merged into %(other)s.") % {"account": account, "other": account.merged_into},
                _("Merge with %(other)s instead, or undo that merge first.") % {"other": account.merged_into},
            )
    if is_below(kept, top=merged):
        raise CannotMerge(
            _("%(kept)s lies below %(merged)s, so it cannot take it in.") % {"kept": kept, "merged": merged},
            _("Merge the other way round: keep %(merged)s.") % {"merged": merged},
        )


def _refuse_impossible_undo(merge: AccountMerge, kept: Account) -> None:
    if merge.undone_at is not None:
        raise CannotUndoMerge(_("This merge was undone before."), _("There is nothing left to do."))
    if kept.merged_into is not None:
        raise CannotUndoMerge(
            _("%(kept)s was itself merged into %(other)s since.") % {"kept": kept, "other": kept.merged_into},
            _("Undo that later merge first."),
        )


def _move(model: type[models.Model], *, source: Account, target: Account) -> list[int]:
    moving = model._default_manager.filter(account_id=source.pk)
    ids = list(moving.order_by("pk").values_list("pk", flat=True))
    moved: dict[str, object] = {"account_id": target.pk}
    if any(field.name == "updated_at" for field in model._meta.concrete_fields):
        moved["updated_at"] = timezone.now()
    moving.update(**moved)
    return ids


def _repoint(field: str, *, source: Account, target: Account) -> list[int]:
    pointing = Account.objects.filter(**{field: source})
    ids = list(pointing.order_by("pk").values_list("pk", flat=True))
    pointing.update(**{field: target})
    return ids


def _add_tags(kept: Account, merged: Account) -> list[int]:
    new = sorted(set(merged.tags.values_list("pk", flat=True)) - set(kept.tags.values_list("pk", flat=True)))
    kept.tags.add(*new)
    return new


def _fill(kept: Account, merged: Account) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for group in _FILLED:
        if not any(getattr(kept, name) for name in group):
            filled |= {name: getattr(merged, name) for name in group if getattr(merged, name)}
    if kept.parent_id is None and merged.parent is not None and not is_below(merged.parent, top=kept):
        filled["parent_id"] = merged.parent_id
    for name, value in filled.items():
        setattr(kept, name, value)
    new = {key: value for key, value in merged.custom.items() if key not in kept.custom}
    kept.custom = {**kept.custom, **new}
    return {**filled, "custom": new} if new else filled


def _empty_again(kept: Account, filled: dict[str, Any]) -> None:
    for name, value in filled.items():
        if name != "custom" and getattr(kept, name) == value:
            setattr(kept, name, None if name.endswith("_id") else "")
    custom = filled.get("custom", {})
    kept.custom = {key: value for key, value in kept.custom.items() if key not in custom or custom[key] != value}
    kept.save()


def _give_back_children(ids: list[int], *, kept: Account, merged: Account) -> None:
    """A child stays with the kept account when meanwhile the merged account's own parents were put below that child."""
    for child in Account.objects.filter(pk__in=ids, parent=kept):
        if not is_below(merged, top=child):
            child.parent = merged
            child.save(update_fields=["parent", "updated_at"])


def _note(
    merge: AccountMerge, *, verb: str, member: Member | None, before: dict[str, Any], after: dict[str, Any]
) -> None:
    for account_id in (merge.kept_id, merge.merged_id):
        record_change(member=member, verb=verb, record=merge, before=before, after=after, account_id=account_id)
