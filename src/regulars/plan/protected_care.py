"""What the protection of an account asks for: how soon it is reviewed and helped, and by whom (mission C1)."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import day, number
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.facts.models import Account
from regulars.insight.models import Protection
from regulars.plan.causes.lost import superior_of
from regulars.plan.causes.unprotected import LEADER_FROM, OWNER_FROM, leaders_spoke
from regulars.plan.issue_rules import hours_to_solve
from regulars.plan.key_plans import EXECUTIVES
from regulars.plan.reviews import interval_of
from regulars.plan.thresholds import plan_thresholds


def care_sentences(account: Account, *, on: date) -> list[str]:
    """What the level of an account asks for, a sentence each: reviews, issues, and who is to be involved.

    Empty for an account without a level.
    """
    found = Protection.objects.filter(account=account).first()
    if found is None:
        return []
    days, hours = interval_of(account), hours_to_solve(account, organisation())
    said = [
        ngettext("A review every %(days)s day at least.", "A review every %(days)s days at least.", days)
        % {"days": number(days)},
        ngettext(
            "Its problems are solved within %(hours)s working hour.",
            "Its problems are solved within %(hours)s working hours.",
            hours,
        )
        % {"hours": number(hours)},
    ]
    if found.level >= OWNER_FROM:
        said.append(_who_looks_after(account))
    if found.level >= LEADER_FROM:
        said.append(_who_leads(account, on=on))
    return said


def _who_looks_after(account: Account) -> str:
    owner = account.owner
    if owner is None or not owner.is_active:
        return _("Nobody looks after it: name somebody.")
    return _("%(owner)s looks after it.") % {"owner": owner}


def _who_leads(account: Account, *, on: date) -> str:
    leaders = list(Member.objects.filter(is_active=True, role__in=EXECUTIVES).order_by("pk"))
    superior = superior_of(account.owner, leaders)
    leader = next((one for one in leaders if one.pk == superior), account.owner)
    every = plan_thresholds().protected_leader_days
    asked = ngettext(
        "%(leader)s speaks with it in person every %(days)s day at least.",
        "%(leader)s speaks with it in person every %(days)s days at least.",
        every,
    ) % {"leader": leader or _("Somebody who leads"), "days": number(every)}
    last = leaders_spoke([account.pk], on=on).get(account.pk)
    if last is None:
        return f"{asked} {_('As far as it is noted, nobody who leads has yet.')}"
    return f"{asked} {_('Last it was somebody who leads on %(day)s.') % {'day': day(last)}}"
