"""`mail`: what was sent and what waits, and whether mail can be sent at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_table
from regulars.cli.session import Session, open_session

if TYPE_CHECKING:
    from regulars.base.mail.models import OutgoingMail

PANEL = _("Installation")
LISTED = 50
STATES = "queued, claimed, sent, unknown, failed, cancelled"


def add_commands(app: typer.Typer) -> None:
    mail = typer.Typer(no_args_is_help=True, help=_("The outbox: list, send a test, send again."))
    mail.command("list", help=_("List mails, the newest first."))(list_mails)
    mail.command("test", help=_("Send a mail that says nothing but that it is a test."))(test)
    mail.command("resend", help=_("Send a mail that failed, was cancelled, or of which nobody knows."))(resend)
    mail.command("cancel", help=_("Do not send a mail that still waits."))(cancel)
    mail.command("confirm", help=_("Say of a mail of which nobody knew that it went."))(confirm)
    app.add_typer(mail, name="mail", rich_help_panel=PANEL)


def list_mails(
    context: typer.Context,
    state: Annotated[str, typer.Option(help=_("Only those in this state: ") + STATES)] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help=_("At most so many."))] = LISTED,
) -> None:
    session = open_session(context)
    from regulars.base.mail.models import OutgoingMail
    from regulars.base.mail.outbox import visible_mails

    if state and state not in OutgoingMail.State.values:
        raise typer.BadParameter(_("Use one of: ") + STATES, param_hint="--state")
    mails = visible_mails(session.acting)
    found = list((mails.filter(state=state) if state else mails)[:limit])
    if session.options.json:
        emit_json([_json(one) for one in found])
        return
    show_table(
        [
            Column(heading=_("Id"), rank=2),
            Column(heading=_("When")),
            Column(heading=_("Recipient"), flexible=True),
            Column(heading=_("Subject"), flexible=True),
            Column(heading=_("State")),
            Column(heading=_("What went wrong"), rank=1, flexible=True),
        ],
        [
            [
                str(one.uid),
                f"{one.created_at:%Y-%m-%d %H:%M}",
                one.to_address,
                one.subject,
                one.get_state_display(),
                one.error,
            ]
            for one in found
        ],
    )


def test(context: typer.Context, address: Annotated[str, typer.Argument(help=_("Where to."))]) -> None:
    session = open_session(context)
    from regulars.base.locks import Busy
    from regulars.base.mail.outbox import send_mail
    from regulars.base.mail.sending import send_due

    firm = session.organisation.name
    made = send_mail(
        to=address,
        subject=_("A test from Regulars at {firm}").format(firm=firm),
        text=_("This is a test. If you can read it, mail of {firm} arrives.").format(firm=firm),
        member=session.member,
    )
    try:
        send_due()
    except Busy:
        say(_("A worker is sending just now; it takes the test along."), style="dim")
    made.refresh_from_db()
    _tell(session, made)


def resend(context: typer.Context, mail: Annotated[str, typer.Argument(help=_("Its id."))]) -> None:
    session = open_session(context)
    from regulars.base.mail.outbox import resend_mail

    _tell(session, resend_mail(mail=_found(session, mail), member=session.member))


def cancel(context: typer.Context, mail: Annotated[str, typer.Argument(help=_("Its id."))]) -> None:
    session = open_session(context)
    from regulars.base.mail.outbox import cancel_mail

    _tell(session, cancel_mail(mail=_found(session, mail), member=session.member))


def confirm(context: typer.Context, mail: Annotated[str, typer.Argument(help=_("Its id."))]) -> None:
    session = open_session(context)
    from regulars.base.mail.outbox import confirm_mail

    _tell(session, confirm_mail(mail=_found(session, mail), member=session.member))


def _found(session: Session, uid: str) -> OutgoingMail:
    from regulars.base.mail.outbox import find_mail

    return find_mail(uid, member=session.member)


def _tell(session: Session, mail: OutgoingMail) -> None:
    if session.options.json:
        emit_json(_json(mail))
        return
    sentence = _("To {address}: {state}.").format(address=mail.to_address, state=mail.get_state_display())
    say(f"{sentence} {mail.error}".strip())


def _json(mail: OutgoingMail) -> dict[str, Any]:
    return {
        "uid": mail.uid,
        "to": mail.to_address,
        "subject": mail.subject,
        "state": mail.state,
        "asked_at": mail.created_at,
        "sent_at": mail.sent_at,
        "attempts": mail.attempts,
        "error": mail.error,
    }
