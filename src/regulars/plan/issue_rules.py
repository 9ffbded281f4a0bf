"""By when issues are to be solved, and when help is called: by the protection of the account, in working time."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.jobs import job
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation, today, zone
from regulars.base.public_holidays import public_holidays
from regulars.base.thresholds import declare
from regulars.core.errors import Refusal
from regulars.core.working_time import WorkingTime, after_working_hours, working_hours_between
from regulars.facts.issues import escalate_issue, overdue, resume_issue
from regulars.facts.models import Account, Issue
from regulars.insight.days import day_of_work
from regulars.insight.models import Protection

HOURS: Final = {
    level: declare(f"issue_hours_{level}", default=default, meaning=meaning, least=1, most=400)
    for level, default, meaning in (
        (1, 16, gettext_lazy("working hours to solve an issue of an account with basic protection, or none")),
        (2, 12, gettext_lazy("working hours to solve an issue of an account with raised protection")),
        (3, 8, gettext_lazy("working hours to solve an issue of an account with high protection")),
        (4, 4, gettext_lazy("working hours to solve an issue of an account with the highest protection")),
    )
}
WORK_BEGINS: Final = declare(
    "work_begins_hour", default=9, meaning=gettext_lazy("hour at which a working day begins"), least=0, most=12
)
WORK_ENDS: Final = declare(
    "work_ends_hour", default=17, meaning=gettext_lazy("hour at which a working day ends"), least=13, most=23
)
WORKING_DAYS: Final = declare(
    "working_days_a_week",
    default=5,
    meaning=gettext_lazy("working days a week, from its first day on"),
    least=1,
    most=7,
)
GROUP: Final = (*(one.name for one in HOURS.values()), WORK_BEGINS.name, WORK_ENDS.name, WORKING_DAYS.name)
"""The thresholds of issues, as they are set together."""


def moment_of_work() -> datetime:
    """Now; where the figures are much older (an old export, the demo), the same time on the day of the figures."""
    firm, now = organisation(), timezone.now()
    day = day_of_work(today(firm))
    if day == today(firm):
        return now
    return datetime.combine(day, now.astimezone(zone(firm)).time(), tzinfo=zone(firm))


def working_time(firm: Organisation, *, year: int) -> WorkingTime:
    """When the firm works, with the public holidays of the year, the one before and the one after."""
    days = int(WORKING_DAYS.of(firm))
    return WorkingTime(
        weekdays=frozenset((firm.week_start - 1 + ahead) % 7 + 1 for ahead in range(days)),
        begins=time(int(WORK_BEGINS.of(firm))),
        ends=time(int(WORK_ENDS.of(firm))),
        zone=zone(firm),
        days_off=public_holidays(firm.holidays_of, years=range(year - 1, year + 2)),
    )


def hours_to_solve(account: Account, firm: Organisation) -> int:
    """In how many working hours an issue of this account is to be solved."""
    level = Protection.objects.filter(account=account).values_list("level", flat=True).first()
    return int(HOURS[level or 1].of(firm))


def due_time(account: Account, *, at: datetime) -> datetime:
    """When an issue that comes up now is due."""
    firm = organisation()
    return after_working_hours(at, hours_to_solve(account, firm), working_time(firm, year=at.year))


def due_time_after_pause(issue: Issue, *, at: datetime) -> datetime:
    """When an issue is due that is taken up again now: it has the working hours that were left when it was paused."""
    working = working_time(organisation(), year=at.year)
    left = working_hours_between(issue.paused_at, issue.due_at, working) if issue.paused_at else 0.0
    return after_working_hours(at, max(left, 1.0), working)


class NobodyToCall(Refusal):
    """There is no head of sales and no owner who could be called for help."""


def call_for_help(*, issue: Issue, at: datetime, member: Member | None, said: str = "") -> Issue:
    """Call the head of sales, or an owner, for help with an issue. Raises `NobodyToCall`."""
    to = _head()
    if to is None:
        raise NobodyToCall(_("There is nobody to call."), _("Give somebody the role of a sales head first."))
    return escalate_issue(issue=issue, to=to, at=at, member=member, said=said)


@job(retries=3, pause_seconds=60)
def look_after_issues() -> None:
    """Take up what has waited until its day, and call the head of sales for what is overdue."""
    at = moment_of_work()
    day = today(organisation(), at)
    for issue in Issue.objects.filter(_waited_enough(day)):
        said = _("It waited until today.")
        resume_issue(issue=issue, at=at, due_at=due_time_after_pause(issue, at=at), member=None, said=said)
    to = _head()
    if to is not None:
        for issue in overdue(Issue.objects.filter(escalated_at=None), at=at):
            escalate_issue(issue=issue, to=to, at=at, member=None, said=_("It is overdue."))


def issues_need_looking_after() -> bool:
    """Is there anything that has waited enough, or that is overdue and nobody was called for?"""
    if not Issue.objects.filter(state__in=Issue.LIVE).exists():
        return False
    at = moment_of_work()
    if Issue.objects.filter(_waited_enough(today(organisation(), at))).exists():
        return True
    return _head() is not None and overdue(Issue.objects.filter(escalated_at=None), at=at).exists()


def _waited_enough(day: date) -> Q:
    return Q(state=Issue.State.WAITING, waits_until__lte=day)


def _head() -> Member | None:
    heads = Member.objects.filter(role=Member.Role.SALES_HEAD, is_active=True)
    return heads.order_by("pk").first() or Member.objects.filter(role=Member.Role.OWNER, is_active=True).first()
