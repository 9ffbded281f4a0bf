"""What to know before a review: what happened since the last one, what was promised then, what is open, what to offer.

Nothing is typed for it: it drafts itself from what is recorded, each time it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import day, money, number, percent
from regulars.base.models import Member
from regulars.base.organisation import organisation, zone
from regulars.core.calendar import months_before
from regulars.core.money import from_minor
from regulars.facts.accounts import of_account
from regulars.facts.issues import visible_issues
from regulars.facts.models import Account, Issue, Signal
from regulars.facts.orders import OrderDay, order_days_of_account
from regulars.facts.signals import standing, visible_signals
from regulars.insight.models import Score
from regulars.insight.sentences import Effect, Sentence, sentences
from regulars.plan.models import Opportunity, Promise, Review, ReviewAnswer, ReviewProblem, ReviewRecommendation
from regulars.plan.opportunities import open_opportunities
from regulars.plan.promises import visible_promises
from regulars.plan.review_finish import promises_of_review
from regulars.plan.review_questions import last_review

MOST = 12
"""Of each kind: a review is prepared in five minutes."""
NOTABLE = 0.05
"""Sales that changed by less than this are said to be about the same."""
_FIGURES = ("rhythm", "alive", "breadth", "returns")
_OF_THE_YEAR = ("sales", "trend")
"""Told where the last review was not a year ago: else they say the same as what was bought since."""


@dataclass(frozen=True, kw_only=True)
class LastTime:
    """What was said in the review before: what they answered, what was not right, what we recommended."""

    review: Review
    answers: list[ReviewAnswer]
    problems: list[ReviewProblem]
    recommendations: list[ReviewRecommendation]


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """All that is known without reading the order history."""

    since: date
    """The day of the last review; a year ago, where there was none."""
    last: LastTime | None
    figures: list[Sentence]
    promised: list[Promise]
    """In the last review, whatever became of it, and what is to be kept besides."""
    promised_sentence: str
    issues: list[Issue]
    issues_sentence: str
    signals: list[Signal]
    opportunities: list[Opportunity]


def prepare(review: Review, *, on: date, currency: str, member: Member | None) -> Preparation:
    """What to know before this review, as far as `member` may see it. The number of queries is always the same."""
    account = review.account.merged_into or review.account
    before = last_review(review)
    since = before.held_on if before is not None and before.held_on is not None else months_before(on, 12)
    promised = _promised(account, before, member)
    issues = _issues(account, since, member)
    signals = standing(visible_signals(member)).filter(account=account, observed_on__gte=since)
    return Preparation(
        since=since,
        last=_last_time(before) if before is not None else None,
        figures=_figures(account, currency, _FIGURES if before is None else (*_OF_THE_YEAR, *_FIGURES)),
        promised=promised,
        promised_sentence=_promised_sentence(promised, on),
        issues=issues[:MOST],
        issues_sentence=_issues_sentence(issues),
        signals=list(signals.select_related("recorded_by")[:MOST]),
        opportunities=list(open_opportunities(account, member=member).select_related("owner")[:MOST]),
    )


def _last_time(before: Review) -> LastTime:
    return LastTime(
        review=before,
        answers=list(before.answers.order_by("pk")),
        problems=list(before.problems.select_related("issue").order_by("side", "place")),
        recommendations=list(before.recommendations.order_by("place")),
    )


def _figures(account: Account, currency: str, about: tuple[str, ...]) -> list[Sentence]:
    score = Score.objects.filter(account=account).first()
    told = [] if score is None else sentences(score, currency=currency, about=about)
    return sorted(told, key=lambda sentence: sentence.effect == Effect.NEUTRAL)


def _promised(account: Account, before: Review | None, member: Member | None) -> list[Promise]:
    then = promises_of_review(before) if before is not None else []
    live = visible_promises(member).filter(of_account(account), state__in=Promise.LIVE).select_related("owner")
    return [*then, *(one for one in live[:MOST] if one not in then)]


def _promised_sentence(promised: list[Promise], on: date) -> str:
    """What the customer will ask about first."""
    if not promised:
        return _("Nothing was promised last time, and nothing is to be kept.")
    kept = sum(one.state == Promise.State.KEPT for one in promised)
    broken = sum(one.state == Promise.State.BROKEN for one in promised)
    late = sum(one.state in Promise.LIVE and one.due_on < on for one in promised)
    parts = [
        ngettext("%(count)s was kept", "%(count)s were kept", kept) % {"count": number(kept)} if kept else "",
        ngettext("%(count)s was broken", "%(count)s were broken", broken) % {"count": number(broken)} if broken else "",
        ngettext("%(count)s is overdue", "%(count)s are overdue", late) % {"count": number(late)} if late else "",
    ]
    said = [one for one in parts if one]
    if not said:
        return _("What was promised is still to be kept, and nothing is late.")
    return _("Of what we promised: %(parts)s.") % {"parts": ", ".join(said)}


def _issues(account: Account, since: date, member: Member | None) -> list[Issue]:
    begin = datetime.combine(since, time(), tzinfo=zone(organisation()))
    recent = Q(opened_at__gte=begin) | Q(state__in=Issue.LIVE)
    found = visible_issues(member).filter(recent, account=account).select_related("owner", "team")
    return list(found.order_by("-opened_at", "-pk")[: MOST * 4])


def _issues_sentence(issues: list[Issue]) -> str:
    if not issues:
        return _("No problem was taken down since then. That is no proof that there was none: ask.")
    unsolved = sum(one.state in Issue.LIVE for one in issues)
    said = {"count": number(len(issues)), "unsolved": number(unsolved)}
    if not unsolved:
        text = ngettext(
            "%(count)s problem was taken down since then, and it is solved.",
            "%(count)s problems were taken down since then, all of them solved.",
            len(issues),
        )
        return text % said
    text = ngettext(
        "%(count)s problem was taken down since then; %(unsolved)s not solved yet.",
        "%(count)s problems were taken down since then; %(unsolved)s not solved yet.",
        len(issues),
    )
    return text % said


# From the order history


def orders_since(account: Account, *, since: date | None, until: date, currency: str) -> list[Sentence]:
    """What was bought since the last review, against the same days a year before. Reads the order history.

    `since` is None where there was no review: then it is the last year.
    """
    since = since or months_before(until, 12)
    days = order_days_of_account(account)
    now = _Bought.of(days, since, until)
    before = _Bought.of(days, months_before(since, 12), months_before(until, 12))
    said = {
        "since": day(since),
        "amount": money(from_minor(now.net_minor, currency), currency),
        "days": number(now.order_days),
    }
    if not now.order_days:
        told = [Sentence("since", _("No order since %(since)s.") % said, Effect.LOWERS)]
    else:
        text = ngettext(
            "Since %(since)s it bought for %(amount)s, on %(days)s day.",
            "Since %(since)s it bought for %(amount)s, on %(days)s days.",
            now.order_days,
        )
        told = [Sentence("since", text % said)]
    told += _against(now, before, currency)
    if now.returned_minor < 0:
        back = money(-from_minor(now.returned_minor, currency), currency)
        told.append(
            Sentence("returned", _("Goods for %(amount)s came back: ask why.") % {"amount": back}, Effect.LOWERS)
        )
    return told


@dataclass(frozen=True, kw_only=True)
class _Bought:
    net_minor: int
    returned_minor: int
    order_days: int

    @classmethod
    def of(cls, days: list[OrderDay], after: date, until: date) -> _Bought:
        """What was bought after one day, up to and with another."""
        within = [one for one in days if after < one.business_date <= until]
        return cls(
            net_minor=sum(one.net_base_minor for one in within),
            returned_minor=sum(one.returned_base_minor for one in within),
            order_days=sum(one.is_order for one in within),
        )


def _against(now: _Bought, before: _Bought, currency: str) -> list[Sentence]:
    if before.net_minor <= 0:
        return [Sentence("against", _("In the same days a year before it bought nothing."), Effect.UNKNOWN)]
    change = now.net_minor / before.net_minor - 1
    said = {
        "amount": money(from_minor(before.net_minor, currency), currency),
        "change": percent(change, digits=0, signed=True),
    }
    text = _("In the same days a year before it was %(amount)s (%(change)s).") % said
    effect = Effect.LOWERS if change < -NOTABLE else Effect.RAISES if change > NOTABLE else Effect.NEUTRAL
    return [Sentence("against", text, effect)]
