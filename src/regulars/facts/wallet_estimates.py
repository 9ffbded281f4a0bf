"""What an account spends a year, with everyone, on what we sell: estimated by somebody, with source and day (E10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.core.money import to_minor
from regulars.facts.accounts import require_account
from regulars.facts.models import Account, WalletEstimate
from regulars.facts.withdrawals import restore, withdraw

LONGEST_SOURCE: Final = 300
HOLDS_FOR: Final = timedelta(days=730)
"""An estimate that is older says nothing any more: it is shown as out of date, and counts for nothing."""
LARGEST_MINOR: Final = 10**15


class WrongEstimate(Refusal):
    """A wallet cannot be estimated like this."""


def standing_estimates(*, on: date, accounts: Iterable[int] | None = None) -> dict[int, WalletEstimate]:
    """The estimate in force of every account that has one, or of these: the newest that still holds. One query."""
    found = standing_wallets(on=on)
    if accounts is not None:
        found = found.filter(account__in=list(accounts))
    return {one.account_id: one for one in found}


def standing_wallets(*, on: date, of: Account | None = None) -> QuerySet[WalletEstimate]:
    """What still holds, of all accounts or of one; the newest of an account, which is the one in force, last."""
    found = _standing().filter(estimated_on__gt=on - HOLDS_FOR, estimated_on__lte=on)
    return (found if of is None else found.filter(account=of)).order_by("estimated_on", "pk")


def estimates_of(account: Account) -> QuerySet[WalletEstimate]:
    """All that stand, the newest first; those too old to count too."""
    return _standing().filter(account=account).select_related("member").order_by("-estimated_on", "-pk")


def _standing() -> QuerySet[WalletEstimate]:
    return WalletEstimate.objects.filter(withdrawn_at=None)


@transaction.atomic
def estimate_wallet(
    *, account: Account, yearly: Decimal, source: str, estimated_on: date, on: date, member: Member | None
) -> WalletEstimate:
    """Note what the account spends a year on what we sell, with everyone, in the base currency, and how we know."""
    require_account(account, member=member)
    account = account.merged_into or account
    source = source.strip()[:LONGEST_SOURCE]
    if not source:
        raise WrongEstimate(_("Nobody could tell later where this comes from."), _("Say how we know it."))
    if estimated_on > on:
        raise WrongEstimate(_("That day is yet to come."), _("Give the day on which it was estimated."))
    currency = organisation().base_currency
    yearly_minor = to_minor(yearly, currency)
    if not 0 < yearly_minor <= LARGEST_MINOR:
        raise WrongEstimate(_("That is no amount a customer can spend."), _("Give a sensible amount above zero."))
    made = WalletEstimate(
        account=account,
        yearly_minor=yearly_minor,
        currency=currency,
        source=source,
        estimated_on=estimated_on,
        member=member,
    )
    with audited(made, verb="estimate_wallet", member=member):
        made.save()
    return made


@transaction.atomic
def withdraw_estimate(*, estimate: WalletEstimate, member: Member | None) -> WalletEstimate:
    """Take an estimate back: the one before it is in force again."""
    return withdraw(estimate, verb="withdraw_estimate", member=member, wrong=WrongEstimate)


@transaction.atomic
def restore_estimate(*, estimate: WalletEstimate, member: Member | None) -> WalletEstimate:
    """Let a withdrawn estimate hold again."""
    return restore(
        estimate, verb="restore_estimate", member=member, wrong=WrongEstimate, stands=_("This holds already.")
    )
