"""How much trouble it was for a customer to be helped: asked once after each solution, and observed always (B1).

The question is that of the customer effort score: 1 is no trouble, 7 very much (Dixon, Freeman and Toman 2010).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.core import signing
from django.db import transaction
from django.db.models import Case, F, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.audit import audited
from regulars.base.formats import number
from regulars.base.organisation import organisation, today
from regulars.core.errors import Refusal
from regulars.facts.models import EffortAnswer, Issue
from regulars.facts.signals import SignalSource, record_signal

LEAST, MOST = 1, 7
LOW, HIGH = 2, 5
"""Up to LOW is a signal of ease, from HIGH on one of trouble."""
VALID: Final = timedelta(days=45)
LONGEST_WORDS = 2000
_SALT: Final = "regulars.facts.effort"


class StaleQuestion(Refusal):
    """The link to the question opens nothing any more."""


class WrongAnswer(Refusal):
    """This is no answer to the question."""


def key_of(issue: Issue) -> str:
    """The key in the link by which the customer answers about this solution, without a login."""
    return signing.dumps([issue.pk, issue.times_reopened], salt=_SALT)


def issue_of_key(key: str) -> Issue:
    """The issue that is asked about. Raises `StaleQuestion` for a link that is wrong, old, used, or out of date."""
    try:
        pk, reopened = signing.loads(key, salt=_SALT, max_age=VALID)
    except signing.BadSignature:
        raise _stale() from None
    found = Issue.objects.filter(pk=pk).select_related("account", "contact").first()
    if found is None or found.state in Issue.LIVE or found.times_reopened != reopened:
        raise _stale()
    if found.effort_answers.filter(after_reopening=reopened).exists():
        raise StaleQuestion(_("You have answered already. Thank you!"), _("There is nothing left to do."))
    return found


@transaction.atomic
def answer_effort(*, key: str, score: int, words: str, at: datetime) -> EffortAnswer:
    """Keep the customer's answer. Much trouble and no trouble are signals of the account."""
    if not LEAST <= score <= MOST:
        raise WrongAnswer(_("That is not one of the answers."), _("Choose a number from 1 to 7."))
    issue = issue_of_key(key)
    Issue.objects.select_for_update(of=("self",)).get(pk=issue.pk)
    issue = issue_of_key(key)  # somebody may have answered while this one waited
    made = EffortAnswer(
        issue=issue,
        after_reopening=issue.times_reopened,
        score=score,
        words=words.strip()[:LONGEST_WORDS],
        answered_at=at,
    )
    with audited(made, verb="answer_effort", member=None, account_id=issue.account_id):
        made.save()
    if score <= LOW or score >= HIGH:
        record_signal(
            account=issue.account,
            kind="low_effort" if score <= LOW else "high_effort",
            observed_on=today(organisation(), at),
            member=None,
            said=made.words or issue.title,
            source=SignalSource.of(issue),
        )
    return made


TROUBLES: Final = (
    F("times_reopened")
    + F("times_asked")
    + F("times_transferred")
    + Case(When(solved_at__gt=F("due_at"), then=1), default=0)
)
"""How often the customer was put to trouble, as far as it was seen, whether or not they answered."""


def observed_effort(issue: Issue) -> list[str]:
    """How the customer was put to trouble, in sentences."""
    return list(_observed(issue))


def _observed(issue: Issue) -> Iterator[str]:
    counted = {"times": ""}
    if issue.times_reopened:
        counted["times"] = number(issue.times_reopened)
        yield ngettext("It came back %(times)s time.", "It came back %(times)s times.", issue.times_reopened) % counted
    if issue.times_asked:
        counted["times"] = number(issue.times_asked)
        yield (
            ngettext(
                "They had to ask again %(times)s time.", "They had to ask again %(times)s times.", issue.times_asked
            )
            % counted
        )
    if issue.times_transferred:
        counted["times"] = number(issue.times_transferred)
        yield (
            ngettext("It changed hands %(times)s time.", "It changed hands %(times)s times.", issue.times_transferred)
            % counted
        )
    if issue.solved_at is not None and issue.solved_at > issue.due_at:
        yield _("It was solved later than due.")


def _stale() -> StaleQuestion:
    return StaleQuestion(
        _("This link opens nothing any more."), _("If something is still not right, answer our mail or call us.")
    )
