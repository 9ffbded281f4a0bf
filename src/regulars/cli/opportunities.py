"""`opportunity`, `opportunities`, `opportunity-stage`, `opportunity-won`, `opportunity-lost`: what may be sold next.

`white-space`: who supplies what to an account, and to the most valuable ones.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_list, show_table
from regulars.cli.session import Session, find_member, find_numbered, open_session

if TYPE_CHECKING:
    from regulars.insight.white_space import Row
    from regulars.plan.models import Opportunity

PANEL = _("Plan: what to do")
MOST_SHOWN = 50
MOST_ACCOUNTS = 20
_AMOUNT: Final = re.compile(r"(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d{1,4})?", re.ASCII)
"""1200, 1200.50, 1,200.50"""

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=_("As shown by: regulars opportunities"))]


def add_commands(app: typer.Typer) -> None:
    app.command("opportunity", help=_("Open an opportunity with an account."), rich_help_panel=PANEL)(opportunity)
    app.command("opportunities", help=_("Show what customers may buy next."), rich_help_panel=PANEL)(opportunities)
    app.command("opportunity-stage", help=_("Move an opportunity to a stage."), rich_help_panel=PANEL)(stage)
    app.command("opportunity-won", help=_("Say that an opportunity was won."), rich_help_panel=PANEL)(won)
    app.command("opportunity-lost", help=_("Say that an opportunity was lost."), rich_help_panel=PANEL)(lost)
    app.command("white-space", help=_("Show who supplies what to an account."), rich_help_panel=PANEL)(white_space)


def opportunity(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    words: Annotated[str, typer.Argument(metavar="TITLE", help=_("What it is about."))],
    amount: Annotated[str, typer.Option("--amount", help=_("Of the first year, in the base currency."))] = "",
    step: Annotated[str, typer.Option("--step", metavar="WORDS", help=_("The next step."))] = "",
    due: Annotated[str, typer.Option("--due", metavar="DATE", help=_("The next step is due on this day."))] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="MEMBER", help=_("Who follows it up; else yourself."))] = "",
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.opportunities import OpportunityFields, open_opportunity

    said: OpportunityFields = {"title": words, "next_step": step, "amount_minor": _minor(amount)}
    if due:
        said["next_step_on"] = _day(due)
    if owner:
        said["owner"] = find_member(owner)
    account = find_account(wanted, member=session.acting)
    _tell(open_opportunity(account=account, on=session.day, member=session.member, **said), session)


def opportunities(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, or part of it."))] = "",
    decided: Annotated[bool, typer.Option("--decided", help=_("Those won and lost as well."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account, of_account
    from regulars.plan.models import Opportunity
    from regulars.plan.opportunities import visible_opportunities

    found = visible_opportunities(session.acting).select_related("account__merged_into", "owner")
    if wanted:
        found = found.filter(of_account(find_account(wanted, member=session.acting)))
    if not decided:
        found = found.filter(state=Opportunity.State.OPEN)
    shown = list(found[:MOST_SHOWN])
    columns = [
        Column(heading=_("Number")),
        Column(heading=_("Account")),
        Column(heading=_("Opportunity"), flexible=True),
        Column(heading=_("Stage")),
        Column(heading=_("Amount"), rank=1),
        Column(heading=_("Next step on"), rank=2),
    ]
    show_list(
        shown,
        as_json=session.options.json,
        json_of=_json,
        columns=columns,
        row_of=_row,
        nothing=_("No opportunity is open."),
    )


def stage(
    context: typer.Context,
    wanted: Number,
    to: Annotated[str, typer.Argument(metavar="STAGE", help=_("Key or name of the stage."))],
) -> None:
    session = open_session(context)
    from regulars.plan.opportunities import move_opportunity
    from regulars.plan.opportunity_stages import stages

    named = {one.name.casefold(): one.key for one in stages()}
    key = named.get(to.casefold(), to)
    found = _found(wanted, session)
    _tell(move_opportunity(opportunity=found, stage=key, on=session.day, member=session.member), session)


def won(
    context: typer.Context,
    wanted: Number,
    amount: Annotated[str, typer.Option("--amount", help=_("If it is another amount now."))] = "",
    said: Annotated[str, typer.Option("--said", metavar="WORDS", help=_("What decided it."))] = "",
    hand_over: Annotated[bool, typer.Option("--hand-over", help=_("Open its hand-over."))] = False,
) -> None:
    session = open_session(context)
    from regulars.plan.opportunities import win_opportunity

    ended = win_opportunity(
        opportunity=_found(wanted, session),
        on=session.day,
        member=session.member,
        said=said,
        amount_minor=_minor(amount),
        hand_over=hand_over,
    )
    _tell(ended, session)


def lost(
    context: typer.Context,
    wanted: Number,
    reason: Annotated[
        str, typer.Argument(metavar="REASON", help=_("price, competitor, no_need, later, service or other."))
    ],
    said: Annotated[str, typer.Option("--said", metavar="WORDS", help=_("In their words."))] = "",
) -> None:
    session = open_session(context)
    from regulars.plan.opportunities import lose_opportunity

    found = _found(wanted, session)
    _tell(lose_opportunity(opportunity=found, reason=reason, on=session.day, member=session.member, said=said), session)


def white_space(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, or part of it."))] = "",
) -> None:
    session = open_session(context)
    from regulars.base.organisation import organisation
    from regulars.facts.accounts import find_account, visible_accounts
    from regulars.insight.white_space import white_space as rows_of
    from regulars.insight.white_space import white_space_of

    if wanted:
        rows = white_space_of(find_account(wanted, member=session.acting), member=session.acting)
    else:
        valuable = visible_accounts(session.acting).filter(score__isnull=False).order_by("-score__sales_12m", "pk")
        rows = rows_of(list(valuable[:MOST_ACCOUNTS]))
    currency = organisation().base_currency
    if session.options.json:
        emit_json([_row_json(row, currency) for row in rows])
    elif not rows or not rows[0].cells:
        note(_("No offering is written down, or no account has figures. Offerings are made in the settings."))
    elif wanted:
        columns = [
            Column(heading=_("Where"), rank=1),
            Column(heading=_("Offering")),
            Column(heading=_("Who supplies it")),
            Column(heading=_("Why it is so"), flexible=True),
        ]
        show_table(columns, [line for row in rows for line in _lines(row, currency)])
    else:
        columns = [Column(heading=_("Account"))]
        columns += [Column(heading=cell.offering.name, rank=place) for place, cell in enumerate(rows[0].cells)]
        show_table(columns, [[row.account.name, *_words(row)] for row in rows])


def _lines(row: Row, currency: str) -> list[list[str]]:
    where = row.site.name if row.site else row.account.name
    words = _words(row)
    return [
        [where, cell.offering.name, said, cell.sentence(currency)] for cell, said in zip(row.cells, words, strict=True)
    ]


def _words(row: Row) -> list[str]:
    from regulars.insight.white_space import STATES

    return [cell.supplier or str(STATES[cell.state]) for cell in row.cells]


def _row_json(row: Row, currency: str) -> dict[str, Any]:
    return {
        "account": {"uid": row.account.uid, "name": row.account.name},
        "place": row.site.name if row.site else None,
        "offerings": [
            {
                "offering": cell.offering.name,
                "state": cell.state.value,
                "supplier": cell.supplier or None,
                "sentence": cell.sentence(currency),
            }
            for cell in row.cells
        ],
    }


def _tell(made: Opportunity, session: Session) -> None:
    from regulars.plan.opportunities import home_of

    if session.options.json:
        emit_json(_json(made))
        return
    said = {"title": made.title, "account": home_of(made).name, "state": _where(made), "number": made.pk}
    say(_("Opportunity {number} with {account}, {title}: {state}.").format(**said))


def _where(one: Opportunity) -> str:
    """The stage of an open one, else how it ended."""
    from regulars.plan.models import Opportunity
    from regulars.plan.opportunity_stages import stages

    if one.state != Opportunity.State.OPEN:
        return str(one.get_state_display())
    return next((stage.name for stage in stages() if stage.key == one.stage), one.stage)


def _row(one: Opportunity) -> list[str]:
    from regulars.base.formats import money
    from regulars.core.money import from_minor
    from regulars.plan.opportunities import home_of

    amount = "" if one.amount_minor is None else money(from_minor(one.amount_minor, one.currency), one.currency)
    due = one.next_step_on.isoformat() if one.next_step_on else ""
    return [str(one.pk), home_of(one).name, one.title, _where(one), amount, due]


def _found(wanted: str, session: Session) -> Opportunity:
    from regulars.plan.opportunities import NoSuchOpportunity, visible_opportunities

    one = find_numbered(visible_opportunities(session.acting).select_related("account__merged_into", "owner"), wanted)
    if one is None:
        raise NoSuchOpportunity(
            _("There is no opportunity “{wanted}”.").format(wanted=wanted), _("See them with: regulars opportunities")
        )
    return one


def _minor(text: str) -> int | None:
    from regulars.base.organisation import organisation
    from regulars.core.money import to_minor

    if not text:
        return None
    if not _AMOUNT.fullmatch(text):  # 1200,50 would else be a hundred times as much
        raise typer.BadParameter(_("Write the amount as a number, for example 1200.50."))
    return to_minor(text.replace(",", ""), organisation().base_currency)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("Write the date as year-month-day, for example 2026-01-31.")) from None


def _json(one: Opportunity) -> dict[str, Any]:
    from regulars.plan.opportunities import home_of

    account = home_of(one)
    return {
        "uid": one.uid,
        "number": one.pk,
        "account": {"uid": account.uid, "name": account.name},
        "title": one.title,
        "stage": one.stage,
        "state": one.state,
        "amount_minor": one.amount_minor,
        "currency": one.currency,
        "next_step": one.next_step or None,
        "next_step_on": one.next_step_on,
        "owner": one.owner.email,
        "reason": one.reason or None,
    }
