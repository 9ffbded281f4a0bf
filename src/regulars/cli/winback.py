"""`lost`, `win-back`: an account declared lost or not, and whom to win back first."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_table
from regulars.cli.session import Session, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.facts.models import Account
    from regulars.plan.models import WinBack

PANEL = _("Plan: what to do")


class NotLost(Refusal):
    """The account is not known to be lost."""


def add_commands(app: typer.Typer) -> None:
    app.command("lost", help=_("Say that an account is lost, why, and how it ended."), rich_help_panel=PANEL)(lost)
    app.command("win-back", help=_("Whom to win back first, and why customers left."), rich_help_panel=PANEL)(win_back)


def lost(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help=_("Why it left, in its words."))] = "",
    since: Annotated[str, typer.Option("--since", metavar="DATE", help=_("Lost since this day; else today."))] = "",
    reasons: Annotated[
        list[str] | None,
        typer.Option("--reason", help=_("better_terms, our_service, no_need or other; may be given several times.")),
    ] = None,
    contract: Annotated[bool, typer.Option("--contract", help=_("Its contract ended."))] = False,
    undo: Annotated[bool, typer.Option("--undo", help=_("It was not lost: take back what was declared."))] = False,
    won: Annotated[bool, typer.Option("--won-back", help=_("It is a customer again."))] = False,
    part: Annotated[bool, typer.Option("--part", help=_("It stays away: part well for half a year."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.winback import declare_lost, mark_won_back, part_well, take_back_lost

    if sum((undo, won, part)) > 1:
        raise typer.BadParameter(_("Give one of --undo, --won-back and --part."))
    account = find_account(wanted, member=session.acting)
    settled: dict[str, Any] = {"on": session.day, "member": session.member}
    if undo:
        work = take_back_lost(win_back=_open(account, session), **settled)
    elif won:
        work = mark_won_back(win_back=_open(account, session), **settled)
    elif part:
        work = part_well(win_back=_open(account, session), **settled)
    else:
        day = _day(since) if since else session.day
        known = "contract" if contract else "declared"
        work = declare_lost(account=account, since=day, known=known, reasons=reasons or (), said=words, **settled)
    _tell(work, session)


def win_back(
    context: typer.Context,
    most: Annotated[int, typer.Option("--most", min=1, help=_("How many to show."))] = 20,
    again: Annotated[bool, typer.Option("--again", help=_("Only those to look at again now."))] = False,
) -> None:
    session = open_session(context)
    from regulars.base.access import Permission, require
    from regulars.plan.models import WinBack
    from regulars.plan.winback import reasons_by_value, to_look_at_again, visible_win_backs

    require(session.acting, Permission.READ)
    found = visible_win_backs(session.acting).filter(state=WinBack.State.OPEN)
    if again:
        found = to_look_at_again(member=session.acting, on=session.day)
    shown = list(found.select_related("account__merged_into")[:most])
    report = reasons_by_value(member=session.acting)
    if session.options.json:
        emit_json({"lost": [_json(one) for one in shown], "reasons": report})
        return
    if not shown:
        note(_("There is nobody to win back."))
    else:
        _show(shown)
    for one in report.reasons:
        say(f"{one.label}: {one.accounts}, {_money(one.worth)}", style="dim")


def _show(shown: list[WinBack]) -> None:
    from regulars.base.formats import percent

    columns = [
        Column(heading=_("Account"), flexible=True),
        Column(heading=_("Lost since")),
        Column(heading=_("Worth a year"), justify="right"),
        Column(heading=_("Chance"), justify="right"),
        Column(heading=_("To expect"), justify="right", rank=1),
    ]
    rows = [
        [
            _name(one),
            one.since.isoformat(),
            _money(one.worth),
            percent(one.chance, digits=0),
            _money(one.expected_money),
        ]
        for one in shown
    ]
    show_table(columns, rows)


def _open(account: Account, session: Session) -> WinBack:
    from regulars.plan.winback import win_back_of

    found = win_back_of(account, member=session.acting)
    if found is None:
        raise NotLost(
            _("{account} is not known to be lost.").format(account=account), _("See who is: regulars win-back")
        )
    return found


def _tell(work: WinBack, session: Session) -> None:
    if session.options.json:
        emit_json(_json(work))
        return
    say(_("{account}: {state}.").format(account=_name(work), state=work.get_state_display()))


def _name(work: WinBack) -> str:
    return (work.account.merged_into or work.account).name


def _money(amount: float) -> str:
    from regulars.base.formats import money
    from regulars.base.organisation import organisation

    return money(amount, organisation().base_currency)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("Write the date as year-month-day, for example 2026-01-31.")) from None


def _json(work: WinBack) -> dict[str, Any]:
    account = work.account.merged_into or work.account
    return {
        "uid": work.uid,
        "account": {"uid": account.uid, "name": account.name},
        "since": work.since,
        "by_silence": work.loss_id is None,
        "state": work.state,
        "worth": work.worth,
        "chance": work.chance,
        "chance_cases": work.chance_cases,
        "expected_money": work.expected_money,
        "reasons": work.reasons,
        "said": work.said,
        "settled_on": work.settled_on,
        "look_again_on": work.look_again_on,
    }
