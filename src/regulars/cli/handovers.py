"""`handover`, `handovers`, `handover-accept`, `handover-return`: customers passed on to a colleague."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_list
from regulars.cli.session import Session, find_member, find_numbered, open_session

if TYPE_CHECKING:
    from regulars.plan.models import Handover

PANEL = _("Plan: what to do")
MOST_SHOWN = 50

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=_("As shown by: regulars handovers"))]


def add_commands(app: typer.Typer) -> None:
    app.command("handover", help=_("Hand an account over to a colleague."), rich_help_panel=PANEL)(handover)
    app.command("handovers", help=_("Show the hand-overs that are under way."), rich_help_panel=PANEL)(handovers)
    app.command("handover-accept", help=_("Take an account over."), rich_help_panel=PANEL)(accept)
    app.command("handover-return", help=_("Return a hand-over, with what is missing."), rich_help_panel=PANEL)(
        return_it
    )


def handover(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    to: Annotated[str, typer.Argument(metavar="MEMBER", help=_("Who looks after it from now on."))],
    work: Annotated[str, typer.Argument(metavar="WORDS", help=_("What work and orders to expect."))],
    cares_about: Annotated[str, typer.Option("--cares-about", help=_("What the customer cares about."))] = "",
    people: Annotated[str, typer.Option("--people", help=_("People there, and what they decide."))] = "",
    files: Annotated[str, typer.Option("--files", help=_("Papers and where they are."))] = "",
) -> None:
    session = open_session(context)
    from django.db import transaction

    from regulars.facts.accounts import find_account
    from regulars.plan.handovers import open_handover, send_handover
    from regulars.plan.models import Handover

    account = find_account(wanted, member=session.acting)
    with transaction.atomic():
        made = open_handover(
            account=account,
            origin=Handover.Origin.OTHER,
            on=session.day,
            member=session.member,
            giver=account.owner,
            receiver=find_member(to),
            work=work,
            cares_about=cares_about,
            their_people=people,
            files=files,
        )
        made = send_handover(handover=made, on=session.day, member=session.member)
    _tell(made, session)


def handovers(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.plan.handovers import visible_handovers
    from regulars.plan.models import Handover

    found = visible_handovers(session.acting).filter(state__in=Handover.UNDER_WAY)
    shown = list(found.select_related("account__merged_into", "giver", "receiver")[:MOST_SHOWN])
    columns = [
        Column(heading=_("Number")),
        Column(heading=_("Due")),
        Column(heading=_("Account"), flexible=True),
        Column(heading=_("Giver"), rank=1),
        Column(heading=_("Receiver")),
        Column(heading=_("State")),
    ]
    show_list(
        shown,
        as_json=session.options.json,
        json_of=_json,
        columns=columns,
        row_of=_row,
        nothing=_("No hand-over is under way."),
    )


def accept(context: typer.Context, wanted: Number) -> None:
    session = open_session(context)
    from regulars.plan.handovers import accept_handover

    _tell(accept_handover(handover=_found(wanted, session), on=session.day, member=session.acting), session)


def return_it(
    context: typer.Context,
    wanted: Number,
    reason: Annotated[str, typer.Argument(metavar="REASON", help=_("What is missing."))],
) -> None:
    session = open_session(context)
    from regulars.plan.handovers import return_handover

    found = _found(wanted, session)
    _tell(return_handover(handover=found, on=session.day, member=session.acting, reason=reason), session)


def _tell(made: Handover, session: Session) -> None:
    if session.options.json:
        emit_json(_json(made))
        return
    account = made.account.merged_into or made.account
    to = made.receiver.name if made.receiver else ""
    said = {"account": account.name, "giver": made.giver.name, "receiver": to, "state": made.get_state_display()}
    say(_("Hand-over of {account} from {giver} to {receiver}: {state}.").format(**said))


def _row(one: Handover) -> list[str]:
    account = one.account.merged_into or one.account
    to = one.receiver.name if one.receiver else ""
    return [str(one.pk), one.due_on.isoformat(), account.name, one.giver.name, to, str(one.get_state_display())]


def _found(wanted: str, session: Session) -> Handover:
    from regulars.plan.handovers import NoSuchHandover, visible_handovers

    one = find_numbered(
        visible_handovers(session.acting).select_related("account__merged_into", "giver", "receiver"), wanted
    )
    if one is None:
        raise NoSuchHandover(
            _("There is no hand-over “{wanted}”.").format(wanted=wanted), _("See them with: regulars handovers")
        )
    return one


def _json(one: Handover) -> dict[str, Any]:
    account = one.account.merged_into or one.account
    return {
        "uid": one.uid,
        "number": one.pk,
        "account": {"uid": account.uid, "name": account.name},
        "giver": one.giver.email,
        "receiver": one.receiver.email if one.receiver else None,
        "state": one.state,
        "due_on": one.due_on,
        "accepted_on": one.accepted_on,
    }
