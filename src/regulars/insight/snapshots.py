"""Snapshots: every account as of a date, kept for good, the current one also as records for lists.

A snapshot is computed from one version of the history. Its scores are added to the warehouse table `scores`, which
nobody reads yet; then one transaction writes the snapshot, its scores as records, and puts the version in force. A
process killed before leaves the old snapshot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.bulk_load import replace_rows
from regulars.base.locks import exclusive
from regulars.base.models import new_uid
from regulars.base.warehouse import Table, open_engine, quoted
from regulars.core.account_figures import account_figures
from regulars.facts.models import Account
from regulars.insight.forecast_tracking import (
    TRACKED_DAYS,
    Came,
    came_of_forecasts,
    note_forecasts,
    settle_tracks,
)
from regulars.insight.histories import Basis, OpenHistory, basis_in_force, open_history
from regulars.insight.lifetime import Ahead, LifetimeScores, lifetime_scores
from regulars.insight.models import ForecastTrack, Score, Snapshot
from regulars.insight.order_days import order_history
from regulars.insight.portfolio_figures import Portfolio, portfolio_of

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[str, float], None]

SCORE_COLUMNS = {
    "account_id": "BIGINT",
    "order_days": "BIGINT",
    "first_order": "DATE",
    "last_order": "DATE",
    "gap_typical_days": "DOUBLE",
    "gap_mean_days": "DOUBLE",
    "gap_spread_days": "DOUBLE",
    "gap_longest_days": "DOUBLE",
    "silence_days": "BIGINT",
    "pauses_as_long": "DOUBLE",
    "sales_12m": "DOUBLE",
    "sales_previous_12m": "DOUBLE",
    "sales_total": "DOUBLE",
    "margin_12m": "DOUBLE",
    "cost_known": "DOUBLE",
    "orders_12m": "BIGINT",
    "trend": "DOUBLE",
    "returns_12m": "DOUBLE",
    "products_12m": "BIGINT",
    "categories_12m": "BIGINT",
    "mean_order_value": "DOUBLE",
    "share_of_firm": "DOUBLE",
    "rank": "BIGINT",
    "cumulative_share": "DOUBLE",
    "pareto": "VARCHAR",
    "buyer": "VARCHAR",
    "probability_alive": "DOUBLE",
    "expected_orders_90": "DOUBLE",
    "expected_orders_365": "DOUBLE",
    "orders_90_low": "DOUBLE",
    "orders_90_high": "DOUBLE",
    "orders_365_low": "DOUBLE",
    "orders_365_high": "DOUBLE",
    "expected_value_90": "DOUBLE",
    "expected_value_365": "DOUBLE",
    "value_at_risk": "DOUBLE",
}
"""The columns of a score, as in the model `Score`."""

SCORES = Table(
    "scores",
    columns={"snapshot_uid": "VARCHAR", "as_of": "DATE"} | SCORE_COLUMNS,
    sorted_by=["as_of", "account_id"],
    grown=True,
)


@dataclass(frozen=True)
class Computed:
    """All that a snapshot says, before anything is kept."""

    as_of: date
    basis: Basis
    scores: pa.Table  # `SCORE_COLUMNS`, by account
    portfolio: Portfolio
    lifetime_model: dict[str, Any]
    ahead: dict[int, Ahead]  # by days ahead
    came: list[Came]  # of earlier forecasts whose time is over


def take_snapshot(
    *, as_of: date, current: bool = True, force: bool = False, progress: Progress | None = None
) -> Snapshot:
    """Compute every account as of a date and keep it; with `current`, lists show it from now on.

    Nothing is computed again for the same date, history, merges, groups, thresholds and forecast, unless forced. The
    forecasts of a current one are tracked, and those of earlier ones settled. One process at a time; raises `Busy` when
    another takes a snapshot for longer than a minute, `NoOrganisation` before there is a firm.
    """
    tell = progress or _nobody
    with exclusive("scores", wait_seconds=60):
        basis = basis_in_force()
        kept = None if force else kept_snapshot(as_of, basis)
        if kept is not None:
            if current and not kept.current:
                _make_current(kept, kept_scores(kept))
            return kept
        computed = compute(as_of=as_of, basis=basis, progress=tell)
        tell(_("Keeping the snapshot"), 0.7)
        snapshot = _keep(computed, current=current)
        tell(_("Snapshot taken"), 1.0)
        return snapshot


def current_snapshot() -> Snapshot | None:
    """The snapshot that lists show."""
    return Snapshot.objects.filter(current=True).first()


def kept_snapshot(as_of: date, basis: Basis) -> Snapshot | None:
    """The newest snapshot of a date that was computed from this basis."""
    same = Snapshot.objects.filter(as_of=as_of, history_version=basis.history_version, basis=basis.fingerprint)
    return same.order_by("-pk").first()


def compute(*, as_of: date, basis: Basis | None = None, progress: Progress | None = None) -> Computed:
    """What a snapshot as of a date says, from the history in force. Keeps nothing."""
    tell = progress or _nobody
    basis = basis or basis_in_force()
    tell(_("Reading the order history"), 0.0)
    with open_history(basis, as_of=as_of) as history:
        tell(_("Computing the figures of every account"), 0.2)
        figures = _figures(history)
        tell(_("Estimating who is still a customer"), 0.4)
        lifetime = _lifetime(history, figures)
        scores = _scores(figures, lifetime.columns)
        tell(_("Computing the figures of the firm"), 0.55)
        portfolio = portfolio_of(history, scores)
        came = came_of_forecasts(history)
    return Computed(as_of, basis, scores, portfolio, lifetime.model, lifetime.ahead, came)


def scores_as_of(as_of: date) -> pa.Table:
    """The score of every account as of a date (columns as in `SCORE_COLUMNS`), by all that is known today.

    From the kept snapshot of that date if nothing has changed since, else computed, without keeping.
    """
    basis = basis_in_force()
    kept = kept_snapshot(as_of, basis)
    return kept_scores(kept) if kept is not None else compute(as_of=as_of, basis=basis).scores


def kept_scores(snapshot: Snapshot) -> pa.Table:
    """What a snapshot said when it was taken (columns as in `SCORE_COLUMNS`)."""
    with open_engine() as engine:
        return engine.arrow(
            f"SELECT {', '.join(SCORE_COLUMNS)} FROM {SCORES.relation()} "
            f"WHERE as_of = DATE {quoted(str(snapshot.as_of))} AND snapshot_uid = {quoted(str(snapshot.uid))} "
            "ORDER BY account_id"
        )


def figures_of(account: Account, as_of: date | None = None) -> Score | None:
    """The score of one account: of the current snapshot, or as of a date. None if it had bought nothing by then.

    An account that was merged has none: ask for the one that was kept.
    """
    if as_of is None:
        return Score.objects.filter(account=account).first()
    import pyarrow.compute as pc

    scores = scores_as_of(as_of)
    rows = scores.filter(pc.equal(scores["account_id"], account.pk)).to_pylist()
    return Score(**rows[0]) if rows else None


def track_in_hindsight(*, until: date, horizon_days: int, times: int) -> None:
    """Write down what would have been expected on earlier days, and what came of it, for times that end on `until`,
    or where the one after began. Marked as made in hindsight.

    Nothing that came later is known to the forecasts; that just this forecast is asked was decided later. Days on which
    something was expected already are left alone.
    """
    basis = basis_in_force()
    for day in (until - timedelta(days=horizon_days * back) for back in range(1, times + 1)):
        if not ForecastTrack.objects.filter(as_of=day, horizon_days=horizon_days).exists():
            with open_history(basis, as_of=day) as history:
                ahead = _lifetime(history, _figures(history)).ahead
            expected = {days: all_ for days, all_ in ahead.items() if days == horizon_days}
            note_forecasts(as_of=day, ahead=expected, choice=basis.choice, in_hindsight=True)
    with open_history(basis, as_of=until) as history:
        settle_tracks(came_of_forecasts(history))


# Steps


def _nobody(_text: str, _share: float) -> None:
    """Nobody wants to know how far it is."""


def _figures(history: OpenHistory) -> pa.Table:
    figures = account_figures(
        history.lines,
        as_of=history.as_of,
        rules=history.basis.rules,
        roots=history.roots,
        minor_per_unit=history.minor_per_unit,
        days=history.days,
    )
    return history.arrow(figures.order_by("account"))


def _lifetime(history: OpenHistory, figures: pa.Table) -> LifetimeScores:
    return lifetime_scores(
        figures,
        as_of=history.as_of,
        choice=history.basis.choice,
        history=lambda: order_history(history),
        ahead=TRACKED_DAYS,
    )


def _scores(figures: pa.Table, lifetime: dict[str, Any]) -> pa.Table:
    import pyarrow as pa

    columns = {"account_id": figures["account"]}
    columns |= {name: figures[name] for name in SCORE_COLUMNS if name in figures.column_names}
    columns |= {name: pa.array(values, pa.float64(), from_pandas=True) for name, values in lifetime.items()}
    return pa.table({name: columns[name] for name in SCORE_COLUMNS})


def _keep(computed: Computed, *, current: bool) -> Snapshot:
    snapshot = Snapshot(
        uid=new_uid(),
        as_of=computed.as_of,
        history_version=computed.basis.history_version,
        basis=computed.basis.fingerprint,
        currency=computed.basis.currency,
        portfolio=computed.portfolio.as_json(),
        lifetime_model=computed.lifetime_model,
    )
    version = _append(snapshot, computed.scores)
    snapshot.scores_version = version
    with transaction.atomic():
        snapshot.save()
        SCORES.put_in_force(version)
        if current:
            _make_current(snapshot, computed.scores)
            settle_tracks(computed.came)
            note_forecasts(as_of=computed.as_of, ahead=computed.ahead, choice=computed.basis.choice)
    snapshot.refresh_from_db()
    return snapshot


def _append(snapshot: Snapshot, scores: pa.Table) -> int:
    SCORES.writable()
    with open_engine() as engine:
        engine.register("computed", scores)
        stamp = f"{quoted(str(snapshot.uid))} AS snapshot_uid, DATE {quoted(str(snapshot.as_of))} AS as_of"
        return SCORES.append(engine, f"SELECT {stamp}, * FROM computed")


@transaction.atomic
def _make_current(snapshot: Snapshot, scores: pa.Table) -> None:
    import pyarrow as pa

    Snapshot.objects.filter(current=True).exclude(pk=snapshot.pk).update(current=False)
    Snapshot.objects.filter(pk=snapshot.pk).update(current=True)
    snapshot.current = True
    replace_rows(Score, scores.append_column("snapshot_id", pa.repeat(pa.scalar(snapshot.pk), scores.num_rows)))
