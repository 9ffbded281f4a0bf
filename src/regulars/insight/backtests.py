"""Backtests: every forecast tried on the firm's own past. In words: docs/methods/backtest.md.

The record of a backtest is kept for good; that of the latest day decides which forecast scores from the next snapshot
on (`forecast_choice.py`). One is made after the first figures, then every week, sooner where forecasts get worse than
the record allows (`forecast_tracking.py`), and whenever somebody asks for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks import TaskResultStatus

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.jobs import enqueue, job
from regulars.base.locks import exclusive
from regulars.base.models import Job, Member, Organisation
from regulars.base.notes import rendered
from regulars.base.organisation import organisation, today
from regulars.core import backtest as core
from regulars.core.early_warning import TooShortToWarn, early_warning
from regulars.core.errors import Refusal
from regulars.core.lifetime import History
from regulars.core.lifetime.negative_binomial import Spread
from regulars.core.notes import as_data, from_data
from regulars.facts.history import HISTORY
from regulars.facts.imports.progress import Meter
from regulars.insight.days import day_for_new_figures
from regulars.insight.forecast_choice import DAYS_A_WEEK, HORIZON_DAYS, contenders
from regulars.insight.histories import Basis, basis_in_force, open_history
from regulars.insight.models import Backtest, BacktestRequest
from regulars.insight.order_days import accounts_that_ordered, order_history

Progress = Callable[[str, float], None]

MOST_ACCOUNTS = 100_000
"""Of a firm with more accounts that ordered, so many are looked at: the error of a share is a few tenths of a per cent
then, and it ends in minutes."""
LEAST_HORIZON_DAYS, MOST_HORIZON_DAYS = 7, 730
EVERY = timedelta(days=7)


class WrongHorizon(Refusal):
    """Nothing can be forecast for so many days ahead."""


class NoOrdersYet(Refusal):
    """There is no order history to try anything on."""


# Making one


def run_backtest(
    *,
    as_of: date | None = None,
    horizon_days: int = HORIZON_DAYS,
    tried: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Try every forecast on earlier days of the history up to `as_of`, and keep the record.

    `as_of` is the day of the figures if not given; `tried` are other contenders than the default ones, by name.
    One process at a time. Raises `WrongHorizon`, `NoOrdersYet`, `Busy`.
    """
    checked_horizon(horizon_days)
    tell = progress or _nobody
    with exclusive("backtest", wait_seconds=1):
        began = time.monotonic()
        basis = basis_in_force()
        on = as_of or day_for_new_figures(today(organisation()))
        tell(_("Reading the order history"), 0.0)
        with open_history(basis, as_of=on) as opened:
            known = accounts_that_ordered(opened)
            history = order_history(opened, most_accounts=MOST_ACCOUNTS)
        if not known:
            raise NoOrdersYet(_("There are no orders to try forecasts on."), _("Import the order history first."))
        outcome = core.backtest(
            history,
            as_of=on,
            periods=horizon_days / DAYS_A_WEEK,
            contenders=tried,
            tell=lambda name, share: tell(_("Trying “%(name)s”") % {"name": rendered(name)}, 0.05 + 0.75 * share),
        )
        tell(_("Looking at the customers you lost"), 0.8)
        warnings = _early_warning(history)
        return _keep(outcome, warnings, basis=basis, history=history, known=known, seconds=time.monotonic() - began)


def checked_horizon(horizon_days: int) -> int:
    """The number of days ahead, if forecasts can be tried for so long a time. Raises `WrongHorizon`."""
    if LEAST_HORIZON_DAYS <= horizon_days <= MOST_HORIZON_DAYS:
        return horizon_days
    raise WrongHorizon(
        _("Forecasts cannot be tried for %(days)s days ahead.") % {"days": horizon_days},
        _("Give from %(least)s to %(most)s days.") % {"least": LEAST_HORIZON_DAYS, "most": MOST_HORIZON_DAYS},
    )


def _early_warning(history: History) -> dict[str, Any] | None:
    try:
        return early_warning(history).as_data()
    except TooShortToWarn:
        return None


def _keep(
    outcome: core.Backtest,
    warnings: dict[str, Any] | None,
    *,
    basis: Basis,
    history: History,
    known: int,
    seconds: float,
) -> Backtest:
    return Backtest.objects.create(
        as_of=outcome.as_of,
        horizon_days=outcome.horizon_days,
        history_version=basis.history_version,
        basis=basis.fingerprint,
        accounts=len(history.accounts),
        accounts_known=known,
        winner=outcome.winner,
        too_short=outcome.too_short,
        outcome=outcome_as_data(outcome),
        early_warning=warnings,
        seconds=seconds,
    )


def _nobody(_text: str, _share: float) -> None:
    """Nobody wants to know how far it is."""


# Asking for one


@transaction.atomic
def ask_for_backtest(
    *, member: Member | None, as_of: date | None = None, horizon_days: int = HORIZON_DAYS
) -> BacktestRequest:
    """Have a job make a backtest; the request tells how far it is. While one is on its way, no other is put in the
    queue, and that one is answered. Raises `WrongHorizon`, `NoOrdersYet`.
    """
    require(member, Permission.CONFIGURE)
    checked_horizon(horizon_days)
    if HISTORY.version_in_force() < 0:
        raise NoOrdersYet(_("There are no orders to try forecasts on."), _("Import the order history first."))
    pending = backtest_on_its_way()
    if pending is not None:
        return pending
    request = BacktestRequest.objects.create(member=member, as_of=as_of, horizon_days=horizon_days)
    language = translation.get_language() or "en"
    request.job_id = enqueue(make_backtest, request_id=request.pk, language=language)
    request.save(update_fields=["job_id", "updated_at"])
    after = {"as_of": as_of and as_of.isoformat(), "horizon_days": horizon_days}
    record_change(member=member, verb="ask_for_backtest", record=request, before={}, after=after)
    return request


def backtest_on_its_way() -> BacktestRequest | None:
    """The request that waits or is worked on."""
    request = BacktestRequest.objects.filter(made=None, refusal={}).order_by("-pk").first()
    going_on = [TaskResultStatus.READY, TaskResultStatus.RUNNING]
    if request is None or request.job_id is None:
        return None
    return request if Job.objects.filter(pk=request.job_id, status__in=going_on).exists() else None


@job(retries=0)
def make_backtest(*, request_id: int, language: str) -> None:
    """Make the backtest that was asked for, unless that is done already; a refusal is kept on the request."""
    request = BacktestRequest.objects.get(pk=request_id)
    if request.made_id is not None:
        return
    with translation.override(language):
        try:
            request.made = run_backtest(
                as_of=request.as_of, horizon_days=request.horizon_days, progress=Meter(request).span(0.0, 1.0)
            )
        except Refusal as refusal:
            request.refusal = {"sentence": refusal.sentence, "way_out": refusal.way_out}
    request.save(update_fields=["made", "refusal", "updated_at"])


@job(retries=0)
def backtest_again() -> None:
    """Ask for a backtest when the latest is a week old; nothing to do before there is a firm with orders."""
    if Organisation.objects.exists() and HISTORY.version_in_force() >= 0 and is_due():
        ask_for_backtest(member=None)


def is_due() -> bool:
    """Whether no backtest was made or asked for in the last week."""
    return not was_asked_since(timezone.now() - EVERY)


def was_asked_since(moment: datetime | None) -> bool:
    """Whether a backtest was made or asked for since a moment; None: ever. One that was refused counts, too."""
    since = {} if moment is None else {"created_at__gt": moment}
    return any(model.objects.filter(**since).exists() for model in (Backtest, BacktestRequest))


# What it says


def backtests() -> list[Backtest]:
    """All backtests without what they found, the one that decides first."""
    return list(Backtest.objects.order_by("-as_of", "-pk").defer("outcome", "early_warning"))


def outcome_as_data(outcome: core.Backtest) -> dict[str, Any]:
    """What a backtest found, as JSON keeps it; `outcome_of` is the inverse."""
    return {
        "level": outcome.level,
        "records": [_record_as_data(record) for record in outcome.records],
        "reasons": [as_data(reason) for reason in outcome.reasons],
    }


def outcome_of(backtest: Backtest) -> core.Backtest:
    """What a kept backtest found; `model` is the winner, not fitted, or None if there is no such forecast any more."""
    kept = backtest.outcome
    return core.Backtest(
        as_of=backtest.as_of,
        horizon_days=backtest.horizon_days,
        level=kept["level"],
        records=[_record_of(record) for record in kept["records"]],
        winner=backtest.winner,
        model=contenders(backtest.horizon_days).get(backtest.winner),
        reasons=[from_data(reason) for reason in kept["reasons"]],
        too_short=backtest.too_short,
    )


def _record_as_data(record: core.Record) -> dict[str, Any]:
    data = asdict(record) | {"failings": [as_data(failing) for failing in record.failings]}
    for origin in data["origins"]:
        origin["as_of"], origin["until"] = origin["as_of"].isoformat(), origin["until"].isoformat()
    return data


def _record_of(data: Mapping[str, Any]) -> core.Record:
    origins = [
        core.Origin(
            as_of=date.fromisoformat(one["as_of"]),
            until=date.fromisoformat(one["until"]),
            figures=core.Figures(**one["figures"]),
        )
        for one in data["origins"]
    ]
    told = {
        "figures": core.Figures(**data["figures"]) if data["figures"] else None,
        "origins": origins,
        "tenths": [core.Tenth(**one) for one in data["tenths"]],
        "failings": [from_data(failing) for failing in data["failings"]],
        "spread": Spread(**data["spread"]) if data.get("spread") else None,
    }
    return core.Record(**{**data, **told})
