"""Goals and challenges of accounts: what they want to reach and what troubles them, in their own words."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account, seen_by
from regulars.facts.models import Account, AccountGoal, Contact
from regulars.facts.signals import SignalSource

LONGEST_TEXT: Final = 500
LONGEST_SOURCE: Final = 200
ENDS: Final = (AccountGoal.State.REACHED, AccountGoal.State.GIVEN_UP, AccountGoal.State.WITHDRAWN)


class WrongGoal(Refusal):
    """A goal cannot be noted or changed like this."""


def visible_goals(member: Member | None) -> QuerySet[AccountGoal]:
    """Goals and challenges of the accounts that `member` may see, the newest first."""
    seen = AccountGoal.objects.filter(seen_by(member, at="account__"), account__merged_into=None)
    return seen.order_by("-noted_on", "-pk")


def live_goals(account: Account, *, member: Member | None) -> QuerySet[AccountGoal]:
    """What the account wants to reach and what troubles it, as far as it still stands."""
    return visible_goals(member).filter(account=account.merged_into or account, state=AccountGoal.State.LIVE)


@transaction.atomic
def note_goal(
    *,
    account: Account,
    text: str,
    on: date,
    member: Member | None,
    kind: str = AccountGoal.Kind.GOAL,
    since: date | None = None,
    source: str = "",
    contact: Contact | None = None,
    record: SignalSource | None = None,
) -> AccountGoal:
    """Note what the account wants to reach or what troubles it. Raises `WrongGoal` without words."""
    require_account(account, member=member)
    account = account.merged_into or account
    text = text.strip()[:LONGEST_TEXT]
    if not text:
        raise WrongGoal(_("It does not say what the customer wants."), _("Say it in their words."))
    if kind not in AccountGoal.Kind.values:
        raise WrongGoal(_("It is neither a goal nor a challenge."), _("Say which of the two it is."))
    if contact is not None and contact.account_id != account.pk:
        raise WrongGoal(_("This person belongs to another account."), _("Choose somebody of this account."))
    made = AccountGoal(
        account=account,
        kind=kind,
        text=text,
        since=since,
        source=source.strip()[:LONGEST_SOURCE],
        source_kind=record.kind if record else "",
        source_uid=record.uid if record else None,
        contact=contact,
        noted_on=on,
        member=member,
    )
    with audited(made, verb="note_goal", member=member):
        made.save()
    return made


@transaction.atomic
def end_goal(*, goal: AccountGoal, state: str, on: date, member: Member | None) -> AccountGoal:
    """Say that it was reached, given up, or noted by mistake."""
    assert state in ENDS, state
    found = _locked(goal, member=member)
    if found.state != AccountGoal.State.LIVE:
        raise WrongGoal(_("This stands no longer."), _("There is nothing left to do."))
    with audited(found, verb="end_goal", member=member):
        found.state, found.ended_on = state, on
        found.save()
    return found


@transaction.atomic
def resume_goal(*, goal: AccountGoal, member: Member | None) -> AccountGoal:
    """Take the end back: it stands again."""
    found = _locked(goal, member=member)
    if found.state == AccountGoal.State.LIVE:
        raise WrongGoal(_("This stands already."), _("There is nothing left to do."))
    with audited(found, verb="resume_goal", member=member):
        found.state, found.ended_on = AccountGoal.State.LIVE, None
        found.save()
    return found


def _locked(goal: AccountGoal, *, member: Member | None) -> AccountGoal:
    found = AccountGoal.objects.select_for_update(of=("self",)).select_related("account__merged_into").get(pk=goal.pk)
    require_account(found.account, member=member)
    return found
