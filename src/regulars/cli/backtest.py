"""`backtest`: every forecast tried on the firm's own past, and the choice among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, indented, progress, say, show_facts, show_table
from regulars.cli.session import Session, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.core.backtest import Backtest as Outcome
    from regulars.core.backtest import Figures, Record
    from regulars.insight.models import Backtest, ForecastTrack

PANEL = _("Insight: what it means")
FIGURES_FOLLOW = _("The figures follow at night, or now with: regulars score")
TRACKS_SHOWN = 6


class NoBacktest(Refusal):
    """None was made yet."""


class OneAtATime(Refusal):
    """Options that exclude each other."""


def add_commands(app: typer.Typer) -> None:
    app.command("backtest", help=_("Try every forecast on your own past; the best one scores."), rich_help_panel=PANEL)(
        backtest
    )


def backtest(
    context: typer.Context,
    horizon_days: Annotated[int, typer.Option("--horizon-days", help=_("So many days ahead."))] = 90,
    last: Annotated[bool, typer.Option("--last", help=_("Show the last one; try nothing."))] = False,
    pin: Annotated[str, typer.Option("--pin", metavar="NAME", help=_("Let this forecast score, with --reason."))] = "",
    reason: Annotated[str, typer.Option("--reason", help=_("Why it is pinned."))] = "",
    unpin: Annotated[bool, typer.Option("--unpin", help=_("Let the best one score again."))] = False,
) -> None:
    if sum((last, bool(pin), unpin)) > 1:
        raise OneAtATime(_("--last, --pin and --unpin exclude each other."), _("Give one of them."))
    session = open_session(context)
    if pin or unpin:
        _change_pin(session, pin=pin, reason=reason)
    else:
        _show(session, _last(session) if last else _made(session, horizon_days))


def _change_pin(session: Session, *, pin: str, reason: str) -> None:
    from regulars.insight.forecast_choice import chosen_forecast, pin_forecast, told_choice, unpin_forecast

    if pin:
        pin_forecast(member=session.member, name=pin, reason=reason)
    else:
        unpin_forecast(member=session.member)
    choice = chosen_forecast()
    if session.options.json:
        emit_json({"scores": choice.name, "why": choice.why, "sentence": told_choice(choice)})
        return
    say(told_choice(choice))
    say(FIGURES_FOLLOW, style="dim")


def _made(session: Session, horizon_days: int) -> Backtest:
    from regulars.base.access import Permission, require
    from regulars.insight.backtests import run_backtest

    require(session.acting, Permission.CONFIGURE)
    with progress(quiet=session.options.quiet) as tell:
        return run_backtest(as_of=session.options.as_of, horizon_days=horizon_days, progress=tell)


def _last(session: Session) -> Backtest:
    from regulars.base.access import Permission, require
    from regulars.insight.forecast_choice import latest_backtest

    require(session.acting, Permission.READ)
    found = latest_backtest()
    if found is None:
        raise NoBacktest(_("The forecasts were not tried on your own past yet."), _("Try them with: regulars backtest"))
    return found


# Showing it


def _show(session: Session, made: Backtest) -> None:
    from regulars.base.notes import rendered
    from regulars.insight.backtests import outcome_of
    from regulars.insight.forecast_choice import chosen_forecast, told_choice
    from regulars.insight.forecast_tracking import decay, newest_tracks

    outcome, choice, worse = outcome_of(made), chosen_forecast(), decay()
    tracks = newest_tracks(TRACKS_SHOWN)
    if session.options.json:
        emit_json(
            _as_json(made, outcome)
            | {
                "scores": choice.name,
                "why": choice.why,
                "sentence": told_choice(choice),
                "tracks": [_track_json(track) for track in tracks],
                "warning": worse.sentence if worse else None,
            }
        )
        return
    say(_("Forecasts for {days} days, tried on your own past").format(days=made.horizon_days), style="bold")
    _show_records(outcome)
    for reason in outcome.reasons:
        indented(rendered(reason))
    _show_warnings(made)
    _show_tracks(tracks)
    if worse is not None:
        say(worse.sentence, style="bold red")
    say(told_choice(choice), style="bold")
    say(FIGURES_FOLLOW, style="dim")


def _show_records(outcome: Outcome) -> None:
    from regulars.base.notes import rendered

    if not outcome.records:
        return
    against = _reference(outcome)
    show_table(
        [
            Column(heading=_("Forecast"), flexible=True),
            Column(heading=_("Error against BG/NBD"), justify="right"),
            Column(heading=_("Expected"), justify="right"),
            Column(heading=_("Came"), justify="right"),
            Column(heading=_("Bias"), justify="right"),
            Column(heading="RMSE", rank=3, justify="right"),
            Column(heading="Gini", rank=2, justify="right"),
            Column(heading=_("Calibration"), rank=1, justify="right"),
            Column(heading=_("Coverage"), rank=1, justify="right"),
        ],
        [_row(record, against, chosen=record.name == outcome.winner) for record in outcome.records],
    )
    for record in outcome.records:
        for failing in record.failings:
            indented(f"{rendered(record.name)}: {rendered(failing)}", style="dim")


def _reference(outcome: Outcome) -> Figures | None:
    """What the others are compared with: the simplest structural model."""
    return next((record.figures for record in outcome.records if record.name == "BG/NBD"), None)


def _row(record: Record, against: Figures | None, *, chosen: bool) -> list[str]:
    from regulars.base.formats import number, percent
    from regulars.base.notes import rendered

    name = f"→ {rendered(record.name)}" if chosen else f"  {rendered(record.name)}"
    figures = record.figures
    if figures is None:
        return [name, *["–"] * 8]
    error = percent(figures.deviance / against.deviance - 1, signed=True) if against and against.deviance else "–"
    return [
        name,
        error,
        number(round(figures.expected)),
        number(round(figures.came)),
        percent(figures.bias, signed=True),
        number(figures.rmse, digits=3),
        "–" if figures.gini is None else number(figures.gini, digits=3),
        percent(figures.calibration_error),
        "–" if figures.coverage is None else percent(figures.coverage),
    ]


def _show_warnings(made: Backtest) -> None:
    from regulars.base.formats import number
    from regulars.core.early_warning import EarlyWarning

    if made.early_warning is None:
        return
    found = EarlyWarning.from_data(made.early_warning)
    record = found.record
    show_facts(
        {
            _("customers lost"): number(found.lost),
            _("flagged in time"): number(record.flagged),
            _("weeks early, on average"): "" if record.weeks_early is None else number(record.weeks_early, digits=1),
            _("false alarms"): number(record.false_alarms),
        }
    )


def _show_tracks(tracks: list[ForecastTrack]) -> None:
    from regulars.base.formats import day, number

    if not tracks:
        return
    say(_("What came of earlier forecasts"), style="bold")
    show_table(
        [
            Column(heading=_("From")),
            Column(heading=_("Until")),
            Column(heading=_("Expected"), justify="right"),
            Column(heading=_("Came"), justify="right"),
            Column(heading=_("Made"), rank=1, flexible=True),
        ],
        [
            [
                day(track.as_of),
                day(track.until),
                number(round(track.expected_orders)),
                number(track.came_orders or 0),
                _("later, from what was known then") if track.in_hindsight else _("on that day"),
            ]
            for track in tracks
        ],
    )


# As JSON


def _as_json(made: Backtest, outcome: Outcome) -> dict[str, Any]:
    from regulars.base.notes import rendered

    return {
        "uid": made.uid,
        "as_of": made.as_of,
        "horizon_days": made.horizon_days,
        "accounts": made.accounts,
        "accounts_known": made.accounts_known,
        "too_short": made.too_short,
        "winner": made.winner,
        "reasons": [rendered(reason) for reason in outcome.reasons],
        "records": made.outcome["records"],
        "early_warning": made.early_warning,
        "seconds": round(made.seconds, 1),
    }


def _track_json(track: ForecastTrack) -> dict[str, Any]:
    return {
        "as_of": track.as_of,
        "until": track.until,
        "expected_orders": track.expected_orders,
        "low": track.expected_orders_low,
        "high": track.expected_orders_high,
        "came_orders": track.came_orders,
        "in_hindsight": track.in_hindsight,
    }
