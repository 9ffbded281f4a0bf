"""Key accounts: appointed with a manager of their own, at most three each; exceptions have a reason (E10, E11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import assign_owner, of_account, require_account, visible_accounts
from regulars.facts.models import Account
from regulars.plan.models import KeyAccount
from regulars.plan.seen import seen_with_account

MOST_A_MANAGER: Final = 3
LONGEST_REASON: Final = 300


class WrongKeyAccount(Refusal):
    """A key account cannot be appointed or ended like this."""


class NoSuchKeyAccount(WrongKeyAccount):
    """The account is no key account."""


class TooManyKeyAccounts(WrongKeyAccount):
    """The manager has as many as one person can look after."""


def visible_key_accounts(member: Member | None) -> QuerySet[KeyAccount]:
    """The key accounts of today that the member may see, the oldest appointment first."""
    return KeyAccount.objects.filter(seen_with_account(member), until=None).order_by("since", "pk")


def loads() -> Counter[int]:
    """How many key accounts each manager has, by the manager's id."""
    return Counter(KeyAccount.objects.filter(until=None).values_list("manager_id", flat=True))


@transaction.atomic
def appoint_key_account(
    *, account: Account, manager: Member, on: date, member: Member | None, exception: str = ""
) -> KeyAccount:
    """Make the account a key account with this manager; one that is one already changes its manager.

    A manager who could not see the account looks after it from now on.
    Raises `TooManyKeyAccounts` for a fourth one, unless `exception` says why this manager may have it.
    """
    require(member, Permission.ASSIGN)
    require_account(account, member=member)
    account = account.merged_into or account
    if not manager.is_active:
        raise WrongKeyAccount(
            _("%(name)s no longer works here.") % {"name": manager.name}, _("Name somebody who does.")
        )
    Member.objects.select_for_update().get(pk=manager.pk)
    before = KeyAccount.objects.filter(of_account(account), until=None).order_by("pk").first()
    if before is not None and before.manager_id == manager.pk:
        raise WrongKeyAccount(
            _("%(name)s manages this key account already.") % {"name": manager.name}, _("There is nothing to do.")
        )
    exception = exception.strip()[:LONGEST_REASON]
    _refuse_too_many(manager, exception)
    if before is not None:
        _end(before, on=on, reason=_("The manager changed."), member=member)
    made = KeyAccount(account=account, manager=manager, since=on, exception=exception if _is_full(manager) else "")
    with audited(made, verb="appoint_key_account", member=member):
        made.save()
    if not visible_accounts(manager).filter(pk=account.pk).exists():
        assign_owner(accounts=[account], owner=manager, member=member)
    return made


@transaction.atomic
def appoint_several(
    *, pairs: Sequence[tuple[Account, Member]], on: date, member: Member | None, exception: str = ""
) -> list[KeyAccount]:
    """Appoint several at once, so that managers can change places; where one is refused, nothing is done."""
    require(member, Permission.ASSIGN)
    wanted = {(account.merged_into or account).pk: manager.pk for account, manager in pairs}
    if len(wanted) < len(pairs):
        raise WrongKeyAccount(_("An account was named twice."), _("Choose one manager for each."))
    standing = KeyAccount.objects.filter(until=None).select_related("account__merged_into", "manager")
    for one in standing.order_by("pk"):
        account = one.account.merged_into or one.account
        if wanted.get(account.pk, one.manager_id) != one.manager_id:
            require_account(account, member=member)
            _end(one, on=on, reason=_("The manager changed."), member=member)
    return [
        appoint_key_account(account=account, manager=manager, on=on, member=member, exception=exception)
        for account, manager in pairs
    ]


@transaction.atomic
def end_key_account(*, key_account: KeyAccount, on: date, reason: str, member: Member | None) -> KeyAccount:
    """It is a key account no longer; the reason stays."""
    require(member, Permission.ASSIGN)
    found = _locked(key_account, member=member)
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise WrongKeyAccount(_("Nobody could tell later why."), _("Say why it is a key account no longer."))
    if found.until is not None:
        raise WrongKeyAccount(_("This ended before."), _("There is nothing left to do."))
    return _end(found, on=on, reason=reason, member=member)


@transaction.atomic
def restore_key_account(*, key_account: KeyAccount, member: Member | None) -> KeyAccount:
    """Take an end back. Raises `WrongKeyAccount` where the account has another manager by now."""
    require(member, Permission.ASSIGN)
    found = _locked(key_account, member=member)
    if found.until is None or KeyAccount.objects.filter(account=found.account_id, until=None).exists():
        raise WrongKeyAccount(_("It is a key account already."), _("There is nothing left to do."))
    _refuse_too_many(found.manager, found.exception)
    with audited(found, verb="restore_key_account", member=member):
        found.until, found.ended_because = None, ""
        found.save()
    return found


def _locked(key_account: KeyAccount, *, member: Member | None) -> KeyAccount:
    of = KeyAccount.objects.select_for_update(of=("self",)).select_related("account__merged_into", "manager")
    found = of.get(pk=key_account.pk)
    require_account(found.account, member=member)
    return found


def _end(found: KeyAccount, *, on: date, reason: str, member: Member | None) -> KeyAccount:
    with audited(found, verb="end_key_account", member=member):
        found.until, found.ended_because = on, reason
        found.save()
    return found


def _is_full(manager: Member) -> bool:
    return loads()[manager.pk] >= MOST_A_MANAGER


def _refuse_too_many(manager: Member, exception: str) -> None:
    if _is_full(manager) and not exception:
        count = loads()[manager.pk]
        text = ngettext(
            "%(name)s has %(count)s key account already; nobody looks after more than %(most)s well.",
            "%(name)s has %(count)s key accounts already; nobody looks after more than %(most)s well.",
            count,
        )
        raise TooManyKeyAccounts(
            text % {"name": manager.name, "count": number(count), "most": number(MOST_A_MANAGER)},
            _("Name somebody else, or say why this is an exception."),
        )
