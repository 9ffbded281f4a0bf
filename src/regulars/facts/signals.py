"""Signals: what bears on the risk or potential of an account, recorded when it is seen, withdrawn when it was wrong.

Later stages record theirs through `record_signal`, with the record that it came from as `source`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member, Record
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account, seen_by
from regulars.facts.models import Account, Signal
from regulars.facts.signal_kinds import KINDS, STRONGEST, WEAKEST

LONGEST_REASON = 300


class WrongSignal(Refusal):
    """A signal cannot be recorded or withdrawn like this."""


@dataclass(frozen=True, kw_only=True)
class SignalSource:
    """The record that a signal came from: its kind as the caller names it ("review", "issue"), and its uid."""

    kind: str
    uid: UUID

    @classmethod
    def of(cls, record: Record) -> SignalSource:
        """A record of ours, named by its model: `plan.review`."""
        return cls(kind=record._meta.label_lower, uid=record.uid)


def visible_signals(member: Member | None) -> QuerySet[Signal]:
    """The signals of the accounts that `member` may see, withdrawn ones too, newest first."""
    seen = Signal.objects.filter(seen_by(member, at="account__"), account__merged_into=None)
    return seen.order_by("-observed_on", "-pk")


def standing(signals: QuerySet[Signal]) -> QuerySet[Signal]:
    """Those that were not withdrawn."""
    return signals.filter(withdrawn_at=None)


@transaction.atomic
def record_signal(
    *,
    account: Account,
    kind: str,
    observed_on: date,
    member: Member | None,
    said: str = "",
    strength: int | None = None,
    source: SignalSource | None = None,
) -> Signal:
    """Record that something was seen of the account on a business date; without `strength`, as strong as its kind is.

    Raises `WrongSignal` for a kind that there is not and a strength that is none.
    """
    require_account(account, member=member)
    _refuse_unknown_kind(kind)
    usual = KINDS[kind]
    strength = usual.strength if strength is None else strength
    _refuse_wrong_strength(strength)
    made = Signal(
        account=account.merged_into or account,
        kind=kind,
        direction=usual.direction,
        strength=strength,
        observed_on=observed_on,
        said=said.strip(),
        source_kind=source.kind if source else "",
        source_uid=source.uid if source else None,
        recorded_by=member,
    )
    with audited(made, verb="record_signal", member=member):
        made.save()
    return made


@transaction.atomic
def withdraw_signal(*, signal: Signal, member: Member | None, reason: str) -> Signal:
    """Say that a signal was wrong, and why. It stays, withdrawn; `restore_signal` takes that back."""
    found = _locked(signal, member=member)
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise WrongSignal(
            _("Nobody could tell later why this was withdrawn."), _("Say in a few words what was wrong with it.")
        )
    if found.withdrawn_at is not None:
        raise WrongSignal(_("This was withdrawn before."), _("There is nothing left to do."))
    with audited(found, verb="withdraw_signal", member=member):
        found.withdrawn_at, found.withdrawn_by, found.withdrawn_reason = timezone.now(), member, reason
        found.save()
    return found


@transaction.atomic
def restore_signal(*, signal: Signal, member: Member | None) -> Signal:
    """Let a withdrawn signal count again."""
    found = _locked(signal, member=member)
    if found.withdrawn_at is None:
        raise WrongSignal(_("This counts already."), _("There is nothing left to do."))
    with audited(found, verb="restore_signal", member=member):
        found.withdrawn_at, found.withdrawn_by, found.withdrawn_reason = None, None, ""
        found.save()
    return found


def _locked(signal: Signal, *, member: Member | None) -> Signal:
    found = Signal.objects.select_for_update(of=("self",)).select_related("account__merged_into").get(pk=signal.pk)
    require_account(found.account, member=member)
    return found


def _refuse_unknown_kind(kind: str) -> None:
    if kind not in KINDS:
        raise WrongSignal(
            _("There is no kind of signal called %(kind)s.") % {"kind": kind},
            _("Use one of: %(kinds)s.") % {"kinds": ", ".join(KINDS)},
        )


def _refuse_wrong_strength(strength: int) -> None:
    if not WEAKEST <= strength <= STRONGEST:
        raise WrongSignal(
            _("A signal cannot have the strength %(strength)s.") % {"strength": strength},
            _("Give a strength from %(weakest)s to %(strongest)s.") % {"weakest": WEAKEST, "strongest": STRONGEST},
        )
