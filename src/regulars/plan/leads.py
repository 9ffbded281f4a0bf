"""A lead that is won: it becomes a customer with a person, and passes to who keeps it, with what was promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.facts.accounts import create_account, require_account
from regulars.facts.contacts import create_contact
from regulars.facts.interactions import record_interaction
from regulars.facts.leads import WrongLead, add_step, locked_lead
from regulars.facts.models import Account, Contact, Interaction, Lead, LeadStep
from regulars.facts.signals import SignalSource
from regulars.plan.handovers import latest_handover, open_handover
from regulars.plan.models import Handover
from regulars.plan.promises import make_promise


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was promised to win the lead."""

    text: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class Won:
    """What came of it; no hand-over where the seller keeps the customer, or one is under way already."""

    lead: Lead
    account: Account
    handover: Handover | None


@transaction.atomic
def win_lead(
    *,
    lead: Lead,
    at: datetime,
    member: Member | None,
    account: Account | None = None,
    hand_over: bool = True,
    receiver: Member | None = None,
    work: str = "",
    cares_about: str = "",
    promises: Sequence[Given] = (),
    said: str = "",
) -> Won:
    """Make the lead a customer: a new one, or `account` where it is known. Promises stand with it from now on.

    A hand-over is opened from who won it to `receiver`, who may be chosen later; what the lead wished and what was
    written down about it go along. Raises `WrongLead` where nobody won it.
    """
    require(member, Permission.WRITE)
    found = locked_lead(lead, member, *Lead.OPEN)
    winner = found.owner or member
    if winner is None:
        raise WrongLead(_("This lead is nobody's."), _("Give it to who won it, then say so."))
    on = today(organisation(), at)
    home = _account(found, account, winner, member=member)
    person = _person(found, home, member=member)
    _tell_the_account(found, home, person, on=on, member=member)
    handover = _hand_over(found, home, winner, receiver, on, member, work, cares_about) if hand_over else None
    for one in promises:
        make_promise(
            account=home,
            text=one.text,
            due_on=one.due_on,
            on=on,
            member=member,
            owner=winner,
            source=_("before they became a customer"),
            record=SignalSource.of(found),
        )
    with audited(found, verb="win_lead", member=member, account_id=home.pk):
        found.state, found.closed_at, found.account = Lead.State.WON, at, home
        found.answered_at = found.answered_at or at
        found.qualified_at = found.qualified_at or at
        found.owner = winner
        found.save()
    add_step(found, LeadStep.Kind.WON, at=at, member=member, said=said)
    return Won(lead=found, account=home, handover=handover)


def _account(lead: Lead, account: Account | None, winner: Member, *, member: Member | None) -> Account:
    if account is not None:
        require_account(account, member=member)
        return account.merged_into or account
    made = create_account(
        member=member,
        owner=winner,
        name=lead.name,
        kind=lead.kind,
        email=lead.email,
        phone=lead.phone,
        city=lead.city,
        country=lead.country,
        language=lead.language,
        trade=lead.trade,
        size=lead.size,
    )
    if lead.generated:
        made.generated = True
        made.save(update_fields=["generated", "updated_at"])
    return made


def _person(lead: Lead, account: Account, *, member: Member | None) -> Contact | None:
    name = lead.person or (lead.name if lead.kind == Account.Kind.PERSON else "")
    if not name:
        return None
    known = account.contacts.filter(email__iexact=lead.email).first() if lead.email else None
    if known is not None:
        return known
    made = create_contact(
        account=account,
        member=member,
        name=name,
        role=lead.role,
        email=lead.email,
        phone=lead.phone,
        language=lead.language,
    )
    if lead.generated:
        made.generated = True
        made.save(update_fields=["generated", "updated_at"])
    return made


def _tell_the_account(lead: Lead, account: Account, person: Contact | None, *, on: date, member: Member | None) -> None:
    """What was said before stands in the story of the customer, which starts with it."""
    told = [one.said for one in lead.steps.filter(taken_back_at=None).order_by("pk") if one.said and one.member_id]
    text = "\n\n".join([_("Won as a lead."), *([lead.wishes] if lead.wishes else []), *told])
    record_interaction(
        account=account,
        kind=Interaction.Kind.NOTE,
        on=on,
        member=member,
        text=text,
        contacts=[person] if person else [],
    )


def _hand_over(
    lead: Lead,
    account: Account,
    winner: Member,
    receiver: Member | None,
    on: date,
    member: Member | None,
    work: str,
    cares_about: str,
) -> Handover | None:
    latest = latest_handover(account, member=None)
    if latest is not None and latest.state in Handover.UNDER_WAY:
        return None
    people = ", ".join(part for part in (lead.person, lead.role) if part)
    return open_handover(
        account=account,
        origin=Handover.Origin.WON,
        on=on,
        member=member,
        giver=winner,
        receiver=receiver if receiver != winner else None,
        work=work or lead.wishes,
        cares_about=cares_about,
        their_people=people,
    )
