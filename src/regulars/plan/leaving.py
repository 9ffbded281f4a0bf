"""A member leaves: the login goes, and what the person looked after passes to somebody else."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from regulars.base.audit import audited
from regulars.base.members import deactivate_member
from regulars.base.models import Member
from regulars.facts.bulk_changes import assign_accounts
from regulars.facts.leads import pass_on_leads
from regulars.facts.models import Account, Issue
from regulars.plan.key_plans import EXECUTIVES
from regulars.plan.models import Action, Handover, JointProject, KeyPlanEntry, PlayStep, Promise, Review
from regulars.plan.opportunities import pass_on_opportunities

_AT_ONCE = 5_000


@transaction.atomic
def hand_over_and_deactivate(*, person: Member, heir: Member | None, member: Member | None) -> int:
    """Take the login away and give the person's accounts, pending actions and work in hand to `heir` (None: to nobody).

    Returns how many accounts changed hands. To leave them where they are, use `deactivate_member`.
    """
    deactivate_member(person=person, member=member)
    accounts = list(Account.objects.filter(owner=person, merged_into=None).values_list("pk", flat=True))
    handed_over = 0
    for start in range(0, len(accounts), _AT_ONCE):
        some = Account.objects.filter(pk__in=accounts[start : start + _AT_ONCE])
        handed_over += assign_accounts(accounts=some, owner=heir, member=member).changed
    for action in Action.objects.filter(member=person, state__in=Action.PENDING).select_related("account"):
        with audited(action, verb="reassign", member=member, account_id=action.account_id):
            action.member = heir
            action.reassigned = False
            action.save(update_fields=["member", "reassigned", "updated_at"])
    PlayStep.objects.filter(member=person, state=PlayStep.State.OPEN).update(member=heir)
    pass_on_leads(person=person, heir=heir, at=timezone.now(), member=member)
    if heir is not None:
        _pass_on_promises_and_handovers(person, heir, member=member)
        pass_on_opportunities(person=person, heir=heir, member=member)
        _pass_on_work_in_hand(person, heir, member=member)
    return handed_over


def _pass_on_work_in_hand(person: Member, heir: Member, *, member: Member | None) -> None:
    """Coming reviews, unsolved issues, joint projects, and lines of plans; visits of executives to executives alone.

    Who manages a key account instead is for who leads to decide: nobody has more than three.
    """
    entries = KeyPlanEntry.objects.filter(owner=person, state=KeyPlanEntry.State.OPEN)
    if heir.role not in EXECUTIVES:
        entries = entries.exclude(kind=KeyPlanEntry.Kind.VISIT)
    _reassign(Review.objects.filter(owner=person, state__in=Review.COMING), heir, member=member)
    _reassign(Issue.objects.filter(owner=person, state__in=Issue.LIVE), heir, member=member)
    _reassign(JointProject.objects.filter(owner=person, state__in=JointProject.LIVE), heir, member=member)
    _reassign(entries, heir, member=member)


def _reassign(records: QuerySet[Any], heir: Member, *, member: Member | None) -> None:
    for one in records:
        with audited(one, verb="reassign", member=member, account_id=one.account_id):
            one.owner = heir
            one.save(update_fields=["owner", "updated_at"])


def _pass_on_promises_and_handovers(person: Member, heir: Member, *, member: Member | None) -> None:
    """What the person was to keep, to send and to answer; without an heir it stays in the queues of who sees all."""
    _reassign(Promise.objects.filter(owner=person, state__in=Promise.LIVE), heir, member=member)
    under_way = Handover.objects.filter(state__in=Handover.UNDER_WAY)
    for handover in under_way.filter(Q(giver=person) | Q(receiver=person)):
        with audited(handover, verb="reassign", member=member, account_id=handover.account_id):
            handover.giver = heir if handover.giver_id == person.pk else handover.giver
            handover.receiver = heir if handover.receiver_id == person.pk else handover.receiver
            handover.save(update_fields=["giver", "receiver", "updated_at"])
