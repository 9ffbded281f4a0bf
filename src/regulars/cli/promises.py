"""`promise`, `promises`, `promise-kept`, `promise-later`, `promise-broken`: what we said we would do, until when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_list
from regulars.cli.session import Session, find_member, find_numbered, open_session

if TYPE_CHECKING:
    from regulars.plan.models import Promise

PANEL = _("Plan: what to do")
MOST_SHOWN = 50
USUAL_DAYS = 7

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=_("As shown by: regulars promises"))]
Reason = Annotated[str, typer.Argument(metavar="REASON", help=_("Why, in a few words."))]


def add_commands(app: typer.Typer) -> None:
    app.command("promise", help=_("Note what was promised to an account."), rich_help_panel=PANEL)(promise)
    app.command("promises", help=_("Show what is promised and still to be kept."), rich_help_panel=PANEL)(promises)
    app.command("promise-kept", help=_("Say that a promise was kept."), rich_help_panel=PANEL)(kept)
    app.command("promise-later", help=_("Agree on another day for a promise."), rich_help_panel=PANEL)(later)
    app.command("promise-broken", help=_("Say that a promise was not kept."), rich_help_panel=PANEL)(broken)


def promise(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    words: Annotated[str, typer.Argument(metavar="WORDS", help=_("What was promised."))],
    due: Annotated[str, typer.Option("--due", metavar="DATE", help=_("Due on this day; else in a week."))] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="MEMBER", help=_("Who keeps it; else yourself."))] = "",
    source: Annotated[str, typer.Option("--source", help=_("Where it was promised."))] = "",
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.promises import make_promise

    made = make_promise(
        account=find_account(wanted, member=session.acting),
        text=words,
        due_on=_day(due) if due else session.day + timedelta(days=USUAL_DAYS),
        on=session.day,
        member=session.member,
        owner=find_member(owner) if owner else None,
        source=source,
    )
    _tell(made, session)


def promises(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, or part of it."))] = "",
    settled: Annotated[bool, typer.Option("--settled", help=_("Those that are settled as well."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account, of_account
    from regulars.plan.models import Promise
    from regulars.plan.promises import visible_promises

    found = visible_promises(session.acting).select_related("account__merged_into", "owner")
    if wanted:
        found = found.filter(of_account(find_account(wanted, member=session.acting)))
    if not settled:
        found = found.filter(state__in=Promise.LIVE)
    shown = list(found[:MOST_SHOWN])
    columns = [
        Column(heading=_("Number")),
        Column(heading=_("Due")),
        Column(heading=_("Account")),
        Column(heading=_("Promise"), flexible=True),
        Column(heading=_("Kept by"), rank=1),
        Column(heading=_("State"), rank=2),
    ]
    show_list(
        shown,
        as_json=session.options.json,
        json_of=_json,
        columns=columns,
        row_of=_row,
        nothing=_("Nothing is promised that is still to be kept."),
    )


def kept(context: typer.Context, wanted: Number) -> None:
    session = open_session(context)
    from regulars.plan.promises import keep_promise

    _tell(keep_promise(promise=_found(wanted, session), on=session.day, member=session.member), session)


def later(
    context: typer.Context,
    wanted: Number,
    due: Annotated[str, typer.Argument(metavar="DATE", help=_("The day that was agreed now."))],
    reason: Reason,
) -> None:
    session = open_session(context)
    from regulars.plan.promises import renegotiate_promise

    found = _found(wanted, session)
    _tell(
        renegotiate_promise(promise=found, due_on=_day(due), on=session.day, member=session.member, reason=reason),
        session,
    )


def broken(context: typer.Context, wanted: Number, reason: Reason) -> None:
    session = open_session(context)
    from regulars.plan.promises import break_promise

    found = _found(wanted, session)
    _tell(break_promise(promise=found, on=session.day, member=session.member, reason=reason), session)


def _tell(made: Promise, session: Session) -> None:
    if session.options.json:
        emit_json(_json(made))
        return
    account = made.account.merged_into or made.account
    said = {"what": made.text, "account": account.name, "day": made.due_on, "state": made.get_state_display()}
    say(_("Promise to {account}: {what}, due on {day}: {state}.").format(**said))


def _row(one: Promise) -> list[str]:
    account = one.account.merged_into or one.account
    return [str(one.pk), one.due_on.isoformat(), account.name, one.text, one.owner.name, str(one.get_state_display())]


def _found(wanted: str, session: Session) -> Promise:
    from regulars.plan.promises import NoSuchPromise, visible_promises

    one = find_numbered(visible_promises(session.acting).select_related("account__merged_into", "owner"), wanted)
    if one is None:
        raise NoSuchPromise(
            _("There is no promise “{wanted}”.").format(wanted=wanted), _("See them with: regulars promises")
        )
    return one


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("Write the date as year-month-day, for example 2026-01-31.")) from None


def _json(one: Promise) -> dict[str, Any]:
    account = one.account.merged_into or one.account
    return {
        "uid": one.uid,
        "number": one.pk,
        "account": {"uid": account.uid, "name": account.name},
        "text": one.text,
        "due_on": one.due_on,
        "owner": one.owner.email,
        "source": one.source or None,
        "state": one.state,
        "settled_on": one.settled_on,
    }
