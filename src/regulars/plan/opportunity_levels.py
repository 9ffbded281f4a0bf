"""The opportunity level in force: the computed one, or what somebody who knows better set, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import lock_home, require_account
from regulars.facts.models import Account
from regulars.insight.models import OpportunityLevel
from regulars.insight.opportunity_levels import level_of
from regulars.plan.models import LevelChoice

LONGEST_REASON = 500


class WrongLevel(Refusal):
    """The opportunity level cannot be set like this."""


@dataclass(frozen=True, kw_only=True)
class LevelInForce:
    """The level of an account, and where it comes from. None: not known."""

    computed: OpportunityLevel | None
    choice: LevelChoice | None

    @property
    def level(self) -> int | None:
        if self.choice is not None:
            return self.choice.level
        return self.computed.level if self.computed is not None else None

    @property
    def label(self) -> str:
        return _("opportunity unknown") if self.level is None else str(OpportunityLevel.Level(self.level).label)


def level_in_force(account: Account) -> LevelInForce:
    """The level of one account."""
    account = account.merged_into or account
    choice = LevelChoice.objects.filter(account=account, ended_at=None).select_related("member").first()
    return LevelInForce(computed=level_of(account), choice=choice)


def levels_in_force(accounts: Iterable[int]) -> dict[int, LevelInForce]:
    """The levels of these accounts (ids), in two queries."""
    wanted = list(accounts)
    computed = OpportunityLevel.objects.in_bulk(wanted)
    chosen = {one.account_id: one for one in LevelChoice.objects.filter(account__in=wanted, ended_at=None)}
    return {pk: LevelInForce(computed=computed.get(pk), choice=chosen.get(pk)) for pk in wanted}


@transaction.atomic
def choose_level(*, account: Account, level: int, reason: str, on: date, member: Member | None) -> LevelChoice:
    """Set the level of an account in place of the computed one, and say why."""
    require(member, Permission.WRITE)
    require_account(account, member=member)
    account = lock_home(account)
    if level not in OpportunityLevel.Level.values:
        raise WrongLevel(_("There is no such opportunity level."), _("Choose low, medium or high."))
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise WrongLevel(_("The reason is missing."), _("Say in a few words what you know of this customer."))
    computed = level_of(account)
    _end(account)
    made = LevelChoice(
        account=account,
        level=level,
        computed=computed.level if computed is not None else None,
        reason=reason,
        on=on,
        member=member,
    )
    with audited(made, verb="choose_level", member=member, account_id=account.pk):
        made.save()
    return made


@transaction.atomic
def drop_level_choice(*, account: Account, member: Member | None) -> None:
    """Let the computed level be in force again."""
    require(member, Permission.WRITE)
    require_account(account, member=member)
    account = lock_home(account)
    for choice in LevelChoice.objects.select_for_update().filter(account=account, ended_at=None):
        with audited(choice, verb="drop_level_choice", member=member, account_id=account.pk):
            choice.ended_at = timezone.now()
            choice.save()


@transaction.atomic
def restore_level_choice(*, account: Account, member: Member | None) -> LevelChoice:
    """Put the level that was dropped last in force again."""
    require(member, Permission.WRITE)
    require_account(account, member=member)
    account = lock_home(account)
    last = LevelChoice.objects.select_for_update().filter(account=account).order_by("-pk").first()
    if last is None or last.ended_at is None:
        raise WrongLevel(_("There is nothing to take back."), _("Set the level anew."))
    with audited(last, verb="restore_level_choice", member=member, account_id=account.pk):
        last.ended_at = None
        last.save()
    return last


def _end(account: Account) -> None:
    LevelChoice.objects.filter(account=account, ended_at=None).update(ended_at=timezone.now())
