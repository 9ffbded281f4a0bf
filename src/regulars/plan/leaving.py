"""A member leaves: the login goes, and what the person looked after passes to somebody else."""

from __future__ import annotations

from django.db import transaction

from regulars.base.audit import audited
from regulars.base.members import deactivate_member
from regulars.base.models import Member
from regulars.facts.bulk_changes import assign_accounts
from regulars.facts.models import Account
from regulars.plan.models import Action

_AT_ONCE = 5_000


@transaction.atomic
def hand_over_and_deactivate(*, person: Member, heir: Member | None, member: Member | None) -> int:
    """Take the login away and give the person's accounts and pending actions to `heir` (None: to nobody).

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
    return handed_over
