"""`lifetimes`: how long customers stay, and whether more new ones are lost than before."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, indented, say, show_table
from regulars.cli.session import open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.cli.session import Session
    from regulars.insight.lifetimes import Bounded, Lifetime, Lifetimes

PANEL = _("Insight: what it means")


class By(StrEnum):
    """What customers may be told apart by."""

    YEAR = "year"
    QUARTER = "quarter"
    FIRST_VALUE = "first_value"
    TRADE = "trade"
    COUNTRY = "country"
    DEPARTMENT = "department"
    TEAM = "team"


class NoFiguresOfThatDay(Refusal):
    """No snapshot was taken as of that day, or none at all."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "lifetimes",
        help=_("How long customers stay, and whether you lose more new ones than before."),
        rich_help_panel=PANEL,
    )(lifetimes)


def lifetimes(
    context: typer.Context,
    by: Annotated[By, typer.Option(help=_("What to tell customers apart by."))] = By.YEAR,
) -> None:
    session = open_session(context)
    from regulars.base.access import Permission, require

    require(session.acting, Permission.READ)
    found = _found(session, by)
    if session.options.json:
        from regulars.insight.lifetimes_sentences import verdicts

        emit_json({"lifetimes": found, "verdicts": verdicts(found)})
    else:
        _show(found)


def _found(session: Session, by: By) -> Lifetimes:
    from regulars.insight.lifetimes import lifetimes as of_snapshot
    from regulars.insight.portfolio import snapshot_of
    from regulars.insight.snapshots import current_snapshot

    day = session.options.as_of
    snapshot = snapshot_of(day) if day else current_snapshot()
    if snapshot is None:
        way_out = _("Compute them: regulars score --as-of {day}").format(day=day) if day else _("Run: regulars score")
        raise NoFiguresOfThatDay(
            _("There are no figures of that day.") if day else _("There are no figures yet."), way_out
        )
    return of_snapshot(snapshot, member=session.acting, by=by.value)


def _show(found: Lifetimes) -> None:
    from regulars.base.formats import day, number
    from regulars.insight.lifetimes_sentences import (
        NAMES_OF_BY,
        comparison_told,
        group_name,
        lasting,
        left_out_told,
        median_told,
        rule_told,
        verdicts,
    )

    say(_("How long customers stay, as of {day}").format(day=day(found.as_of)), style="bold")
    told = verdicts(found)
    if not told:
        indented(_("The order history is too short to say."))
    for verdict in told:
        indented(verdict.text)
        indented(verdict.meaning, style="dim")

    def row(name: str, group: Lifetime) -> list[str]:
        shares = [_share(group.stay), _share(group.without_second)]
        return [name, number(group.won), number(group.lost), shares[0], median_told(group), shares[1]]

    if found.everyone is not None:
        say()
        show_table(
            [
                Column(heading=str(NAMES_OF_BY[found.by]), flexible=True),
                Column(heading=_("Won"), justify="right"),
                Column(heading=_("Lost"), justify="right", rank=1),
                Column(heading=_("Still after {time}").format(time=lasting(found.stay_days)), justify="right"),
                Column(heading=_("Half stay longer than"), justify="right", rank=3),
                Column(
                    heading=_("No second order in {days} days").format(days=found.new_days), justify="right", rank=2
                ),
            ],
            [
                *(row(group_name(found.by, group), group) for group in found.groups),
                row(_("all customers won"), found.everyone),
            ],
        )
    for sentence in (comparison_told(found), rule_told(found), left_out_told(found)):
        if sentence:
            indented(sentence, style="dim")


def _share(found: Bounded | None) -> str:
    from regulars.base.formats import percent

    if found is None or found.value is None or found.low is None or found.high is None:
        return ""
    bounds = (percent(bound, digits=0) for bound in (found.value, found.low, found.high))
    return "{} ({}–{})".format(*bounds)
