"""Who brought what: the results of accounts, counted for who looks after them and who shares them (mission C3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may, require
from regulars.base.audit import audited
from regulars.base.formats import percent
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.core.incentives import WHOLE_BPS, Kind
from regulars.core.money import split_minor
from regulars.facts.accounts import lock_home, require_account
from regulars.facts.models import Account
from regulars.insight.sales_results import MONTHS, AccountResults
from regulars.plan.models import CreditShare

Months = list[dict[Kind, int]]
"""Results of twelve months by kind, in base minor units."""

SELLERS = (Member.Role.ACCOUNT_MANAGER, Member.Role.NEW_BUSINESS_SELLER)
"""Who has targets, and sees the own ones."""


class WrongShare(Refusal):
    """The results of an account cannot be shared like this."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """Twelve months by person; None is nobody: accounts without an owner, or whose owner left."""

    months: list[date]
    by_person: Mapping[int | None, Months]

    def of(self, person: int | None) -> Months:
        return list(self.by_person.get(person, no_results()))


def sees_plan_of_all(member: Member | None) -> bool:
    """Whether targets, results and pay of others are shown."""
    return may(member, Permission.SEE_INCENTIVES)


def sees_plan_of(member: Member | None, person: Member | None) -> bool:
    """Whether `member` sees targets, results and pay of a person (None: those of nobody): all, or a seller's own."""
    if sees_plan_of_all(member):
        return True
    return member is not None and member.is_active and person == member and member.role in SELLERS


def results_of_people(found: AccountResults) -> Results:
    """Divide the results of accounts among people, to the unit."""
    owners = dict(Account.objects.filter(owner__is_active=True, merged_into=None).values_list("pk", "owner_id"))
    shares = _shares()
    people = np.array([owners.get(int(account)) or 0 for account in found.accounts], np.int64)
    shared = np.isin(found.accounts, np.array(sorted(shares), np.int64))
    by_person: dict[int | None, Months] = {}
    for person in np.unique(people).tolist():
        part = found.kinds.of((people == person) & ~shared)
        sums = {kind: getattr(part, kind.value).sum(axis=0).tolist() for kind in Kind}
        by_person[person or None] = [{kind: sums[kind][place] for kind in Kind} for place in range(MONTHS)]
    for place in np.flatnonzero(shared).tolist():
        account = int(found.accounts[place])
        _divide(by_person, found, place, _parts(owners.get(account), shares[account]))
    return Results(months=found.months, by_person=by_person)


def _parts(owner: int | None, shares: Mapping[int, int]) -> dict[int | None, int]:
    """The parts of those who share, and what is left, which is the owner's."""
    parts: dict[int | None, int] = dict(shares.items())
    parts[owner] = parts.get(owner, 0) + WHOLE_BPS - sum(shares.values())
    return parts


def _divide(
    by_person: dict[int | None, Months], found: AccountResults, place: int, shares: Mapping[int | None, int]
) -> None:
    for kind in Kind:
        for month, amount in enumerate(getattr(found.kinds, kind.value)[place].tolist()):
            for person, part in zip(shares, split_minor(amount, list(shares.values())), strict=True):
                by_person.setdefault(person, no_results())[month][kind] += part


def _shares() -> dict[int, dict[int, int]]:
    """By account: which part counts for whom. What was agreed for one that was merged ended with it."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = CreditShare.objects.filter(member__is_active=True, account__merged_into=None).order_by("pk")
    for account, member, share in rows.values_list("account_id", "member_id", "share_bps"):
        found[account][member] = share
    return dict(found)


def no_results() -> Months:
    return [dict.fromkeys(Kind, 0) for _month in range(MONTHS)]


def added(months: Sequence[Mapping[Kind, int]]) -> dict[Kind, int]:
    """Months together."""
    return {kind: sum(one[kind] for one in months) for kind in Kind}


# Sharing


@transaction.atomic
def share_results(*, account: Account, person: Member, share_bps: int, member: Member | None) -> CreditShare | None:
    """Count a part of the results of an account for a person; 0 ends it. The rest is its owner's."""
    require(member, Permission.CONFIGURE)
    require_account(account, member=member)
    account = lock_home(account)
    if not person.is_active:
        raise WrongShare(_("%(name)s no longer works here.") % {"name": person.name}, _("Choose somebody who does."))
    if not 0 <= share_bps <= WHOLE_BPS:
        raise WrongShare(_("A part lies between 0 % and 100 %."), _("Give another one."))
    shares = CreditShare.objects.filter(account=account)
    others = shares.exclude(member=person).aggregate(whole=Sum("share_bps"))["whole"] or 0
    if others + share_bps > WHOLE_BPS:
        raise WrongShare(
            _("Others share %(share)s of it already.") % {"share": percent(others / WHOLE_BPS)},
            _("Lower one of these first."),
        )
    found = shares.filter(member=person).first() or CreditShare(account=account, member=person)
    with audited(found, verb="share_results", member=member, account_id=account.pk):
        if share_bps:
            found.share_bps = share_bps
            found.save()
        elif found.pk:
            found.delete()
    return found if share_bps else None
