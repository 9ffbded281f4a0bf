"""An issue is overdue: who looks after the account calls before the customer does (mission B1, E7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number
from regulars.base.models import Organisation
from regulars.base.organisation import zone
from regulars.facts.issues import overdue
from regulars.facts.models import Issue
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.standing import Standing, worth_a_year


@dataclass(frozen=True, kw_only=True)
class Late:
    """What an account waits for: the issue that was due first, and how many more are overdue."""

    title: str
    due_on: date
    further: int = 0


def _overdue(ground: Ground, where: ZoneInfo) -> QuerySet[Issue]:
    """Issues that were due before the day of the list began there."""
    begins = datetime.combine(ground.on, time(), tzinfo=where)
    return overdue(Issue.objects.all(), at=begins)


def late_issues(ground: Ground) -> dict[int, Late]:
    """By account: what is overdue."""
    where = zone(Organisation.objects.first())
    found: dict[int, Late] = {}
    columns = ("account_id", "title", "due_at")
    for account_id, title, due_at in _overdue(ground, where).order_by("due_at", "pk").values_list(*columns):
        first = found.get(account_id)
        if first is None:
            found[account_id] = Late(title=title, due_on=due_at.astimezone(where).date())
        else:
            found[account_id] = Late(title=first.title, due_on=first.due_on, further=first.further + 1)
    return found


def _issue_candidates(ground: Ground) -> Q:
    where = zone(Organisation.objects.first())
    return Q(pk__in=_overdue(ground, where).order_by().values("account_id"))


def _issue(standing: Standing, ground: Ground) -> Firing | None:
    late: Late | None = standing.found.get("issue")
    if late is None:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.issue_uplift,
        figures=figures_of(standing, ground)
        | {
            "title": late.title,
            "due": late.due_on.isoformat(),
            "late_days": (ground.on - late.due_on).days,
            "further": late.further,
        },
    )


def is_another_issue(before: Figures, firing: Firing) -> bool:
    """Is something else overdue than when the action was done or dismissed?"""
    return (firing.figures["due"], firing.figures["title"]) != (before.get("due"), before.get("title"))


def _issue_sentences(figures: Figures) -> list[str]:
    said = {"what": figures["title"].rstrip("."), "day": iso_day(figures["due"]), "days": number(figures["late_days"])}
    sentences = [
        ngettext(
            "Its problem “%(what)s” is not solved. It was due %(days)s day ago, on %(day)s.",
            "Its problem “%(what)s” is not solved. It was due %(days)s days ago, on %(day)s.",
            figures["late_days"],
        )
        % said
    ]
    if figures["further"]:
        sentences.append(
            ngettext(
                "%(count)s more of its problems is overdue.",
                "%(count)s more of its problems are overdue.",
                figures["further"],
            )
            % {"count": number(figures["further"])}
        )
    return sentences


def _issue_advice(figures: Figures) -> str:
    return _("Ask who solves it where it stands. Call before the customer does, and say openly what happens next.")


def _issue_opening(figures: Figures) -> str:
    said = {"what": figures["title"].rstrip(".")}
    return _("We owe you an answer: %(what)s. I want to tell you where it stands.") % said


CAUSE = Cause(
    key="issue",
    name=gettext_lazy("a problem is overdue"),
    when=gettext_lazy("A problem of the customer was to be solved by now and is not."),
    candidates=_issue_candidates,
    fires=_issue,
    sentences=_issue_sentences,
    advice=_issue_advice,
    opening=_issue_opening,
    quiet_days=3,
    renewed=is_another_issue,
    settled=gettext_lazy("The problem was solved, or waits for something."),
    look_up=late_issues,
)
