"""Signs of a key account that no order shows: somebody of ours tells them, with the reason and the day (E10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import lock_home, require_account
from regulars.facts.models import Account, ToldSign
from regulars.facts.withdrawals import restore, withdraw

LONGEST_REASON: Final = 300


class WrongSign(Refusal):
    """A sign cannot be told or taken back like this."""


def standing_signs(*, accounts: Iterable[int] | None = None) -> QuerySet[ToldSign]:
    """The signs that were told and not taken back, the newest first."""
    found = ToldSign.objects.filter(withdrawn_at=None)
    if accounts is not None:
        found = found.filter(account__in=list(accounts))
    return found.select_related("member").order_by("-told_on", "-pk")


@transaction.atomic
def tell_sign(*, account: Account, sign: str, reason: str, on: date, member: Member | None) -> ToldSign:
    """Say that the account shows a sign of a key account, and why. Raises `WrongSign` for one that was told before."""
    require_account(account, member=member)
    account = lock_home(account)
    if sign not in ToldSign.Sign.values:
        raise WrongSign(
            _("There is no sign called “%(sign)s”.") % {"sign": sign},
            _("Use one of: %(signs)s.") % {"signs": ", ".join(ToldSign.Sign.values)},
        )
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise WrongSign(_("Nobody could tell later why."), _("Say in a few words what shows it."))
    if standing_signs(accounts=[account.pk]).filter(sign=sign).exists():
        raise WrongSign(_("This was told already."), _("Take the earlier one back first, if the reason is another."))
    made = ToldSign(account=account, sign=sign, reason=reason, told_on=on, member=member)
    with audited(made, verb="tell_sign", member=member):
        made.save()
    return made


@transaction.atomic
def withdraw_sign(*, sign: ToldSign, member: Member | None) -> ToldSign:
    """Take a sign back: it was wrong, or is so no longer."""
    return withdraw(sign, verb="withdraw_sign", member=member, wrong=WrongSign)


@transaction.atomic
def restore_sign(*, sign: ToldSign, member: Member | None) -> ToldSign:
    """Let a sign that was taken back stand again."""
    return restore(sign, verb="restore_sign", member=member, wrong=WrongSign, stands=_("This stands already."))
