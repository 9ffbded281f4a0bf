"""Promises: made, kept, openly agreed anew, broken. They stay with the account until they are settled.

One that was kept and one that was broken are signals of the account, which its protection follows at once.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account, visible_accounts
from regulars.facts.models import Account, Signal
from regulars.facts.signals import SignalSource, record_signal, withdraw_signal
from regulars.insight.protection import protect
from regulars.plan.models import Promise, PromiseStep
from regulars.plan.seen import seen_with_account

LONGEST_TEXT = 500
LONGEST_SOURCE = 200
_SIGNALS = {Promise.State.KEPT: "promise_kept", Promise.State.BROKEN: "promise_broken"}


class WrongPromise(Refusal):
    """A promise cannot be made or changed like this."""


class NoSuchPromise(Refusal):
    """There is no such promise that this member may see."""


def visible_promises(member: Member | None) -> QuerySet[Promise]:
    """Promises to the accounts that `member` may see, and those that the member is to keep; the next due first."""
    seen = seen_with_account(member)
    if member is not None and member.is_active:
        seen |= Q(owner=member)
    return Promise.objects.filter(seen).order_by("due_on", "pk")


def live_promises(account: Account, *, member: Member | None) -> QuerySet[Promise]:
    """What was promised to the account and is still to be kept, the next due first."""
    return visible_promises(member).filter(of_account(account), state__in=Promise.LIVE)


@transaction.atomic
def make_promise(
    *,
    account: Account,
    text: str,
    due_on: date,
    on: date,
    member: Member | None,
    owner: Member | None = None,
    source: str = "",
    record: SignalSource | None = None,
) -> Promise:
    """Note what was promised to the account. Without `owner`, who notes it keeps it, else who looks after the account.

    `source` says in words where it was promised, `record` is the record that it came from.
    Raises `WrongPromise` without words, for a day that has passed, and where nobody would keep it.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    text = text.strip()[:LONGEST_TEXT]
    if not text:
        raise WrongPromise(_("It does not say what was promised."), _("Say it in a few words."))
    _refuse_past(due_on, on)
    made = Promise(
        account=account,
        text=text,
        due_on=due_on,
        owner=_keeper(owner or member or account.owner),
        source=source.strip()[:LONGEST_SOURCE],
        source_kind=record.kind if record else "",
        source_uid=record.uid if record else None,
    )
    with audited(made, verb="make_promise", member=member):
        made.save()
    _step(made, on=on, said="", member=member)
    return made


@transaction.atomic
def keep_promise(*, promise: Promise, on: date, member: Member | None, said: str = "") -> Promise:
    """Say that it was kept."""
    return _settle(promise, Promise.State.KEPT, on=on, said=said, member=member, verb="keep_promise")


@transaction.atomic
def break_promise(*, promise: Promise, on: date, member: Member | None, reason: str) -> Promise:
    """Say that it was not kept and will not be, and why. The customer should hear it from us."""
    said = _given(reason)
    return _settle(promise, Promise.State.BROKEN, on=on, said=said, member=member, verb="break_promise")


@transaction.atomic
def withdraw_promise(*, promise: Promise, on: date, member: Member | None, reason: str) -> Promise:
    """Say that it was noted by mistake: nothing was promised."""
    said = _given(reason)
    return _settle(promise, Promise.State.WITHDRAWN, on=on, said=said, member=member, verb="withdraw_promise")


@transaction.atomic
def renegotiate_promise(
    *, promise: Promise, due_on: date, on: date, member: Member | None, reason: str, owner: Member | None = None
) -> Promise:
    """Agree on another day with the customer, and say why; `owner` keeps it from now on, if somebody else."""
    found = _live(promise, member)
    said = _given(reason)
    _refuse_past(due_on, on)
    keeper = _keeper(owner or found.owner)
    if (due_on, keeper) == (found.due_on, found.owner):
        raise WrongPromise(_("It is due on that day already."), _("Choose the day that was agreed now."))
    with audited(found, verb="renegotiate_promise", member=member, account_id=found.account_id):
        found.state = Promise.State.RENEGOTIATED
        found.due_on, found.owner = due_on, keeper
        found.save()
    _step(found, on=on, said=said, member=member)
    return found


@transaction.atomic
def take_back_step(*, promise: Promise, on: date, member: Member | None) -> Promise:
    """Undo the last thing that was said about a promise. Its signal is withdrawn with it."""
    found = _locked(promise, member)
    standing = list(found.steps.filter(taken_back_at=None).order_by("-pk")[:2])
    if len(standing) < 2:
        raise WrongPromise(_("There is nothing to take back."), _("Withdraw the promise, if nothing was promised."))
    last, before = standing
    last.taken_back_at = timezone.now()
    last.save(update_fields=["taken_back_at", "updated_at"])
    with audited(found, verb="take_back_step", member=member, account_id=found.account_id):
        found.state, found.due_on, found.owner, found.settled_on = before.state, before.due_on, before.owner, None
        found.save()
    if last.state in _SIGNALS:
        for signal in _signals_of(found).filter(kind=_SIGNALS[Promise.State(last.state)]):
            withdraw_signal(signal=signal, member=None, reason=_("Noted by mistake"))
        protect([_home(found).pk], on=on)
    return found


def _settle(
    promise: Promise, state: Promise.State, *, on: date, said: str, member: Member | None, verb: str
) -> Promise:
    found = _live(promise, member)
    with audited(found, verb=verb, member=member, account_id=found.account_id):
        found.state, found.settled_on = state, on
        found.save()
    _step(found, on=on, said=said.strip()[:LONGEST_TEXT], member=member)
    if state in _SIGNALS:
        _record_signal(found, _SIGNALS[state], on=on, member=member)
    return found


def _record_signal(promise: Promise, kind: str, *, on: date, member: Member | None) -> None:
    """Who keeps a promise may no longer see the account, after it was handed over; the signal is recorded anyway."""
    account = _home(promise)
    sees = member is not None and visible_accounts(member).filter(pk=account.pk).exists()
    record_signal(
        account=account,
        kind=kind,
        observed_on=on,
        member=member if sees else None,
        said=promise.text,
        source=SignalSource.of(promise),
    )
    protect([account.pk], on=on)


def _signals_of(promise: Promise) -> QuerySet[Signal]:
    source = SignalSource.of(promise)
    return Signal.objects.filter(source_kind=source.kind, source_uid=source.uid, withdrawn_at=None)


def _home(promise: Promise) -> Account:
    return promise.account.merged_into or promise.account


def _step(promise: Promise, *, on: date, said: str, member: Member | None) -> None:
    PromiseStep.objects.create(
        promise=promise,
        state=promise.state,
        on=on,
        due_on=promise.due_on,
        owner=promise.owner,
        said=said,
        member=member,
    )


def _locked(promise: Promise, member: Member | None) -> Promise:
    require(member, Permission.WRITE)
    found = visible_promises(member).filter(pk=promise.pk).first()
    if found is None:
        raise NoSuchPromise(_("There is no such promise."), _("It may have been withdrawn, or belong to others."))
    locked = Promise.objects.select_for_update(of=("self",)).select_related("account__merged_into", "owner")
    return locked.get(pk=found.pk)


def _live(promise: Promise, member: Member | None) -> Promise:
    found = _locked(promise, member)
    if found.state not in Promise.LIVE:
        raise WrongPromise(
            _("This promise is settled: %(state)s.") % {"state": found.get_state_display()},
            _("Take that back first, if it was a mistake."),
        )
    return found


def _keeper(owner: Member | None) -> Member:
    if owner is None:
        raise WrongPromise(_("Nobody would keep this promise."), _("Say who does."))
    if not owner.is_active:
        raise WrongPromise(_("%(member)s is no longer active.") % {"member": owner}, _("Choose somebody else."))
    return owner


def _refuse_past(due_on: date, on: date) -> None:
    if due_on < on:
        raise WrongPromise(_("That day has passed."), _("Choose today or a later day."))


def _given(reason: str) -> str:
    reason = reason.strip()[:LONGEST_TEXT]
    if not reason:
        raise WrongPromise(_("The reason is missing."), _("Say in a few words why: the next talk will need it."))
    return reason
