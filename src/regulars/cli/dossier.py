"""The dossier of an account from the command line: as PDF, as a list of what is not known, and a fact more for it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_table
from regulars.cli.session import Session, open_session

if TYPE_CHECKING:
    from regulars.facts.models import Account, Contact
    from regulars.plan.dossier_known import Dossier

PANEL = _("Plan: what to do")
Wanted = Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))]


def add_commands(app: typer.Typer) -> None:
    app.command(
        "dossier", help=_("Show what is not known of an account, or print its dossier."), rich_help_panel=PANEL
    )(dossier)
    app.command("fact", help=_("Note something about an account, or about a person there."), rich_help_panel=PANEL)(
        fact
    )


def dossier(
    context: typer.Context,
    wanted: Wanted,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help=_("Write the whole dossier as PDF."))
    ] = None,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.dossier_known import dossier_of

    account = find_account(wanted, member=session.acting)
    if out is not None:
        _print(account, out, session)
        return
    found = dossier_of(account, on=session.day, member=session.acting)
    if session.options.json:
        emit_json(_json(found))
        return
    share = f"{found.share:.0%}"
    say(_("Known of {account}: {share}, by weight of the topics.").format(account=account.name, share=share))
    missing = found.missing
    if not missing:
        note(_("Every topic is known."))
        return
    columns = [
        Column(heading=_("Topic")),
        Column(heading=_("What to ask"), flexible=True),
        Column(heading=_("Who could ask"), rank=1),
    ]
    rows = [[str(one.topic.label), one.question, one.asks.name if one.asks else ""] for one in missing]
    show_table(columns, rows)


def _print(account: Account, out: Path, session: Session) -> None:
    from regulars.plan.dossier_prints import dossier_for_file

    made = dossier_for_file(account=account, on=session.day, member=session.member)
    out.write_bytes(made)
    if session.options.json:
        emit_json({"account": account.uid, "file": str(out), "bytes": len(made)})
    else:
        say(_("The dossier of {account} is in {file}.").format(account=account.name, file=out))


def fact(
    context: typer.Context,
    wanted: Wanted,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help=_("For example: history, aims, interests."))],
    words: Annotated[str, typer.Argument(metavar="WORDS", help=_("What we know."))],
    source: Annotated[str, typer.Option("--source", help=_("How we know; must be said."))],
    about: Annotated[str, typer.Option("--about", metavar="NAME", help=_("About this person there."))] = "",
    since: Annotated[str, typer.Option("--since", metavar="DATE", help=_("Known since; else today."))] = "",
    again: Annotated[str, typer.Option("--ask-again", metavar="DATE", help=_("Else as is usual for the topic."))] = "",
    stays: Annotated[bool, typer.Option("--stays", help=_("Stays true: nobody needs to ask again."))] = False,
    confidential: Annotated[bool, typer.Option("--confidential", help=_("Only for who may see such."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.dossier import note_fact

    account = find_account(wanted, member=session.acting)
    made = note_fact(
        account=account,
        contact=_person(account, about) if about else None,
        topic=topic,
        text=words,
        source=source,
        known_on=_day(since) if since else session.day,
        expires_on=_day(again) if again else None,
        stays=stays,
        confidential=confidential,
        on=session.day,
        member=session.member,
    )
    if session.options.json:
        emit_json({"uid": made.uid, "account": account.uid, "topic": made.topic, "expires_on": made.expires_on})
    elif made.expires_on is None:
        say(_("Noted on {account}.").format(account=account.name))
    else:
        say(_("Noted on {account}; to be asked again on {day}.").format(account=account.name, day=made.expires_on))


def _person(account: Account, name: str) -> Contact:
    from regulars.plan.dossier import WrongFact

    found = list(account.contacts.filter(name__icontains=name).order_by("-active", "pk")[:2])
    if len(found) != 1:
        raise WrongFact(
            _("“{name}” is not one person at {account}.").format(name=name, account=account.name),
            _("See them with: regulars account"),
        )
    return found[0]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("Write the date as year-month-day, for example 2026-01-31.")) from None


def _json(found: Dossier) -> dict[str, Any]:
    return {
        "account": {"uid": found.account.uid, "name": found.account.name},
        "on": found.on,
        "share": found.share,
        "subjects": [
            {
                "contact": one.contact.uid if one.contact else None,
                "name": one.name or None,
                "share": one.share,
                "topics": {
                    known.topic.key: [
                        {"text": item.text, "source": item.source, "on": item.on, "expires_on": item.expires_on}
                        for item in known.items
                    ]
                    for known in one.topics
                },
            }
            for one in (found.firm, *found.people)
        ],
        "missing": [
            {
                "topic": one.topic.key,
                "contact": one.contact.uid if one.contact else None,
                "question": one.question,
                "asks": one.asks.email if one.asks else None,
                "expired": one.expired,
            }
            for one in found.missing
        ],
    }
