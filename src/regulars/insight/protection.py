"""Protection levels: what every account is worth, how likely it is lost, and how well it is to be protected for that.

Computed for all accounts in one pass after every snapshot, and for one account as soon as a signal about it arrives.
Stages that record signals need not tell: `changed_since_computed` finds them, and a job takes them in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from regulars.base.bulk_load import replace_rows
from regulars.base.models import Member, Organisation
from regulars.core import protection as core
from regulars.core.protection import ProtectionRules
from regulars.core.signals import moved
from regulars.facts.accounts import seen_by
from regulars.facts.models import Account, Signal
from regulars.facts.signal_kinds import Direction
from regulars.insight.live_signals import AT_ONCE, LiveSignal, live_signals, summed
from regulars.insight.models import Protection, Score
from regulars.insight.protection_sentences import level_sentence, protection_sentences, signal_sentence
from regulars.insight.sentences import Sentence
from regulars.insight.thresholds import protection_rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

GROWTH: Final = 0.25
"""Buying so much more than in the 12 months before is *clearly more*."""
USUAL_GROWTH: Final = 0.20
"""The share of accounts that buy clearly more, as long as the firm has too few to count."""
ENOUGH_TO_COUNT: Final = 50

_COLUMNS: Final = (
    "account_id",
    "order_days",
    "silence_days",
    "pauses_as_long",
    "sales_12m",
    "trend",
    "share_of_firm",
    "pareto",
    "probability_alive",
    "expected_value_365",
    "value_at_risk",
)


@dataclass(frozen=True)
class _Ground:
    """What is the same for all accounts."""

    on: date
    rules: ProtectionRules
    usual_growth: float


def visible_protection(member: Member | None) -> QuerySet[Protection]:
    """The protection levels of the accounts that `member` may see, highest first, within a level most at stake."""
    seen = Protection.objects.filter(seen_by(member, at="account__"), account__merged_into=None)
    return seen.order_by("-level", "-stake", "account")


@dataclass(frozen=True, kw_only=True)
class ProtectionInWords:
    """The protection of one account as it is shown: `found` is None for one that never ordered."""

    found: Protection | None
    sentence: str
    """The level with value and risk; empty without a level."""
    sentences: list[Sentence]
    signals: list[LiveSignal]


def protection_of(account: Account, *, on: date, currency: str) -> ProtectionInWords:
    """The protection of an account in words, with its live signals. Two queries or three, whatever it has."""
    found = Protection.objects.filter(account=account).first()
    signals = live_signals(on=found.as_of if found else on, accounts=[account.pk])
    if found is None:
        return ProtectionInWords(
            found=None, sentence="", sentences=[signal_sentence(one) for one in signals], signals=signals
        )
    rules = protection_rules(Organisation.objects.first())
    told = protection_sentences(found, signals, currency=currency, rules=rules)
    return ProtectionInWords(found=found, sentence=level_sentence(found), sentences=told, signals=signals)


def protect_all(*, on: date) -> int:
    """Compute the protection of every account that has a score, as of a day. Returns of how many."""
    from regulars.base.arrow import pa

    rows = list(Score.objects.order_by("account_id").values_list(*_COLUMNS).iterator(chunk_size=20_000))
    figures = _columns(rows)
    ground = _Ground(on, protection_rules(Organisation.objects.first()), _usual_growth())
    computed = _computed(figures, live_signals(on=on), ground)
    known = np.array(list(Protection.objects.values_list("account_id", "level", "since", "level_before")), object)
    computed |= _with_past(computed, known.reshape(-1, 4), on)
    computed |= {"as_of": [on] * len(rows), "computed_at": [timezone.now()] * len(rows)}
    replace_rows(Protection, pa.table({name: _arrow(name, values) for name, values in computed.items()}))
    return len(rows)


@transaction.atomic
def protect(accounts: Iterable[int], *, on: date) -> None:
    """Compute the protection of some accounts anew, as of a day. Those without a score have none."""
    listed = sorted(set(accounts))
    for start in range(0, len(listed), AT_ONCE):
        _protect_some(listed[start : start + AT_ONCE], on)


def changed_since_computed() -> list[int]:
    """Accounts about which a signal was recorded, withdrawn or put back since their protection was computed."""
    oldest = Protection.objects.order_by("computed_at").values_list("computed_at", flat=True).first()
    if oldest is None:
        return []
    changed = Signal.objects.filter(updated_at__gt=oldest, account__merged_into=None, account__score__isnull=False)
    stale = changed.filter(
        Q(account__protection=None) | Q(updated_at__gt=F("account__protection__computed_at"))
    ).order_by("account")
    return list(stale.values_list("account_id", flat=True).distinct())


def is_needed() -> bool:
    """Is there anything to take in?"""
    return bool(changed_since_computed())


# One pass


def _protect_some(accounts: Sequence[int], on: date) -> None:
    scores = Score.objects.filter(account__in=accounts, account__merged_into=None).order_by("account_id")
    figures = _columns(list(scores.values_list(*_COLUMNS)))
    ground = _Ground(on, protection_rules(Organisation.objects.first()), _usual_growth())
    computed = _computed(figures, live_signals(on=on, accounts=accounts), ground)
    former = Protection.objects.filter(account__in=accounts)
    known = np.array(list(former.values_list("account_id", "level", "since", "level_before")), object)
    computed |= _with_past(computed, known.reshape(-1, 4), on)
    former.exclude(account__in=[int(one) for one in computed["account_id"]]).delete()
    now = timezone.now()
    named = [name for name in computed if name != "account_id"]
    made = [
        Protection(account_id=int(account), as_of=on, computed_at=now, **dict(zip(named, values, strict=True)))
        for account, *values in zip(*(_plain(computed[name]) for name in ("account_id", *named)), strict=True)
    ]
    Protection.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["account"], update_fields=[*named, "as_of", "computed_at"]
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> dict[str, NDArray[Any]]:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_COLUMNS)
    kinds: Mapping[str, Any] = {"account_id": np.int64, "pareto": np.str_}
    return {name: np.array(column, kinds.get(name, float)) for name, column in zip(_COLUMNS, columns, strict=True)}


def _usual_growth() -> float:
    """How many of the accounts that bought in both years buy clearly more now."""
    counted = Score.objects.aggregate(known=Count("trend"), grew=Count("pk", filter=Q(trend__gte=GROWTH)))
    return counted["grew"] / counted["known"] if counted["known"] >= ENOUGH_TO_COUNT else USUAL_GROWTH


def _computed(figures: Mapping[str, NDArray[Any]], signals: list[LiveSignal], ground: _Ground) -> dict[str, Any]:
    """What is kept of each account, by the column; NaN is unknown."""
    accounts, rules = figures["account_id"], ground.rules
    by_orders = core.risk_by_orders(
        probability_alive=figures["probability_alive"],
        pauses_as_long=figures["pauses_as_long"],
        order_days=figures["order_days"],
        silence_days=figures["silence_days"],
        yearly_loss=rules.yearly_loss,
    )
    warned, has_warning = summed(signals, Direction.RISK, accounts)
    promised, has_promise = summed(signals, Direction.POTENTIAL, accounts)
    base = np.where(np.isnan(by_orders) & has_warning, rules.yearly_loss, by_orders)
    risk = moved(base, warned)
    bands = core.value_bands(figures["pareto"], figures["share_of_firm"], rules)
    expected = figures["expected_value_365"] + np.nan_to_num(figures["value_at_risk"])
    worth = np.maximum(np.where(np.isnan(expected), figures["sales_12m"], expected), 0.0)
    return {
        "account_id": accounts,
        "level": core.levels(bands, core.risk_bands(risk, rules)),
        "band": bands,
        "worth": worth,
        "risk_by_orders": by_orders,
        "risk": risk,
        "stake": worth * risk,
        "potential": np.where(has_promise, moved(np.full(accounts.size, ground.usual_growth), promised), np.nan),
    }


def _with_past(computed: Mapping[str, Any], known: NDArray[Any], on: date) -> dict[str, list[Any]]:
    """Since when each account is at its level, and at which before. Nobody knows of one that is computed first."""
    before = {int(account): (int(level), since, former) for account, level, since, former in known}
    pasts = [
        _past(int(level), before.get(int(account)), on)
        for account, level in zip(computed["account_id"], computed["level"], strict=True)
    ]
    return {"since": [since for since, _before in pasts], "level_before": [former for _since, former in pasts]}


def _past(level: int, before: tuple[int, date | None, int | None] | None, on: date) -> tuple[date | None, int | None]:
    if before is None:
        return None, None
    return (before[1], before[2]) if before[0] == level else (on, before[0])


def _plain(values: Any) -> list[Any]:
    """As records have it: Python's own numbers, None for unknown."""
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return [None if one != one else one for one in listed]


def _arrow(name: str, values: Any) -> Any:
    from regulars.base.arrow import pa

    kinds = {
        "since": pa.date32(),
        "as_of": pa.date32(),
        "level_before": pa.int64(),
        "computed_at": pa.timestamp("us", tz="UTC"),
    }
    return pa.array(values, kinds.get(name), from_pandas=isinstance(values, np.ndarray))
