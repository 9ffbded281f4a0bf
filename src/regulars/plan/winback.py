"""Winning back: an account declared lost, why it left, what it was offered, how it ended (docs/guide/win-back.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.jobs import enqueue
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account
from regulars.facts.losses import WrongLoss, declare_loss, end_loss, resume_loss, standing_losses_of, withdraw_loss
from regulars.facts.models import Account, Loss
from regulars.insight.models import Score
from regulars.plan.lost import take_in_losses, worth_a_year
from regulars.plan.models import WhatIf, WinBack
from regulars.plan.seen import seen_with_account

LONGEST_WORDS = 500
LONGEST_GIFT = 200
AGAIN_DAYS = 180
"""When to look again at a customer one has parted from, unless another day is said."""
FIRST_CHANCE = 0.2
"""Until the chance is learned, moments after a loss was declared; see `core/returns.py`."""


class WrongWinBack(Refusal):
    """This cannot be done with the work of winning back."""


class NoSuchWinBack(Refusal):
    """There is no such work that this member may see."""


def visible_win_backs(member: Member | None) -> QuerySet[WinBack]:
    """The work on lost accounts that `member` may see, most expected money first."""
    return WinBack.objects.filter(seen_with_account(member)).order_by("-expected_money", "pk")


def win_back_of(account: Account, *, member: Member | None) -> WinBack | None:
    """The work on the account that is open or was parted from; the newest, if there are several."""
    mine = visible_win_backs(member).filter(of_account(account), state__in=[WinBack.State.OPEN, WinBack.State.PARTED])
    return mine.select_related("account__merged_into", "loss").order_by("-state", "-pk").first()


@transaction.atomic
def declare_lost(
    *,
    account: Account,
    since: date,
    on: date,
    member: Member | None,
    known: str = Loss.Known.DECLARED,
    reasons: Iterable[str] = (),
    said: str = "",
) -> WinBack:
    """Say that the account is lost, and open the work of winning it back. `on` is the day of saying so.

    Raises `WrongLoss` if it was said before, for a day to come, and where it has ordered since.
    """
    score = Score.objects.filter(account=account.merged_into or account).first()
    if score is not None and score.last_order is not None and score.last_order > since:
        raise WrongLoss(
            _("%(account)s has ordered since that day.") % {"account": account}, _("Give the day of the loss itself.")
        )
    loss = declare_loss(account=account, since=since, on=on, member=member, known=known)
    open_one = WinBack.objects.filter(of_account(loss.account), state=WinBack.State.OPEN).order_by("pk").first()
    work = open_one or WinBack(
        account=loss.account,
        worth=worth_a_year(score) if score else 0.0,
        chance=FIRST_CHANCE,
        chance_cases=0,
        expected_money=worth_a_year(score) * FIRST_CHANCE if score else 0.0,
    )
    with audited(work, verb="declare_lost", member=member, account_id=loss.account_id):
        work.loss, work.since, work.lost_on = loss, since, on
        _set_reasons(work, reasons or work.reasons, said or work.said)
        work.save()
    enqueue(take_in_losses)
    return work


@transaction.atomic
def take_back_lost(*, win_back: WinBack, on: date, member: Member | None) -> WinBack:
    """Say that the account was not lost: what was declared is taken back. Silence may call it lost again."""
    work = _locked(win_back, member)
    if work.state != WinBack.State.OPEN or work.loss is None:
        raise WrongWinBack(_("Nobody declared this account lost."), _("An order ends it by itself."))
    withdraw_loss(loss=work.loss, member=None)
    with audited(work, verb="take_back_lost", member=member, account_id=work.account_id):
        work.state, work.settled_on = WinBack.State.MISTAKE, on
        work.save()
    enqueue(take_in_losses)
    return work


@transaction.atomic
def note_reasons(*, win_back: WinBack, reasons: Iterable[str], said: str, member: Member | None) -> WinBack:
    """Note why it left: several of `WinBack.Reason`, and words; words without a kind are "something else"."""
    work = _locked(win_back, member)
    with audited(work, verb="note_reasons", member=member, account_id=work.account_id):
        _set_reasons(work, reasons, said)
        work.save()
    return work


@transaction.atomic
def offer_what_if(*, win_back: WinBack, text: str, on: date, member: Member | None) -> WhatIf:
    """Note that it was asked "what if we …"."""
    work = _open(win_back, member)
    if not text.strip():
        raise WrongWinBack(_("The offer is missing."), _("Say in a few words what you would do."))
    made = WhatIf(win_back=work, text=text.strip()[:LONGEST_WORDS], offered_on=on, member=member)
    with audited(made, verb="offer_what_if", member=member, account_id=work.account_id):
        made.save()
    return made


@transaction.atomic
def answer_what_if(*, offer: WhatIf, answer: str, on: date, member: Member | None, said: str = "") -> WhatIf:
    """Note what it answered; an empty answer takes it back."""
    work = _locked(offer.win_back, member)
    if answer not in WhatIf.Answer.values:
        raise WrongWinBack(_("There is no such answer."), _("It is yes, perhaps or no."))
    found = WhatIf.objects.select_for_update().get(pk=offer.pk)
    with audited(found, verb="answer_what_if", member=member, account_id=work.account_id):
        found.answer, found.said = answer, said.strip()[:LONGEST_WORDS]
        found.answered_on = on if answer else None
        found.save()
    return found


@transaction.atomic
def mark_won_back(*, win_back: WinBack, on: date, member: Member | None) -> WinBack:
    """Say that it is a customer again. An order says so by itself."""
    work = _locked(win_back, member)
    if work.state not in (WinBack.State.OPEN, WinBack.State.PARTED):
        raise WrongWinBack(_("This is settled: %(state)s.") % {"state": work.get_state_display()}, _way_out())
    _end_told(work, on)
    with audited(work, verb="mark_won_back", member=member, account_id=work.account_id):
        work.state, work.settled_on, work.look_again_on = WinBack.State.WON, on, None
        work.save()
    enqueue(take_in_losses)
    return work


@transaction.atomic
def part_well(
    *,
    win_back: WinBack,
    on: date,
    member: Member | None,
    look_again_on: date | None = None,
    gift: str = "",
    door_open: bool = False,
    recommendation_asked: bool = False,
) -> WinBack:
    """Say that it will not come back for now, and how one parted. `look_again_on`: else in half a year."""
    work = _open(win_back, member)
    again = look_again_on or on + timedelta(days=AGAIN_DAYS)
    if again <= on:
        raise WrongWinBack(_("The day to look again lies not in the future."), _("Choose a day after today."))
    with audited(work, verb="part_well", member=member, account_id=work.account_id):
        work.state, work.settled_on, work.look_again_on = WinBack.State.PARTED, on, again
        work.gift, work.door_open = gift.strip()[:LONGEST_GIFT], door_open
        work.recommendation_asked = recommendation_asked
        work.save()
    enqueue(take_in_losses)
    return work


@transaction.atomic
def reopen_win_back(*, win_back: WinBack, member: Member | None) -> WinBack:
    """Take back how it ended, or try again with one that was parted from."""
    work = _locked(win_back, member)
    if work.state not in (WinBack.State.WON, WinBack.State.PARTED):
        raise WrongWinBack(_("There is nothing to take back."), _("Only what was settled can be opened again."))
    if WinBack.objects.filter(of_account(_home(work)), state=WinBack.State.OPEN).exists():
        raise WrongWinBack(_("It is being won back already."), _("Use that one."))
    told = standing_losses_of(_home(work)).exists()
    if work.state == WinBack.State.WON and work.loss is not None and work.loss.back_on and not told:
        resume_loss(loss=work.loss, member=None)
    with audited(work, verb="reopen_win_back", member=member, account_id=work.account_id):
        work.state, work.settled_on, work.look_again_on, work.by_order = WinBack.State.OPEN, None, None, False
        work.save()
    enqueue(take_in_losses)
    return work


def _end_told(work: WinBack, on: date) -> None:
    for loss in standing_losses_of(_home(work)):
        end_loss(loss=loss, on=on, member=None)


def _set_reasons(work: WinBack, reasons: Iterable[str], said: str) -> None:
    given = set(reasons)
    if unknown := given - set(WinBack.Reason.values):
        raise WrongWinBack(
            _("There is no such reason: %(reasons)s.") % {"reasons": ", ".join(sorted(unknown))},
            _("Use: %(reasons)s.") % {"reasons": ", ".join(WinBack.Reason.values)},
        )
    work.said = said.strip()[:LONGEST_WORDS]
    if work.said and not given:
        given = {WinBack.Reason.OTHER.value}
    work.reasons = [one for one in WinBack.Reason.values if one in given]


def _locked(win_back: WinBack, member: Member | None) -> WinBack:
    require(member, Permission.WRITE)
    if not visible_win_backs(member).filter(pk=win_back.pk).exists():
        raise NoSuchWinBack(_("There is no such lost account."), _("It may belong to others."))
    locked = WinBack.objects.select_for_update(of=("self",)).select_related("account__merged_into", "loss")
    found = locked.get(pk=win_back.pk)
    require_account(_home(found), member=member)
    return found


def _open(win_back: WinBack, member: Member | None) -> WinBack:
    work = _locked(win_back, member)
    if work.state != WinBack.State.OPEN:
        raise WrongWinBack(_("This is settled: %(state)s.") % {"state": work.get_state_display()}, _way_out())
    return work


def _way_out() -> str:
    return _("Open it again first, if that was a mistake.")


def _home(work: WinBack) -> Account:
    return work.account.merged_into or work.account


# What is known of the losses together


@dataclass(frozen=True, kw_only=True)
class ReasonReport:
    """One reason for which customers left; one who names several counts with each."""

    reason: str
    label: str
    accounts: int
    worth: float
    """Sales a year, base currency."""
    won_back: int


@dataclass(frozen=True, kw_only=True)
class ReasonsReport:
    """Why customers left, the dearest reason first. `unknown`: those of whom nobody has noted why."""

    reasons: list[ReasonReport]
    unknown: int
    unknown_worth: float


def reasons_by_value(*, member: Member | None) -> ReasonsReport:
    """Why the accounts left that the member sees, by what they were worth."""
    lost = visible_win_backs(member).exclude(state=WinBack.State.MISTAKE).order_by()
    noted = list(lost.exclude(reasons=[]).values_list("reasons", "worth", "state"))
    told = []
    for key, label in WinBack.Reason.choices:
        mine = [(worth, state) for reasons, worth, state in noted if key in reasons]
        told.append(
            ReasonReport(
                reason=key,
                label=str(label),
                accounts=len(mine),
                worth=sum(worth for worth, _state in mine),
                won_back=sum(state == WinBack.State.WON for _worth, state in mine),
            )
        )
    unknown = lost.filter(reasons=[]).aggregate(accounts=Count("pk"), worth=Sum("worth"))
    return ReasonsReport(
        reasons=sorted((one for one in told if one.accounts), key=lambda one: -one.worth),
        unknown=unknown["accounts"],
        unknown_worth=unknown["worth"] or 0.0,
    )


def to_look_at_again(*, member: Member | None, on: date) -> QuerySet[WinBack]:
    """Those that were parted from and whose day to look again has come, the longest due first."""
    due = Q(state=WinBack.State.PARTED, look_again_on__lte=on)
    return visible_win_backs(member).filter(due).order_by("look_again_on", "pk")
