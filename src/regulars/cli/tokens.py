"""`token`: keys with which programs use the API in a member's name."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_table
from regulars.cli.session import find_member, open_session

if TYPE_CHECKING:
    from regulars.base.models import ApiToken

PANEL = _("Installation")
SCOPES = (
    "accounts:read, accounts:write, orders:read, orders:write, imports:read, imports:write, insight:read, "
    "insight:write, actions:read, actions:write, webhooks:read, webhooks:write"
)


def add_commands(app: typer.Typer) -> None:
    token = typer.Typer(no_args_is_help=True, help=_("Tokens of the API: add, list, revoke."))
    token.command("add", help=_("Make a token; its key is shown once."))(add)
    token.command("list", help=_("List the tokens."))(list_tokens)
    token.command("revoke", help=_("Make a token useless."))(revoke)
    app.add_typer(token, name="token", rich_help_panel=PANEL)


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("What it is for."))],
    scope: Annotated[list[str], typer.Option(metavar="SCOPE", help=_("May be given several times: ") + SCOPES)],
    member: Annotated[str, typer.Option(help=_("In whose name it acts: e-mail or name (else: who asks)."))] = "",
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help=_("Valid for so many days (else: for good)."))
    ] = None,
) -> None:
    session = open_session(context)
    from regulars.base.organisation import zone
    from regulars.base.tokens import WrongToken, create_token

    person = find_member(member) if member else session.member
    if person is None:
        raise WrongToken(_("There is no member in whose name it could act."), _("Add one: regulars member add"))
    midnight = time(tzinfo=zone(session.organisation))
    expires_at = datetime.combine(session.today + timedelta(days=days + 1), midnight) if days else None
    token, key = create_token(person=person, name=name, scopes=scope, expires_at=expires_at, member=session.member)
    if session.options.json:
        emit_json({**_token_json(token), "key": key})
        return
    say(_("The key, which is not shown again:"))
    say(key, style="bold")


def list_tokens(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.base.tokens import visible_tokens

    tokens = visible_tokens(session.acting)
    if session.options.json:
        emit_json([_token_json(token) for token in tokens])
        return
    show_table(
        [
            Column(heading=_("Id")),
            Column(heading=_("Name"), flexible=True),
            Column(heading=_("Member"), rank=1),
            Column(heading=_("Scopes"), rank=3, flexible=True),
            Column(heading=_("Last used"), rank=2),
            Column(heading=_("Ends")),
        ],
        [
            [
                str(token.uid),
                token.name,
                token.member.email,
                ", ".join(token.scopes),
                _date(token.last_used_at),
                _("revoked") if token.revoked_at else _date(token.expires_at),
            ]
            for token in tokens
        ],
    )


def revoke(context: typer.Context, token: Annotated[str, typer.Argument(help=_("Its id or name."))]) -> None:
    session = open_session(context)
    from regulars.base.tokens import find_token, revoke_token

    revoked = revoke_token(token=find_token(token, member=session.member), member=session.member)
    if session.options.json:
        emit_json(_token_json(revoked))
    else:
        say(_("Revoked: {name}.").format(name=revoked.name))


def _date(at: datetime | None) -> str:
    return at.date().isoformat() if at else ""


def _token_json(token: ApiToken) -> dict[str, Any]:
    return {
        "uid": token.uid,
        "name": token.name,
        "member": token.member.email,
        "scopes": token.scopes,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
