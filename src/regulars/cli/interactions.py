"""`log`: what was talked about with an account, written down and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_table
from regulars.cli.session import Session, open_session

if TYPE_CHECKING:
    from regulars.facts.models import Account

PANEL = _("Facts: what happened")


def add_commands(app: typer.Typer) -> None:
    app.command("log", help=_("Record a call, visit, mail, meeting or note."), rich_help_panel=PANEL)(log)


def log(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, part of it, or #number."))],
    kind: Annotated[str, typer.Option(help="call, visit, mail, meeting, note")] = "call",
    outcome: Annotated[str, typer.Option(help=_("What came of it."))] = "",
    text: Annotated[str, typer.Option(help=_("What was said."))] = "",
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.facts.interactions import record_interaction

    one = find_account(wanted, member=session.acting)
    talk = record_interaction(account=one, kind=kind, on=session.day, member=session.member, text=text, outcome=outcome)
    if session.options.json:
        emit_json({"account": {"uid": one.uid, "number": one.pk, "name": one.name}, **interaction_json(talk)})
        return
    say(_("Noted: {what} with {account} on {day}.").format(what=talk.get_kind_display(), account=one.name, day=talk.on))


def interactions_of(one: Account, session: Session) -> list[Any]:
    from regulars.facts.interactions import visible_interactions

    return list(visible_interactions(session.acting).filter(account=one).select_related("member")[:10])


def show_interactions(talks: list[Any]) -> None:
    if not talks:
        return
    say()
    show_table(
        [
            Column(heading=_("Date")),
            Column(heading=_("What")),
            Column(heading=_("By"), rank=1),
            Column(heading=_("Outcome"), flexible=True),
        ],
        [
            [
                talk.on.isoformat(),
                str(talk.get_kind_display()),
                str(talk.member or ""),
                ": ".join(part for part in (talk.outcome, talk.text) if part),
            ]
            for talk in talks
        ],
    )


def interaction_json(talk: Any) -> dict[str, Any]:
    return {
        "uid": talk.uid,
        "on": talk.on,
        "kind": talk.kind,
        "member": talk.member.email if talk.member else None,
        "outcome": talk.outcome or None,
        "text": talk.text or None,
    }
