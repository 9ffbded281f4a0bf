"""`score`: figures of all accounts, and the actions that follow from them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import typer

from regulars.cli.language import _
from regulars.cli.output import emit_json, note, progress, say, show_facts
from regulars.cli.session import Session, open_session

if TYPE_CHECKING:
    from regulars.plan.daily import Refreshed

PANEL = _("Insight: what it means")


def add_commands(app: typer.Typer) -> None:
    app.command("score", help=_("Bring figures and actions up to date."), rich_help_panel=PANEL)(score)


def score(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.base.notes import rendered
    from regulars.insight.forecast_tracking import decay

    refreshed = refresh_and_tell(session)
    report, snapshot = refreshed.report, refreshed.snapshot
    worse = decay()
    notes = [rendered(remark) for remark in snapshot.lifetime_model.get("notes", [])]
    if session.options.json:
        emit_json(
            {
                "as_of": snapshot.as_of,
                "snapshot": snapshot.uid,
                "accounts": snapshot.portfolio["accounts"],
                "actions": report
                and {
                    "open": report.open,
                    "proposed": report.proposed,
                    "updated": report.updated,
                    "woken": report.woken,
                    "closed": report.closed,
                    "beyond": report.beyond,
                },
                "forecast": snapshot.lifetime_model["forecast"]["name"],
                "notes": notes,
                "warning": worse.sentence if worse else None,
            }
        )
        return
    facts = {
        _("as of"): snapshot.as_of.isoformat(),
        _("accounts with orders"): f"{snapshot.portfolio['accounts']:,}",
        _("forecast that scores"): rendered(snapshot.lifetime_model["forecast"]["name"]),
    }
    if report is not None:
        facts |= {
            _("actions open"): f"{report.open:,}",
            _("newly proposed"): f"{report.proposed.total():,}",
            _("closed by themselves"): f"{report.closed.total():,}",
            _("not kept, since they rank too low"): f"{report.beyond:,}",
        }
    show_facts(facts)
    if report is None:
        say(_("A look back: these figures are kept; the lists and actions of today stay as they are."))
    if worse is not None:
        say(worse.sentence, style="bold red")
    for remark in notes:
        say(remark, style="dim")
    if snapshot.lifetime_model["forecast"]["why"] == "untried":
        say(_("Try the forecasts on your own past, and let the best one score: regulars backtest"), style="dim")


def refresh_and_tell(session: Session) -> Refreshed:
    """Figures and actions as of `--as-of`, else as of today; as of the newest order when that is long ago.

    A day before that of the figures in force is a look back: its figures are kept, the list of today stays.
    """
    from regulars.insight.snapshots import current_snapshot
    from regulars.plan.daily import look_back, refresh

    current = current_snapshot()
    earlier = session.options.as_of is not None and current is not None and session.options.as_of < current.as_of
    as_of = session.options.as_of or _day_of_figures(session)
    with progress(quiet=session.options.quiet) as tell:
        return look_back(as_of=as_of, progress=tell) if earlier else refresh(as_of=as_of, progress=tell)


def _day_of_figures(session: Session) -> date:
    """For an old export the clock stands still at its newest order: that is the day of its figures and its actions."""
    from regulars.insight.days import day_for_new_figures

    day = day_for_new_figures(session.today)
    if day != session.today and not session.options.quiet:
        note(
            _("The newest order is of {day}: the figures are as of that day. Another day: --as-of DATE").format(
                day=day.isoformat()
            )
        )
    return day
