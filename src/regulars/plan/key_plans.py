"""Plans of key accounts: goals, milestones, actions, visits of executives, each with who and until when (E12, E21).

A visit that was made is an interaction of the account; a new product that was shown is an action with its code.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account
from regulars.facts.models import Account
from regulars.plan.models import KeyPlanEntry
from regulars.plan.seen import seen_with_account

LONGEST_TEXT: Final = 300
EXECUTIVES: Final = (Member.Role.OWNER, Member.Role.SALES_HEAD)
"""Those of ours whose visit to a key account is one of an executive."""


class WrongPlanEntry(Refusal):
    """A line of a plan cannot be made or changed like this."""


class NoSuchPlanEntry(Refusal):
    """There is no such line that this member may see."""


def visible_plan_entries(member: Member | None) -> QuerySet[KeyPlanEntry]:
    """The lines of the plans of accounts that `member` may see, and those the member is to do; the next due first."""
    seen = seen_with_account(member)
    if member is not None and member.is_active:
        seen |= Q(owner=member)
    return KeyPlanEntry.objects.filter(seen).order_by("due_on", "pk")


def plan_of(account: Account) -> QuerySet[KeyPlanEntry]:
    """All lines of the plan of an account, the next due first."""
    return KeyPlanEntry.objects.filter(of_account(account)).select_related("owner").order_by("due_on", "pk")


@transaction.atomic
def add_plan_entry(
    *,
    account: Account,
    kind: str,
    text: str,
    owner: Member,
    due_on: date,
    on: date,
    member: Member | None,
    product: str = "",
) -> KeyPlanEntry:
    """Put a line into the plan of an account. Raises `WrongPlanEntry` without words and for a day that has passed.

    A visit of an executive is made by somebody who leads.
    """
    require_account(account, member=member)
    if kind not in KeyPlanEntry.Kind.values:
        raise WrongPlanEntry(
            _("A plan has no line of the kind “%(kind)s”.") % {"kind": kind},
            _("Use one of: %(kinds)s.") % {"kinds": ", ".join(KeyPlanEntry.Kind.values)},
        )
    text = text.strip()[:LONGEST_TEXT]
    if not text:
        raise WrongPlanEntry(_("It does not say what is planned."), _("Say it in a few words."))
    if due_on < on:
        raise WrongPlanEntry(_("That day has passed."), _("Choose today or a later day."))
    if not owner.is_active:
        raise WrongPlanEntry(_("%(member)s is no longer active.") % {"member": owner}, _("Choose somebody else."))
    if kind == KeyPlanEntry.Kind.VISIT and owner.role not in EXECUTIVES:
        raise WrongPlanEntry(
            _("%(member)s does not lead: this would be an ordinary visit.") % {"member": owner},
            _("Name the owner or the head of sales, or plan it as an action."),
        )
    if product and plan_of(account).filter(product=product).exclude(state=KeyPlanEntry.State.DROPPED).exists():
        raise WrongPlanEntry(_("This product is in the plan already."), _("There is nothing left to do."))
    made = KeyPlanEntry(
        account=account.merged_into or account, kind=kind, text=text, owner=owner, due_on=due_on, product=product
    )
    with audited(made, verb="add_plan_entry", member=member):
        made.save()
    return made


@transaction.atomic
def settle_plan_entry(
    *, entry: KeyPlanEntry, state: str, on: date, member: Member | None, result: str = ""
) -> KeyPlanEntry:
    """Say that a line is done, with what came of it, or that it is dropped, and why."""
    found = _locked(entry, member)
    if found.state != KeyPlanEntry.State.OPEN:
        raise WrongPlanEntry(
            _("This is settled: %(state)s.") % {"state": found.get_state_display()},
            _("Take that back first, if it was a mistake."),
        )
    if state not in (KeyPlanEntry.State.DONE, KeyPlanEntry.State.DROPPED):
        raise WrongPlanEntry(_("A line can be done or dropped."), _("Say which."))
    result = result.strip()[:LONGEST_TEXT]
    if state == KeyPlanEntry.State.DROPPED and not result:
        raise WrongPlanEntry(_("Nobody could tell later why."), _("Say why it is dropped."))
    with audited(found, verb="settle_plan_entry", member=member, account_id=found.account_id):
        found.state, found.settled_on, found.result = state, on, result
        found.save()
    return found


@transaction.atomic
def reopen_plan_entry(*, entry: KeyPlanEntry, member: Member | None) -> KeyPlanEntry:
    """Take back that a line is done or dropped."""
    found = _locked(entry, member)
    if found.state == KeyPlanEntry.State.OPEN:
        raise WrongPlanEntry(_("This is open already."), _("There is nothing left to do."))
    with audited(found, verb="reopen_plan_entry", member=member, account_id=found.account_id):
        found.state, found.settled_on, found.result = KeyPlanEntry.State.OPEN, None, ""
        found.save()
    return found


@transaction.atomic
def move_plan_entry(
    *, entry: KeyPlanEntry, due_on: date, on: date, member: Member | None, owner: Member | None = None
) -> KeyPlanEntry:
    """Give a line another day, or another owner."""
    found = _locked(entry, member)
    if found.state != KeyPlanEntry.State.OPEN:
        raise WrongPlanEntry(_("This is settled."), _("Take that back first, if it was a mistake."))
    if due_on < on:
        raise WrongPlanEntry(_("That day has passed."), _("Choose today or a later day."))
    if owner is not None and not owner.is_active:
        raise WrongPlanEntry(_("%(member)s is no longer active.") % {"member": owner}, _("Choose somebody else."))
    if owner is not None and found.kind == KeyPlanEntry.Kind.VISIT and owner.role not in EXECUTIVES:
        raise WrongPlanEntry(
            _("%(member)s does not lead: this would be an ordinary visit.") % {"member": owner},
            _("Name the owner or the head of sales, or plan it as an action."),
        )
    with audited(found, verb="move_plan_entry", member=member, account_id=found.account_id):
        found.due_on = due_on
        found.owner = owner or found.owner
        found.save()
    return found


def _locked(entry: KeyPlanEntry, member: Member | None) -> KeyPlanEntry:
    require(member, Permission.WRITE)
    found = visible_plan_entries(member).filter(pk=entry.pk).first()
    if found is None:
        raise NoSuchPlanEntry(_("There is no such line in a plan."), _("It may belong to others."))
    return KeyPlanEntry.objects.select_for_update(of=("self",)).select_related("account", "owner").get(pk=found.pk)
