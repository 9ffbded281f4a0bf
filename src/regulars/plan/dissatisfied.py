"""Customers who have reason to be dissatisfied: on a list of their own until it is solved (mission E18)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
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


def dissatisfied(member: Member | None, *, at: datetime, most: int) -> tuple[list[Dissatisfied], int]:
    """Those that the member sees, who has most reasons first: so many of them, and how many there are.

    The number of queries does not depend on how many. Reasons are counted first, and put into words for those shown.
    """
    before = at - timedelta(days=int(OPEN_TOO_LONG.of(organisation())))
    trouble = Q(opened_at__lt=before) | Q(times_reopened__gt=0) | Q(times_asked__gt=1) | Q(complaint=True)
    live = visible_issues(member).filter(trouble, state__in=Issue.LIVE)
    heard, names = _heard(member, at)
    reasons: Counter[int] = Counter()
    columns = ("account_id", "account__name", "opened_at", "times_reopened", "times_asked", "complaint")
    for account, name, opened_at, reopened, asked, complaint in live.values_list(*columns):
        names[account] = name
        reasons[account] += (opened_at < before) + (reopened > 0) + (asked > 1) + complaint
    for account, signals in heard.items():
        reasons[account] += len(signals)
    shown = sorted(reasons, key=lambda one: (-reasons[one], names[one], one))[:most]
    return _told(shown, live, heard, at=at, before=before), len(reasons)


def _told(
    shown: list[int], live: QuerySet[Issue], heard: Mapping[int, list[int]], *, at: datetime, before: datetime
) -> list[Dissatisfied]:
    """These accounts with their reasons in words."""
    issues: dict[int, list[Issue]] = defaultdict(list)
    for issue in live.filter(account__in=shown).select_related("owner", "team"):
        issues[issue.account_id].append(issue)
    accounts = Account.objects.select_related("owner").in_bulk(shown)
    signals = Signal.objects.in_bulk([pk for account in shown for pk in heard.get(account, ())])
    return [
        Dissatisfied(
            account=accounts[account],
            issues=issues[account],
            reasons=[
                *(text for one in issues[account] for text in _of_issue(one, at=at, before=before)),
                *(_of_signal(signals[pk]) for pk in heard.get(account, ())),
            ],
        )
        for account in shown
    ]


def _heard(member: Member | None, at: datetime) -> tuple[dict[int, list[int]], dict[int, str]]:
    """The ids of what was heard lately by account, newest first, and how these accounts are called.

    Left out is what was made good since, and what belongs to an issue, which speaks for itself.
    """
    since = today(organisation(), at) - HEARD_FOR
    told = standing(visible_signals(member)).filter(observed_on__gte=since, kind__in=(*HEARD, *GLAD))
    glad: set[int] = set()
    found: dict[int, list[int]] = defaultdict(list)
    names: dict[int, str] = {}
    for pk, account, name, kind, source in told.values_list("pk", "account_id", "account__name", "kind", "source_kind"):
        if kind in GLAD:
            glad.add(account)
        elif account not in glad and not (kind == "complaint" and source == "facts.issue"):
            found[account].append(pk)
            names[account] = name
    return found, names


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
