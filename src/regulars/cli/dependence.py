"""`dependence`: on whom the firm depends, and what follows if an account leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, indented, say, show_table
from regulars.cli.session import Session, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.insight.dependence import WhatIf

PANEL = _("Insight: what it means")


class NoFiguresYet(Refusal):
    """No snapshot was taken."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "dependence",
        help=_("On whom the firm depends; with an account, what follows if it leaves."),
        rich_help_panel=PANEL,
    )(dependence)


def dependence(
    context: typer.Context,
    wanted: Annotated[
        str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, part of it, or #number."))
    ] = "",
    keep_profit: Annotated[
        bool, typer.Option("--keep-profit", help=_("Raise prices until we earn what we earn now."))
    ] = False,
) -> None:
    session = open_session(context)
    if wanted:
        _what_if(session, wanted, keep_profit=keep_profit)
    else:
        _shares(session)


def _shares(session: Session) -> None:
    from regulars.base.formats import money, percent
    from regulars.insight.dependence import dependence as of_firm
    from regulars.insight.dependence_sentences import LEVELS, level_told, levels_told
    from regulars.insight.standings import accounts_named

    found = of_firm(member=session.acting)
    if found is None:
        raise NoFiguresYet(_("There are no figures yet."), _("Run: regulars score"))
    names = accounts_named(one.account for one in found.largest)
    if session.options.json:
        largest = [
            {
                "account": names[one.account].uid,
                "name": names[one.account].name,
                "sales": one.sales,
                "share": one.share,
                "level": one.level.name.lower(),
            }
            for one in found.largest
        ]
        emit_json(
            {
                "as_of": found.as_of,
                "currency": found.currency,
                "level": found.level.name.lower(),
                "customers": found.customers,
                "largest_three": found.largest_three,
                "largest_five": found.largest_five,
                "herfindahl": found.herfindahl,
                "largest": largest,
            }
        )
        return
    say(level_told(found), style="bold")
    indented(levels_told(found), style="dim")
    show_table(
        [
            Column(heading=_("Customer"), flexible=True),
            Column(heading=_("Sales, 12 months"), justify="right"),
            Column(heading=_("Share"), justify="right"),
            Column(heading=_("Level"), rank=1),
        ],
        [
            [
                names[one.account].name,
                money(one.sales, found.currency),
                percent(one.share, digits=1),
                str(LEVELS[one.level]),
            ]
            for one in found.largest
        ],
    )


def _what_if(session: Session, wanted: str, *, keep_profit: bool) -> None:
    from regulars.core.dependence import Goal
    from regulars.facts.accounts import find_account
    from regulars.insight.dependence import what_if

    account = find_account(wanted, member=session.acting)
    found = what_if(account, member=session.acting, goal=Goal.KEEP_PROFIT if keep_profit else None)
    if session.options.json:
        emit_json({"account": account.uid, "what_if": found})
        return
    say(_("What if {account} leaves?").format(account=account.name), style="bold")
    _told(found)


def _told(found: WhatIf) -> None:
    from regulars.base.formats import money, number, percent
    from regulars.insight.dependence_sentences import (
        bounds_told,
        departure_told,
        outcome_told,
        rests_on,
        shown_rounds,
        softener_told,
    )

    for sentence in (outcome_told(found), bounds_told(found), *departure_told(found)):
        if sentence:
            indented(sentence)
    rounds = found.departure.rounds
    if rounds:
        say()
        show_table(
            [
                Column(heading=_("Round"), justify="right"),
                Column(heading=_("Missing margin"), justify="right"),
                Column(heading=_("Prices against today"), justify="right"),
                Column(heading=_("Customers who leave"), justify="right", rank=1),
                Column(heading=_("Sales that stay"), justify="right", rank=2),
            ],
            [
                [
                    number(place),
                    money(rounds[place - 1].missing, found.currency),
                    percent(rounds[place - 1].price, digits=1, signed=True),
                    number(rounds[place - 1].leaving, digits=1),
                    money(rounds[place - 1].sales, found.currency),
                ]
                for place in shown_rounds(found.departure)
            ],
        )
    for one in found.departure.softeners:
        indented(softener_told(one, found))
    for sentence in rests_on(found):
        indented(sentence, style="dim")
