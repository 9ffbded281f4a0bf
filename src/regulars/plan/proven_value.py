"""The right moment to ask for a recommendation: value was proven lately, nothing is wrong, nobody asked for long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from regulars.base.formats import day as day_text
from regulars.facts.models import Account, Issue, Signal
from regulars.plan.models import ReferralAsk
from regulars.plan.thresholds import PlanThresholds, plan_thresholds

PROOFS: Final = ("praise", "low_effort", "promise_kept")
"""The signals that prove value, the strongest first."""
WRONGS: Final = ("complaint", "high_effort", "promise_broken", "delivery_failed", "reopened_issue", "late_delivery")
"""What forbids to ask while it is as young as the proof may be."""
_HOME = Coalesce(F("account__merged_into_id"), F("account_id"))


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What proved value to the account, and when."""

    ground: str
    on: date
    said: str


def proofs(*, on: date, thresholds: PlanThresholds, accounts: Iterable[int] | None = None) -> dict[int, Proof]:
    """By account: the best proof of late, of those that nothing forbids to ask. As many queries however many."""
    since = on - timedelta(days=thresholds.referral_after_days)
    found = _signals(PROOFS, since, on, accounts).values_list("home", "kind", "observed_on", "said")
    if not found:
        return {}
    forbidden = _forbidden(on=on, since=since, thresholds=thresholds, accounts=accounts)
    best: dict[int, Proof] = {}
    for home, kind, observed_on, said in sorted(found, key=lambda one: (PROOFS.index(one[1]), -one[2].toordinal())):
        if home not in forbidden:
            best.setdefault(home, Proof(ground=kind, on=observed_on, said=said))
    return best


def proven_accounts(*, on: date, thresholds: PlanThresholds) -> QuerySet[Any, Any]:
    """Accounts to which value was proven of late, whatever forbids to ask them, as a subquery."""
    since = on - timedelta(days=thresholds.referral_after_days)
    return _signals(PROOFS, since, on, None).values("home")


def proven_value(account: Account, *, on: date) -> Proof | None:
    """The same of one account."""
    return proofs(on=on, thresholds=plan_thresholds(), accounts=[account.pk]).get(account.pk)


def why_not_now(account: Account, *, on: date) -> str:
    """Why this is not the moment to ask; empty: it is."""
    thresholds = plan_thresholds()
    since = on - timedelta(days=thresholds.referral_after_days)
    if _open_issues([account.pk]).exists():
        return _("Not now: a problem of theirs is not solved yet.")
    wrong = _signals(WRONGS, since, on, [account.pk]).order_by("-observed_on").first()
    if wrong is not None:
        what = {"what": wrong.get_kind_display(), "day": day_text(wrong.observed_on)}
        return _("Better not now: %(what)s, on %(day)s.") % what
    asked = _asked(on, thresholds, [account.pk]).order_by("-on").first()
    if asked is not None:
        return _("They were asked on %(day)s already.") % {"day": day_text(asked.on)}
    if proven_value(account, on=on) is None:
        return _("Better after the next time that we were of help: nothing of late says that they are glad of us.")
    return ""


def _forbidden(*, on: date, since: date, thresholds: PlanThresholds, accounts: Iterable[int] | None) -> set[int]:
    return {
        *_open_issues(accounts).values_list("home", flat=True),
        *_signals(WRONGS, since, on, accounts).values_list("home", flat=True),
        *_asked(on, thresholds, accounts).values_list("home", flat=True),
    }


def _signals(kinds: Iterable[str], since: date, on: date, accounts: Iterable[int] | None) -> QuerySet[Any]:
    found: QuerySet[Any] = Signal.objects.filter(
        kind__in=kinds, withdrawn_at=None, observed_on__gte=since, observed_on__lte=on
    )
    found = found.annotate(home=_HOME).order_by()
    return found if accounts is None else found.filter(home__in=accounts)


def _open_issues(accounts: Iterable[int] | None) -> QuerySet[Any]:
    found: QuerySet[Any] = Issue.objects.filter(state__in=Issue.LIVE).annotate(home=_HOME).order_by()
    return found if accounts is None else found.filter(home__in=accounts)


def _asked(on: date, thresholds: PlanThresholds, accounts: Iterable[int] | None) -> QuerySet[Any]:
    since = on - timedelta(days=thresholds.referral_again_days)
    found: QuerySet[Any] = ReferralAsk.objects.exclude(state=ReferralAsk.State.WITHDRAWN).filter(on__gt=since)
    found = found.annotate(home=_HOME).order_by()
    return found if accounts is None else found.filter(home__in=accounts)
