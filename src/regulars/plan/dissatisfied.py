"""Customers who have reason to be dissatisfied: on a list of their own until it is solved (mission E18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import day as day_text
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.thresholds import Unit, declare
from regulars.facts.issues import visible_issues
from regulars.facts.models import Account, Issue, Signal
from regulars.facts.signal_kinds import KINDS
from regulars.facts.signals import standing, visible_signals

OPEN_TOO_LONG: Final = declare(
    "issue_open_days",
    default=7,
    meaning=gettext_lazy("days after which an unsolved issue makes a customer dissatisfied"),
    least=1,
    most=90,
    unit=Unit.DAYS,
)
HEARD: Final = ("complaint", "high_effort")
"""Signals that tell of dissatisfaction."""
GLAD: Final = ("praise", "low_effort")
"""Signals that tell of its end."""
HEARD_FOR: Final = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Dissatisfied:
    """A customer who has reason to be dissatisfied, with the reasons in words and the issues that are not solved."""

    account: Account
    reasons: list[str]
    issues: list[Issue]


def dissatisfied(member: Member | None, *, at: datetime) -> list[Dissatisfied]:
    """Those that the member sees, who has most reasons first. The number of queries does not depend on how many."""
    before = at - timedelta(days=int(OPEN_TOO_LONG.of(organisation())))
    trouble = Q(opened_at__lt=before) | Q(times_reopened__gt=0) | Q(times_asked__gt=1) | Q(complaint=True)
    live = visible_issues(member).filter(trouble, state__in=Issue.LIVE)
    issues: dict[int, list[Issue]] = defaultdict(list)
    for issue in live.select_related("account__owner", "owner", "team"):
        issues[issue.account_id].append(issue)
    heard = _heard(member, at)
    accounts = {one.account_id: one.account for listed in issues.values() for one in listed}
    accounts |= {one.account_id: one.account for listed in heard.values() for one in listed}
    found = [
        Dissatisfied(
            account=account,
            issues=issues.get(pk, []),
            reasons=[
                *(text for one in issues.get(pk, []) for text in _of_issue(one, at=at, before=before)),
                *(_of_signal(one) for one in heard.get(pk, [])),
            ],
        )
        for pk, account in accounts.items()
    ]
    return sorted(found, key=lambda one: (-len(one.reasons), one.account.name))


def _heard(member: Member | None, at: datetime) -> dict[int, list[Signal]]:
    """What was heard lately and neither made good since nor belongs to an issue, which speaks for itself."""
    since = today(organisation(), at) - HEARD_FOR
    told = standing(visible_signals(member)).filter(observed_on__gte=since, kind__in=(*HEARD, *GLAD))
    glad: dict[int, object] = {}
    found: dict[int, list[Signal]] = defaultdict(list)
    for one in told.select_related("account__owner"):  # newest first
        if one.kind in GLAD:
            glad.setdefault(one.account_id, one.observed_on)
        elif one.account_id not in glad and not (one.kind == "complaint" and one.source_kind == "facts.issue"):
            found[one.account_id].append(one)
    return found


def _of_issue(issue: Issue, *, at: datetime, before: datetime) -> Iterator[str]:
    title = {"what": issue.title}
    if issue.opened_at < before:
        days = (at - issue.opened_at).days
        yield ngettext(
            "“%(what)s” is unsolved for %(days)s day.", "“%(what)s” is unsolved for %(days)s days.", days
        ) % (title | {"days": number(days)})
    if issue.times_reopened:
        yield _("“%(what)s” came back after it was solved.") % title
    if issue.times_asked > 1:
        times = issue.times_asked
        yield ngettext(
            "They asked %(times)s time again about “%(what)s”.",
            "They asked %(times)s times again about “%(what)s”.",
            times,
        ) % (title | {"times": number(times)})
    if issue.complaint:
        yield _("They complained: “%(what)s”.") % title


def _of_signal(signal: Signal) -> str:
    said = {"what": capfirst(str(KINDS[signal.kind].label)), "day": day_text(signal.observed_on)}
    if signal.said:
        return _("%(what)s on %(day)s: “%(words)s”") % (said | {"words": signal.said})
    return _("%(what)s on %(day)s.") % said
