"""Who is lost: the work of winning back opened for each lost account, brought up to date, closed when it orders again.

A customer is lost when that was told (`facts/losses.py`), or when silence makes it so, by the rule that tells how long
customers stay (`core/silence.py`). How likely those come back is learned from the firm's own past (`core/returns.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Ceil, Coalesce, Greatest
from django.utils import timezone

from regulars.base.audit import record_changes
from regulars.base.bulk_load import update_rows
from regulars.base.jobs import job
from regulars.base.locks import exclusive
from regulars.base.models import Organisation
from regulars.base.organisation import organisation, today
from regulars.core.silence import SilenceRule
from regulars.facts.history import HISTORY
from regulars.facts.losses import end_loss, standing_losses
from regulars.facts.models import Loss
from regulars.insight.days import day_of_work
from regulars.insight.histories import basis_in_force, open_history
from regulars.insight.lifetimes import MOST_ACCOUNTS, silence_rule
from regulars.insight.models import Score, Snapshot
from regulars.insight.order_days import order_history
from regulars.insight.snapshots import current_snapshot
from regulars.plan.models import WinBack
from regulars.plan.proposals import refresh_actions

if TYPE_CHECKING:
    from regulars.core.returns import Returns

LOST_LOCK: Final = "lost"
BATCH: Final = 500
NEWS: Final = timedelta(days=30)
YEAR_DAYS: Final = 365
HOME: Final = Coalesce(F("account__merged_into_id"), F("account_id"))
"""The account that a record belongs to now."""
LIVE: Final = (WinBack.State.OPEN, WinBack.State.PARTED)
"""An order of these says that they are won back."""


@dataclass(kw_only=True)
class LostReport:
    """What a refresh did."""

    opened: int = 0
    won_back: int = 0
    dropped: int = 0
    """Of nobody's doing, and no loss any more: the rule was changed, or orders came in late."""


class _Figures(NamedTuple):
    """What is needed of a score."""

    account_id: int
    order_days: int
    first_order: date
    last_order: date
    silence_days: int
    gap_longest_days: float | None
    sales_12m: float
    sales_previous_12m: float
    sales_total: float


@dataclass(kw_only=True)
class _Changes:
    opened: list[WinBack] = field(default_factory=list)
    changed: list[WinBack] = field(default_factory=list)
    won: list[WinBack] = field(default_factory=list)
    gone: list[WinBack] = field(default_factory=list)
    back: list[tuple[Loss, date]] = field(default_factory=list)
    asked: list[tuple[WinBack, int, int]] = field(default_factory=list)
    """All that are opened or changed, with their order days and the days since the loss."""


def refresh_lost(*, snapshot: Snapshot, today: date) -> LostReport:
    """Bring the work of winning back in line with the scores and with the losses that were told.

    Raises `Busy` when another is at it.
    """
    rule = silence_rule(Organisation.objects.first())
    with exclusive(LOST_LOCK, wait_seconds=30), transaction.atomic():
        found = _compared(rule, today)
        if found.asked:
            _rank(found.asked, _learned(snapshot, rule))
        for loss, on in found.back:
            end_loss(loss=loss, on=on, member=None)
        # First what ends: who came back and was lost once more since has one that is closed and one that is opened.
        _store(found.won, ["state", "settled_on", "by_order", "look_again_on"])
        _store(found.changed, ["loss", "since", "lost_on", "worth", "chance", "chance_cases", "expected_money"])
        WinBack.objects.bulk_create(found.opened, batch_size=BATCH)
        _note(found, today)
        for start in range(0, len(found.gone), BATCH):
            WinBack.objects.filter(pk__in=[one.pk for one in found.gone[start : start + BATCH]]).delete()
    return LostReport(opened=len(found.opened), won_back=len(found.won), dropped=len(found.gone))


def _store(works: Sequence[WinBack], columns: list[str]) -> None:
    now = timezone.now()
    for one in works:
        one.updated_at = now
    update_rows(works, [*columns, "updated_at"])


def _note(found: _Changes, today: date) -> None:
    """In the audit trail, from which other programs are told. What was lost long ago, as in a history that was just
    imported, is no news.
    """
    new = [one for one in found.opened if one.lost_on >= today - NEWS]
    _note_all("find_lost", new, "since", "lost_on")
    _note_all("mark_won_back", found.won, "state", "settled_on")


def _note_all(verb: str, works: Sequence[WinBack], *named: str) -> None:
    nothing: dict[str, Any] = {}
    changes = [(one, nothing, {name: getattr(one, name) for name in named}) for one in works]
    record_changes(member=None, verb=verb, changes=changes)


@job(retries=3, pause_seconds=30)
def take_in_losses() -> None:
    """Rank a loss that was just told, and propose the meeting: at once, not after the night."""
    snapshot = current_snapshot()
    if snapshot is not None:
        on = day_of_work(today(organisation()))
        refresh_lost(snapshot=snapshot, today=on)
        refresh_actions(snapshot=snapshot, today=on)


def worth_a_year(score: Score | _Figures) -> float:
    """Sales a year while it was a customer: of its best year of the last two, or the mean of all its years."""
    years = 1.0
    if score.first_order is not None and score.last_order is not None:
        years = max((score.last_order - score.first_order).days / YEAR_DAYS, 1.0)
    return max(score.sales_12m, score.sales_previous_12m, score.sales_total / years, 0.0)


def _compared(rule: SilenceRule, today: date) -> _Changes:
    told = {loss.home_id: loss for loss in standing_losses()}
    live: dict[int, list[WinBack]] = defaultdict(list)
    for work in WinBack.objects.filter(state__in=LIVE).annotate(home=HOME).order_by("pk"):
        live[work.home].append(work)
    settled = _settled_on()
    found = _Changes()
    for figures in _asked_figures(rule, [*told, *live]):
        works, loss = live.pop(figures.account_id, []), told.get(figures.account_id)
        _compare(found, figures, works, loss, rule, settled.get(figures.account_id), today)
    for works in live.values():  # without any order that counts
        found.gone += [one for one in works if one.loss_id is None and _is_untouched(one)]
    return found


def _compare(
    found: _Changes,
    figures: _Figures,
    works: Sequence[WinBack],
    loss: Loss | None,
    rule: SilenceRule,
    settled: date | None,
    today: date,
) -> None:
    since = [one.since if one.state == WinBack.State.OPEN else one.settled_on or one.since for one in works]
    won = [one for one, day in zip(works, since, strict=True) if figures.last_order > day]
    for work in won:
        work.state, work.by_order, work.settled_on = WinBack.State.WON, True, figures.last_order
        work.look_again_on = None
    found.won += won
    if loss is not None and figures.last_order > loss.since:
        found.back.append((loss, figures.last_order))
        loss = None
    open_ones = [one for one in works if one.state == WinBack.State.OPEN]
    allowed = int(rule.allowed_days(figures.gap_longest_days or 0.0))
    silent = figures.silence_days >= allowed
    if loss is None and not silent:
        found.gone += [one for one in open_ones if _is_untouched(one)]
        return
    if not open_ones:
        if any(one.state == WinBack.State.PARTED for one in works):
            return
        blocked_until = settled and settled + timedelta(days=rule.least_days)
        if loss is None and blocked_until is not None and blocked_until > today:
            return
        open_ones = [WinBack(account_id=figures.account_id, lost_on=today)]
        found.opened += open_ones
    else:
        found.changed += open_ones
    for work in open_ones:
        work.loss = loss
        work.since = loss.since if loss else figures.last_order
        if loss is None:
            work.lost_on = figures.last_order + timedelta(days=allowed)
        work.worth = worth_a_year(figures)
        found.asked.append((work, figures.order_days, max(figures.silence_days - allowed, 0)))


def _is_untouched(work: WinBack) -> bool:
    return work.state == WinBack.State.OPEN and not work.reasons and not work.said and not work.offers.exists()


def _settled_on() -> dict[int, date]:
    """When each account was last won back: for a while its silence is no new loss, until the order comes."""
    won = WinBack.objects.filter(state=WinBack.State.WON).annotate(home=HOME).order_by("settled_on")
    return {home: on for home, on in won.values_list("home", "settled_on") if on is not None}


def lost_by_silence(rule: SilenceRule) -> Q:
    """The condition on `Score` that silence makes the account lost: `SilenceRule.allowed_days` in the database."""
    own = Ceil(rule.pauses * Coalesce(F("gap_longest_days"), Value(0.0)))
    return Q(silence_days__gte=Greatest(Value(float(rule.least_days)), own))


def _asked_figures(rule: SilenceRule, others: list[int]) -> Iterator[_Figures]:
    """Of who is lost by silence, and of `others`; each once."""
    scores = Score.objects.filter(account__merged_into=None, first_order__isnull=False, last_order__isnull=False)
    silent = lost_by_silence(rule)
    yield from _read(scores.filter(silent))
    for start in range(0, len(others), BATCH):
        some = sorted(set(others))[start : start + BATCH]
        yield from _read(scores.filter(Q(pk__in=some) & ~silent))


def _read(scores: QuerySet[Score, Any]) -> Iterator[_Figures]:
    for row in scores.order_by().values_list(*_Figures._fields).iterator(chunk_size=5000):
        yield _Figures(*row)


def _learned(snapshot: Snapshot, rule: SilenceRule) -> Returns | None:
    """How lost customers came back by now; None where there is no history."""
    from regulars.core.returns import learn_returns  # with it comes all that fits curves

    if HISTORY.version_in_force() < 0:
        return None
    with open_history(basis_in_force(), as_of=snapshot.as_of) as opened:
        return learn_returns(order_history(opened, most_accounts=MOST_ACCOUNTS), rule)


def _rank(asked: Sequence[tuple[WinBack, int, int]], learned: Returns | None) -> None:
    import numpy as np

    from regulars.core.returns import prior_chance

    order_days, lost_days = (np.array([one[place] for one in asked]) for place in (1, 2))
    chances, cases = prior_chance(lost_days), np.zeros(len(asked))
    if learned is not None:
        chances, cases = learned.chance(order_days, lost_days)
    for (work, *_days), chance, known in zip(asked, chances.tolist(), cases.tolist(), strict=True):
        work.chance, work.chance_cases = chance, int(known)
        work.expected_money = work.worth * chance
