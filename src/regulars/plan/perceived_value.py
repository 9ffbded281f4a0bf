"""What a customer says we are worth to it, from 0 to 10, and how that changed (B8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.formats import day as day_text
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account
from regulars.facts.models import Account, Contact
from regulars.facts.signals import SignalSource, record_signal, withdraw_signal
from regulars.insight.protection import protect
from regulars.plan.models import PerceivedValue
from regulars.plan.seen import seen_with_account

LEAST, MOST = 0, 10
FALLEN: Final = 2
"""So much less than the last time is a signal."""
LONGEST_WORDS = 500


class WrongValue(Refusal):
    """What we are worth cannot be noted like this."""


def visible_perceived(member: Member | None) -> QuerySet[PerceivedValue]:
    """What the accounts that `member` may see said, the newest first."""
    return PerceivedValue.objects.filter(seen_with_account(member)).order_by("-on", "-pk")


def perceived_by(account: Account, *, member: Member | None) -> QuerySet[PerceivedValue]:
    """What one account said, and what was merged into it, as far as it counts."""
    return visible_perceived(member).filter(of_account(account), taken_back_at=None)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the account says now, and the change since the time before."""

    now: PerceivedValue
    before: PerceivedValue | None

    @property
    def sentence(self) -> str:
        said = {"score": number(self.now.score), "most": number(MOST), "day": day_text(self.now.on)}
        told = _("On %(day)s it said that we are worth %(score)s of %(most)s to it.") % said
        if self.before is None:
            return told
        since = {"day": day_text(self.before.on), "points": number(abs(self.now.score - self.before.score))}
        if self.now.score > self.before.score:
            change = _("That is %(points)s more than on %(day)s.")
        elif self.now.score < self.before.score:
            change = _("That is %(points)s less than on %(day)s.")
        else:
            change = _("That is as much as on %(day)s.")
        return f"{told} {change % since}"


def standing_of(said: Sequence[PerceivedValue]) -> Standing | None:
    """Of what an account said, the newest first; None if it said nothing."""
    return Standing(now=said[0], before=said[1] if len(said) > 1 else None) if said else None


@transaction.atomic
def keep_perceived_value(
    *,
    account: Account,
    score: int,
    on: date,
    today: date,
    member: Member | None,
    contact: Contact | None = None,
    said: str = "",
) -> PerceivedValue:
    """Note what the account said we are worth to it. Clearly less than the last time is a signal of risk."""
    require_account(account, member=member)
    account = account.merged_into or account
    if not LEAST <= score <= MOST:
        raise WrongValue(_("That is not one of the answers."), _("Choose a number from 0 to 10."))
    if on > today:
        raise WrongValue(_("That day has not come yet."), _("Give the day on which it was said."))
    if contact is not None and contact.account_id != account.pk:
        raise WrongValue(_("That belongs to another account."), _("Choose what belongs to this one."))
    before = PerceivedValue.objects.filter(of_account(account), on__lte=on, taken_back_at=None).order_by("-on", "-pk")
    last = before.first()
    made = PerceivedValue(
        account=account, contact=contact, score=score, said=said.strip()[:LONGEST_WORDS], on=on, member=member
    )
    with audited(made, verb="keep_perceived_value", member=member):
        made.save()
    if last is not None and last.score - score >= FALLEN:
        record_signal(
            account=account,
            kind="value_fallen",
            observed_on=on,
            member=member,
            said=made.said,
            source=SignalSource.of(made),
        )
        protect([account.pk], on=on)
    return made


@transaction.atomic
def take_back_perceived_value(*, perceived: PerceivedValue, on: date, member: Member | None) -> PerceivedValue:
    """It was noted by mistake. Its signal is withdrawn."""
    require(member, Permission.WRITE)
    seen = visible_perceived(member).filter(pk=perceived.pk, taken_back_at=None)
    found = seen.select_for_update(of=("self",)).first()
    if found is None:
        raise WrongValue(_("This was taken back before."), _("There is nothing left to do."))
    with audited(found, verb="take_back_perceived_value", member=member):
        found.taken_back_at = timezone.now()
        found.save()
    home = found.account.merged_into or found.account
    source = SignalSource.of(found)
    signals = list(home.signals.filter(source_kind=source.kind, source_uid=source.uid, withdrawn_at=None))
    for signal in signals:
        withdraw_signal(signal=signal, member=None, reason=_("Noted by mistake"))
    if signals:
        protect([home.pk], on=on)
    return found
